package pin

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
)

// mail is a program that wants packages in several places.
const mail = `import "std/debian"
import "std/java"

fleet {
    base debian.release("12", security: false)
}

let mail = "postfix"

component tool(version: string) {
    needs os.packages("exim4", "jq-${version}")
    file "/opt/tool" text "on"
}

component mailer {
    install "${mail}"
}

app one {
    uses tool("2"), java.jdk("17")
}

app "${n}" for n in ["two", "three"] {
    uses mailer
}
`

// TestPlaced checks that an error that is not only about packages names all that want these, and
// where, also if a name is computed.
func TestPlaced(t *testing.T) {
	conflict := &debian.PackageError{Names: []string{"exim4", "postfix"}, Message: "exim4 conflicts with postfix"}
	unknown := &debian.PackageError{Names: []string{"jq-2"}, Message: "there is no jq-2"}
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("resolving: %w", errors.Join(conflict, errors.New("no luck"), unknown)), "resolving: exim4 conflicts with postfix\nno luck\nthere is no jq-2\n" +
			"a.layer:11:23: component tool wants exim4\na.layer:16:13: component mailer wants postfix\na.layer:11:11: component tool wants jq-2"},
		{errors.New("down"), "down"},
	} {
		w := &world{packages: func(lock.Distribution) error { return c.err }}
		_, list, err := Program(t.Context(), request(w, mail))
		if len(list) > 0 || err == nil || err.Error() != "resolving packages of debian/bookworm for amd64: "+c.want || !errors.Is(err, c.err) {
			t.Errorf("%v got:\n%v\nwant:\n%s", list, err, c.want)
		}
	}
}

// TestPackages checks the findings about packages: one for each error, at the place that wants the
// first package, with the others as labels; the fix replaces a name that is written there. Of
// packages that the program does not name, there is no finding.
func TestPackages(t *testing.T) {
	const where = "debian/bookworm for amd64"
	for _, c := range []struct {
		err  []error
		want string
	}{
		{[]error{
			&debian.PackageError{Names: []string{"exim4", "postfix"}, Message: "exim4 conflicts with postfix", Where: where},
			&debian.PackageError{Names: []string{"jq-2"}, Unknown: true, Near: []string{"jq"}, Where: where},
		}, `
E0371 11:23 exim4 conflicts with postfix | 16:13 component mailer wants postfix | the packages come from debian/bookworm for amd64, and the packages of all apps on a base are resolved together | remove one of them, or use another package in its place; move apps that cannot agree to different modules
E0370 11:11 unknown package "jq-2" | debian/bookworm for amd64 has no package of this name | did you mean jq?`},
		{[]error{&debian.PackageError{Names: []string{"exim4"}, Unknown: true, Near: []string{"exim4-base", "exim4-doc"}, Where: where}}, `
E0370 11:23 unknown package "exim4" | debian/bookworm for amd64 has no package of this name | did you mean one of exim4-base, exim4-doc?`},
		{[]error{&debian.PackageError{Names: []string{"exim4"}, Unknown: true, Near: []string{"postfix"}, Where: where}}, `
E0370 11:23 unknown package "exim4" | debian/bookworm for amd64 has no package of this name | did you mean postfix? | fix "postfix"`},
		{[]error{&debian.PackageError{Names: []string{"openjdk-17-jdk-headless", "base-files"}, Message: "no Java", Where: where}}, `
E0371 20:21 no Java | the packages come from debian/bookworm for amd64, and the packages of all apps on a base are resolved together | remove one of them, or use another package in its place; move apps that cannot agree to different modules`},
	} {
		w := &world{packages: func(lock.Distribution) error { return errors.Join(c.err...) }}
		_, list, err := Program(t.Context(), request(w, mail))
		if err != nil {
			t.Error(err)
		}
		got := ""
		for _, d := range list {
			at := d.Span.Position()
			got += fmt.Sprintf("\n%s %d:%d %s", d.Code, at.Line, at.Column, d.Message)
			for _, l := range d.Labels {
				got += fmt.Sprintf(" | %d:%d %s", l.Span.Position().Line, l.Span.Position().Column, l.Text)
			}
			for _, text := range append(d.Notes, d.Help...) {
				got += " | " + text
			}
			for _, e := range d.Edits {
				got += " | fix " + e.New
			}
		}
		if got != c.want {
			t.Errorf("got:%s\nwant:%s", got, c.want)
		}
	}
	const imported = `component base {
    distribution "debian" suite "bookworm"
    # TODO(import): Dockerfile:2: nobody has looked at the key of this repository yet: run
    # curl; then remove the # before the clause:
    # repository "vendor" from "https://example.com/debian" suite "bookworm" key "keys/vendor.asc"
}

# repository "other" is only mentioned.
fleet {
    base base
}

app one {
    uses os.packages("agent")
}
`
	unknown := &debian.PackageError{Names: []string{"agent"}, Unknown: true, Near: []string{"aget"}, Where: where}
	_, found, err := Program(t.Context(), request(&world{packages: func(lock.Distribution) error { return unknown }}, imported))
	if err != nil || len(found) != 1 || len(found[0].Labels) != 1 || found[0].Labels[0].Span.Position().Line != 5 || len(found[0].Edits) > 0 || !strings.Contains(fmt.Sprint(found[0].Help), "TODO(import)") {
		t.Errorf("a repository that is a comment: %v, %+v", err, found)
	}
	w := &world{packages: func(lock.Distribution) error {
		return &debian.PackageError{Names: []string{"base-files"}, Message: "none"}
	}}
	if _, list, err := Program(t.Context(), request(w, mail)); err == nil || len(list) > 0 {
		t.Errorf("a package that nobody wants: %v, %v", list, err)
	}
}

