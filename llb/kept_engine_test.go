//go:build linux

package llb_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/images"
)

// found builds a program with the proofs of every build, and returns what it finds: ""
// or errors.
func (b *builder) found(files map[string]string) string {
	t := b.t
	t.Helper()
	dir := b.write(files)
	compiled, list := compiler.Compile(compiler.Input{
		Project: os.DirFS(dir), Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	if list.HasErrors() {
		return finding(list[0])
	}
	in := images.Input{Files: compiled.Files, Dir: dir}
	for _, target := range compiled.Targets {
		in.Plans = append(in.Plans, target.Plan)
	}
	_, err := images.Build(t.Context(), b.engine, in)
	var step *images.StepError
	var unproven *images.UnprovenError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &step):
		return finding(step.Diagnostic)
	case errors.As(err, &unproven):
		var all []string
		for _, o := range unproven.Outcomes {
			for _, f := range o.Findings {
				all = append(all, finding(f.Diagnostic))
			}
		}
		return strings.Join(all, "\n")
	}
	return err.Error()
}

// finding is the code of a finding, the first word of its place, and its message.
func finding(d *diag.Diagnostic) string {
	word, _, _ := strings.Cut(d.Span.Text(), " ")
	return fmt.Sprintf("%s %s: %s", d.Code, word, d.Message)
}

// archive is a tar archive of empty files; a name with a slash at its end is a
// directory, one with an arrow a link.
func archive(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, n := range names {
		h := &tar.Header{Name: n, Mode: 0o644}
		if name, to, ok := strings.Cut(n, " -> "); ok {
			h = &tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink}
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestReplacedKinds places files over directories of layers below, and the reverse.
func TestReplacedKinds(t *testing.T) {
	b := newBuilder(t)
	archives := map[string][]byte{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(archives[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	unpack := func(to string, names ...string) string {
		text := archive(t, names...)
		sum := fmt.Sprintf("%x", sha256.Sum256(text))
		archives["/"+sum+".tar"] = text
		return fmt.Sprintf("fetch %q sha256 %q unpack to %q", server.URL+"/"+sum+".tar", sum, to)
	}
	const hello = `fetch "$URL/hello" sha256 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" to `
	stacked := func(step string) string {
		return "component s {\n    run \"write /srv/y y\"\n    run \"soft y /srv/z\"\n    " + step + "\n}"
	}
	for _, c := range []struct {
		app  string // its clauses
		more string // declarations
		want string // how its finding begins; "": it builds
	}{
		// Portable components over the base.
		{app: `copy "x.conf" to "/etc"`, want: "E0367 copy: a replaces the directory /etc of base"},
		{app: `file "/etc" text "x"`, want: "E0367 file: a replaces the directory /etc of base"},
		{app: `link "/etc" to "/opt"`, want: "E0367 link: a replaces the directory /etc of base"},
		{app: hello + `"/etc"`, want: "E0367 fetch: a replaces the directory /etc of base"},
		{app: `copy "/out/x" from run to "/etc"`, want: "E0367 copy: a replaces the directory /etc of base"},
		{app: unpack("/", "opt/x", "etc"), want: "E0367 fetch: a replaces the directory /etc of base"},
		{app: unpack("/", "etc -> opt"), want: "E0367 fetch: a replaces the directory /etc of base"},
		{app: unpack("/", "etc/passwd/", "opt/x"), want: "E0367 fetch: a replaces the file /etc/passwd of base with a directory"},
		{app: `dir "/etc/profile"`, want: "E0367 dir: a replaces the file /etc/profile of base with a directory"},
		{app: `file "/etc/profile/x" text "x"`, want: "E0367 file: a replaces the file /etc/profile of base with a directory"},
		{app: `copy "over/" to "/"`, want: "E0367 copy: a replaces the file /etc/profile of base with a directory"},
		{app: `copy "/out" from run to "/etc/profile"`, want: "E0367 copy: a replaces the file /etc/profile of base with a directory"},
		// Over other components.
		{app: "uses s\n    copy \"x.conf\" to \"/srv\"", more: stacked(""), want: "E0367 copy: a replaces the directory /srv of a layer below"},
		{app: "uses s\n    copy \"x.conf\" to \"/srv/z/x\"", more: stacked(""), want: "E0367 copy: a replaces the link /srv/z of a layer below with a directory"},
		{app: "uses q\n    layers 3", more: "component p {\n    " + unpack("/opt", "x/y") + "\n}\ncomponent q {\n    needs p\n    copy \"/out/\" from run to \"/opt/\"\n}", want: "E0367 copy: q replaces the directory /opt/x of p"},
		// Steps of one component, over what an archive holds.
		{app: unpack("/opt", "x") + "\n    dir \"/opt/x\"", want: "E0367 fetch: a step of a puts the directory /opt/x over a file or a link"},
		{app: unpack("/opt", "x") + "\n    file \"/opt/x/y\" text \"\"", want: "E0367 fetch: a step of a puts the directory /opt/x over a file or a link"},
		// Stacked components.
		{app: "uses s", more: stacked(`copy "x.conf" to "/etc"`), want: "E0367 copy: s replaces the directory /etc of an earlier step or a layer below"},
		{app: "uses s", more: stacked(`file "/srv" text "x"`), want: "E0367 file: s replaces the directory /srv of an earlier step"},
		{app: "uses s", more: stacked(`link "/srv" to "/opt"`), want: "E0367 link: s replaces the directory /srv of an earlier step"},
		{app: "uses s", more: stacked(unpack("/", "srv")), want: "E0367 fetch: s replaces the directory /srv of an earlier step"},
		{app: "uses s", more: stacked(`dir "/srv/y" mode 0700`), want: "E0367 dir: s replaces the file or link /srv/y of an earlier step or a layer below with a directory"},
		{app: "uses s", more: stacked(`file "/srv/y/z" text "x"`), want: "E0367 file: s replaces the file or link /srv/y of an earlier step"},
		// Users.
		{app: "uses s\n    user u", more: "user u {\n    uid 700\n}\ncomponent s {\n    run \"write /etc/passwd u:x:5:5::/:\"\n}", want: "E0518 s: s changes /etc/passwd, which something else in the image has changed"},
		{app: "file \"/etc/passwd\" text \"\"\n    user u", more: "user u {\n    uid 700\n}", want: "E0365 user: the image of a has no user u"},
		{app: "user u", more: "user u {\n    uid 700\n    home \"/etc/profile\"\n}", want: "E0367 u: u has its home at /etc/profile, where a layer below has a file"},
		{app: "user u", more: "user u {\n    uid 700\n    home \"/etc/profile/x\"\n}", want: "E0367 u: u has its home at /etc/profile/x, where a layer below has a file"},
		// What layers may replace.
		{app: `copy "x.conf" to "/etc/profile"`},
		{app: unpack("/", "etc/", "etc/passwd", "opt/x/") + "\n    link \"/etc/profile\" to \"passwd\""},
		{app: "uses s\n    user u\n    file \"/srv/z\" text \"\"", more: "user u {\n    uid 700\n}\n" + stacked(`run "removeall /etc/profile"`)},
	} {
		program := `
fleet {
    base base
    layers 20
}
component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}
component run {
    owns "/out"
    run "write /out/x x"
}
` + c.more + `
app a {
    ` + c.app + `
}
`
		got := b.found(map[string]string{"a.layer": program, "x.conf": "x", "d/f": "f", "over/etc/profile/x": "x"})
		if got == "" != (c.want == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s\n%s\ngot  %s\nwant %s", c.app, c.more, got, c.want)
		}
	}
}
