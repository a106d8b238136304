package search

import "math/bits"

// bitset is a set of small integers. Operations on two sets expect equal lengths.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (s bitset) has(i int32) bool { return s[i>>6]>>(uint(i)&63)&1 == 1 }
func (s bitset) add(i int32)      { s[i>>6] |= 1 << (uint(i) & 63) }
func (s bitset) drop(i int32)     { s[i>>6] &^= 1 << (uint(i) & 63) }
func (s bitset) copy() bitset     { return append(bitset(nil), s...) }

func (s bitset) or(t bitset) {
	for i, w := range t {
		s[i] |= w
	}
}

func (s bitset) and(t bitset) {
	for i, w := range t {
		s[i] &= w
	}
}

func (s bitset) meets(t bitset) bool {
	for i, w := range s {
		if w&t[i] != 0 {
			return true
		}
	}
	return false
}

func (s bitset) within(t bitset) bool {
	for i, w := range s {
		if w&^t[i] != 0 {
			return false
		}
	}
	return true
}

func (s bitset) empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

// members returns the set in ascending order.
func (s bitset) members() []int32 {
	var list []int32
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			list = append(list, int32(i*64+bits.TrailingZeros64(w)))
		}
	}
	return list
}

// sumNew adds up the values of the members of t that are not in s.
func (s bitset) sumNew(t bitset, value []int64) (sum int64) {
	for i, w := range t {
		if s != nil {
			w &^= s[i]
		}
		for ; w != 0; w &= w - 1 {
			sum += value[i*64+bits.TrailingZeros64(w)]
		}
	}
	return sum
}
