package model

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
)

// Called are the names by which people call an instance: `std/java.jdk("17")`,
// `jdk("17")`, `jdk(17)`, which needs no quotes in a shell, and of a component the
// [Name.Short] ones.
func (i *Instance) Called() []string {
	out := []string{i.ID, i.Title, i.Path}
	if plain := strings.ReplaceAll(i.Title, `"`, ""); plain != i.Title {
		out = append(out, plain)
	}
	if plain := positional(i.Given); !slices.Equal(plain, i.Given) {
		called := i.Last() + arguments(plain)
		out = append(out, called, strings.ReplaceAll(called, `"`, ""))
	}
	switch {
	case i.IsApp():
	case i.Package == nil:
		out = append(out, i.Short()...)
	case i.Package.Account != nil:
		out = append(append(out, i.Package.Account.Name), i.Short()...)
	}
	return out
}

// positional returns arguments without the names of their parameters.
func positional(args []string) []string {
	out := slices.Clone(args)
	for n, a := range out {
		if name, value, ok := strings.Cut(a, ": "); ok && (value == "true" || value == "false") && !strings.ContainsAny(name, "\"[({,") {
			out[n] = value
		}
	}
	return out
}

// Shown returns the ID with the arguments that people see.
func (i *Instance) Shown() string {
	if len(i.Given) == 0 {
		return i.ID
	}
	return strings.Replace(i.ID, arguments(i.Args), arguments(i.Given), 1)
}

// IsApp reports whether an instance is an app's own steps.
func (i *Instance) IsApp() bool { return strings.HasPrefix(i.Path, "app ") }

// Consists are the OS packages that an instance consists of, a base system's
// included, or that its steps install.
func (i *Instance) Consists() []lock.Package {
	switch {
	case i.Package != nil:
		return i.Package.Packages
	case i.System != nil:
		return i.System.Packages
	}
	var out []lock.Package
	for _, s := range i.Steps {
		if s, ok := s.(*Install); ok {
			out = append(out, s.Packages...)
		}
	}
	return out
}

// Pinned returns the lock file's names for what an instance itself pins: its downloads without a
// checksum, its image and its distribution.
func (i *Instance) Pinned() []string {
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
		if f, ok := s.(*Fetch); ok && f.Pinned {
			names = append(names, f.URLs[0])
		}
	}
	return names
}
