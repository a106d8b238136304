// Package plan decides which layers exist and which images stack them.
//
// It translates a component graph into the numbers of package search, which has the problem, its
// cost model and the algorithm. It translates the solution back into layers of instances.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan/search"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/term"
)

// Kind says what a layer's content depends on.
type Kind string

// The kinds.
const (
	Base     Kind = "base"     // a base system
	Spine    Kind = "spine"    // built on the layers below it
	Portable Kind = "portable" // independent of the layers below it
	Delta    Kind = "delta"    // of one app only
)

// Plan is the layers of a fleet and the images that stack them.
type Plan struct {
	Graph  *model.Graph
	Layers []*Layer // parents before children
	Images []*Image // by app
	// Published are the images of published components, in the graph's order. All other fields
	// and methods leave them out.
	Published []*Image
	Cost      search.Cost

	bound    func() search.Money
	items    []*model.Instance        // by item of problem
	sizes    map[*model.Instance]Size // of items and deltas
	problem  *search.Problem
	solution *search.Solution
	memory   *memory  // the plan in the lock file; nil if it has none
	anew     bool     // it was searched for without the plan in the lock file
	fleet    []*Image // of all apps, if Only has left out some
}

// Bound returns a lower bound for the cost of any plan. The first call computes it, which takes
// as long as planning.
func (p *Plan) Bound() search.Money { return p.bound() }

// Layer is one planned layer.
type Layer struct {
	// ID names the layer in this plan: its kind and a hash of its content. It is not a digest,
	// since nothing is built yet.
	ID       string
	Kind     Kind
	Members  []*model.Instance // its content, each after its needs; of a delta the app's own steps
	Marks    []*model.Instance // instances without content whose needs the layer completes
	Parent   *Layer            // the layer below that its content depends on; nil unless Spine
	On       []*Layer          // portable layers that its content depends on; of a Spine only
	App      *model.App        // the app of a delta; else nil
	Size     Size
	Replicas int64   // of the apps that use it
	Rate     float64 // expected changes per year; of a Spine including all layers below

	index int // in the solution
}

// Components returns the names of the layer's content for people: components first, then OS
// packages.
func (l *Layer) Components() []string {
	var names, packages []string
	for _, i := range l.Marks {
		names = append(names, i.Title)
	}
	for _, i := range l.Members {
		if i.Package != nil {
			packages = append(packages, i.Title)
		} else {
			names = append(names, i.Title)
		}
	}
	return append(names, packages...)
}

// Image is the image of one app.
type Image struct {
	App    *model.App
	Layers []*Layer // bottom up
}

// Options steer planning. The zero value is the default.
type Options struct {
	// Work limits the search: the number of placements of an instance in an image that it tries.
	// 0: a default that suits the fleet.
	Work    int64
	Weights search.Weights // zero value: search.DefaultWeights
	// Rebalance makes a new plan and ignores the recorded one.
	Rebalance bool
	// Locked makes it an error if the lock file's plan is missing or does not fit.
	Locked bool
	// Done, if not nil, is closed when nobody needs the plan any more. Then there soon is a nil plan,
	// without findings.
	Done <-chan struct{}
}

// WorkPerSecond is roughly the Options.Work that a machine of 2025 does in a second. It converts
// limits in units of time to work, so that plans don't depend on the machine.
const WorkPerSecond = 4_000_000

// New plans a fleet. It keeps the plan in the lock file if that fits. Otherwise it repairs that
// plan and reports so, but does not write it. If it cannot meet a limit, it reports the smallest
// limit that works and returns a nil plan.
func New(g *model.Graph, l *lock.File, o Options) (*Plan, diag.List) {
	var list diag.List
	t := newTranslation(g, l)
	t.problem.Weights = o.Weights
	m := t.recall(l)
	s, err := t.solve(m, o)
	if err != nil {
		t.report(&list, err)
		return nil, list
	}
	p := t.finish(s, m, o)
	if !o.Rebalance {
		p.reportStale(&list, o.Locked)
	}
	return p, list
}

// finish turns a solution into a plan and keeps the recorded plan with it.
func (t *translation) finish(s *search.Solution, m *memory, o Options) *Plan {
	p := t.plan(s)
	p.memory, p.anew = m, m == nil || o.Rebalance
	p.bound = sync.OnceValue(func() search.Money {
		if m != nil && !s.Exact && t.tiny() {
			// A proof of the best possible cost takes only a moment, so a kept plan gets one,
			// too.
			if fresh, err := search.Solve(t.problem, search.Options{Work: o.Work}); err == nil && fresh.Exact {
				return fresh.Cost.Total()
			}
		}
		return search.Bound(t.problem, s, o.Work)
	})
	return p
}

