package importing

import (
	"fmt"
	"slices"
	"strings"
)

// block is a run of units that becomes a component, or the steps of an app.
type block struct {
	units   []*unit
	targets []int  // whose sequences have it, in order
	own     bool   // the app's own steps
	late    bool   // it sets what the runs of the block before must not have; see noticed
	taken   string // the component that all of its files are from; see takes
	needs   []*block
	name    string
	owns    []string // the paths that a stage's component owns; see own
}

// use is a unit in the sequence of a target.
type use struct {
	*unit
	set string // the targets that share it; for a unit that is not shared, the target alone
}

// apart numbers equal units of a sequence, so that each is one thing.
func (im *importer) apart() {
	for _, t := range im.targets {
		count := map[string]int{}
		for n, u := range t.stage.units {
			c := *u
			if count[u.key]++; count[u.key] > 1 {
				c.id = fmt.Sprint(u.key, "#", count[u.key])
			} else {
				c.id = u.key
			}
			t.stage.units[n] = &c
		}
	}
}

// share divides the sequences into blocks. What is shared, but not worth a component, is divided again
// as if each target had its own.
func (im *importer) share() {
	apart := parting{}
	for {
		uses, sets := im.uses(apart)
		chains := im.chains(uses, sets)
		divided := false
		for _, c := range chains {
			if len(c.targets) < 2 {
				continue
			}
			var groups map[int]string
			switch {
			case !c.worth():
				groups = each(c.targets)
			default:
				if groups = im.disputed(c, uses, sets); groups == nil {
					groups = parted(im, c, uses, sets)
				}
			}
			for _, u := range c.units {
				apart.divide(u.id, groups)
			}
			divided = divided || groups != nil
		}
		if !divided {
			im.assign(chains)
			break
		}
	}
	im.relate()
	im.name()
	for _, b := range im.blocks {
		if !b.own {
			im.report.Components++
			if len(b.targets) > 1 {
				im.report.Shared++
			}
		}
	}
}

// parting are the groups of targets that have a unit apart from each other, by the unit's id and the target. Groups
// are only ever divided.
type parting map[string]map[int]string

// divide divides the groups of a unit. Targets without a name stay together.
func (p parting) divide(id string, groups map[int]string) {
	for n, g := range groups {
		if p[id] == nil {
			p[id] = map[int]string{}
		}
		p[id][n] += "/" + g
	}
}

// each puts targets in groups of their own.
func each(targets []int) map[int]string {
	out := map[int]string{}
	for _, n := range targets {
		out[n] = fmt.Sprint(n)
	}
	return out
}

// uses returns the sequences of the targets, and the targets of each set.
func (im *importer) uses(apart parting) ([][]use, map[string][]int) {
	type group struct{ id, name string }
	having := map[group][]int{}
	for n, t := range im.targets {
		for _, u := range t.stage.units {
			g := group{u.id, apart[u.id][n]}
			having[g] = append(having[g], n)
		}
	}
	all, sets := make([][]use, len(im.targets)), map[string][]int{}
	for n, t := range im.targets {
		for _, u := range t.stage.units {
			in := having[group{u.id, apart[u.id][n]}]
			set := fmt.Sprint(in)
			sets[set] = in
			all[n] = append(all[n], use{u, set})
		}
	}
	return all, sets
}

// chains joins neighbours that the same targets have, one after the other in all of them.
func (im *importer) chains(uses [][]use, sets map[string][]int) []*block {
	type pair struct{ set, id string }
	before := map[pair]map[string]bool{} // what comes before a unit, in its targets
	for _, seq := range uses {
		last := ""
		for _, u := range seq {
			k := pair{u.set, u.id}
			if before[k] == nil {
				before[k] = map[string]bool{}
			}
			before[k][last] = true
			last = u.set + u.id
		}
	}
	var out []*block
	made := map[pair]*block{}
	for _, seq := range uses {
		var current *block
		previous := use{}
		for _, u := range seq {
			k := pair{u.set, u.id}
			if b := made[k]; b != nil {
				current, previous = b, u
				continue
			}
			joined := current != nil && previous.set == u.set && !previous.alone && !u.alone && len(before[k]) == 1 && before[k][previous.set+previous.id]
			late := joined && current.noticed(u.unit)
			if !joined || late {
				current = &block{targets: sets[u.set], late: late}
				out = append(out, current)
			}
			current.units = append(current.units, u.unit)
			made[k] = current
			previous = u
		}
	}
	return out
}

