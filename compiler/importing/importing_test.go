package importing_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/importing"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
)

var (
	update = flag.Bool("update", false, "rewrite goldens, and fail")
	corpus = flag.String("corpus", "", "measure the import of the Dockerfiles in the directories below `DIR`")
)

// TestGoldens imports the files of each case, and compares the module, .layerignore and the report. The
// module has no errors when everything is pinned.
func TestGoldens(t *testing.T) {
	cases, err := filepath.Glob("../../testdata/import/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, want := fstest.MapFS{}, map[string]string{}
			var inputs []txtar.File
			for _, f := range archive.Files {
				if kind, ok := strings.CutPrefix(f.Name, "want/"); ok {
					want[kind] = string(f.Data)
					continue
				}
				inputs = append(inputs, f)
				files[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
			}
			result := imported(t, files)
			got := map[string]string{"fleet.layer": result.Module, "report": report(result.Report)}
			if result.Ignore != "" {
				got["layerignore"] = result.Ignore
			}
			for _, kind := range []string{"fleet.layer", "layerignore", "report"} {
				if got[kind] != want[kind] {
					t.Errorf("got %s:\n%s\nwant:\n%s", kind, got[kind], want[kind])
				}
				if got[kind] != "" {
					inputs = append(inputs, txtar.File{Name: "want/" + kind, Data: []byte(got[kind])})
				}
			}
			if *update && t.Failed() {
				archive.Files = inputs
				if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			for _, d := range check(files, result) {
				t.Errorf("%s: %s", d.Code, d.Message)
			}
		})
	}
}

