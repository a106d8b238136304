package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// MaxSize is the largest file that is read, in bytes: far above what people
// write, far below what spans of 32 bits can address.
const MaxSize = 16 << 20

// A lexer cuts text into tokens. It knows nothing of the grammar: where text
// ends, for example, does not depend on the clause that it belongs to.
type lexer struct {
	file *source.File
	text string // up to where the lexer is to read
	pos  int
	line bool      // nothing but space since the last line end
	open bool      // there is no `*/` any more
	seen [256]bool // control characters that are reported
	list *diag.List
}

// tokens reads a whole file. Of the findings it keeps the first maxErrors.
func tokens(file *source.File, list *diag.List) []Token {
	l := lexer{file: file, text: file.Text(), line: true, list: list}
	if strings.HasPrefix(l.text, "\ufeff") {
		l.pos = len("\ufeff")
	}
	all := make([]Token, 0, len(l.text)/5+8)
	for {
		t := l.next()
		all = append(all, t)
		if len(*list) > maxErrors {
			*list = (*list)[:maxErrors]
		}
		if t.Kind == EOF {
			return all
		}
	}
}

// Bytes by what they can begin or continue.
const (
	isSpace = 1 << iota
	isLetter
	isDigit
	isControl
)

var class = func() (t [256]uint8) {
	for c := range 0x20 {
		t[c] = isControl
	}
	t[0x7f] = isControl
	t[' '], t['\t'] = isSpace, isSpace
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = isLetter, isLetter
	}
	t['_'] = isLetter
	for c := '0'; c <= '9'; c++ {
		t[c] = isDigit
	}
	return t
}()

// next returns the next token, and EOF again and again at the end.
func (l *lexer) next() Token {
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		switch {
		case class[c]&isSpace != 0:
			l.pos++
			continue
		case c == '\n':
			l.pos++
			l.line = true
			continue
		case c == '\r' && strings.HasPrefix(l.text[l.pos:], "\r\n"):
			l.pos++
			continue
		}
		t := Token{Line: l.line, Start: int32(l.pos)}
		t.Kind, t.Open = l.scan(c)
		t.End = int32(l.pos)
		l.line = t.Line && t.Kind == Comment
		return t
	}
	return Token{Kind: EOF, Line: true, Start: int32(len(l.text)), End: int32(len(l.text))}
}

// scan reads the token that begins with c and reports whether it is text
// without an end.
func (l *lexer) scan(c byte) (kind Kind, open bool) {
	switch {
	case class[c]&isLetter != 0:
		l.skip(isLetter | isDigit)
		return Word, false
	case class[c]&isDigit != 0:
		l.numeral()
		return Numeral, false
	}
	switch c {
	case '"':
		if strings.HasPrefix(l.text[l.pos:], `"""`) {
			return BlockText, l.block()
		}
		return Text, l.quoted()
	case '#':
		l.comment()
		return Comment, false
	case '{':
		return l.mark(LBrace)
	case '}':
		return l.mark(RBrace)
	case '(':
		return l.mark(LParen)
	case ')':
		return l.mark(RParen)
	case '[':
		return l.mark(LBracket)
	case ']':
		return l.mark(RBracket)
	case ',':
		return l.mark(Comma)
	case ':':
		return l.mark(Colon)
	case '.':
		return l.mark(Dot)
	case '-':
		return l.mark(Minus)
	case '*':
		return l.mark(Times)
	case '%':
		return l.mark(Percent)
	case '=':
		return l.pair('=', EqualEqual, Equals)
	case '+':
		return l.pair('=', PlusEquals, Plus)
	case '!':
		return l.pair('=', NotEqual, Not)
	case '<':
		return l.pair('=', LessEqual, Less)
	case '>':
		return l.pair('=', GreaterEqual, Greater)
	case '|':
		return l.pair('|', OrOr, Bad)
	case '&':
		return l.pair('&', AndAnd, Bad)
	case '/':
		switch {
		case strings.HasPrefix(l.text[l.pos:], "//"):
			return l.foreignComment(), false
		case l.line && strings.HasPrefix(l.text[l.pos:], "/*"):
			return l.blockComment(), false
		}
		return l.mark(Over)
	}
	return l.stray(), false
}

