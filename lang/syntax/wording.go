package syntax

import (
	"fmt"
	"strings"

	"github.com/layc-lang/layc/lang/term"
)

// describe describes a token for errors.
func (p *parser) describe(t Token) string {
	switch t.Kind {
	case EOF:
		return t.Kind.String()
	case Text, BlockText:
		return "a string"
	}
	return quoteShort(p.textOf(t))
}

// quoted lists words for errors: `a`, `b` or `c`.
func quoted(words []string) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "`%s`", w)
	}
	return b.String()
}

// article lists places with their articles: a component or an app.
func article(in Place) string {
	s := strings.ReplaceAll(in.String(), "or app", "or an app")
	if strings.HasPrefix(s, "app") {
		return "an " + s
	}
	return "a " + s
}

// quoteLess cuts a word to a readable length.
func quoteLess(word string) string { return strings.Trim(quoteShort(word), "`") }

// quoteShort puts text in backquotes, and cuts it to a readable length.
func quoteShort(s string) string { return "`" + term.Cut(s, 25) + "`" }
