package syntax

import "github.com/layc-lang/layc/lang/diag"

// body reads the block of a declaration.
func (p *parser) body(place Place) *Block {
	p.place = place
	return p.block(false)
}

// block reads
//
//	Block = "{" [ Statement { newline Statement } ] "}" .
//
// block is called after a header, which may have failed: then it looks for the brace, and reads
// the block. After a branch there may be an `else`.
func (p *parser) block(branch bool) *Block {
	b := &Block{At: p.here()}
	if p.failed && !p.resume() {
		return b
	}
	if !p.enter() {
		return b
	}
	defer p.leave()
	header, place := p.start, p.place
	brace := opening{kind: LBrace, at: int(p.tok.Start), line: header, branch: branch}
	if !p.accept(LBrace) && !p.noBrace(&brace) {
		return b
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

// endOfBlock reports whether the block of that brace ends here, and reads its closing brace. A
// block that is not closed ends at the next declaration.
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
	p.lostName = true // the following lines may have been read as part of the block
	p.failed = p.failed || brace.absent
	d := p.fail(diag.UnclosedBracket, p.span(at, at+1), "unclosed `{`").At("opened here")
	if closer >= 0 {
		d.See(p.span(closer, closer+1), "closed by this `}`, which is indented less than its line")
	} else {
		d.See(missing, "expected `}` before this").
			Hint("close the block with `}` on its own line")
	}
	p.failed = false
	p.load()
	if !p.isElse() {
		p.cut = int(p.tok.Start)
	}
	return true
}

// statement reads
//
//	Statement = Let | If | For | Match | Clause .
//
// and returns nil if there is none.
func (p *parser) statement() Stmt {
	if p.tok.Kind != Word {
		p.noStatement()
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
			Note("write `else` after the `}` of an `if`, on the same line")
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
	// Every span reaches to the end of the last one.
	for s := first; s != nil; {
		s.At.End = max(s.At.End, p.end)
		s, _ = s.Else.(*If)
	}
	return first
}

func (p *parser) isElse() bool {
	return p.tok.Kind == Word && p.textOf(p.tok) == "else"
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
	defer func() { s.At = p.since(start) }()
	if p.failed && !p.resume() || !p.enter() {
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
	return s
}

// elseLast reports an arm after the `else` arm.
func (p *parser) elseLast(before []*Arm) {
	if n := len(before); n > 0 && len(before[n-1].Patterns) == 0 && !p.failed {
		p.list.Errorf(diag.MisplacedBranch, before[n-1].At, "`else` must be the last arm of a `match`").
			Note("the arms after `else` never match").
			Hint("move it to the end")
	}
}
