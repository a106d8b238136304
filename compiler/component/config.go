package component

import (
	"slices"
	"strings"
)

// Image configuration: components propose, the app decides. For each word
// the app's clause wins; else the one that components agree on; else the
// base's. Appending env entries are joined, an app's before its components',
// a component's before those of what it needs, the base's value last.

// proposal is one value that something proposes.
type proposal struct {
	from *Instance // nil: the app
	set  *setting
}

func (p proposal) ofBase() bool { return p.from != nil && p.from.Kind == Base }

// config merges the configuration of an app's image.
func (x *expander) config(a *App, own []setting) Config {
	m := merge(x, a.Closure, own)
	m.decides = true
	c := Config{Env: m.env(), Labels: m.labels()}
	if p := m.single["user"]; p.set != nil {
		c.User, a.UserAt = text(p.set.value), p.set.span
	}
	c.Workdir, _ = m.value("workdir").(string)
	c.StopSignal, _ = m.value("stopsignal").(string)
	c.Entrypoint = textsOf(m.value("entrypoint"))
	c.Command = textsOf(m.value("command"))
	if e, cmd := m.single["entrypoint"], m.single["command"]; e.set != nil && cmd.set != nil && (e.from == nil && cmd.from != nil || !e.ofBase() && cmd.ofBase()) {
		c.Command = nil // an entrypoint clears an inherited command
	}
	x.runnable(a, &c, m)
	c.Shell = textsOf(m.value("shell"))
	c.Expose = m.union("expose")
	c.Volumes = m.union("volume")
	if h := m.single["healthcheck"]; h.set != nil {
		c.Healthcheck = h.set.health
	}
	return c
}

// runnable checks what only all proposals together show: that a program has a
// name, and that the system passes on what is joined.
func (x *expander) runnable(a *App, c *Config, m *merged) {
	if len(c.Entrypoint) == 0 && len(c.Command) > 0 && c.Command[0] == "" {
		x.nothingToRun(m.single["command"].set.span, "the name of the program is empty in app %s", a.Name).
			Hint("write the program, such as `command [\"/opt/tool/run\"]`, or an `entrypoint`")
	}
	for _, e := range c.Env {
		if joined := m.appended[e.Name]; joined != nil {
			x.passable(e.Name+"="+e.Value, joined[0].set.span)
		}
	}
}

// stepEnv is the environment of an instance's runs: that of its root, then
// its own.
func (x *expander) stepEnv(i *Instance) []EnvVar {
	return merge(x, i.Root, i.settings).env()
}

// merged is the configuration of a set of instances.
type merged struct {
	x        *expander             // what disputes are reported to; nil: they are only noted
	disputed map[string]bool       // as single
	decides  bool                  // what is placed over the instances is an app's
	single   map[string]proposal   // by name of the setting
	appended map[string][]proposal // of env, outermost first, by key
	lists    map[string][]string
}

// merge merges the settings of instances, given in topological order, and
// those that are placed over them.
func merge(x *expander, instances []*Instance, own []setting) *merged {
	m := &merged{x: x, disputed: map[string]bool{}, single: make(map[string]proposal, 3*len(instances)), appended: map[string][]proposal{}, lists: map[string][]string{}}
	for n := range own {
		m.put(proposal{nil, &own[n]})
	}
	for _, i := range slices.Backward(instances) {
		for n := range i.settings {
			m.put(proposal{i, &i.settings[n]})
		}
	}
	return m
}

func (m *merged) put(p proposal) {
	s := p.set
	switch s.word {
	case "expose", "volume":
		m.lists[s.word] = append(m.lists[s.word], textsOf(s.value)...)
		return
	case "env":
		if s.append {
			m.appended[s.key] = append(m.appended[s.key], p)
			m.separated(p)
			return
		}
	}
	key := s.name
	old := m.single[key]
	switch {
	case old.set == nil:
		m.single[key] = p
	case old.from == p.from:
		if old.from == nil || show(old.set.value) != show(s.value) {
			m.dispute(old, p, key)
		}
	case old.from == nil || p.ofBase():
		// the app decides; a base's values are defaults
	case show(old.set.value) != show(s.value):
		m.dispute(old, p, key)
	}
}