// solve searches for a plan. It keeps a recorded plan that fits without a search: only an edit or
// a rebalance ever moves a layer.
func (t *translation) solve(m *memory, o Options) (*search.Solution, error) {
	if m == nil || o.Rebalance {
		return search.Solve(t.problem, search.Options{Work: o.Work, Done: o.Done})
	}
	previous := m.previous()
	if m.fits() {
		s, err := search.Solve(t.problem, search.Options{Work: -1, Previous: previous, Done: o.Done})
		if err != nil || m.keeps(s) {
			return s, err
		}
	}
	return search.Solve(t.problem, search.Options{Work: o.Work, Previous: previous, Done: o.Done})
}

// tiny reports whether the search is likely to find the cheapest plan.
func (t *translation) tiny() bool {
	const classes, items = 5, 9
	kinds := map[string]bool{}
	for _, a := range t.problem.Apps {
		kinds[fmt.Sprint(a.Items)] = true
		if len(a.Items) > items || len(kinds) > classes {
			return false
		}
	}
	return true
}

// reportStale reports that the lock file has no plan, if it must have one, or that its plan had
// to be repaired.
func (p *Plan) reportStale(list *diag.List, locked bool) {
	report, command := list.Warnf, "layc lock"
	if locked {
		report = list.Errorf
	}
	switch d := p.Diff(); {
	case p.memory == nil && locked && slices.ContainsFunc(p.Layers, (*Layer).shareable):
		report(diag.NoPlan, source.Span{}, "%s has no plan", lock.Name).
			Note("a recorded plan stays unchanged until something forces a change").
			Hint("run `%s`", command)
	case p.memory != nil && !(p.memory.isExact() && p.memory.keeps(p.solution)):
		report(diag.StalePlan, source.Span{}, "the plan in %s is out of date: %s", lock.Name, d.Summary()).
			Note("layc repaired it in memory, with as few changes as the program allows").
			Hint("run `%s`, which records the repaired plan", command)
	}
}

// translation maps items to instances.
type translation struct {
	graph   *model.Graph
	lock    *lock.File
	problem *search.Problem
	items   []*model.Instance        // by item
	sizes   map[*model.Instance]Size // of items and deltas
	index   map[model.Key]int
	sources map[*model.Instance]int
}

// newTranslation creates the search's problem: one item for each recipe that is in some image.
func newTranslation(g *model.Graph, l *lock.File) *translation {
	t := &translation{
		graph: g, lock: l, problem: &search.Problem{},
		sizes: map[*model.Instance]Size{}, index: map[model.Key]int{}, sources: map[*model.Instance]int{},
	}
	rates := brought(g)
	for _, a := range g.Apps {
		app := search.App{Name: a.Name, Replicas: a.Replicas, Limit: a.Layers, Own: a.Layers > 0}
		if app.Limit == 0 {
			app.Limit = g.Fleet.Layers
		}
		for _, i := range a.Closure {
			if i.HasLayer() {
				app.Items = append(app.Items, t.item(i, rates))
			}
		}
		slices.Sort(app.Items)
		app.Items = slices.Compact(app.Items)
		if d := a.Delta; d != nil {
			app.Delta = search.Delta{Size: t.size(d), Sources: []int{t.source(d, rates)}, Build: buildTime(d)}
		}
		t.problem.Apps = append(t.problem.Apps, app)
	}
	t.needs()
	return t
}

// item returns the item of an instance's recipe.
func (t *translation) item(i *model.Instance, rates map[*model.Instance]int64) int {
	if n, ok := t.index[i.Key]; ok {
		return n
	}
	n := len(t.items)
	t.index[i.Key] = n
	t.items = append(t.items, i)
	t.problem.Items = append(t.problem.Items, search.Item{
		Name: i.ID, Size: t.size(i), Sources: []int{t.source(i, rates)}, Build: buildTime(i),
		Base: i.Kind == model.Base, Stacked: i.Kind == model.Stacked, Alone: alone(i),
	})
	return n
}

// size returns an instance's size in bytes, and keeps what is known about it.
func (t *translation) size(i *model.Instance) int64 {
	t.sizes[i] = sizeOf(i, t.lock)
	return t.sizes[i].Bytes
}

