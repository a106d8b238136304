package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// MaxSize is the maximum size of a file in bytes: far above what people write, and far below
// what 32-bit spans can address.
const MaxSize = 16 << 20

// lexer splits text into tokens. It knows nothing about the grammar: for example, where a
// string ends does not depend on its clause.
type lexer struct {
	file *source.File
	text string // the text to read, from the start of the file
	pos  int
	line bool      // only space since the last line end
	open bool      // no `*/` follows
	seen [256]bool // reported control characters
	list *diag.List
}

// tokens reads a whole file. It keeps at most the first maxErrors errors and warnings.
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

// next returns the next token; at the end, EOF on every call.
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
		l.line = false
		return t
	}
	return Token{Kind: EOF, Line: true, Start: int32(len(l.text)), End: int32(len(l.text))}
}

// scan reads the token that begins with c, and reports whether it is an unterminated
// string.
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

// pair reads two bytes as long if second follows, else one byte as short.
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

// foreignComment reads `//` and the rest of the line: another language's comment or, after a
// colon, a URL.
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
		l.list.Errorf(diag.UnexpectedCharacter, at, "strings use double quotes").
			Hint("write %s", quoteShort(`"`+at.Text()+`"`)).Fix(at, `"`+at.Text()+`"`)
		return Bad
	}
	l.comment()
	at := source.Span{File: l.file, Start: start, End: start + 2}
	l.list.Errorf(diag.UnexpectedCharacter, at, "`//` does not begin a comment").
		Hint("begin comments with `#`").Fix(at, "#")
	return Comment
}

// blockComment reads another language's comment up to `*/`, or up to the line end without
// one.
func (l *lexer) blockComment() Kind {
	start := l.pos
	at := source.Span{File: l.file, Start: start, End: start + 2}
	l.list.Errorf(diag.UnexpectedCharacter, at, "`/*` does not begin a comment").
		Hint("begin each line of a comment with `#`")
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

// quoted reads a string up to its closing quote or, without one, to the end of the line.
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

// continued reports a string that continues on further lines: as long as lines end in a
// backslash, as in a shell, or up to the next quote if that is a closing one. It returns the
// end of the string, or 0 if this is not such a string, or if the error would be dropped.
func (l *lexer) continued(start, line int) (end int) {
	const most = 50 // lines
	if len(*l.list) >= maxErrors {
		return 0
	}
	for i, lines := line, 0; lines < most && i < len(l.text); lines++ {
		backslash := strings.HasSuffix(strings.TrimSuffix(l.text[start:i], "\r"), `\`)
		rest, _, _ := strings.Cut(l.text[i+1:], "\n")
		if n := strings.IndexByte(rest, '"'); !backslash && n >= 0 && !closing(rest, n) {
			return 0
		}
		for n := 0; n < len(rest); n++ {
			switch rest[n] {
			case '\\':
				n++
			case '"':
				end = i + 1 + n + 1
				opening, closing := source.Span{File: l.file, Start: start, End: start + 1}, source.Span{File: l.file, Start: end - 1, End: end}
				l.list.Errorf(diag.UnterminatedString, opening, "unterminated string").At("opened here").
					See(closing, "closed here, on another line").
					Hint("write a string of several lines between `\"\"\"` and `\"\"\"`").
					Fix(opening, `"""`).Fix(closing, `"""`)
				return end
			}
		}
		i += 1 + len(rest)
	}
	return 0
}

// closing reports whether the quote at an offset of a line closes a string: it follows a
// word, no word follows it, and no other quote follows.
func closing(line string, at int) bool {
	before := strings.TrimLeft(line[:at], " \t")
	after := strings.TrimRight(line[at+1:], "\r")
	return before != "" && class[before[len(before)-1]]&isSpace == 0 &&
		(after == "" || strings.IndexByte(" \t,)]}", after[0]) >= 0) && strings.IndexByte(after, '"') < 0
}

// block reads a string up to its three closing quotes or, without them, to the end of the
// file.
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
		l.list.Errorf(diag.UnterminatedString, at, "unterminated string").At("opened here").
			Note("a string that begins with `\"\"\"` ends at the next `\"\"\"`").
			Hint("close it with `\"\"\"`")
		return
	}
	d := l.list.Errorf(diag.UnterminatedString, at, "unterminated string").At("opened here")
	if n := strings.LastIndexByte(l.text[:start], '\n') + 1; strings.Count(l.text[n:start], `"`) > 1 {
		d.Note("an earlier quote on this line may be the unmatched one")
	}
	d.Hint("close it with `\"`, or write a string of several lines between `\"\"\"` and `\"\"\"`")
}
