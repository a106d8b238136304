package show

import (
	"fmt"
	"strings"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/term"
)

// Tree formats the plan as text: the chains of all images laid over each other. Each line shows a
// layer with its kind, its size and the number of images whose chain passes through it there. "="
// marks a layer that a line above already shows on top of another layer.
//
// If there are many apps on one layer, they share a line, and a large tree is cut, unless the
// page has All. The published images follow below the tree.
func Tree(p *plan.Plan, page Page) string {
	root := &branch{}
	for _, i := range p.Images {
		at := root
		for _, l := range i.Layers {
			at = at.child(l)
			at.images++
		}
		if at == root || at.layer.Kind != plan.Delta {
			// An app without steps of its own is a leaf, too.
			at.child(&plan.Layer{Kind: bare, App: i.App}).images++
		}
	}
	t := &tree{seen: map[*plan.Layer]bool{}, page: page, end: page.endOf(p)}
	t.branches(root.below, "", true)
	hidden := 0
	if !page.All && len(t.rows) > maxTree {
		hidden, t.rows = len(t.rows)-maxTree, t.rows[:maxTree]
	}
	t.write()
	if hidden > 0 {
		t.out.WriteString(page.more(hidden, "line", "lines"))
	}
	t.out.WriteString(endNote(t.end))
	for _, i := range p.Published {
		var titles []string
		for _, l := range i.Layers {
			titles = append(titles, l.Title())
		}
		line := "published " + i.App.Name + ": " + strings.Join(titles, " → ")
		if !page.All {
			line = term.Cut(line, page.Width)
		}
		t.out.WriteString(line + "\n")
	}
	return t.out.String()
}

// bare marks the leaf of an image without a layer of its own.
const bare plan.Kind = "image"

// branch is one occurrence of a layer in the tree.
type branch struct {
	layer  *plan.Layer
	images int
	below  []*branch
	folded []*branch // apps that share its line
}

func (b *branch) child(l *plan.Layer) *branch {
	for _, c := range b.below {
		if c.layer == l {
			return c
		}
	}
	c := &branch{layer: l}
	b.below = append(b.below, c)
	return c
}

// title is the text of a branch's line.
func (t *tree) title(b *branch) string {
	switch b.layer.Kind {
	case bare:
		return term.WithoutEnd(b.layer.App.Name, t.end)
	case plan.Delta:
		return term.WithoutEnd(b.layer.Title(), t.end)
	}
	return b.layer.Title()
}

// tree collects rows, so that columns can be aligned.
type tree struct {
	rows []treeRow
	seen map[*plan.Layer]bool
	page Page
	end  string // of the names of all apps
	out  strings.Builder
}

// treeRow is a line: its place in the tree, and its cells.
type treeRow struct {
	stem  string
	cells [4]string
}

func (t *tree) branches(list []*branch, indent string, top bool) {
	list = t.fold(list)
	for n, b := range list {
		stem, under := "├─ ", "│  "
		if n == len(list)-1 {
			stem, under = "└─ ", "   "
		}
		if top {
			stem, under = "", ""
		}
		name := t.title(b)
		size := b.layer.Size
		if len(b.folded) > 0 {
			name = fmt.Sprintf("%s, %s and %s", name, t.title(b.folded[0]), term.More(len(b.folded)-1, "app", "apps"))
			for _, f := range b.folded {
				size = size.Plus(f.layer.Size)
			}
		}
		if t.seen[b.layer] {
			name = "= " + name
		}
		t.seen[b.layer] = true
		bytes := size.String()
		if b.layer.Kind == bare {
			bytes = ""
		}
		t.rows = append(t.rows, treeRow{indent + stem, [4]string{name, string(b.layer.Kind), bytes, term.Count(b.images+len(b.folded), "image")}})
		t.branches(b.below, indent+under, false)
	}
}

// fold combines the apps of a list into one branch if there are many.
func (t *tree) fold(list []*branch) []*branch {
	var rest, deltas []*branch
	for _, b := range list {
		if b.layer.Kind == plan.Delta || b.layer.Kind == bare {
			deltas = append(deltas, b)
		} else {
			rest = append(rest, b)
		}
	}
	if t.page.All || len(deltas) <= maxDeltas {
		return list
	}
	deltas[0].folded = deltas[1:]
	return append(rest, deltas[0])
}

func (t *tree) write() {
	var width [4]int
	var names []string
	for _, r := range t.rows {
		for n, s := range r.cells {
			if n == 0 {
				s = r.stem + s
			}
			width[n] = max(width[n], term.Columns(s))
		}
		names = append(names, r.cells[0])
	}
	if !t.page.All {
		width[0] = min(width[0], t.page.Width-6-width[1]-width[2]-width[3])
	}
	for _, r := range t.rows {
		name := term.Cut(r.stem+term.CutAmong(r.cells[0], max(1, width[0]-term.Columns(r.stem)), names), width[0])
		line := fmt.Sprintf("%s  %s  %s  %s", term.Left(name, width[0]), term.Left(r.cells[1], width[1]), term.Right(r.cells[2], width[2]), r.cells[3])
		t.out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}
