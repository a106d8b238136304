package compiler_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/component"
	"github.com/layc-lang/layc/lang/diag"
)

// withoutExample are codes that no small program produces; other tests do.
var withoutExample = []diag.Code{"E0301", "E0311", "E0402", "E0410", "E0411", "E0501", "E0502", "E0503", "E0504", "E0505"}

// TestCodes checks that the example of each code from E0200 on produces that
// code and no other.
func TestCodes(t *testing.T) {
	for _, e := range diag.Entries() {
		if e.Code < "E0200" || e.Example == "" && slices.Contains(withoutExample, e.Code) {
			continue
		}
		a := &txtar.Archive{Files: []txtar.File{{Name: "example.layer", Data: []byte(e.Example)}}}
		if strings.HasPrefix(e.Example, "\n-- ") {
			a = txtar.Parse([]byte(e.Example[1:]))
		}
		project, err := txtar.FS(a)
		if err != nil {
			t.Fatal(err)
		}
		_, list := compiler.Compile(compiler.Input{
			Project: project, Dir: ".", Platform: component.Platform{OS: "linux", Arch: "amd64"},
		}, compiler.Planned)
		got := map[diag.Code]string{}
		for _, d := range list {
			got[d.Code] = d.Message
		}
		if _, ok := got[e.Code]; !ok || len(got) != 1 {
			t.Errorf("the example of %s produces %v", e.Code, got)
		}
	}
}

// TestCodesDocumented checks that the codes from E0200 on that are given are
// the ones that are documented.
func TestCodesDocumented(t *testing.T) {
	given := map[diag.Code]bool{}
	for _, pattern := range []string{"*.go", "*/*.go", "../lang/check/*.go", "../cmd/layc/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`"(E0[2-9]\d\d)"`).FindAllStringSubmatch(string(text), -1) {
				given[diag.Code(m[1])] = true
			}
		}
	}
	for _, e := range diag.Entries() {
		if e.Code >= "E0200" && !given[e.Code] {
			t.Errorf("%s is documented and never given", e.Code)
		}
		delete(given, e.Code)
	}
	for code := range given {
		t.Errorf("%s is given and not documented", code)
	}
}
