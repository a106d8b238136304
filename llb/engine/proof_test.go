//go:build linux

package engine

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/moby/buildkit/client/llb"
)

// proof returns a proof that a state can be built.
func proof(t *testing.T, s llb.State) Proof {
	t.Helper()
	return Proof{Definition: image(t, "proof", s).Definition}
}

// TestProofs checks that successful proofs are returned with the images, and are cached.
func TestProofs(t *testing.T) {
	needEngine(t)
	e, dir := open(t, t.TempDir()), filepath.Join(t.TempDir(), "out")
	req := request(t, dir, image(t, "app", file("/x", "1")))
	report := proof(t, file("/report", "found"))
	report.Report = "report"
	report.Holds = func(text []byte) bool { return string(text) == "found" }
	req.Proofs = []Proof{proof(t, ran("good proof", "fail", "0")), report}
	first := build(t, e, req)
	if len(first.Images) != 1 || len(first.Proven) != 2 || first.Proven[0].Failed != nil || string(first.Proven[1].Report) != "found" {
		t.Errorf("the build has %d images and the proofs %+v, want one image and a report", len(first.Images), first.Proven)
	}
	again := build(t, e, req)
	if len(again.Steps.Executed) != 0 || string(again.Proven[1].Report) != "found" {
		t.Errorf("the second build executes %s and has the proofs %+v, want no steps and a report", names(again.Steps.Executed), again.Proven)
	}
}

// TestUnproven checks that all proofs are tried even if one fails, and that nothing is written
// then.
func TestUnproven(t *testing.T) {
	needEngine(t)
	e, dir := open(t, t.TempDir()), filepath.Join(t.TempDir(), "out")
	req := request(t, dir, image(t, "app", file("/x", "1")))
	report := proof(t, file("/report", "found"))
	report.Report = "report"
	failing := func(name string) Proof {
		shared := llb.AddMount("/shared", root(), llb.Readonly)
		return proof(t, root().Run(llb.Args([]string{"/bin/step", "fail", "3"}), llb.AddEnv("NAME", name), shared, llb.WithCustomName(name)).Root())
	}
	req.Proofs = []Proof{failing("one"), failing("two"), failing("three"), report}
	told := map[int]Proven{}
	req.Unproven = func(n int, p Proven) { told[n] = p }
	_, err := e.Build(t.Context(), req)
	var unproven *UnprovenError
	if !errors.As(err, &unproven) {
		t.Fatalf("the error is %v, want an UnprovenError", err)
	}
	for n, name := range []string{"one", "two", "three"} {
		f := unproven.Proven[n].Failed
		if f == nil || f.Name != name || len(f.Log) != 20 || f.Log[19] != "line 30" {
			t.Errorf("proof %s is %+v, want its own step with the end of its output", name, f)
			continue
		}
		if !slices.Contains(vertices(req.Proofs[n]), string(f.Vertex)) {
			t.Errorf("vertex %s is not one of proof %s", f.Vertex, name)
		}
		if early := told[n].Failed; early == nil || early.Vertex != f.Vertex || !slices.Equal(early.Log, f.Log) {
			t.Errorf("proof %s is told early as %+v", name, early)
		}
	}
	if len(told) != 3 {
		t.Errorf("%d proofs are told early", len(told))
	}
	req.Unproven = nil
	if got := string(unproven.Proven[3].Report); got != "found" {
		t.Errorf("the report is %q, want found", got)
	}
	if want := "3 of 4 proofs failed"; err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}

	report.Holds = func([]byte) bool { return false }
	req.Proofs = []Proof{report}
	if _, err := e.Build(t.Context(), req); !errors.As(err, &unproven) || string(unproven.Proven[0].Report) != "found" {
		t.Errorf("the error is %v, want an UnprovenError with the report", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the failed build left %s", dir)
	}

	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	var step *StepError
	var unavailable *UnavailableError
	download := proof(t, llb.HTTP(server.URL+"/gone", llb.WithCustomName("download")))
	req.Proofs = []Proof{failing("one"), download}
	if _, err := e.Build(t.Context(), req); !errors.As(err, &unavailable) || !slices.Contains(vertices(download), string(unavailable.Vertex)) {
		t.Errorf("the error is %v, want that of the download", err)
	}

	req.Proofs = []Proof{failing("one")}
	req.Images = []Image{image(t, "app", ran("bad step", "fail", "7"))}
	if _, err := e.Build(t.Context(), req); !errors.As(err, &step) || step.Name != "bad step" {
		t.Errorf("the error is %v, want that of the image", err)
	}
}

// vertices returns the digests of a proof's vertices.
func vertices(p Proof) []string {
	var out []string
	for id := range p.Definition.Metadata {
		out = append(out, id)
	}
	return out
}
