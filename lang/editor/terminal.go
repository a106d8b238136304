package editor

import (
	"strings"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// colours of kinds on a terminal; other kinds have none.
var colours = map[Kind]string{
	Comment: "\x1b[2m", Keyword: "\x1b[34m", Number: "\x1b[36m", String: "\x1b[32m", Shell: "\x1b[33m",
}

// Coloured returns a text in the colours of a terminal: a file, the clauses of a block, or the
// heads of declarations. No colour goes beyond a line.
func Coloured(text string) string {
	tree, at := read(text)
	var b strings.Builder
	done := 0
	for _, s := range Spans(tree) {
		start, end := s.Start-at, s.End-at
		c := colours[s.Kind]
		if c == "" || start < done || end > len(text) {
			continue
		}
		b.WriteString(text[done:start])
		for n, line := range strings.Split(text[start:end], "\n") {
			if n > 0 {
				b.WriteByte('\n')
			}
			inner := strings.TrimLeft(line, " ")
			b.WriteString(line[:len(line)-len(inner)])
			if inner != "" {
				b.WriteString(c + inner + "\x1b[0m")
			}
		}
		done = end
	}
	return b.String() + text[done:]
}

// read parses a text as what it can be, and returns where it begins in what was parsed. A text that
// it does not understand has the colours of its tokens.
func read(text string) (tree *syntax.File, at int) {
	for _, around := range [][2]string{{}, {"", " {}"}, {"component x {\n", "\n}"}, {"app x {\n", "\n}"}, {"fleet {\n", "\n}"}, {"user x {\n", "\n}"}} {
		tree, list := syntax.Parse(source.New("", around[0]+text+around[1]))
		if len(list) == 0 {
			return tree, len(around[0])
		}
	}
	tree, _ = syntax.Parse(source.New("", text))
	return tree, 0
}
