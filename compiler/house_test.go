package compiler_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Limits that keep files and types readable.
const (
	maxLines   = 600
	maxMethods = 60
)

// TestSizes limits files and types. The comment of a larger type must explain why it has "more
// than 60 methods".
func TestSizes(t *testing.T) {
	type receiver struct{ dir, name string }
	methods, reasons := map[receiver]int{}, map[receiver]string{}
	fset := token.NewFileSet()
	for _, pattern := range []string{"lang/*/*.go", "lang/lsp/*/*.go", "compiler/*.go", "compiler/*/*.go", "compiler/*/*/*.go", "llb/*.go", "llb/*/*.go", "llb/*/*/*.go", "cmd/*/*.go", "stdlib/*.go"} {
		names, err := filepath.Glob("../" + pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			file, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if lines := fset.File(file.Pos()).LineCount(); lines > maxLines {
				t.Errorf("%s has %d lines, more than %d: split it", name, lines, maxLines)
			}
			for _, d := range file.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if of := receiverOf(d); of != "" {
						methods[receiver{filepath.Dir(name), of}]++
					}
				case *ast.GenDecl:
					for _, s := range d.Specs {
						if s, ok := s.(*ast.TypeSpec); ok {
							reasons[receiver{filepath.Dir(name), s.Name.Name}] = d.Doc.Text() + s.Doc.Text()
						}
					}
				}
			}
		}
	}
	for of, n := range methods {
		words := strings.Join(strings.Fields(reasons[of]), " ")
		if says := strings.Contains(words, "more than 60 methods"); says != (n > maxMethods) {
			t.Errorf("%s.%s has %d methods; its comment mentions more than %d methods: %t", of.dir, of.name, n, maxMethods, says)
		}
	}
}

// receiverOf returns the name of the type that a function is a method of, or "".
func receiverOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	e := f.Recv.List[0].Type
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if generic, ok := e.(*ast.IndexExpr); ok {
		e = generic.X
	}
	if name, ok := e.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}
