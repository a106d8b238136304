//go:build linux

package llb_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/llb/engine"
)

// TestPublish builds published images next to the app's image, and checks that they add no blob
// except for the file that only they have in this form.
func TestPublish(t *testing.T) {
	b := newBuilder(t)
	const program = `
fleet {
    base base
}

component base {
    rootfs  "$URL/rootfs.tar" sha256 "$SUM"
    publish "system"
}

component tools {
    run "write /opt/tools/x 1"
}

component jdk(version: string) {
    needs   tools
    publish "jdk:${version}"
    file    "/opt/jdk/release" text version
    file    "/etc/profile" append "jdk"
    env     JAVA_HOME = "/opt/jdk"
}

app shop {
    uses jdk("17")
    file "/opt/shop" text "shop"
    file "/etc/profile" append "shop"
}
`
	out := t.TempDir()
	s := sources{files: map[string]string{"a.layer": program}}
	result, err := b.solve(b.write(s.files), out, s)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range result.Images {
		names = append(names, i.Name)
	}
	if got := strings.Join(names, " "); got != "shop jdk:17 system" {
		t.Fatalf("the images are %s, want shop jdk:17 system", got)
	}
	shop, jdk, system := result.Images[0], result.Images[1], result.Images[2]
	has := func(i engine.BuiltImage, d digest.Digest) bool {
		return slices.ContainsFunc(i.Layers, func(l engine.Layer) bool { return l.Digest == d })
	}
	if len(system.Layers) != 1 || !has(shop, system.Layers[0].Digest) {
		t.Errorf("the system's layers %v are not the first of the app's %v", system.Layers, shop.Layers)
	}
	var own int
	for _, l := range jdk.Layers {
		if !has(shop, l.Digest) {
			own++
		}
	}
	if len(jdk.Layers) != 4 || own != 1 {
		t.Errorf("the jdk has %d layers, %d not shared, want 4 and 1", len(jdk.Layers), own)
	}
	files := extract(t, out, jdk)
	for name, want := range map[string]string{
		"/opt/jdk/release": "17", "/opt/tools/x": "1", "/etc/profile": "base\njdk\n", "/opt/shop": "",
	} {
		if got := files[name].text; got != want {
			t.Errorf("%s of the jdk holds %q, want %q", name, got, want)
		}
	}

	// Without published images the app's image is the same.
	s.files["a.layer"] = strings.NewReplacer(`publish "system"`, "", `publish "jdk:${version}"`, "").Replace(program)
	again, err := b.solve(b.write(s.files), t.TempDir(), s)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Images) != 1 || again.Images[0].Manifest != shop.Manifest {
		t.Errorf("without published images the app is %v, want %s", again.Images, shop.Manifest)
	}
}

// TestUpdate checks that a new update key runs the component's runs again, and nothing else.
func TestUpdate(t *testing.T) {
	b := newBuilder(t)
	const program = `
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component feed {
    owns   "/srv/feed"
    update weekly
    run    """
        write /srv/feed/x 1
        show LAYC_UPDATE /srv/feed/key
    """
}

component other {
    owns "/srv/other"
    run  "write /srv/other/x 1"
}

app shop {
    uses feed, other
}
`
	for _, step := range []struct {
		key      string
		executed int // number of executed runs
	}{{"2026-11-16", 2}, {"2026-11-16", 0}, {"2026-11-23", 1}} {
		files, result, err := b.make(sources{files: map[string]string{"a.layer": program, "layc.lock": "update feed " + step.key + "\n"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := files["/srv/feed/key"].text; got != step.key {
			t.Errorf("the run has the key %q, want %q", got, step.key)
		}
		runs := 0
		for _, s := range result.Steps.Executed {
			if strings.Contains(s.Name, "] write ") {
				runs++
			}
		}
		if runs != step.executed {
			t.Errorf("with key %s %d runs are executed, want %d: %v", step.key, runs, step.executed, result.Steps.Executed)
		}
	}
}
