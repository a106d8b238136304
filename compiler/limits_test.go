package compiler_test

import (
	"strings"
	"testing"
	"time"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/lang/diag"
)

// TestLimits checks that endless programs, and those that multiply beyond reason, soon end with
// an error of their own.
func TestLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("long searches of one goroutine")
	}
	numbers := "[" + strings.Repeat("1, ", 99) + "1]"
	for what, c := range map[string]struct {
		program string
		code    diag.Code
	}{
		"a component that needs itself with other arguments": {
			benchHead + "component a(n: int) {\n    needs a(n + 1)\n}\napp x {\n    uses a(0)\n}\n", diag.EndlessClosure},
		"a string that grows without end": {
			benchHead + "component a(s: string) {\n    needs a(\"${s}${s}\")\n}\napp x {\n    uses a(\"text\")\n}\n", diag.ValueTooLarge},
		"a build stage that needs itself with other arguments": {
			benchHead + "component a(n: int) {\n    copy \"/x\" from a(n + 1) to \"/x\"\n}\napp x {\n    uses a(0)\n}\n", diag.EndlessClosure},
		"a matrix of 10^8 apps": {
			benchHead + "let n = " + numbers + "\napp \"x${a}\" for a in n, b in n, c in n, d in n {\n    tag \"${b}${c}${d}\"\n}\n", diag.TooMuchToEvaluate},
		"loops of 10^10 rounds": {
			benchHead + "let n = " + numbers + "\napp x {\n    for a in n { for b in n { for c in n { for d in n { for e in n {\n        env \"V${a}\" = b\n    } } } } }\n}\n", diag.TooMuchToEvaluate},
	} {
		began := time.Now()
		_, list := compile(oneFile(c.program), compiler.Bound)
		found := false
		for _, d := range list {
			found = found || d.Code == c.code
		}
		if !found {
			t.Errorf("%s: no error %s among %d findings", what, c.code, len(list))
		}
		if took := time.Since(began); took > 5*time.Minute {
			t.Errorf("%s: took %v", what, took)
		}
	}
}
