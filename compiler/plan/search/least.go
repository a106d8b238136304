package search

// tightest finds an order of few layers for a class. It always takes all items of one Alone value
// that may come next. Taking more never hurts, so only the order of the values matters. A value
// whose last item can be taken now is taken at once, since it must be taken some time. If no
// value can be finished, the search branches, up to a limit that only contrived needs reach.
func (f *fleet) tightest(c *class) [][]int32 {
	var best [][]int32
	budget := 10_000
	var try func(left bitset, layers [][]int32)
	try = func(left bitset, layers [][]int32) {
		for {
			if left.empty() {
				if best == nil || len(layers) < len(best) {
					best = append([][]int32(nil), layers...)
				}
				return
			}
			budget--
			if best != nil && (len(layers)+1 >= len(best) || budget < 0) {
				return
			}
			var values []int32 // Alone values that can come next
			finished := false
			seen := map[int32]bool{}
			for _, n := range left.members() {
				value := f.items[n].alone
				if seen[value] {
					continue
				}
				seen[value] = true
				taken, rest := f.take(left, value)
				if len(taken) == 0 {
					continue
				}
				if rest == 0 {
					left, layers = without(left, taken), append(layers[:len(layers):len(layers)], taken)
					finished = true
					break
				}
				values = append(values, value)
			}
			if finished {
				continue
			}
			for _, value := range values {
				taken, _ := f.take(left, value)
				try(without(left, taken), append(layers[:len(layers):len(layers)], taken))
			}
			return
		}
	}
	try(c.set.copy(), nil)
	return best
}

// least is the smallest number of layers for a class, without base and delta.
func (f *fleet) least(c *class) int {
	// Without Alone values, one layer holds everything.
	free := true
	for _, n := range c.items {
		free = free && f.items[n].alone == 0
	}
	if free {
		return min(len(c.items), 1)
	}
	return len(f.tightest(c))
}

// take returns the items of one Alone value that may be the next layer when only the items in
// left are not placed, and how many items of that value remain after it.
func (f *fleet) take(left bitset, value int32) (taken []int32, rest int) {
	blocked := left.copy()
	var mine []int32
	for _, n := range left.members() {
		if f.items[n].alone == value {
			mine = append(mine, n)
			blocked.drop(n)
		}
	}
	// An item left behind may hold back others of its value.
	for again := true; again; {
		again = false
		for i, n := range mine {
			if f.items[n].stacked && f.items[n].needs.meets(blocked) {
				blocked.add(n)
				mine = append(mine[:i:i], mine[i+1:]...)
				rest++
				again = true
				break
			}
		}
	}
	return mine, rest
}

func without(s bitset, list []int32) bitset {
	s = s.copy()
	for _, n := range list {
		s.drop(n)
	}
	return s
}
