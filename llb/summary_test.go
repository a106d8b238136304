package llb

import "testing"

// TestSummary checks that a comment at the beginning of a script names its run in the progress.
func TestSummary(t *testing.T) {
	for script, want := range map[string]string{
		"make all\n  make install\n":    "make all make install",
		"# go build\ncase $A in\nesac":  "go build",
		"\n# two words\n# more\ntrue\n": "two words",
		"#!/bin/sh\ntrue":               "#!/bin/sh true",
		"true # not first":              "true # not first",
	} {
		if got := summary(script); got != want {
			t.Errorf("%q is %q, want %q", script, got, want)
		}
	}
}
