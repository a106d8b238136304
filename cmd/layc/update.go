package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/query"
)

func (c *cli) updateCommand() *cobra.Command {
	l, s := &locking{cli: c}, selection{}
	cmd := &cobra.Command{
		Use:        "update [NAME… | --select EXPR]",
		SuggestFor: []string{"upgrade", "bump"},
		Short:      "Renew pins",
		Long: `update resolves pins of ` + lock.Name + ` again: all of them, or only the pins of named
distributions, packages, URLs and git repositories. Write names as in the file.
--select names the pins of what an expression selects: packages, components with
the packages that they need, or all that apps have in their images.

A component with an update clause, such as update weekly, is refreshed if it is
named. Without names, it is refreshed if it is due. A refresh pins its
downloads again, and the next build executes its runs again.`,
		Example: `  layc update                              update everything
  layc update debian/bookworm              update all packages of a distribution
  layc update openssl                      update one package
  layc update feed                         refresh one component
  layc update --select 'package("openssl") < "3.0.15"'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.take(cmd, args); err != nil {
				return err
			}
			names := s.names
			switch {
			case s.expression != "":
				var err error
				if names, err = l.pinsOf(cmd, s.expression); err != nil || len(names) == 0 {
					return err
				}
			case len(names) == 0:
				names = []string{lock.Everything}
			}
			return l.run(cmd, names)
		},
	}
	l.flags(cmd)
	s.flag(cmd, "update the pins")
	return cmd
}

// pinsOf returns the names of the pins of what an expression selects. It says so if there are none.
func (l *locking) pinsOf(cmd *cobra.Command, expression string) ([]string, error) {
	in, err := l.input(cmd, l.program)
	if err != nil {
		return nil, err
	}
	out, list := compiler.Compile(in, compiler.Planned)
	if list.HasErrors() {
		return nil, l.findings(list)
	}
	if err := haveApps(out); err != nil {
		return nil, err
	}
	q, err := l.ask(out, "--select", expression)
	if err != nil {
		return nil, err
	}
	names := pinNames(q.Things(), out.Lock)
	if len(names) == 0 {
		fmt.Fprintln(l.err, "--select: nothing with pins matches")
	}
	return names, nil
}

// pinNames returns the names of the pins of items, sorted.
func pinNames(items []*query.Item, pins *lock.File) []string {
	set := map[string]bool{}
	add := func(i *model.Instance) {
		for _, name := range i.Pinned() {
			set[name] = true
		}
		if i.System == nil { // else its distribution is named
			for _, p := range i.Consists() {
				set[p.Name] = true
			}
		}
		if pins.UpdateKey(i.Path) != "" {
			set[i.Path] = true
		}
	}
	for _, item := range items {
		list := item.Instances
		switch {
		case item.Package != nil: // its instances also consist of other packages
			set[item.Package.Name] = true
			continue
		case item.App != nil:
			list = slices.Concat(list, item.App.Closure)
		}
		for _, i := range list {
			add(i)
			for _, n := range i.Needs {
				if n.Package != nil {
					add(n)
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}
