package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/doc"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/stdlib"
)

// boot is an app that is started, and what shows that it works: a page, or something
// that it prints.
type boot struct{ app, url, page, prints string }

// booted are the apps of testdata/stdlib.
var booted = []boot{
	{app: "system", prints: "CE"},
	{app: "supervised", prints: "I am two"},
	{app: "trusting", prints: "trustedCertEntry"},
	{app: "empty", prints: "uid=65532(nonroot)"},
	{app: "node-npm", url: ":8080/", page: "v24.21.0 3600000"},
	{app: "node-pnpm", url: ":8080/", page: "v24.21.0 3600000"},
	{app: "node-yarn", url: ":8080/", page: "v24.21.0 3600000"},
	{app: "node-berry", url: ":8080/", page: "v24.21.0 3600000"},
	{app: "node-packaged", url: ":8080/", page: "hello for 1 hour"},
	{app: "python-pip", url: ":8080/", page: "&lt;python&gt;"},
	{app: "python-uv", url: ":8080/", page: "&lt;python&gt;"},
	{app: "go", url: ":8080/", page: "Hello From Go"},
	{app: "go-packaged", url: ":8080/", page: "Hello From Go"},
	{app: "rust", url: ":8080/", page: "hello from rust"},
	{app: "nginx", url: ":8080/", page: "hello from nginx"},
	{app: "nginx-root", url: ":80/", page: "hello from nginx"},
	{app: "postgres", prints: "listening on IPv4 address \"0.0.0.0\", port 5432"},
	{app: "postgres-local", prints: "database system is ready to accept connections"},
	{app: "php", url: ":8080/php", page: "hello, PHP"},
	{app: "php-fpm", prints: "ready to handle connections"},
	{app: "php-cli", prints: "hello, PHP"},
	{app: "ruby", url: ":8080/", page: "hello from ruby"},
	{app: "redis", prints: "Ready to accept connections"},
	{app: "java-maven", url: ":8080/", page: `{"text":"hello from maven"}`},
	{app: "java-boot", url: ":8080/", page: `{"text":"hello from boot"}`},
	{app: "java-packed", url: ":8080/", page: `{"text":"hello from boot"}`},
	{app: "java-gradle", url: ":8080/", page: `"hello from gradle"`},
	{app: "gradle-war", url: ":8080/", page: `"hello from a war of gradle"`},
	{app: "gradle-package", url: ":8080/", page: `"hello from a war of gradle"`},
	{app: "tomcat-9", url: ":8080/", page: "hello from Apache Tomcat/9.0.117"},
	{app: "tomcat-10.1.59", url: ":8080/hello", page: `{"text":"hello from Apache Tomcat/10.1.59"}`},
	{app: "tomcat-11.0.24", url: ":8080/hello", page: `{"text":"hello from Apache Tomcat/11.0.24"}`},
	{app: "jetty", url: ":8080/hello", page: `{"text":"hello from jetty/12.1.12"}`},
	{app: "liberty-kernel", prints: "ready to run a smarter planet"},
}

// TestStdlib builds the apps of testdata/stdlib, which together use the whole standard library,
// verifies them, and boots them.
func TestStdlib(t *testing.T) {
	if os.Getenv("LAYC_REQUIRE_STDLIB") == "" {
		t.Skip("downloads and builds for minutes: run make test-stdlib")
	}
	s := newShop(t)
	s.dir = "../../testdata/stdlib"
	out := filepath.Join(t.TempDir(), "out")
	var built jsonResult
	text := s.layc("build", "-C", s.dir, "--state", s.state, "--locked", "--verify", "-o", out, "--json")
	if err := json.Unmarshal([]byte(text), &built); err != nil {
		t.Fatal(err)
	}
	for _, i := range built.Images {
		if !slices.ContainsFunc(booted, func(b boot) bool { return b.app == i.Name }) {
			t.Errorf("nothing boots %s", i.Name)
		}
	}
	for _, b := range booted {
		s.run(b.app, func(s *shop) { b.boots(s.T, out) })
	}
	s.run("stand-ins", (*shop).standsIn)
	s.run("mistakes", (*shop).mistakes)
	s.run("releases", (*shop).releases)
}

// mistakes builds what a module of the standard library refuses. The error says what is wrong, at the line of
// the project.
func (s *shop) mistakes() {
	for use, want := range map[string]string{
		`timezone.timezone("Europe/Berln")`: "unknown time zone Europe/Berln\n  similar names: Europe/Belfast Europe/Belgrade Europe/Berlin",
		`timezone.timezone("Europe")`:       "unknown time zone Europe\n  similar names: EET EST EST5EDT Egypt Eire Etc Europe",
	} {
		dir := s.TempDir()
		module := "import \"std/debian\"\nimport \"std/timezone\"\n\nfleet {\n    base debian.release(\"12\")\n}\n\napp shop {\n    uses " + use + "\n}\n"
		if err := os.WriteFile(filepath.Join(dir, "app.layer"), []byte(module), 0o644); err != nil {
			s.Fatal(err)
		}
		s.layc("lock", "-C", dir, "--allow-expired")
		text, err := exec.Command(s.bin, "build", "-C", dir, "--state", s.state, "--locked", "-o", filepath.Join(dir, "out")).CombinedOutput()
		if err == nil || !strings.Contains(string(text), "app.layer:9:10") || !strings.Contains(string(text), want) {
			s.Errorf("%s: %v, the build says\n%s", use, err, text)
		}
	}
}

