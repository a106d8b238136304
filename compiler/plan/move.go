package plan

import (
	"fmt"

	"github.com/layc-lang/layc/compiler/plan/search"
)

// Move is the step from the recorded plan to a new one.
type Move struct {
	Pull   int64 // bytes that all hosts pull, once
	Price  search.Money
	Saves  search.Money // a cycle; negative if the new plan costs more
	Cycles int64        // until it has paid back, rounded up; 0 if it never does, or nothing moves

	cost search.Money
}

// NewMove compares two plans of one fleet. What hosts pull is what the plans
// differ in; content that is new in either way does not count.
func NewMove(from, to *Plan) Move {
	m := search.Moving(from.problem, from.solution, to.solution)
	v := Move{Pull: m.Bytes, Price: m.Cost, Saves: from.Cost.Total() - to.Cost.Total(), cost: from.Cost.Total()}
	if v.Saves > 0 {
		v.Cycles = int64((v.Price + v.Saves - 1) / v.Saves)
	}
	return v
}

// Pays says that the new plan is worth something.
func (m Move) Pays() bool { return m.Saves > 0 }

// String is the move in a line or two, for people.
func (m Move) String() string {
	switch {
	case m.Saves <= 0 && m.Pull == 0:
		return "a new plan is the same"
	case m.Saves <= 0:
		return fmt.Sprintf("a new plan costs no less, and hosts would pull %s to move to it", Bytes(m.Pull))
	}
	weeks := fmt.Sprintf("%d weeks", m.Cycles)
	if m.Cycles == 1 {
		weeks = "1 week"
	}
	if m.Pull == 0 {
		return fmt.Sprintf("a new plan costs %s less, and hosts pull nothing to move to it", tenths(m))
	}
	return fmt.Sprintf("a new plan costs %s less; hosts pull %s to move to it,\nwhich pays off after %s", tenths(m), Bytes(m.Pull), weeks)
}

// Share is the part of the kept plan's cost that the new one saves.
func (m Move) Share() float64 { return float64(m.Saves) / max(float64(m.cost), 1) }

// tenths is what is saved, in per cent; never more than it is.
func tenths(m Move) string {
	n := int64(m.Share() * 1000)
	return fmt.Sprintf("%d.%d %%", n/10, n%10)
}
