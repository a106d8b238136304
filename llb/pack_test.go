//go:build linux

package llb_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// TestPacked checks that another limit of layers packs what was executed, and
// executes no run again.
func TestPacked(t *testing.T) {
	b := newBuilder(t)
	program := `
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component one {
    run "write /one 1"
}

component two {
    needs one
    run   "copy /one /two"
}

component three {
    run "write /three 3"
}

component built {
    needs two
    owns  "/opt/built"
    run   "copy /two /opt/built"
}

app a {
    layers LIMIT
    uses   two, three, built
}

app b {
    layers LIMIT
    uses   three
}
`
	var first map[string]file
	for _, limit := range []string{"10", "3", "4", "5"} {
		files, result, err := b.build(strings.ReplaceAll(program, "LIMIT", limit), nil)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = files
		}
		if n := len(result.Images[0].Layers); limit == "3" && n != 3 {
			t.Errorf("the image has %d layers, want 3", n)
		}
		for name, f := range first {
			if !reflect.DeepEqual(files[name], f) {
				t.Errorf("with %s layers %s is %v, with 10 it is %v", limit, name, files[name], f)
			}
		}
		for _, s := range result.Steps.Executed {
			if limit != "10" && (strings.Contains(s.Name, "] write ") || strings.Contains(s.Name, "] copy ")) {
				t.Errorf("with %s layers the build executes %s again", limit, s.Name)
			}
		}
		if runs := executed(result); limit == "10" && runs != 4 {
			t.Errorf("the first build executes %d runs, want 4: the image and the build share them", runs)
		}
	}
}

// executed counts the runs that a build has executed.
func executed(r *engine.Result) int {
	n := 0
	for _, s := range r.Steps.Executed {
		if strings.Contains(s.Name, "] write ") || strings.Contains(s.Name, "] copy ") {
			n++
		}
	}
	return n
}

// TestConflicts checks what becomes of paths that two components change of which
// neither needs the other. The helper's own tests have more of them.
func TestConflicts(t *testing.T) {
	b := newBuilder(t)
	const program = `
fleet {
    base   base
    layers LIMIT
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component one {
    run "ONE"
}

component two {
    RELATION
    run "TWO"
}

app a {
    uses one, two
}
`
	for _, test := range []struct {
		name, relation, one, two, limit string
		conflict                        string // the path
		want                            map[string]string
	}{
		{name: "content in one layer", limit: "2", one: "write /srv/x 1", two: "write /srv/x 2", conflict: "/srv/x"},
		{name: "content in two layers", limit: "10", one: "write /srv/x 1", two: "write /srv/x 2", conflict: "/srv/x"},
		{name: "after", limit: "2", relation: "after one", one: "write /srv/x 1", two: "write /srv/x 2", want: map[string]string{"/srv/x": "2"}},
		{name: "accounts", limit: "2", one: "append /etc/passwd one:x:500:500:::", two: "append /etc/passwd two:x:400:400:::",
			want: map[string]string{"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\ntwo:x:400:400:::\none:x:500:500:::\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b.t = t
			relation := test.relation
			if relation == "" {
				relation = `env TWO = "2"`
			}
			files, _, err := b.build(strings.NewReplacer("LIMIT", test.limit, "ONE", test.one, "TWO\"", test.two+"\"", "RELATION", relation).Replace(program), nil)
			if test.conflict != "" {
				var step *engine.StepError
				if want := fmt.Sprintf(`layc-helper: conflict: %d 0 "" "differs from byte 0" %q`, map[string]int{"2": 1, "10": 0}[test.limit], test.conflict); !errors.As(err, &step) || !slices.Contains(step.Log, want) {
					t.Errorf("the build ends with %v, want %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range test.want {
				if got := files[name].text; got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

// TestPortableStays checks that a portable component's file replaces what a run leaves there that
// does not need it, in one layer and in two.
func TestPortableStays(t *testing.T) {
	b := newBuilder(t)
	const program = `
fleet {
    base   base
    layers LIMIT
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component run {
    run "write /srv/x run"
}

component needs {
    needs portable
    run   "copy /srv/x /srv/copy"
}

component portable {
    file "/srv/x" text "portable"
}

app a {
    uses run, needs
}
`
	for _, limit := range []string{"2", "10"} {
		files, _, err := b.build(strings.Replace(program, "LIMIT", limit, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := files["/srv/x"].text + " " + files["/srv/copy"].text; got != "portable portable" {
			t.Errorf("with %s layers the files hold %q", limit, got)
		}
	}
}
