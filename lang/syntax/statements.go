package syntax

import (
	"github.com/layc-lang/layc/lang/diag"
)

// body reads the block of a declaration.
func (p *parser) body(place Place) *Block {
	p.place = place
	return p.block(false)
}

// block reads
//
//	Block = "{" [ Statement { newline Statement } ] "}" .
//
// It is called after a header, which may have failed: then it looks for the
// brace, and reads what stands in it. After a branch there may be an `else`.
func (p *parser) block(branch bool) *Block {
	b := &Block{At: p.here()}
	if p.failed && !p.mend() {
		return b
	}
	if !p.enter() {
		return b
	}
	defer p.leave()
	header, place := p.start, p.place
	brace := opening{kind: LBrace, at: int(p.tok.Start), line: header, branch: branch}
	switch {
	case p.on(LBrace):
		p.next()
	case p.tok.Kind == LBrace:
		p.list.Errorf("E0010", p.at(p.tok), "`{` stands on the line of what it belongs to").
			See(p.here(), "here").
			Fix(p.span(p.end, int(p.tok.End)), " {")
		p.next()
	default:
		d := p.expected("`{`")
		if t := p.tokens[p.i]; t.Kind == Equals {
			d.Hint("to compare, write `==`").Fix(p.at(t), "==")
		}
		switch {
		case p.beginsClauseHere():
			// Nothing but the brace is missing.
			p.failed = false
			p.load()
			p.continueLine()
		case !p.mend():
			return b
		}
		if p.tok.Kind == LBrace {
			brace.at = int(p.tok.Start)
			p.next()
		} else {
			brace.at = p.end - 1
		}
	}
	b.At = p.span(brace.at, brace.at)
	p.blocks = append(p.blocks, brace)
	for !p.endOfBlock(brace) {
		p.start = int(p.tok.Start)
		if s := p.statement(); s != nil {
			b.Stmts = append(b.Stmts, s)
		}
		p.place = place
		if p.continued {
			p.continued = false
			continue
		}
		p.endStatement("statement")
	}
	p.blocks = p.blocks[:len(p.blocks)-1]
	p.start, p.place = header, place
	b.At.End = max(p.end, b.At.Start)
	return b
}

// beginsClauseHere reports whether the token at which a header failed begins a
// statement on the header's line.
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

// endOfBlock reports whether the block of that brace ends here, and reads its
// closing brace. A block that is not closed ends where a declaration begins.
func (p *parser) endOfBlock(brace opening) bool {
	switch {
	case p.tok.Kind == RBrace:
		p.misplaced(brace)
		p.next()
		return true
	case p.cut > 0 && int(p.tok.Start) == p.cut:
		return true
	case p.tok.Kind == EOF, brace.branch && p.isElse():
	case p.tok.Line && p.beginsDeclaration():
		if c, _ := p.column(int(p.tok.Start)); c > 0 {
			return false
		}
	default:
		return false
	}
	p.start = int(p.tok.Start)
	missing := p.here()
	at, closer := brace.at, -1
	if p.suspect.at > brace.at {
		at, closer = p.suspect.at, p.suspect.line
	}
	if p.lexicalWithin(brace.at, int(p.tok.Start)) {
		p.failed = true
	}
	d := p.fail("E0011", p.span(at, at+1), "`{` is not closed").At("opened here")
	if closer >= 0 {
		d.See(p.span(closer, closer+1), "this `}` closes it, but stands further left than its line")
	} else {
		d.See(missing, "`}` is missing here at the latest")
	}
	p.failed = false
	p.load()
	if !p.isElse() {
		p.cut = int(p.tok.Start)
	}
	return true
}

func (p *parser) isElse() bool {
	return p.tok.Kind == Word && p.textOf(p.tok) == "else"
}

// misplaced notes a closing brace that is not where its block's first line
// begins: a hint at where a brace is missing or too many.
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

// mend ends the abandonment of a header whose block can be read: at its brace,
// the last token of the line, or, where the brace is missing, at the next line
// if that is further right. It reports whether there is a block.
func (p *parser) mend() bool {
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
	p.i = i
	p.failed, p.loose, p.brackets = false, 0, p.brackets[:0]
	p.load()
	return true
}

