package model

import (
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/lang/source"
)

// Image configuration: components propose values, the app decides. For each word, the
// app's clause wins, then a component's, then the base's. A component's value holds over
// the values of its needs; components that do not need each other must agree. Appending
// env entries are joined: an app's before its components', a component's before its needs',
// the base's value last.

// Setting is one clause of image configuration.
type Setting struct {
	Word   string // "env", "user", …
	Key    string // for env, label and annotation
	Name   string // what it sets: the word, and the key if there is one
	Append bool
	By     string // separator of an appending env; "": the default
	Value  Value
	Span   source.Span
	Health *Healthcheck
}

// Value is the value of a setting: a string, or a list of strings.
type Value struct {
	Text   string
	List   []string
	Listed bool // the value is the list
}

// Texts returns the value's string or strings.
func (v Value) Texts() []string {
	if v.Listed {
		return v.List
	}
	return []string{v.Text}
}

// String returns the value in the syntax of the language; equal values look equal.
func (v Value) String() string {
	if !v.Listed {
		return strconv.Quote(v.Text)
	}
	var b []string
	for _, t := range v.List {
		b = append(b, strconv.Quote(t))
	}
	return "[" + strings.Join(b, ", ") + "]"
}

// equal reports whether two values look equal.
func (v Value) equal(o Value) bool {
	return v.Listed == o.Listed && v.Text == o.Text && slices.Equal(v.List, o.List)
}

// Proposal is a value that an instance or an app proposes.
type Proposal struct {
	From *Instance // nil: the app
	*Setting
}

// OfBase reports whether a base system made the proposal.
func (p Proposal) OfBase() bool { return p.From != nil && p.From.Kind == Base }

// Merged is the configuration of a set of instances.
type Merged struct {
	Single   map[string]Proposal   // by the setting's name
	Appended map[string][]Proposal // for env: outermost first, by key
	// Of is the instance with the settings on top of the others; nil: an app, to which
	// no component adds.
	Of *Instance

	instances []*Instance
	lists     map[string][]string
	disputed  map[string]bool // as Single
	report    func(a, b Proposal, what string)
}

// Merge merges the settings of instances, which are in topological order, and the
// settings on top of them. It calls report, unless it is nil, with each two proposals
// that differ.
func Merge(instances []*Instance, over []Setting, report func(a, b Proposal, what string)) *Merged {
	m := &Merged{
		Single: make(map[string]Proposal, 3*len(instances)), Appended: map[string][]Proposal{},
		instances: instances, lists: map[string][]string{}, disputed: map[string]bool{}, report: report,
	}
	for n := range over {
		m.put(Proposal{nil, &over[n]})
	}
	for _, i := range slices.Backward(instances) {
		for n := range i.Settings {
			m.put(Proposal{i, &i.Settings[n]})
		}
	}
	return m
}

func (m *Merged) put(p Proposal) {
	s := p.Setting
	switch s.Word {
	case "expose", "volume":
		m.lists[s.Word] = append(m.lists[s.Word], s.Value.Texts()...)
		return
	case "env":
		if s.Append {
			m.Appended[s.Key] = append(m.Appended[s.Key], p)
			m.separated(p)
			return
		}
	}
	old := m.Single[s.Name]
	switch {
	case old.Setting == nil:
		m.Single[s.Name] = p
	case old.From == p.From:
		if old.From == nil || !old.Value.equal(s.Value) {
			m.dispute(old, p)
		}
	case old.From == nil || p.OfBase():
		// the app decides; a base's values are defaults
	case !old.Value.equal(s.Value) && !m.overridden(p):
		m.dispute(old, p)
	}
}

// overridden reports whether an instance that needs the proposal's instance sets the same
// name.
func (m *Merged) overridden(p Proposal) bool {
	return slices.ContainsFunc(m.instances, func(i *Instance) bool {
		return slices.ContainsFunc(i.Settings, func(s Setting) bool { return s.Name == p.Name && !s.Append }) && needs(i, p.From)
	})
}

