//go:build cgo

package editor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	sitter "github.com/tree-sitter/go-tree-sitter"

	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"

	layer "github.com/layc-lang/layc/lang/editor/tree-sitter-layer/src"
)

// queried calls f for each capture of a query in a text, in order.
func queried(t *testing.T, name, text string, f func(capture string, n sitter.Node)) {
	t.Helper()
	language := sitter.NewLanguage(layer.Language())
	q := query(t, language, name)
	p := sitter.NewParser()
	defer p.Close()
	if err := p.SetLanguage(language); err != nil {
		t.Fatal(err)
	}
	tree := p.Parse([]byte(text), nil)
	defer tree.Close()
	cursor := sitter.NewQueryCursor()
	defer cursor.Close()
	captures := cursor.Captures(q, tree.RootNode(), []byte(text))
	for m, i := captures.Next(); m != nil; m, i = captures.Next() {
		c := m.Captures[i]
		f(q.CaptureNames()[c.Index], c.Node)
	}
}

// structured has everything that folds and declares.
const structured = `import "std/debian"
import "./web" as site

param port: int = 80

slot server

component tool(
    version: string = "1",
    names: list(string),
) {
    let all = [
        "a",
    ]
    for name, value in { A: "1" } {
        env X = value
    }
    run """
        true
    """
    match port {
        80 {
            expose port
        }
    }
}

user www {
    uid 1
}

app shop for n in all {
    uses tool(
        version: "2",
    )
}
`

// TestTreeSitterFolds checks which lines editors can fold.
func TestTreeSitterFolds(t *testing.T) {
	folds := map[string]bool{}
	imports := uint(0) // the last line with one
	queried(t, "folds", structured, func(_ string, n sitter.Node) {
		switch start, end := n.StartPosition().Row+1, n.EndPosition().Row+1; {
		case n.Kind() == "import":
			imports = end
		case end > start:
			folds[fmt.Sprintf("%02d-%02d %s", start, end, n.Kind())] = true
		}
	})
	var got []string
	for f := range folds {
		got = append(got, f)
	}
	slices.Sort(got)
	want := "08-11 parameters, 11-26 block, 12-14 list, 15-17 block, 18-20 shell_block, 21-25 match, 22-24 block, 28-30 block, 32-36 block, 33-35 arguments"
	if s := strings.Join(got, ", "); s != want || imports != 2 {
		t.Errorf("got %s, and imports to line %d; want %s, and 2", s, imports, want)
	}
}

// TestTreeSitterLocals checks which names are definitions, and where they are visible.
func TestTreeSitterLocals(t *testing.T) {
	var definitions, scopes []string
	references := map[string]bool{}
	queried(t, "locals", structured, func(capture string, n sitter.Node) {
		text := structured[n.StartByte():n.EndByte()]
		switch {
		case capture == "local.scope":
			scopes = append(scopes, fmt.Sprintf("%s %d", n.Kind(), n.StartPosition().Row+1))
		case capture == "local.reference":
			references[text] = true
		default:
			definitions = append(definitions, text+" "+strings.TrimPrefix(capture, "local.definition."))
		}
	})
	want := "site import, port parameter, server var, tool function, version parameter, names parameter, all var, name var, value var, www var, n var"
	if got := strings.Join(definitions, ", "); got != want {
		t.Errorf("the definitions are %s, want %s", got, want)
	}
	for _, scope := range []string{"component 8", "block 15", "user 28", "app 32"} {
		if !slices.Contains(scopes, scope) {
			t.Errorf("%s is not a scope: %v", scope, scopes)
		}
	}
	for _, name := range []string{"value", "port", "tool", "all"} {
		if !references[name] {
			t.Errorf("%s is not a reference: %v", name, references)
		}
	}
}

// TestTreeSitterIndents checks that the lines of formatted texts are indented as the query says, the way
// editors read it: each node that begins an indent on an earlier line adds a level, unless it ends on
// this line. Lines that continue a statement have an indent of their own.
func TestTreeSitterIndents(t *testing.T) {
	lines := 0
	for _, text := range append(texts(t), structured) {
		file := source.New("x.layer", text)
		tree, list := syntax.Parse(file)
		if list.HasErrors() || format.File(tree) != text {
			continue
		}
		own := ownIndent(tree)
		levels := make([]map[uint]bool, file.Lines()+2)
		add := func(row, from uint) {
			if levels[row] == nil {
				levels[row] = map[uint]bool{}
			}
			levels[row][from] = true
		}
		ends := map[uint]uint{} // rows of brackets that end an indent, with the rows of the openings
		queried(t, "indents", text, func(capture string, n sitter.Node) {
			start, end := n.StartPosition().Row, n.EndPosition().Row
			switch capture {
			case "indent.begin":
				for row := start + 1; row <= end; row++ {
					add(row, start)
				}
			case "indent.end":
				ends[n.StartByte()] = n.Parent().StartPosition().Row
			case "indent.auto":
				for row := start; row <= end; row++ {
					own[int(row)+1] = own[int(row)+1] || row > start || n.Kind() == "comment"
				}
			}
		})
		for n := 1; n <= file.Lines(); n++ {
			line := file.Line(n)
			trimmed := strings.TrimLeft(line, " ")
			if trimmed == "" || own[n] {
				continue
			}
			level := len(levels[n-1])
			at := uint(file.LineStart(n) + len(line) - len(trimmed))
			if from, closes := ends[at]; closes && levels[n-1][from] {
				level--
			}
			lines++
			if got := len(line) - len(trimmed); got != 4*level {
				t.Errorf("line %d is indented by %d, and the query says %d: %s\nin:\n%s", n, got, 4*level, line, text)
				return
			}
		}
	}
	if lines < 1000 {
		t.Errorf("only %d lines", lines)
	}
}

// ownIndent returns the lines that continue a statement outside of brackets, and what is in them.
func ownIndent(tree *syntax.File) map[int]bool {
	own := map[int]bool{}
	depth, continued := 0, false
	last := syntax.EOF
	for _, t := range tree.Tokens {
		if t.Kind == syntax.Comment {
			continue
		}
		if t.Line && depth == 0 {
			continued = last == syntax.Comma || last >= syntax.OrOr && last <= syntax.Not
		}
		if t.Line && continued {
			own[tree.Source.Position(int(t.Start)).Line] = true
		}
		switch t.Kind {
		case syntax.LParen, syntax.LBracket:
			depth++
		case syntax.RParen, syntax.RBracket:
			depth--
		}
		last = t.Kind
	}
	return own
}
