package syntax

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// lose notes the words from the current token to the end of its line. An abandoned line may have
// been meant to declare one of them or, in a path, to import a module with that name.
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

// loseAbandoned notes the words of all abandoned parts, and of lines with invalid tokens.
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
	bad, end := false, -1 // of the line
	for _, t := range p.tokens {
		at := int(t.Start)
		if at > end {
			bad, end = p.badLine(at), p.lineEnd(at)
		}
		if t.Kind == Word && (bad || lost(at)) {
			p.lost[p.textOf(t)] = true
		}
	}
}

// badLine reports whether the lexer reported an error on the line of an offset.
func (p *parser) badLine(at int) bool {
	return p.lexical > 0 && p.lexicalWithin(strings.LastIndexByte(p.text[:at], '\n')+1, p.lineEnd(at))
}

// inWake reports whether an error at a place may result from an error of the lexer: one between
// the start of the statement and the end of the line, an unterminated string up to the end of
// the file, or invalid UTF-8.
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

// lexicalWithin reports whether the lexer reported an error between start and end.
func (p *parser) lexicalWithin(start, end int) bool {
	lexical := p.list[:p.lexical]
	i := sort.Search(len(lexical), func(i int) bool { return lexical[i].Span.End > start })
	return i < len(lexical) && lexical[i].Span.Start <= end
}

// forgetLexical drops the lexer's errors between two offsets, where it confused the inside and the
// outside of strings. The caller must report the mistake afterwards: before, it would be in the
// wake of the dropped errors.
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