// statement reads
//
//	Statement = Let | If | For | Match | Clause .
//
// and returns nil for what is none.
func (p *parser) statement() Stmt {
	if p.tok.Kind == LBrace && !p.tok.Line {
		p.list.Errorf("E0010", p.at(p.tok), "expected a statement, found `{`").
			Hint("remove it").Fix(p.at(p.tok), "")
		p.next()
		p.continued = true
		return nil
	}
	if p.tok.Kind != Word {
		p.fail("E0010", p.at(p.tok), "expected a statement, found %s", p.describe(p.tok))
		return nil
	}
	switch word := p.textOf(p.tok); word {
	case "let":
		return p.let("")
	case "if":
		return p.ifStmt()
	case "for":
		return p.forStmt()
	case "match":
		return p.matchStmt()
	case "else":
		p.fail("E0030", p.at(p.tok), "`else` without an `if`").
			Note("`else` follows the `}` of an `if`, on the same line")
		return nil
	default:
		if c := p.clause(word); c != nil {
			return c
		}
		return nil
	}
}

// ifStmt reads
//
//	If = "if" Expression Block [ "else" ( If | Block ) ] .
func (p *parser) ifStmt() *If {
	first := &If{}
	levels := 0
	for s := first; ; {
		start := int(p.tok.Start)
		p.next()
		s.Cond = p.condition("after `if`")
		s.Then = p.block(true)
		s.At = p.since(start)
		if !p.isElse() || p.failed {
			break
		}
		at := int(p.tok.Start)
		p.next()
		if !p.onWord("if") {
			e := &Else{Body: p.block(false)}
			e.At = p.since(at)
			s.Else = e
			break
		}
		if levels++; levels+p.depth > maxDepth {
			p.tooDeep()
			break
		}
		more := &If{}
		s.Else = more
		s = more
	}
	// The spans of all but the last reach to its end.
	for s := first; s != nil; {
		s.At.End = max(s.At.End, p.end)
		s, _ = s.Else.(*If)
	}
	return first
}

// forStmt reads
//
//	For = "for" Generator Block .
func (p *parser) forStmt() *For {
	start := int(p.tok.Start)
	p.next()
	s := &For{Generator: p.generator()}
	s.Body = p.block(false)
	s.At = p.since(start)
	return s
}

// matchStmt reads
//
//	Match = "match" Expression "{" { Expressions Block } [ "else" Block ] "}" .
func (p *parser) matchStmt() *Match {
	start := int(p.tok.Start)
	p.next()
	s := &Match{Subject: p.condition("after `match`")}
	if p.failed && !p.mend() || !p.enter() {
		return s
	}
	defer p.leave()
	if !p.on(LBrace) {
		p.expected("`{`")
		return s
	}
	brace := opening{kind: LBrace, at: int(p.tok.Start), line: start}
	p.next()
	p.blocks = append(p.blocks, brace)
	for !p.endOfBlock(brace) {
		p.start = int(p.tok.Start)
		arm := &Arm{}
		p.continueLine()
		if p.onWord("else") {
			p.next()
		} else {
			arm.Patterns = p.values("a value to compare with")
		}
		arm.Body = p.block(true)
		arm.At = p.since(p.start)
		p.elseLast(s.Arms)
		s.Arms = append(s.Arms, arm)
		if p.failed {
			p.skip()
		}
	}
	p.blocks = p.blocks[:len(p.blocks)-1]
	p.start = start
	s.At = p.since(start)
	return s
}

// elseLast reports an arm after the arm that takes everything.
func (p *parser) elseLast(before []*Arm) {
	if n := len(before); n > 0 && len(before[n-1].Patterns) == 0 && !p.failed {
		p.list.Errorf("E0030", before[n-1].At, "`else` is the last arm of a `match`").
			Note("no value would reach the arms after it").
			Hint("move it to the end")
	}
}

// clause reads the clause of that word, as the table in clauses.go has it. It
// returns nil for one that has no place here.
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
	first := p.optionHere(form.Options)
	if first == nil || !first.Instead && form.Takes != Nothing {
		c.Args, c.Assign = p.operands(form.Takes, word, form.Options)
	}
	c.Options = p.options(c.Word, form.Options, form.Takes)
	c.At = p.since(p.start)
	if drop {
		return nil
	}
	return c
}

