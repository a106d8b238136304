package syntax

import "github.com/layc-lang/layc/lang/diag"

// open reads an opening bracket of an expression and reports whether it is
// there. If so the caller calls close.
func (p *parser) open(k Kind) bool {
	if !p.on(k) {
		return false
	}
	p.brackets = append(p.brackets, opening{kind: k, at: int(p.tok.Start), line: p.start, loose: p.loose})
	p.next()
	p.loose = 1
	if k == LBrace {
		p.loose = 0
	}
	return true
}

// close reads the closing bracket of the last open one.
func (p *parser) close(k Kind) {
	if p.failed {
		return
	}
	last := len(p.brackets) - 1
	b := p.brackets[last]
	if p.tok.Kind != k {
		p.unclosed(b, k)
		return
	}
	p.next()
	p.brackets = p.brackets[:last]
	p.loose = b.loose
}

// unclosed reports that where a bracket should close there is something else:
// on the same line, what is there is at fault, else the bracket.
func (p *parser) unclosed(b opening, closer Kind) {
	at := p.span(b.at, b.at+1)
	switch k := p.tok.Kind; {
	case p.tok.Line && (p.beginsStatement() || !p.closedAhead(closer)):
	case beginsOperand(k):
		p.fail(diag.MissingComma, p.at(p.tok), "expected `,` or `%s`, found %s", closer, p.describe(p.tok)).
			See(at, "in what begins here").
			Hint("put a `,` between two elements").Fix(p.span(p.end, p.end), ",")
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
	p.fail(diag.UnclosedBracket, at, "`%s` is not closed", b.kind).At("opened here").
		See(p.here(), "`%s` is missing here at the latest", closer).
		Hint("write `%s` where it ends", closer)
}

// closedAhead reports whether the current bracket is closed by k after all.
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

func closesList(k Kind) bool { return k == RParen || k == RBracket }

func closes(k Kind) bool { return k == RBrace || k == RParen || k == RBracket }