// source returns the source of an instance's changes: its own, or the one of the instance that it
// changes with.
func (t *translation) source(i *model.Instance, rates map[*model.Instance]int64) int {
	for i.RateWith != nil {
		i = i.RateWith
	}
	if n, ok := t.sources[i]; ok {
		return n
	}
	n := len(t.problem.Sources)
	t.sources[i] = n
	t.problem.Sources = append(t.problem.Sources, search.Source{Name: i.ID, Hazard: hazardOf(rateOf(i, rates))})
	return n
}

// needs sets the needs of each item. It replaces needs without content by their own needs.
// Instances of one recipe may have different needs; the item has only their common needs.
func (t *translation) needs() {
	known := map[int]bool{}
	seen := map[*model.Instance]bool{}
	for _, a := range t.graph.Apps {
		for _, i := range a.Closure {
			if !i.HasLayer() || seen[i] {
				continue
			}
			seen[i] = true
			n := t.index[i.Key]
			list := t.needed(i)
			if known[n] {
				list = slices.DeleteFunc(list, func(k int) bool { return !slices.Contains(t.problem.Items[n].Needs, k) })
			}
			known[n] = true
			t.problem.Items[n].Needs = list
		}
	}
}

// needed returns the items that an instance needs directly, sorted.
func (t *translation) needed(i *model.Instance) []int {
	var list []int
	var visit func(needs []*model.Instance)
	visit = func(needs []*model.Instance) {
		for _, d := range needs {
			if d.Kind == model.Empty {
				visit(d.Needs)
			} else if k, ok := t.index[d.Key]; ok {
				list = append(list, k)
			}
		}
	}
	visit(i.Needs)
	visit(i.After)
	slices.Sort(list)
	return slices.Compact(list)
}

// plan turns a solution into layers of instances.
func (t *translation) plan(s *search.Solution) *Plan {
	p := &Plan{Graph: t.graph, Cost: s.Cost, items: t.items, sizes: t.sizes, problem: t.problem, solution: s}
	kinds := [...]Kind{search.KindBase: Base, search.KindSpine: Spine, search.KindPortable: Portable, search.KindDelta: Delta}
	for n, sl := range s.Layers {
		l := &Layer{
			Kind: kinds[sl.Kind], Size: Size{Bytes: sl.Size}, Replicas: sl.Replicas,
			Rate: float64(sl.Hazard) / search.HazardOne * CyclesPerYear, index: n,
		}
		if sl.App >= 0 {
			l.App = t.graph.Apps[sl.App]
			l.Members = []*model.Instance{l.App.Delta}
		}
		for _, n := range sl.Items {
			l.Members = append(l.Members, t.items[n])
		}
		for _, m := range l.Members {
			l.Size.Estimated = l.Size.Estimated || t.sizes[m].Estimated
		}
		if sl.Parent >= 0 {
			l.Parent = p.Layers[sl.Parent]
		}
		for _, n := range sl.On {
			l.On = append(l.On, p.Layers[n])
		}
		l.ID = identify(l)
		p.Layers = append(p.Layers, l)
	}
	for n, stack := range s.Images {
		i := &Image{App: t.graph.Apps[n]}
		for _, k := range stack {
			i.Layers = append(i.Layers, p.Layers[k])
		}
		p.Images = append(p.Images, i)
		mark(i)
	}
	t.publish(p)
	return p
}

// identify computes a layer's ID from its kind, its members and, for a spine, the layers it is
// built on.
func identify(l *Layer) string {
	if l.Kind == Delta {
		return "delta-" + strings.ReplaceAll(l.App.Name, "/", "-")
	}
	h := sha256.New()
	for _, i := range l.Members {
		h.Write([]byte(i.ID + "\n"))
	}
	if l.Parent != nil {
		h.Write([]byte("on " + l.Parent.ID + "\n"))
	}
	for _, o := range l.On {
		h.Write([]byte("on " + o.ID + "\n"))
	}
	return string(l.Kind) + "-" + hex.EncodeToString(h.Sum(nil))[:8]
}

// mark adds each instance without content to the layer that completes its needs in the image.
func mark(i *Image) {
	place := map[*model.Instance]int{}
	content := map[model.Key]int{}
	for n, l := range i.Layers {
		for _, m := range l.Members {
			content[m.Key] = n
		}
	}
	for _, c := range i.App.Closure {
		// Of instances with one content, a layer has one.
		if n, ok := content[c.Key]; ok && c.Kind != model.Empty {
			place[c] = n
		}
	}
	for _, c := range i.App.Closure { // each after its needs
		if c.Kind != model.Empty || len(c.Needs) == 0 || len(i.Layers) == 0 {
			continue
		}
		top := 0
		for _, d := range c.Needs {
			top = max(top, place[d])
		}
		place[c] = top
		if l := i.Layers[top]; !slices.Contains(l.Marks, c) {
			l.Marks = append(l.Marks, c)
			slices.SortFunc(l.Marks, func(a, b *model.Instance) int { return strings.Compare(a.ID, b.ID) })
		}
	}
}

