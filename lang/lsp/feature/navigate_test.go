package feature_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/lsp/feature"
	"github.com/layc-lang/layc/lang/lsp/workspace"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/stdlib"
)

// applied returns files with edits applied.
func applied(files fstest.MapFS, edits []feature.Edit) fstest.MapFS {
	out := fstest.MapFS{}
	for name, f := range files {
		out[name] = f
	}
	slices.SortFunc(edits, func(a, b feature.Edit) int {
		return cmp.Or(strings.Compare(a.Span.File.Name(), b.Span.File.Name()), cmp.Compare(b.Span.Start, a.Span.Start))
	})
	for _, e := range edits {
		text := string(out[e.Span.File.Name()].Data)
		out[e.Span.File.Name()] = &fstest.MapFile{Data: []byte(text[:e.Span.Start] + e.New + text[e.Span.End:])}
	}
	return out
}

func copied(t *testing.T, dir string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	from := os.DirFS(filepath.Join("../../../testdata", dir))
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, name)
		files[name] = &fstest.MapFile{Data: data, Mode: 0o644}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// bound returns what a program binds to, without the names of its declarations: its instances' steps
// and configuration.
func bound(t *testing.T, files fs.FS) (string, error) {
	t.Helper()
	out, list := compiler.Compile(compiler.Input{Project: files, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}}, compiler.Bound)
	if len(list) > 0 {
		return "", fmt.Errorf("%s:%d: %s", list[0].Span.File.Name(), list[0].Span.Position().Line, list[0].Message)
	}
	var text strings.Builder
	for _, target := range out.Targets {
		for _, a := range target.Graph.Apps {
			config, err := json.Marshal(a.Config)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&text, "%s %d %s\n", a.Name, len(a.Closure), config)
		}
	}
	return text.String(), nil
}

// TestRenameEverything renames each declared name of the examples from each of its places. The result
// has no errors and the same apps, and the opposite renaming restores the text.
func TestRenameEverything(t *testing.T) {
	for _, dir := range []string{"shop", "fleet", "tomcat", "openliberty"} {
		files := copied(t, dir)
		want, err := bound(t, files)
		if err != nil {
			t.Fatal(dir, err)
		}
		names, _ := fs.Glob(files, "*.layer")
		w := opened(files, names[0], string(files[names[0]].Data))
		out, _ := w.View().Of(workspace.URI("/project/" + names[0])).Checked()
		n := 0
		for _, f := range out.Checked.Root.Files {
			for _, o := range out.Checked.OccurrencesIn(f) {
				name := f.Source.Name()
				if _, language := o.Object.(*check.Predeclared); language {
					continue
				}
				if n++; testing.Short() && n%9 != 0 {
					continue
				}
				w := opened(files, name, string(files[name].Data))
				edits, err := feature.Rename(placeIn(w, name, o.At.Start+1), "renamed")
				if err != nil {
					if !strings.Contains(err.Error(), "not the project's own") && !strings.Contains(err.Error(), "name of the language") {
						t.Errorf("%s/%s: %s: %v", dir, name, o.At.Text(), err)
					}
					continue
				}
				renamed := applied(files, edits)
				got, err := bound(t, renamed)
				if err != nil || got != want {
					t.Errorf("%s/%s:%d: renaming %s changes the program: %v", dir, name, o.At.Position().Line, o.At.Text(), err)
					continue
				}
				if _, imported := o.Object.(*check.Import); imported || o.Namesake {
					continue // the import has got an alias
				}
				at := strings.Index(string(renamed[o.Object.Ident().At.File.Name()].Data), "renamed")
				from := o.Object.Ident().At.File.Name()
				back, err := feature.Rename(placeIn(opened(renamed, from, string(renamed[from].Data)), from, at), o.Object.Ident().Name)
				if err != nil {
					t.Errorf("renaming %s back: %v", o.At.Text(), err)
					continue
				}
				for file, f := range applied(renamed, back) {
					if string(f.Data) != string(files[file].Data) {
						t.Errorf("%s: renaming %s back changes %s", dir, o.At.Text(), file)
					}
				}
			}
		}
	}
}

