package format

import (
	"bytes"
	"strings"

	"github.com/layc-lang/layc/lang/syntax"
)

// mark is what the tree knows about a token.
type mark uint8

const (
	isWord     mark = 1 << iota // a word of the language where a name is possible
	isUnary                     // an operator before its operand
	addComma                    // a comma follows that the author omitted
	dropped                     // an unnecessary comma
	isList                      // the bracket of a list, which may end in a comma
	blankSet                    // an empty line precedes it, whatever the source has
	blankClear                  // no empty line precedes it
	isTight                     // an operator without spaces: 12/year
)

// study marks the tokens of a file.
func (p *printer) study(f *syntax.File) {
	p.marks = make([]mark, len(p.tokens))
	set := func(offset int, m mark) {
		if i := p.index(offset); i < len(p.marks) {
			p.marks[i] |= m
		}
	}
	// opener marks the first bracket of that kind at or after an offset.
	opener := func(offset int, k syntax.Kind) {
		i := p.index(offset)
		for p.tokens[i].Kind != k {
			i++
		}
		p.marks[i] |= isList
	}
	// before marks the word before an expression.
	before := func(x syntax.Expr) {
		i := p.index(x.Span().Start) - 1
		for p.tokens[i].Kind == syntax.Comment {
			i--
		}
		p.marks[i] |= isWord
	}
	// comma marks the end of an element without a comma after it.
	comma := func(n syntax.Node) {
		i := p.index(n.Span().End)
		last := i - 1
		for p.tokens[i].Kind == syntax.Comment {
			i++
		}
		if p.tokens[i].Kind != syntax.Comma {
			p.marks[last] |= addComma
		}
	}
	visit := func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Clause:
			set(n.Word.At.Start, isWord)
		case *syntax.Option:
			set(n.Word.At.Start, isWord)
		case *syntax.Generator:
			before(n.In)
		case *syntax.App:
			if n.Where != nil {
				before(n.Where)
			}
		case *syntax.Component:
			if n.Params != nil {
				opener(n.Name.At.End, syntax.LParen)
			}
		case *syntax.Binary:
			_, number := n.X.(*syntax.Number)
			_, name := n.Y.(*syntax.Name)
			if n.Op == "/" && number && name {
				set(n.OpAt.Start, isTight)
			}
		case *syntax.Unary:
			set(n.At.Start, isUnary)
		case *syntax.List:
			opener(n.At.Start, syntax.LBracket)
		case *syntax.Call:
			opener(n.Fun.Span().End, syntax.LParen)
		case *syntax.Map:
			opener(n.At.Start, syntax.LBrace)
			for i := range max(0, len(n.Entries)-1) {
				comma(n.Entries[i])
			}
		case *syntax.MatchExpr:
			opener(n.Subject.Span().End, syntax.LBrace)
			for i := range max(0, len(n.Arms)-1) {
				comma(n.Arms[i])
			}
		case *syntax.String:
			return false
		}
		return true
	}
	for _, d := range f.Decls {
		syntax.Inspect(d, visit)
	}
	p.lastCommas()
	for _, d := range f.Decls {
		syntax.Inspect(d, p.alignEntries)
	}
}

// lastCommas adds and drops commas after the last elements of lists.
func (p *printer) lastCommas() {
	var open []int
	last := -1 // the last token that is not a comment
	for i, t := range p.tokens {
		switch {
		case t.Kind == syntax.Comment:
			continue
		case opens(t.Kind):
			open = append(open, i)
		case closes(t.Kind) && len(open) > 0:
			from := open[len(open)-1]
			open = open[:len(open)-1]
			if p.marks[from]&isList == 0 || last == from {
				break
			}
			own := p.ownLine(from, i)
			switch comma := p.tokens[last].Kind == syntax.Comma; {
			case comma && !own:
				p.marks[last] |= dropped
			case !comma && own:
				p.marks[last] |= addComma
			}
		}
		last = i
	}
}

// ownLine reports whether the closing bracket of an opening one goes on a line of its own.
func (p *printer) ownLine(open, end int) bool {
	return p.tokens[open+1].Line || p.tokens[open+1].Kind == syntax.Comment || p.tokens[end-1].Kind == syntax.Comment
}

func opens(k syntax.Kind) bool {
	return k == syntax.LBrace || k == syntax.LParen || k == syntax.LBracket
}

func closes(k syntax.Kind) bool {
	return k == syntax.RBrace || k == syntax.RParen || k == syntax.RBracket
}

