package importing

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// Sequences that differ in words alone become one: a family. Their clauses are cut into words and what is
// between them. Sequences with equal kinds of clauses, equal numbers of words, and the same between them
// are candidates. Each place where they differ has one word for each sequence; equal rows of words are
// one variable. So a family of php:8.1 and php:8.2 has the variable of 8.1 and 8.2, wherever these stand:
// in the base, in paths, in arguments.
//
// A family with a variable in a place that has no variables, such as between single quotes of a shell,
// stays apart. So does one with more variables than people would write in a matrix.

// family are the targets that one target stands for.
type family struct {
	members []*target
	vars    []*matrixVar
}

// matrixVar is a variable of a family, with its value for each member.
type matrixVar struct {
	name   string
	values []string
}

// most is the number of variables that a family has at most.
const most = 6

// token is a word of a clause, a reference, or what is between them.
var token = lazy.Regexp("\uE000[^\uE001]*\uE001|[A-Za-z0-9_.+~-]+")

// families merges targets. A family of stages comes before the families that copy from it.
func (im *importer) families() {
	for from := true; ; from = false {
		groups := map[string][]*target{}
		var order []string
		for _, t := range im.targets {
			if t.family != nil || t.from != from || from && len(t.builds) > 0 || !from && len(t.builds) != 1 {
				continue
			}
			key := im.shape(t)
			if groups[key] == nil {
				order = append(order, key)
			}
			groups[key] = append(groups[key], t)
		}
		for _, key := range order {
			if len(groups[key]) > 1 {
				im.merge(groups[key])
			}
		}
		if !from {
			return
		}
	}
}

// clauses returns all texts of a target in which members of a family may differ: the base, and the units.
func (t *target) clauses() []string {
	b := t.stage.base
	out := []string{b.clause}
	if b.clause == "" {
		out[0] = b.text
	}
	for _, u := range t.stage.units {
		text := u.text
		for _, p := range u.packages {
			text += " " + quote(p)
		}
		for _, p := range u.building {
			text += " " + quote(p)
		}
		if len(u.params) > 0 {
			text += paramsOf
		}
		for _, p := range u.params { // the text has their names alone
			text += reference('p', p.name+"="+p.value)
		}
		out = append(out, text)
	}
	return out
}

// paramsOf begins the params of a run in its clause.
const paramsOf = "\x00"

// shape is the same for the members of a family.
func (im *importer) shape(t *target) string {
	var b strings.Builder
	for n, c := range t.clauses() {
		if n > 0 {
			u := t.stage.units[n-1]
			fmt.Fprint(&b, u.kind, u.alone, len(u.packages), len(u.building), len(u.params))
			if u.kind == question {
				b.WriteString(t.id) // questions are about one file
			}
		}
		b.WriteString(token().ReplaceAllStringFunc(c, func(w string) string {
			if m := references().FindStringSubmatch(w); m != nil {
				if m[1] == "s" {
					if s := im.byID(m[2]); s != nil && s.family != nil {
						return fmt.Sprintf("<s %p>", s.family)
					}
					return w
				}
				if m[1] != "p" || im.params[m[2]] == nil {
					return w
				}
			}
			return "<w>"
		}))
		b.WriteByte('\n')
	}
	return b.String()
}

func (im *importer) byID(id string) *target {
	for _, ts := range [][]*target{im.merged, im.targets} {
		for _, t := range ts {
			if t.id == id {
				return t
			}
		}
	}
	return nil
}

// merge makes one target of several, if they are a family.
func (im *importer) merge(ts []*target) {
	if len(ts[0].stage.units) < 3 {
		return
	}
	f := &family{members: ts}
	var merged []string
	texts := make([][]string, len(ts))
	for n, t := range ts {
		texts[n] = t.clauses()
	}
	words, different := 0, 0
	for k := range texts[0] {
		row := make([]string, len(ts))
		for n := range ts {
			row[n] = texts[n][k]
		}
		n, d, text, ok := im.unify(f, row)
		if words, different = words+n, different+d; !ok || !f.names(ts[0].stage, k-1, text) {
			return
		}
		merged = append(merged, text)
	}
	if len(f.vars) > most || 2*different > words {
		return
	}
	im.form(f, merged)
}

// names reports whether the variables in place of a run's params have the names that its text mentions.
func (f *family) names(s *stage, n int, text string) bool {
	if n < 0 {
		return true
	}
	_, params, _ := strings.Cut(text, paramsOf)
	for k, m := range references().FindAllStringSubmatch(params, -1) {
		if m[1] == "v" && m[2] != s.units[n].params[k].name {
			return false
		}
	}
	return true
}