// TestRenameRefuses checks names that would mean something else.
func TestRenameRefuses(t *testing.T) {
	text := "let a = \"1\"\nlet b = \"2\"\ncomponent c(x: string) {\n    file \"/x\" text a + x\n    let y = b\n    file \"/y\" text y\n}\n"
	for _, c := range []struct{ at, name, want string }{
		{"a =", "b", "another meaning"}, {"x:", "a", "another meaning"}, {"b =", "y", "another meaning"}, {"y =", "a", "another meaning"}, {"a =", "x", "another meaning"},
		{"a =", "1x", "not a valid name"}, {"a =", "if", "not a valid name"}, {"file", "q", "nothing here"}, {"x:", "platform", ""}, {"b =", "_b", ""},
	} {
		_, err := feature.Rename(placeIn(opened(fstest.MapFS{}, "a.layer", text), "a.layer", strings.Index(text, c.at)), c.name)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s to %s: got %v, want %q", c.at, c.name, err, c.want)
		}
	}
}

// TestRenameInScripts renames the object at the bar. A want of "" is a renaming that changes all of its
// variables, and nothing else.
func TestRenameInScripts(t *testing.T) {
	in := func(script string) string { return "component c(|file: string) {\n    run \"" + script + "\"\n}\n" }
	for _, c := range []struct{ text, name, want string }{
		// the new name is taken
		{in("cp $file $USER"), "USER", "has another meaning"},
		{in("cp $file ${dest:-x}"), "dest", "has another meaning"},
		{in("dest=/x; cp $file /y"), "dest", "has another meaning"},
		{in("read -r dest; cp $file /y"), "dest", "has another meaning"},
		{in("cp $file /y"), "PATH", "variable of the shell"},
		{in("cp $file /y"), "LC_ALL", "variable of the shell"},
		{in("cp $file /y") + "component d {\n    env GOROOT = \"/go\"\n}\n", "GOROOT", "the environment"},
		{strings.ReplaceAll(in("cp $file $Q"), "\n}", " with cache \"/c\", env Q = \"1\"\n}"), "Q", "has another meaning"},
		{strings.ReplaceAll(in("cp $file /y"), "\n}", " with env Q = \"1\"\n}"), "Q", "sets Q already"},
		{"fleet {\n    secret token\n}\n" + strings.ReplaceAll(in("cp $file /y"), "\n}", " with secret token as T\n}"), "T", "sets T already"},
		{"let |file = \"1\"\ncomponent c {\n    run \"echo $USER\"\n}\n", "USER", "line 3"},
		{"let |file = \"1\"\ncomponent c {\n    run \"echo ${USER:-x}\"\n    file \"/x\" text file\n}\n", "USER", "another meaning"},
		{strings.ReplaceAll(in("cp $file /y"), "file", "TMPDIR"), "path", "would lose TMPDIR, a variable of the shell"},
		{in("cp $file /y") + "component d {\n    env file = \"/go\"\n}\n", "path", "would get the file of the environment, which has it from line 5"},
		// the old name is more than the variable
		{in("for file in a b; do echo $file; done"), "path", "may be the same variable"},
		{in("file=5; echo $file"), "path", "may be the same variable"},
		{in("unset file; echo ${file:-x}"), "path", "may be the same variable"},
		{in("echo ${#file} $file"), "path", "may be the same variable"},
		{in("echo $((2-file)) $file"), "path", "may be the same variable"},
		{in("echo ${x:$file:file}"), "path", "may be the same variable"},
		{in("f() { local file=$file; }"), "path", "may be the same variable"},
		// no other use
		{in("tar xf /file/my-file-$file.tar > ${file}.log; echo $filed"), "path", ""},
		{in("cp $file /opt/dest/x.dest"), "dest", ""},
		{"let |file = \"1\"\ncomponent c {\n    run \"for file2 in $file; do echo $file2; done\"\n    run \"dest=1; echo $dest\"\n}\n", "target", ""},
	} {
		at := strings.Index(c.text, "|")
		text := c.text[:at] + c.text[at+1:]
		edits, err := feature.Rename(placeIn(opened(fstest.MapFS{}, "a.layer", text), "a.layer", at), c.name)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s to %s: got %v, want %q", text, c.name, err, c.want)
		}
		if err == nil {
			want := regexp.MustCompile(`(\$\{?|\bcomponent c\(|\blet )file\b`).ReplaceAllString(text, "${1}"+c.name)
			if got := string(applied(fstest.MapFS{"a.layer": {Data: []byte(text)}}, edits)["a.layer"].Data); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
}

// TestRenameUsers renames the user www. A want of "" is a renaming that changes its declaration and what
// names it.
func TestRenameUsers(t *testing.T) {
	for clause, want := range map[string]string{
		`run "mkdir /v && chown www /v"`:                   "the command in line 5 of a.layer has the word www, which may be the same user: rename it there first",
		`run "chown www:www /v"`:                           "line 5 of a.layer",
		`run "su -c make 'www'"`:                           "line 5 of a.layer",
		"run \"\"\"\n        chown www /v\n        \"\"\"": "line 5 of a.layer",
		`entrypoint ["chpst", "-u", "www", "/x"]`:          "line 5 of a.layer",
		`command ["setpriv --reuid www"]`:                  "line 5 of a.layer",
		`healthcheck ["su", "www"]`:                        "line 5 of a.layer",
		`run "ls /srv/www /var/www/html"`:                  "",
		`run "echo wwwdata awww $www"`:                     "",
		`env WHO = "www"`:                                  "",
		`file "/www" text "www"`:                           "",
	} {
		text := "user www {\n    uid 33\n}\napp a {\n    " + clause + "\n    base scratch\n    uses www\n    user www\n}\n"
		edits, err := feature.Rename(placeIn(opened(fstest.MapFS{}, "a.layer", text), "a.layer", strings.Index(text, "www")), "web")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", clause, err, want)
		}
		if err == nil && len(edits) != 3 {
			t.Errorf("%s: the edits are %v", clause, edits)
		}
	}
}

