package syntax

import "github.com/layc-lang/layc/lang/diag"

// noValue fails where a value should be.
func (p *parser) noValue(where, word string) {
	if word != "" {
		where += " `" + word + "`"
	}
	k := p.tok.Kind
	d := p.fail(diag.MissingValue, p.here(), "a value is missing %s", where)
	if p.tokens[p.i].Line && k != RBrace {
		d.Note("a value begins on the line of what it belongs to")
	}
	d.Hint("write it, such as `\"…\"`, or remove what asks for it")
}

// equalsInArgument reads over the equals sign behind an argument's name, which it
// reports.
func (p *parser) equalsInArgument(name string) {
	p.list.Errorf(diag.MisplacedEquals, p.at(p.tok), "`=` gives no argument").
		Note("an argument is written as a map's entry: its name, `:`, its value").
		Hint("write `%s: …`", quoteLess(name)).Fix(p.span(p.end, int(p.tok.End)), ":")
	p.next()
}

// forAsValue fails for a `for` where a value should be.
func (p *parser) forAsValue() {
	p.fail(diag.UnexpectedToken, p.at(p.tok), "`for` is a statement, not a value").
		Hint("use it around clauses: `for x in xs { … }`")
}

// twoBraces fails for the `{{` of templates, and reports whether it stands here.
func (p *parser) twoBraces() bool {
	n := p.peek(1)
	if n.Kind != LBrace || n.Start != p.tok.End {
		return false
	}
	p.fail(diag.UnexpectedToken, p.span(int(p.tok.Start), int(n.End)), "`{{` begins no value").
		Hint("a name stands as it is, and in text it is `${name}`")
	return true
}

// noColon fails where the colon of a map's entry should be.
func (p *parser) noColon() {
	d := p.expected("`:` and a value")
	if p.tokens[p.i].Kind == Equals {
		d.Hint("a map is written `{ key: value }`").Fix(p.span(p.end, int(p.tokens[p.i].End)), ":")
	}
}

// noElse fails for an `if` that is a value and has no `else`.
func (p *parser) noElse() {
	p.fail(diag.MisplacedBranch, p.here(), "an `if` that is a value needs an `else`").
		Note("without it there would be no value where the condition does not hold").
		Hint("write `else { … }` behind it")
}

// noBranch fails where the brace of a branch should be.
func (p *parser) noBranch() {
	then := p.onWord("then")
	if d := p.expected("`{`"); then {
		d.Hint("a choice is written `if CONDITION { VALUE } else { VALUE }`")
	}
}

// noArmColon reports that the colon of an arm that is a value is missing, and
// reads over an arrow in its place.
func (p *parser) noArmColon() {
	const form = "in a `match` that is a value, an arm is `\"…\": VALUE`"
	if arrow, ok := p.arrow(); ok {
		p.list.Errorf(diag.UnexpectedToken, arrow, "expected `:`, found `%s`", arrow.Text()).
			Hint(form).Fix(p.span(p.end, arrow.End), ":")
		p.next()
		p.next()
		return
	}
	if d := p.expected("`:` and a value"); p.tokens[p.i].Kind == LBrace {
		d.Note(form)
	}
}
