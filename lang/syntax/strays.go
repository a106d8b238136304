package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// control reports a control character, once per character: a file with many is probably not text.
func (l *lexer) control(i int) {
	if l.seen[l.text[i]] {
		return
	}
	l.seen[l.text[i]] = true
	at := source.Span{File: l.file, Start: i, End: i + 1}
	l.list.Errorf(diag.UnexpectedCharacter, at, "control character U+%04X", l.text[i]).
		Note("invisible characters make a file look different from its content").
		Hint("in a string, write `\\u{%x}`", l.text[i])
}

// stray reads consecutive bytes that begin no token, and reports them once.
func (l *lexer) stray() Kind {
	start := l.pos
	r, size := utf8.DecodeRuneInString(l.text[start:])
	if closer, ok := foreignQuotes[r]; ok {
		const near = 1000 // bytes, so that a long line of quotes does not take quadratic time
		rest, _, _ := strings.Cut(l.text[start+size:min(len(l.text), start+size+near)], "\n")
		if n := strings.Index(rest, closer); n >= 0 {
			l.pos = start + size + n + len(closer)
			at := source.Span{File: l.file, Start: start, End: l.pos}
			d := l.list.Errorf(diag.UnexpectedCharacter, at, "strings use double quotes")
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
		return Bad // invalid UTF-8 is reported elsewhere
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
			return Bad // reported once per line
		}
	}
	if spaceLike(r) {
		l.list.Errorf(diag.UnexpectedCharacter, at, "unexpected U+%04X, which only looks like a space", r).
			Hint("write a space").Fix(at, " ")
		return Bad
	}
	d := l.list.Errorf(diag.UnexpectedCharacter, at, "unexpected %s", quoteShort(at.Text()))
	switch {
	case strayHints[r] != "":
		d.Hint("%s", strayHints[r])
		if line, _, _ := strings.Cut(l.text[l.pos:], "\n"); r == ';' && strings.TrimSpace(line) == "" {
			d.Fix(at, "")
		}
	case r == '$':
		l.dollar(d, at)
	case r >= utf8.RuneSelf && r != utf8.RuneError:
		d.Hint("names contain only ASCII letters, digits and `_`; write other characters in strings")
	}
	return Bad
}

// spaceLike reports whether a character looks like a space, or is invisible.
func spaceLike(r rune) bool {
	return r >= utf8.RuneSelf && (unicode.IsSpace(r) || r >= 0x200b && r <= 0x200d || r == 0x2060 || r == 0xfeff)
}

// first returns the first character of a string.
func first(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// dollar adds help for a dollar sign outside of strings.
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
		d.Hint("write `${…}` only inside strings: \"…${name}…\"")
	default:
		end := at.End + n
		if braces {
			end += len("{}")
		}
		d.Note("write `${…}` only inside strings: \"…${name}…\"").
			Hint("outside strings, write the name: `%s`", quoteLess(name[:n])).
			Fix(source.Span{File: l.file, Start: at.Start, End: end}, name[:n])
	}
}

// badUnit reports digits followed by letters that are not a unit.
func (l *lexer) badUnit(at source.Span, digits, unit string) {
	const longest = 8 // letters; more letters are probably not meant as a unit
	octal := strings.TrimLeft(unit, "oO")
	switch near, long := longUnits(unit); {
	case digits == "0" && octal != unit && octal != "" && strings.Trim(octal, "01234567") == "":
		l.list.Errorf(diag.MalformedNumber, at, "not a valid number: %s", quoteShort(at.Text())).
			Note("numbers that begin with 0 are octal").
			Hint("write `0%s`", octal).Fix(at, "0"+octal)
	case strings.Trim(unit, "_0123456789") == "":
		number := strings.ReplaceAll(at.Text(), "_", "")
		l.list.Errorf(diag.MalformedNumber, at, "not a valid number: %s", quoteShort(at.Text())).
			Hint("remove the underscores: `%s`", quoteLess(number)).Fix(at, number)
	case digits == "0" && (unit[0] == 'x' || unit[0] == 'b'):
		l.list.Errorf(diag.MalformedNumber, at, "not a valid number: %s", quoteShort(at.Text())).
			Note("numbers are decimal, or octal with a leading 0").
			Hint("write it as a decimal number")
	case len(unit) > longest:
		l.list.Errorf(diag.MalformedNumber, at, "not a valid number: %s", quoteShort(at.Text())).
			Note("strings use double quotes; names begin with a letter").
			Hint("write it in quotes").Fix(at, `"`+at.Text()+`"`)
	default:
		d := l.list.Errorf(diag.MalformedNumber, at, "unknown unit %s", quoteShort(unit)).
			Note("units of durations are %s, of sizes %s; names begin with a letter", strings.Join(durationUnits[:], " "), strings.Join(sizeUnits[:], " "))
		if long {
			d.Hint("write `%s`", digits+near).Fix(at, digits+near)
		} else if near := diag.Nearest(unit, append(durationUnits[:], sizeUnits[:]...)); near != "" {
			d.Hint("did you mean `%s`?", digits+near).Fix(at, digits+near)
		}
	}
}