func imported(t *testing.T, files fs.FS, paths ...string) *importing.Result {
	t.Helper()
	if paths == nil {
		paths = []string{"."}
	}
	found, err := importing.Find(files, paths)
	if err != nil {
		t.Fatal(err)
	}
	in := importing.Input{Files: files, Builds: found.Builds, Skipped: found.Skipped, Registry: found.Registry}
	if _, err := fs.Stat(files, "bases-std"); err == nil {
		in.Bases = importing.Library
	}
	r, err := importing.Import(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// report is a report as text: a line for each instruction.
func report(r importing.Report) string {
	var b strings.Builder
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "skipped %s\n", s)
	}
	for _, i := range r.Images {
		if i.Why != "" {
			fmt.Fprintf(&b, "%s guess: %s\n", i.Name, i.Why)
		}
	}
	for _, s := range r.Standard {
		fmt.Fprintf(&b, "%s: %s", s.Image, s.Module)
		if s.Why != "" {
			fmt.Fprintf(&b, ", stays: %s", s.Why)
		}
		b.WriteString("\n")
	}
	for _, i := range r.Instructions {
		fmt.Fprintf(&b, "%s:%d %s", i.File, i.Line, i.Class)
		if i.Why != "" {
			fmt.Fprintf(&b, ": %s", i.Why)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// check compiles a module up to its binding, with pins for everything that it names.
func check(files fs.FS, r *importing.Result) diag.List {
	module := fstest.MapFS{"fleet.layer": {Data: []byte(r.Module)}}
	if r.Ignore != "" {
		module[".layerignore"] = &fstest.MapFile{Data: []byte(r.Ignore)}
	}
	in := compiler.Input{Project: overlay{module, files}, Dir: ".", Name: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}, Lock: &lock.File{}}
	var list diag.List
	for range 5 {
		var out *compiler.Output
		out, list = compiler.Compile(in, compiler.Bound)
		if !slices.ContainsFunc(list, func(d *diag.Diagnostic) bool { return d.Code == diag.NotPinned }) {
			return list
		}
		in.Lock = pinned(out.Refs())
	}
	return list
}

// pinned is a lock file with all that a program refers to.
func pinned(refs lock.Refs) *lock.File {
	const digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	f := &lock.File{}
	for n, i := range refs.Images {
		// What builds cross names images for the builder's platform, too.
		if slices.ContainsFunc(f.Images, func(o lock.Image) bool { return o.Reference == i.Reference && o.Platform == i.Platform }) {
			continue
		}
		d := fmt.Sprintf("sha256:%064x", n+1)
		f.Images = append(f.Images, lock.Image{Reference: i.Reference, Platform: i.Platform, Digest: d})
		f.Bases = append(f.Bases, lock.Base{Digest: d, Layers: 1, Configured: true})
	}
	for _, d := range refs.Distributions {
		for _, r := range d.Repositories {
			f.Indexes = append(f.Indexes, r.Pin(d.ID, d.Arch))
		}
		for _, p := range append([]string{"base-files"}, d.Packages...) {
			if !slices.ContainsFunc(f.Packages, func(q lock.Package) bool { return q.Distribution == d.ID && q.Name == p }) {
				f.Packages = append(f.Packages, lock.Package{Distribution: d.ID, Arch: d.Arch, Name: p, Version: "1", URL: "debian:pool/" + p + ".deb", Digest: digest, Size: 1, Installed: 1, Minimal: p == "base-files"})
			}
		}
	}
	for _, u := range refs.URLs {
		f.URLs = append(f.URLs, lock.URL{URL: u, Digest: digest, Size: 1})
	}
	for _, d := range refs.Downloads {
		f.Downloads = append(f.Downloads, lock.Download{Digest: d.Digest, Name: lock.DownloadName(d.URL)})
	}
	f.Sort()
	return f
}

// overlay has the files of the module above those of the project.
type overlay struct {
	over  fstest.MapFS
	under fs.FS
}

func (o overlay) Open(name string) (fs.File, error) {
	if name != "." {
		if f, err := o.over.Open(name); err == nil {
			return f, nil
		}
	}
	return o.under.Open(name)
}

// ReadDir also lists the module.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(o.under, name)
	if err != nil || name != "." {
		return list, err
	}
	own, err := o.over.ReadDir(".")
	return append(own, slices.DeleteFunc(list, func(d fs.DirEntry) bool { return strings.HasSuffix(d.Name(), ".layer") })...), err
}

// TestControlCharacters refuses files whose text no module can hold, with the line.
func TestControlCharacters(t *testing.T) {
	for text, want := range map[string]string{
		"FROM a\nRUN echo \x1c\n":            "Dockerfile: control character U+001C in line 2, which no .layer file can have",
		"FROM a\r\n# \x7f\r\nRUN b\r\n":      "Dockerfile: control character U+007F in line 2, which no .layer file can have",
		"FROM a\rRUN b\n":                    "Dockerfile: control character U+000D in line 1, which no .layer file can have",
		"FROM a\nRUN printf 'a\tb' > /c\r\n": "",
	} {
		files := fstest.MapFS{"Dockerfile": {Data: []byte(text)}}
		_, err := importing.Import(importing.Input{Files: files, Builds: []importing.Build{{Name: "a", File: "Dockerfile", Context: ".", Text: text}}})
		if got := fmt.Sprint(err); got != want && (want != "" || err != nil) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestChecks has comments that set BuildKit's checks, for a file and for an instruction.
func TestChecks(t *testing.T) {
	text := "# check=skip=all;error=true\nFROM alpine:3 AS A\n# check=skip=StageNameCasing\nRUN one\n# check=error=true\nCOPY --from=A /a /a\n"
	r := imported(t, fstest.MapFS{"Dockerfile": {Data: []byte(text)}})
	if len(r.Report.Images) != 1 || r.Report.Counts[importing.Question] > 0 {
		t.Errorf("%+v", r.Report)
	}
}

// TestMountAtRoot has mounts whose target is the root, which no clause can have.
func TestMountAtRoot(t *testing.T) {
	for _, mount := range []string{"type=bind,target=.", "type=tmpfs,target=/", "type=cache,target=/x/.."} {
		files := fstest.MapFS{"Dockerfile": {Data: []byte("FROM alpine:3\nRUN --mount=" + mount + " make\nRUN make install\n")}}
		r := imported(t, files)
		if r.Report.Counts[importing.Question] != 1 || check(files, r).HasErrors() {
			t.Errorf("%s: %v\n%s", mount, r.Report.Counts, r.Module)
		}
	}
}

// TestLinks copies what links lead to, as COPY of their names does.
func TestLinks(t *testing.T) {
	files := fstest.MapFS{
		"Dockerfile": {Data: []byte("FROM scratch\nCOPY link /a\nCOPY link file dir /b/\nCOPY out /d\n")},
		"file":       {}, "real/x": {},
		"link": {Data: []byte("file"), Mode: fs.ModeSymlink}, "dir": {Data: []byte("./real"), Mode: fs.ModeSymlink},
		"out": {Data: []byte("../out"), Mode: fs.ModeSymlink},
	}
	module := imported(t, files).Module
	for _, want := range []string{`copy "file"          to "/a"`, `copy "file"          to "/b/link"`, `copy "file", "real/" to "/b/"`} {
		if !strings.Contains(module, want) {
			t.Errorf("no %s in:\n%s", want, module)
		}
	}
}

// TestUnreadable tells of files that lose their protection.
func TestUnreadable(t *testing.T) {
	files := fstest.MapFS{
		"Dockerfile":    {Data: []byte("FROM scratch\nCOPY key /key\nCOPY conf /conf/\nCOPY --chmod=600 key /kept\nCOPY open /open\nCOPY keys /keys/\nCOPY all /all\nCOPY tool/ /tool/\n")},
		"key":           {Mode: 0o600},
		".dockerignore": {Data: []byte("conf/aa\n**/*.pem\nkeys/*\n!keys/own\n")},
		"conf/aa/key":   {Mode: 0o600}, "conf/aa.pem": {Mode: 0o600}, "keys/a": {Mode: 0o600}, "keys/own": {Mode: 0o640},
		"conf/a": {Mode: 0o644}, "conf/b/run": {Mode: 0o750}, "conf/c": {Mode: 0o600},
		"open": {Mode: 0o664}, "all": {Mode: 0o666}, "tool": {Mode: fs.ModeDir | 0o700}, "tool/a": {Mode: 0o755 | fs.ModeSetuid},
	}
	var why []string
	for _, i := range imported(t, files).Report.Instructions {
		if i.Why != "" {
			why = append(why, i.Why)
		}
	}
	want := []string{
		"key has mode 0600, and layc gives it 0644; write `mode` if nobody else may read it",
		"conf/b/run has mode 0750, and layc gives it 0755; write `mode` if nobody else may read it",
		"keys/own has mode 0640, and layc gives it 0644; write `mode` if nobody else may read it",
		"all has mode 0666, and layc gives it 0644",
		"tool/a has mode 04755, and layc gives it 0755",
	}
	if !slices.Equal(why, want) {
		t.Errorf("got %q, want %q", why, want)
	}
}

// TestLong asks about a variable that grows longer than one can be.
func TestLong(t *testing.T) {
	files := fstest.MapFS{"Dockerfile": {Data: []byte("FROM debian:12\nARG B=x\nENV A=y" + strings.Repeat("\nARG B=$B$B\nENV A=$A$A", 40) + "\n")}}
	r := imported(t, files)
	if n := r.Report.Counts[importing.Question]; n != 24 || len(r.Module) > 5_000_000 {
		t.Errorf("%d questions, %d bytes", n, len(r.Module))
	}
}
