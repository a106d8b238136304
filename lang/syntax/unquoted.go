package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// bare fails if an unquoted string, such as /etc/app or linux/amd64, is at the current token, and
// reports whether it is. Its edit quotes all such strings on the line.
func (p *parser) bare() bool {
	if p.failed || p.inText {
		return false
	}
	at, ok := p.bareAt(p.i)
	if !ok && p.i > 0 {
		at, ok = p.bareAt(p.i - 1)
	}
	if !ok {
		return false
	}
	first := p.i
	for first > 0 && int(p.tokens[first].Start) > p.start && !p.tokens[first].Line {
		first--
	}
	var edits []source.Span
	for i := first; p.tokens[i].Kind != EOF && (i == first || !p.tokens[i].Line); i++ {
		if n := len(edits); n > 0 && int(p.tokens[i].Start) < edits[n-1].End {
			continue
		}
		run, ok := p.bareAt(i)
		if ok && (run == at || p.tokens[i].Kind != Numeral && strings.Contains(run.Text(), "/")) {
			edits = append(edits, run)
		}
	}
	d := p.fail(diag.UnexpectedToken, at, "strings use double quotes").
		Hint("write %s", quoteShort(`"`+at.Text()+`"`))
	for _, e := range edits {
		d.Fix(e, `"`+e.Text()+`"`)
	}
	return true
}

// bareAt returns the span of the tokens around the i-th that are adjacent without space, if they
// look like a path, a reference or a version, not like an expression. A colon at the end is not part of
// one.
func (p *parser) bareAt(i int) (at source.Span, ok bool) {
	const longest = 64 // tokens
	part := func(i int) bool {
		switch p.tokens[i].Kind {
		case Word, Numeral, Over, Colon, Dot, Minus, Plus, Percent, Times:
			return true
		}
		return false
	}
	if !part(i) {
		return at, false
	}
	lo, hi := i, i
	for lo > 0 && i-lo < longest && part(lo-1) && p.tokens[lo-1].End == p.tokens[lo].Start {
		lo--
	}
	for hi-i < longest && part(hi+1) && p.tokens[hi+1].Start == p.tokens[hi].End {
		hi++
	}
	if after := p.tokens[hi+1]; after.Start == p.tokens[hi].End {
		switch after.Kind {
		case LParen, LBracket, LBrace, Text, BlockText, Equals, PlusEquals, EqualEqual:
			return at, false
		}
	}
	if lo > 0 && p.tokens[lo-1].End == p.tokens[lo].Start && p.tokens[lo-1].Kind == Text {
		return at, false
	}
	for hi > lo && p.tokens[hi].Kind == Colon {
		hi--
	}
	if k := p.tokens[lo].Kind; hi == lo || hi < i || k != Word && k != Numeral && k != Over && k != Dot {
		return at, false
	}
	return p.span(int(p.tokens[lo].Start), int(p.tokens[hi].End)), true
}
