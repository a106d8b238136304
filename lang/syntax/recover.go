package syntax

import (
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// fail reports that the statement cannot be read, and abandons it. It always returns a
// diagnostic, so that labels and help can follow, even if the diagnostic is dropped.
func (p *parser) fail(code diag.Code, at source.Span, format string, args ...any) *diag.Diagnostic {
	var unseen diag.List
	d := unseen.Errorf(code, at, format, args...)
	if p.failed {
		return d
	}
	if !p.inWake(at) {
		p.list = append(p.list, d)
	}
	p.failed = true
	p.tok = Token{Kind: EOF, Line: true, Start: p.tok.Start, End: p.tok.Start}
	return d
}

// expected fails because something else was expected.
func (p *parser) expected(what string) *diag.Diagnostic {
	at := p.here()
	if p.tok.Line || p.tok.Kind == EOF {
		return p.fail(diag.UnexpectedToken, at, "expected %s", what).At("the line ends here")
	}
	return p.fail(diag.UnexpectedToken, at, "expected %s, found %s", what, p.describe(p.tok))
}

// skip skips the rest of an abandoned statement, up to the next statement, the end of the block,
// or the end of the file.
func (p *parser) skip() {
	defer func() { p.abandoned = append(p.abandoned, p.since(p.start)) }()
	p.failed = false
	p.loose = 0
	p.load()
	column, first := p.column(p.start)
	open := p.brackets
	var opened [256]int // brackets in open, by kind
	for _, b := range open {
		opened[b.kind]++
	}
	for p.tok.Kind != EOF {
		if p.tok.Line && int(p.tok.Start) > p.start {
			c, _ := p.column(int(p.tok.Start))
			switch {
			case c == 0 && p.beginsDeclaration(),
				first && c <= column && (len(open) == 0 || p.beginsStatement() || p.tok.Kind == RBrace && c < column),
				!first && len(open) == 0 && p.beginsStatement():
				p.brackets = p.brackets[:0]
				return
			}
		}
		switch k := p.tok.Kind; k {
		case LBrace, LParen, LBracket:
			open = append(open, opening{kind: k})
			opened[k]++
		case RBrace, RParen, RBracket:
			switch opener := k - 1; {
			case opened[opener] > 0:
				for closed := false; !closed; {
					last := open[len(open)-1].kind
					closed = last == opener
					opened[last]--
					open = open[:len(open)-1]
				}
			case k == RBrace:
				p.brackets = p.brackets[:0]
				return
			}
		}
		p.next()
	}
	p.brackets = p.brackets[:0]
}

// resume continues a header with a readable block: at its brace, which is the last token of the line,
// or, without a brace, at the next line if that is further right. It reports whether there is a
// block.
func (p *parser) resume() bool {
	i := p.i
	for p.tokens[i].Kind != EOF && (i == p.i || !p.tokens[i].Line) {
		i++
	}
	last := i - 1
	for last > p.i && p.tokens[last].Kind == Comment {
		last--
	}
	next := p.tokens[p.i]
	switch {
	case p.tokens[last].Kind == LBrace && (last > p.i || !next.Line):
		i = last
	case next.Line && next.Kind != EOF:
		i = p.i
		fallthrough
	default:
		c, _ := p.column(int(p.tokens[i].Start))
		header, first := p.column(p.start)
		if !first || c <= header || p.tokens[i].Kind == EOF {
			return false
		}
	}
	p.abandoned = append(p.abandoned, p.span(p.start, int(p.tokens[i].Start)))
	p.i = i
	p.failed, p.loose, p.brackets = false, 0, p.brackets[:0]
	p.load()
	return true
}

// endStatement fails if something follows a statement on its line. After an error it skips to the
// next statement.
func (p *parser) endStatement(what string) {
	switch {
	case p.failed || p.ends() || p.tok.Kind == RBrace:
	case p.isElse() && len(p.blocks) > 0 && p.blocks[len(p.blocks)-1].branch:
	default:
		p.goesOn(what)
	}
	if p.failed {
		p.skip()
	}
	if len(p.list)-p.lexical > maxErrors {
		p.i = len(p.tokens) - 1
		p.load()
		p.cut = int(p.tok.Start)
	}
}

// strayBrace reports an extra closing brace, once, unless it may result from an error in the
// declaration before it. If a brace with the indentation of an inner block closed that
// declaration, then that brace is the extra one, and everything up to the next declaration
// belongs inside.
func (p *parser) strayBrace(found bool) {
	c, first := p.column(int(p.tok.Start))
	declares := p.tok.Kind == Word && declares(p.textOf(p.tok))
	if (found || p.early > 0) && first && c > 0 && p.tok.Kind != EOF && !declares {
		if !found {
			p.list.Errorf(diag.ExtraBrace, p.span(p.early, p.early+1), "this `}` closes the whole declaration").
				Note("its indentation suggests an inner block, and the next line is indented too").
				Hint("remove it if it is an extra brace")
		}
		for p.tok.Kind != EOF && !(p.tok.Line && p.tok.Kind != RBrace && c == 0) {
			p.next()
			c, _ = p.column(int(p.tok.Start))
		}
	}
	p.early = 0
	for p.tok.Kind == RBrace {
		if !found && !p.lexicalWithin(p.start, int(p.tok.Start)) {
			p.list.Errorf(diag.ExtraBrace, p.at(p.tok), "unmatched `}`").
				Hint("remove it, or look for an extra `}` above")
		}
		p.next()
	}
}

// misplaced notes a closing brace with another indentation than its block's first line, which
// may indicate a missing or an extra brace.
func (p *parser) misplaced(brace opening) {
	if !p.tok.Line {
		return
	}
	is, _ := p.column(int(p.tok.Start))
	should, first := p.column(brace.line)
	switch {
	case !first:
	case is < should:
		p.suspect = opening{at: brace.at, line: int(p.tok.Start)}
	case is > should && len(p.blocks) == 1:
		p.early = int(p.tok.Start)
	}
}

// unclosed reports a bracket that is not closed where it should be. It blames the token that is
// there if that is on the same line, else the bracket.
func (p *parser) unclosed(b opening, closer Kind) {
	at := p.span(b.at, b.at+1)
	switch k := p.tok.Kind; {
	case p.tok.Line && (p.beginsStatement() || !p.closedAhead(closer)):
	case beginsOperand(k):
		p.fail(diag.MissingComma, p.at(p.tok), "expected `,` or `%s`, found %s", closer, p.describe(p.tok)).
			See(at, "opened here").
			Hint("separate the elements with `,`").Fix(p.span(p.end, p.end), ",")
		return
	case !p.tok.Line && k != EOF && k.precedence() == 0 && !closes(k):
		if p.bare() {
			return
		}
		d := p.fail(diag.UnexpectedToken, p.at(p.tok), "expected `%s`, found %s", closer, p.describe(p.tok)).
			See(at, "to close this")
		if k == LBrace {
			d.Hint("write `%s` before it", closer).Fix(p.span(p.end, p.end), closer.String())
		}
		return
	}
	p.fail(diag.UnclosedBracket, at, "unclosed `%s`", b.kind).At("opened here").
		See(p.here(), "expected `%s` before this", closer).
		Hint("close it with `%s`", closer)
}

// closedAhead reports whether a later k closes the current bracket.
func (p *parser) closedAhead(k Kind) bool {
	depth := 0
	for _, t := range p.tokens[p.i:] {
		switch {
		case closes(t.Kind) && depth == 0:
			return t.Kind == k
		case closes(t.Kind):
			depth--
		case t.Kind == LBrace, t.Kind == LParen, t.Kind == LBracket:
			depth++
		}
	}
	return false
}

// beginsStatement reports whether the current token, first on its line, probably begins a
// statement or a declaration, and does not continue an expression.
func (p *parser) beginsStatement() bool {
	if p.tok.Kind != Word {
		return false
	}
	switch k := p.peek(1); {
	case k.Line:
		return p.textOf(p.tok) == "repeatable"
	case k.Kind == Comma, k.Kind == Colon, k.Kind == Dot, closes(k.Kind), k.Kind.precedence() > 0 && k.Kind != Minus:
		return false
	}
	word := p.textOf(p.tok)
	switch word {
	case "let", "if", "for", "match":
		return true
	}
	if p.place != 0 {
		return len(formsByWord[word]) > 0
	}
	return declares(word)
}

// startsOver reports whether the current token, first on its line and between brackets, must
// begin a statement: two values never follow each other.
func (p *parser) startsOver() bool {
	if !p.tok.Line || !p.beginsStatement() {
		return false
	}
	switch p.textOf(p.tok) {
	case "if", "match":
		return false
	}
	n := p.peek(1)
	switch n.Kind {
	case Text, BlockText, Numeral, Word:
		return true
	case LBracket:
		return n.Start > p.tok.End // not an element of a list with the clause's name
	}
	return false
}

// beginsDeclaration reports whether the current token, in column 1, certainly begins a
// declaration.
func (p *parser) beginsDeclaration() bool {
	if p.tok.Kind != Word {
		return false
	}
	n := p.peek(1)
	if n.Line {
		return false
	}
	switch p.textOf(p.tok) {
	case "import":
		return n.Kind == Text
	case "fleet":
		return n.Kind == LBrace
	case "component", "slot", "param":
		return n.Kind == Word
	case "app":
		return n.Kind == Word || n.Kind == Text
	case "user":
		return n.Kind == Word && !Reserved(p.textOf(n)) && p.peek(2).Kind == LBrace
	}
	return false
}

// beginsClauseHere reports whether the token at which a header failed begins a statement on the
// header's line.
func (p *parser) beginsClauseHere() bool {
	t := p.tokens[p.i]
	if t.Kind != Word || t.Line {
		return false
	}
	switch word := p.textOf(t); word {
	case "let", "if", "for", "match":
		return true
	default:
		return len(formsByWord[word]) > 0
	}
}
