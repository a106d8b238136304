package search

import (
	"cmp"
	"fmt"
	"slices"
)

// An image with hundreds of loose layers has tens of thousands of possible merges. With ten
// thousand layers, the merges exceed the memory. Layers that the same classes hold differ only in
// size and hazard. In a crowd, layers of similar hazard are joined before any merge is priced.
// That still leaves many more layers than an image may have.

// A class with more than crowded loose layers is a crowd. It keeps at most dispersed layers with
// the same holders.
const (
	crowded   = 256
	dispersed = 64
)

// disperse joins the loose layers of crowds.
func (x *fit) disperse() {
	into := x.joined()
	if into == nil {
		return
	}
	number := make([]int32, len(x.loose)) // old → new
	kept := x.loose[:0]
	for id := range x.loose {
		l := x.loose[id]
		if first := into[id]; first != int32(id) {
			to := &kept[number[first]]
			to.items = append(to.items, l.items...)
			to.size += l.size
			to.own += l.own
			to.shared = union(to.shared, l.shared)
			number[id] = number[first]
			continue
		}
		number[id] = int32(len(kept))
		kept = append(kept, l)
	}
	x.loose = kept
	for c, ids := range x.has {
		before := len(ids)
		for n := range ids {
			ids[n] = number[ids[n]]
		}
		slices.Sort(ids)
		x.has[c] = slices.Compact(ids)
		x.over[c] -= int32(before - len(x.has[c]))
	}
}

// joined maps each loose layer to the one that it becomes a part of, the one with the smallest
// number: usually itself. It is nil if no class is a crowd.
func (x *fit) joined() []int32 {
	crowd := map[int32]bool{}
	for _, ids := range x.has {
		if len(ids) > crowded {
			for _, id := range ids {
				crowd[id] = true
			}
		}
	}
	if len(crowd) == 0 {
		return nil
	}
	into := make([]int32, len(x.loose))
	alike := map[string][]int32{} // by holders
	for id := range x.loose {
		into[id] = int32(id)
		if l := &x.loose[id]; crowd[int32(id)] {
			key := fmt.Sprint(l.alone, l.holders)
			alike[key] = append(alike[key], int32(id))
		}
	}
	for _, ids := range alike {
		if len(ids) <= dispersed {
			continue
		}
		slices.SortFunc(ids, func(a, b int32) int { return cmp.Or(cmp.Compare(x.hazard(a), x.hazard(b)), cmp.Compare(a, b)) })
		for n := range dispersed {
			part := ids[n*len(ids)/dispersed : (n+1)*len(ids)/dispersed]
			for _, id := range part {
				into[id] = slices.Min(part)
			}
		}
	}
	return into
}

func (x *fit) hazard(id int32) int64 {
	l := &x.loose[id]
	return l.own + bitset(nil).sumNew(l.shared, x.f.sharedHazard)
}
