package importing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/lazy"
	"github.com/layc-lang/layc/lang/source"
)

// write returns the module in canonical form.
func (im *importer) write() (string, error) {
	w := &writer{im: im}
	w.base() // which is then written, too
	body := w.body()
	text := w.head(strings.Contains(body, "debian.")) + body
	out, found := format.Source(source.New("fleet.layer", text))
	if found.HasErrors() {
		return text, fmt.Errorf("the module would have an error: %s", found[0].Message)
	}
	return out, nil
}

// writer writes the module.
type writer struct {
	im *importer
	// matrix returns the expression for a variable of a family; nil in a component, whose parameters
	// have the variables' names.
	matrix func(name string) string
}

func (w *writer) head(debian bool) string {
	var b strings.Builder
	if debian || strings.HasPrefix(w.base(), "debian.") {
		b.WriteString("import \"std/debian\"\n\n")
	}
	for _, m := range modulesOf(w.im.targets) {
		b.WriteString("import \"std/" + m + "\"\n\n")
	}
	b.WriteString("fleet {\n")
	b.WriteString("    base " + w.base() + "\n")
	if w.im.builder != "" {
		b.WriteString("    builder " + quote(w.im.builder) + " # of what is FROM --platform=$BUILDPLATFORM\n")
	}
	if r := w.im.in.Registry; r != "" {
		b.WriteString("    registry " + quote(r) + "\n")
	}
	for _, s := range w.im.secrets {
		b.WriteString("    secret " + s + "\n")
	}
	b.WriteString("}\n\n")
	return b.String()
}

func (w *writer) base() string {
	if b := w.im.fleetBase(); b != nil {
		return w.text(b.text)
	}
	// All bases are different for the members of families. Stages need one of the fleet.
	t := w.im.targets[0]
	w.matrix = func(name string) string { return quote(t.family.value(name, 0)) }
	defer func() { w.matrix = nil }()
	return w.text(t.stage.base.text)
}

// value returns the value of a variable for a member.
func (f *family) value(name string, member int) string {
	for _, x := range f.vars {
		if x.name == name {
			return x.values[member]
		}
	}
	return ""
}

// fleetBase is the base that most apps have; of several, the first. It is nil if all differ within
// families.
func (im *importer) fleetBase() *base {
	count := map[*base]int{}
	for _, t := range im.targets {
		count[t.stage.base] += 2 * len(t.builds)
		if t.from {
			count[t.stage.base]++
		}
	}
	var best *base
	for _, t := range im.targets {
		if b := t.stage.base; len(b.vars) == 0 && (best == nil || best.id == "scratch" || b.id != "scratch" && count[b] > count[best]) {
			best = b
		}
	}
	return best
}

// body writes everything below the fleet.
func (w *writer) body() string {
	im := w.im
	var apps, components strings.Builder
	for _, t := range im.targets {
		if t.family != nil && len(t.builds) > 0 {
			w.matrixApp(&apps, t)
			continue
		}
		for _, b := range t.builds {
			w.app(&apps, t, b, "")
		}
	}
	done := map[*block]bool{}
	for _, t := range im.targets {
		for _, b := range t.blocks {
			if !b.own && !done[b] {
				done[b] = true
				w.component(&components, b)
			}
		}
	}
	var top, bases strings.Builder
	for _, id := range sorted(im.bases) {
		if b := im.bases[id]; b.clause != "" && (b.used || b == im.fleetBase()) {
			fmt.Fprintf(&bases, "component %s%s {\n    %s\n}\n\n", b.name, parameters(b.vars), w.text(b.clause))
		}
	}
	for _, k := range sorted(im.params) {
		if p := im.params[k]; p.used {
			fmt.Fprintf(&top, "param %s = %s\n", p.global, quote(p.value))
		}
	}
	top.WriteString("\n")
	for _, a := range im.users {
		top.WriteString(a.text() + "\n")
	}
	return top.String() + bases.String() + apps.String() + components.String()
}

// text replaces references by names.
func (w *writer) text(text string) string {
	im := w.im
	return references().ReplaceAllStringFunc(text, func(ref string) string {
		m := references().FindStringSubmatch(ref)
		switch m[1] {
		case "p":
			if p := im.params[m[2]]; p != nil {
				p.used = true
				return p.global
			}
			return m[2]
		case "s":
			t := im.byID(m[2])
			if t.family == nil {
				return t.name
			}
			whole := im.wholeOf(t.family)
			member := slices.Index(t.family.members, t)
			var args []string
			for _, v := range im.varsOfTarget(whole) {
				args = append(args, quote(t.family.value(v, member)))
			}
			if len(args) == 0 {
				return whole.name
			}
			return whole.name + "(" + strings.Join(args, ", ") + ")"
		case "f":
			whole := im.wholeOf(im.byID(m[2]).family)
			return whole.name + w.arguments(im.varsOfTarget(whole))
		case "b":
			im.bases[m[2]].used = true
			return im.bases[m[2]].name + w.arguments(im.bases[m[2]].vars)
		case "v":
			if w.matrix != nil {
				return w.matrix(m[2])
			}
			return m[2]
		case "u":
			for _, a := range im.users {
				if a.id() == m[2] {
					return a.name
				}
			}
		}
		return "unknown"
	})
}

