package component

import (
	"slices"
	"strings"
	"time"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Refreshing on purpose. What a run downloads, nobody can pin: it stays as it
// is for as long as its step does. A component that says `update weekly` has a
// key in the lock file, the day of its last refresh, which its runs see as a
// variable: a new key is another step. Compiling never asks for the time; `layc
// update` alone makes keys, of components whose interval has passed or that it
// is told.

// UpdateVar is the variable by which a component's runs depend on its key.
const UpdateVar = "LAYC_UPDATE"

// updating is what `update` says.
type updating struct {
	every time.Duration // 0: never by itself
	rate  Rate          // what it implies
	span  source.Span
}

const day = 24 * time.Hour

// intervals are the words of `update` as durations.
var intervals = map[string]time.Duration{
	"never": 0, "yearly": 365 * day, "quarterly": 91 * day, "monthly": 30 * day, "weekly": 7 * day, "daily": day,
}

// update evaluates the clause.
func (x *expander) update(s *syntax.Clause, v *env, to *body) {
	if len(s.Args) != 1 {
		return
	}
	if n, ok := s.Args[0].(*syntax.Name); ok {
		if every, ok := intervals[n.Name]; ok {
			to.update = &updating{every: every, rate: Rate{PerYear: perYear[n.Name], Set: every > 0}, span: s.At}
			return
		}
	}
	every, ok := x.operand(s, v).(time.Duration)
	if !ok {
		return
	}
	if every < day || every > 100*365*day {
		x.found.Errorf("E0306", s.Args[0].Span(), "update is %s", text(every)).
			Note("its key in %s is a day", lock.Name).Hint("write a time from `1d`")
		return
	}
	to.update = &updating{every: every, rate: Rate{PerYear: max(1, int64(365*day/every)), Set: true}, span: s.At}
}

// updated gives an instance, whose steps are there, the key that the lock file
// has for its component, and the rate of change that this implies.
func (x *expander) updated(i *Instance, b *body) {
	u := b.update
	if u == nil {
		return
	}
	if !i.Rate.Set && i.RateWith == nil {
		i.Rate = u.rate
	}
	ref := lock.UpdateRef{Component: i.Path, Every: u.every, Names: pinnedNames(i)}
	runs := hasRun(i.Steps)
	if !runs && len(ref.Names) == 0 {
		if !x.idle[u.span] {
			x.idle[u.span] = true
			x.found.Warnf("E0305", u.span, "%s has nothing to update", i.Title).
				Note("it runs nothing, and all that it downloads has a checksum in the program").
				Hint("leave `update` out")
		}
		return
	}
	known := slices.ContainsFunc(x.graph.Refs.Updates, func(o lock.UpdateRef) bool { return o.Component == i.Path })
	x.graph.Refs.Updates = append(x.graph.Refs.Updates, ref)
	key := x.lock.UpdateKey(i.Path)
	if key == "" {
		if !known {
			x.found.Errorf(Unpinned, u.span, "the update key of %s is not pinned", i.Path).
				Note("%s holds the day on which it was last refreshed, so that a build never asks for the time", lock.Name).
				Hint("run `%s`", x.lockCommand())
		}
		return
	}
	if runs {
		i.Env = append(slices.Clone(i.Env), EnvVar{UpdateVar, key})
		slices.SortFunc(i.Env, func(a, b EnvVar) int { return strings.Compare(a.Name, b.Name) })
	}
}

// pinnedNames are what the lock file pins for an instance itself, as it calls
// them: all of it is refreshed together with the instance.
func pinnedNames(i *Instance) []string {
	var names []string
	steps := i.Steps
	if s := i.System; s != nil {
		if s.Image != "" {
			names = append(names, s.Image)
		}
		if s.Distribution != "" {
			names = append(names, s.Distribution)
		}
		if s.Rootfs != nil {
			steps = append(slices.Clone(steps), s.Rootfs)
		}
	}
	for _, s := range steps {
		if f, ok := s.(*Fetch); ok && f.pinned {
			names = append(names, f.URLs[0])
		}
	}
	return names
}
