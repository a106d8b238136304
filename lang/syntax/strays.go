package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// control reports a control character, once for all of its kind: where there are
// many, the file is hardly text.
func (l *lexer) control(i int) {
	if l.seen[l.text[i]] {
		return
	}
	l.seen[l.text[i]] = true
	at := source.Span{File: l.file, Start: i, End: i + 1}
	l.list.Errorf(diag.UnexpectedCharacter, at, "control character U+%04X", l.text[i]).
		Note("a file that looks like something else than it is helps nobody").
		Hint("in text, write it as `\\u{%x}`", l.text[i])
}

// stray reads bytes that begin no token, as many as there are in a row, and
// reports them once.
func (l *lexer) stray() Kind {
	start := l.pos
	r, size := utf8.DecodeRuneInString(l.text[start:])
	if closer, ok := foreignQuotes(r); ok {
		const near = 1000 // bytes, so that a long line of quotes takes no quadratic time
		rest, _, _ := strings.Cut(l.text[start+size:min(len(l.text), start+size+near)], "\n")
		if n := strings.Index(rest, closer); n >= 0 {
			l.pos = start + size + n + len(closer)
			at := source.Span{File: l.file, Start: start, End: l.pos}
			d := l.list.Errorf(diag.UnexpectedCharacter, at, "text stands in double quotes")
			if !strings.ContainsAny(rest[:n], `"\`) {
				d.Hint("write `%s`", quoteLess(`"`+rest[:n]+`"`)).Fix(at, `"`+rest[:n]+`"`)
			}
			return Bad
		}
	}
	if class[byte(r)]&isControl != 0 && r < utf8.RuneSelf {
		l.control(start)
		l.pos = start + 1
		for l.pos < len(l.text) && l.text[l.pos] == l.text[start] {
			l.pos++
		}
		return Bad
	}
	if r == utf8.RuneError && size == 1 {
		l.pos = start + 1
		return Bad // that the file is not UTF-8 is reported
	}
	for l.pos = start + size; l.pos < len(l.text); {
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		if r == utf8.RuneError && size == 1 || spaceLike(r) != spaceLike(first(l.text[start:])) {
			break
		}
		if r < utf8.RuneSelf && !strings.ContainsRune("$&'?@\\^`|~;", r) {
			break
		}
		l.pos += size
	}
	at := source.Span{File: l.file, Start: start, End: l.pos}
	if n := len(*l.list); r == ';' && n > 0 {
		if last := (*l.list)[n-1].Span; last.Text() == ";" && last.End <= start && !strings.Contains(l.text[last.Start:start], "\n") {
			return Bad // said once for the line
		}
	}
	if spaceLike(r) {
		l.list.Errorf(diag.UnexpectedCharacter, at, "unexpected U+%04X, which looks like a space and is none", r).
			Hint("write a space").Fix(at, " ")
		return Bad
	}
	d := l.list.Errorf(diag.UnexpectedCharacter, at, "unexpected %s", quoteShort(at.Text()))
	switch r {
	case '@':
		d.Hint("the arguments of a component stand in parentheses: `NAME(\"1.0\")`; anything else with an `@` is text")
	case '?':
		d.Hint("a choice is written `if CONDITION { VALUE } else { VALUE }`")
	case ';':
		d.Hint("a statement ends with its line")
		if line, _, _ := strings.Cut(l.text[l.pos:], "\n"); strings.TrimSpace(line) == "" {
			d.Fix(at, "")
		}
	case '&', '|':
		d.Hint("`and` is `&&`, `or` is `||`")
	case '$':
		l.dollar(d, at)
	default:
		if r >= utf8.RuneSelf && r != utf8.RuneError {
			d.Hint("names are made of ASCII letters, digits and `_`; anything else belongs in text")
		}
	}
	return Bad
}

// spaceLike reports whether a character looks like a space, or like nothing.
func spaceLike(r rune) bool {
	return r >= utf8.RuneSelf && (unicode.IsSpace(r) || r >= 0x200b && r <= 0x200d || r == 0x2060 || r == 0xfeff)
}

// first is the first character of a text.
func first(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// dollar says how a name is written that a dollar sign stands before: as it is.
func (l *lexer) dollar(d *diag.Diagnostic, at source.Span) {
	const longest = 100 // bytes
	rest := l.text[at.End:min(len(l.text), at.End+longest)]
	inner, _, closed := strings.Cut(strings.TrimPrefix(rest, "{"), "}")
	name := strings.TrimLeft(rest, "{")
	if closed && strings.HasPrefix(rest, "{") {
		name = inner
	}
	n := 0
	for n < len(name) && class[name[n]]&(isLetter|isDigit) != 0 {
		n++
	}
	switch braces := strings.HasPrefix(rest, "{"); {
	case at.End-at.Start > 1 || n == 0 || braces && (!closed || n < len(name)):
		d.Hint("`${…}` belongs inside text: \"…${name}…\"")
	default:
		end := at.End + n
		if braces {
			end += len("{}")
		}
		d.Note("`${…}` belongs inside text: \"…${name}…\"").
			Hint("outside, a name stands as it is: `%s`", quoteLess(name[:n])).
			Fix(source.Span{File: l.file, Start: at.Start, End: end}, name[:n])
	}
}

// foreignQuotes returns what closes a quotation mark that other languages use.
func foreignQuotes(r rune) (closer string, ok bool) {
	switch r {
	case '\'':
		return "'", true
	case '`':
		return "`", true
	case '“', '”', '„':
		return "”", true
	case '‘', '’':
		return "’", true
	case '«':
		return "»", true
	}
	return "", false
}

// quoteShort puts text in backquotes, cut to a readable length.
func quoteShort(s string) string {
	const most = 24
	if len(s) > most {
		n := most
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	return "`" + s + "`"
}
