package importing

import (
	"slices"
	"strings"
)

// In a run of layc, a name after a dollar sign is a let, a parameter or a param if there is one of this name;
// otherwise it is what env sets in the component or below. In a Dockerfile it is what ARG or ENV has set last.
// Where these differ, the run has an item of its own.

// variables returns the let clauses of a block, and by its runs the items to add to their clauses.
func (w *writer) variables(units []*unit) (lets []string, items map[*unit]string) {
	globals, envs, finals := map[string][]string{}, map[string]bool{}, map[string]string{}
	inScope := map[string]bool{}
	for name := range platforms {
		inScope[name] = true
	}
	for _, p := range w.im.params {
		inScope[p.global] = true
	}
	for _, u := range units {
		for _, v := range u.vars {
			inScope[v] = true
		}
		for _, p := range u.params {
			if !slices.Contains(globals[p.name], p.global) {
				globals[p.name] = append(globals[p.name], p.global)
			}
		}
		for _, x := range u.sees {
			envs[x.name] = true
		}
		if name, ok := strings.CutPrefix(u.setting, "env "); ok {
			finals[name] = u.text
		}
	}
	more := map[*unit][]string{}
	for _, u := range units {
		for _, p := range u.params {
			p.used = true
			line := "let " + p.name + " = " + p.global
			switch {
			case p.name == p.global:
			case envs[p.name] || len(globals[p.name]) > 1:
				more[u] = append(more[u], "env "+p.name+" = "+p.global)
			case !slices.Contains(lets, line):
				lets = append(lets, line)
			}
		}
		for _, x := range u.sees {
			if m := references().FindStringSubmatch(x.value); m != nil && m[0] == x.value && w.im.params[m[2]] != nil && w.im.params[m[2]].global == x.name {
				continue // the name means the same
			}
			clause := "env " + name(x.name) + " = " + quote(x.value)
			final, there := finals[x.name]
			if slices.Contains(u.late, clause) {
				continue
			}
			if inScope[x.name] || x.set && there && final != clause && !strings.Contains(final, " += ") {
				more[u] = append(more[u], clause)
			}
		}
	}
	items = map[*unit]string{}
	for _, u := range units {
		list := append(more[u], u.late...)
		if len(list) == 0 {
			continue
		}
		items[u] = " with " + strings.Join(list, ", ")
		if u.with {
			items[u] = ", " + strings.Join(list, ", ")
		}
	}
	return lets, items
}