func (l *lexer) skip(classes uint8) {
	for l.pos < len(l.text) && class[l.text[l.pos]]&classes != 0 {
		l.pos++
	}
}

func (l *lexer) mark(k Kind) (Kind, bool) {
	l.pos++
	return k, false
}

// pair reads two bytes as long if second follows, else one as short.
func (l *lexer) pair(second byte, long, short Kind) (Kind, bool) {
	if l.pos+1 < len(l.text) && l.text[l.pos+1] == second {
		l.pos += 2
		return long, false
	}
	if short == Bad {
		return l.stray(), false
	}
	return l.mark(short)
}

func (l *lexer) comment() {
	start := l.pos
	n := strings.IndexByte(l.text[l.pos:], '\n')
	if n < 0 {
		n = len(l.text) - l.pos
	}
	l.pos += n
	if n > 0 && l.text[l.pos-1] == '\r' {
		l.pos--
	}
	for i := start; i < l.pos; i++ {
		if c := l.text[i]; class[c]&isControl != 0 && c != '\t' {
			l.control(i)
			return
		}
	}
}

// foreignComment reads `//` and the rest of the line: a comment of other
// languages or, after a colon, the address that it begins.
func (l *lexer) foreignComment() Kind {
	start := l.pos
	first := start - len("https:")
	for first = max(first, 0); first < start && class[l.text[first]]&isLetter == 0; {
		first++
	}
	if start > 0 && l.text[start-1] == ':' && first < start-1 {
		end := start
		for end < len(l.text) && class[l.text[end]]&(isSpace|isControl) == 0 && !strings.ContainsRune(`",()[]{}`, rune(l.text[end])) {
			end++
		}
		l.pos = end
		at := source.Span{File: l.file, Start: first, End: end}
		l.list.Errorf("E0001", at, "text stands in double quotes").
			Hint("write %s", quoteShort(`"`+at.Text()+`"`)).Fix(at, `"`+at.Text()+`"`)
		return Bad
	}
	l.comment()
	at := source.Span{File: l.file, Start: start, End: start + 2}
	l.list.Errorf("E0001", at, "`//` begins no comment").
		Hint("comments begin with `#`").Fix(at, "#")
	return Comment
}

// blockComment reads a comment of other languages, which ends with `*/` or, if
// that is nowhere, with the line.
func (l *lexer) blockComment() Kind {
	start := l.pos
	at := source.Span{File: l.file, Start: start, End: start + 2}
	l.list.Errorf("E0001", at, "`/*` begins no comment").
		Hint("comments begin with `#`, on each of their lines")
	n := -1
	if !l.open {
		n = strings.Index(l.text[start+2:], "*/")
	}
	if l.open = n < 0; l.open {
		l.comment()
		return Comment
	}
	l.pos = start + 2 + n + 2
	return Comment
}

// quoted reads text up to its closing quote or, without one, to the end of the
// line.
func (l *lexer) quoted() (open bool) {
	start := l.pos
	for i := start + 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '"':
			l.pos = i + 1
			return false
		case c == '\n' || c == '\r' && strings.HasPrefix(l.text[i:], "\r\n"):
			l.pos = i
			if end := l.continued(start, i); end > 0 {
				l.pos = end
				return false
			}
			l.unterminated(start, 1)
			return true
		case c == '\\' && i+1 < len(l.text) && (l.text[i+1] == '"' || l.text[i+1] == '\\'):
			i++
		case class[c]&isControl != 0 && c != '\t':
			l.control(i)
		}
	}
	l.pos = len(l.text)
	l.unterminated(start, 1)
	return true
}

