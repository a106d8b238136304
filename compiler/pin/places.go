package pin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// placed converts an error of [lock.Update] that is only about wanted packages to findings, with
// who wants them and where. To another error it adds these places.
func placed(err error, out *compiler.Output) error {
	if found := packages(err, out); found != nil {
		return faults(found)
	}
	var seen []string
	for _, e := range packageErrors(err) {
		for _, name := range e.Names {
			for _, a := range askers(out, name) {
				if place := a.String(); !slices.Contains(seen, place) {
					seen = append(seen, place)
					err = fmt.Errorf("%w\n%s", err, place)
				}
			}
		}
	}
	return err
}

// packages returns a finding for each error about wanted packages in an error; nil if the error has
// others, or if the program does not name the packages of one.
func packages(err error, out *compiler.Output) diag.List {
	var found diag.List
	for _, leaf := range leaves(err) {
		e, ok := leaf.(*debian.PackageError)
		if !ok {
			return nil
		}
		var wanted []asker
		for _, name := range e.Names {
			for _, a := range askers(out, name) {
				if !slices.ContainsFunc(wanted, func(b asker) bool { return b.at == a.at }) {
					wanted = append(wanted, a)
				}
			}
		}
		if len(wanted) == 0 {
			return nil
		}
		d := about(&found, e, wanted[0].at)
		for _, a := range wanted[1:] {
			d.See(a.at, "%s wants %s", a.who, a.name)
		}
	}
	return found
}

// about adds the finding for an error about packages at a place.
func about(found *diag.List, e *debian.PackageError, at source.Span) *diag.Diagnostic {
	if !e.Unknown {
		return found.Errorf(diag.PackagesConflict, at, "%s", e.Message).
			Note("the packages come from %s, and the packages of all apps on a base are resolved together", e.Where).
			Hint("remove one of them, or use another package in its place; move apps that cannot agree to different modules")
	}
	name := e.Names[0]
	d := found.Errorf(diag.UnknownPackage, at, "unknown package %q", name).Note("%s has no package of this name", e.Where)
	if waiting := unlooked(at.File); len(waiting) > 0 {
		for _, r := range waiting {
			d.See(r, "a repository of packages that is still a comment")
		}
		d.Hint("the repository may have it: do what its comment `TODO(import)` says, and remove the # before the clause")
		return d
	}
	switch {
	case len(e.Near) == 1:
		d.Hint("did you mean %s?", e.Near[0])
		if at.Text() == strconv.Quote(name) {
			d.Fix(at, strconv.Quote(e.Near[0]))
		}
	case len(e.Near) > 1:
		d.Hint("did you mean one of %s?", strings.Join(e.Near, ", "))
	default:
		d.Hint("look for the name in the distribution's index of packages; if it comes from a repository of a third party, declare that with `repository` in the base")
	}
	return d
}

// unlooked returns the repositories of third parties that `layc import` wrote as comments into a file.
func unlooked(f *source.File) []source.Span {
	var found []source.Span
	todo := false
	for n := 1; n <= f.Lines(); n++ {
		text, comment := strings.CutPrefix(strings.TrimSpace(f.Line(n)), "# ")
		switch {
		case !comment:
			todo = false
		case strings.HasPrefix(text, "TODO(import):"):
			todo = true
		case todo && strings.HasPrefix(text, "repository \""):
			start := f.LineStart(n) + strings.Index(f.Line(n), "#")
			found = append(found, source.Span{File: f, Start: start, End: f.LineStart(n) + len(f.Line(n))})
		}
	}
	return found
}

// leaves returns the errors that an error wraps, and that wrap none.
func leaves(err error) []error {
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return leaves(inner)
		}
	case interface{ Unwrap() []error }:
		var all []error
		for _, one := range e.Unwrap() {
			all = append(all, leaves(one)...)
		}
		return all
	}
	return []error{err}
}

// packageErrors returns the errors about wanted packages in an error.
func packageErrors(err error) []*debian.PackageError {
	var all []*debian.PackageError
	for _, leaf := range leaves(err) {
		if e, ok := leaf.(*debian.PackageError); ok {
			all = append(all, e)
		}
	}
	return all
}

// asker is a place that wants a package.
type asker struct {
	at   source.Span
	who  string // such as `component tool`
	name string // of the package
}

func (a asker) String() string {
	return fmt.Sprintf("%s:%d:%d: %s wants %s", a.at.File.Name(), a.at.Position().Line, a.at.Position().Column, a.who, a.name)
}

// askers returns the places that want a package, in the order of the platforms and their graphs.
func askers(out *compiler.Output, name string) []asker {
	var list []asker
	for _, t := range out.Targets {
		for _, at := range t.Graph.Askers[name] {
			if d := declaration(out.Program, at); d != nil {
				list = append(list, asker{literal(d, at, name), titled(d), name})
			}
		}
	}
	return list
}

// declaration returns the top-level declaration that contains a place; nil if none does.
func declaration(p *load.Program, at source.Span) syntax.Decl {
	for _, m := range p.Modules {
		for _, f := range m.Files {
			for _, d := range f.Decls {
				if within(at, d.Span()) {
					return d
				}
			}
		}
	}
	return nil
}

func within(at, all source.Span) bool {
	return at.File == all.File && all.Start <= at.Start && at.End <= all.End
}

// literal returns the place of the first literal within a place of a declaration that equals text;
// the place itself if none does.
func literal(d syntax.Decl, at source.Span, text string) source.Span {
	found := at
	syntax.Inspect(d, func(n syntax.Node) bool {
		if s, ok := n.(*syntax.String); ok && found == at && within(s.At, at) {
			if is, ok := s.Literal(); ok && is == text {
				found = s.At
			}
		}
		return true
	})
	return found
}

// titled names a declaration, as in `component tool`.
func titled(d syntax.Decl) string {
	switch d := d.(type) {
	case *syntax.Component:
		return "component " + d.Name.Name
	case *syntax.App:
		return "app " + strings.Trim(d.Name.At.Text(), `"`)
	case *syntax.Let:
		return d.Name.Name
	case *syntax.Slot:
		return "slot " + d.Name.Name
	}
	return "the program"
}
