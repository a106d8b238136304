package feature_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/lsp/feature"
	"github.com/layc-lang/layc/lang/lsp/workspace"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// opened returns a workspace with a directory, as an editor that has one of its files open with a
// text.
func opened(files fs.FS, name, text string) *workspace.Workspace {
	w := workspace.New(workspace.Source{
		Files:      func(string) fs.FS { return files },
		Repository: func(string, lock.Module) (string, bool) { return "", false },
		Std:        func() (string, error) { return "/std", nil },
		Platform:   model.Platform{OS: "linux", Arch: "amd64"},
	}, []string{"/project"})
	w.Open(workspace.Document{URI: workspace.URI(path.Join("/project", name)), Version: 1, Text: text})
	return w
}

func placeIn(w *workspace.Workspace, name string, offset int) *feature.Place {
	uri := workspace.URI(path.Join("/project", name))
	a := w.View().Of(uri)
	out, _ := a.Checked()
	m, f := a.File(uri)
	if f == nil {
		return nil
	}
	return &feature.Place{Analysis: a, Out: out, Module: m, File: f, Offset: offset}
}

// TestCompleteTokens takes each word and file name of the examples away in turn. Wherever a name is
// fit, the one that was there is among the first ten proposals.
func TestCompleteTokens(t *testing.T) {
	tried, missed := 0, 0
	for _, dir := range []string{"shop", "fleet", "tomcat", "openliberty"} {
		files := os.DirFS(filepath.Join("../../../testdata", dir))
		names, err := fs.Glob(files, "*.layer")
		if err != nil || len(names) == 0 {
			t.Fatal(dir, err)
		}
		for _, name := range names {
			data, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			text := string(data)
			tree, _ := syntax.Parse(source.New(name, text))
			free := freeNames(tree)
			w := opened(files, name, text)
			for _, token := range tree.Tokens {
				word := text[token.Start:token.End]
				if token.Kind != syntax.Word && (token.Kind != syntax.Text || !isFile(files, word)) || free[int(token.Start)] {
					continue
				}
				if testing.Short() && tried%7 != 0 {
					tried++
					continue
				}
				tried++
				w.Change(workspace.URI("/project/"+name), tried, text[:token.Start]+text[token.End:])
				p := placeIn(w, name, int(token.Start))
				got := feature.Complete(p)
				var labels []string
				for _, o := range got.All[:min(10, len(got.All))] {
					labels = append(labels, o.Label)
				}
				if !slices.Contains(labels, strings.Replace(word, `/"`, `"`, 1)) {
					missed++
					line := tree.Source.Position(int(token.Start)).Line
					t.Errorf("%s/%s:%d: %s is missing in `%s`: %v", dir, name, line, word, strings.TrimSpace(tree.Source.Line(line)), labels)
				}
			}
		}
	}
	t.Logf("%d of %d are missing", missed, tried)
}

func isFile(files fs.FS, quoted string) bool {
	_, err := fs.Stat(files, strings.Trim(quoted, `"/`))
	return err == nil && strings.ContainsAny(quoted, "/.")
}

// freeNames returns the places of words that the author chooses: names of declarations, keys.
func freeNames(tree *syntax.File) map[int]bool {
	free := map[int]bool{}
	name := func(i *syntax.Ident) {
		if i != nil {
			free[i.At.Start] = true
		}
	}
	for _, i := range tree.Imports {
		name(i.Alias)
	}
	for _, d := range tree.Decls {
		syntax.Inspect(d, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.Component:
				name(&n.Name)
			case *syntax.Slot:
				name(&n.Name)
			case *syntax.User:
				name(&n.Name)
			case *syntax.Let:
				name(&n.Name)
			case *syntax.Param:
				name(&n.Name)
			case *syntax.Generator:
				name(&n.Value)
				name(n.Key)
			case *syntax.App:
				free[n.Name.At.Start] = true
			case *syntax.Assign:
				free[n.Key.At.Start] = true
			case *syntax.Entry:
				free[n.Key.At.Start] = true
			case *syntax.Clause:
				if n.Word.Name == "secret" {
					free[n.Args[0].Span().Start] = true
				}
			case *syntax.Option:
				if n.Word.Name == "as" {
					free[n.Args[0].Span().Start] = true
				}
			}
			return true
		})
	}
	return free
}

