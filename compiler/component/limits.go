package component

import "github.com/layc-lang/layc/lang/source"

// Limits of an expansion, so that no input exhausts memory or time. Each has a
// finding of its own; after the first that is reached no more is evaluated.
const (
	MaxApps  = 20_000
	maxSpent = 3_000_000 // evaluated expressions and statements
	maxHeld  = 256 << 20 // bytes of values and of what apps consist of, about
	maxTold  = 2000      // findings
)

// What things take, for maxHeld: more than their share of memory, since the
// stages that follow hold as much again.
const (
	heldValue   = 16  // an element of a list
	heldEntry   = 100 // an entry of a map
	heldMember  = 24  // an instance in an app
	heldSetting = 32  // a variable or label of an app
	heldClaim   = 150 // a path that an instance writes
)

// exhaust ends the evaluation with the finding that is reported next: what is
// found after that may be for want of values.
func (x *expander) exhaust() { x.exhausted, x.enough = true, len(x.found)+1 }

// spend counts one unit of evaluation; false when a limit is reached.
func (x *expander) spend(at source.Span) bool {
	x.spent++
	if x.spent == maxSpent && !x.exhausted {
		x.exhaust()
		x.found.Errorf("E0311", at, "this program takes more than %d steps to evaluate", maxSpent).
			Note("loops and matrices multiply").Hint("make the lists that they walk shorter")
	}
	if len(x.found) >= maxTold && !x.exhausted {
		x.exhaust()
	}
	return !x.exhausted
}

// hold counts bytes that a program makes; false when a limit is reached.
func (x *expander) hold(bytes int, at source.Span) bool {
	x.held += int64(bytes)
	if x.held > maxHeld && !x.exhausted {
		x.exhaust()
		x.found.Errorf("E0339", at, "this program makes more than %d MiB of values", maxHeld>>20).
			Note("what each app of a large matrix has is counted for each").
			Hint("put long content into files, copy directories instead of their files, make fewer apps")
	}
	return !x.exhausted
}

// holdApp counts what an app has.
func (x *expander) holdApp(a *App) {
	bytes := heldMember * len(a.Closure)
	for _, list := range [][]EnvVar{a.Config.Env, a.Config.Labels} {
		bytes += heldSetting * len(list)
	}
	for _, e := range a.Config.Env {
		if len(e.Value) > 1000 { // joined of what its components append
			bytes += len(e.Value)
		}
	}
	x.hold(bytes, a.Span)
}

// holdInstance counts the text of an instance that is new, and what its runs
// stand on.
func (x *expander) holdInstance(i *Instance) {
	bytes := len(i.ID) + heldMember*(len(i.Root)+len(i.Needs)) + heldValue*len(i.choices)
	for _, s := range i.Steps {
		bytes += s.TextLength()
	}
	for _, e := range i.Env {
		bytes += heldSetting + len(e.Value)
	}
	x.hold(bytes, i.Span)
}
