package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/component"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/module"
	"github.com/layc-lang/layc/llb/transport"
)

const renderedDir = "../../lang/diag/rendered"

// TestCodes compiles the example of each code: it produces that code and no
// other, and looks on a terminal of 80 columns as lang/diag/rendered has it.
func TestCodes(t *testing.T) {
	known := map[string]bool{}
	for _, e := range diag.Entries() {
		t.Run(string(e.Code), func(t *testing.T) {
			list := produce(t, e)
			for _, d := range list {
				if d.Code != e.Code {
					t.Fatalf("it also produces %s: %s", d.Code, d.Message)
				}
			}
			if len(list) == 0 {
				t.Error("it produces no finding")
			}
			var out bytes.Buffer
			if err := diag.Render(&out, list, diag.Options{Width: 80}); err != nil {
				t.Fatal(err)
			}
			compareGolden(t, filepath.Join(renderedDir, string(e.Code)+".txt"), out.Bytes())
		})
		known[string(e.Code)+".txt"] = true
	}
	files, err := os.ReadDir(renderedDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !known[f.Name()] {
			t.Errorf("%s/%s belongs to no code", renderedDir, f.Name())
		}
	}
}

// TestCodesGiven checks that the codes that layc gives are the ones that are
// documented.
func TestCodesGiven(t *testing.T) {
	form := regexp.MustCompile(`"(E\d{4})"`)
	given := map[diag.Code]bool{}
	for _, dir := range []string{"cmd", "compiler", "lang", "llb"} {
		err := filepath.WalkDir("../../"+dir, func(name string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/lang/diag/") {
				return err
			}
			text, err := os.ReadFile(name)
			for _, m := range form.FindAllStringSubmatch(string(text), -1) {
				given[diag.Code(m[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range diag.Entries() {
		if !given[e.Code] {
			t.Errorf("%s is documented and never given", e.Code)
		}
		delete(given, e.Code)
	}
	for code := range given {
		t.Errorf("%s is given and not documented", code)
	}
}

// TestErrorPage checks docs/errors.md, which is made from the documentation of
// the codes.
func TestErrorPage(t *testing.T) {
	var page strings.Builder
	page.WriteString(pageHead)
	group := ""
	for _, e := range diag.Entries() {
		if g := string(e.Code[:3]); g != group {
			group = g
			fmt.Fprintf(&page, "## %s\n\n", headings[g])
		}
		fmt.Fprintf(&page, "### %s: %s\n\n%s\n\n", e.Code, e.Title, strings.TrimSpace(e.Doc))
		if e.Example != "" && len(e.Example) <= longestExample {
			fmt.Fprintf(&page, "```layer\n%s\n```\n\n", strings.Trim(e.Example, "\n"))
		}
		shown, err := os.ReadFile(filepath.Join(renderedDir, string(e.Code)+".txt"))
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(&page, "```text\n%s```\n\n", shown)
	}
	compareGolden(t, "../../docs/errors.md", []byte(strings.TrimSuffix(page.String(), "\n")))
}

const pageHead = `# What layc finds

Each finding has a code, which keeps its meaning. Below is what each means, an
example that produces it, and what the terminal then shows. ` + "`layc explain CODE`" + `
prints the same; ` + "`layc explain`" + ` lists the codes.

This page is made by ` + "`go test ./cmd/layc -run 'Codes|ErrorPage' -update`" + ` from
lang/diag; what the examples refer to is pinned.

`

// headings are the headings of the page, by the beginning of their codes.
var headings = map[string]string{
	"E00": "Text and grammar", "E01": "Modules", "E02": "Names, types and values", "E03": "Components",
	"E04": "Plans", "E05": "Builds",
}

// compareGolden compares with a file, and rewrites it with -update.
func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	want, err := os.ReadFile(name)
	if err == nil && bytes.Equal(got, want) {
		return
	}
	t.Errorf("%s", diff.Diff(name, want, "got", got))
	if *update {
		if err := os.WriteFile(name, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// produce returns the findings of a code's example. A code without one takes
// an input that is no page of text, which is made here.
func produce(t *testing.T, e diag.Entry) diag.List {
	t.Helper()
	if e.Code >= "E0500" || e.Code == "E0353" || e.Code == "E0365" {
		return built(t, e.Code, exampleFiles(t, e.Example))
	}
	in := compiler.Input{Dir: ".", Platform: component.Platform{OS: "linux", Arch: "amd64"}}
	switch e.Code {
	case "E0108":
		in.Modules = map[load.Repository]load.Fetched{pinned: {Err: &module.TamperedError{
			Dir: "vendor/git.example.com/team/layers@v1.2.0", Got: "sha256:51…", Want: "sha256:9f…", Help: module.Restore,
		}}}
	case "E0109":
		in.Modules = map[load.Repository]load.Fetched{pinned: {Files: fstest.MapFS{"web/web.layer": {Data: []byte("component server {\n}\n")}}}}
	case "E0410", "E0411":
		in.Plan.Locked = true
	}
	in.Project = special(e.Code)
	if in.Project == nil {
		in.Project = exampleFiles(t, e.Example)
	}
	_, list := compiler.Compile(in, compiler.Planned)
	return list
}

// built returns what a build of a project finds that ends with a code of
// builds.
func built(t *testing.T, code diag.Code, project fs.FS) diag.List {
	t.Helper()
	out, list := compiler.Compile(compiler.Input{
		Project: project, Dir: ".", Platform: component.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	if len(list) > 0 {
		return list
	}
	g, err := llb.Lower(out.Targets[0].Plan, llb.Options{Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	failed := &engine.StepError{ExitCode: 2, Err: errors.New("exit code: 2")}
	for vertex, o := range g.Origins {
		if strings.HasPrefix(o.Span.Text(), "run") {
			failed.Vertex = vertex
		}
	}
	if code == "E0353" {
		for _, o := range g.Origins {
			if len(o.Copied) > 0 {
				return diag.List{stepFailed(&engine.StepError{Err: errors.New(`failed to calculate checksum of ref ab::cd: "/out/shop.jar": not found`)}, o)}
			}
		}
	}
	for vertex, o := range g.Origins {
		switch {
		case !strings.HasPrefix(o.Span.Text(), "fetch"):
		case code == "E0515":
			return diag.List{notFetched([]*llb.Graph{g}, engine.Unserved(vertex, "https://example.com/tool.tar.gz", &transport.StatusError{Status: 503, Tries: 4}))}
		case code == "E0516":
			failed.Log = []string{unpacking + `"tool/.wh.old": an image cannot hold the name ".wh.old": in a layer, names that begin with .wh. delete files`}
			return diag.List{stepFailed(failed, o)}
		}
	}
	if code == "E0501" {
		return diag.List{stepFailed(failed, g.Origins[failed.Vertex])}
	}
	kind := map[diag.Code]llb.ProofKind{"E0502": llb.Alone, "E0503": llb.Test, "E0504": llb.Again, "E0505": llb.Libraries, "E0365": llb.User}[code]
	for _, p := range g.Proofs {
		v := outcome{Proof: p}
		switch {
		case p.Kind != kind:
			continue
		case kind == llb.Again:
			v.differs([]string{"/opt/tool/build.log"})
		case kind == llb.Libraries:
			v.lacks([]llb.Lack{{Kind: llb.NoLibrary, File: "/opt/tool/bin/tool", Needs: "libssl.so.3"}})
		case kind == llb.User:
			failed.Log = []string{"layc-helper: no user www-data: root daemon www_data nobody"}
			failed.Vertex = last(t, p.Definition())
			v.Findings = []finding{v.failed(g, failed)}
		case kind == llb.Test:
			failed.Vertex = last(t, p.Definition())
			fallthrough
		default:
			v.Findings = []finding{v.failed(g, failed)}
		}
		for _, f := range v.Findings {
			list = append(list, f.Diagnostic)
		}
	}
	return list
}

// last is the vertex that a definition makes.
func last(t *testing.T, d *pb.Definition) digest.Digest {
	t.Helper()
	var op pb.Op
	if err := op.Unmarshal(d.Def[len(d.Def)-1]); err != nil {
		t.Fatal(err)
	}
	return digest.Digest(op.Inputs[0].Digest)
}

// pinned is the repository that examples import.
var pinned = load.Repository{URL: "https://git.example.com/team/layers.git", Version: "v1.2.0"}

// exampleFiles are an example's files: one .layer file, or an archive. What it
// refers to is pinned, unless it has a lock file of its own.
func exampleFiles(t *testing.T, text string) fs.FS {
	t.Helper()
	if text == "" {
		t.Fatal("the code has no example")
	}
	text = strings.TrimPrefix(text, "\n")
	if !strings.HasPrefix(text, "-- ") {
		text = "-- example.layer --\n" + text
	}
	a := txtar.Parse([]byte(text))
	if !strings.Contains(text, "-- "+lock.Name+" --") {
		pins, err := os.ReadFile("../../testdata/compile/" + lock.Name)
		if err != nil {
			t.Fatal(err)
		}
		a.Files = append(a.Files, txtar.File{Name: lock.Name, Data: pins})
	}
	fsys, err := txtar.FS(a)
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

// special returns the project that produces a code that takes more than a page
// of text, or nil.
func special(code diag.Code) fs.FS {
	one := func(text string) fs.FS {
		return fstest.MapFS{"example.layer": {Data: []byte(text)}}
	}
	switch code {
	case "E0007":
		return one(strings.Repeat("#\n", 9<<20))
	case "E0101":
		return unreadable{fstest.MapFS{"closed.layer": {}, "open.layer": {}}}
	case "E0105":
		files := fstest.MapFS{}
		var imports, slots []byte
		for i := range load.MaxModules {
			imports = fmt.Appendf(imports, "import \"./m%d\"\n", i)
			slots = fmt.Appendf(slots, "slot s%d = m%d.c\n", i, i)
			files[fmt.Sprintf("m%d/m.layer", i)] = &fstest.MapFile{Data: []byte("component c {\n}\n")}
		}
		files["example.layer"] = &fstest.MapFile{Data: append(imports, slots...)}
		return files
	case "E0110":
		files := fstest.MapFS{}
		comment := []byte(strings.Repeat("#"+strings.Repeat(" ", 1022)+"\n", 2<<10))
		for i := range 5 {
			files[fmt.Sprintf("f%d.layer", i)] = &fstest.MapFile{Data: comment}
		}
		return files
	}
	return nil
}

// unreadable is a directory with a file that cannot be opened.
type unreadable struct{ fstest.MapFS }

func (u unreadable) Open(name string) (fs.File, error) {
	if name == "closed.layer" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.MapFS.Open(name)
}

// ReadFile takes the place of MapFS's own.
func (u unreadable) ReadFile(name string) ([]byte, error) {
	f, err := u.Open(name)
	if err != nil {
		return nil, err
	}
	f.Close()
	return u.MapFS.ReadFile(name)
}
