package search

import "slices"

// leanOne is the fixed-point 1 of leans.
const leanOne = 1 << 10

// lean gives more weight to the classes that have blobs of the plan which others could have, but do
// not: as much as raises the bound; see bound.go.
func (b *bounder) lean() {
	b.setGroups()
	start, leans := b.weights, b.leans()
	var best Money
	kept, power := start, 0
	for _, to := range []int{0, 1, 2, 6} {
		next := make([][]int64, len(start))
		for i, g := range b.group {
			next[i] = slices.Clone(b.weights[i])
			for c := range next[i] {
				for range to - power {
					next[i][c] = min(next[i][c]*leans[g][c]/leanOne, 1<<36)
				}
			}
		}
		b.weights, power = next, to
		var total Money
		for c := range b.f.classes {
			if o := b.newOrderer(c); o != nil {
				total += o.rest(0)
			}
		}
		if total > best {
			best, kept = total, next
		}
	}
	b.weights = kept
}

// leans returns for each group and class the weight of the classes that could have the class's blobs
// with the group, divided by the weight of those that have them in the plan.
func (b *bounder) leans() [][]int64 {
	f, s := b.f, b.plan
	place := make([]int32, len(f.items)) // Problem.Items → f.items
	for i := range f.items {
		place[f.items[i].index] = int32(i)
	}
	leans := make([][]int64, len(f.items))
	for g := range leans {
		leans[g] = slices.Repeat([]int64{leanOne}, len(f.classes))
	}
	for c := range f.classes {
		cl := &f.classes[c]
		able := newBitset(len(f.classes))
		for d := range f.classes {
			if f.classes[d].base == cl.base {
				able.add(int32(d))
			}
		}
		could, have := map[int32]int64{}, map[int32]int64{} // group → weight
		for _, l := range s.Images[cl.apps[0]] {
			layer := &s.Layers[l]
			if layer.Kind != KindSpine {
				continue
			}
			items := slices.Clone(layer.Items)
			for _, o := range layer.On {
				items = append(items, s.Layers[o].Items...)
			}
			for _, i := range items {
				able.and(b.holders[place[i]])
			}
			for _, i := range layer.Items {
				if it := &f.items[place[i]]; it.stacked {
					g := b.group[place[i]]
					cost := int64(f.price.bytes(it.size, HazardOne, it.build, 0).fixed())>>20 + 1
					could[g] += cost * b.count(able)
					have[g] += cost * layer.Replicas
				}
			}
		}
		for g := range could {
			leans[g][c] = min(max(could[g]/max(have[g]/leanOne, 1), leanOne), 64*leanOne)
		}
	}
	return leans
}

// setGroups finds items that lean together. If a spine is searched in lots, these are the items that
// only their size, build and needs tell apart.
func (b *bounder) setGroups() {
	f := b.f
	b.group = make([]int32, len(f.items))
	for c := range f.classes {
		b.grouped = b.grouped || b.lumped(c)
	}
	var firsts []int32
	for i := range f.items {
		b.group[i] = int32(i)
		it := &f.items[i]
		if !b.grouped || !it.stacked {
			continue
		}
		at := slices.IndexFunc(firsts, func(o int32) bool {
			other := &f.items[o]
			return other.own == it.own && slices.Equal(other.shared, it.shared) && slices.Equal(b.holders[o], b.holders[i])
		})
		if at < 0 {
			firsts = append(firsts, int32(i))
		} else {
			b.group[i] = firsts[at]
		}
	}
}
