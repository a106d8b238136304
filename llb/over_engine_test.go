//go:build linux

package llb_test

import (
	"archive/tar"
	"testing"
)

// TestWrittenOverLink writes over links that only the build knows. They are replaced, and their
// targets stay unchanged.
func TestWrittenOverLink(t *testing.T) {
	b := newBuilder(t)
	stacked := func(script string) string {
		return "uses stacked\n}\ncomponent stacked {\n    run \"" + script + "\"\n    link \"/etc/x\" to \"new\""
	}
	const copied = "copy \"/out/d\" from made to \"/srv\"\n    "
	for _, c := range []struct {
		steps, at string
		kind      byte
		leads     string
	}{
		{copied + `link "/srv/soft" to "new"`, "/srv/soft", tar.TypeSymlink, "new"},
		{copied + `link "/srv/file" to "new"`, "/srv/file", tar.TypeSymlink, "new"},
		{copied + `file "/srv/soft" text "x"`, "/srv/soft", tar.TypeReg, ""},
		{copied + `fetch "$URL/hello" sha256 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" to "/srv/soft"`, "/srv/soft", tar.TypeReg, ""},
		{copied + `copy "/out/d/char" from made to "/srv/soft"`, "/srv/soft", tar.TypeChar, ""},
		{copied + `copy "/out/d" from made to "/srv/dir"`, "/srv/dir/pipe", tar.TypeFifo, ""},
		{stacked("soft gone /etc/x"), "/etc/x", tar.TypeSymlink, "new"},
		{stacked("write /etc/x x"), "/etc/x", tar.TypeSymlink, "new"},
	} {
		files, _, err := b.build(stageProgram("", everything, c.steps), nil)
		if err != nil {
			t.Errorf("%s: %v", c.steps, err)
			continue
		}
		if f := files[c.at]; f.Typeflag != c.kind || f.Linkname != c.leads {
			t.Errorf("%s: %s is %c to %q", c.steps, c.at, f.Typeflag, f.Linkname)
		}
		for _, gone := range []string{"/gone", "/srv/gone"} {
			if _, ok := files[gone]; ok {
				t.Errorf("%s: %s was created", c.steps, gone)
			}
		}
	}
}