// continued reports text that goes on over lines that end in a backslash, as a
// shell's may, and returns where it ends, or 0 if it is no such text, or if
// nobody would see the finding.
func (l *lexer) continued(start, line int) (end int) {
	if len(*l.list) >= maxErrors {
		return 0
	}
	for i := line; strings.HasSuffix(strings.TrimSuffix(l.text[start:i], "\r"), `\`); {
		rest, _, _ := strings.Cut(l.text[i+1:], "\n")
		for n := 0; n < len(rest); n++ {
			switch rest[n] {
			case '\\':
				n++
			case '"':
				end = i + 1 + n + 1
				opening, closing := source.Span{File: l.file, Start: start, End: start + 1}, source.Span{File: l.file, Start: end - 1, End: end}
				l.list.Errorf("E0002", opening, "text has no end on its line").At("opened here").
					See(closing, "and closed here, on another line").
					Hint("text of several lines stands between `\"\"\"` and `\"\"\"`").
					Fix(opening, `"""`).Fix(closing, `"""`)
				return end
			}
		}
		i += 1 + len(rest)
		if i >= len(l.text) {
			break
		}
	}
	return 0
}

// block reads text up to its three closing quotes or, without them, to the end
// of the file.
func (l *lexer) block() (open bool) {
	start := l.pos
	for i := start + 3; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '"' && strings.HasPrefix(l.text[i:], `"""`):
			l.pos = i + 3
			return false
		case c == '\\' && i+1 < len(l.text) && (l.text[i+1] == '"' || l.text[i+1] == '\\'):
			i++
		case class[c]&isControl != 0 && c != '\t' && c != '\n' && (c != '\r' || !strings.HasPrefix(l.text[i:], "\r\n")):
			l.control(i)
		}
	}
	l.pos = len(l.text)
	l.unterminated(start, 3)
	return true
}

func (l *lexer) unterminated(start, quotes int) {
	at := source.Span{File: l.file, Start: start, End: start + quotes}
	if quotes == 3 {
		l.list.Errorf("E0002", at, "text has no end").At("opened here").
			Note("text in three quotes goes on to the next three quotes").
			Hint("close it with `\"\"\"`")
		return
	}
	d := l.list.Errorf("E0002", at, "text has no end on its line").At("opened here")
	if n := strings.LastIndexByte(l.text[:start], '\n') + 1; strings.Count(l.text[n:start], `"`) > 1 {
		d.Note("a quote before it on this line may be the one that is missing its partner")
	}
	d.Hint("close it with `\"`; text of several lines stands between `\"\"\"` and `\"\"\"`")
}

// control reports a control character, once for all of its kind: where there are
// many, the file is hardly text.
func (l *lexer) control(i int) {
	if l.seen[l.text[i]] {
		return
	}
	l.seen[l.text[i]] = true
	at := source.Span{File: l.file, Start: i, End: i + 1}
	l.list.Errorf("E0001", at, "control character U+%04X", l.text[i]).
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
			d := l.list.Errorf("E0001", at, "text stands in double quotes")
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
		if last := (*l.list)[n-1].Span; last.Text() == ";" && !strings.Contains(l.text[last.Start:start], "\n") {
			return Bad // said once for the line
		}
	}
	if spaceLike(r) {
		l.list.Errorf("E0001", at, "unexpected U+%04X, which looks like a space and is none", r).
			Hint("write a space").Fix(at, " ")
		return Bad
	}
	d := l.list.Errorf("E0001", at, "unexpected %s", quoteShort(at.Text()))
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