// separated notes what an entry says that its variable is joined with.
func (m *merged) separated(p proposal) {
	if p.set.by == "" {
		return
	}
	name := "by of " + p.set.key
	if old := m.single[name]; old.set != nil && old.from == nil && p.from == nil && old.set.value == p.set.by {
		return
	}
	m.put(proposal{p.from, &setting{word: "by", name: name, value: p.set.by, span: p.set.span}})
}

// dispute reports two components that propose different values.
func (m *merged) dispute(a, b proposal, what string) {
	if m.disputed[what] = true; m.x == nil {
		return
	}
	first, second := a, b
	if first.set.span.Compare(second.set.span) > 0 {
		first, second = second, first
	}
	if a.from == b.from {
		m.x.found.Errorf("E0340", second.set.span, "`%s` is set twice", what).
			See(first.set.span, "first here").Hint("keep one of them")
		return
	}
	if first.set.span == second.set.span {
		m.x.found.Errorf("E0340", second.set.span, "two instances of one component disagree about `%s`", what).
			Note("%s says %s, %s says %s", shortened(first.from.Title), show(first.set.value), shortened(second.from.Title), show(second.set.value)).
			Hint("write `%s` into the app, which decides", what)
		return
	}
	d := m.x.found.Errorf("E0340", second.set.span, "%s and %s disagree about `%s`", shortened(first.from.Title), shortened(second.from.Title), what).
		At("%s here", show(second.set.value)).
		See(first.set.span, "%s here", show(first.set.value)).
		Note("components propose, the app decides").
		Hint("write what it is to be into the app, such as `%s`, or change one of them", strings.Join(strings.Fields(second.set.span.Text()), " "))
	m.x.involve(d, second.from, first.from)
}

func (m *merged) value(word string) value {
	if p := m.single[word]; p.set != nil {
		return p.set.value
	}
	return nil
}

func (m *merged) union(word string) []string {
	l := m.lists[word]
	slices.Sort(l)
	return slices.Compact(l)
}

// env joins the environment, sorted by name.
func (m *merged) env() []EnvVar {
	var out []EnvVar
	for k, p := range m.single {
		if name, ok := strings.CutPrefix(k, "env "); ok && m.appended[name] == nil {
			value, _ := p.set.value.(string)
			out = append(out, EnvVar{name, value})
		}
	}
	for name, entries := range m.appended {
		p := m.single["env "+name]
		by := " "
		if strings.HasSuffix(name, "PATH") {
			by = ":"
		}
		if said := m.single["by of "+name]; said.set != nil {
			by, _ = said.set.value.(string)
		}
		var parts []string
		for _, e := range entries {
			if p.set != nil && p.from == nil && e.from != nil && m.decides {
				continue // what the app sets, no component adds to
			}
			if t := e.set.value.(string); !slices.Contains(parts, t) {
				parts = append(parts, t)
			}
		}
		if p.set != nil {
			if v, _ := p.set.value.(string); v != "" {
				parts = append(parts, v)
			}
		}
		out = append(out, EnvVar{name, strings.Join(parts, by)})
	}
	return byName(out)
}

func (m *merged) labels() []EnvVar {
	var out []EnvVar
	for k, p := range m.single {
		if name, ok := strings.CutPrefix(k, "label "); ok {
			value, _ := p.set.value.(string)
			out = append(out, EnvVar{name, value})
		}
	}
	return byName(out)
}

func byName(list []EnvVar) []EnvVar {
	slices.SortFunc(list, func(a, b EnvVar) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func textsOf(v value) []string {
	var out []string
	switch v := v.(type) {
	case list:
		for _, i := range v {
			out = append(out, text(i))
		}
	case string:
		out = append(out, v)
	}
	return out
}
