package picture

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler/plan"
)

func page(t *testing.T, apps int) (string, *plan.Plan) {
	t.Helper()
	p := planned(t, apps, 1)
	text, err := Page("the <fleet>", []Choice{{"as written", p}, {"10", p}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return text, p
}

// TestPage checks that the page contains everything and loads nothing.
func TestPage(t *testing.T) {
	text, p := page(t, 60)
	if again, _ := page(t, 60); again != text {
		t.Error("the page differs from run to run")
	}
	if found := regexp.MustCompile(`(?i)https?:|src=|<link|@import|url\(|fetch\(|//[a-z]+\.[a-z]`).FindString(text); found != "" {
		t.Errorf("the page refers to other hosts or files: %q", found)
	}
	if strings.Contains(text, "{{") || !strings.Contains(text, "Layers of the &lt;fleet&gt;</h1>") {
		t.Error("the page is not filled in")
	}
	_, after, _ := strings.Cut(text, `id="fleet">`)
	data, _, _ := strings.Cut(after, "</script>")
	var got pageData
	if err := json.Unmarshal([]byte(data), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Apps) != 60 || len(got.Plans) != 2 || got.Shown != 1 {
		t.Fatalf("%d apps, %d plans, %d shown", len(got.Apps), len(got.Plans), got.Shown)
	}
	shared := 0
	for _, l := range p.Layers {
		if l.Kind != plan.Delta {
			shared++
		}
	}
	placed := map[int]bool{}
	for _, s := range got.Plans[0].Stacks {
		for _, a := range s.Apps {
			placed[a] = true
			image := p.Images[a]
			if got.Apps[a].Name != image.App.Name || len(s.Layers) != len(image.Layers)-1 {
				t.Errorf("%s represents %s, with %d layers of %d", got.Apps[a].Name, image.App.Name, len(s.Layers), len(image.Layers)-1)
			}
		}
	}
	if len(got.Plans[0].Layers) != shared || len(placed) != 60 {
		t.Errorf("%d layers of %d, %d apps placed", len(got.Plans[0].Layers), shared, len(placed))
	}
}

// TestPageInBrowser checks that a browser draws the page and follows its address.
func TestPageInBrowser(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if os.Getenv("LAYC_REQUIRE_BROWSER") == "" {
		t.Skip("LAYC_REQUIRE_BROWSER is not set")
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, apps := range []int{2, 1000} {
		text, p := page(t, apps)
		file := filepath.Join(t.TempDir(), "page.html")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		look := func(address string) string {
			cmd := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
				"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(),
				"--window-size=1200,800", "--virtual-time-budget=3000", "--dump-dom", "file://"+file+"#"+address)
			dom, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, dom)
			}
			_, body, _ := strings.Cut(string(dom), "<header>")
			body, _, _ = strings.Cut(body, `<script type="application/json"`)
			return body
		}
		image := p.Images[0]
		for address, wants := range map[string][]string{
			"":                                    {"The fleet", "Layers that hosts pull most of in a year", "<canvas id=\"canvas\"", "a year: $"},
			"app=" + image.App.Name:               {"<h2>" + image.App.Name + "</h2>", "From top to bottom", image.Layers[0].Title()[:6]},
			"layer=" + image.Layers[1].ID:         {"Kind</dt>", image.Layers[1].ID, "In the images of"},
			"component=agent&layers=as%20written": {"<h2>agent</h2>", "In the layers", ">as written</output>"},
		} {
			dom := look(address)
			for _, want := range wants {
				if !strings.Contains(strings.ReplaceAll(dom, "&quot;", `"`), want) {
					t.Errorf("%d apps, at %q: missing %q in\n%.3000s", apps, address, want, dom)
				}
			}
			if strings.Contains(dom, "failed to draw") {
				t.Errorf("%d apps, at %q: the page failed", apps, address)
			}
		}
	}
}
