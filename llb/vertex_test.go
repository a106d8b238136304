package llb_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/llb"
)

// TestPlaces looks up the place in the program of a definition's vertices, as clients of BuildKit
// do.
func TestPlaces(t *testing.T) {
	out, list := compiler.Compile(compiler.Input{
		Project: fstest.MapFS{
			"a.layer": {Data: []byte("import \"./lib\"\n\nfleet {\n    base lib.none\n}\n\napp a {\n    uses lib.tool\n    file \"/a\" text \"a\"\n}\n")},
			"lib/b.layer": {Data: []byte("component none {\n    rootfs \"https://example.com/x.tar\" sha256 \"00000000000000000000000000000000000000000000000000000000000000aa\"\n}\n" +
				"\ncomponent tool {\n    owns \"/t\"\n    run  \"make tool\"\n}\n")},
			"layc.lock": {Data: []byte("layc-lock 1\n\nbase sha256:00000000000000000000000000000000000000000000000000000000000000aa 1 configured\n")},
		}, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	if list.HasErrors() {
		t.Fatal(list[0].Message)
	}
	g, err := llb.Lower(out.Targets[0].Plan, llb.Options{Tree: "tree", Text: true})
	if err != nil {
		t.Fatal(err)
	}
	def := g.Images[0].Definition()
	var got []string
	for id, m := range def.Metadata {
		for _, at := range def.Source.Locations[id].GetLocations() {
			file, span := def.Source.Infos[at.SourceIndex], at.Ranges[0]
			if file.Language != "layer" || len(file.Data) == 0 {
				t.Errorf("%s has the language %q and %d bytes", file.Filename, file.Language, len(file.Data))
			}
			got = append(got, fmt.Sprintf("%s: %s:%d:%d-%d:%d", m.Description["llb.customname"], file.Filename, span.Start.Line, span.Start.Character, span.End.Line, span.End.Character))
		}
	}
	for _, want := range []string{"[none] fetch x.tar: lib/b.layer:2:4-2:112", "[tool] make tool: lib/b.layer:7:4-7:20", "[a] layer: a.layer:9:4-9:22"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing from %q", want, got)
		}
	}
	if len(got) >= len(def.Metadata) {
		t.Error("a vertex that layc adds has a place, too")
	}
}
