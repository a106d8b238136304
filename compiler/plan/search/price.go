package search

import "math/bits"

// All arithmetic is on integers: compilers may fuse floating-point operations on some
// architectures, and plans must not differ.

// one is the fixed-point 1 of probabilities.
const one = 1 << 30

// hostOne is the fixed-point 1 of ω, the expected number of hosts.
const hostOne = 1 << 10

// The table has e^-x for x = 0, 1/512, … below 22. From there on, e^-x counts as 0.
const (
	tableStep = 23 // bits of a hazard below 1/512
	tableEnd  = 22
)

// pricer evaluates the cost model for one set of weights.
type pricer struct {
	w        Weights
	table    []int64 // e^-x in 1/one
	hostRate int64   // −ln(1−1/Hosts) in 1/HazardOne
}

func newPricer(w Weights) *pricer {
	if w == (Weights{}) {
		w = DefaultWeights()
	}
	pr := &pricer{w: w, table: make([]int64, tableEnd<<(32-tableStep))}
	// e^(-1/512) by its series, then powers of it, all in 1/2^62.
	const unit = uint64(1) << 62
	step, term := unit, unit
	for k := uint64(1); term > 0; k++ {
		term = term >> 9 / k
		if k%2 == 1 {
			step -= term
		} else {
			step += term
		}
	}
	value := unit
	for i := range pr.table {
		pr.table[i] = int64((value + 1<<31) >> 32)
		hi, lo := bits.Mul64(value, step)
		value = hi<<2 | lo>>62
	}
	if w.Hosts == 1 {
		pr.hostRate = tableEnd * HazardOne
	} else if w.Hosts > 1 {
		power := int64(HazardOne)
		for k := int64(1); power > 0; k++ {
			power /= w.Hosts
			pr.hostRate += power / k
		}
	}
	return pr
}

// chance is q = 1 − e^−hazard in 1/one: the probability of a change in a cycle.
func (pr *pricer) chance(hazard int64) int64 {
	if hazard <= 0 {
		return 0
	}
	if hazard >= tableEnd*HazardOne {
		return one
	}
	r := hazard & (1<<tableStep - 1)
	return one - pr.table[hazard>>tableStep]*(1<<32-r+r*r>>33)>>32
}

// hosts is ω in 1/hostOne: how many hosts hold at least one of the replicas when each lands on a
// random host.
func (pr *pricer) hosts(replicas int64) int64 {
	if pr.w.Hosts <= 0 {
		return replicas * hostOne
	}
	h, over := bits.Mul64(uint64(replicas), uint64(pr.hostRate))
	if h > 0 || over >= tableEnd*HazardOne {
		return pr.w.Hosts * hostOne
	}
	return scale(pr.w.Hosts*hostOne, pr.chance(int64(over)), 30)
}

// rate is the cost of a blob: a fixed part, and a part for each host that holds it.
type rate struct {
	store, build Money
	host         Money
}

func (r rate) fixed() Money { return r.store + r.build }

// blob prices a layer with this size, hazard and milliseconds of building.
func (pr *pricer) blob(size, hazard, build int64) rate {
	return pr.bytes(size, hazard, build, pr.w.Layer)
}

// bytes prices content. A host pulls more bytes in addition to the size.
func (pr *pricer) bytes(size, hazard, build, more int64) rate {
	q := pr.chance(hazard)
	w := &pr.w
	kept := one + w.Retained*q
	stays := scale(one-w.Replaced*one/1000, one-q, 30)
	r := rate{
		store: Money(scale(milli(size, w.Store), kept, 30)),
		host:  Money(scale(milli(size+more, w.Pull), one-stays, 30)),
	}
	if build > 0 {
		r.build = Money(scale(build*w.Build, w.Cold*one/1000+q, 30))
	}
	return r
}

// total is the cost of a blob that ω hosts (in 1/hostOne) hold.
func (r rate) total(hosts int64) Money {
	return r.fixed() + r.pull(hosts)
}

func (r rate) pull(hosts int64) Money { return Money(scale(int64(r.host), hosts, 10)) }

// scale is a·b / 2^shift, rounded down, through 128 bits; neither is negative.
func scale(a, b int64, shift uint) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return int64(hi<<(64-shift) | lo>>shift)
}

// milli is a·b / 1000, rounded down, through 128 bits; neither is negative.
func milli(a, b int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= 1000 {
		return maxMoney
	}
	q, _ := bits.Div64(hi, lo, 1000)
	return int64(min(q, maxMoney))
}

// maxMoney keeps sums of absurd inputs from overflowing. Real fleets cost far less.
const maxMoney = 1 << 55

// scaleBy is a·b / c, rounded down, through 128 bits; b ≤ c and none negative.
func scaleBy(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q)
}