// unify returns a clause in which variables stand where the clauses of the members differ.
func (im *importer) unify(f *family, row []string) (words, different int, text string, ok bool) {
	first := row[0]
	spots := token().FindAllStringIndex(first, -1)
	parts := make([][]string, len(row))
	for n, c := range row {
		if parts[n] = token().FindAllString(c, -1); len(parts[n]) != len(spots) {
			return 0, 0, "", false
		}
	}
	var b strings.Builder
	at := 0
	for k, spot := range spots {
		b.WriteString(first[at:spot[0]])
		at = spot[1]
		values := make([]string, len(row))
		same := true
		for n := range row {
			values[n] = parts[n][k]
			same = same && values[n] == values[0]
		}
		words++
		if same {
			b.WriteString(values[0])
			continue
		}
		different++
		put, ok := im.variable(f, first, spot, values)
		if !ok {
			return 0, 0, "", false
		}
		b.WriteString(put)
	}
	b.WriteString(first[at:])
	if strings.HasPrefix(first, "run ") {
		return words, different, b.String(), true
	}
	// A string that is only a variable is the variable.
	return words, different, whole().ReplaceAllString(b.String(), "$1$2"), true
}

var whole = lazy.Regexp("( )\"\\$\\{(\uE000v[^\uE001]*\uE001)\\}\"")

// variable returns what stands for a row of words in a clause.
func (im *importer) variable(f *family, clause string, spot []int, values []string) (string, bool) {
	if m := references().FindStringSubmatch(values[0]); m != nil {
		switch m[1] {
		case "s":
			return im.member(f, values)
		case "p":
			plain := make([]string, len(values))
			for n, v := range values {
				plain[n] = im.plainOf(v)
			}
			name := im.params[m[2]].name
			return reference('v', f.named(name, plain)), true
		}
		return "", false
	}
	if slices.ContainsFunc(values, symbolic) {
		return "", false
	}
	place := placeOf(clause, spot[0])
	if place == nowhere {
		return "", false
	}
	if known, ok := f.within(values); ok {
		return known, true
	}
	before, after, cores := middle(values)
	name := f.named(variableName(clause+before, spot[0]+len(before), cores[0]), cores)
	return before + "${" + reference('v', name) + "}" + after, true
}

// within returns words that contain the values of a variable, with that in their place.
func (f *family) within(values []string) (string, bool) {
	best := ""
	length := 0
	for _, x := range f.vars {
		if t, ok := x.template(values); ok && len(x.values[0]) > length {
			best, length = strings.Replace(t, "\x00", "${"+reference('v', x.name)+"}", 1), len(x.values[0])
		}
	}
	return best, length > 0
}

// template returns what texts have in common besides the values of a variable, for which a NUL stands.
func (x *matrixVar) template(texts []string) (string, bool) {
	template := ""
	for n, text := range texts {
		if x.values[n] == "" || !strings.Contains(text, x.values[n]) {
			return "", false
		}
		t := strings.Replace(text, x.values[n], "\x00", 1)
		if n > 0 && t != template {
			return "", false
		}
		template = t
	}
	return template, true
}

// middle returns what words have in common at their beginnings and ends, up to a hyphen or an underline,
// and what is between.
func middle(values []string) (before, after string, cores []string) {
	before, after = values[0], values[0]
	for _, v := range values {
		for !strings.HasPrefix(v, before) {
			before = before[:len(before)-1]
		}
		for !strings.HasSuffix(v, after) {
			after = after[1:]
		}
	}
	before = before[:strings.LastIndexAny(before, "-_")+1]
	if n := strings.IndexAny(after, "-_"); n >= 0 {
		after = after[n:]
	} else if n := strings.Index(after, ".tar"); n >= 0 {
		after = after[n:]
	} else {
		after = ""
	}
	for _, v := range values {
		if len(v) < len(before)+len(after) {
			return "", "", values
		}
		cores = append(cores, v[len(before):len(v)-len(after)])
	}
	return before, after, cores
}

// member refers to the component of a family of stages, with the arguments of each member.
func (im *importer) member(f *family, values []string) (string, bool) {
	var of *family
	rows := make([]int, len(values))
	for n, v := range values {
		s := im.byID(references().FindStringSubmatch(v)[2])
		if s == nil || s.family == nil || of != nil && s.family != of {
			return "", false
		}
		of = s.family
		rows[n] = slices.IndexFunc(of.members, func(m *target) bool { return m.id == references().FindStringSubmatch(v)[2] })
	}
	for _, x := range of.vars {
		picked := make([]string, len(rows))
		for n, r := range rows {
			picked[n] = x.values[r]
		}
		name := f.named(x.name, picked)
		if name != x.name {
			return "", false // the arguments would need names of their own
		}
	}
	return reference('f', of.members[0].id), true
}

// named returns the name of the variable with some values, which it adds if there is none.
func (f *family) named(want string, values []string) string {
	for _, x := range f.vars {
		if slices.Equal(x.values, values) {
			return x.name
		}
	}
	name := want
	for k := 2; slices.ContainsFunc(f.vars, func(x *matrixVar) bool { return x.name == name }) || reserved[name]; k++ {
		name = fmt.Sprintf("%s_%d", want, k)
	}
	f.vars = append(f.vars, &matrixVar{name, values})
	return name
}

// The places of a clause where a word is.
const (
	nowhere = iota // not in a string, or where a shell expands nothing
	inString
	inRun
)

