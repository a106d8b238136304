package plan

import (
	"fmt"
	"strings"

	"github.com/docker/go-units"
)

// Tree is the plan as text: the chains of all images laid over each other.
// Each line is a layer with its kind, its size and the number of images whose
// chain runs through it there; a layer that a line above shows already, below
// another one, is marked by "=".
//
// Apps side by side share a line if there are many, and a large tree is cut. Below
// it follow the published images.
func (p *Plan) Tree() string { return p.tree(false) }

// WholeTree is Tree with a line for each app, however many there are.
func (p *Plan) WholeTree() string { return p.tree(true) }

func (p *Plan) tree(all bool) string {
	root := &branch{}
	for _, i := range p.Images {
		at := root
		for _, l := range i.Layers {
			at = at.child(l)
			at.images++
		}
		if at == root || at.layer.Kind != Delta {
			// An app without steps of its own is a leaf, too.
			at.child(&Layer{Kind: bare, App: i.App}).images++
		}
	}
	t := &tree{seen: map[*Layer]bool{}, all: all}
	t.branches(root.below, "", true)
	hidden := 0
	if !all && len(t.rows) > maxTree {
		hidden, t.rows = len(t.rows)-maxTree, t.rows[:maxTree]
	}
	t.write()
	if hidden > 0 {
		t.out.WriteString(more(hidden, "lines"))
	}
	for _, i := range p.Published {
		var titles []string
		for _, l := range i.Layers {
			titles = append(titles, l.Title())
		}
		line := "published " + i.App.Name + ": " + strings.Join(titles, " → ")
		if !all {
			line = cut(line, Width)
		}
		t.out.WriteString(line + "\n")
	}
	return t.out.String()
}

// bare marks the leaf of an image that has no layer of its own.
const bare Kind = "image"

// branch is a layer at one place of the tree.
type branch struct {
	layer  *Layer
	images int
	below  []*branch
	folded []*branch // apps that its line stands for, too
}

func (b *branch) child(l *Layer) *branch {
	for _, c := range b.below {
		if c.layer == l {
			return c
		}
	}
	c := &branch{layer: l}
	b.below = append(b.below, c)
	return c
}

// title is what the branch's line says.
func (b *branch) title() string {
	if b.layer.Kind == bare {
		return b.layer.App.Name
	}
	return b.layer.Title()
}

// tree collects rows, so that columns can be aligned.
type tree struct {
	rows [][4]string
	seen map[*Layer]bool
	all  bool
	out  strings.Builder
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
		name := b.title()
		size := b.layer.Size
		if len(b.folded) > 0 {
			name = fmt.Sprintf("%s, %s and %d more apps", name, b.folded[0].title(), len(b.folded)-1)
			for _, f := range b.folded {
				size += f.layer.Size
			}
		}
		if t.seen[b.layer] {
			name = "= " + name
		}
		t.seen[b.layer] = true
		bytes := Bytes(size)
		if b.layer.Kind == bare {
			bytes = ""
		}
		t.rows = append(t.rows, [4]string{indent + stem + name, string(b.layer.Kind), bytes, images(b.images + len(b.folded))})
		t.branches(b.below, indent+under, false)
	}
}

// fold makes one branch of the apps in a list, if they are many.
func (t *tree) fold(list []*branch) []*branch {
	var rest, deltas []*branch
	for _, b := range list {
		if b.layer.Kind == Delta || b.layer.Kind == bare {
			deltas = append(deltas, b)
		} else {
			rest = append(rest, b)
		}
	}
	if t.all || len(deltas) <= maxDeltas {
		return list
	}
	deltas[0].folded = deltas[1:]
	return append(rest, deltas[0])
}

func (t *tree) write() {
	var width [4]int
	for _, r := range t.rows {
		for n, s := range r {
			width[n] = max(width[n], len([]rune(s)))
		}
	}
	if !t.all {
		width[0] = min(width[0], Width-6-width[1]-width[2]-width[3])
	}
	for _, r := range t.rows {
		r[0] = cut(r[0], width[0])
		line := fmt.Sprintf("%s  %s  %s  %s", pad(r[0], width[0]), pad(r[1], width[1]), left(r[2], width[2]), r[3])
		t.out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

func pad(s string, n int) string  { return s + strings.Repeat(" ", n-len([]rune(s))) }
func left(s string, n int) string { return strings.Repeat(" ", n-len([]rune(s))) + s }

func images(n int) string {
	if n == 1 {
		return "1 image"
	}
	return fmt.Sprintf("%d images", n)
}

// Title is a short name of the layer, for people: its components and users, and
// of OS packages how many there are beside them.
func (l *Layer) Title() string {
	var names []string
	packages := 0
	for _, i := range l.Marks {
		names = append(names, i.Title)
	}
	for _, i := range l.Members {
		if i.Package != nil && i.Package.Account == nil {
			packages += len(i.Package.Packages)
		} else {
			names = append(names, i.Title)
		}
	}
	if len(names) > 4 {
		names = append(names[:3:3], fmt.Sprintf("%d more", len(names)-3))
	}
	switch {
	case packages == 1 && len(names) == 0:
		return l.Members[0].Title
	case packages == 1:
		names = append(names, "1 package")
	case packages > 1:
		names = append(names, fmt.Sprintf("%d packages", packages))
	}
	return strings.Join(names, " + ")
}

// Bytes is a number of bytes for people, in decimal units.
func Bytes(n int64) string { return units.HumanSizeWithPrecision(float64(n), 3) }

// Totals are what the plan's layers and images add up to, in bytes.
type Totals struct {
	Stored int64 // each layer once
	Alone  int64 // each image on its own
}

// Totals adds up the plan.
func (p *Plan) Totals() Totals {
	var t Totals
	for _, l := range p.Layers {
		t.Stored += l.Size
	}
	for _, i := range p.Images {
		for _, l := range i.Layers {
			t.Alone += l.Size
		}
	}
	return t
}

// Gap is how far the plan's cost is above the lower bound, as a fraction.
func (p *Plan) Gap() float64 {
	bound := p.Bound()
	if bound <= 0 {
		return 0
	}
	return float64(p.Cost.Total()-bound) / float64(bound)
}

// Summary is one line on what the plan costs.
func (p *Plan) Summary() string { return p.Storage() + "; " + p.Quality() }

// Storage says how many bytes the plan's images take, with and without sharing.
func (p *Plan) Storage() string {
	t := p.Totals()
	return fmt.Sprintf("%s, %s: %s stored, %s if each image were alone",
		images(len(p.Images)), layers(len(p.Layers)), Bytes(t.Stored), Bytes(t.Alone))
}

// Quality says how far from the lower bound the whole fleet's plan is at most.
func (p *Plan) Quality() string {
	return fmt.Sprintf("cost within %s of the lower bound", percent(p.Gap()))
}

// percent rounds up, since a bound must not be overstated.
func percent(f float64) string {
	n := int64(f*1000 + 0.999)
	return fmt.Sprintf("%d.%d %%", n/10, n%10)
}
