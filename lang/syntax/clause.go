package syntax

import "github.com/layc-lang/layc/lang/diag"

// values reads
//
//	Expressions = Expression { "," Expression } .
func (p *parser) values(where, word string) []Expr {
	x := p.valueAfter(where, word)
	if !p.on(Comma) {
		return []Expr{x}
	}
	xs := []Expr{x}
	for p.acceptComma() && !p.failed {
		xs = append(xs, p.value("after `,`"))
	}
	return xs
}

// clause reads a
//
//	FleetClause | ComponentClause | AppClause | UserClause
//
// by the form in forms.go for its word: the word, its operands, its options. It returns
// nil for a clause that is not allowed here.
func (p *parser) clause(word string) *Clause {
	c := &Clause{Word: Ident{word, p.at(p.tok)}}
	form := FindForm(word, p.place)
	drop := false
	if form == nil {
		form, drop = p.foreign(c)
		if form == nil {
			return nil
		}
	}
	p.next()
	p.colonAfter(c.Word.Name)
	first := p.optionHere(form.Options)
	if p.phrase(form) {
		c.Args = []Expr{p.bad()}
	} else if first == nil || !first.Instead && form.Takes != Nothing {
		c.Args, c.Assign = p.operands(form.Takes, word, form.Options)
	}
	c.Options = p.options(c.Word, form.Options, form.Takes)
	for _, o := range c.Options {
		if form.Option(o.Word.Name).Instead && len(c.Args) > 0 {
			p.list.Errorf(diag.ConflictingOptions, o.Word.At, "`%s` replaces the value and cannot follow it", o.Word.Name).
				See(c.Args[0].Span(), "the value").
				Hint("remove one of them")
		}
	}
	c.At = p.since(p.start)
	if drop {
		return nil
	}
	return c
}

// operands reads the operands after a word, which are one of
//
//	Expression
//	Expressions
//	shell_text | shell_block
//	identifier
//	Key ( "=" | "+=" ) Expression
//
// The options are those that may follow.
func (p *parser) operands(takes Operand, word string, options []OptionForm) ([]Expr, *Assign) {
	switch takes {
	case Nothing:
		return nil, nil
	case Pair, Append:
		return nil, p.assign(word, takes == Append)
	}
	p.equalsAfter(word)
	switch takes {
	case Shell:
		if !p.on(Text) && !p.on(BlockText) {
			p.noShellText(word)
			return []Expr{p.bad()}, nil
		}
		return []Expr{p.shellText()}, nil
	case Bare:
		if id, ok := p.quotedName(word); ok {
			return []Expr{&Name{id}}, nil
		}
		if p.ends() || p.tok.Kind != Word {
			p.missing(word)
			return []Expr{p.bad()}, nil
		}
		return []Expr{&Name{p.name("a name")}}, nil
	}
	if p.missingBefore(word, options) {
		return []Expr{p.bad()}, nil
	}
	if takes == Many {
		return p.values("after", word), nil
	}
	x := p.valueAfter("after", word)
	if p.on(Comma) && !p.inItems {
		x = p.secondValue(word, x)
	}
	return []Expr{x}, nil
}

// assign reads
//
//	Key ( "=" | "+=" ) Expression
//
// if both is set, else only "=".
func (p *parser) assign(word string, both bool) *Assign {
	start := int(p.tok.Start)
	a := &Assign{Key: p.key(word)}
	switch {
	case p.on(PlusEquals):
		if !both {
			p.list.Errorf(diag.MisplacedEquals, p.at(p.tok), "`%s` does not support `+=`", word).
				Hint("write `=`").Fix(p.at(p.tok), "=")
		}
		a.Append = true
		p.next()
	case p.accept(Equals):
		a.Append = p.plusAfterEquals()
	default:
		p.noAssign(word, a.Key)
	}
	a.Value = p.value("after `=`")
	a.At = p.since(start)
	return a
}

// key reads
//
//	Key = word | Text .
//
// of env, label or a map.
func (p *parser) key(word string) *String {
	switch {
	case p.on(Text):
		return p.stringLit()
	case p.on(Word):
		id := Ident{p.textOf(p.tok), p.at(p.tok)}
		p.next()
		p.dottedKey(id)
		return plain(id)
	}
	p.noKey(word)
	return &String{At: p.here()}
}