// TestRenameBase does not rename what a run mentions to a variable of the base image that the lock file
// pins: its programs may read it.
func TestRenameBase(t *testing.T) {
	digest := "sha256:" + strings.Repeat("ab", 32)
	text := "component c(file: string) {\n    run \"cp $file /y\"\n}\ncomponent d(file: string) {\n    file \"/d\" text file\n}\n"
	pins := "layc-lock 1\n\nbase " + digest + " 1 configured\nconfig " + digest + " \"env GOROOT\" \"/go\"\n"
	files := fstest.MapFS{"a.layer": {Data: []byte(text)}, "layc.lock": {Data: []byte(pins)}}
	p := placeIn(opened(files, "a.layer", text), "a.layer", strings.Index(text, "file"))
	if len(p.Analysis.Lock().Bases) != 1 || len(p.Analysis.Lock().Bases[0].Config) != 1 {
		t.Fatalf("the lock file has %+v", p.Analysis.Lock())
	}
	const want = "the command in line 2 of a.layer would get another GOROOT than the environment, which has it from a base image"
	if _, err := feature.Rename(p, "GOROOT"); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err := feature.Rename(p, "GOROOTS"); err != nil {
		t.Error(err)
	}
	other := strings.ReplaceAll(text, "file", "GOROOT")
	p = placeIn(opened(fstest.MapFS{"a.layer": {Data: []byte(other)}, "layc.lock": files["layc.lock"]}, "a.layer", other), "a.layer", strings.Index(other, "GOROOT"))
	if _, err := feature.Rename(p, "file"); err == nil || err.Error() != "the command in line 2 of a.layer would get the GOROOT of the environment, which has it from a base image" {
		t.Errorf("got %v", err)
	}
	p = placeIn(opened(files, "a.layer", text), "a.layer", 0)
	p.Offset = strings.Index(text, "d(file") + len("d(")
	if _, err := feature.Rename(p, "GOROOT"); err != nil {
		t.Errorf("no run mentions it: %v", err)
	}
}

// TestStandardLibrary opens a file of the standard library, which nobody can change.
func TestStandardLibrary(t *testing.T) {
	data, err := fs.ReadFile(stdlib.FS, "java/java.layer")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	w := opened(fstest.MapFS{}, "a.layer", "")
	uri := workspace.URI("/std/java/java.layer")
	w.Open(workspace.Document{URI: uri, Version: 1, Text: text})
	a := w.View().Of(uri)
	out, _ := a.Checked()
	m, f := a.File(uri)
	p := &feature.Place{Analysis: a, Out: out, Module: m, File: f, Offset: strings.Index(text, "fills   java") + len("fills   ")}
	if at, ok := feature.Definition(p); !ok || at.Position().Line != strings.Count(text[:strings.Index(text, "\nslot java")], "\n")+2 {
		t.Errorf("the definition is at %v", at)
	}
	if _, err := feature.Rename(p, "c"); err == nil || !strings.Contains(err.Error(), "not the project's own") {
		t.Errorf("renamed: %v", err)
	}
}

