package plan

import (
	"fmt"
	"strings"

	"github.com/layc-lang/layc/compiler/plan/search"
	"github.com/layc-lang/layc/lang/term"
)

// Move is the change from the recorded plan to a new one.
type Move struct {
	Pull   Size // what all hosts pull, once
	Price  search.Money
	Saves  search.Money // per cycle; negative if the new plan costs more
	Cycles int64        // cycles until the move pays for itself, rounded up; 0 if it never does, or nothing moves

	cost search.Money
}

// NewMove compares two plans of one fleet. Hosts pull the layers that differ between the plans;
// content that is new in both does not count.
func NewMove(from, to *Plan) Move {
	m := search.Moving(from.problem, from.solution, to.solution)
	v := Move{Pull: Size{m.Bytes, from.Estimated()}, Price: m.Cost, Saves: from.Cost.Total() - to.Cost.Total(), cost: from.Cost.Total()}
	if v.Saves > 0 {
		v.Cycles = int64((v.Price + v.Saves - 1) / v.Saves)
	}
	return v
}

// worthwhile is the share of a kept plan's cost that a new plan must save to be mentioned.
const worthwhile = 0.03

// Better returns the move to a new plan, if the plan was recorded and a new one costs at least 3 %
// less. It searches only if that is possible, with as much work as Options.Work says.
func (p *Plan) Better(work int64) (Move, bool) {
	if p.memory == nil || p.solution.Exact || p.Gap() < worthwhile {
		return Move{}, false
	}
	s, err := search.Solve(p.problem, search.Options{Work: work})
	if err != nil {
		return Move{}, false // not after a plan that keeps the limits
	}
	m := NewMove(p, &Plan{problem: p.problem, solution: s, Cost: s.Cost})
	return m, m.Share() >= worthwhile
}

// Advice is the move in one line, with the command that makes it.
func (m Move) Advice() string {
	if m.Pull.Bytes == 0 {
		return fmt.Sprintf("a new plan would cost %s less, and hosts pull nothing to move to it (layc lock --rebalance)", tenths(m))
	}
	return fmt.Sprintf("a new plan would cost %s less; moving pulls %s and pays off after %s (layc lock --rebalance)",
		tenths(m), m.Pull, term.Count(int(m.Cycles), "week"))
}

// Pays reports whether the new plan costs less.
func (m Move) Pays() bool { return m.Saves > 0 }

// String describes the move in one or two lines.
func (m Move) String() string {
	switch {
	case m.Saves <= 0 && m.Pull.Bytes == 0:
		return "a new plan is the same"
	case m.Saves <= 0:
		return fmt.Sprintf("a new plan costs no less, and hosts would pull %s to move to it", m.Pull)
	}
	weeks := term.Count(int(m.Cycles), "week")
	if m.Pull.Bytes == 0 {
		return fmt.Sprintf("a new plan costs %s less, and hosts pull nothing to move to it", tenths(m))
	}
	return fmt.Sprintf("a new plan costs %s less; hosts pull %s to move to it,\nwhich pays off after %s", tenths(m), m.Pull, weeks)
}

// Share is the fraction of the kept plan's cost that the new plan saves.
func (m Move) Share() float64 { return float64(m.Saves) / max(float64(m.cost), 1) }

// tenths formats the saved share in per cent, rounded down.
func tenths(m Move) string {
	n := int64(m.Share() * 1000)
	return fmt.Sprintf("%d.%d %%", n/10, n%10)
}

// Tradeoff is a text about a plan with which hosts pull more than if each app were planned on its
// own, and about what that buys. A plan that was recorded for other needs may buy nothing.
func Tradeoff(more string, gains []string) string {
	text := more + " than if each app were planned on its own."
	if len(gains) == 0 {
		return text + " Nothing is saved for that; `layc plan --rebalance` shows what a new plan saves."
	}
	return text + " In return, " + strings.Join(gains, ", and ") + "."
}
