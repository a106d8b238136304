package syntax_test

import (
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// TestCodes checks that the example of each code of this package produces that
// code and no other.
func TestCodes(t *testing.T) {
	for _, e := range diag.Entries() {
		if e.Code >= "E0100" {
			continue
		}
		example := e.Example
		if e.Code == "E0007" {
			example = strings.Repeat("#\n", 9<<20)
		}
		_, list := syntax.Parse(source.New("example.layer", example))
		var b strings.Builder
		for _, d := range list {
			b.WriteString(string(d.Code) + " ")
		}
		if got := b.String(); got != string(e.Code)+" " {
			t.Errorf("the example of %s produces: %s", e.Code, got)
		}
	}
}