// worth reports whether a block is worth a component: it is more than configuration and directories, unless
// the configuration cannot be in the component before.
func (b *block) worth() bool {
	return b.late || slices.ContainsFunc(b.units, func(u *unit) bool {
		switch u.kind {
		case run, needs:
			return true
		case step:
			return !strings.HasPrefix(u.text, "dir ")
		}
		return false
	})
}

// disputed divides the targets of a block if something that only some of them have places files where the block
// does, so that neither needs the other. It returns nil if there is nothing to divide.
func (im *importer) disputed(b *block, uses [][]use, sets map[string][]int) map[int]string {
	out := map[int]string{}
	for _, n := range b.targets {
		if im.disputes(b, n, uses, sets) {
			out[n] = fmt.Sprint(n)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// disputes reports whether a target has such a thing.
func (im *importer) disputes(b *block, n int, uses [][]use, sets map[string][]int) bool {
	before := true
	for _, u := range uses[n] {
		if slices.ContainsFunc(b.units, func(x *unit) bool { return x.id == u.id }) {
			before = false
			continue
		}
		// What all of them share is on the same side of the block in all of them. If each has its own after all,
		// it is above, where only the files of components that run something can be written again.
		if u.target == "" || u.kind != step || (subset(b.targets, sets[u.set]) || b.runs()) && im.everywhere(u, b.targets) {
			continue
		}
		for _, x := range b.units {
			if x.kind != step || x.target == "" {
				continue
			}
			fills, placed := strings.TrimSuffix(u.target, "/")+"/", strings.TrimSuffix(x.target, "/")+"/"
			dir := strings.HasPrefix(u.text, "dir ")
			if !dir && strings.HasPrefix(placed, fills) || before && !strings.HasPrefix(x.text, "dir ") && strings.HasPrefix(fills, placed) {
				return true
			}
		}
	}
	return false
}

// subset reports whether all of some targets are among others.
func subset(some, others []int) bool {
	return !slices.ContainsFunc(some, func(n int) bool { return !slices.Contains(others, n) })
}

// everywhere reports whether all targets share a unit.
func (im *importer) everywhere(u use, targets []int) bool {
	for _, n := range targets {
		if !slices.ContainsFunc(im.targets[n].stage.units, func(x *unit) bool { return x.id == u.id }) {
			return false
		}
	}
	return true
}

// varied reports whether a unit of a family is different for its members.
func (u *unit) varied() bool {
	return len(u.vars) > 0 || strings.Contains(u.text, string(openRef)+"f")
}

// equal reports whether a block of a family runs or installs what is equal for all members, so that they share
// it if what differs is in a block of its own.
func (b *block) equal() bool {
	return b.worth() && !slices.ContainsFunc(b.units, (*unit).varied)
}

func (b *block) runs() bool {
	return slices.ContainsFunc(b.units, func(u *unit) bool { return u.kind == run })
}

// assign makes the blocks of each target from the chains: what belongs to one target is divided into
// components and the app's own steps.
func (im *importer) assign(chains []*block) {
	shared := map[string]*block{} // by the ids of their units, with the set
	for _, c := range chains {
		if len(c.targets) > 1 {
			for _, u := range c.units {
				shared[fmt.Sprint(c.targets, u.id)] = c
			}
			im.blocks = append(im.blocks, c)
		}
	}
	for n, t := range im.targets {
		single := func(u *unit) *block {
			for _, c := range chains {
				if len(c.targets) > 1 && slices.Contains(c.targets, n) && shared[fmt.Sprint(c.targets, u.id)] == c {
					return c
				}
			}
			return nil
		}
		last := -1 // the last unit of its own that runs something
		for k, u := range t.stage.units {
			if u.kind == run && single(u) == nil {
				last = k
			}
		}
		whole := t.from || len(t.builds) != 1 && (t.family == nil || len(t.builds) == 0) // nothing is the app's own
		if whole {
			last = len(t.stage.units)
		}
		takes := im.takes(t, last, whole, single)
		own := &block{targets: []int{n}, own: true}
		var current *block
		var pending []*unit // variables, for what comes next
		late := map[string]string{}
		ran := false
		for k, u := range t.stage.units {
			if c := single(u); c != nil {
				if !slices.Contains(t.blocks, c) {
					t.blocks = append(t.blocks, c)
				}
				current = nil
				continue
			}
			setting := u.kind == config && !strings.HasPrefix(u.setting, "env ")
			if setting && len(t.builds) == 0 {
				continue // a stage has no configuration
			}
			if takes[u] != "" {
				if current == nil || current.taken != takes[u] {
					current = &block{targets: []int{n}, taken: takes[u]}
					im.blocks = append(im.blocks, current)
					t.blocks = append(t.blocks, current)
				}
				current.units = append(current.units, u)
				continue
			}
			if !whole && (k > last || setting || u.kind == question && k > last) {
				own.units = append(own.units, u)
				continue
			}
			if name, addition, ok := u.variableOf(); ok {
				delete(late, name)
				switch noticed := current != nil && current.noticed(u); {
				case noticed && len(t.builds) > 0:
					current = nil
				case noticed && !addition:
					late[name] = u.text
					continue
				case noticed:
					if value, known := searchPath(t.stage, t.stage.units[:k+1]); name == "PATH" && known {
						late[name] = "env PATH = " + quote(value)
						continue
					}
				}
			}
			if u.kind == run {
				for _, name := range sorted(late) {
					u.late = append(u.late, late[name])
				}
			}
			if u.kind == config && (current == nil || current.units[0].alone) {
				pending = append(pending, u)
				continue
			}
			// A copy after a run begins another layer.
			if current == nil || t.family != nil && u.varied() && current.equal() || u.alone || len(current.units) > 0 && current.units[len(current.units)-1].alone || ran && u.kind == step && strings.HasPrefix(u.text, "copy ") && !t.from {
				current = &block{targets: []int{n}}
				im.blocks = append(im.blocks, current)
				t.blocks = append(t.blocks, current)
				ran = false
			}
			ran = ran || u.kind == run
			if !u.alone {
				current.units, pending = append(current.units, pending...), nil
			}
			current.units = append(current.units, u)
		}
		if len(pending) > 0 {
			if whole {
				current = &block{targets: []int{n}}
				im.blocks, t.blocks = append(im.blocks, current), append(t.blocks, current)
			} else {
				current = own
			}
			current.units = append(pending, current.units...)
		}
		if !whole {
			im.blocks = append(im.blocks, own)
			t.blocks = append(t.blocks, own)
		}
	}
	for _, t := range im.targets {
		t.blocks = slices.DeleteFunc(t.blocks, func(b *block) bool { return len(b.units) == 0 && !b.own })
	}
	im.settings()
}

// settings keeps a setting of a shared component only if it is the last one in all of its images. Other
// images have theirs in the app.
func (im *importer) settings() {
	final := make([]map[string]*unit, len(im.targets))
	for n, t := range im.targets {
		final[n] = map[string]*unit{}
		for _, u := range t.stage.last() {
			final[n][u.setting] = u
		}
	}
	for _, b := range im.blocks {
		if len(b.targets) < 2 {
			continue
		}
		b.units = slices.DeleteFunc(b.units, func(u *unit) bool {
			if u.kind != config || strings.HasPrefix(u.setting, "env ") || strings.HasPrefix(u.setting, "expose ") || strings.HasPrefix(u.setting, "volume ") {
				return false
			}
			everywhere := true
			for _, n := range b.targets {
				everywhere = everywhere && final[n][u.setting] != nil && final[n][u.setting].id == u.id && len(im.targets[n].builds) > 0
			}
			if everywhere {
				return false
			}
			for _, n := range b.targets {
				t := im.targets[n]
				if f := final[n][u.setting]; f != nil && f.id == u.id && len(t.builds) > 0 {
					t.ownBlock(im).units = append(t.ownBlock(im).units, u)
				}
			}
			return true
		})
	}
	im.environments(final)
}

// environments sets a variable in the app too, if unrelated components set it differently.
func (im *importer) environments(final []map[string]*unit) {
	for n, t := range im.targets {
		if len(t.builds) == 0 {
			continue
		}
		values := map[string][]string{}
		for _, u := range t.stage.units {
			if u.kind == config && strings.HasPrefix(u.setting, "env ") && !slices.Contains(values[u.setting], u.text) {
				values[u.setting] = append(values[u.setting], u.text)
			}
		}
		for _, setting := range sorted(values) {
			if own := t.ownBlock(im); len(values[setting]) > 1 && final[n][setting] != nil && !slices.ContainsFunc(own.units, func(u *unit) bool { return u.setting == setting }) {
				own.units = append(own.units, final[n][setting])
			}
		}
		// A block has one value of a variable: the last.
		for _, b := range t.blocks {
			at := map[string]int{}
			for k, u := range b.units {
				if u.kind == config {
					at[u.setting] = k
				}
			}
			var kept []*unit
			for k, u := range b.units {
				if u.kind != config || at[u.setting] == k {
					kept = append(kept, u)
				}
			}
			b.units = kept
		}
	}
}

// ownBlock returns the steps and settings of the target's own app. Several apps of one target have a
// component in common, and settings there are in it.
func (t *target) ownBlock(im *importer) *block {
	for _, b := range t.blocks {
		if b.own {
			return b
		}
	}
	n := slices.Index(im.targets, t)
	b := &block{targets: []int{n}, own: true}
	im.blocks = append(im.blocks, b)
	t.blocks = append(t.blocks, b)
	return b
}

// relate finds out what each block needs: the blocks before it in all of its targets.
func (im *importer) relate() {
	position := make([]map[*block]int, len(im.targets))
	for n, t := range im.targets {
		position[n] = map[*block]int{}
		for k, b := range t.blocks {
			position[n][b] = k
		}
	}
	for _, b := range im.blocks {
		if len(b.targets) == 0 {
			continue
		}
		alone := len(b.units) > 0 && b.units[0].alone || b.taken != ""
		first := im.targets[b.targets[0]]
		for _, p := range first.blocks {
			if p == b || p.own {
				continue
			}
			before, missing := true, false
			for _, n := range b.targets {
				k, ok := position[n][p]
				before = before && ok && k < position[n][b]
				missing = missing || !ok
			}
			if before && (!alone && (b.own || b.runs() || p.runs()) || overlap(p, b)) {
				b.needs = append(b.needs, p)
			}
		}
	}
	im.doubts(position)
	for _, b := range im.blocks {
		b.needs = reduced(b.needs)
	}
}

// doubts marks runs of shared blocks as guesses if something is before them in only some images.
func (im *importer) doubts(position []map[*block]int) {
	for _, b := range im.blocks {
		if len(b.targets) < 2 || !b.runs() {
			continue
		}
		below := closure(b.needs)
		doubt := false
		for _, n := range b.targets {
			for _, p := range im.targets[n].blocks {
				if !p.own && position[n][p] < position[n][b] && !below[p] && (p.runs() || p.worth() && !p.units[0].alone) {
					doubt = true
				}
			}
		}
		for _, u := range b.units {
			if doubt && u.kind == run {
				im.report.at(u.from).guess("the component is shared, and does not see what only some of its images have below it")
			}
		}
	}
}

// at returns the instruction of the report at the place of another.
func (r *Report) at(i *instruction) *instruction {
	if known := r.seen[place{i.File, i.Line}]; known != nil {
		return known
	}
	return i
}

// overlap reports whether two blocks place something below the same path.
func overlap(a, b *block) bool {
	for _, x := range a.units {
		for _, y := range b.units {
			if x.target == "" || y.target == "" {
				continue
			}
			p, q := strings.TrimSuffix(x.target, "/")+"/", strings.TrimSuffix(y.target, "/")+"/"
			if strings.HasPrefix(p, q) || strings.HasPrefix(q, p) {
				return true
			}
		}
	}
	return false
}

// closure returns blocks and everything that they need.
func closure(bs []*block) map[*block]bool {
	out := map[*block]bool{}
	var add func(b *block)
	add = func(b *block) {
		if !out[b] {
			out[b] = true
			for _, n := range b.needs {
				add(n)
			}
		}
	}
	for _, b := range bs {
		add(b)
	}
	return out
}

// reduced leaves out what others of a list need.
func reduced(bs []*block) []*block {
	var out []*block
	for n, b := range bs {
		others := slices.Delete(slices.Clone(bs), n, n+1)
		if !closure(needsOf(others))[b] {
			out = append(out, b)
		}
	}
	return out
}

func needsOf(bs []*block) []*block {
	var out []*block
	for _, b := range bs {
		out = append(out, b.needs...)
	}
	return out
}
