package compiler

import (
	"cmp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
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
			d := list.Errorf(diag.InvalidPlatform, platformAt(out.Checked.Fleet, name), "not a valid platform: %q", name).
				Note("a platform is linux/ARCH or linux/ARCH/VARIANT")
			near := nearPlatform(name)
			if near == "" {
				d.Hint("write `\"linux/amd64\"` or `\"linux/arm64\"`")
				continue
			}
			if d.Hint("did you mean `%q`?", near); d.Span.Text() == `"`+name+`"` {
				d.Fix(d.Span, `"`+near+`"`)
			}
			continue
		}
		platforms = append(platforms, p)
	}
	if len(platforms) == 0 {
		return []model.Platform{in.Platform}
	}
	return platforms
}

// platformAt returns the place of a platform in the fleet, or else the fleet's word.
func platformAt(f *syntax.Fleet, name string) source.Span {
	at := source.Span{File: f.At.File, Start: f.At.Start, End: f.At.Start + len("fleet")}
	syntax.Inspect(f, func(n syntax.Node) bool {
		if s, ok := n.(*syntax.String); ok {
			if text, ok := s.Literal(); ok && text == name {
				at = s.At
			}
		}
		return true
	})
	return at
}

// nearPlatform returns the platform that an invalid name probably means, or "".
func nearPlatform(name string) string {
	_, arch, _ := strings.Cut("/"+name, "/")
	arch = arch[strings.LastIndex(arch, "/")+1:]
	arch = cmp.Or(check.Architecture(arch), arch)
	if !slices.Contains(check.Architectures, arch) {
		if arch = diag.Nearest(arch, check.Architectures); arch == "" {
			return ""
		}
	}
	return "linux/" + arch
}

// ParsePlatform parses os/arch[/variant]. Only linux and known architectures are valid.
func ParsePlatform(s string) (model.Platform, bool) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != "linux" || !slices.Contains(check.Architectures, parts[1]) {
		return model.Platform{}, false
	}
	p := model.Platform{OS: parts[0], Arch: parts[1]}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	return p, true
}
