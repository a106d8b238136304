package picture

import (
	"cmp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/plan"
)

// columns gives each layer a column so that no image has two layers in one. Layers of most images
// come first, as far left as possible, but to the right of all layers below. Those have at least
// as many images, so they have their columns already.
func (pic *Picture) columns(index map[*plan.Layer]int) {
	in := make([][]int, len(pic.Layers)) // stacks with a layer
	for n, s := range pic.Stacks {
		for _, l := range s.Layers {
			in[l] = append(in[l], n)
		}
	}
	taken := make([]map[int]bool, len(pic.Stacks))
	for n := range taken {
		taken[n] = map[int]bool{}
	}
	var order []int // bases, then by images; parents stay before their children
	for n, l := range pic.Layers {
		if l.Kind == plan.Base {
			order = append(order, n)
		}
	}
	bases := len(order)
	for n, l := range pic.Layers {
		if l.Kind != plan.Base {
			order = append(order, n)
		}
	}
	slices.SortStableFunc(order[bases:], func(a, b int) int { return cmp.Compare(pic.Layers[b].Images, pic.Layers[a].Images) })
	for _, n := range order {
		l := &pic.Layers[n]
		for _, o := range append(l.On[:len(l.On):len(l.On)], l.Parent) {
			if at, ok := index[o]; ok {
				l.Column = max(l.Column, pic.Layers[at].Column+1)
			}
		}
		for slices.ContainsFunc(in[n], func(s int) bool { return taken[s][l.Column] }) {
			l.Column++
		}
		for _, s := range in[n] {
			taken[s][l.Column] = true
		}
		pic.Columns = max(pic.Columns, l.Column+1)
	}
	for _, s := range pic.Stacks {
		slices.SortFunc(s.Layers, func(a, b int) int { return cmp.Compare(pic.Layers[a].Column, pic.Layers[b].Column) })
	}
}

// shared compares layers: layers of most images come first.
func (pic *Picture) shared(a, b int) int {
	x, y := &pic.Layers[a], &pic.Layers[b]
	return cmp.Or(cmp.Compare(y.Images, x.Images), cmp.Compare(y.Size.Bytes, x.Size.Bytes), strings.Compare(x.ID, y.ID))
}

// lanes orders the stacks by their layers, column by column, so that stacks with the same first
// layers are neighbours, the most shared on top.
func (pic *Picture) lanes() {
	slices.SortFunc(pic.Stacks, func(a, b Stack) int {
		for n := range min(len(a.Layers), len(b.Layers)) {
			x, y := a.Layers[n], b.Layers[n]
			if x == y {
				continue
			}
			return cmp.Or(cmp.Compare(pic.Layers[x].Column, pic.Layers[y].Column), pic.shared(x, y))
		}
		return cmp.Or(cmp.Compare(len(b.Layers), len(a.Layers)), strings.Compare(a.Apps[0].Name, b.Apps[0].Name))
	})
	y := 0.0
	for n := range pic.Stacks {
		s := &pic.Stacks[n]
		s.Top = y
		y += s.Height + gap
	}
	pic.Height = max(0, y-gap)
}

// boxes places the layers of each column as close as possible to the middle of their lanes, in
// that order, without overlap. They always fit, since each lane is in at most one box of a
// column.
func (pic *Picture) boxes() {
	middle := make([]float64, len(pic.Layers))
	for n := range pic.Stacks {
		s := &pic.Stacks[n]
		for _, l := range s.Layers {
			middle[l] += (s.Top + s.Height/2) * s.Height / pic.Layers[l].Height
		}
	}
	columns := make([][]int, pic.Columns)
	for n := range pic.Layers {
		columns[pic.Layers[n].Column] = append(columns[pic.Layers[n].Column], n)
	}
	for _, column := range columns {
		slices.SortFunc(column, func(a, b int) int {
			return cmp.Or(cmp.Compare(middle[a], middle[b]), strings.Compare(pic.Layers[a].ID, pic.Layers[b].ID))
		})
		pic.settle(column, middle)
	}
}

// group is a list of adjacent boxes in a column, placed where they are closest to their wishes.
type group struct {
	boxes        []int
	height       float64
	wish, weight float64 // sum of wishes for the group's top, and of their weights
}

func (g *group) top(height float64) float64 {
	return max(0, min(g.wish/g.weight, height-g.height))
}

// settle places the boxes of one column, given in order. It merges boxes that would overlap into
// one group, until none do.
func (pic *Picture) settle(column []int, middle []float64) {
	var groups []*group
	for _, n := range column {
		h := pic.Layers[n].Height
		g := &group{boxes: []int{n}, height: h, wish: (middle[n] - h/2) * h, weight: h}
		for len(groups) > 0 {
			last := groups[len(groups)-1]
			if last.top(pic.Height)+last.height+gap <= g.top(pic.Height) {
				break
			}
			shift := last.height + gap
			g = &group{
				boxes: append(last.boxes, g.boxes...), height: shift + g.height,
				wish: last.wish + g.wish - shift*g.weight, weight: last.weight + g.weight,
			}
			groups = groups[:len(groups)-1]
		}
		groups = append(groups, g)
	}
	for _, g := range groups {
		y := g.top(pic.Height)
		for _, n := range g.boxes {
			pic.Layers[n].Top = y
			y += pic.Layers[n].Height + gap
		}
	}
}
