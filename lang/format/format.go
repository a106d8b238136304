// Package format writes .layer files in their canonical form.
//
// # How it works
//
// The tree decides the layout of declarations, statements and their groups. Within a statement, the
// tokens decide: they are written in order, each separated from the previous one by a space, nothing,
// or the author's line break. So no comment can get lost and no expression can change its meaning,
// whatever the tree looks like.
//
// # The form
//
//   - Four spaces per level. A block with at most one statement that is on one line may stay there, up
//     to 100 columns.
//   - In a block: bindings, properties, steps, configuration, in this order with an empty line
//     between. A statement with blocks is a step if any clause in it is, else a property, else
//     configuration. Within its group everything keeps its order, which is significant for steps and
//     the author's choice for the others.
//   - Consecutive clauses without an empty line between have their operands in one column. Equal
//     clauses also align their first options or their equals signs, and maps and matches with entries
//     on lines of their own align their values.
//   - Line breaks between brackets, and after commas and operators, stay. A bracket with a line break
//     after it closes on a line of its own, with a comma after the last element.
//   - Strings between three quotes are indented by one level.
//   - Consecutive imports without an empty line between are sorted: the standard library, others,
//     relative imports, each by path.
//   - One empty line stays; several become one. Declarations with blocks have one around them.
//
// Formatting formatted text changes nothing. Formatting keeps the tree except for the order of groups
// and imports.
package format

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

const (
	level    = 4   // columns of indentation
	widest   = 100 // columns of a block on one line
	farthest = 48  // the widest operand, in columns, that still aligns what follows
)

// Source formats a file. It returns a file with errors unchanged, with these errors.
func Source(src *source.File) (string, diag.List) {
	tree, list := syntax.Parse(src)
	if list.HasErrors() {
		return src.Text(), list
	}
	return File(tree), list
}

// File formats a file that has no errors.
func File(f *syntax.File) string {
	p := printer{text: f.Source.Text(), tokens: f.Tokens, pad: make([]uint8, len(f.Tokens))}
	p.study(f)
	p.file(f)
	return p.out.String()
}

type printer struct {
	text   string
	tokens []syntax.Token
	marks  []mark  // of each token
	pad    []uint8 // extra spaces before each token; nil: none
	out    bytes.Buffer
}

// item is a part of a file, a block or a match on lines of its own, with its comments.
type item struct {
	node        syntax.Node
	first, last int // its tokens
	lead        int // the first token of the comments above it; first if none
	group       int
}

// items returns the tokens and comments of nodes, which are sorted and between two tokens.
func (p *printer) items(nodes []syntax.Node, after int) []item {
	items := make([]item, len(nodes))
	for i, n := range nodes {
		at := n.Span()
		it := item{node: n, first: p.index(at.Start), last: p.index(at.End) - 1}
		for p.tokens[it.last].Kind == syntax.Comment {
			it.last--
		}
		it.lead = it.first
		for it.lead-1 > after && p.tokens[it.lead-1].Kind == syntax.Comment && p.tokens[it.lead-1].Line {
			it.lead--
		}
		items[i], after = it, it.last
	}
	return items
}

// index returns the first token that begins at or after an offset.
func (p *printer) index(offset int) int {
	return sort.Search(len(p.tokens), func(i int) bool { return int(p.tokens[i].Start) >= offset })
}

func (p *printer) file(f *syntax.File) {
	var nodes []syntax.Node
	for _, i := range f.Imports {
		nodes = append(nodes, i)
	}
	for _, d := range f.Decls {
		nodes = append(nodes, d)
	}
	items := p.items(nodes, -1)
	header := p.header(items)
	p.sortImports(items[:len(f.Imports)])
	for i := range items {
		it := &items[i]
		blank := p.blankBefore(it.lead)
		switch {
		case i == 0:
			blank = header
		case p.wide(it), p.wide(&items[i-1]), i == len(f.Imports):
			blank = true
		}
		p.lead(it, 0, blank)
		p.node(it, 0, level)
		p.trail(it.last)
	}
	end := len(p.tokens) - 1
	from := end
	for from > 0 && p.tokens[from-1].Kind == syntax.Comment && p.tokens[from-1].Line {
		from--
	}
	p.comments(from, end, 0, len(items) > 0 && p.blankBefore(from))
}

// header writes the comments at the top of the file that an empty line separates from the first item,
// and reports whether there are any.
func (p *printer) header(items []item) bool {
	if len(items) == 0 {
		return false
	}
	first := &items[0]
	end := first.first
	for end > first.lead && !p.blankBefore(end) {
		end--
	}
	p.comments(first.lead, end, 0, false)
	was := first.lead
	first.lead = end
	return end > was
}

