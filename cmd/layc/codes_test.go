package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/pin"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/query"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/images"
	"github.com/layc-lang/layc/llb/registry"
	"github.com/layc-lang/layc/llb/world"
	"github.com/layc-lang/layc/llb/world/git"
	"github.com/layc-lang/layc/llb/world/transport"
)

const renderedDir = "../../lang/diag/rendered"

// TestCodes compiles the example of each code. It must produce this code and no other, and on a
// terminal of 80 columns look like the file in lang/diag/rendered.
func TestCodes(t *testing.T) {
	known := map[string]bool{}
	for _, e := range diag.Entries() {
		t.Run(string(e.Code), func(t *testing.T) {
			if testing.Short() && e.Code == diag.FleetTooLarge {
				t.Skip("a long search of one goroutine")
			}
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

// TestCodesUsed checks that each code is a constant with an entry, and that the code uses all of
// them, by their names.
func TestCodesUsed(t *testing.T) {
	names := map[string]diag.Code{} // of constants
	given := map[string]bool{}
	for _, dir := range []string{"cmd", "compiler", "lang", "llb"} {
		err := filepath.WalkDir("../../"+dir, func(name string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				return err
			}
			if filepath.Base(filepath.Dir(name)) == "diag" {
				constants(file, names)
				return nil
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && x.Name == "diag" {
						given[n.Sel.Name] = true
					}
				case *ast.BasicLit:
					if code.MatchString(n.Value) {
						t.Errorf("%s: %s is a literal; use its constant", name, n.Value)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range names {
		if _, ok := diag.Explain(c); !ok {
			t.Errorf("%s is not documented", name)
		}
		if !given[name] {
			t.Errorf("%s is never used", name)
		}
	}
	if len(names) != len(diag.Entries()) {
		t.Errorf("%d constants, %d entries", len(names), len(diag.Entries()))
	}
}

// code matches the literal of a code.
var code = regexp.MustCompile(`^"E\d{4}"$`)

// constants adds the codes that a file declares.
func constants(file *ast.File, names map[string]diag.Code) {
	for _, d := range file.Decls {
		d, ok := d.(*ast.GenDecl)
		if !ok || d.Tok != token.CONST {
			continue
		}
		for _, s := range d.Specs {
			s := s.(*ast.ValueSpec)
			if len(s.Values) != 1 {
				continue
			}
			if l, ok := s.Values[0].(*ast.BasicLit); ok && code.MatchString(l.Value) {
				names[s.Names[0].Name] = diag.Code(strings.Trim(l.Value, `"`))
			}
		}
	}
}

// TestErrorPage checks docs/errors.md, which is generated from the documentation of the codes.
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

const pageHead = `# Errors and warnings

Every error and warning has a code, whose meaning never changes. This page explains
each code with an example, and shows what the terminal then prints. ` + "`layc explain CODE`" + `
prints the same; ` + "`layc explain`" + ` lists the codes.

` + "`go test ./cmd/layc -run 'Codes|ErrorPage' -update`" + ` makes this page from lang/diag. All
that the examples refer to is pinned.

`

// headings are the headings of the page, by the prefix of their codes.
var headings = map[string]string{
	"E00": "Text and grammar", "E01": "Modules", "E02": "Names, types and values", "E03": "Components",
	"E04": "Plans", "E05": "Builds", "E06": "Expressions",
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

// produce returns the findings of a code's example. For a code without one it creates the input,
// which is too large or unusual for an example.
func produce(t *testing.T, e diag.Entry) diag.List {
	t.Helper()
	if e.Code >= "E0600" {
		return asked(t, exampleFiles(t, e.Example))
	}
	if e.Code >= "E0500" || e.Code == diag.MissingInComponent || e.Code == diag.UserNotInImage || e.Code == diag.ProgramNotInImage || e.Code == diag.ReplacedKind {
		return built(t, e.Code, exampleFiles(t, e.Example))
	}
	in := compiler.Input{Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}}
	switch e.Code {
	case diag.UnknownPackage, diag.PackagesConflict:
		in.Project = withoutPins(t, exampleFiles(t, e.Example))
		return resolved(t, in)
	case diag.UnusableRepository:
		in.Modules = map[load.Repository]load.Fetched{pinned: {Err: &git.TamperedError{
			Dir: "vendor/git.example.com/team/layers@v1.2.0", Got: "sha256:51…", Want: "sha256:9f…", Help: git.Restore,
		}}}
	case diag.ConflictingVersions:
		in.Modules = map[load.Repository]load.Fetched{pinned: {Files: fstest.MapFS{"web/web.layer": {Data: []byte("component server {\n}\n")}}}}
	case diag.StalePlan, diag.NoPlan:
		in.Plan.Locked = true
	}
	in.Project = special(e.Code)
	if in.Project == nil {
		in.Project = exampleFiles(t, e.Example)
	}
	_, list := compiler.Compile(in, compiler.Planned)
	return list
}

// withoutPins returns a project without its lock file.
func withoutPins(t *testing.T, project fs.FS) fs.FS {
	t.Helper()
	text, err := fs.ReadFile(project, "example.layer")
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{"example.layer": {Data: text}}
}

// resolved returns the findings of layc lock, in a distribution of few packages.
func resolved(t *testing.T, in compiler.Input) diag.List {
	t.Helper()
	_, list, err := pin.Program(t.Context(), pin.Request{Input: in, Resolver: archive{}})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// archive is a resolver with few packages.
type archive struct{ lock.Resolver }

func (archive) Now() time.Time { return time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) }

func (archive) Packages(_ context.Context, want lock.Distribution, _ lock.Pinned) ([]lock.Index, []lock.Package, error) {
	text := ""
	for _, p := range []string{
		"bash\nEssential: yes", "build-essential", "exim4\nProvides: mail-transport-agent\nConflicts: mail-transport-agent",
		"postfix\nProvides: mail-transport-agent\nConflicts: mail-transport-agent",
	} {
		name, fields, _ := strings.Cut(p, "\n")
		text += fmt.Sprintf("Package: %s\nVersion: 1\nArchitecture: amd64\nFilename: pool/%[1]s.deb\nSHA256: %064d\n%s\n\n", name, 0, fields)
	}
	index, err := debian.ParsePackages(strings.NewReader(text), "debian")
	if err != nil {
		return nil, nil, err
	}
	packages, err := debian.Resolve(debian.NewUniverse(want.ID, want.Arch, index), want.Packages, nil)
	return nil, packages, err
}

// asked returns the findings about the expression in the file query.
func asked(t *testing.T, project fs.FS) diag.List {
	t.Helper()
	expression, err := fs.ReadFile(project, "query")
	if err != nil {
		t.Fatal(err)
	}
	out, list := compiler.Compile(compiler.Input{
		Project: project, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	if len(list) > 0 {
		return list
	}
	_, list = query.New([]*plan.Plan{out.Targets[0].Plan}).Ask("query", strings.TrimSpace(string(expression)))
	return list
}

// built returns the findings of a project's build that fails with a code.
func built(t *testing.T, code diag.Code, project fs.FS) diag.List {
	t.Helper()
	out, list := compiler.Compile(compiler.Input{
		Project: project, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	if len(list) > 0 {
		return list
	}
	if code == diag.PushFailed {
		plans := []*plan.Plan{out.Targets[0].Plan}
		return notPushed(pushedApps(plans), []registry.Pushed{{
			Name: "shop:1.0", Reference: "registry.example.com/team/shop:1.0", State: registry.Refused,
			Err: errors.New("pushing registry.example.com/team/shop:1.0: TAG_INVALID: the tag 1.0 is immutable"),
		}}, nil)
	}
	_, err := images.Build(t.Context(), failing{t, code}, images.Input{
		Plans: []*plan.Plan{out.Targets[0].Plan}, Files: out.Files, Dir: ".", Mirrors: world.Mirrors{"debian": "https://debian.example.com"}, Verify: true,
	})
	var step *images.StepError
	var machine *images.MachineError
	var unproven *images.UnprovenError
	switch {
	case errors.As(err, &step):
		return diag.List{step.Diagnostic}
	case errors.As(err, &machine):
		return diag.List{machine.Diagnostic}
	case errors.As(err, &unproven):
		for _, o := range unproven.Outcomes {
			for _, f := range o.Findings {
				list = append(list, f.Diagnostic)
			}
		}
	default:
		t.Fatalf("the build fails with %v", err)
	}
	return list
}

// failing is an engine whose builds fail with a code.
type failing struct {
	t    *testing.T
	code diag.Code
}

func (f failing) Platforms(context.Context) ([]ocispecs.Platform, error) {
	if f.code == diag.PlatformNotRun {
		return []ocispecs.Platform{{OS: "linux", Architecture: "arm64"}}, nil
	}
	return []ocispecs.Platform{{OS: "linux", Architecture: "amd64"}}, nil
}

// failures describe how the builds of examples fail: a vertex of an image, or the last vertex of
// a proof, and its error or report.
var failures = map[diag.Code]struct {
	vertex, log, report string
	err                 error
}{
	diag.MissingInComponent: {vertex: "[shop] layer", err: errors.New(`failed to calculate checksum of ref ab::cd: "/out/shop.jar": not found`)},
	diag.UserNotInImage:     {vertex: "[shop] look for user www-data", log: "layc-helper: no user www-data: root daemon www_data nobody"},
	diag.ProgramNotInImage:  {vertex: "[shop] look for what it starts", log: `layc-helper: not started: command missing "/srv/strat" "" "" "/srv/start /srv/stop"`},
	diag.ReplacedKind:       {vertex: "[shop] look for what layers replace", log: `layc-helper: replaced: 1 "/etc" directory "" 0`},
	diag.StepFailed:         {vertex: "[tool] make install"},
	diag.TestFailed:         {vertex: "[tool] test: tool --version"},
	diag.NotRepeatable:      {vertex: "[tool] compare with a second build", report: "/opt/tool/build.log\n"},
	diag.MissingLibrary:     {vertex: "[tool] look for libraries", report: "library\t/opt/tool/bin/tool\tlibssl.so.3\t\n"},
	diag.LeadsNowhere:       {vertex: "[tool] look for libraries", report: "link\t/opt/tool/bin/python3\t/opt/python/bin/python3\t\n"},
	diag.DownloadFailed:     {vertex: "[tool] fetch tool.tar.gz"},
	diag.ConflictingChanges: {vertex: "[two] layer", log: `layc-helper: conflict: 0 0 "" "differs from byte 0" "/etc/motd"`},
	diag.ChangesNotKept:     {vertex: "[tool] check written paths", log: `layc-helper: not kept: changes 2 "/etc/tool.conf is new" "/root/.cache is new" makes 2 "/etc/tool.conf" "/root/.cache"`},
	diag.OwnedPathMissing:   {vertex: "[tool] check written paths", log: `layc-helper: not kept: lacks 1 "/var/lib/tool"`},
	diag.InvalidArchive:     {vertex: "[tool] unpack", log: `layc-helper: unpacking the archive: "tool/.wh.old": an image cannot contain the name ".wh.old": in a layer, names that begin with .wh. delete files`},
}

func (f failing) Build(_ context.Context, r engine.Request) (*engine.Result, error) {
	how := failures[f.code]
	proven := make([]engine.Proven, len(r.Proofs))
	for n, p := range r.Proofs {
		id := last(f.t, p.Definition)
		switch {
		case vertexName(p.Definition, id) != how.vertex:
			continue
		case how.report != "":
			proven[n].Report = []byte(how.report)
		default:
			proven[n].Failed = f.step(id)
		}
		return nil, &engine.UnprovenError{Proven: proven}
	}
	image := r.Images[0].Definition
	for id := range image.Metadata {
		switch {
		case vertexName(image, digest.Digest(id)) != how.vertex:
			continue
		case f.code == diag.DownloadFailed:
			return nil, engine.Unserved(digest.Digest(id), "https://example.com/tool.tar.gz", &transport.StatusError{Status: 503, Tries: 4})
		}
		return nil, f.step(digest.Digest(id))
	}
	f.t.Fatalf("%s: no vertex named %s", f.code, how.vertex)
	return nil, nil
}

// step returns the failure of a vertex.
func (f failing) step(id digest.Digest) *engine.StepError {
	how := failures[f.code]
	step := &engine.StepError{Vertex: id, Err: how.err}
	if how.err == nil {
		step.ExitCode, step.Err = 2, errors.New("exit code: 2")
	}
	if how.log != "" {
		step.Log = []string{how.log}
	}
	return step
}

// vertexName returns the name of a vertex in the progress output.
func vertexName(d *pb.Definition, id digest.Digest) string {
	if m := d.Metadata[string(id)]; m != nil {
		return m.Description["llb.customname"]
	}
	return ""
}

// last returns the last vertex of a definition.
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

// exampleFiles returns an example's files: one .layer file, or an archive. Its references are
// pinned, unless it has a lock file.
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

// special returns the project for a code that needs more than a page of text, or nil.
func special(code diag.Code) fs.FS {
	one := func(text string) fs.FS {
		return fstest.MapFS{"example.layer": {Data: []byte(text)}}
	}
	switch code {
	case diag.FileTooLarge:
		return one(strings.Repeat("#\n", 9<<20))
	case diag.UnreadableFile:
		return unreadable{fstest.MapFS{"closed.layer": {}, "open.layer": {}}}
	case diag.TooManyModules:
		files := fstest.MapFS{}
		var imports, slots []byte
		for i := range load.MaxModules {
			imports = fmt.Appendf(imports, "import \"./m%d\"\n", i)
			slots = fmt.Appendf(slots, "slot s%d = m%d.c\n", i, i)
			files[fmt.Sprintf("m%d/m.layer", i)] = &fstest.MapFile{Data: []byte("component c {\n}\n")}
		}
		files["example.layer"] = &fstest.MapFile{Data: append(imports, slots...)}
		return files
	case diag.ProgramTooLarge:
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

// ReadFile replaces MapFS's own.
func (u unreadable) ReadFile(name string) ([]byte, error) {
	f, err := u.Open(name)
	if err != nil {
		return nil, err
	}
	f.Close()
	return u.MapFS.ReadFile(name)
}
