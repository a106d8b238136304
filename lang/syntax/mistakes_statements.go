package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// noBrace reports a missing brace of a block, and whether the block can be read nevertheless.
func (p *parser) noBrace(brace *opening) bool {
	if p.tok.Kind == LBrace {
		p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "`{` must be on the previous line").
			See(p.here(), "here").
			Fix(p.span(p.end, int(p.tok.End)), " {")
		p.next()
		return true
	}
	p.expectedBrace()
	brace.absent = true
	switch {
	case p.beginsClauseHere():
		// Only the brace is missing.
		p.failed = false
		p.load()
		p.continueLine()
	case !p.resume():
		return false
	}
	if p.tok.Kind == LBrace {
		brace.at, brace.absent = int(p.tok.Start), false
		p.next()
	} else {
		brace.at = p.end - 1
	}
	return true
}

// expectedBrace fails because the brace of a block is missing.
func (p *parser) expectedBrace() {
	arrow, isArrow := p.arrow()
	switch t := p.tok; {
	case isArrow && p.peek(2).Kind == LBrace, (p.on(Colon) || p.on(Equals)) && p.peek(1).Kind == LBrace:
		if !isArrow {
			arrow = p.at(t)
		}
		p.fail(diag.UnexpectedToken, arrow, "expected `{`, found `%s`", arrow.Text()).
			Hint("write only `{`").Fix(p.span(p.end, arrow.End), "")
	case p.on(Colon), isArrow:
		p.expected("`{`").Hint("write the block between `{` and `}`")
	case p.on(Equals) && p.textFrom(p.start, "component "):
		at := p.span(p.start, p.start+len("component"))
		p.expected("`{`").Hint("to rename a component, write `let NAME = …`").Fix(at, "let")
	case p.on(Equals):
		p.expected("`{`").Hint("to compare, write `==`").Fix(p.at(t), "==")
	case p.on(Word):
		word, d := p.textOf(t), p.expected("`{`")
		switch {
		case inheritance[word]:
			d.Note("layc does not have inheritance").Hint("write `needs` inside the component")
		case p.wordOperator(d):
		case p.beginsClauseHere():
			d.Hint("write the block between `{` and `}`")
		}
	default:
		if !p.bare() {
			p.expected("`{`").Hint("write the block between `{` and `}`")
		}
	}
}

// arrow returns the place of `=>` or `->`, if it is here.
func (p *parser) arrow() (at source.Span, ok bool) {
	n := p.peek(1)
	ok = (p.on(Equals) || p.on(Minus)) && n.Kind == Greater && n.Start == p.tok.End
	return p.span(int(p.tok.Start), int(n.End)), ok
}

// noStatement reports a token that cannot begin a statement, and skips an extra brace.
func (p *parser) noStatement() {
	if p.tok.Kind != LBrace || p.tok.Line {
		p.fail(diag.UnexpectedToken, p.at(p.tok), "expected a statement, found %s", p.describe(p.tok))
		return
	}
	p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "expected a statement, found `{`").
		Hint("remove it").Fix(p.at(p.tok), "")
	p.next()
	p.continued = true
}

// elseIf reports another language's word for `else if`, and whether it is here.
func (p *parser) elseIf() bool {
	if p.failed || !p.on(Word) || !elseIfs[p.textOf(p.tok)] {
		return false
	}
	p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "unknown word `%s`", p.textOf(p.tok)).
		Hint("write `else if`").Fix(p.at(p.tok), "else if")
	return true
}

// dropCase skips the word that begins an arm in other languages.
func (p *parser) dropCase() {
	if n := p.peek(1); p.onWord("case") && !n.Line && (n.Kind == Text || n.Kind == Word || n.Kind == Numeral) {
		p.list.Errorf(diag.MisplacedBranch, p.at(p.tok), "unexpected `case`").
			Hint("remove it").Fix(p.span(int(p.tok.Start), int(n.Start)), "")
		p.next()
	}
}

// goesOn fails because a statement should have ended.
func (p *parser) goesOn(what string) {
	for _, c := range continuations {
		if p.tok.Kind == c.with && p.textFrom(p.start, c.begins) {
			d := p.fail(diag.SeveralOnOneLine, p.at(p.tok), "expected the end of the line, found %s", p.describe(p.tok))
			if c.note != "" {
				d.Note("%s", strings.Replace(c.note, "STATEMENT", what, 1))
			}
			d.Hint("%s", c.hint)
			return
		}
	}
	switch {
	case p.tok.Kind != Word && !p.tok.Line && p.bare():
	case closesList(p.tok.Kind):
		p.fail(diag.ExtraBrace, p.at(p.tok), "unmatched `%s`", p.tok.Kind).
			Hint("remove it, or add the matching bracket before it")
	case p.apartUnit():
	default:
		d := p.fail(diag.SeveralOnOneLine, p.at(p.tok), "expected the end of the line, found %s", p.describe(p.tok))
		d.Note("a %s ends with its line", what)
		if !p.wordOperator(d) && p.tokens[p.i].Kind == Word {
			d.Hint("move it to a new line")
		}
	}
}

// textFrom reports whether the text at an offset begins with a word.
func (p *parser) textFrom(at int, word string) bool { return strings.HasPrefix(p.text[at:], word) }

// wordOperator adds the operator for `and`, `or` or `not` to an error, and reports whether one
// of them is where the error abandoned the statement.
func (p *parser) wordOperator(d *diag.Diagnostic) bool {
	last, t := p.tokens[max(0, p.i-1)], p.tokens[p.i]
	if t.Kind != Word {
		return false
	}
	word := p.textOf(t)
	if operator := operatorWords[word]; operator != "" {
		d.Hint("write `%[2]s` instead of `%[1]s`", word, operator).Fix(p.at(t), operator)
		return true
	}
	if last.Kind == Word && p.textOf(last) == "not" {
		d.Hint("write `!` instead of `not`").Fix(p.span(int(last.Start), int(t.Start)), "!")
		return true
	}
	return false
}

// apartUnit reports a number with a space before its unit: `5 minutes`.
func (p *parser) apartUnit() bool {
	t := p.tokens[p.i]
	if p.i == 0 || t.Kind != Word || p.tokens[p.i-1].Kind != Numeral {
		return false
	}
	digits, unit := p.textOf(p.tokens[p.i-1]), p.textOf(t)
	if !isUnit(unit) {
		short, ok := longUnits(unit)
		if !ok {
			return false
		}
		unit = short
	}
	at := p.span(int(p.tokens[p.i-1].Start), int(t.End))
	p.fail(diag.MalformedNumber, at, "unexpected space between a number and its unit").
		Hint("write `%s`", digits+unit).Fix(at, digits+unit)
	return true
}