// sortImports sorts runs of imports by path.
func (p *printer) sortImports(items []item) {
	for len(items) > 0 {
		n := 1
		for n < len(items) && !p.blankBefore(items[n].lead) {
			n++
		}
		run := items[:n]
		items = items[n:]
		blank := p.blankBefore(run[0].lead)
		slices.SortStableFunc(run, func(a, b item) int {
			return cmp.Or(cmp.Compare(distance(p.path(a)), distance(p.path(b))), strings.Compare(p.path(a), p.path(b)))
		})
		// The empty line before the run moves to its new first import.
		for i := range run {
			p.setBlank(run[i].lead, blank && i == 0)
		}
	}
}

// distance orders imports: the standard library, others, relative imports.
func distance(path string) int {
	switch {
	case strings.HasPrefix(path, "std/"):
		return 0
	case strings.HasPrefix(path, "."):
		return 2
	}
	return 1
}

func (p *printer) path(it item) string {
	path, _ := it.node.(*syntax.Import).Path.Literal()
	return path
}

// wide reports whether a declaration has a block and more than one line.
func (p *printer) wide(it *item) bool {
	switch it.node.(type) {
	case *syntax.Fleet, *syntax.Component, *syntax.App, *syntax.User:
		return !p.oneLine(it.node, it.first, it.last, 0)
	}
	return false
}

// blankBefore reports whether an empty line precedes a token.
func (p *printer) blankBefore(i int) bool {
	if p.marks[i]&(blankSet|blankClear) != 0 {
		return p.marks[i]&blankSet != 0
	}
	if i == 0 {
		return false
	}
	return strings.Count(p.text[p.tokens[i-1].End:p.tokens[i].Start], "\n") > 1
}

// blankWithin reports whether an empty line precedes any of the tokens.
func (p *printer) blankWithin(first, last int) bool {
	for ; first <= last; first++ {
		if p.blankBefore(first) {
			return true
		}
	}
	return false
}

func (p *printer) setBlank(i int, blank bool) {
	p.marks[i] &^= blankSet | blankClear
	if blank {
		p.marks[i] |= blankSet
	} else {
		p.marks[i] |= blankClear
	}
}

// lead writes the comments above an item, and an empty line before them if blank is set.
func (p *printer) lead(it *item, indent int, blank bool) {
	p.comments(it.lead, it.first, indent, blank)
	if it.lead < it.first {
		blank = p.blankBefore(it.first)
	}
	if blank {
		p.out.WriteByte('\n')
	}
	p.spaces(indent)
}

// comments writes comments, each on its line, with the empty lines between them. blank adds one before
// the first.
func (p *printer) comments(from, to, indent int, blank bool) {
	for i := from; i < to; i++ {
		if i > from {
			blank = p.blankBefore(i)
		}
		if blank {
			p.out.WriteByte('\n')
		}
		p.spaces(indent)
		p.comment(i)
		p.out.WriteByte('\n')
	}
}

// trail ends the line after a token, with the comment on that line.
func (p *printer) trail(last int) {
	if next := p.tokens[last+1]; next.Kind == syntax.Comment && !next.Line {
		p.out.WriteByte(' ')
		p.comment(last + 1)
	}
	p.out.WriteByte('\n')
}

func (p *printer) comment(i int) {
	t := p.tokens[i]
	s := strings.TrimRight(p.text[t.Start:t.End], " \t")
	if len(s) > 1 && !strings.ContainsRune(" \t#!", rune(s[1])) {
		s = "# " + s[1:]
	}
	p.out.WriteString(s)
}

func (p *printer) spaces(n int) {
	const blanks = "                                                                "
	for ; n > len(blanks); n -= len(blanks) {
		p.out.WriteString(blanks)
	}
	p.out.WriteString(blanks[:n])
}

// node writes a declaration, a statement or an arm, without the end of its line. Its further lines
// outside of brackets begin in column further.
func (p *printer) node(it *item, indent, further int) {
	blocks := blocksOf(it.node)
	if len(blocks) == 0 && !isMatch(it.node) || p.oneLine(it.node, it.first, it.last, indent) {
		p.run(it.first, it.last, indent, further)
		return
	}
	from := it.first
	if m, ok := it.node.(*syntax.Match); ok {
		open := p.index(m.Subject.Span().End)
		for p.tokens[open].Kind != syntax.LBrace {
			open++
		}
		p.run(from, open, indent, indent+level)
		arms := make([]syntax.Node, len(m.Arms))
		for i, a := range m.Arms {
			arms[i] = a
		}
		p.body(arms, open, it.last, indent)
		p.run(it.last, it.last, indent, indent)
		return
	}
	for _, b := range blocks {
		open, end := p.index(b.At.Start), p.index(b.At.End)-1
		for p.tokens[end].Kind == syntax.Comment {
			end--
		}
		p.run(from, open, indent, indent+level)
		stmts := make([]syntax.Node, len(b.Stmts))
		for i, s := range b.Stmts {
			stmts[i] = s
		}
		p.body(stmts, open, end, indent)
		from = end
	}
	p.run(from, it.last, indent, indent)
}

