package evaluate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/containerd/platforms"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// NewBeside returns an evaluator of x's program for another platform. Both share their findings and
// limits.
func NewBeside(x *Evaluator, in Input, p model.Platform) *Evaluator {
	in.Platform, in.Asked = p, false
	y := newEvaluator(in, x.Findings)
	y.params, y.builder = x.params, true
	y.readFleet()
	return y
}

// builderOf evaluates the platform that components are built on that build cross.
func builderOf(c *clause) model.Platform {
	name, ok := c.operand().(string)
	if !ok {
		return model.Platform{}
	}
	p, ok := ParsePlatform(name)
	if !ok {
		NotPlatform(&c.Found, c.Args[0].Span(), name)
		return c.platform
	}
	return p
}

// namePlatforms gives the runs of a block the variables that they mention of the platforms of the
// builder and of the image; these are the same unless the block builds cross. The names are the ones
// that Dockerfiles have.
func namePlatforms(b *Block, builder, target model.Platform) {
	if b.Cross.IsZero() {
		builder = target
	}
	vars := slices.Concat(platformVars("BUILD", builder), platformVars("TARGET", target))
	for _, s := range b.Steps {
		r, ok := s.(*model.Run)
		if !ok {
			continue
		}
		mentioned := check.Mentioned(r.Script)
		for _, v := range vars {
			has := func(o model.EnvVar) bool { return o.Name == v.Name }
			if slices.Contains(mentioned, v.Name) && !slices.ContainsFunc(r.Vars, has) {
				r.Platforms = append(r.Platforms, v)
			}
		}
	}
}

func platformVars(prefix string, p model.Platform) []model.EnvVar {
	return []model.EnvVar{
		{Name: prefix + "PLATFORM", Value: p.String()}, {Name: prefix + "OS", Value: p.OS},
		{Name: prefix + "ARCH", Value: p.Arch}, {Name: prefix + "VARIANT", Value: p.Variant},
	}
}

// ParsePlatform parses os/arch[/variant], and returns it as registries write it: linux/arm64 for
// linux/arm64/v8, linux/arm/v7 for linux/arm. Only linux, known architectures and their variants are
// valid.
func ParsePlatform(s string) (model.Platform, bool) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != "linux" || !slices.Contains(check.Architectures, parts[1]) {
		return model.Platform{}, false
	}
	p := platforms.Platform{OS: parts[0], Architecture: parts[1]}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	p = platforms.Normalize(p)
	if p.Variant != "" && !slices.Contains(check.Variants[p.Architecture], p.Variant) {
		return model.Platform{}, false
	}
	return model.Platform{OS: p.OS, Arch: p.Architecture, Variant: p.Variant}, true
}

// NotPlatform reports a string that is not a valid platform.
func NotPlatform(list *diag.List, at source.Span, name string) {
	d := list.Errorf(diag.InvalidPlatform, at, "not a valid platform: %q", name).
		Note("a platform is linux/ARCH or linux/ARCH/VARIANT")
	if parts := strings.Split(name, "/"); len(parts) == 3 && parts[0] == "linux" && slices.Contains(check.Architectures, parts[1]) {
		if variants := check.Variants[parts[1]]; len(variants) > 0 {
			d.Note("the variants of %s are %s", parts[1], strings.Join(variants, ", "))
		} else {
			d.Note("%s has no variants", parts[1])
		}
	}
	near := nearPlatform(name)
	if near == "" {
		d.Hint("write `\"linux/amd64\"` or `\"linux/arm64\"`")
		return
	}
	if d.Hint("did you mean `%q`?", near); d.Span.Text() == `"`+name+`"` {
		d.Fix(d.Span, `"`+near+`"`)
	}
}

// nearPlatform returns the platform that an invalid name probably means, or "".
func nearPlatform(name string) string {
	if parts := strings.Split(name, "/"); len(parts) == 3 && slices.Contains(check.Architectures, parts[1]) {
		near := "linux/" + parts[1]
		if v := diag.Nearest(parts[2], check.Variants[parts[1]]); v != "" {
			near += "/" + v
		}
		return near
	}
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
