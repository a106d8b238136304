package picture

import (
	"fmt"
	"math/bits"
)

// stop is the colour for a number of changes per year.
type stop struct {
	rate    float64
	r, g, b int
}

// scale goes from almost never to daily, in steps of about four times. Its colours differ in
// lightness as well as in hue, and can be distinguished on white and on black.
var scale = [...]stop{
	{1, 0x3b, 0x5b, 0xa5}, {4, 0x2f, 0x8f, 0xa8}, {16, 0x6f, 0xb0, 0x5a}, {64, 0xe0, 0xb1, 0x3c}, {256, 0xd9, 0x50, 0x2e},
}

// Colour returns the colour of a layer with that many changes per year: "#rrggbb". Rates between
// two stops are counted in sixteenths of a doubling, so that all machines compute the same.
func Colour(rate float64) string {
	if rate <= scale[0].rate {
		return hex(scale[0].r, scale[0].g, scale[0].b)
	}
	if rate >= scale[len(scale)-1].rate {
		last := scale[len(scale)-1]
		return hex(last.r, last.g, last.b)
	}
	// log2 in sixteenths, linear between powers of two
	n := uint64(rate * 256)
	k := bits.Len64(n) - 1
	at := (k-8)*16 + int((n<<4>>k)&15) // sixteenths of doublings above 1
	from, to := scale[at/32], scale[at/32+1]
	mix := func(a, b int) int { return a + (b-a)*(at%32)/32 }
	return hex(mix(from.r, to.r), mix(from.g, to.g), mix(from.b, to.b))
}

func hex(r, g, b int) string { return fmt.Sprintf("#%02x%02x%02x", r, g, b) }

// Pace describes in words how often something changes.
func Pace(rate float64) string {
	switch {
	case rate <= 0:
		return "never"
	case rate < 0.75: // a rate is rounded down, so yearly is a little less
		return "less than yearly"
	case rate < 1.5:
		return "yearly"
	}
	return fmt.Sprintf("%.0f times a year", rate)
}