// parameters returns the parameters of a component.
func parameters(vars []string) string {
	if len(vars) == 0 {
		return ""
	}
	return "(" + strings.Join(vars, ": string, ") + ": string)"
}

// arguments returns the arguments for these parameters.
func (w *writer) arguments(vars []string) string {
	if len(vars) == 0 {
		return ""
	}
	args := slices.Clone(vars)
	for n, v := range args {
		if w.matrix != nil {
			args[n] = w.matrix(v)
		}
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// varsOf returns the variables of a block: its own, and those that it passes on.
func (im *importer) varsOf(b *block) []string {
	var out []string
	add := func(vars []string) {
		for _, v := range vars {
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	for _, u := range b.units {
		add(u.vars)
		for _, m := range references().FindAllStringSubmatch(u.text, -1) {
			if m[1] == "f" {
				add(im.varsOfTarget(im.wholeOf(im.byID(m[2]).family)))
			}
		}
	}
	for _, n := range b.needs {
		add(im.varsOf(n))
	}
	if t := im.targets[b.targets[0]]; t.from && t.name == b.name && t.stage.base != im.fleetBase() {
		add(t.stage.base.vars)
	}
	return out
}

// wholeOf returns the target that stands for a family.
func (im *importer) wholeOf(f *family) *target {
	return im.targets[slices.IndexFunc(im.targets, func(t *target) bool { return t.family == f })]
}

// varsOfTarget returns the variables of the component that has a stage's files.
func (im *importer) varsOfTarget(t *target) []string {
	for _, b := range im.blocks {
		if !b.own && b.name == t.name {
			return im.varsOf(b)
		}
	}
	return nil
}

// app writes an app. Its name is the build's, or an expression with generators.
func (w *writer) app(out *strings.Builder, t *target, b *Build, header string) {
	if header == "" {
		if header = b.Name; !word().MatchString(header) {
			header = quote(header)
		}
	}
	var props []string
	var own []*unit
	var used []*block
	for _, k := range t.blocks {
		if k.own {
			own = append(own, k.units...)
		} else {
			used = append(used, k)
		}
	}
	var names []string
	for _, k := range reduced(used) {
		names = append(names, k.name+w.arguments(w.im.varsOf(k)))
	}
	names = append(names, w.libraries(own)...)
	names = append(names, w.lists(own, func(u *unit) []string { return u.packages })...)
	names = append(names, w.logins(own)...)
	if t.stage.base != w.im.fleetBase() {
		props = append(props, "base "+w.text(t.stage.base.text))
	}
	if len(names) > 0 {
		props = append(props, "uses "+broken(names))
	}
	for _, tag := range w.im.report.tags(b) {
		props = append(props, "tag "+quote(tag))
	}
	if t.family != nil {
		fmt.Fprintf(out, "# From %s and %d more.\n", origin(b), len(t.builds)-1)
	} else {
		fmt.Fprintf(out, "# From %s.\n", origin(b))
	}
	fmt.Fprintf(out, "app %s {\n", header)
	w.statements(out, props, own)
	if b := t.stage.base; debianTag().MatchString(b.ref) && b.release != "" && t.stage.std == nil && !t.sets("command") && !t.sets("entrypoint") {
		out.WriteString("    command [\"bash\"]\n")
	}
	out.WriteString("}\n\n")
}

// sets reports whether an image has a setting of its own.
func (t *target) sets(setting string) bool {
	return slices.ContainsFunc(t.stage.units, func(u *unit) bool { return u.setting == setting })
}

// origin says where an app is from.
func origin(b *Build) string {
	at := b.File
	if b.Target != "" {
		at += ", stage " + b.Target
	}
	return at
}

// component writes a component.
func (w *writer) component(out *strings.Builder, b *block) {
	var needsList, props []string
	for _, n := range b.needs {
		needsList = append(needsList, n.name+w.arguments(w.im.varsOf(n)))
	}
	needsList = append(needsList, w.libraries(b.units)...)
	needsList = append(needsList, w.lists(b.units, func(u *unit) []string { return u.packages })...)
	needsList = append(needsList, w.logins(b.units)...)
	if w.im.cross(b) {
		props = append(props, "builds cross")
	}
	if base := w.buildsOn(b); base != "" {
		props = append(props, "builds on "+base)
	}
	if len(needsList) > 0 {
		props = append(props, "needs "+broken(needsList))
	}
	if with := w.lists(b.units, func(u *unit) []string { return u.building }); len(with) > 0 {
		props = append(props, "builds with "+broken(with))
	}
	if len(b.owns) > 0 {
		props = append(props, "owns "+broken(strings.Split(quotes(b.owns), ", ")))
	}
	if lines := places(w.im.occurrences(b)); lines != "" {
		fmt.Fprintf(out, "# From %s.\n", lines)
	}
	fmt.Fprintf(out, "component %s%s {\n", b.name, parameters(w.im.varsOf(b)))
	w.statements(out, props, b.units)
	out.WriteString("}\n\n")
}

// buildsOn returns the base of a stage's component, if it is not the fleet's.
func (w *writer) buildsOn(b *block) string {
	if len(b.targets) != 1 {
		return ""
	}
	t := w.im.targets[b.targets[0]]
	if !t.from || t.name != b.name || t.stage.base == w.im.fleetBase() || t.stage.base.id == "scratch" {
		return ""
	}
	return w.text(t.stage.base.text)
}

// occurrences returns the units of a block in all of its targets.
func (im *importer) occurrences(b *block) []*unit {
	all := slices.Clone(b.units)
	for _, n := range b.targets {
		for _, u := range im.targets[n].stage.units {
			if slices.ContainsFunc(b.units, func(x *unit) bool { return x.id == u.id && x != u }) {
				all = append(all, u)
			}
		}
	}
	return all
}

// places says which lines a component is from.
func places(units []*unit) string {
	var files []string
	lines := map[string][2]int{}
	for _, u := range units {
		i := u.from
		at, ok := lines[i.File]
		if !ok {
			files = append(files, i.File)
			at = [2]int{i.Line, i.Line}
		}
		lines[i.File] = [2]int{min(at[0], i.Line), max(at[1], i.Line)}
	}
	var out []string
	for _, f := range files {
		at := lines[f]
		if at[0] == at[1] {
			out = append(out, fmt.Sprintf("%s, line %d", f, at[0]))
		} else {
			out = append(out, fmt.Sprintf("%s, lines %d to %d", f, at[0], at[1]))
		}
	}
	if len(out) > 3 {
		out = append(out[:2], fmt.Sprintf("%d more files", len(out)-2))
	}
	return strings.Join(out, "; ")
}

// lists returns os.packages with all packages of some units, or nothing.
func (w *writer) lists(units []*unit, of func(*unit) []string) []string {
	var all []string
	for _, u := range units {
		for _, p := range of(u) {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	for n, p := range all {
		all[n] = w.text(quote(p))
	}
	inner := strings.Join(all, ", ")
	if len(inner) > 80 {
		var lines []string
		line := "       "
		for _, p := range all {
			if len(line)+len(p)+2 > 92 {
				lines, line = append(lines, line), "       "
			}
			line += " " + p + ","
		}
		inner = "\n" + strings.Join(append(lines, line), "\n") + "\n    "
	}
	return []string{"os.packages(" + inner + ")"}
}

// libraries returns the components of the standard library that some units are.
func (w *writer) libraries(units []*unit) []string {
	var out []string
	for _, u := range units {
		if text := w.text(u.text); u.kind == uses && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// logins returns the users that some units create.
func (w *writer) logins(units []*unit) []string {
	var out []string
	for _, u := range units {
		if u.kind == login {
			out = append(out, w.text(u.account.ref()))
		}
	}
	return out
}

// broken joins operands, on lines of their own if they are many.
func broken(names []string) string {
	line := strings.Join(names, ", ")
	if len(line) <= 88 || strings.Contains(line, "\n") && len(names) == 1 {
		return line
	}
	return strings.Join(names, ",\n        ")
}

// statements writes the clauses of a block.
func (w *writer) statements(out *strings.Builder, props []string, units []*unit) {
	lets, items := w.variables(units)
	for _, l := range lets {
		out.WriteString("    " + l + "\n")
	}
	if len(lets) > 0 {
		out.WriteString("\n")
	}
	for _, p := range props {
		out.WriteString("    " + p + "\n")
	}
	steps := ""
	for _, u := range units {
		switch u.kind {
		case step, run, question:
			for _, c := range u.comments {
				steps += "    " + c + "\n"
			}
			steps += "    " + w.questions(u) + w.text(items[u]) + "\n"
		}
	}
	if steps != "" {
		out.WriteString("\n" + steps)
	}
	out.WriteString("\n")
	for _, u := range merged(units) {
		for _, c := range u.comments {
			out.WriteString("    " + c + "\n")
		}
		out.WriteString("    " + w.text(u.text) + "\n")
	}
}

func (w *writer) questions(u *unit) string {
	text := w.text(u.text)
	if u.kind == question {
		return strings.ReplaceAll(text, "\n", "\n    ")
	}
	return text
}

var exposed = lazy.Regexp(`^(expose|volume) `)

// merged returns the settings of some units, with all ports and all volumes in one clause each.
func merged(units []*unit) []*unit {
	var out []*unit
	first := map[string]*unit{}
	for _, u := range units {
		if u.kind != config {
			continue
		}
		m := exposed().FindString(u.text)
		if m == "" || len(u.comments) > 0 {
			out = append(out, u)
			continue
		}
		if f := first[m]; f != nil {
			f.text += ", " + strings.TrimPrefix(u.text, m)
			continue
		}
		c := *u
		first[m] = &c
		out = append(out, &c)
	}
	return out
}
