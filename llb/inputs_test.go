package llb_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/llb"
)

// TestInputs checks that each image's inputs are its own: what its stages take, too, and nothing of
// another image.
func TestInputs(t *testing.T) {
	aa, bb := strings.Repeat("a", 64), strings.Repeat("b", 64)
	files := fstest.MapFS{"a.layer": {Data: []byte(`
fleet {
    base scratch
}

component tool {
    fetch "https://example.com/tool" sha256 "` + aa + `" to "/tool"
    run   "/bin/build" with bind "src" to "/src"
}

app one {
    copy "conf" to "/etc/"
    copy "/tool" from tool to "/bin/"
}

app two {
    fetch "https://example.com/other" sha256 "` + bb + `" to "/other"
    copy  "other" to "/etc/"
}
`)}}
	for _, name := range []string{"conf", "other", "src/main"} {
		files[name] = &fstest.MapFile{Data: []byte(name)}
	}
	out, list := compiler.Compile(compiler.Input{Project: files, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}}, compiler.Planned)
	if list.HasErrors() {
		t.Fatal(list[0].Message)
	}
	g, err := llb.Lower(out.Targets[0].Plan, llb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"one": {"conf", "sha256:" + aa, "src"}, "two": {"other", "sha256:" + bb}}
	for _, i := range g.Images {
		in, err := g.Inputs(i)
		if err != nil {
			t.Fatal(err)
		}
		got := in.Digests
		for _, s := range in.Selections {
			got = append(got, s.Sources[0].Path)
		}
		slices.Sort(got)
		if !slices.Equal(got, want[i.App.Name]) {
			t.Errorf("%s has the inputs %v, want %v", i.App.Name, got, want[i.App.Name])
		}
	}
}
