package pin

import (
	"fmt"
	"slices"

	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// placed adds the places in the program p to an error about unknown packages, for names that are
// literals in p. p may be nil.
func placed(err error, p *load.Program) error {
	if p == nil {
		return err
	}
	var seen []string
	for _, e := range unknownPackages(err) {
		for _, at := range literals(p, e.Name) {
			place := fmt.Sprintf("%s:%d:%d: %q is used here", at.File.Name(), at.Position().Line, at.Position().Column, e.Name)
			if !slices.Contains(seen, place) {
				seen = append(seen, place)
				err = fmt.Errorf("%w\n%s", err, place)
			}
		}
	}
	return err
}

// unknownPackages returns the errors about unknown packages in an error.
func unknownPackages(err error) []*debian.UnknownPackageError {
	switch e := err.(type) {
	case *debian.UnknownPackageError:
		return []*debian.UnknownPackageError{e}
	case interface{ Unwrap() error }:
		return unknownPackages(e.Unwrap())
	case interface{ Unwrap() []error }:
		var all []*debian.UnknownPackageError
		for _, one := range e.Unwrap() {
			all = append(all, unknownPackages(one)...)
		}
		return all
	}
	return nil
}

// literals returns the places of the literals in a program that equal text.
func literals(p *load.Program, text string) []source.Span {
	var places []source.Span
	for _, m := range p.Modules {
		for _, f := range m.Files {
			for _, d := range f.Decls {
				syntax.Inspect(d, func(n syntax.Node) bool {
					if s, ok := n.(*syntax.String); ok {
						if is, ok := s.Literal(); ok && is == text {
							places = append(places, s.At)
						}
					}
					return true
				})
			}
		}
	}
	return places
}
