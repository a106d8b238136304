package pin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// placed adds to each error about wanted packages, in an error of [lock.Update], who wants them and
// where.
func placed(err error, out *compiler.Output) error {
	var seen []string
	for _, e := range packageErrors(err) {
		for _, name := range e.Names {
			for _, place := range askers(out, name) {
				if !slices.Contains(seen, place) {
					seen = append(seen, place)
					err = fmt.Errorf("%w\n%s", err, place)
				}
			}
		}
	}
	return err
}

// packageErrors returns the errors about wanted packages in an error.
func packageErrors(err error) []*debian.PackageError {
	switch e := err.(type) {
	case *debian.PackageError:
		return []*debian.PackageError{e}
	case interface{ Unwrap() error }:
		return packageErrors(e.Unwrap())
	case interface{ Unwrap() []error }:
		var all []*debian.PackageError
		for _, one := range e.Unwrap() {
			all = append(all, packageErrors(one)...)
		}
		return all
	}
	return nil
}

// askers returns the places that want a package, a line each: `a.layer:2:23: component tool wants jq`.
func askers(out *compiler.Output, name string) []string {
	var lines []string
	for _, t := range out.Targets {
		for _, at := range t.Graph.Askers[name] {
			d := declaration(out.Program, at)
			if d == nil {
				continue
			}
			at = literal(d, at, name)
			lines = append(lines, fmt.Sprintf("%s:%d:%d: %s wants %s", at.File.Name(), at.Position().Line, at.Position().Column, titled(d), name))
		}
	}
	return lines
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
