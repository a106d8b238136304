package syntax

import "github.com/layc-lang/layc/lang/diag"

// value reads a mandatory expression. where describes the place for errors.
func (p *parser) value(where string) Expr { return p.valueAfter(where, "") }

// valueAfter is value with the word before the expression.
func (p *parser) valueAfter(where, word string) Expr {
	if p.failed {
		return p.bad()
	}
	if k := p.tok.Kind; p.ends() || closes(k) || k == Comma || p.loose > 0 && p.startsOver() {
		p.noValue(where, word)
		return p.bad()
	}
	return p.expression(1)
}

// condition is value before a block. A `{` begins the block, unless the tokens after it
// can only be a map.
func (p *parser) condition(where string) Expr {
	if p.on(LBrace) {
		a, b := p.peek(1), p.peek(2)
		entry := (a.Kind == Word || a.Kind == Text) && b.Kind == Colon
		empty := a.Kind == RBrace && !b.Line && b.Kind != RBrace
		if !entry && !empty {
			p.fail(diag.MissingValue, p.at(p.tok), "missing value %s", where)
			return p.bad()
		}
	}
	return p.value(where)
}

// bad is the expression that represents an unreadable one.
func (p *parser) bad() *BadExpr { return &BadExpr{p.here()} }

// expression reads operands and binary operators with a precedence of at least least:
//
//	Expression = Unary { operator Unary } .
func (p *parser) expression(least int) Expr {
	if !p.enter() {
		return p.bad()
	}
	start := int(p.tok.Start)
	x := p.unary()
	for links := 0; ; links++ {
		op := p.tok
		precedence := op.Kind.precedence()
		if precedence < least || p.ends() {
			break
		}
		if _, arrow := p.arrow(); arrow || p.flag(true) {
			break
		}
		if p.depth+links > maxDepth {
			p.tooDeep()
			break
		}
		p.next()
		p.continueLine()
		if closes(p.tok.Kind) || p.tok.Kind == EOF {
			p.fail(diag.MissingValue, p.at(op), "missing value after `%s`", op.Kind)
		}
		y := p.expression(precedence + 1)
		x = &Binary{At: p.since(start), Op: op.Kind.String(), OpAt: p.at(op), X: x, Y: y}
	}
	p.leave()
	return x
}

// unary reads
//
//	Unary = ( "!" | "-" ) Unary | Primary .
func (p *parser) unary() Expr {
	op := p.tok
	if op.Kind != Not && op.Kind != Minus {
		return p.primary()
	}
	if p.flag(true) {
		return p.bad()
	}
	if !p.enter() {
		return p.bad()
	}
	defer p.leave()
	p.next()
	if p.ends() || closes(p.tok.Kind) {
		p.fail(diag.MissingValue, p.here(), "missing value after `%s`", op.Kind)
	}
	x := p.unary()
	return &Unary{At: p.since(int(op.Start)), Op: op.Kind.String(), X: x}
}

// primary reads
//
//	Primary = Operand { "." identifier | Arguments | "[" Expression "]" } .
func (p *parser) primary() Expr {
	start := int(p.tok.Start)
	x := p.operand()
	for links := 0; !p.ends(); links++ {
		k := p.tok.Kind
		if k != Dot && k != LParen && k != LBracket {
			break
		}
		if p.depth+links > maxDepth {
			p.tooDeep()
			break
		}
		switch k {
		case Dot:
			p.next()
			name := p.ident("a name after `.`")
			x = &Select{p.since(start), x, name}
		case LParen:
			args := p.arguments()
			x = &Call{p.since(start), x, args}
		case LBracket:
			p.open(LBracket)
			i := p.value("between `[` and `]`")
			p.close(RBracket)
			x = &Index{p.since(start), x, i}
		}
	}
	return x
}

// arguments reads
//
//	Arguments = "(" [ Argument { "," Argument } [ "," ] ] ")" .
//	Argument = [ identifier ":" ] Expression .
func (p *parser) arguments() []*Arg {
	var args []*Arg
	p.open(LParen)
	for p.tok.Kind != RParen && !p.failed && !p.startsOver() {
		a := &Arg{}
		start := int(p.tok.Start)
		if p.tok.Kind == Word && p.peek(1).Kind == Colon {
			name := p.ident("a parameter name")
			a.Name = &name
			p.next()
		} else if p.tok.Kind == Word && p.peek(1).Kind == Equals {
			name := p.ident("a parameter name")
			a.Name = &name
			p.equalsInArgument(name.Name)
		}
		a.Value = p.value("in the arguments")
		if a.Name == nil && p.tok.Kind == Colon {
			p.notParameter(a.Value)
		}
		a.At = p.since(start)
		args = append(args, a)
		if !p.acceptComma() {
			break
		}
	}
	p.close(RParen)
	return args
}