// TestUnserved checks that a download that cannot be pinned has a finding at its first place, with
// the reason and the advice of the error.
func TestUnserved(t *testing.T) {
	const program = `component base {
    distribution "debian" suite "bookworm"
}

fleet {
    base base
}

app one {
    fetch "https://example.com/a" to "/a"
}

app two {
    fetch "https://example.com/a" to "/b"
}
`
	w := &world{unserved: unroutable{}}
	_, list, err := Program(t.Context(), request(w, program))
	var lost *UnavailableError
	if len(list) > 0 || !errors.As(err, &lost) || err.Error() != "pinning https://example.com/a: no route" {
		t.Fatalf("%v, %v", list, err)
	}
	d := lost.Findings[0]
	if d.Code != diag.DownloadFailed || d.Span.Position().Line != 10 || len(d.Labels) != 1 || fmt.Sprint(d.Notes, d.Help) != "[it is far away] [go there]" {
		t.Errorf("%+v", d)
	}
}

// TestUnservedToStandard checks that the error for a download of a standard module points at the project's
// clause that led to it, and tells that the arguments make the URL.
func TestUnservedToStandard(t *testing.T) {
	const program = `import "std/node"

fleet {
    base scratch
}

component web {
    needs node.runtime("20")
}

app one {
    uses web
}
`
	w := &world{unserved: absent{}}
	_, list, err := Program(t.Context(), request(w, program))
	var lost *UnavailableError
	if len(list) > 0 || !errors.As(err, &lost) {
		t.Fatalf("%v, %v", list, err)
	}
	d := lost.Findings[0]
	if d.Span.Text() != `node.runtime("20")` || d.Label != "used here" || len(d.Labels) != 1 || d.Labels[0].Span.File.Name() != "std/node/node.layer" {
		t.Errorf("%+v", d)
	}
	if help := fmt.Sprint(d.Help); !strings.Contains(help, "a version must be a full one") {
		t.Errorf("the help is %s", help)
	}
}

// absent is an error of a server that does not have a file.
type absent struct{ unroutable }

func (absent) Missing() bool { return true }

// unroutable is an error of a server with advice.
type unroutable struct{}

func (unroutable) Error() string               { return "no route" }
func (unroutable) Advice() (note, help string) { return "it is far away", "go there" }

// TestUnusable checks that each base that cannot be pinned has a finding at its clause, once for all
// platforms, and that only a server's errors are not the program's.
func TestUnusable(t *testing.T) {
	const program = `component one {
    image "registry.example.com/one:1"
}

component two {
    image "registry.example.com/two:1"
}

component three {
    image "registry.example.com/two:1"
}

fleet {
    base      one
    platforms "linux/amd64", "linux/arm64"
}

app first {
}

app second {
    base two
}

app third {
    base three
}
`
	w := &world{images: map[string]error{
		"registry.example.com/one:1": unroutable{},
		"registry.example.com/two:1": &lock.UnfitError{Note: "it is for s390x", Help: "name another one"},
	}}
	tell := func(list diag.List) (text string) {
		for _, d := range list {
			text += fmt.Sprintf("%s %d %s %v %v", d.Code, d.Span.Position().Line, d.Message, d.Notes, d.Help)
			for _, l := range d.Labels {
				text += fmt.Sprintf(" %d %s", l.Span.Position().Line, l.Text)
			}
			text += "\n"
		}
		return text
	}
	unfit := "E0309 6 registry.example.com/two:1 cannot be a base [it is for s390x] [name another one] 10 needed here, too\n"
	_, list, err := Program(t.Context(), request(w, program))
	var lost *UnavailableError
	if len(list) > 0 || !errors.As(err, &lost) {
		t.Fatalf("%v, %v", list, err)
	}
	if got, want := tell(lost.Findings), "E0515 2 cannot pull registry.example.com/one:1 [it is far away] [go there]\n"+unfit; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	delete(w.images, "registry.example.com/one:1")
	if _, list, err = Program(t.Context(), request(w, program)); err != nil || tell(list) != unfit {
		t.Errorf("got %v\n%swant\n%s", err, tell(list), unfit)
	}
}

// From implements fetched.
func (unroutable) From() string { return "https://example.com/InRelease" }

// TestUnindexed checks that an index of packages that cannot be downloaded has a finding at the base.
func TestUnindexed(t *testing.T) {
	suite := &debian.SuiteError{Suite: debian.Suite{Archive: "debian", Name: "bookworm"}, Err: unroutable{}}
	for _, c := range []struct {
		err  error
		want string // "": no finding
	}{
		{suite, "2:10 cannot download https://example.com/InRelease | it is far away | it has packages of debian/bookworm for amd64 | go there | for another server, name it in apt's sources on this machine, or run `layc lock --mirror debian=URL`"},
		{&debian.SuiteError{Suite: suite.Suite, Err: errors.New("a wrong signature")}, ""},
		{unroutable{}, ""},
	} {
		w := &world{packages: func(lock.Distribution) error { return c.err }}
		program := "fleet {\n    base base\n}\n\ncomponent base {\n    distribution \"debian\" suite \"bookworm\"\n}\n\napp one {\n    uses os.packages(\"curl\")\n}\n"
		_, list, err := Program(t.Context(), request(w, program))
		var lost *UnavailableError
		if len(list) > 0 || !errors.Is(err, c.err) || errors.As(err, &lost) != (c.want != "") {
			t.Errorf("%v: %v, %v", c.err, list, err)
			continue
		}
		if lost == nil {
			continue
		}
		d := lost.Findings[0]
		at := d.Span.Position()
		got := fmt.Sprintf("%d:%d %s | %s", at.Line, at.Column, d.Message, strings.Join(append(d.Notes, d.Help...), " | "))
		if d.Code != diag.DownloadFailed || got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
