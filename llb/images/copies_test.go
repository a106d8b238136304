package images

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

// TestDamagedCopies checks that an error that a damaged copy of an image may have caused tells so, and
// no other error does.
func TestDamagedCopies(t *testing.T) {
	in := Input{Dir: t.TempDir()}
	layout := filepath.Join(in.Dir, filepath.FromSlash(llb.VendoredLayout))
	if err := os.MkdirAll(layout, 0o755); err != nil {
		t.Fatal(err)
	}
	const whole = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`
	var damaged = strings.Replace(whole, "[]", `[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,"digest":"sha256:`+strings.Repeat("a", 64)+`"}]`, 1)
	used := []*llb.Graph{{Layouts: []string{llb.VendoredLayout}}}
	short := &engine.StepError{Name: "base", Err: errors.New("short read: expected 134 bytes but got 133: unexpected EOF")}
	for _, c := range []struct {
		graphs []*llb.Graph
		index  string
		cause  error
		tells  bool
	}{
		{used, damaged, short, true},
		{used, damaged, errors.New("unexpected EOF"), true},
		{used, damaged, &engine.UnprovenError{}, true},
		{used, whole, short, false},
		{[]*llb.Graph{{}}, damaged, short, false},
		{used, damaged, &engine.StepError{Name: "make", ExitCode: 2, Err: errors.New("exit code 2")}, false},
		{used, damaged, &engine.UnavailableError{What: "cannot fetch https://example.com/x"}, false},
	} {
		for name, text := range map[string]string{"oci-layout": `{"imageLayoutVersion":"1.0.0"}`, "index.json": c.index} {
			if err := os.WriteFile(filepath.Join(layout, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		told := c.cause
		var step *engine.StepError
		if errors.As(c.cause, &step) {
			told = &StepError{Finding: Finding{Diagnostic: &diag.Diagnostic{Message: "a step of base failed"}}}
		}
		var proofs *engine.UnprovenError
		if errors.As(c.cause, &proofs) {
			told = &UnprovenError{[]Outcome{{Findings: []Finding{{Diagnostic: &diag.Diagnostic{Message: "app a cannot be read"}}}}}}
		}
		got := in.blame(t.Context(), c.graphs, c.cause, told)
		text := got.Error()
		var finding *StepError
		if errors.As(got, &finding) {
			text = strings.Join(append(finding.Notes, finding.Help...), "\n")
		}
		var unproven *UnprovenError
		if errors.As(got, &unproven) {
			text = strings.Join(append(unproven.Outcomes[0].Findings[0].Notes, unproven.Outcomes[0].Findings[0].Help...), "\n")
		}
		const what, help = "the project's copies of images in vendor/layc-images are damaged", "run `layc vendor --all` to restore them"
		if strings.Contains(text, what) != c.tells || strings.Contains(text, help) != c.tells {
			t.Errorf("%v with the index %s becomes\n%s", c.cause, c.index, text)
		}
	}
}