// foreign reports a clause that is unknown or stands in the wrong place. It
// returns the form to read it by, nil for none, and whether to drop it then.
func (p *parser) foreign(c *Clause) (form *Form, drop bool) {
	word, at := c.Word.Name, c.Word.At
	if others := formsByWord[word]; len(others) > 0 {
		form := others[0]
		if other := FindForm(form.Elsewhere, p.place); other != nil {
			p.list.Errorf("E0022", at, "%s", elsewhere(word)).
				Hint("write `%s`", other.Word).Fix(at, other.Word)
			c.Word.Name = other.Word
			return other, false
		}
		in := Place(0)
		for _, f := range others {
			in |= f.In
		}
		p.list.Errorf("E0022", at, "`%s` stands in %s, not in %s", word, article(in), article(p.place)).
			At("not here")
		return form, true
	}
	if n := p.peek(1); n.Kind == Equals && !n.Line {
		p.fail("E0021", at, "unknown clause `%s`", quoteLess(word)).
			Hint("a name for a value begins with `let`: `let %s = …`", quoteLess(word)).
			Fix(p.span(at.Start, at.Start), "let ")
		return nil, true
	}
	if declares(word) {
		p.fail("E0022", at, "`%s` stands outside of all braces", word).
			Hint("move it to the top level of the file")
		return nil, true
	}
	d := p.fail("E0021", at, "unknown clause `%s`", quoteLess(word))
	var here []string
	for _, f := range forms {
		if f.In&p.place != 0 {
			here = append(here, f.Word)
		}
	}
	if near := diag.Nearest(word, append(here, "let", "if", "for", "match")); near != "" {
		d.Hint("did you mean `%s`?", near).Fix(at, near)
	} else if hint := habits[word]; hint != "" {
		d.Hint("%s", hint)
	} else {
		d.Note("%s has %s", article(p.place), quoted(here))
	}
	return nil, true
}

// elsewhere explains the two words of which one is an app's.
func elsewhere(word string) string {
	if word == "uses" {
		return "a component `needs`, only an app `uses`"
	}
	return "an app `uses`, only a component `needs`"
}

// habits are words of other tools, with what says the same here.
var habits = map[string]string{
	"FROM":       "the system below is the fleet's or the app's `base`",
	"from":       "`from` follows the sources of a `copy`: copy \"…\" from COMPONENT to \"…\"",
	"ADD":        "files come by `copy`, downloads by `fetch`",
	"add":        "files come by `copy`, downloads by `fetch`",
	"ARG":        "parameters stand after the component's name; `param` declares the module's",
	"arg":        "parameters stand after the component's name; `param` declares the module's",
	"CMD":        "the default command is `command [\"…\"]`",
	"cmd":        "the default command is `command [\"…\"]`",
	"MAINTAINER": "say it with a label: `label \"org.opencontainers.image.authors\" = \"…\"`",
	"ONBUILD":    "a component that others need takes its place",
	"install":    "packages come from the distribution: `needs os.packages(\"…\")`",
	"packages":   "packages come from the distribution: `needs os.packages(\"…\")`",
	"version":    "a version is a parameter of the component, or a `let`",
	"depends":    "what a component stands on is what it `needs`",
	"requires":   "what a component stands on is what it `needs`",
	"mkdir":      "`dir` makes directories",
	"symlink":    "`link` makes links",
	"chown":      "`owner` and `mode` belong to the step that writes the file",
	"chmod":      "`owner` and `mode` belong to the step that writes the file",
	"exec":       "`run` is a step, `command` and `entrypoint` are what the container runs",
}

// optionHere returns the option that begins at the current token, or nil.
func (p *parser) optionHere(options []OptionForm) *OptionForm {
	if len(options) == 0 || !p.on(Word) {
		return nil
	}
	return findOption(options, p.textOf(p.tok))
}

// operands reads what follows a word. The options are those that may come
// after.
func (p *parser) operands(takes Operand, word string, options []OptionForm) ([]Expr, *Assign) {
	if takes != Nothing && takes != Pair && takes != Append && p.on(Equals) {
		p.list.Errorf("E0032", p.at(p.tok), "`=` appears only where there is a key").
			Note("`env` and `label` have keys, `%s` has a value", word).
			Hint("remove the `=`").Fix(p.span(p.end, int(p.tok.End)), "")
		p.next()
	}
	switch takes {
	case Nothing:
		return nil, nil
	case Pair, Append:
		return nil, p.assign(word, takes == Append)
	case Shell:
		if !p.on(Text) && !p.on(BlockText) {
			if p.ends() || p.tok.Kind == RBrace {
				p.missing(word)
			} else {
				p.fail("E0013", p.at(p.tok), "`%s` takes text, found %s", word, p.describe(p.tok)).
					Note("the text is the shell's and taken as it is; names in scope reach it as variables, such as `$version`").
					Hint("write `%s \"…\"`", word)
			}
			return []Expr{p.bad()}, nil
		}
		return []Expr{p.shellText()}, nil
	case Bare:
		if p.ends() || p.tok.Kind != Word {
			p.missing(word)
			return []Expr{p.bad()}, nil
		}
		return []Expr{&Name{p.ident("a name")}}, nil
	}
	if p.missingBefore(word, options) {
		return []Expr{p.bad()}, nil
	}
	where := "after `" + word + "`"
	if takes == Many {
		return p.values(where), nil
	}
	x := p.value(where)
	if p.on(Comma) && !p.inItems {
		comma := int(p.tok.Start)
		p.next()
		p.continueLine()
		p.values("after `,`")
		if !p.failed && !closesList(p.tok.Kind) {
			p.list.Errorf("E0027", p.since(comma), "`%s` takes one value", word).At("too many")
		}
	}
	return []Expr{x}, nil
}

