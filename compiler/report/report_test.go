package report_test

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/report"
)

// planned plans a project on linux/amd64.
func planned(t *testing.T, project fs.FS) *plan.Plan {
	t.Helper()
	out, list := compiler.Compile(compiler.Input{
		Project: project, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	if list.HasErrors() {
		t.Fatalf("%v", list[0].Message)
	}
	return out.Targets[0].Plan
}

// fleet returns the example fleet.
func fleet(t *testing.T) report.Side {
	files := os.DirFS("../../testdata/fleet")
	return report.Side{Plan: planned(t, files), Files: files}
}

// touching compares a side with itself after a change of a name's instances.
func touching(t *testing.T, s report.Side, name string) *report.Difference {
	t.Helper()
	g := s.Plan.Graph
	found := report.Named(g, name)
	if len(found) == 0 {
		t.Fatalf("nothing is named %s", name)
	}
	then := s
	then.Touched = report.Touch(g, found)
	return report.Compare(s, then)
}

// affected returns the names of the images with a new digest.
func affected(d *report.Difference) []string {
	var out []string
	for _, i := range d.Affected() {
		out = append(out, i.App.Name)
	}
	return out
}

// fate returns the fate of the layer with an instance of that title.
func fate(t *testing.T, d *report.Difference, title string) report.Fate {
	t.Helper()
	for _, l := range d.Layers {
		for _, m := range l.Members {
			if m.Title == title {
				return l.Fate
			}
		}
	}
	t.Fatalf("no layer has %s", title)
	return ""
}

func TestNothingChanges(t *testing.T) {
	s := fleet(t)
	d := report.Compare(s, s)
	if len(d.Affected()) > 0 || d.NewBytes.Bytes+d.Pull.Bytes+d.NewAtLeast.Bytes+d.AtLeast.Bytes != 0 {
		t.Errorf("a plan differs from itself: %v, %s", affected(d), d.NewBytes)
	}
	again := fleet(t)
	if d := report.Compare(s, again); len(d.Affected()) > 0 || d.NewBytes.Bytes != 0 {
		t.Errorf("a plan differs from one of the same files: %v, %s", affected(d), d.NewBytes)
	}
}

// TestPortableShipsAlone checks that a new Tomcat is pulled only by the hosts that run it, on all
// releases, and that nothing else is pulled.
func TestPortableShipsAlone(t *testing.T) {
	s := fleet(t)
	d := touching(t, s, "tomcat(11.0.2)")
	want := []string{
		"portal/tomcat11.0.2-debian11-java17", "portal/tomcat11.0.2-debian12-java17",
		"portal/tomcat11.0.2-debian13-java21", "portal/tomcat11.0.2-debian13-java25",
	}
	if got := affected(d); !slices.Equal(got, want) {
		t.Errorf("affected are %v, want %v", got, want)
	}
	for _, l := range d.Layers {
		if l.Fate == report.Kept {
			continue
		}
		if len(l.Members) != 1 || l.Members[0].Title != `tomcat("11.0.2")` {
			t.Errorf("%s is built again", l.Title())
		}
		if d.Pull != l.Size.Times(3+12+3+3) || d.AtLeast != d.Pull || d.NewBytes != l.Size {
			t.Errorf("hosts pull %d and the registry stores %d of a layer of %d bytes", d.Pull.Bytes, d.NewBytes.Bytes, l.Size.Bytes)
		}
	}
}

// TestJDK checks that a patch of the JDK rebuilds its layer, and perhaps everything that was
// built with it.
func TestJDK(t *testing.T) {
	s := fleet(t)
	d := touching(t, s, "java.jdk")
	for title, want := range map[string]report.Fate{
		`os.package("openjdk-17-jdk-headless")`: report.Rebuilt,
		`server("26.0.0.3")`:                    report.MaybeEqual,
		"batch/dunning":                         report.MaybeEqual, // compiled in a stage
		`release("12", security: false)`:        report.Kept,
		`tomcat("11.0.2")`:                      report.Kept,
		"tracking":                              report.Kept,
	} {
		if got := fate(t, d, title); got != want {
			t.Errorf("%s: %s, want %s", title, got, want)
		}
	}
	if slices.Contains(affected(d), "site/docs") || !slices.Contains(affected(d), "tracking") {
		t.Errorf("affected are %v", affected(d))
	}
	if d.AtLeast.Bytes >= d.Pull.Bytes || d.NewAtLeast.Bytes >= d.NewBytes.Bytes {
		t.Errorf("layers that may be equal do not count: %d of %d, %d of %d", d.AtLeast.Bytes, d.Pull.Bytes, d.NewAtLeast.Bytes, d.NewBytes.Bytes)
	}
}

// TestSourceOfPackages checks that libssl3 changes with openssl, and so do base systems with it.
func TestSourceOfPackages(t *testing.T) {
	s := fleet(t)
	titles := map[string]bool{}
	for i := range report.Touch(s.Plan.Graph, report.Named(s.Plan.Graph, "openssl")) {
		titles[i.Title] = true
	}
	for _, want := range []string{`os.package("openssl")`, `os.package("libssl3")`, `release("13", security: false)`} {
		if !titles[want] {
			t.Errorf("openssl does not touch %s but %v", want, titles)
		}
	}
	if titles[`release("12", security: false)`] {
		t.Error("openssl touches Debian 12, whose minimal system does not have it")
	}
}

// TestEveryComponent checks for every component: lower bounds do not exceed upper ones, an image
// has a new digest if and only if one of its layers is built again, a host pulls no kept layer,
// and the causes add up.
func TestEveryComponent(t *testing.T) {
	s := fleet(t)
	seen := map[string]bool{}
	for _, l := range s.Plan.Layers {
		for _, m := range l.Members {
			if seen[m.Title] {
				continue
			}
			seen[m.Title] = true
			if len(seen)%3 > 0 { // a third of them is enough
				continue
			}
			then := s
			then.Touched = report.Touch(s.Plan.Graph, []*model.Instance{m})
			d := report.Compare(s, then)
			if fate(t, d, m.Title) == report.Kept || d.AtLeast.Bytes > d.Pull.Bytes || d.NewAtLeast.Bytes > d.NewBytes.Bytes || d.NewBytes.Bytes > d.Pull.Bytes {
				t.Fatalf("%s: kept, or at least %d of %d pulled, %d of %d new", m.ID, d.AtLeast.Bytes, d.Pull.Bytes, d.NewAtLeast.Bytes, d.NewBytes.Bytes)
			}
			for _, i := range d.Images {
				pull, fresh := int64(0), false
				for _, l := range i.Layers {
					if l.Fate != report.Kept {
						pull, fresh = pull+l.Size.Bytes, true
					}
				}
				if i.Pull.Bytes != pull || i.Digest != fresh {
					t.Fatalf("%s: %s pulls %d of %d, new digest %t", m.ID, i.App.Name, i.Pull.Bytes, pull, i.Digest)
				}
			}
			sum := int64(0)
			for _, g := range d.Growths() {
				sum += g.Size.Bytes
			}
			if sum != d.NewBytes.Bytes {
				t.Fatalf("%s: causes add up to %d of %d", m.ID, sum, d.NewBytes.Bytes)
			}
		}
	}
	if len(seen) < 200 {
		t.Errorf("only %d components: is this the fleet?", len(seen))
	}
}

const small = `
import "std/debian"

fleet {
    base debian.release("12", security: false)
}

component made {
    owns "/out"
    run  "cp /in/* /out" with bind "in" to "/in"
}

app copies {
    copy "in/" to "/srv/" include "*.txt", "bin/**" exclude "skip.txt"
}

app stage {
    copy "/out" from made to "/all"
}

app still {
    file "/etc/still" text "still"
}
`

const pin = "layc-lock 1\npackage debian/bookworm amd64 base-files 12.4 debian:pool/b/base-files.deb sha256:0000000000000000000000000000000000000000000000000000000000000001 size=20000000 installed=60000000 minimal\n"

// project returns a small project with changes: the text "-" removes a file.
func project(changes map[string]string) fstest.MapFS {
	files := fstest.MapFS{
		"fleet.layer": {Data: []byte(small)}, "layc.lock": {Data: []byte(pin)},
		"in/a.txt": {Data: []byte("a")}, "in/b.md": {Data: []byte("b")}, "in/skip.txt": {Data: []byte("c")},
		"in/bin/run": {Data: []byte("run"), Mode: 0o644},
	}
	for name, text := range changes {
		if text == "-" {
			delete(files, name)
			continue
		}
		mode := fs.FileMode(0o644)
		if rest, ok := strings.CutPrefix(text, "+x "); ok {
			text, mode = rest, 0o755
		}
		files[name] = &fstest.MapFile{Data: []byte(text), Mode: mode}
	}
	return files
}

func TestFiles(t *testing.T) {
	before := project(nil)
	old := report.Side{Plan: planned(t, before), Files: before}
	if got, want := report.Files(old.Plan), []string{"in"}; !slices.Equal(got, want) {
		t.Errorf("the program copies %q, want %q", got, want)
	}
	for _, c := range []struct {
		name    string
		changes map[string]string
		want    string
	}{
		{"a text", map[string]string{"in/a.txt": "A"}, "copies stage"},
		{"a new file", map[string]string{"in/c.txt": "c"}, "copies stage"},
		{"a removed file", map[string]string{"in/a.txt": "-"}, "copies stage"},
		{"a file that becomes executable", map[string]string{"in/bin/run": "+x run"}, "copies stage"},
		{"a file that one copy excludes", map[string]string{"in/skip.txt": "C"}, "stage"},
		{"a file that one copy does not include", map[string]string{"in/b.md": "B"}, "stage"},
		{"a file that is not copied", map[string]string{"out/a.txt": "A"}, ""},
		{"a comment", map[string]string{"fleet.layer": "# Small.\n" + small}, ""},
		{"configuration", map[string]string{"fleet.layer": strings.Replace(small, "app still {", "app still {\n    user \"1\"", 1)}, "still"},
		{"a pin", map[string]string{"layc.lock": strings.Replace(pin, "0001", "0002", 1)}, "copies stage still"},
	} {
		after := project(c.changes)
		d := report.Compare(old, report.Side{Plan: planned(t, after), Files: after})
		if got := strings.Join(affected(d), " "); got != c.want {
			t.Errorf("%s: affects %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAppsComeAndGo(t *testing.T) {
	before := project(nil)
	after := project(map[string]string{"fleet.layer": strings.Replace(small, "app still", "app fresh", 1)})
	d := report.Compare(report.Side{Plan: planned(t, before), Files: before}, report.Side{Plan: planned(t, after), Files: after})
	var got []string
	for _, i := range d.Images {
		switch {
		case i.New:
			got = append(got, i.App.Name+" new")
		case i.Gone:
			got = append(got, i.App.Name+" gone")
		}
	}
	if want := []string{"fresh new", "still gone"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
