package syntax

import (
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
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
		p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "`{` stands on the line of what it belongs to").
			See(p.here(), "here").
			Fix(p.span(p.end, int(p.tok.End)), " {")
		p.next()
	default:
		p.expectedBrace()
		brace.absent = true
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
			brace.at, brace.absent = int(p.tok.Start), false
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

// expectedBrace fails where the brace of a block should be.
func (p *parser) expectedBrace() {
	arrow, isArrow := p.arrow()
	switch t := p.tok; {
	case isArrow && p.peek(2).Kind == LBrace, p.on(Colon) && p.peek(1).Kind == LBrace:
		if !isArrow {
			arrow = p.at(t)
		}
		p.fail(diag.UnexpectedToken, arrow, "expected `{`, found `%s`", arrow.Text()).
			Hint("a block begins with its brace").Fix(p.span(p.end, arrow.End), "")
	case p.on(Colon), isArrow:
		p.expected("`{`").Hint("what belongs to it stands between `{` and `}`")
	case p.on(Equals) && p.textFrom(p.start, "component "):
		at := p.span(p.start, p.start+len("component"))
		p.expected("`{`").Hint("another name for a component is a value: `let NAME = …`").Fix(at, "let")
	case p.on(Equals):
		p.expected("`{`").Hint("to compare, write `==`").Fix(p.at(t), "==")
	case p.on(Word):
		last := p.tokens[max(0, p.i-1)]
		d := p.expected("`{`")
		switch word := p.textOf(t); {
		case word == "and":
			d.Hint("`and` is `&&`").Fix(p.at(t), "&&")
		case word == "or":
			d.Hint("`or` is `||`").Fix(p.at(t), "||")
		case word == "extends" || word == "inherits" || word == "from":
			d.Note("there is no inheritance").Hint("a component that stands on another `needs` it")
		case last.Kind == Word && p.textOf(last) == "not":
			d.Hint("`not` is `!`").Fix(p.span(int(last.Start), int(t.Start)), "!")
		case p.beginsClauseHere():
			d.Hint("what belongs to it stands between `{` and `}`")
		}
	default:
		if !p.bare() {
			p.expected("`{`").Hint("what belongs to it stands between `{` and `}`")
		}
	}
}

// arrow returns where `=>` or `->` stands, if it does.
func (p *parser) arrow() (at source.Span, ok bool) {
	n := p.peek(1)
	ok = (p.on(Equals) || p.on(Minus)) && n.Kind == Greater && n.Start == p.tok.End
	return p.span(int(p.tok.Start), int(n.End)), ok
}

// dropCase reads over the word with which other languages begin an arm.
func (p *parser) dropCase() {
	if n := p.peek(1); p.onWord("case") && !n.Line && (n.Kind == Text || n.Kind == Word || n.Kind == Numeral) {
		p.list.Errorf(diag.MisplacedBranch, p.at(p.tok), "an arm begins with its values, without `case`").
			Hint("remove it").Fix(p.span(int(p.tok.Start), int(n.Start)), "")
		p.next()
	}
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
	p.lostName = true // what follows may have been read as part of the block
	p.failed = p.failed || brace.absent
	d := p.fail(diag.UnclosedBracket, p.span(at, at+1), "`{` is not closed").At("opened here")
	if closer >= 0 {
		d.See(p.span(closer, closer+1), "this `}` closes it, but stands further left than its line")
	} else {
		d.See(missing, "`}` is missing here at the latest").
			Hint("write `}` on a line of its own where the block ends")
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
	p.abandoned = append(p.abandoned, p.span(p.start, int(p.tokens[i].Start)))
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
		p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "expected a statement, found `{`").
			Hint("remove it").Fix(p.at(p.tok), "")
		p.next()
		p.continued = true
		return nil
	}
	if p.tok.Kind != Word {
		p.fail(diag.UnexpectedToken, p.at(p.tok), "expected a statement, found %s", p.describe(p.tok))
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
		p.fail(diag.MisplacedBranch, p.at(p.tok), "`else` without an `if`").
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
		chained := p.elseIf()
		if !chained && !p.isElse() || p.failed {
			break
		}
		at := int(p.tok.Start)
		if !chained {
			p.next()
		}
		if !chained && !p.onWord("if") {
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

// elseIf reports other languages' word for `else if`, and whether it stands here.
func (p *parser) elseIf() bool {
	if p.failed || !p.onWord("elif") && !p.onWord("elsif") && !p.onWord("elseif") {
		return false
	}
	p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "`%s` is written `else if`", p.textOf(p.tok)).
		Hint("write `else if`").Fix(p.at(p.tok), "else if")
	return true
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
			p.dropCase()
			arm.Patterns = p.values("to compare with", "")
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
		p.list.Errorf(diag.MisplacedBranch, before[n-1].At, "`else` is the last arm of a `match`").
			Note("no value would reach the arms after it").
			Hint("move it to the end")
	}
}
