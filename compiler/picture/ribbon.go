package picture

import (
	"cmp"
	"slices"
)

// Ribbon is the lanes from one box to the next one of their images.
type Ribbon struct {
	From, To int // of Picture.Layers
	Images   int
	Left     float64 // top at From, in lanes
	Right    float64 // top at To
	Height   float64
}

// Ribbons returns the lanes between layers, combined if they have the same ends, and for each
// stack the top of the lane after its last layer.
func (pic *Picture) Ribbons() ([]Ribbon, []float64) {
	index := map[[2]int]int{}
	var ribbons []Ribbon
	for n := range pic.Stacks {
		s := &pic.Stacks[n]
		for k := 1; k < len(s.Layers); k++ {
			ends := [2]int{s.Layers[k-1], s.Layers[k]}
			r, ok := index[ends]
			if !ok {
				r = len(ribbons)
				index[ends] = r
				ribbons = append(ribbons, Ribbon{From: ends[0], To: ends[1]})
			}
			ribbons[r].Images += len(s.Apps)
			ribbons[r].Height += s.Height
		}
	}
	slices.SortFunc(ribbons, func(a, b Ribbon) int { return cmp.Or(a.From-b.From, a.To-b.To) })

	// Lanes leave a box in the order of their targets, and enter it in the order of their
	// origins.
	top := func(l int) float64 { return pic.Layers[l].Top }
	type end struct {
		y      float64
		height float64
		at     *float64
	}
	leave, enter := make([][]end, len(pic.Layers)), make([][]end, len(pic.Layers))
	for n := range ribbons {
		r := &ribbons[n]
		leave[r.From] = append(leave[r.From], end{top(r.To), r.Height, &r.Left})
		enter[r.To] = append(enter[r.To], end{top(r.From), r.Height, &r.Right})
	}
	tails := make([]float64, len(pic.Stacks))
	for n := range pic.Stacks {
		s := &pic.Stacks[n]
		if len(s.Layers) > 0 {
			last := s.Layers[len(s.Layers)-1]
			leave[last] = append(leave[last], end{s.Top, s.Height, &tails[n]})
		}
	}
	for l := range pic.Layers {
		for _, ends := range [][]end{leave[l], enter[l]} {
			slices.SortStableFunc(ends, func(a, b end) int { return cmp.Compare(a.y, b.y) })
			y := top(l)
			for _, e := range ends {
				*e.at = y
				y += e.height
			}
		}
	}
	return ribbons, tails
}