// releases builds, verifies and boots a few apps on other releases of Debian, with the packages of today.
func (s *shop) releases() {
	dir, out := filepath.Join(s.TempDir(), "releases"), filepath.Join(s.TempDir(), "out")
	if err := os.CopyFS(dir, os.DirFS("testdata/releases")); err != nil {
		s.Fatal(err)
	}
	// Whether the mirror is up to date is not what this tests.
	s.layc("lock", "-C", dir, "--allow-expired")
	s.layc("build", "-C", dir, "--state", s.state, "--locked", "--verify", "-o", out)
	for _, release := range []struct{ name, java string }{{"11", "17"}, {"13", "21"}, {"sid", "25"}} {
		for _, b := range []boot{
			{app: "web-" + release.name, url: ":8080/", page: "hello from " + release.name},
			{app: "system-" + release.name, prints: "CE"},
			{app: "tomcat-" + release.name, url: ":8080/", page: "hello from Java " + release.java},
			{app: "postgres-" + release.name, prints: "listening on IPv4 address \"0.0.0.0\", port 5432"},
		} {
			s.run(b.app, func(s *shop) { b.boots(s.T, out) })
		}
	}
}

// boots starts the app of a layout, and waits until it works.
func (b boot) boots(t *testing.T, out string) {
	c := newContainer(t, out, b.app)
	c.start(nil)
	if b.url != "" {
		c.serves("http://127.0.0.1"+b.url, b.page)
	} else {
		c.prints(b.prints)
	}
}

// company builds, verifies and runs the six services of testdata/company, and asks each through the
// web server of the company.
func (s *shop) company() {
	out := filepath.Join(s.TempDir(), "out")
	s.layc("build", "-C", "../../testdata/company", "--state", s.state, "--locked", "--verify", "-o", out)
	hosts := []string{"web", "orders", "accounts", "reports", "rates", "database"}
	services := map[string]*container{}
	for _, name := range hosts {
		services[name] = newContainer(s.T, out, name)
		services[name].hosts = hosts
	}
	web := services["web"]
	web.start(nil)
	for _, name := range hosts[1:] {
		services[name].start(web, "POSTGRES_PASSWORD=example", "DATABASE_PASSWORD=example")
	}
	for path, page := range map[string]string{
		"":         "the company's site",
		"orders":   "a lamp, a chair",
		"accounts": "sessions last 2 hours",
		"reports":  "total &lt; 43",
		"rates":    "1 EUR is 1.1 USD",
	} {
		web.serves("http://127.0.0.1:8080/"+path, page)
	}
}

// TestStdlibExamples checks the example in the comment of each standard module, and that
// docs/stdlib.md has the module.
func TestStdlibExamples(t *testing.T) {
	page := read(t, "../../docs/stdlib.md")
	indented := regexp.MustCompile(`(?m)^    (.*)$|^$`)
	for _, name := range stdModules() {
		program, _ := load.Load(load.Input{Project: stdlib.FS, Dir: name, Std: stdlib.FS})
		checked, list := check.Check(program)
		if len(list) > 0 {
			t.Errorf("std/%s: %v", name, list)
		}
		m := doc.Of(checked, "std/"+name)
		row := "| `std/" + name + "` | " + doc.Synopsis(m.Text) + " |"
		if !strings.Contains(page, row) {
			t.Errorf("docs/stdlib.md lacks the line %s", row)
		}
		for _, c := range m.Components {
			if c.Text == "" {
				t.Errorf("std/%s: %s has no comment", name, c.Name)
			}
		}
		var example strings.Builder
		for _, l := range indented.FindAllStringSubmatch(m.Text, -1) {
			example.WriteString(l[1] + "\n")
		}
		text := strings.TrimSpace(example.String())
		if !strings.Contains(text, `import "std/`+name+`"`) {
			t.Errorf("std/%s has no example in its comment", name)
			continue
		}
		program, list = load.Load(load.Input{Project: fstest.MapFS{"a.layer": {Data: []byte(text + "\n")}}, Dir: ".", Std: stdlib.FS})
		if _, more := check.Check(program); len(list)+len(more) > 0 {
			t.Errorf("the example of std/%s: %v\n%s", name, append(list, more...), text)
		}
	}
}