// missing fails for a word without a value.
func (p *parser) missing(word string) {
	p.fail("E0013", p.here(), "`%s` needs a value", word).At("the value is missing here").
		Note("a value begins on the line of its word")
}

// missingBefore reports a missing value where an option follows in its place:
// an option's word is that option, and no name, if what comes after it can only
// be its value.
func (p *parser) missingBefore(word string, options []OptionForm) bool {
	if p.ends() || p.tok.Kind == RBrace {
		p.missing(word)
		return true
	}
	o := p.optionHere(options)
	if o == nil {
		return false
	}
	n := p.peek(1)
	if n.Line || !beginsOperand(n.Kind) || n.Kind == Word && findOption(options, p.textOf(n)) != nil {
		return false
	}
	if o.Word == word {
		p.list.Errorf("E0024", p.at(p.tok), "`%s` is written twice", word).
			Hint("remove one").Fix(p.span(p.end, int(p.tok.End)), "")
		p.next()
		return false
	}
	p.list.Errorf("E0013", p.at(p.tok), "`%s` needs a value before `%s`", word, o.Word).
		At("the value is missing here")
	return true
}

// values reads
//
//	Expressions = Expression { "," Expression } .
func (p *parser) values(where string) []Expr {
	x := p.value(where)
	if !p.on(Comma) {
		return []Expr{x}
	}
	xs := []Expr{x}
	for p.acceptComma() && !p.failed {
		xs = append(xs, p.value("after `,`"))
	}
	return xs
}

// assign reads KEY = VALUE or, if both may be, KEY += VALUE.
func (p *parser) assign(word string, both bool) *Assign {
	start := int(p.tok.Start)
	a := &Assign{}
	a.Key = p.key(word)
	switch {
	case p.on(PlusEquals):
		if !both {
			p.list.Errorf("E0032", p.at(p.tok), "`%s` takes `=` only", word).
				Hint("write `=`").Fix(p.at(p.tok), "=")
		}
		a.Append = true
		p.next()
	case p.accept(Equals):
	case !p.ends() && beginsOperand(p.tok.Kind) && p.peek(1).Kind != Equals && p.peek(1).Kind != PlusEquals:
		p.list.Errorf("E0032", p.span(p.end, int(p.tok.Start)), "`=` is missing").
			Hint("write `%s KEY = VALUE`", word).Fix(p.span(p.end, int(p.tok.Start)), " = ")
	default:
		p.expected("`=` and a value")
	}
	a.Value = p.value("after `=`")
	a.At = p.since(start)
	return a
}

// key reads the key of env, label or a map: an identifier, or text.
func (p *parser) key(word string) *String {
	switch {
	case p.on(Text):
		return p.stringLit()
	case p.on(Word):
		id := Ident{p.textOf(p.tok), p.at(p.tok)}
		p.next()
		if p.on(Dot) || p.on(Minus) || p.on(Over) {
			end := p.i
			for k := p.tokens[end].Kind; k != Equals && k != PlusEquals && k != Colon && !p.tokens[end+1].Line; k = p.tokens[end].Kind {
				end++
			}
			at := p.span(id.At.Start, int(p.tokens[end-1].End))
			p.fail("E0028", at, "a name has letters, digits and `_` only").
				Hint("other keys are text").Fix(at, `"`+at.Text()+`"`)
		}
		return plain(id)
	}
	if p.ends() || p.tok.Kind == RBrace || p.tok.Kind == Equals {
		p.fail("E0013", p.here(), "`%s` needs a key", word).
			Hint("write `%s KEY = VALUE`", word)
	} else {
		p.expected("a key")
	}
	return &String{At: p.here()}
}