// TestUnimported completes a module that the file does not import.
func TestUnimported(t *testing.T) {
	for text, want := range map[string]string{
		"app a {\n    uses rsys|\n}\n":                      "import \"std/rsyslog\"\n\napp a {\n    uses rsyslog.agent\n}\n",
		"app a {\n    uses we|\n}\n":                        "import \"./web\"\n\napp a {\n    uses web.page\n}\n",
		"app a {\n    uses own|\n}\n":                       "import \"./own\"\n\napp a {\n    uses own\n}\n",
		"app a {\n    uses jav|\n}\n":                       "import \"std/java\"\n\napp a {\n    uses java\n}\n",
		"import \"std/java\"\n\napp a {\n    uses we|\n}\n": "import \"std/java\"\nimport \"./web\"\n\napp a {\n    uses web.page\n}\n",
	} {
		at := strings.Index(text, "|")
		text := text[:at] + text[at+1:]
		files := fstest.MapFS{"web/w.layer": {Data: []byte("component page {\n}\ncomponent _private {\n}\n")}, "own/own.layer": {Data: []byte("component own {\n}\n")}}
		got := feature.Complete(placeIn(opened(files, "a.layer", text), "a.layer", at))
		if len(got.All) == 0 || len(got.All[0].Also) != 1 {
			t.Errorf("%q: got %v", text, got.All)
			continue
		}
		edits := append(got.All[0].Also, feature.Edit{Span: got.At, New: got.All[0].Insert})
		if done := applied(fstest.MapFS{"a.layer": {Data: []byte(text)}}, edits); string(done["a.layer"].Data) != want {
			t.Errorf("got:\n%s\nwant:\n%s", done["a.layer"].Data, want)
		}
	}
}

// TestComplete completes half-typed text; the cursor is at the |.
func TestComplete(t *testing.T) {
	files := fstest.MapFS{
		"web/w.layer": {Data: []byte("component page {\n}\n")}, "conf/a.conf": {}, "conf/b.conf": {},
	}
	for text, want := range map[string]string{
		"|":            "app",
		"import \"|\"": "std/debian ./web",
		"import |":     "\"std/java\" \"./web\"",
		"import \"std/java\"\napp a {\n    uses j|\n}\n":                        "java java.jdk",
		"import \"std/java\"\napp a {\n    uses java.|\n    expose 80\n}\n":     "jdk jre",
		"import \"std/java\"\napp a {\n    uses java.jdk(|\n    expose 80\n}\n": "version",
		"app a {\n    |\n}\n":                                                                     "uses copy tag",
		"app a {\n    uses b\n    ex|":                                                            "expose",
		"user a {\n    |\n}\n":                                                                    "uid home",
		"fleet {\n    |\n}\n":                                                                     "base layers",
		"app a {\n    copy |\n}\n":                                                                "\"conf/a.conf\"",
		"app a {\n    copy \"conf/|\"\n}\n":                                                       "conf/a.conf conf/b.conf",
		"component c(file: path) {\n}\napp a {\n    uses c(\"|\")\n}\n":                           "conf/a.conf conf/b.conf",
		"component c(file: path) {\n}\napp a {\n    uses c(|)\n}\n":                               "\"conf/a.conf\" file",
		"component c(n: int, file: path) {\n}\napp a {\n    uses c(file: |, n: 1)":                "\"conf/a.conf\"",
		"component c(n: int, files: list(path)) {\n}\napp a {\n    uses c(1, [|])":                "\"conf/a.conf\"",
		"component c(n: int, files: list(path)) {\n}\napp a {\n    uses c(files: [\"a\", \"|\"])": "conf/a.conf",
		"component c(file: path = \"|\") {\n}\n":                                                  "conf/a.conf",
		"param file: path = |\n":                                                                  "\"conf/a.conf\"",
		"app a {\n    copy \"x\" |\n}\n":                                                          "to owner mode",
		"app a {\n    copy \"x\" to \"/\" |":                                                      "owner mode from",
		"app a {\n    run \"x\" with |":                                                           "cache secret network",
		"app a {\n    run \"x\" with bind \"x\" |":                                                "to from",
		"app a {\n    run \"x\" with ssh, |":                                                      "cache secret",
		"fleet {\n    secret token\n}\napp a {\n    run \"x\" with secret |\n}\n":                 "token",
		"component a(b: |":                                                                        "string int list",
		"app a {\n    changes |":                                                                  "weekly monthly",
		"component a {\n    update |":                                                             "weekly",
		"fleet {\n    platforms |":                                                                "\"linux/amd64\"",
		"fleet {\n    platforms \"|\"":                                                            "linux/amd64 linux/arm64",
		"slot s\ncomponent c {\n    fills |\n}":                                                   "s",
		"user www {\n    uid 1\n}\napp a {\n    user |\n}\n":                                      "www",
		"component c(name: string) {\n    run \"echo $|\"\n}\n":                                   "name",
		"component c(name: string) {\n    run \"echo ${na|}\"\n}\n":                               "name",
		"component c {\n    file \"/x\" text platform.|\n}\n":                                     "arch os",
		"let m = { a: 1 }\nlet n = m.|\n":                                                         "a",
	} {
		at := strings.Index(text, "|")
		text := text[:at] + text[at+1:]
		got := feature.Complete(placeIn(opened(files, "a.layer", text), "a.layer", at))
		var labels []string
		for _, o := range got.All[:min(10, len(got.All))] {
			labels = append(labels, o.Label)
		}
		for _, w := range strings.Fields(want) {
			if !slices.Contains(labels, w) {
				t.Errorf("%q: %s is missing: %v", text[:at]+"|"+text[at:], w, labels)
			}
		}
	}
}

