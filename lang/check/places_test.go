package check_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/load"
)

const placesText = `import "std/java"
let version = "1"
component a(name: string, n: int = 1) {
    needs java, java.java
    label n = n
    for x in ["x"] {
        let y = x + name
        run "echo $y ${y} $$y $name$HOME"
    }
}
app b for v in ["1"] {
    uses a(name: v + version)
    file "/a" text platform.arch
}
`

func placesProgram(t *testing.T) *check.Program {
	t.Helper()
	std := fstest.MapFS{"java/java.layer": {Data: []byte("component java {\n}\n")}}
	in, list := load.Load(load.Input{Project: fstest.MapFS{"a.layer": {Data: []byte(placesText)}}, Dir: ".", Std: std})
	p, found := check.Check(in)
	if len(list)+len(found) > 0 {
		t.Fatalf("unexpected: %s", append(list, found...)[0].Message)
	}
	return p
}

func TestOccurrences(t *testing.T) {
	p := placesProgram(t)
	var got []string
	for _, o := range p.OccurrencesIn(p.Root.Files[0]) {
		kind := strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", o.Object), "*check."))
		for flag, set := range map[string]bool{"+": o.Declares, "~": o.Namesake, "$": o.Shell} {
			if set {
				kind += flag
			}
		}
		got = append(got, fmt.Sprint(o.At.Position().Line, " ", o.At.Text(), " ", kind))
	}
	want := `1 "std/java" import+
2 version let+
3 a component+
3 name param+
3 n param+
4 java import
4 java component~
4 java import
4 java component
5 n param
6 x var+
7 y let+
7 x var
7 name param
8 y let$
8 y let$
8 y let$
8 name param$
11 v var+
12 a component
12 name param
12 v var
12 version let
13 platform predeclared
13 arch predeclared`
	if strings.Join(got, "\n") != want {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), want)
	}
}

func TestVisible(t *testing.T) {
	p := placesProgram(t)
	f := p.Root.Files[0].Source
	for place, want := range map[string]string{
		"run":   "y x n name a version java os platform scratch",
		"needs": "n name a version java os platform scratch",
		"uses":  "v a version java os platform scratch",
		"let v": "a version java os platform scratch",
	} {
		var names []string
		for _, v := range p.Visible(f, strings.Index(placesText, place)) {
			names = append(names, v.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("at %s: got %s, want %s", place, got, want)
		}
	}
}
