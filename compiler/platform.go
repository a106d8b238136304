package compiler

import (
	"slices"

	"github.com/layc-lang/layc/compiler/evaluate"
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
		if !ok {
			evaluate.NotPlatform(list, platformAt(out.Checked.Fleet, name), name)
			continue
		}
		if slices.Contains(platforms, p) {
			list.Errorf(diag.DeclaredTwice, platformAt(out.Checked.Fleet, name), "platform %s is defined twice", p).
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

// platformAt returns the last place of a platform in the fleet, or else the fleet's word.
func platformAt(f *syntax.Fleet, name string) source.Span {
	at := source.Span{File: f.At.File, Start: f.At.Start, End: f.At.Start + len("fleet")}
	syntax.Inspect(f, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.Clause); ok {
			return c.Word.Name == "platforms"
		}
		if s, ok := n.(*syntax.String); ok {
			if text, ok := s.Literal(); ok && text == name {
				at = s.At
			}
		}
		return true
	})
	return at
}

// ParsePlatform parses os/arch[/variant]; see [evaluate.ParsePlatform].
func ParsePlatform(s string) (model.Platform, bool) { return evaluate.ParsePlatform(s) }
