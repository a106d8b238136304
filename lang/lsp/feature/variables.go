package feature

import (
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// variables proposes values in an interpolation of a string, and after a dollar sign in it.
func variables(p *Place) Proposals {
	text := p.File.Source.Text()
	start := p.Offset
	for start > 0 && (text[start-1] == '_' || text[start-1] >= '0' && text[start-1] <= '9' || text[start-1]|0x20 >= 'a' && text[start-1]|0x20 <= 'z') {
		start--
	}
	out := Proposals{At: source.Span{File: p.File.Source, Start: start, End: p.Offset}}
	word := text[start:p.Offset]
	c := &context{at: out.At, word: word}
	x := &completion{Place: p, context: c}
	if code, ok := interpolated(p); ok {
		c.text = "let x = " + strings.TrimSuffix(code, word)
		tree, _ := syntax.Parse(source.New(p.File.Source.Name(), c.text))
		tokens := tree.Tokens
		for len(tokens) > 0 && tokens[len(tokens)-1].Kind == syntax.EOF {
			tokens = tokens[:len(tokens)-1]
		}
		if n := len(tokens); n > 0 && tokens[n-1].Kind == syntax.Dot {
			x.member = x.chain(tokens[:n-1])
		}
	} else if !strings.HasSuffix(text[:start], "$") {
		return Proposals{}
	}
	if len(x.member) > 0 {
		x.members()
	} else {
		for _, v := range p.Out.Checked.Visible(p.File.Source, p.Offset) {
			switch v.Object.(type) {
			case *check.Let, *check.Param, *check.Var:
				x.add(0, x.proposal(v.Name, v.Object))
			}
		}
	}
	for _, o := range x.all {
		if strings.HasPrefix(o.Label, word) {
			out.All = append(out.All, o)
		}
	}
	return out
}

// interpolated returns the code between the cursor and the start of the interpolation that it is in.
func interpolated(p *Place) (string, bool) {
	for _, t := range p.File.Tokens {
		if int(t.Start) >= p.Offset || p.Offset > int(t.End) || t.Kind != syntax.Text && t.Kind != syntax.BlockText {
			continue
		}
		before := p.File.Source.Text()[t.Start:p.Offset]
		at := strings.LastIndex(before, "${")
		if at < 0 || strings.HasSuffix(before[:at], "$") {
			return "", false
		}
		code := before[at+len("${"):]
		return code, strings.Count(code, "}") <= strings.Count(code, "{")
	}
	return "", false
}
