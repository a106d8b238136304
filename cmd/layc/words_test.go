package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// crude matches the patterns that CONTRIBUTING.md lists under "How layc speaks".
var crude = regexp.MustCompile(`(?i)\b((is|are) no|afresh|anew|manieth|those of|that of|of which|is said|such that)\b`)

// fine matches what is good English in a comment, but not in a message.
var fine = regexp.MustCompile(`(?i)\b(there\s+(is|are)\s+no|anew|those\s+of|of\s+which)\b`)

// TestWords keeps crude patterns out of all texts that people read: the pages, the examples, the
// standard library, the goldens, and the strings and comments in the code.
func TestWords(t *testing.T) {
	hits := map[string][]string{} // by file or directory
	check := func(name, at, text string) {
		text = strings.Join(strings.Fields(text), " ")
		for _, m := range crude.FindAllStringIndex(text, -1) {
			if strings.HasPrefix(text[m[1]:], " longer") {
				continue
			}
			hits[name] = append(hits[name], fmt.Sprintf("%s: …%s", at, text[max(0, m[0]-20):min(len(text), m[1]+20)]))
		}
	}
	walk(t, []string{"README.md", "spec.md", "CONTRIBUTING.md", "docs", "stdlib", "testdata", "lang", "compiler", "llb", "cmd"}, func(name, text string) {
		switch path.Ext(name) {
		case ".go":
			literals, comments := textsOf(t, name, text)
			if !strings.HasSuffix(name, "_test.go") {
				for at, s := range literals {
					check(path.Dir(name), at, s)
				}
			}
			for at, s := range comments {
				check(path.Dir(name), at, fine.ReplaceAllString(s, ""))
			}
		case ".md":
			if name == "CONTRIBUTING.md" {
				text = regexp.MustCompile(`(?m)^\|.*$`).ReplaceAllString(text, "") // the patterns themselves
			}
			check(name, name, text)
		case ".layer", ".txtar", ".txt":
			check(path.Dir(name), name, text)
		}
	})
	for name, list := range hits {
		slices.Sort(list)
		t.Errorf("%s has crude patterns (see \"How layc speaks\" in CONTRIBUTING.md):\n\t%s", name, strings.Join(list, "\n\t"))
	}
}

// walk calls a function for each file in some files and directories of the project.
func walk(t *testing.T, roots []string, visit func(name, text string)) {
	t.Helper()
	for _, root := range roots {
		err := fs.WalkDir(os.DirFS("../.."), root, func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && d.Name() == "node_modules" {
				return fs.SkipDir
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(filepath.Join("../..", name))
			visit(name, string(text))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// textsOf returns the strings and the comments in a Go file by their places.
func textsOf(t *testing.T, name, text string) (literals, comments map[string]string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	literals, comments = map[string]string{}, map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if s, err := strconv.Unquote(l.Value); err == nil {
				literals[files.Position(l.Pos()).String()] = s
			}
		}
		return true
	})
	for _, c := range file.Comments {
		comments[files.Position(c.Pos()).String()] = c.Text()
	}
	return literals, comments
}