// Over reports whether p takes precedence over q, which may set another name: only p is
// the app's, only q is the base's, or p's instance needs q's instance.
func (p Proposal) Over(q Proposal) bool {
	switch {
	case p.Setting == nil || q.Setting == nil || p.From == q.From:
		return false
	case p.From == nil || q.OfBase():
		return true
	}
	return q.From != nil && needs(p.From, q.From)
}

// needs reports whether an instance needs another one, directly or not.
func needs(i, other *Instance) bool {
	seen := map[*Instance]bool{}
	var leads func(n *Instance) bool
	leads = func(n *Instance) bool {
		if seen[n] {
			return false
		}
		seen[n] = true
		return n == other || slices.ContainsFunc(n.Needs, leads)
	}
	return i != other && leads(i)
}

// separated notes the separator that an entry declares for its variable.
func (m *Merged) separated(p Proposal) {
	if p.By == "" {
		return
	}
	name := "by of " + p.Key
	if old := m.Single[name]; old.Setting != nil && old.From == nil && p.From == nil && old.Value.Text == p.By {
		return
	}
	m.put(Proposal{p.From, &Setting{Word: "by", Name: name, Value: Value{Text: p.By}, Span: p.Span}})
}

func (m *Merged) dispute(a, b Proposal) {
	m.disputed[b.Name] = true
	if m.report != nil {
		m.report(a, b, b.Name)
	}
}

// Texts returns the proposed values of a word; nil if there are none.
func (m *Merged) Texts(word string) []string {
	if p := m.Single[word]; p.Setting != nil {
		return p.Value.Texts()
	}
	return nil
}

// Text returns the proposed value of a word; "" if there is none.
func (m *Merged) Text(word string) string {
	if p := m.Single[word]; p.Setting != nil {
		return p.Value.Text
	}
	return ""
}

// Union returns all values that are proposed for a word with lists, sorted.
func (m *Merged) Union(word string) []string {
	l := m.lists[word]
	slices.Sort(l)
	return slices.Compact(l)
}

// Env returns the joined environment, sorted by name.
func (m *Merged) Env() []EnvVar {
	var out []EnvVar
	for k, p := range m.Single {
		if name, ok := strings.CutPrefix(k, "env "); ok && m.Appended[name] == nil {
			out = append(out, EnvVar{name, p.Value.Text})
		}
	}
	for name, entries := range m.Appended {
		p := m.Single["env "+name]
		by := " "
		if strings.HasSuffix(name, "PATH") {
			by = ":"
		}
		if separator := m.Single["by of "+name]; separator.Setting != nil {
			by = separator.Value.Text
		}
		var parts []string
		for _, e := range entries {
			if m.covers(p, e) {
				continue
			}
			if t := e.Value.Text; !slices.Contains(parts, t) {
				parts = append(parts, t)
			}
		}
		if p.Setting != nil && p.Value.Text != "" {
			parts = append(parts, p.Value.Text)
		}
		out = append(out, EnvVar{name, strings.Join(parts, by)})
	}
	return byName(out)
}

// covers reports whether to omit an entry because an app, or an instance above the
// entry's instance, sets the variable. Every instance is above the base.
func (m *Merged) covers(set, entry Proposal) bool {
	switch {
	case set.Setting == nil || entry.From == nil:
		return false
	case entry.OfBase():
		return !set.OfBase()
	case set.From != nil:
		return needs(set.From, entry.From)
	}
	return m.Of == nil || needs(m.Of, entry.From)
}

// Pairs returns the keys and values of a word with keys, such as label, sorted by key.
func (m *Merged) Pairs(word string) []EnvVar {
	var out []EnvVar
	for k, p := range m.Single {
		if name, ok := strings.CutPrefix(k, word+" "); ok {
			out = append(out, EnvVar{name, p.Value.Text})
		}
	}
	return byName(out)
}

func byName(list []EnvVar) []EnvVar {
	slices.SortFunc(list, func(a, b EnvVar) int { return strings.Compare(a.Name, b.Name) })
	return list
}
