//go:build cgo

package editor_test

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	sitter "github.com/tree-sitter/go-tree-sitter"

	"github.com/layc-lang/layc/lang/editor"
	layer "github.com/layc-lang/layc/lang/editor/tree-sitter-layer/src"
)

const treeSitterDir = "tree-sitter-layer"

// TestTreeSitter checks that tree-sitter reads every text that layc reads, and that the colours of
// highlights.scm and injections.scm agree with layc.
func TestTreeSitter(t *testing.T) {
	language := sitter.NewLanguage(layer.Language())
	highlights, injections := query(t, language, "highlights"), query(t, language, "injections")
	p := sitter.NewParser()
	defer p.Close()
	if err := p.SetLanguage(language); err != nil {
		t.Fatal(err)
	}
	for _, text := range append(texts(t), mutations(t, 3000)...) {
		tree := p.Parse([]byte(text), nil)
		kinds := make([]editor.Kind, len(text))
		paint(kinds, highlights, tree.RootNode(), text, captureKind)
		paint(kinds, injections, tree.RootNode(), text, func(string) editor.Kind { return editor.Shell })
		if tree.RootNode().HasError() {
			t.Errorf("tree-sitter does not read this:\n%s\n%s", text, tree.RootNode().ToSexp())
		} else if d := disagreement(text, kinds); d != "" {
			t.Error(d)
		}
		tree.Close()
	}
}

// TestTreeSitterQueries checks that all queries are correct, and that the list of values is whole.
func TestTreeSitterQueries(t *testing.T) {
	language := sitter.NewLanguage(layer.Language())
	names, err := filepath.Glob(treeSitterDir + "/queries/*.scm")
	if err != nil || len(names) < 5 {
		t.Fatalf("%d queries: %v", len(names), err)
	}
	for _, name := range names {
		query(t, language, strings.TrimSuffix(filepath.Base(name), ".scm"))
	}
	text, err := os.ReadFile(treeSitterDir + "/queries/highlights.scm")
	if err != nil {
		t.Fatal(err)
	}
	if want := `"` + strings.Join(editor.Values(), `" "`) + `"`; !strings.Contains(string(text), want) {
		t.Errorf("highlights.scm lacks the words %s", want)
	}
}

// query reads a query, which must be about nodes that the grammar has.
func query(t *testing.T, language *sitter.Language, name string) *sitter.Query {
	text, err := os.ReadFile(treeSitterDir + "/queries/" + name + ".scm")
	if err != nil {
		t.Fatal(err)
	}
	q, bad := sitter.NewQuery(language, string(text))
	if bad != nil {
		t.Fatalf("%s.scm:%d: %s", name, bad.Row+1, bad.Message)
	}
	t.Cleanup(q.Close)
	return q
}

// paint sets the kinds of the bytes that a query captures: what begins later or ends earlier wins,
// then the later pattern.
func paint(kinds []editor.Kind, q *sitter.Query, root *sitter.Node, text string, kindOf func(string) editor.Kind) {
	type capture struct {
		start, end, pattern uint
		name                string
	}
	var all []capture
	cursor := sitter.NewQueryCursor()
	defer cursor.Close()
	matches := cursor.Matches(q, root, []byte(text))
	for m := matches.Next(); m != nil; m = matches.Next() {
		for _, c := range m.Captures {
			all = append(all, capture{c.Node.StartByte(), c.Node.EndByte(), m.PatternIndex, q.CaptureNames()[c.Index]})
		}
	}
	slices.SortStableFunc(all, func(a, b capture) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.pattern, b.pattern))
	})
	for _, c := range all {
		for i := c.start; i < c.end; i++ {
			kinds[i] = kindOf(c.name)
		}
	}
}

// captureKind returns the kind of a capture of highlights.scm.
func captureKind(name string) editor.Kind {
	switch first, _, _ := strings.Cut(name, "."); first {
	case "comment":
		return editor.Comment
	case "keyword", "boolean":
		return editor.Keyword
	case "string":
		return editor.String
	case "number":
		return editor.Number
	case "punctuation", "operator":
		return editor.Mark
	}
	return editor.Name
}

// TestTreeSitterFresh checks that parser.c is made from the grammar as it is.
func TestTreeSitterFresh(t *testing.T) {
	hash := sha256.New()
	for _, name := range []string{"grammar.js", "clauses.json"} {
		text, err := os.ReadFile(treeSitterDir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		hash.Write(text)
	}
	sum, err := os.ReadFile(treeSitterDir + "/src/grammar.sha256")
	if err != nil {
		t.Fatal(err)
	}
	if string(sum) != fmt.Sprintf("%x\n", hash.Sum(nil)) {
		t.Error("src/parser.c is stale; run make tree-sitter")
	}
}