// placeOf returns where in a clause an offset is.
func placeOf(clause string, at int) int {
	in, long, single := false, false, false
	shell := strings.HasPrefix(clause, "run ")
	first := shell // the first string of a run is the shell's
	for n := 0; n < at; n++ {
		c := clause[n]
		switch {
		case !in && c == '"':
			in, single = true, false
			if long = strings.HasPrefix(clause[n:], `"""`); long {
				n += 2
			}
		case !in:
		case c == '\\' && !(first && single):
			n++
		case long && strings.HasPrefix(clause[n:], `"""`):
			in, first = false, false
			n += 2
		case !long && c == '"':
			in, first = false, false
		case first && c == '\'':
			single = !single
		}
	}
	switch {
	case !in || first && single:
		return nowhere
	case first:
		return inRun
	}
	return inString
}

var versionLike = lazy.Regexp(`^v?[0-9]+([._-][0-9A-Za-z]+)*$`)
var sumLike = lazy.Regexp(`^[0-9a-f]{40,128}$`)
var settingName = lazy.Regexp(`^(?:env|label) "?([A-Za-z_][A-Za-z0-9_.]*)"? \+?= "$`)

// variableName names a variable after what is before it.
func variableName(clause string, at int, value string) string {
	before := clause[:at]
	if m := settingName().FindStringSubmatch(before); m != nil {
		return identifier(m[1][strings.LastIndex(m[1], ".")+1:])
	}
	switch {
	case sumLike().MatchString(value):
		return "sha"
	case strings.HasPrefix(before, "image ") && strings.Contains(before, ":"), versionLike().MatchString(value), strings.HasPrefix(before, "debian.release("):
		return "version"
	case strings.HasPrefix(before, "image "):
		return "image"
	case strings.HasPrefix(before, `copy "`), strings.Contains(before, ` bind "`):
		return "dir"
	}
	return "name"
}

// form makes the first member the target of the whole family.
func (im *importer) form(f *family, merged []string) {
	first := f.members[0]
	s := *first.stage
	if b := *s.base; strings.Contains(merged[0], string(openRef)+"v") {
		b.id = fmt.Sprintf("family %.8x", sha256.Sum256([]byte(merged[0]))) // the same one for other families
		b.vars = varsOf(merged[0])
		if b.clause != "" {
			b.clause = merged[0]
			b.stem = stem(regexp.MustCompile(`[:@].*`).ReplaceAllString(im.plainOf(b.ref), ""))
			b.text = reference('b', b.id)
		} else {
			b.text = merged[0]
		}
		s.base = im.known(&b)
	}
	s.units = slices.Clone(s.units)
	for n, u := range s.units {
		text := merged[n+1]
		mentions := func(p *param) bool {
			return slices.ContainsFunc(f.vars, func(x *matrixVar) bool { return x.name == p.name })
		}
		c := *u
		s.units[n] = &c
		c.sees = slices.DeleteFunc(slices.Clone(c.sees), func(x seen) bool { // env has it, with a variable
			return slices.ContainsFunc(f.members, func(m *target) bool { return !slices.Contains(m.stage.units[n].sees, x) })
		})
		if !varying().MatchString(text) && !slices.ContainsFunc(u.params, mentions) {
			continue
		}
		c.key = text + first.id
		c.id = c.key
		c.params = slices.DeleteFunc(slices.Clone(c.params), mentions)
		c.vars = varsOf(text)
		for _, p := range u.params {
			if mentions(p) && !slices.Contains(c.vars, p.name) {
				c.vars = append(c.vars, p.name)
			}
		}
		if len(u.packages)+len(u.building) > 0 {
			quoted := regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`).FindAllStringSubmatch(text[len(u.text):], -1)
			for k, m := range quoted {
				p := strings.NewReplacer("${", "", "}", "").Replace(m[1])
				if k < len(u.packages) {
					c.packages = slices.Clone(c.packages)
					c.packages[k] = p
				} else {
					c.building = slices.Clone(c.building)
					c.building[k-len(u.packages)] = p
				}
			}
		} else {
			c.text, _, _ = strings.Cut(text, paramsOf)
		}
	}
	t := &target{id: first.id, stage: &s, from: first.from, family: f}
	for _, m := range f.members {
		t.builds = append(t.builds, m.builds...)
		m.family = f
	}
	if len(t.builds) > 0 {
		im.commonTags(t.builds)
	}
	at := slices.Index(im.targets, first)
	im.merged = append(im.merged, f.members...)
	im.targets = slices.DeleteFunc(im.targets, func(x *target) bool { return slices.Contains(f.members, x) })
	im.targets = slices.Insert(im.targets, min(at, len(im.targets)), t)
}

// varying matches what is different for the members of a family: a variable, or a component with variables.
var varying = lazy.Regexp("\uE000[vf]")

// varsOf returns the variables in a text.
func varsOf(text string) []string {
	var out []string
	for _, m := range references().FindAllStringSubmatch(text, -1) {
		if m[1] == "v" && !slices.Contains(out, m[2]) {
			out = append(out, m[2])
		}
	}
	return out
}