// run writes tokens with the line breaks between them. The first line is already indented, by indent.
// Further lines outside of brackets begin in column further.
func (p *printer) run(first, last, indent, further int) {
	type bracket struct {
		indent int // of its line
		at     int
	}
	var open []bracket
	line, prev := indent, -1
	for i := first; i <= last; i++ {
		if p.marks[i]&dropped != 0 {
			continue
		}
		t := p.tokens[i]
		if prev >= 0 {
			closing := closes(t.Kind) && len(open) > 0
			breaks := t.Line
			switch {
			case p.tokens[prev].Kind == syntax.Comment:
				breaks = true
			case closing:
				breaks = p.ownLine(open[len(open)-1].at, i)
			case p.tokens[prev].Kind == syntax.RBrace && p.word(i) == "else":
				breaks = false
			}
			switch {
			case !breaks:
				if p.spaced(prev, i) {
					p.out.WriteByte(' ')
				}
				if p.pad != nil {
					p.spaces(int(p.pad[i]))
				}
			default:
				if p.blankBefore(i) && !closing && !opens(p.tokens[prev].Kind) {
					p.out.WriteByte('\n')
				}
				p.out.WriteByte('\n')
				switch {
				case closing:
					line = open[len(open)-1].indent
				case p.word(i) == "else" && len(open) == 0:
					line = indent
				case len(open) > 0:
					line = open[len(open)-1].indent + level
				default:
					line = further
				}
				p.spaces(line)
			}
		}
		switch {
		case t.Kind == syntax.Comment:
			p.comment(i)
		case t.Kind == syntax.BlockText:
			p.blockText(p.text[t.Start:t.End], line)
		default:
			p.out.WriteString(p.text[t.Start:t.End])
		}
		if p.marks[i]&addComma != 0 {
			p.out.WriteByte(',')
		}
		switch {
		case opens(t.Kind):
			open = append(open, bracket{line, i})
		case closes(t.Kind) && len(open) > 0:
			open = open[:len(open)-1]
		}
		prev = i
	}
}

// rendered returns the output of run without alignment.
func (p *printer) rendered(first, last int) string {
	outer, pad := p.out, p.pad
	p.out, p.pad = bytes.Buffer{}, nil
	p.run(first, last, 0, 0)
	s := p.out.String()
	p.out, p.pad = outer, pad
	return s
}

func (p *printer) word(i int) string {
	t := p.tokens[i]
	if t.Kind != syntax.Word {
		return ""
	}
	return p.text[t.Start:t.End]
}

// spaced reports whether a space separates two tokens of a line.
func (p *printer) spaced(prev, i int) bool {
	a, b := p.tokens[prev].Kind, p.tokens[i].Kind
	switch {
	case b == syntax.Comment:
		return true
	case p.marks[prev]&(isUnary|isTight) != 0, p.marks[i]&isTight != 0:
		return false
	case b == syntax.Comma, b == syntax.Colon, b == syntax.Dot, a == syntax.Dot:
		return false
	case a == syntax.LParen, a == syntax.LBracket, b == syntax.RParen, b == syntax.RBracket:
		return false
	case a == syntax.LBrace && b == syntax.RBrace:
		return false
	case b == syntax.LParen, b == syntax.LBracket:
		switch a {
		case syntax.Word:
			return p.marks[prev]&isWord != 0 || syntax.Reserved(p.word(prev))
		case syntax.RParen, syntax.RBracket, syntax.RBrace, syntax.Text, syntax.BlockText, syntax.Numeral:
			return false
		}
	}
	return true
}

// blockText writes a string between three quotes, with its lines one level further in than the line
// that it begins on.
func (p *printer) blockText(text string, indent int) {
	body := strings.TrimSuffix(strings.TrimPrefix(text, `"""`), `"""`)
	lines := strings.Split(strings.ReplaceAll(body, "\r\n", "\n"), "\n")
	p.out.WriteString(`"""`)
	if len(lines) == 1 {
		p.out.WriteString(body + `"""`)
		return
	}
	if first := lines[0]; strings.Trim(first, " \t") != "" {
		p.out.WriteString(first)
	}
	lines = lines[1:]
	common := commonIndent(lines)
	for i, l := range lines {
		p.out.WriteByte('\n')
		switch blank := strings.Trim(l, " \t") == ""; {
		case blank && i == len(lines)-1:
			p.spaces(indent)
		case !blank:
			p.spaces(indent + level)
			p.out.WriteString(l[common:])
		}
	}
	p.out.WriteString(`"""`)
}

// commonIndent returns the length of the common indentation of all lines that are not blank.
func commonIndent(lines []string) int {
	prefix, any := "", false
	for _, l := range lines {
		n := len(l) - len(strings.TrimLeft(l, " \t"))
		if n == len(l) {
			continue
		}
		if !any {
			prefix, any = l[:n], true
		}
		for !strings.HasPrefix(l, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return len(prefix)
}
