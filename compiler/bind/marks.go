package bind

import (
	"slices"

	"github.com/layc-lang/layc/compiler/model"
)

// marks tell which instances of a marked kind are in the closure of another instance. They
// are bits: without them, collecting what marked instances declare for each closure would
// take quadratic time and memory if components form a long chain.
type marks struct {
	count    int
	closures map[*model.Instance]bitset // nil: none
}

// bitset is a set of the numbers of marked instances. Bitsets are shared, and so never
// change.
type bitset []uint64

func (s bitset) has(n int) bool { return n/64 < len(s) && s[n/64]&(1<<(n%64)) != 0 }

// enter notes an instance, and gives it the next number if it is marked. Its needs must have
// been entered. It returns the marks of the instance's closure.
func (m *marks) enter(i *model.Instance, marked bool) bitset {
	all := m.among(i.Needs)
	if marked {
		bits := make(bitset, m.count/64+1)
		copy(bits, all)
		bits[m.count/64] |= 1 << (m.count % 64)
		m.count++
		all = bits
	}
	if len(all) > 0 {
		m.closures[i] = all
	}
	return all
}

// among returns the marks of the closures of some instances.
func (m *marks) among(instances []*model.Instance) bitset {
	var all bitset
	own := false // not shared with another instance
	for _, i := range instances {
		more := m.closures[i]
		switch {
		case len(more) == 0 || len(all) > 0 && &all[0] == &more[0]:
			continue
		case all == nil:
			all = more
			continue
		case !own:
			all, own = slices.Clone(all), true
		}
		for len(all) < len(more) {
			all = append(all, 0)
		}
		for w, b := range more {
			all[w] |= b
		}
	}
	return all
}
