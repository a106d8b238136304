package syntax

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// lose notes the words from the current token to the end of its line, as a
// line that is abandoned may have been meant to declare a name; or, with a path
// in it, to import a module.
func (p *parser) lose() {
	if p.lost == nil {
		p.lost = map[string]bool{}
	}
	for i := p.i; p.tokens[i].Kind != EOF && (i == p.i || !p.tokens[i].Line); i++ {
		switch t := p.textOf(p.tokens[i]); p.tokens[i].Kind {
		case Word:
			p.lost[t] = true
		case Text:
			t = strings.Trim(t, `"/`)
			p.lost[t[strings.LastIndexByte(t, '/')+1:]] = true
		}
	}
}

// loseAbandoned notes the words of all that is abandoned, and of lines with
// tokens that are none.
func (p *parser) loseAbandoned() {
	lost := func(at int) bool {
		i := sort.Search(len(p.abandoned), func(i int) bool { return p.abandoned[i].End > at })
		return i < len(p.abandoned) && p.abandoned[i].Start <= at
	}
	if len(p.abandoned) == 0 && p.lexical == 0 {
		return
	}
	if p.lost == nil {
		p.lost = map[string]bool{}
	}
	for _, t := range p.tokens {
		if t.Kind == Word && (lost(int(t.Start)) || p.badLine(int(t.Start))) {
			p.lost[p.textOf(t)] = true
		}
	}
}

// badLine reports whether the lexer complained about the line of an offset.
func (p *parser) badLine(at int) bool {
	start := strings.LastIndexByte(p.text[:at], '\n') + 1
	return p.lexical > 0 && p.lexicalWithin(start, p.lineEnd(at))
}

// inWake reports whether the lexer complained between the start of the
// statement and the end of the line of at, or about text that swallowed the
// rest of the file, or whether there are bytes that are no characters.
func (p *parser) inWake(at source.Span) bool {
	end := p.lineEnd(min(at.End, len(p.text)))
	if p.notText && !utf8.ValidString(p.text[min(p.start, end):end]) {
		return true
	}
	if p.lexicalWithin(p.start, end) {
		return true
	}
	return p.tokens[max(0, len(p.tokens)-2)].Open && p.tokens[max(0, len(p.tokens)-2)].Kind == BlockText && p.tok.Kind == EOF
}

// lexicalWithin reports whether the lexer complained about the text from start
// to end.
func (p *parser) lexicalWithin(start, end int) bool {
	lexical := p.list[:p.lexical]
	i := sort.Search(len(lexical), func(i int) bool { return lexical[i].Span.End > start })
	return i < len(lexical) && lexical[i].Span.Start <= end
}

// forgetLexical drops what the lexer found from one offset to another: what it
// took for the outside of text, or the other way round. The caller reports what is
// wrong there, afterwards: before, it would be in the wake of what is dropped.
func (p *parser) forgetLexical(start, end int) {
	kept := p.list[:0:0]
	lexical := 0
	for i, d := range p.list {
		if i < p.lexical && d.Code != diag.NotUTF8 && d.Span.Start >= start && d.Span.Start <= end {
			continue
		}
		if i < p.lexical {
			lexical++
		}
		kept = append(kept, d)
	}
	p.list, p.lexical = kept, lexical
}
