package format

import (
	"strings"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/syntax"
)

// cell is a clause in columns: its head (one word, or two, as in `builds with`), its operand, and the
// part after that which may be aligned.
type cell struct {
	head    int    // columns
	operand int    // the token after the head; 0: none
	next    int    // the token of the first option or the equals sign; 0: none
	width   int    // columns of the operand before next
	kind    string // cells of equal kind align their next
}

// align pads the clauses among items to columns. It returns for each item the column in which its
// further lines begin.
func (p *printer) align(items []item, indent int) []int {
	furthers := make([]int, len(items))
	cells := make([]*cell, len(items))
	for i := range items {
		furthers[i] = indent + level
		if c, ok := items[i].node.(*syntax.Clause); ok {
			cells[i] = p.cell(c, &items[i])
		}
	}
	for i := 0; i < len(items); {
		end := i + 1
		for end < len(items) && p.together(&items[end-1], &items[end]) && cells[i] != nil && cells[end] != nil {
			end++
		}
		p.section(cells[i:end], furthers[i:end], indent)
		i = end
	}
	return furthers
}

// together reports whether only comments separate two items.
func (p *printer) together(a, b *item) bool {
	return a.group == b.group && !p.blankWithin(b.lead, b.first)
}

// section aligns clauses that belong together.
func (p *printer) section(cells []*cell, furthers []int, indent int) {
	head := 0
	for _, c := range cells {
		if c != nil && c.operand > 0 {
			head = max(head, c.head)
		}
	}
	for i, c := range cells {
		if c != nil && c.operand > 0 {
			p.pad[c.operand] = uint8(head - c.head)
			furthers[i] = indent + head + 1
		}
	}
	for i := 0; i < len(cells); {
		end := i + 1
		for end < len(cells) && cells[i] != nil && cells[i].kind != "" && cells[end].kind == cells[i].kind {
			end++
		}
		width := 0
		for _, c := range cells[i:end] {
			if c != nil && c.next > 0 {
				width = max(width, c.width)
			}
		}
		for _, c := range cells[i:end] {
			if c != nil && c.next > 0 && end > i+1 {
				p.pad[c.next] += uint8(width - c.width)
			}
		}
		i = end
	}
}

// cell measures a clause.
func (p *printer) cell(c *syntax.Clause, it *item) *cell {
	out := &cell{head: len(c.Word.Name)}
	after := it.first + 1
	options := c.Options
	if len(c.Args) == 0 && c.Assign == nil && len(options) > 0 {
		out.head += 1 + len(options[0].Word.Name)
		after++
		options = options[1:]
	}
	if after > it.last {
		return out
	}
	out.operand = after
	switch {
	case c.Assign != nil:
		out.next = p.index(c.Assign.Key.At.End)
		out.kind = c.Word.Name + " ="
	case len(options) > 0:
		out.next = p.index(options[0].Word.At.Start)
		out.kind = c.Word.Name + " " + options[0].Word.Name
	default:
		return out
	}
	text := p.rendered(after, out.next-1)
	out.width = utf8.RuneCountInString(text)
	if out.width > farthest || strings.Contains(text, "\n") {
		out.next, out.kind = 0, ""
	}
	return out
}

// alignEntries pads the values of a map or a match to one column, if its entries are on lines of
// their own, up to an empty line.
func (p *printer) alignEntries(n syntax.Node) bool {
	type entry struct{ first, colon, value, next int } // tokens; next is the one after it
	var entries []entry
	add := func(at syntax.Node, value syntax.Expr) {
		v := p.index(value.Span().Start)
		colon := v - 1
		for p.tokens[colon].Kind != syntax.Colon {
			colon--
		}
		entries = append(entries, entry{p.index(at.Span().Start), colon, v, p.index(at.Span().End)})
	}
	switch n := n.(type) {
	case *syntax.String:
		return false // interpolations have no tokens of their own
	case *syntax.Map:
		for _, e := range n.Entries {
			add(e, e.Value)
		}
	case *syntax.MatchExpr:
		for _, a := range n.Arms {
			add(a, a.Value)
		}
	}
	for i := 0; i < len(entries); {
		end, width := i, 0
		for ; end < len(entries); end++ {
			e := entries[end]
			if !p.tokens[e.first].Line || e.value != e.colon+1 || end > i && p.blankWithin(entries[end-1].next, e.first) {
				break
			}
			w := utf8.RuneCountInString(p.rendered(e.first, e.colon))
			if w > farthest || strings.Contains(p.rendered(e.first, e.colon), "\n") {
				break
			}
			width = max(width, w)
		}
		for _, e := range entries[i:end] {
			p.pad[e.value] = uint8(width - utf8.RuneCountInString(p.rendered(e.first, e.colon)))
		}
		i = max(end, i+1)
	}
	return true
}
