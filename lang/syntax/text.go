package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// Strings are read in two steps. The lexer finds their end. This file reads their contents, which
// depend on the context: with escapes and interpolation in general, without both in the string
// of `run`.

// stringLit reads a string with escapes and interpolation.
func (p *parser) stringLit() *String { return p.readText(false) }

// shellText reads a string for the shell, without escapes and interpolation. Only \" is a quote
// in a string on one line.
func (p *parser) shellText() *String { return p.readText(true) }

func (p *parser) readText(shell bool) *String {
	t := p.tok
	// Most strings have one part: allocate both at once.
	both := &struct {
		String
		part [1]StringPart
	}{}
	s := &both.String
	s.At, s.Block = p.at(t), t.Kind == BlockText
	quotes := 1
	if s.Block {
		quotes = 3
	}
	start, end := int(t.Start)+quotes, int(t.End)
	if !t.Open {
		end -= quotes
	}
	r := textReader{p: p, text: p.text[:end], pos: start, from: start, shell: shell, block: s.Block,
		parts: both.part[:0]}
	if s.Block {
		r.dedent()
	}
	r.read()
	if len(r.parts) > 0 {
		s.Parts = r.parts
	}
	p.next()
	return s
}

// textReader splits the contents of a string into parts. Most strings are a piece of the source,
// and are not copied.
type textReader struct {
	p      *parser
	text   string // the text up to the closing quote
	pos    int
	shell  bool
	block  bool
	indent int // bytes to drop after each line end, as far as there are as many

	lineEnd int // of the last line with an interpolation

	parts  []StringPart
	from   int    // start of the current piece
	copied int    // end of what was copied to piece; from if nothing was
	piece  []byte // the piece so far, if it differs from the source
	dirty  bool   // piece holds the text up to copied
}

// dedent finds the common indentation of all lines except the first, and drops a blank first line
// and a blank last line. Blank lines do not count for the indentation.
func (r *textReader) dedent() {
	body := r.text[r.pos:]
	first := strings.IndexByte(body, '\n')
	if first < 0 {
		return
	}
	prefix, any := "", false
	for rest := body[first+1:]; ; {
		line, more, found := strings.Cut(rest, "\n")
		if n := len(line) - len(strings.TrimLeft(line, " \t")); strings.TrimSuffix(line[n:], "\r") != "" {
			if !any {
				prefix, any = line[:n], true
			}
			for !strings.HasPrefix(line, prefix) {
				prefix = prefix[:len(prefix)-1]
			}
		}
		if !found {
			if strings.Trim(line, " \t") == "" {
				r.text = r.text[:len(r.text)-len(line)]
			}
			break
		}
		rest = more
	}
	r.indent = len(prefix)
	if strings.Trim(body[:first], " \t\r") == "" {
		r.pos += first + 1
		r.from, r.copied = r.pos, r.pos
		r.skipIndent()
	}
}

// skipIndent drops the indentation of the line at pos, or all of a blank line.
func (r *textReader) skipIndent() {
	n := r.pos
	for n < len(r.text) && class[r.text[n]]&isSpace != 0 {
		n++
	}
	blank := n == len(r.text) || r.text[n] == '\n' || strings.HasPrefix(r.text[n:], "\r\n")
	if !blank {
		n = min(n, r.pos+r.indent)
	}
	if n > r.pos {
		r.replace(n, "")
	}
}

// replace ends the run of plain source at pos, adds s, and continues at next.
func (r *textReader) replace(next int, s string) {
	if !r.dirty {
		r.piece, r.dirty = append(r.piece[:0], r.text[r.from:r.pos]...), true
	} else {
		r.piece = append(r.piece, r.text[r.copied:r.pos]...)
	}
	r.piece = append(r.piece, s...)
	r.pos, r.copied = next, next
}

// flush ends the current piece at pos and begins the next one at next.
func (r *textReader) flush(next int) {
	text := ""
	if r.dirty {
		r.piece = append(r.piece, r.text[r.copied:r.pos]...)
		text = string(r.piece)
	} else {
		text = r.text[r.from:r.pos]
	}
	if text != "" {
		r.parts = append(r.parts, StringPart{At: r.p.span(r.from, r.pos), Text: text})
	}
	r.pos, r.from, r.copied, r.dirty = next, next, next, false
}

func (r *textReader) read() {
	if !r.block && strings.IndexByte(r.text[r.pos:], '\\') < 0 && (r.shell || strings.IndexByte(r.text[r.pos:], '$') < 0) {
		r.pos = len(r.text)
		r.flush(r.pos)
		return
	}
	for r.pos < len(r.text) {
		switch c := r.text[r.pos]; {
		case c == '\r' && strings.HasPrefix(r.text[r.pos:], "\r\n"):
			r.replace(r.pos+1, "")
		case c == '\n':
			r.pos++
			r.skipIndent()
		case c == '\\' && r.shell:
			if !r.block && strings.HasPrefix(r.text[r.pos:], `\"`) {
				r.replace(r.pos+2, `"`)
			} else {
				r.pos += min(2, len(r.text)-r.pos)
				if r.text[r.pos-1] == '\n' || r.text[r.pos-1] == '\r' {
					r.pos--
				}
			}
		case c == '\\':
			r.escape()
		case c == '$' && !r.shell && strings.HasPrefix(r.text[r.pos:], "$${"):
			r.replace(r.pos+3, "${")
		case c == '$' && !r.shell && strings.HasPrefix(r.text[r.pos:], "${"):
			r.interpolation()
		default:
			r.pos++
		}
	}
	r.flush(r.pos)
}

