package syntax_test

import (
	"os"
	"path/filepath"
	"regexp"
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

// TestCodesDocumented checks that the codes that this package gives are the
// ones that are documented for it.
func TestCodesDocumented(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	given := map[diag.Code]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(E\d{4})"`).FindAllStringSubmatch(string(text), -1) {
			given[diag.Code(m[1])] = true
		}
	}
	for _, e := range diag.Entries() {
		if e.Code < "E0100" && !given[e.Code] {
			t.Errorf("%s is documented and never given", e.Code)
		}
		delete(given, e.Code)
	}
	for code := range given {
		t.Errorf("%s is given and not documented", code)
	}
}