// operand reads
//
//	Operand = identifier | number | text | block | "true" | "false" | List | Map
//	        | IfExpression | MatchExpression | "(" Expression ")" .
func (p *parser) operand() Expr {
	t := p.tok
	switch t.Kind {
	case Word:
		switch word := p.textOf(t); word {
		case "true", "false":
			p.next()
			return &Bool{p.at(t), word == "true"}
		case "if":
			return p.ifExpr()
		case "match":
			return p.matchExpr()
		case "for":
			p.forAsValue()
			return p.bad()
		}
		return &Name{p.ident("a value")}
	case Numeral:
		p.next()
		return p.number(t)
	case Text, BlockText:
		return p.stringLit()
	case LBracket:
		return p.listExpr()
	case LBrace:
		return p.mapExpr()
	case LParen:
		p.open(LParen)
		x := p.value("between `(` and `)`")
		p.close(RParen)
		return &Paren{p.since(int(t.Start)), x}
	case Bad:
		// The lexer has reported it.
		p.next()
		return &BadExpr{p.at(t)}
	}
	if !p.bare() {
		d := p.fail(diag.UnexpectedToken, p.here(), "expected a value, found %s", p.describe(t))
		switch next := p.peek(1); {
		case t.Kind == Dot && next.Kind == Word && next.Start > t.End:
			d.Hint("paths are strings: write `\".\"`").Fix(p.at(t), `"."`)
		case t.Kind == Dot:
			d.Hint("paths are strings, such as `\".\"`; those in images are absolute, and `copy` has `to` before them: `copy \".\" to \"/srv/\"`")
		}
	}
	return p.bad()
}

// number splits a number into digits and unit.
func (p *parser) number(t Token) Expr {
	s := p.textOf(t)
	n := 0
	for n < len(s) && (class[s[n]]&isDigit != 0 || s[n] == '.') {
		n++
	}
	if s[n:] != "" && !isUnit(s[n:]) {
		return &BadExpr{p.at(t)} // the lexer has reported it
	}
	return &Number{At: p.at(t), Text: s[:n], Unit: s[n:]}
}

// listExpr reads
//
//	List = "[" [ Expression { "," Expression } [ "," ] ] "]" .
func (p *parser) listExpr() Expr {
	l := &List{}
	start := int(p.tok.Start)
	p.open(LBracket)
	for p.tok.Kind != RBracket && !p.failed {
		if p.startsOver() {
			break
		}
		l.Items = append(l.Items, p.value("in the list"))
		if !p.acceptComma() {
			break
		}
	}
	p.close(RBracket)
	l.At = p.since(start)
	return l
}

// mapExpr reads
//
//	Map = "{" [ Entry { separator Entry } [ separator ] ] "}" .
//	Entry = ( identifier | text ) ":" Expression .
func (p *parser) mapExpr() Expr {
	m := &Map{}
	start := int(p.tok.Start)
	if p.twoBraces() {
		return p.bad()
	}
	p.open(LBrace)
	for p.inBraces() {
		p.continueLine()
		e := &Entry{}
		at := int(p.tok.Start)
		e.Key = p.key("a map")
		if !p.accept(Colon) {
			p.noColon()
		}
		e.Value = p.value("after `:`")
		e.At = p.since(at)
		m.Entries = append(m.Entries, e)
		if !p.separator() {
			break
		}
	}
	p.close(RBrace)
	m.At = p.since(start)
	return m
}

// inBraces reports whether another entry follows in an expression between braces.
func (p *parser) inBraces() bool {
	return p.tok.Kind != RBrace && p.tok.Kind != EOF && !p.failed && !p.startsOver()
}

// separator reads the separator of two entries: a comma, a line end, or both.
func (p *parser) separator() bool {
	return p.accept(Comma) || p.tok.Line && p.tok.Kind != EOF
}

// ifExpr reads
//
//	IfExpression = "if" Expression Branch "else" ( IfExpression | Branch ) .
func (p *parser) ifExpr() Expr {
	x := &IfExpr{}
	start := int(p.tok.Start)
	if !p.enter() {
		return p.bad()
	}
	defer p.leave()
	p.next()
	x.Cond = p.condition("after `if`")
	x.Then = p.branch()
	if !p.isElse() {
		p.noElse()
		x.Else = p.bad()
		x.At = p.since(start)
		return x
	}
	p.continueLine()
	p.next()
	if p.onWord("if") {
		x.Else = p.ifExpr()
	} else {
		x.Else = p.branch()
	}
	x.At = p.since(start)
	return x
}

// branch reads
//
//	Branch = "{" Expression "}" .
func (p *parser) branch() Expr {
	if !p.open(LBrace) {
		p.noBranch()
		return p.bad()
	}
	p.continueLine()
	x := p.value("between `{` and `}`")
	p.close(RBrace)
	return x
}

// matchExpr reads
//
//	MatchExpression = "match" Expression "{" [ Case { separator Case } [ separator ] ] "}" .
//	Case = ( Expressions | "else" ) ":" Expression .
func (p *parser) matchExpr() Expr {
	m := &MatchExpr{}
	start := int(p.tok.Start)
	defer func() { m.At = p.since(start) }()
	p.next()
	m.Subject = p.condition("after `match`")
	if !p.open(LBrace) {
		p.expected("`{`")
		return m
	}
	for p.inBraces() {
		p.continueLine()
		arm := &Arm{}
		at := int(p.tok.Start)
		if p.onWord("else") {
			p.next()
		} else {
			p.dropCase()
			arm.Patterns = p.values("before `:`", "")
		}
		if !p.accept(Colon) {
			p.noArmColon()
		}
		arm.Value = p.value("after `:`")
		arm.At = p.since(at)
		p.elseLast(m.Arms)
		m.Arms = append(m.Arms, arm)
		if !p.separator() {
			break
		}
	}
	p.close(RBrace)
	return m
}
