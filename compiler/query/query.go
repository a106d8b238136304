// Package query answers questions about a compiled fleet: which apps, components,
// packages or layers have a property. docs/query.md defines the language.
//
// [Fleet.Ask] parses an expression and finds the kinds of its parts; [Question.Answer] evaluates it
// on each platform. grammar.go declares the grammar, findings.go words the errors of the parser,
// check.go checks and evaluates, values.go reads numbers and matches patterns. world.go holds a plan
// as lists of items and the links between them; complete.go offers the words that can follow.
package query

import (
	"slices"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// Kind is what an item is.
type Kind uint8

// The kinds. An expression that fits several is about the first of them.
const (
	Apps Kind = iota
	Components
	Packages
	Layers
)

func (k Kind) String() string { return kindNames[k] }

var kindNames = [...]string{"apps", "components", "packages", "layers"}

// Item is an app, a component, a package or a layer, on one platform.
type Item struct {
	Kind     Kind
	Platform model.Platform
	// Name is an app's name, a component's with its arguments, a package's, or a
	// layer's ID.
	Name string

	App       *model.App
	Instances []*model.Instance // a component's, which have one ID; those that hold a package; an app's own steps
	Package   *lock.Package
	Layer     *plan.Layer

	Version string    // of a component its first argument; "" without
	Size    plan.Size // of -1 byte if the plan does not know it
	Rate    float64   // changes a year; -1 for an app
	In      []*Item   // the apps that have it, by name; an app's is nil

	names []string // by which people call it
	place int      // among the items of its kind
}

// Fleet is a compiled fleet that questions are about.
type Fleet struct{ worlds []*world }

// New returns the fleet of plans, one for each platform.
func New(plans []*plan.Plan) *Fleet {
	f := &Fleet{}
	for _, p := range plans {
		f.worlds = append(f.worlds, newWorld(p))
	}
	return f
}

// Question is an expression that has an answer.
type Question struct {
	fleet *Fleet
	root  node
}

// Ask reads an expression; from says where it comes from, for findings. The
// question is nil if there are errors.
func (f *Fleet) Ask(from, text string) (*Question, diag.List) {
	file := source.New(from, text)
	q, list := parse(file)
	if list.HasErrors() {
		return nil, list
	}
	c := &checker{fleet: f, file: file, found: &list}
	root := c.query(q)
	if list.HasErrors() {
		return nil, list
	}
	return &Question{f, root}, list
}

// Kind is what the question is about.
func (q *Question) Kind() Kind { return q.root.kinds.first() }

// Answer returns the items that fulfil the expression: by platform, then by name.
func (q *Question) Answer() []*Item {
	var out []*Item
	for _, w := range q.fleet.worlds {
		out = append(out, w.pick(q.Kind(), q.root.eval(w, q.Kind()))...)
	}
	return out
}

// Apps returns, for each platform, the names of the apps that the expression
// selects: those that it is about, or that have what it is about.
func (q *Question) Apps() []map[string]bool {
	var out []map[string]bool
	for _, w := range q.fleet.worlds {
		set := map[string]bool{}
		if q.root.kinds.has(Apps) {
			for _, i := range w.pick(Apps, q.root.eval(w, Apps)) {
				set[i.Name] = true
			}
		} else {
			for _, i := range q.things(w) {
				for _, a := range i.In {
					set[a.Name] = true
				}
			}
		}
		out = append(out, set)
	}
	return out
}

// Instances returns, for each platform, the instances of what the expression is
// about, in the graph's order: components, what packages are installed by, the
// members of layers, and apps' own steps.
func (q *Question) Instances() [][]*model.Instance {
	var out [][]*model.Instance
	for _, w := range q.fleet.worlds {
		var list []*model.Instance
		for _, i := range q.things(w) {
			list = append(list, i.Instances...)
		}
		slices.SortFunc(list, func(a, b *model.Instance) int { return a.Number() - b.Number() })
		out = append(out, slices.Compact(list))
	}
	return out
}

// Things returns the items that the expression is about, on all platforms: apps, or else all that
// fulfil it; of a name that means a component and a package, both.
func (q *Question) Things() []*Item {
	var out []*Item
	for _, w := range q.fleet.worlds {
		out = append(out, q.things(w)...)
	}
	return out
}

// things are the items of the first kind that the expression fits; of a name that
// means a component and a package, both.
func (q *Question) things(w *world) []*Item {
	kinds := q.root.kinds
	if kinds.has(Apps) {
		kinds = of(Apps)
	}
	var out []*Item
	for k := range kinds.each() {
		out = append(out, w.pick(k, q.root.eval(w, k))...)
	}
	return out
}
