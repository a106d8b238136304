package lock

import (
	"fmt"
	"slices"
)

// Minimal returns the packages of a distribution's minimal system, by name. It returns none if
// the distribution is not pinned, or if the system lacks a package that one of its packages
// needs: an incomplete system is unusable.
func (f *File) Minimal(distribution, arch string) []Package {
	var list []Package
	for _, p := range f.Packages {
		if p.Distribution != distribution || p.Arch != arch || !p.Minimal {
			continue
		}
		for _, name := range p.Needs {
			if need, ok := f.Package(distribution, arch, name); !ok || !need.Minimal {
				return nil
			}
		}
		list = append(list, p)
	}
	return list
}

// Closure returns the named packages and all that they need beyond the minimal system, directly
// or not, by name. The error names a package that is not pinned and the package that needs it.
func (f *File) Closure(distribution, arch string, names ...string) ([]Package, error) {
	type want struct{ name, neededBy string }
	queue := make([]want, 0, len(names))
	for _, name := range names {
		queue = append(queue, want{name: name})
	}
	seen := map[string]bool{}
	var list []Package
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if seen[next.name] {
			continue
		}
		seen[next.name] = true
		p, ok := f.Package(distribution, arch, next.name)
		if !ok {
			by := ""
			if next.neededBy != "" {
				by = fmt.Sprintf(", which %s needs", next.neededBy)
			}
			return nil, fmt.Errorf("%s does not pin package %q of %s on %s%s: run `layc lock`", Name, next.name, distribution, arch, by)
		}
		if p.Minimal {
			continue
		}
		list = append(list, p)
		for _, need := range p.Needs {
			queue = append(queue, want{need, p.Name})
		}
	}
	slices.SortFunc(list, comparePackages)
	return list, nil
}

// Groups splits packages into groups that can only be installed together, because their packages
// need each other in a cycle. Each group comes after all groups that it needs. Most groups have
// one package. Groups ignores needs outside of the given packages. The order of packages does not
// affect the result; members are sorted by name.
//
// The groups are the strongly connected components of the needs. Tarjan's algorithm finds them in
// exactly that order.
func Groups(packages []Package) [][]Package {
	byName := make(map[string]Package, len(packages))
	names := make([]string, 0, len(packages))
	for _, p := range packages {
		if _, ok := byName[p.Name]; !ok {
			names = append(names, p.Name)
		}
		byName[p.Name] = p
	}
	slices.Sort(names)

	var groups [][]Package
	var stack []string
	index := map[string]int{} // order of discovery, from 1
	low := map[string]int{}   // earliest reachable discovery so far
	onStack := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		index[name] = len(index) + 1
		low[name] = index[name]
		stack = append(stack, name)
		onStack[name] = true
		for _, need := range byName[name].Needs {
			if _, ok := byName[need]; !ok {
				continue
			}
			if index[need] == 0 {
				visit(need)
				low[name] = min(low[name], low[need])
			} else if onStack[need] {
				low[name] = min(low[name], index[need])
			}
		}
		if low[name] != index[name] {
			return
		}
		start := slices.Index(stack, name)
		var group []Package
		for _, member := range stack[start:] {
			onStack[member] = false
			group = append(group, byName[member])
		}
		stack = stack[:start]
		slices.SortFunc(group, comparePackages)
		groups = append(groups, group)
	}
	for _, name := range names {
		if index[name] == 0 {
			visit(name)
		}
	}
	return groups
}
