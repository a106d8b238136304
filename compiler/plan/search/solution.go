package search

import (
	"cmp"
	"slices"
)

// solution converts the pool's plan: base and spine layers first, in the order of apps by name,
// then portable layers, then deltas.
func (po *pool) solution() *Solution {
	f, p := po.f, po.f.p
	s := &Solution{Images: make([][]int, len(p.Apps))}
	number := map[int32]int{} // blob → layer
	var order []int           // apps by name
	classOf := make([]int32, len(p.Apps))
	for c := range f.classes {
		for _, a := range f.classes[c].apps {
			order = append(order, a)
			classOf[a] = int32(c)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p.Apps[a].Name, p.Apps[b].Name) })
	add := func(layer Layer, items []int32) int {
		layer.Items = f.inNeedsOrder(items)
		s.Layers = append(s.Layers, layer)
		return len(s.Layers) - 1
	}
	bases := map[int32]int{}
	portable := func(b int32) int {
		l, ok := number[b]
		if !ok {
			l = add(Layer{Kind: KindPortable, Parent: -1, App: -1}, po.sets[po.blobs[b].set].items)
			number[b] = l
		}
		return l
	}
	free := make([][]int32, len(p.Apps)) // portable blobs that no spine layer is on
	for _, a := range order {
		c := &f.classes[classOf[a]]
		parent := -1
		if c.base >= 0 {
			l, ok := bases[c.base]
			if !ok {
				l = add(Layer{Kind: KindBase, Parent: -1, App: -1}, []int32{c.base})
				bases[c.base] = l
			}
			parent = l
			s.Images[a] = append(s.Images[a], l)
		}
		loose := slices.Clone(po.lay[classOf[a]])
		loose = slices.DeleteFunc(loose, func(b int32) bool { return po.sets[po.blobs[b].set].stacked })
		f.byName(po, loose)
		for _, b := range po.lay[classOf[a]] {
			st := &po.sets[po.blobs[b].set]
			if !st.stacked {
				break
			}
			var on []int
			loose = slices.DeleteFunc(loose, func(q int32) bool {
				below := st.needs != nil && st.needs.meets(po.sets[po.blobs[q].set].bits)
				if below {
					on = append(on, portable(q))
				}
				return below
			})
			l, ok := number[b]
			if !ok {
				l = add(Layer{Kind: KindSpine, Parent: parent, On: on, App: -1}, st.items)
				number[b] = l
			}
			parent = l
			s.Images[a] = append(append(s.Images[a], on...), l)
		}
		free[a] = loose
	}
	for _, a := range order {
		for _, b := range free[a] {
			s.Images[a] = append(s.Images[a], portable(b))
		}
	}
	for _, a := range order {
		if !p.Apps[a].Delta.empty() {
			s.Images[a] = append(s.Images[a], add(Layer{Kind: KindDelta, Parent: -1, App: a}, nil))
		}
	}
	for a, image := range s.Images {
		for _, l := range image {
			s.Layers[l].Replicas += p.Apps[a].replicas()
		}
	}
	for l := range s.Layers {
		s.Layers[l].Size, _ = s.content(p, l)
		s.Layers[l].Hazard = p.hazard(s.sources(p, l))
	}
	return s
}

// inNeedsOrder sorts items of the problem topologically by needs, then by name.
func (f *fleet) inNeedsOrder(items []int32) []int {
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b int32) int {
		return cmp.Or(cmp.Compare(f.items[a].depth, f.items[b].depth), cmp.Compare(a, b))
	})
	list := make([]int, 0, len(items))
	for _, i := range items {
		list = append(list, f.items[i].index)
	}
	return list
}

// byName sorts portable blobs; blobs with needs come above blobs without.
func (f *fleet) byName(po *pool, blobs []int32) {
	depth := func(b int32) (d int) {
		for _, i := range po.sets[po.blobs[b].set].items {
			d = max(d, f.items[i].depth)
		}
		return d
	}
	slices.SortFunc(blobs, func(a, b int32) int {
		return cmp.Or(cmp.Compare(depth(a), depth(b)),
			slices.Compare(po.sets[po.blobs[a].set].items, po.sets[po.blobs[b].set].items))
	})
}