// body writes the contents of braces.
func (p *printer) body(nodes []syntax.Node, open, end, indent int) {
	items := p.items(nodes, open)
	last := open
	if len(items) > 0 {
		last = items[len(items)-1].last
	}
	// Comments at the end of the block.
	from := end
	for from-1 > last && p.tokens[from-1].Kind == syntax.Comment && p.tokens[from-1].Line {
		from--
	}
	next := p.tokens[open+1]
	beside := next.Kind == syntax.Comment && !next.Line
	if len(items) == 0 && from == end && !beside {
		return
	}
	p.trail(open)
	indent += level
	sortGroups(items)
	furthers := p.align(items, indent)
	for i := range items {
		it := &items[i]
		blank := i > 0 && (p.blankBefore(it.lead) || it.group != items[i-1].group)
		p.lead(it, indent, blank)
		p.node(it, indent, furthers[i])
		p.trail(it.last)
	}
	p.comments(from, end, indent, len(items) > 0 && p.blankBefore(from))
	p.spaces(indent - level)
}

// sortGroups puts statements in the order of their groups.
func sortGroups(items []item) {
	for i := range items {
		if s, ok := items[i].node.(syntax.Stmt); ok {
			items[i].group = groupOf(s)
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return a.group - b.group })
}

// groupOf returns the group of a statement: 0 for bindings, else the mood of a clause.
func groupOf(s syntax.Stmt) int {
	switch s := s.(type) {
	case *syntax.Let:
		return 0
	case *syntax.Clause:
		return int(moodOf(s))
	}
	has := [4]bool{}
	syntax.Inspect(s, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.Clause); ok {
			has[moodOf(c)] = true
			return false
		}
		return true
	})
	switch {
	case has[syntax.Step]:
		return int(syntax.Step)
	case has[syntax.Configuration] && !has[syntax.Property]:
		return int(syntax.Configuration)
	}
	return int(syntax.Property)
}

// moodOf returns a clause's mood. No word has two moods where moods can mix.
func moodOf(c *syntax.Clause) syntax.Mood {
	for _, in := range []syntax.Place{syntax.InComponent, syntax.InApp, syntax.InFleet, syntax.InUser} {
		if f := syntax.FindForm(c.Word.Name, in); f != nil {
			return f.Mood
		}
	}
	return syntax.Property
}

func isMatch(n syntax.Node) bool {
	_, ok := n.(*syntax.Match)
	return ok
}

// blocksOf returns the blocks of a node in order.
func blocksOf(n syntax.Node) []*syntax.Block {
	switch n := n.(type) {
	case *syntax.Fleet:
		return []*syntax.Block{n.Body}
	case *syntax.Component:
		return []*syntax.Block{n.Body}
	case *syntax.App:
		return []*syntax.Block{n.Body}
	case *syntax.User:
		return []*syntax.Block{n.Body}
	case *syntax.For:
		return []*syntax.Block{n.Body}
	case *syntax.Arm:
		return []*syntax.Block{n.Body}
	case *syntax.If:
		blocks := []*syntax.Block{n.Then}
		for n.Else != nil {
			switch e := n.Else.(type) {
			case *syntax.If:
				blocks, n = append(blocks, e.Then), e
			case *syntax.Else:
				return append(blocks, e.Body)
			}
		}
		return blocks
	}
	return nil
}

// oneLine reports whether a node with blocks stays on one line.
func (p *printer) oneLine(n syntax.Node, first, last, indent int) bool {
	for i := first + 1; i <= last; i++ {
		if p.tokens[i].Line || p.tokens[i].Kind == syntax.Comment {
			return false
		}
	}
	if strings.ContainsRune(p.text[p.tokens[first].Start:p.tokens[last].End], '\n') {
		return false
	}
	small := true
	if m, ok := n.(*syntax.Match); ok {
		for _, a := range m.Arms {
			small = small && len(a.Body.Stmts) <= 1
		}
	}
	for _, b := range blocksOf(n) {
		small = small && len(b.Stmts) <= 1
	}
	return small && indent+utf8.RuneCountInString(p.rendered(first, last)) <= widest
}
