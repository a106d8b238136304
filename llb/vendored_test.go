package llb_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/solver/pb"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/llb"
)

// TestVendored checks that copies change nothing in definitions but the places that sources are read
// from: what identifies their content stays.
func TestVendored(t *testing.T) {
	bb, aa := "sha256:"+strings.Repeat("b", 64), "sha256:"+strings.Repeat("a", 64)
	out, list := compiler.Compile(compiler.Input{
		Project: fstest.MapFS{
			"a.layer": {Data: []byte(`
component java {
    image "registry.example.com/java:17"
}

component tool {
    fetch "https://example.com/tool", "https://mirror.example.com/tool" sha256 "` + aa[7:] + `" to "/opt/"
}

app one {
    base java
    uses tool
}
`)},
			"layc.lock": {Data: []byte("layc-lock 1\nbase " + bb + " 1 configured\nimage registry.example.com/java:17 linux/amd64 " + bb + "\n")},
		}, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	if list.HasErrors() {
		t.Fatal(list[0].Message)
	}
	lower := func(vendored func(string) bool) (*llb.Graph, map[string]*pb.SourceOp) {
		t.Helper()
		g, err := llb.Lower(out.Targets[0].Plan, llb.Options{Vendored: vendored})
		if err != nil {
			t.Fatal(err)
		}
		sources := map[string]*pb.SourceOp{}
		for _, text := range g.Images[0].Definition().Def {
			var op pb.Op
			if err := op.UnmarshalVT(text); err != nil {
				t.Fatal(err)
			}
			if s := op.GetSource(); s != nil {
				scheme, _, _ := strings.Cut(s.Identifier, "://")
				sources[scheme] = s
			}
		}
		return g, sources
	}
	g, sources := lower(nil)
	if len(g.Downloads) != 1 || g.Downloads[0].Digest != aa || len(g.Downloads[0].URLs) != 2 || len(g.Bases) != 1 || g.Bases[0].Digest != bb {
		t.Errorf("the downloads are %v, the bases %v", g.Downloads, g.Bases)
	}
	if len(g.Layouts) > 0 || sources["docker-image"] == nil || sources["https"].GetIdentifier() != "https://example.com/tool" {
		t.Errorf("without copies the sources are %v", sources)
	}
	checksum := sources["https"].GetAttrs()[pb.AttrHTTPChecksum]
	g, sources = lower(func(digest string) bool { return digest == aa || digest == bb })
	if want := []string{llb.VendoredLayout}; !slices.Equal(g.Layouts, want) || !strings.HasSuffix(sources["oci-layout"].GetIdentifier(), "@"+bb) {
		t.Errorf("with copies the sources are %v", sources)
	}
	if got := sources["http"]; got.GetIdentifier() != llb.CopiesURL+aa[7:] || got.GetAttrs()[pb.AttrHTTPChecksum] != checksum || checksum != aa {
		t.Errorf("with copies the download is %v", got)
	}
	for _, o := range g.Origins {
		if o.URL != "" {
			t.Errorf("a copy has another mirror to try: %s", o.URL)
		}
	}
}