// numeral reads digits, a point with digits, and the unit.
func (l *lexer) numeral() {
	start := l.pos
	points := 0
	l.skip(isDigit)
	for l.pos+1 < len(l.text) && l.text[l.pos] == '.' && class[l.text[l.pos+1]]&isDigit != 0 {
		points++
		l.pos++
		l.skip(isDigit)
	}
	digits := l.text[start:l.pos]
	l.skip(isLetter | isDigit)
	at := source.Span{File: l.file, Start: start, End: l.pos}
	unit := l.text[start+len(digits) : l.pos]
	switch {
	case points > 1, points == 1 && unit == "":
		if start > 0 && l.text[start-1] == '@' {
			return // part of what is reported
		}
		const longest = 64 // bytes
		for at.End < min(len(l.text), start+longest) && (class[l.text[at.End]]&(isLetter|isDigit) != 0 || strings.IndexByte("-+.", l.text[at.End]) >= 0) {
			at.End++ // 17.0.2-alpine
		}
		text := at.Text()
		l.list.Errorf("E0005", at, "%s is no number", quoteShort(text)).
			Note("a number with a point needs a unit, such as 1.5h or 29.8MB; versions are text").
			Hint("write %s", quoteShort(`"`+text+`"`)).Fix(at, `"`+text+`"`)
	case unit != "" && !isUnit(unit):
		l.badUnit(at, digits, unit)
	case unit == "" && len(digits) > 1 && digits[0] == '0' && strings.ContainsAny(digits, "89"):
		l.list.Errorf("E0005", at, "%s is no mode", quoteShort(digits)).
			Note("a number that begins with 0 is octal, as in 0755").
			Hint("drop the leading 0, or use the digits 0 to 7")
	case len(digits)-points > 18:
		l.list.Errorf("E0005", at, "the number is too large").Note("numbers have up to 18 digits")
	}
}

var (
	durationUnits = [...]string{"ms", "s", "m", "h", "d"}
	sizeUnits     = [...]string{"B", "KB", "MB", "GB", "KiB", "MiB", "GiB"}
)

func isUnit(s string) bool {
	for _, u := range durationUnits {
		if s == u {
			return true
		}
	}
	for _, u := range sizeUnits {
		if s == u {
			return true
		}
	}
	return false
}

// badUnit reports digits with letters behind them that are no unit.
func (l *lexer) badUnit(at source.Span, digits, unit string) {
	const longest = 8 // letters; what has more was hardly meant as a unit
	octal := strings.TrimLeft(unit, "oO")
	switch near, long := longUnits(unit); {
	case digits == "0" && octal != unit && octal != "" && strings.Trim(octal, "01234567") == "":
		l.list.Errorf("E0005", at, "%s is no number", quoteShort(at.Text())).
			Note("a number that begins with 0 is octal").
			Hint("write `0%s`", octal).Fix(at, "0"+octal)
	case len(unit) > longest:
		l.list.Errorf("E0005", at, "%s is no number", quoteShort(at.Text())).
			Note("text stands in double quotes, and names begin with a letter").
			Hint("put it in quotes").Fix(at, `"`+at.Text()+`"`)
	default:
		d := l.list.Errorf("E0005", at, "unknown unit %s", quoteShort(unit)).
			Note("durations have %s, sizes %s; names begin with a letter", strings.Join(durationUnits[:], " "), strings.Join(sizeUnits[:], " "))
		if long {
			d.Hint("write `%s`", digits+near).Fix(at, digits+near)
		} else if near := diag.Nearest(unit, append(durationUnits[:], sizeUnits[:]...)); near != "" {
			d.Hint("did you mean `%s`?", digits+near).Fix(at, digits+near)
		}
	}
}

// longUnits knows units by the names that other tools have for them.
func longUnits(unit string) (string, bool) {
	switch unit {
	case "M":
		return "MB", true
	case "Ki", "Mi", "Gi":
		return unit + "B", true
	}
	switch strings.ToLower(strings.TrimSuffix(unit, "s")) {
	case "sec", "second":
		return "s", true
	case "min", "minute":
		return "m", true
	case "hr", "hour":
		return "h", true
	case "day":
		return "d", true
	case "k", "kb":
		return "KB", true
	case "mb", "mega":
		return "MB", true
	case "g", "gb":
		return "GB", true
	case "byte":
		return "B", true
	}
	return "", false
}
