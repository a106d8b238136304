package syntax

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote returns the string literal of a text. A text that is not UTF-8 has none.
func Quote(text string) (literal string, ok bool) {
	if !utf8.ValidString(text) {
		return "", false
	}
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '$' && strings.HasPrefix(text[i:], "${"):
			b.WriteString("$$")
		case r != ' ' && !unicode.IsGraphic(r):
			fmt.Fprintf(&b, `\u{%X}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`, true
}
