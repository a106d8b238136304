package plan

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
)

// A fleet on several platforms has one plan. It is made from a joint graph, in which all
// instances of one ID are one instance, with the largest of their sizes. A joint instance needs
// only what its instances need on every platform where they exist, because apps may choose
// differently per platform. An app has everything that it has on any platform. The joint plan is
// then read back on each platform like a recorded plan; members that the platform lacks are
// skipped.

// Joint plans a fleet on all its platforms. It returns the joint plan, which the lock file
// records, and the plan of each platform, in the order of graphs. See New for findings; without a
// plan all are nil.
func Joint(graphs []*model.Graph, l *lock.File, o Options) (all *Plan, each []*Plan, list diag.List) {
	if len(graphs) == 1 {
		if all, list = New(graphs[0], l, o); all == nil {
			return nil, nil, list
		}
		return all, []*Plan{all}, list
	}
	if all, list = New(join(graphs), l, o); all == nil {
		return nil, nil, list
	}
	recorded := Record(l, all)
	for _, g := range graphs {
		t := newTranslation(g, l)
		t.problem.Weights = o.Weights
		s, err := t.solve(t.recall(recorded), Options{Work: o.Work, Done: o.Done})
		if err != nil {
			t.report(&list, err)
			return nil, nil, list
		}
		each = append(each, t.finish(s, t.recall(l), o))
	}
	return all, each, list
}

// joining makes one graph from the graphs of several platforms.
type joining struct {
	graphs    []*model.Graph
	instances map[string]*model.Instance // by ID
	originals map[string][]group         // by ID
	order     []string                   // IDs, in order of first appearance
}

// group is the instances of one ID on one platform.
type group struct {
	platform  int
	instances []*model.Instance
}

func join(graphs []*model.Graph) *model.Graph {
	j := &joining{graphs: graphs, instances: map[string]*model.Instance{}, originals: map[string][]group{}}
	g := &model.Graph{Fleet: graphs[0].Fleet}
	if len(graphs) >= len(g.Fleet.Platforms) {
		g.Fleet.Platforms = nil // a member of a recorded plan that this graph lacks is on no other platform
	}
	for n, one := range graphs {
		for _, i := range one.Instances {
			j.collect(i, n)
		}
	}
	for _, id := range j.order {
		j.instances[id] = j.merged(id)
	}
	for _, id := range j.order {
		i := j.instances[id]
		for n, p := range j.originals[id] {
			for _, o := range p.instances {
				i.RunsWith = j.union(i.RunsWith, o.RunsWith)
				if o.RateWith != nil {
					i.RateWith = j.instances[o.RateWith.ID]
				}
			}
			i.Needs = j.above(i, i.Needs, p.common(func(o *model.Instance) []*model.Instance { return o.Needs }), n > 0)
			i.After = j.above(i, i.After, p.common(func(o *model.Instance) []*model.Instance { return o.After }), n > 0)
		}
		g.Instances = append(g.Instances, i)
	}
	g.Apps = j.apps()
	for _, a := range g.Apps {
		possible(a)
	}
	return g
}

func (j *joining) collect(i *model.Instance, platform int) {
	all := j.originals[i.ID]
	if len(all) == 0 {
		j.order = append(j.order, i.ID)
	}
	if n := len(all); n > 0 && all[n-1].platform == platform {
		all[n-1].instances = append(all[n-1].instances, i)
	} else {
		j.originals[i.ID] = append(all, group{platform, []*model.Instance{i}})
	}
}

// common returns the instances that are in the lists of all instances of the group, by ID.
func (g group) common(list func(*model.Instance) []*model.Instance) []*model.Instance {
	out := list(g.instances[0])
	for _, o := range g.instances[1:] {
		has := map[string]bool{}
		for _, i := range list(o) {
			has[i.ID] = true
		}
		out = slices.DeleteFunc(slices.Clone(out), func(i *model.Instance) bool { return !has[i.ID] })
	}
	return out
}

// merged returns the instance that represents an ID on all platforms, without its references.
func (j *joining) merged(id string) *model.Instance {
	var all []*model.Instance
	for _, p := range j.originals[id] {
		all = append(all, p.instances...)
	}
	most := slices.MaxFunc(all, func(a, b *model.Instance) int { return int(a.Kind) - int(b.Kind) })
	out := *most
	out.Needs, out.RunsWith, out.After, out.RateWith = nil, nil, nil, nil
	h := sha256.New()
	same := true
	for _, i := range all {
		out.Size = max(out.Size, i.Size)
		same = same && i.Key == most.Key
		h.Write(i.Key[:])
	}
	if !same {
		out.Key = model.Key(h.Sum(nil))
	}
	return &out
}

// union adds the joint instances of more to list, each once.
func (j *joining) union(list, more []*model.Instance) []*model.Instance {
	for _, i := range more {
		if k := j.instances[i.ID]; !slices.Contains(list, k) {
			list = append(list, k)
		}
	}
	return list
}

// above adds the joint instances of below to list, each once. It omits those that are above i on
// another platform.
func (j *joining) above(i *model.Instance, list, below []*model.Instance, verify bool) []*model.Instance {
	for _, b := range below {
		k := j.instances[b.ID]
		if slices.Contains(list, k) || verify && reaches(k, i, map[*model.Instance]bool{}) {
			continue
		}
		list = append(list, k)
	}
	return list
}

// reaches reports whether from is above to.
func reaches(from, to *model.Instance, seen map[*model.Instance]bool) bool {
	if from == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, n := range slices.Concat(from.Needs, from.After) {
		if reaches(n, to, seen) {
			return true
		}
	}
	return false
}

// apps returns the apps of all platforms, by name.
func (j *joining) apps() []*model.App {
	byName := map[string]*model.App{}
	var out []*model.App
	for _, g := range j.graphs {
		for _, a := range g.Apps {
			joint := byName[a.Name]
			if joint == nil {
				one := *a
				one.Uses, one.Closure, one.Delta = nil, nil, nil
				joint = &one
				byName[a.Name] = joint
				out = append(out, joint)
			}
			joint.Base = j.instances[a.Base.ID]
			joint.Uses, joint.Closure = j.union(joint.Uses, a.Uses), j.union(joint.Closure, a.Closure)
			if a.Delta != nil {
				joint.Delta = j.instances[a.Delta.ID]
			}
		}
	}
	for _, a := range out {
		a.Closure = sorted(a.Base, a.Closure)
	}
	slices.SortFunc(out, func(a, b *model.App) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// possible removes the needs that an app does not have on any platform: an instance may need one
// package on one platform, where another app has it, and nothing on the platform where this app has
// the instance. The plan of a platform has the needs of that platform.
func possible(a *model.App) {
	in := map[*model.Instance]bool{}
	for _, i := range a.Closure {
		in[i] = true
	}
	missing := func(i *model.Instance) bool { return !in[i] }
	for _, i := range a.Closure {
		i.Needs = slices.DeleteFunc(slices.Clone(i.Needs), missing)
	}
}

// sorted orders a closure topologically, the base first.
func sorted(base *model.Instance, closure []*model.Instance) []*model.Instance {
	in := map[*model.Instance]bool{}
	for _, i := range closure {
		in[i] = true
	}
	out := []*model.Instance{base}
	done := map[*model.Instance]bool{base: true}
	var visit func(i *model.Instance)
	visit = func(i *model.Instance) {
		if done[i] || !in[i] {
			return
		}
		done[i] = true
		for _, n := range i.Needs {
			visit(n)
		}
		out = append(out, i)
	}
	for _, i := range closure {
		if i.Kind != model.Base { // the base of another platform
			visit(i)
		}
	}
	return out
}