// TestCompleteOnlyWhatFits checks places where a name or a word would be an error.
func TestCompleteOnlyWhatFits(t *testing.T) {
	const head = "let value = 1\n\nfleet {\n    base scratch\n    secret token\n}\n\ncomponent tool {\n"
	for _, c := range []struct {
		block string // with | at the cursor
		want  []string
		never []string
	}{
		{"    run \"a\" with |\n", []string{"secret", "cache", "env"}, []string{"value", "tool", "if", "true"}},
		{"    run \"a\" with secret |\n", []string{"token"}, []string{"value", "tool", "if", "true"}},
		{"    changes 6/|\n", []string{"year", "month"}, []string{"yearly", "value"}},
		{"    run \"a\"\n    |\n", []string{"run", "if"}, []string{"else"}},
		{"    for x in [\"a\"] {\n        run x\n    }\n    |\n", []string{"run"}, []string{"else"}},
		{"    if value == 1 {\n        run \"a\"\n    } |\n", []string{"else"}, nil},
		{"    if value == 1 {\n        run \"a\"\n    } else if value == 2 {\n    }\n    |\n", []string{"else", "run"}, nil},
		{"    if value == 1 {\n        run \"a\"\n    } else {\n    }\n    |\n", []string{"run"}, []string{"else"}},
		{"    for k, v in { A: \"1\" } {\n        |\n    }\n", []string{"run", "env"}, []string{"year"}},
		{"    for k, v in { A: \"1\" } {\n        env k = |\n    }\n", []string{"v"}, []string{"run"}},
		{"    for k, v in { A: \"1\" } {\n    }\n    |\n", []string{"run"}, nil},
		{"    for k, v in { A: |\n    }\n", []string{"value"}, []string{"run"}},
		{"    for k in {} {\n        |\n    }\n", []string{"run"}, nil},
		{"    for k in m + { A: 1 } {\n        |\n    }\n", []string{"run"}, nil},
		{"    for x in if value == 1 { [1] } else { [2] } {\n        |\n    }\n", []string{"run"}, nil},
		{"    for x in if value == 1 { [1] } else if value == 2 { [2] } else { [3] } {\n        |\n    }\n", []string{"run"}, nil},
		{"    for x in if value == 1 { |\n    }\n", []string{"value"}, []string{"run"}},
		{"    if { A: 1 } == value {\n        |\n    }\n", []string{"run"}, nil},
		{"    match { A: 1 } {\n        value {\n            |\n        }\n    }\n", []string{"run"}, nil},
		{"    for x in match value { 1: [1], else: [2] } {\n        |\n    }\n", []string{"run"}, nil},
		{"    if (if value == 1 { true } else { false }) {\n        |\n    }\n", []string{"run"}, nil},
		{"    if value == 1 {\n        run \"a\"\n    } else if value == { A: 1 } {\n        |\n    }\n", []string{"run"}, nil},
	} {
		text := head + c.block + "}\n"
		at := strings.IndexByte(text, '|')
		text = text[:at] + text[at+1:]
		w := opened(fstest.MapFS{"a.layer": {Data: []byte(text)}}, "a.layer", text)
		var labels []string
		for _, o := range feature.Complete(placeIn(w, "a.layer", at)).All {
			labels = append(labels, o.Label)
		}
		for _, want := range c.want {
			if !slices.Contains(labels, want) {
				t.Errorf("%q lacks %s: %v", c.block, want, labels)
			}
		}
		for _, never := range c.never {
			if slices.Contains(labels, never) {
				t.Errorf("%q offers %s", c.block, never)
			}
		}
	}
}

// TestCompleteMembersToImport checks that the members of modules that are not imported yet come with
// their import.
func TestCompleteMembersToImport(t *testing.T) {
	const text = "app a {\n    uses java.\n    uses web.\n}\n"
	files := fstest.MapFS{"a.layer": {Data: []byte(text)}, "web/web.layer": {Data: []byte("component page {}\nlet _port = 1\nlet port = 80\n")}}
	w := opened(files, "a.layer", text)
	for name, want := range map[string]string{"java.": "jdk", "web.": "page"} {
		all := feature.Complete(placeIn(w, "a.layer", strings.Index(text, name)+len(name))).All
		at := slices.IndexFunc(all, func(p feature.Proposal) bool { return p.Label == want })
		if at < 0 || len(all[at].Also) != 1 || !strings.Contains(all[at].Also[0].New, "import") {
			t.Errorf("%s: %v", name, all)
		}
		if slices.ContainsFunc(all, func(p feature.Proposal) bool { return strings.HasSuffix(p.Label, "port") }) {
			t.Errorf("%s offers a value", name)
		}
	}
}