const sample = `import "std/java"
import "./web"

# The version.
let version = "1" + "7"

component tool(name: string, size: int = 1) {
    needs java, web.page
    file "/x" text name mode 0644
    label size = size
    run "echo $name" with cache "/c"
}

app a {
    uses tool("x", size: 2), java.jdk(version), os.packages("curl")
    user web.www
}
`

func samplePlace(at string, after int) *feature.Place {
	files := fstest.MapFS{
		"a.layer": {Data: []byte(sample)}, "web/w.layer": {Data: []byte("# Pages.\ncomponent page {\n}\nuser www {\n    uid 33\n}\n")},
		"layc.lock": {Data: []byte("layc-lock 1\n")},
	}
	return placeIn(opened(files, "a.layer", sample), "a.layer", strings.Index(sample, at)+after)
}

func TestNavigate(t *testing.T) {
	for _, c := range []struct {
		at         string
		after      int
		definition string // file:line text
		references int
	}{
		{"java, web", 1, "std/java/java.layer:16 java", 6},
		{"web.page", 1, "web/w.layer:1 ", 3},
		{"web.page", 5, "web/w.layer:2 page", 2},
		{"page\n", 4, "web/w.layer:2 page", 2},
		{"tool(\"x\"", 0, "a.layer:7 tool", 2},
		{"size: 2", 2, "a.layer:7 size", 3},
		{"$name", 2, "a.layer:7 name", 3},
		{"version),", 0, "a.layer:5 version", 2},
		{"www", 1, "web/w.layer:4 www", 2},
		{"./web", 2, "web/w.layer:1 ", 3},
		{"echo", 1, "", 0},
	} {
		p := samplePlace(c.at, c.after)
		got := ""
		if at, ok := feature.Definition(p); ok {
			got = fmt.Sprintf("%s:%d %s", at.File.Name(), at.Position().Line, at.Text())
		}
		if n := len(feature.References(p)); got != c.definition || n != c.references {
			t.Errorf("%s: defined at %s with %d places, want %s with %d", c.at, got, n, c.definition, c.references)
		}
	}
}

func TestHover(t *testing.T) {
	for at, want := range map[string]string{
		"version =":    "The version.",
		"tool(name":    "component tool(name: string, size: int = 1)",
		"size: 2":      "param size: int = 1",
		"jdk(version)": "OpenJDK with its compiler",
		"page\n":       "Pages.",
		"mode":         "**mode** of `file`",
		"cache":        "a directory that is kept between builds",
		"user web":     "the user",
		"run \"":       "**run**",
		"curl":         "`curl` is not pinned",
		"std/java":     "Java from the distribution's packages",
		"packages":     "Packages of the base system",
		"label size":   "**label**",
	} {
		if got, _ := feature.Hover(samplePlace(at, 0)); !strings.Contains(got, want) {
			t.Errorf("%s: %q does not contain %q", at, got, want)
		}
	}
	files := copied(t, "shop")
	text := string(files["shop.layer"].Data)
	for at, want := range map[string]string{
		"rsyslog.agent,":  "`agent` is in 2 images: app1, app2",
		"jdk(\"17\")":     "in a spine layer of ~160MB",
		"server\n\n    c": "if it changes, a host pulls at least ~35",
		"app1 {":          "1. base, ~45MB: release(\"12\"",
	} {
		after := strings.Index(at, ".") + 1
		if got, _ := feature.Hover(placeIn(opened(files, "shop.layer", text), "shop.layer", strings.Index(text, at)+after)); !strings.Contains(got, want) {
			t.Errorf("%s: %q does not contain %q", at, got, want)
		}
	}
}

