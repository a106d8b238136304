package search

import "slices"

// rounds is how often weights are balanced.
const rounds = 5

// balance finds weights for the fixed costs of stacked items; see bound.go. It keeps the weights
// with the highest bound.
func (b *bounder) balance() {
	defer b.addUp()
	if b.lean(); b.grouped {
		return
	}
	var best Money
	var kept [][]int64
	for range rounds {
		total, more := b.round()
		if total > best {
			best, kept = total, make([][]int64, len(b.weights))
			for i, list := range b.weights {
				kept[i] = slices.Clone(list)
			}
		}
		if len(more) == 0 {
			break
		}
		for _, w := range more {
			b.weights[w.item][w.class] = w.weight
		}
	}
	if kept != nil {
		b.weights = kept
	}
}

// weighing is a new weight.
type weighing struct {
	item   int32
	class  int
	weight int64
}

// round returns the sum of the best spines of all classes with the present weights, and weights for
// which the classes with a common blob would pay for all of it.
func (b *bounder) round() (total Money, more []weighing) {
	type use struct {
		weighing
		blob uint64
		able int64 // weight of all classes that could have the blob
	}
	var uses []use
	paying := map[uint64]int64{} // blob → weight of the classes that have it
	for c := range b.f.classes {
		o := b.newOrderer(c)
		if o == nil {
			continue
		}
		total += o.order(-1, b.steps/2)
		for at := o.end; at != (spot{}); at = o.reached[at].from {
			k, key := o.top(at)
			if k < 0 {
				continue
			}
			l := &o.lots[k]
			w := l.weights[c]
			uses = append(uses, use{weighing{l.item, c, w}, key, o.at(at.below).weight[k]})
			paying[key] += w
		}
	}
	for _, u := range uses {
		if paid := paying[u.blob]; paid < u.able {
			u.weight = min(int64(scaleBy(u.weight, u.able, paid)), 1<<36)
			more = append(more, u.weighing)
		}
	}
	return total, more
}

// top returns the lot of the item on top of a chain of single layers, and the blob that has it
// there. The lot is -1 if the item is portable.
func (o *orderer) top(at spot) (lot int, blob uint64) {
	before := o.reached[at].from
	lot = -1
	for k := range o.lots {
		l := &o.lots[k]
		if l.placed(at.below) == 0 {
			continue
		}
		blob ^= o.b.f.items[l.item].key
		if l.placed(before.below) == 0 && l.sizes[0]|l.builds[0] != 0 {
			lot = k
			blob ^= mix(^o.b.f.items[l.item].key)
		}
	}
	if o.c.base >= 0 {
		blob ^= o.b.f.items[o.c.base].key
	}
	return lot, blob
}
