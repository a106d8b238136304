package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
)

// noValue fails because a value is missing.
func (p *parser) noValue(where, word string) {
	if word != "" {
		where += " `" + word + "`"
	}
	k := p.tok.Kind
	d := p.fail(diag.MissingValue, p.here(), "missing value %s", where)
	if p.tokens[p.i].Line && k != RBrace {
		d.Note("the value must begin on the same line")
	}
	d.Hint("write a value, such as `\"…\"`, or remove the incomplete part")
}

// equalsInArgument reports and skips an equals sign after an argument's name.
func (p *parser) equalsInArgument(name string) {
	p.list.Errorf(diag.MisplacedEquals, p.at(p.tok), "unexpected `=` in the arguments").
		Note("named arguments use `:`").
		Hint("write `%s: …`", quoteLess(name)).Fix(p.span(p.end, int(p.tok.End)), ":")
	p.next()
}

// notParameter fails because a colon follows a value instead of a parameter's name, unless both are part
// of an unquoted string.
func (p *parser) notParameter(value Expr) {
	if _, text := p.bareAt(p.i); text || p.failed {
		return
	}
	found := strings.Join(strings.Fields(value.Span().Text()), " ")
	p.fail(diag.UnexpectedToken, value.Span(), "expected the name of a parameter before `:`, found %s", quoteShort(found)).
		Hint("write `NAME: VALUE` with the name as the component declares it, or remove the `:`")
}

// forAsValue fails because a `for` is not a value.
func (p *parser) forAsValue() {
	p.fail(diag.UnexpectedToken, p.at(p.tok), "`for` is a statement, not a value").
		Hint("write `for x in xs { … }` around clauses")
}

// twoBraces fails if a template's `{{` is here, and reports whether it is.
func (p *parser) twoBraces() bool {
	n := p.peek(1)
	if n.Kind != LBrace || n.Start != p.tok.End {
		return false
	}
	p.fail(diag.UnexpectedToken, p.span(int(p.tok.Start), int(n.End)), "unexpected `{{`").
		Hint("write only the name, or `${name}` inside a string")
	return true
}

// noColon fails because the colon of a map's entry is missing.
func (p *parser) noColon() {
	d := p.expected("`:` and a value")
	if p.tokens[p.i].Kind == Equals {
		d.Hint("write a map as `{ key: value }`").Fix(p.span(p.end, int(p.tokens[p.i].End)), ":")
	}
}

// noElse fails because an `if` expression has no `else`.
func (p *parser) noElse() {
	p.fail(diag.MisplacedBranch, p.here(), "missing `else` after an `if` that is a value").
		Note("without `else`, the expression has no value if the condition is false").
		Hint("add `else { … }`")
}

// noBranch fails because the brace of a branch is missing.
func (p *parser) noBranch() {
	then := p.onWord("then")
	if d := p.expected("`{`"); then {
		d.Hint("write `if CONDITION { VALUE } else { VALUE }`")
	}
}

// noArmColon reports a missing colon in an arm of a match expression, and skips an arrow
// instead of it.
func (p *parser) noArmColon() {
	const form = "in a `match` that is a value, write arms as `\"…\": VALUE`"
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
