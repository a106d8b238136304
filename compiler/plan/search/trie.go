package search

import (
	"cmp"
	"math/bits"
	"slices"
)

// trie holds the spines of a start as chains of single items with common bottoms, before fit
// turns them into layers. It includes portable items that a stacked item needs.
type trie struct {
	f     *fleet
	nodes []node
	tip   []int32 // class → its topmost node
}

type node struct {
	up      int32 // -1: a root, which represents a base
	kids    []int32
	items   []int32
	classes []int32 // ascending
	// Of the items in this node and below.
	size, build int64
	own         int64
	shared      bitset
	replicas    int64
	stacked     bool
	dead        bool
}

func newTrie(f *fleet) *trie {
	return &trie{f: f, tip: make([]int32, len(f.classes))}
}

// roots adds a node for each base and returns it with the classes on it.
func (t *trie) roots() []int32 {
	byBase := map[int32]int32{}
	var list []int32
	for c := range t.f.classes {
		base := t.f.classes[c].base
		r, ok := byBase[base]
		if !ok {
			r = int32(len(t.nodes))
			byBase[base] = r
			n := node{up: -1}
			if base >= 0 {
				n.own, n.shared = t.f.items[base].own, t.f.items[base].shared
			}
			t.nodes = append(t.nodes, n)
			list = append(list, r)
		}
		t.nodes[r].classes = append(t.nodes[r].classes, int32(c))
		t.tip[c] = r
	}
	return list
}

// add puts an item on top of a node for these classes.
func (t *trie) add(up, i int32, classes []int32) int32 {
	it := &t.f.items[i]
	n := node{up: up, items: []int32{i}, classes: classes, size: it.size, stacked: it.stacked,
		own: t.nodes[up].own + it.own, shared: union(it.shared, t.nodes[up].shared)}
	if it.stacked {
		n.build = it.build
	}
	id := int32(len(t.nodes))
	for _, c := range classes {
		n.replicas += t.f.classes[c].replicas
		t.tip[c] = id
	}
	t.nodes = append(t.nodes, n)
	t.nodes[up].kids = append(t.nodes[up].kids, id)
	return id
}

// topDown builds spines from the bottom. At each node it takes the item that is best below all
// others of its classes, with its needs. The classes with this item continue above it; the other
// classes choose again.
func (f *fleet) topDown() *trie {
	t := newTrie(f)
	ch := &chooser{f: f, has: make([]int32, len(f.items)), held: make([]int64, len(f.items)),
		others: make([]int64, len(f.items)), above: make([]Money, len(f.items))}
	for _, r := range t.roots() {
		ch.grow(t, r, newBitset(len(f.items)), t.nodes[r].classes)
	}
	return t
}

type chooser struct {
	f *fleet
	// By item, over the current classes: how many still need it and their replicas, the hazard of
	// the other items to come, and the price of hazard on the other items to come.
	has    []int32
	held   []int64
	others []int64
	above  []Money
}

func (ch *chooser) grow(t *trie, at int32, placed bitset, classes []int32) {
	f := ch.f
	for len(classes) > 0 {
		best := ch.best(placed, classes)
		if best < 0 {
			return
		}
		var with, rest []int32
		for _, c := range classes {
			if f.classes[c].chain.has(best) {
				with = append(with, c)
			} else {
				rest = append(rest, c)
			}
		}
		next, now := at, placed.copy()
		for _, i := range f.block(best, placed) {
			next = t.add(next, i, with)
			now.add(i)
		}
		ch.grow(t, next, now, with)
		classes = rest
	}
}

// block is an item after its needs that are not below it yet.
func (f *fleet) block(i int32, placed bitset) []int32 {
	if !f.items[i].stacked {
		return []int32{i}
	}
	list := f.items[i].needs.members()
	list = slices.DeleteFunc(list, func(n int32) bool { return placed.has(n) })
	slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(f.items[a].depth, f.items[b].depth) })
	return append(list, i)
}

