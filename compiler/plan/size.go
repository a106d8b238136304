package plan

import (
	"math"
	"strconv"

	"github.com/docker/go-units"
)

// Size is a number of bytes that a registry holds, or a difference of two. It is an estimate
// unless the lock file has a measured size or the program declares one. A sum with an estimate in
// it is one, too.
type Size struct {
	Bytes     int64
	Estimated bool
}

// Plus adds sizes.
func (s Size) Plus(o Size) Size { return Size{s.Bytes + o.Bytes, s.Estimated || o.Estimated} }

// Minus subtracts a size. The difference of estimates is one.
func (s Size) Minus(o Size) Size { return Size{s.Bytes - o.Bytes, s.Estimated || o.Estimated} }

// Times multiplies a size.
func (s Size) Times(n int64) Size { return Size{s.Bytes * n, s.Estimated} }

// Of returns n bytes that are as well known as the size.
func (s Size) Of(n int64) Size { return Size{n, s.Estimated} }

// String formats the size for people: "36.7MB", and "~37MB" for an estimate, which has only the
// digits that mean something.
func (s Size) String() string {
	switch {
	case s.Bytes < 0:
		return "-" + s.Times(-1).String()
	case s.Estimated && s.Bytes > 0:
		return "~" + Bytes(digits(s.Bytes, 2))
	}
	return Bytes(s.Bytes)
}

// Signed formats a difference for people, with a sign unless it is zero.
func (s Size) Signed() string {
	if s.Bytes > 0 {
		return "+" + s.String()
	}
	return s.String()
}

// Range formats the sizes from least to most for people.
func Range(least, most Size) string {
	if least.String() == most.String() {
		return most.String()
	}
	return least.String() + " to " + most.String()
}

// Bytes formats an exact number of bytes for people, in decimal units.
func Bytes(n int64) string { return units.HumanSizeWithPrecision(float64(digits(n, 3)), 3) }

// digits rounds a number to its first decimal digits.
func digits(n int64, most int) int64 {
	// Through decimal text: a quotient of binary fractions would round halves at random.
	f, _ := strconv.ParseFloat(strconv.FormatFloat(float64(n), 'e', most-1, 64), 64)
	return int64(math.Round(f))
}
