package images

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

// TestStarts builds two apps whose images lack what they start: all of it is found, and told as soon as
// the engine knows it. What is told is not the outcome of another proof in the end.
func TestStarts(t *testing.T) {
	in := input(t, `
app one {
    user        "www"
    entrypoint  ["nosuch"]
    healthcheck ["neither"]
    file "/one" text ""
}

app two {
    command ["nothing"]
    file "/two" text ""
}
`)
	var told []string
	in.Found = func(f Finding) { told = append(told, f.Message) }
	_, err := Build(t.Context(), fake{build: func(r engine.Request) (*engine.Result, error) {
		fails := func(name string, log ...string) engine.Proven {
			return engine.Proven{Failed: &engine.StepError{Vertex: vertex(t, r, name), Log: log, ExitCode: 1}}
		}
		all := make([]engine.Proven, len(r.Proofs))
		for n, p := range r.Proofs {
			text := string(slices.Concat(p.Definition.Def...))
			for _, app := range []struct {
				is     string
				proven engine.Proven
			}{
				{"nosuch", fails("look for user www", "layc-helper: no user www: root", `layc-helper: not started: entrypoint missing "nosuch" "" "" ""`, `layc-helper: not started: healthcheck missing "neither" "" "" ""`)},
				{"nothing", fails("[two] look for", `layc-helper: not started: command missing "nothing" "" "" ""`)},
			} {
				if strings.Contains(text, app.is) {
					all[n] = app.proven
					if app.is == "nosuch" {
						r.Unproven(n, app.proven)
					}
				}
			}
		}
		return nil, &engine.UnprovenError{Proven: all}
	}}, in)
	var unproven *UnprovenError
	if !errors.As(err, &unproven) {
		t.Fatal(err)
	}
	early := []string{
		"the image of one has no user www", "the entrypoint of one starts nosuch, which the image does not have",
		"the healthcheck of one starts neither, which the image does not have",
	}
	if !slices.Equal(told, early) {
		t.Errorf("told %q, want %q", told, early)
	}
	var found []string
	for _, o := range unproven.Outcomes {
		for _, f := range o.Findings {
			found = append(found, f.Message)
			if o.Kind != llb.Start {
				t.Errorf("%s is a finding of %s", f.Message, o.Kind)
			}
		}
	}
	rest := []string{"the command of two starts nothing, which the image does not have"}
	if !slices.Equal(found, slices.Concat(early, rest)) {
		t.Errorf("found %q", found)
	}
}
