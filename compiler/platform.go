package compiler

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// platforms returns the target platforms: the input's, else the fleet's, else the platform that
// layc runs on.
func (in Input) platforms(out *Output, list *diag.List) []model.Platform {
	if len(in.Platforms) > 0 {
		return in.Platforms
	}
	if out.Checked.Fleet == nil {
		return []model.Platform{in.Platform}
	}
	e := evaluate.New(evaluate.Input{
		Program: out.Checked.FleetOnly(), Lock: out.Lock, Platform: in.Platform, Files: out.Files, Set: in.Set,
	})
	var platforms []model.Platform
	for _, name := range e.Fleet.Platforms {
		p, ok := ParsePlatform(name)
		at := platformAt(out.Checked.Fleet, "platforms", func(other string) bool { return other == name })
		if !ok {
			evaluate.NotPlatform(list, at, name)
			continue
		}
		if slices.Contains(platforms, p) {
			list.Errorf(diag.DeclaredTwice, at, "platform %s is defined twice", p).
				Hint("remove one of them")
			continue
		}
		platforms = append(platforms, p)
	}
	if len(platforms) == 0 {
		return []model.Platform{in.Platform}
	}
	return platforms
}

// incomplete reports platforms on which layc cannot do a step that an instance needs. A platform
// without Debian packages is reported where it needs some.
func (o *Output) incomplete(t *Target) (list diag.List) {
	reported := map[model.Platform]bool{}
	for _, i := range t.Graph.Instances {
		on, word := t.Platform, "platforms"
		if i.Builder != (model.Platform{}) && i.Builder != on {
			on, word = i.Builder, "builder"
		}
		if on.Complete() || reported[on] || i.Cross { // what builds cross changes no system, or is reported
			continue
		}
		packages := i.System != nil && i.System.Distribution != "" || i.Package != nil && i.Package.Account == nil || model.Installs(i.Steps)
		if _, err := lock.DebianArch(on.String()); packages && err != nil || !packages && (i.Kind != model.Stacked || !model.Runs(i.Steps)) {
			continue
		}
		reported[on] = true
		at := i.Span
		if f := o.Checked.Fleet; f != nil && (word == "builder" || len(t.Graph.Fleet.Platforms) > 0) {
			at = platformAt(f, word, func(name string) bool { p, ok := ParsePlatform(name); return ok && p == on })
		}
		d := list.Errorf(diag.InvalidPlatform, at, "layc cannot build %s for %s", evaluate.Shortened(i.Title), on)
		if at != i.Span {
			d.See(i.Span, "declared here")
		}
		works := strings.Join(model.CompletePlatforms(), " and ")
		if packages {
			d.Note("it installs packages on %s only", works).
				Hint("remove the platform, or use a base that is not made from packages")
			continue
		}
		d.Note("it keeps what runs change in the system itself on %s only", works).
			Hint("remove the platform, or write `owns` with the paths that the runs write")
	}
	return list
}

// platformAt returns the last place of a platform in clauses of the fleet with a word, or else the
// fleet's word.
func platformAt(f *syntax.Fleet, word string, is func(name string) bool) source.Span {
	at := source.Span{File: f.At.File, Start: f.At.Start, End: f.At.Start + len("fleet")}
	syntax.Inspect(f, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.Clause); ok {
			return c.Word.Name == word
		}
		if s, ok := n.(*syntax.String); ok {
			if text, ok := s.Literal(); ok && is(text) {
				at = s.At
			}
		}
		return true
	})
	return at
}

// ParsePlatform parses os/arch[/variant]; see [evaluate.ParsePlatform].
func ParsePlatform(s string) (model.Platform, bool) { return evaluate.ParsePlatform(s) }