// report turns an error of the search into a finding.
func (t *translation) report(list *diag.List, err error) {
	var e *search.LimitError
	if errors.Is(err, search.ErrEnded) {
		return
	}
	if !errors.As(err, &e) {
		list.Errorf(diag.NumbersTooLarge, t.graph.Apps[0].Span, "numbers out of range: %s", err).
			Note("an instance can have 16 TiB, an app 16 million replicas; the costs of the fleet must fit into 64 bits").
			Hint("write smaller sizes, or fewer replicas")
		return
	}
	places := map[string]source.Span{} // of limits, by app
	for _, a := range t.graph.Apps {
		places[a.Name] = a.LayersAt
	}
	all := tooFew(err)
	most := map[source.Span]*search.LimitError{}
	for _, e := range all {
		if other := most[places[e.App]]; other == nil || e.Least > other.Least {
			most[places[e.App]] = e
		}
	}
	for _, e := range all {
		if most[places[e.App]] == e {
			t.reportLimit(list, e)
		}
	}
}

// tooFew returns all errors about limits in an error, in order.
func tooFew(err error) []*search.LimitError {
	if e, ok := err.(*search.LimitError); ok {
		return []*search.LimitError{e}
	}
	var all []*search.LimitError
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			all = append(all, tooFew(one)...)
		}
	case interface{ Unwrap() error }:
		return tooFew(e.Unwrap())
	}
	return all
}

// reportLimit reports an app that does not fit into its limit. It is the one that needs most layers of all
// with a limit of the same place.
func (t *translation) reportLimit(list *diag.List, e *search.LimitError) {
	for n, a := range t.graph.Apps {
		if a.Name == e.App {
			d := list.Errorf(diag.TooFewLayers, a.Span, "app %s does not fit into %s", e.App, term.Count(e.Limit, "layer")).
				Note("%s need a layer each", t.apart(n))
			at, of := a.LayersAt, "the app"
			if a.Layers == 0 {
				at, of = t.graph.Fleet.LayersAt, "all apps of the fleet"
			}
			if at.IsZero() {
				d.Hint("write `layers %d` in the fleet", e.Least)
				return
			}
			d.See(at, "the limit is set here").
				Hint("write `layers %d`, the smallest limit that works for %s", e.Least, of).
				Fix(at, strconv.Itoa(e.Least))
		}
	}
}

// apart lists the parts of an app that cannot share a layer.
func (t *translation) apart(app int) string {
	base, appends, others := false, false, false
	for _, i := range t.problem.Apps[app].Items {
		it := &t.problem.Items[i]
		base = base || it.Base
		appends = appends || it.Alone != ""
		others = others || it.Alone == "" && !it.Base
	}
	var parts []string
	if base {
		parts = append(parts, "its base")
	}
	if others {
		parts = append(parts, "its components")
	}
	if appends {
		parts = append(parts, "what components append to files")
	}
	if t.graph.Apps[app].Delta != nil {
		parts = append(parts, "its own steps")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}

// Only returns the part of the plan that concerns some apps: their images and the layers of
// those. Costs are still the whole fleet's.
func (p *Plan) Only(apps map[string]bool) *Plan {
	only := *p
	only.fleet = p.all()
	only.Layers, only.Images, only.Published = nil, nil, p.onlyPublished(apps)
	used := map[*Layer]bool{}
	for _, i := range p.Images {
		if apps[i.App.Name] {
			only.Images = append(only.Images, i)
			for _, l := range i.Layers {
				used[l] = true
			}
		}
	}
	for _, l := range p.Layers {
		if used[l] {
			only.Layers = append(only.Layers, l)
		}
	}
	return &only
}

// all returns the images of all apps, also of those that Only has left out.
func (p *Plan) all() []*Image {
	if p.fleet != nil {
		return p.fleet
	}
	return p.Images
}

// Users returns how many images of the fleet have each layer, also images that Only has left out.
func (p *Plan) Users() map[*Layer]int {
	users := map[*Layer]int{}
	for _, i := range p.all() {
		for _, l := range i.Layers {
			users[l]++
		}
	}
	return users
}
