package llb_test

import (
	"archive/tar"
	"crypto/sha256"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/layc-lang/layc/llb"
)

// TestTimes checks for each kind of step that a layer of only this step has the canonical time
// everywhere, including the directories that lead to its content.
func TestTimes(t *testing.T) {
	b := newBuilder(t)
	const program = `
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
    dir    "/etc/site.d"
}

component stage {
    owns "/opt/stage"
    run  "write /opt/stage/deep/er/file 1"
}

app file {
    file "/deep/er/file" text "1"
}

app dir {
    dir "/deep/er/file"
}

app link {
    link "/deep/er/file" to "/etc"
}

app copy {
    copy "a.layer" to "/deep/er/file"
}

app tree {
    copy "/opt/" from stage to "/deep/er/"
    file "/deep/er/file" text "1"
}

app fetch {
    fetch "$URL/hello" to "/deep/er/file"
}

app ran {
    owns "/deep/er"
    run  "write /deep/er/file 1"
}

app several {
    uses a, b
    file "/deep/er/file" text "1"
}

component a {
    file "/opt/deep/er/a" text "1"
}

component b {
    file "/opt/deep/er/b" text "1"
}

app appended {
    layers 2
    file   "/deep/er/file" append "1"
    file   "/etc/profile"  append "1"
}
`
	out := t.TempDir()
	result, err := b.solve(b.write(map[string]string{"a.layer": program}), out, sources{})
	if err != nil {
		t.Fatal(err)
	}
	for _, image := range result.Images {
		files := extract(t, out, image)
		if _, ok := files["/deep/er/file"]; !ok {
			t.Errorf("%s: /deep/er/file is missing", image.Name)
		}
		for name, f := range files {
			if f.ModTime.Unix() != llb.Epoch {
				t.Errorf("%s: %s has the time %v", image.Name, name, f.ModTime)
			}
		}
		if n := len(image.Layers); image.Name == "appended" && n != 2 {
			t.Errorf("%s has %d layers, want the base and one with all appended text", image.Name, n)
		}
	}
}

// TestTimesOfContent checks the times of files below a directory whose files have times of their
// content, in all kinds of layers that portable components can be in.
func TestTimesOfContent(t *testing.T) {
	b := newBuilder(t)
	const program = `
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component server {
    dir  "/srv/www" times content
    file "/etc/server" text "a"
}

component stage {
    owns "/out"
    run  """
        write /out/deep/built 1
        hard /out/deep/built /out/deep/again
        soft built /out/deep/link
    """
}

# One layer of a component.
component pages {
    needs server
    owns  "/srv/www/run"
    run   "write /srv/www/run/page 2"
    file  "/srv/www/page" text "2"
    file  "/srv/other" text "2"
}

# It places no files below.
component beside {
    needs server
    file  "/opt/beside" text "a"
}

component stacked {
    run """
        write /opt/stacked a
        write /srv/www/stacked a
    """
}

app delta {
    uses server
    copy  "html/" to "/srv/www/"
    copy  "/out/deep/" from stage to "/srv/www/built/"
    fetch "$URL/hello" to "/srv/www/hello"
    file  "/srv/www/empty" text ""
    copy  "html/" to "/srv/elsewhere/"
}

app own {
    layers 10
    dir  "/site" times content
    copy "html/" to "/site/"
}

app root {
    dir  "/srv/www" times content
    copy "tree/" to "/"
}

app portable {
    uses pages
}

app several {
    layers 2
    uses   pages, beside
}

app spine {
    layers 2
    uses   pages, beside, stacked
}
`
	files := map[string]string{
		"a.layer": program, "html/a": "one page", "html/b": "two page", "html/c/a": "one page",
		"tree/srv/www/page": "2", "tree/opt/page": "2",
	}
	dir, out := b.write(files), t.TempDir()
	result, err := b.solve(dir, out, sources{})
	if err != nil {
		t.Fatal(err)
	}
	images := map[string]map[string]file{}
	for _, image := range result.Images {
		images[image.Name] = extract(t, out, image)
		if n := len(image.Layers); (image.Name == "several" || image.Name == "spine") && n != 2 {
			t.Errorf("%s has %d layers, want the base and another one", image.Name, n)
		}
	}
	// These, and no others, have the time of their content.
	timed := map[string][]string{
		"delta":    {"/srv/www/a", "/srv/www/b", "/srv/www/c/a", "/srv/www/built/built", "/srv/www/built/again", "/srv/www/hello", "/srv/www/empty"},
		"own":      {"/site/a", "/site/b", "/site/c/a"},
		"root":     {"/srv/www/page"},
		"portable": {"/srv/www/page", "/srv/www/run/page"},
		"several":  {"/srv/www/page", "/srv/www/run/page"},
		"spine":    {"/srv/www/page", "/srv/www/run/page"},
	}
	for app, files := range images {
		for _, p := range timed[app] {
			if _, ok := files[p]; !ok {
				t.Errorf("%s: %s is missing", app, p)
			}
		}
		for name, f := range files {
			want := int64(llb.Epoch)
			if slices.Contains(timed[app], name) {
				text := f.text
				if f.Typeflag == tar.TypeLink {
					text = files["/"+f.Linkname].text
				}
				want += 1 + new(big.Int).Mod(new(big.Int).SetBytes(sum(text)[:8]), big.NewInt(40*365*86400+10*86400)).Int64()
			}
			if f.ModTime.Unix() != want || f.ModTime.Nanosecond() != 0 {
				t.Errorf("%s: %s has the time %v, want %v", app, name, f.ModTime, time.Unix(want, 0))
			}
		}
	}
	if a, b := images["delta"]["/srv/www/a"].ModTime, images["delta"]["/srv/www/b"].ModTime; a.Equal(b) {
		t.Errorf("two pages of one size have the time %v", a)
	}
	if a, b := images["delta"]["/srv/www/a"].ModTime, images["own"]["/site/c/a"].ModTime; !a.Equal(b) {
		t.Errorf("equal pages have the times %v and %v", a, b)
	}
}

func sum(text string) []byte {
	s := sha256.Sum256([]byte(text))
	return s[:]
}