// best returns the item whose block gains most relative to its harm when it comes next; -1 if no
// item is left. Gain is the cost of separate copies for every class, plus the cost of the others'
// hazard if it were on top of them. Harm is what its hazard costs on top of the others.
func (ch *chooser) best(placed bitset, classes []int32) int32 {
	f, w := ch.f, &ch.f.price.w
	var present []int32
	for _, c := range classes {
		for word, m := range f.classes[c].chain {
			for m &^= placed[word]; m != 0; m &= m - 1 {
				i := int32(word*64 + bits.TrailingZeros64(m))
				if ch.has[i] == 0 {
					present = append(present, i)
				}
				ch.has[i]++
				ch.held[i] += f.classes[c].replicas
			}
		}
	}
	if len(present) == 0 {
		return -1
	}
	// The price of one unit of hazard on an item, a share for each class.
	price := func(i int32, replicas int64, share int64) Money {
		keep := milli(f.items[i].size, w.Store*w.Retained) / share
		pull := milli(f.items[i].size, w.Pull) / 1000 * (1000 - w.Replaced)
		return Money(keep + scale(pull, f.price.hosts(replicas), 10))
	}
	for _, c := range classes {
		var hazard int64
		var money Money
		var mine []int32
		for word, m := range f.classes[c].chain {
			for m &^= placed[word]; m != 0; m &= m - 1 {
				i := int32(word*64 + bits.TrailingZeros64(m))
				mine = append(mine, i)
				hazard += f.hazard(i)
				money += price(i, f.classes[c].replicas, int64(ch.has[i]))
			}
		}
		for _, i := range mine {
			ch.others[i] += hazard
			ch.above[i] += money
		}
	}
	slices.Sort(present)
	choice := int32(-1)
	var bestGain, bestHarm uint64
	for _, i := range present {
		n := int64(ch.has[i])
		var own int64
		var copies, clean Money
		for _, b := range f.block(i, placed) {
			it := &f.items[b]
			own += f.hazard(b)
			r := f.price.blob(it.size, f.hazard(b), it.build)
			copies += r.fixed() * Money(n-1)
			clean += price(b, ch.held[i], 1)
		}
		others := max(ch.others[i]/n-own, 0)
		gain := uint64(copies) + uint64(scale(int64(clean), others, 32))
		harm := uint64(scale(max(int64(ch.above[i]-clean), 0), own, 32))
		gain, harm = gain+1, harm+1
		// gain/harm > bestGain/bestHarm, exactly
		h1, l1 := bits.Mul64(gain, bestHarm)
		h2, l2 := bits.Mul64(bestGain, harm)
		if choice < 0 || h1 > h2 || h1 == h2 && l1 > l2 {
			choice, bestGain, bestHarm = i, gain, harm
		}
	}
	for _, i := range present {
		ch.has[i], ch.held[i], ch.others[i], ch.above[i] = 0, 0, 0, 0
	}
	return choice
}

// hazard is the hazard of one item alone.
func (f *fleet) hazard(i int32) int64 {
	return f.items[i].own + bitset(nil).sumNew(f.items[i].shared, f.sharedHazard)
}

// popular builds spines in one global order: items with most replicas come first.
func (f *fleet) popular() *trie {
	count := make([]int64, len(f.items))
	for c := range f.classes {
		for _, i := range f.classes[c].items {
			count[i] += f.classes[c].replicas
		}
	}
	order := make([]int32, len(f.items))
	for i := range order {
		order[i] = int32(i)
	}
	// An item is never more popular than what it needs.
	slices.SortStableFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(f.items[a].depth, f.items[b].depth))
	})
	t := newTrie(f)
	for _, r := range t.roots() {
		t.insert(r, order, t.nodes[r].classes)
	}
	return t
}

func (t *trie) insert(at int32, order []int32, classes []int32) {
	for k, i := range order {
		var with, rest []int32
		for _, c := range classes {
			if t.f.classes[c].chain.has(i) {
				with = append(with, c)
			} else {
				rest = append(rest, c)
			}
		}
		if len(with) > 0 {
			t.insert(t.add(at, i, with), order[k+1:], with)
		}
		if classes = rest; len(classes) == 0 {
			return
		}
	}
}
