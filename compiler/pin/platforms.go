package pin

import (
	"cmp"
	"slices"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
)

// platforms returns the platforms that are pinned and planned together: the requested ones and
// the fleet's. If the fleet names none, it also keeps the platforms with pins in the lock file,
// so that people on different machines can share it. These include the builder's, whose pins look
// like the pins of a machine. Empty means the compiler's default.
func platforms(in compiler.Input, pins *lock.File) []model.Platform {
	asked, there := in.Platforms, pinnedPlatforms(pins)
	in.Lock, in.Platforms = pins, nil
	out, _ := compiler.Compile(in, compiler.Bound)
	if len(out.Targets) == 0 {
		return asked // the module has errors, which are reported later
	}
	fleet := out.Targets[0].Graph.Fleet
	if b := fleet.Builder; b != (model.Platform{}) && !slices.Contains(there, b) {
		there = append(there, b)
	}
	if len(asked) == 0 && !slices.ContainsFunc(there, func(p model.Platform) bool { return p != in.Platform }) {
		return nil
	}
	all := slices.Clone(asked)
	if len(fleet.Platforms) > 0 || len(asked) == 0 {
		for _, t := range out.Targets {
			all = append(all, t.Platform)
		}
	}
	if len(fleet.Platforms) == 0 {
		all = append(all, there...)
	}
	slices.SortFunc(all, func(a, b model.Platform) int { return cmp.Compare(a.String(), b.String()) })
	return slices.Compact(all)
}

// pinnedPlatforms returns the platforms with images or packages in a lock file.
func pinnedPlatforms(pins *lock.File) []model.Platform {
	var all []model.Platform
	add := func(name string) {
		if p, ok := compiler.ParsePlatform(name); ok && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	for _, i := range pins.Images {
		add(i.Platform)
	}
	arches := map[string]bool{}
	for _, p := range pins.Packages {
		arches[p.Arch] = true
	}
	for _, name := range lock.DebianPlatforms() {
		if arch, err := lock.DebianArch(name); err == nil && arches[arch] {
			add(name)
		}
	}
	return all
}