// escape reads an escape sequence. It reports and keeps an unknown one.
func (r *textReader) escape() {
	rest := r.text[r.pos+1:]
	if rest == "" || rest[0] == '\n' || rest[0] == '\r' {
		r.badEscape(r.pos+1, "incomplete escape `\\`")
		return
	}
	switch rest[0] {
	case 'n':
		r.replace(r.pos+2, "\n")
	case 't':
		r.replace(r.pos+2, "\t")
	case '\\':
		r.replace(r.pos+2, "\\")
	case '"':
		r.replace(r.pos+2, `"`)
	case 'u':
		const longest = 16 // bytes, so that many take linear time
		hex, _, closed := strings.Cut(strings.TrimPrefix(rest[1:min(len(rest), longest)], "{"), "}")
		code, err := strconv.ParseUint(hex, 16, 32)
		switch {
		case !strings.HasPrefix(rest, "u{") || !closed || len(hex) > 6 || err != nil:
			r.badEscape(r.pos+2, "`\\u` needs a character code in braces")
		case !utf8.ValidRune(rune(code)):
			r.badEscape(r.pos+3+len(hex)+1, "not a valid character: U+%X", code)
		default:
			r.replace(r.pos+1+len("u{")+len(hex)+len("}"), string(rune(code)))
		}
	default:
		_, size := utf8.DecodeRuneInString(rest)
		at := r.p.span(r.pos, r.pos)
		r.badEscape(r.pos+1+size, "unknown escape `\\%s`", rest[:size]).Fix(at, `\`)
	}
}

func (r *textReader) badEscape(end int, format string, args ...any) *diag.Diagnostic {
	d := r.p.list.Errorf(diag.UnknownEscape, r.p.span(r.pos, end), format, args...).
		Note("the escapes are \\n \\t \\\\ \\\" \\u{…} and $${; only the strings of `run` have none").
		Hint("write `\\\\` for a backslash")
	r.pos = end
	return d
}

// interpolation reads ${EXPR}.
func (r *textReader) interpolation() {
	p := r.p
	start := r.pos
	at := p.span(start, start+2)
	if r.lineEnd < start {
		r.lineEnd = len(r.text)
		if n := strings.IndexByte(r.text[start:], '\n'); n >= 0 {
			r.lineEnd = start + n
		}
	}
	line := r.text[:r.lineEnd]
	var list []Token
	l := lexer{file: p.file, text: line, pos: start + 2, list: &p.list}
	depth, end := 0, -1
	for end < 0 {
		t := l.next()
		switch t.Kind {
		case EOF:
			d := p.list.Errorf(diag.BrokenInterpolation, at, "unclosed `${`").At("opened here")
			inner := r.text[min(start+2, len(line)):len(line)]
			if name := strings.TrimSpace(inner); !r.block && name != "" && strings.Trim(name, nameBytes) == "" {
				end := p.span(start+2+len(inner), start+2+len(inner))
				d.Hint("close it with `}`").Fix(end, "}")
			} else if len(line) == len(r.text) && !r.block {
				p.forgetLexical(start, p.lineEnd(start))
				d.Note("a string ends at the next quote, even inside `${…}`").
					Hint("name the value with `let`, and write `${name}`")
			} else {
				d.Note("`${…}` must end on its line").Hint("write `$${` for a literal `${`")
			}
			r.pos = len(line)
			p.failed = p.failed || !r.block
			if p.failed {
				p.tok = Token{Kind: EOF, Line: true, Start: p.tok.Start, End: p.tok.Start}
			}
			return
		case Text, BlockText:
			p.list.Errorf(diag.BrokenInterpolation, p.at(t), "strings are not allowed inside `${…}`").
				Hint("name the value with `let`, and write `${name}`")
			t.Kind = Bad
		case LBrace:
			depth++
		case RBrace:
			if depth == 0 {
				end = int(t.End)
				t.Kind = EOF
			}
			depth--
		}
		list = append(list, t)
	}
	r.flush(end)
	part := StringPart{At: p.span(start, end)}
	if len(list) == 1 {
		p.list.Errorf(diag.BrokenInterpolation, part.At, "missing value in `${}`").
			Hint("write `$${}` for a literal `${}`")
		part.Expr = &BadExpr{part.At}
	} else {
		part.Expr = p.inner(list)
	}
	r.parts = append(r.parts, part)
}

// nameBytes are the bytes of names and their members.
const nameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789."

// inner reads an expression from tokens that end with EOF.
func (p *parser) inner(list []Token) Expr {
	outer := *p
	p.tokens, p.i, p.loose, p.brackets, p.inText = list, 0, 1, nil, true
	p.load()
	x := p.value("in `${…}`")
	if !p.failed && p.tok.Kind != EOF {
		p.fail(diag.BrokenInterpolation, p.at(p.tok), "expected `}`, found %s", p.describe(p.tok)).
			Note("`${…}` takes one value")
	}
	failed := p.failed
	if failed {
		x = &BadExpr{source.Span{File: p.file, Start: int(list[0].Start), End: int(list[len(list)-1].Start)}}
	}
	list2, lexical, start := p.list, p.lexical, p.start
	*p = outer
	p.list, p.lexical, p.start = list2, lexical, start
	return x
}