func TestStructure(t *testing.T) {
	p := samplePlace("size: 2", 6)
	h := feature.SignatureHelp(p)
	if h == nil || h.Label != "tool(name: string, size: int = 1)" || h.Active != 1 || h.Label[h.Params[1][0]:h.Params[1][1]] != "size: int = 1" {
		t.Errorf("the signature is %+v", h)
	}
	var names []string
	for _, s := range feature.Symbols(p.File) {
		names = append(names, fmt.Sprint(s.Name, len(s.Parts)))
	}
	if got := strings.Join(names, " "); got != "version0 tool2 a0" {
		t.Errorf("the symbols are %s", got)
	}
	if got := fmt.Sprint(feature.Folds(p.File)); got != "[{1 2 imports} {7 11 } {14 16 }]" {
		t.Errorf("the folds are %s", got)
	}
	var texts []string
	for _, s := range feature.Selection(samplePlace("size: 2", 7))[:4] {
		texts = append(texts, s.Text())
	}
	if got := strings.Join(texts, "|"); got != `2|size: 2|tool("x", size: 2)|uses tool("x", size: 2), java.jdk(version), os.packages("curl")` {
		t.Errorf("the selections are %s", got)
	}
	at := func(p *feature.Place, text string) { p.Offset = strings.Index(sample, text) + 1 }
	at(p, "tool(name")
	if calls := feature.Callers(p); len(calls) != 1 || calls[0].Symbol.Name != "a" {
		t.Errorf("the callers are %v", calls)
	}
	names = nil
	for _, c := range feature.Callees(p) {
		names = append(names, c.Symbol.Name)
	}
	if got := strings.Join(names, " "); got != "java page" {
		t.Errorf("the callees are %s", got)
	}
	names = nil
	for _, token := range feature.Tokens(p.Out.Checked, p.File)[:12] {
		names = append(names, token.At.Text()+":"+feature.TokenKinds[token.Kind])
	}
	if got := strings.Join(names, " "); got != `import:keyword "std/java":string import:keyword "./web":string # The version.:comment let:keyword version:variable "1":string "7":string component:keyword tool:class name:parameter` {
		t.Errorf("the tokens are %s", got)
	}
}

// TestGenerators checks what a symbol tells about an app: all names of its generators.
func TestGenerators(t *testing.T) {
	text := "let m = { a: 1 }\napp \"x${v}\" for k, v in m, w in [1] where w > 0 {\n}\napp y {\n}\napp \"z${n}\" for n in [2] {\n}\n"
	got := ""
	for _, s := range feature.Symbols(placeIn(opened(fstest.MapFS{}, "a.layer", text), "a.layer", 0).File) {
		got += s.Detail + ";"
	}
	if got != ";k, v, w;;n;" {
		t.Errorf("got %q", got)
	}
}

func TestFormat(t *testing.T) {
	text := "app b {\nexpose   80\n}\n\n\n\napp  a {\n  user \"1\"\n      uses x\n}\ncomponent x {\n\n}\n"
	f := func() *feature.Place {
		return placeIn(opened(fstest.MapFS{}, "a.layer", text), "a.layer", strings.Index(text, "user"))
	}
	whole, _ := format.Source(source.New("a.layer", text))
	p := f()
	files := applied(fstest.MapFS{"a.layer": {Data: []byte(text)}}, feature.Format(p.File, source.Span{}))
	if got := string(files["a.layer"].Data); got != whole {
		t.Errorf("got:\n%s\nwant:\n%s", got, whole)
	}
	want := "app b {\nexpose   80\n}\n\n\n\napp a {\n    uses x\n\n    user \"1\"\n}\ncomponent x {\n\n}\n"
	files = applied(fstest.MapFS{"a.layer": {Data: []byte(text)}}, feature.OnType(p, "}"))
	if got := string(files["a.layer"].Data); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	for text, want := range map[string]string{
		"app a {\n|": "    ", "app a {\n    if x {\n    |}\n": "    ", "app a {\n}\n  |": "", "app a {\n    uses b(\n|": "        ",
	} {
		at := strings.Index(text, "|")
		text = text[:at] + text[at+1:]
		p := placeIn(opened(fstest.MapFS{}, "a.layer", text), "a.layer", at)
		line := text[p.File.Source.LineStart(p.File.Source.Position(at).Line):at]
		if edits := feature.OnType(p, "\n"); len(edits) == 1 {
			line = edits[0].New
		}
		if line != want {
			t.Errorf("%q: indented by %q, want %q", text, line, want)
		}
	}
}
