package bind

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// Files that several components write. Each `file … append` is a fragment. The fragments of
// a file in an image make up the file, sorted by their text and without duplicates, so the
// order of writing has no meaning. A component's fragments of one file are a single
// fragment, in the order of its steps.
//
// If a component of the image declares the file's directory with dir, and nothing else can
// have made the file, the file is new: it becomes a portable instance with the whole file.
// Otherwise the base, a package or a run may have made the file, which nobody can see before
// the build. Then a finishing instance appends the fragments. It is stacked, and needs
// everything stacked beneath all contributors.

// apart separates fragments from settled steps, and joins the fragments of each file.
func apart(steps []model.Step) (rest []model.Step, fragments []*model.Append) {
	at := map[string]*model.Append{}
	for _, s := range steps {
		f, ok := s.(*model.Append)
		if !ok {
			rest = append(rest, s)
			continue
		}
		text := f.Text
		if !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		if first := at[f.Path]; first != nil && joins(first, f) {
			first.Text += text
			continue
		}
		one := *f
		one.Text = text
		at[f.Path] = &one
		fragments = append(fragments, &one)
	}
	return rest, fragments
}

// joins adopts the owner and mode of a further fragment of the file, and reports whether
// that is possible.
func joins(a, f *model.Append) bool {
	if f.Owner == nil && f.Mode == "" {
		return true
	}
	if a.Owner == nil && a.Mode == "" {
		a.Owner, a.Mode, a.Span = f.Owner, f.Mode, f.Span
	}
	return a.Owner.String() == f.Owner.String() && a.Mode == f.Mode
}

// appends returns the fragments among settled steps.
func appends(steps []model.Step) []*model.Append {
	_, fragments := apart(steps)
	return fragments
}

// common is a file that several components write.
type common struct {
	path      string
	fragments []*model.Append
	by        []*model.Instance // the contributors, without the app
	app       bool              // the app contributes, too
	made      []*model.Instance // instances that make the file, or may have made it
	fresh     bool              // the file is new
}

// shared returns the instances that make the files with fragments. The fragments come from
// instances, in topological order, and from an app (or nil).
func (x *binder) shared(instances []*model.Instance, a *model.App, own []*model.Append) []*model.Instance {
	var files []*common
	byPath := map[string]*common{}
	add := func(f *model.Append, by *model.Instance) {
		c := byPath[f.Path]
		if c == nil {
			c = &common{path: f.Path}
			byPath[f.Path] = c
			files = append(files, c)
		}
		c.fragments = append(c.fragments, f)
		if by == nil {
			c.app = true
		} else {
			c.by = append(c.by, by)
		}
	}
	for _, i := range instances {
		for _, f := range i.Fragments {
			add(f, i)
		}
	}
	for _, f := range own {
		add(f, nil)
	}
	if len(files) == 0 {
		return nil
	}
	slices.SortFunc(files, func(a, b *common) int { return strings.Compare(a.path, b.path) })
	x.locate(files, instances)
	var out []*model.Instance
	for _, c := range files {
		c.sort()
		x.agree(c)
		if c.fresh {
			out = append(out, x.newFile(c, a))
		}
	}
	if i := x.finishing(files, a); i != nil {
		out = append(out, i)
	}
	return out
}

// sort puts fragments into their canonical order, without duplicates.
func (c *common) sort() {
	slices.SortStableFunc(c.fragments, func(a, b *model.Append) int { return strings.Compare(a.Text, b.Text) })
	c.fragments = slices.CompactFunc(c.fragments, func(a, b *model.Append) bool {
		return a.Text == b.Text && a.Owner.String() == b.Owner.String() && a.Mode == b.Mode
	})
}

func (c *common) text() string {
	var b strings.Builder
	last := ""
	for _, f := range c.fragments {
		if f.Text != last {
			b.WriteString(f.Text)
		}
		last = f.Text
	}
	return b.String()
}

// agree reports fragments of one file with different owners or modes.
func (x *binder) agree(c *common) {
	var first *model.Append
	for _, f := range c.fragments {
		if f.Owner == nil && f.Mode == "" {
			continue
		}
		if first == nil {
			first = f
			continue
		}
		if f.Owner.String() != first.Owner.String() || f.Mode != first.Mode {
			x.Found.Errorf(diag.ConflictingFragments, f.Span, "conflicting owners or modes in two fragments of %s", c.path).
				See(first.Span, "the other fragment").
				Note("the fragments of a file share one owner and one mode").
				Hint("set `owner` and `mode` in only one of them, or the same in both")
			return
		}
	}
}

// place returns the file's path with the owner and mode that a fragment declares.
func (c *common) place() model.Place {
	for _, f := range c.fragments {
		if f.Owner != nil || f.Mode != "" {
			return model.Place{Path: c.path, Owner: f.Owner, Mode: f.Mode}
		}
	}
	return model.Place{Path: c.path}
}

// locate finds out which files are new, and which instances make each of the others or may
// have made it.
func (x *binder) locate(files []*common, instances []*model.Instance) {
	byPath := map[string][]claim{}
	for _, i := range instances {
		for _, c := range x.own.claims(i) {
			byPath[c.path] = append(byPath[c.path], c)
		}
	}
	for _, f := range files {
		for _, c := range byPath[f.path] {
			if c.of != itself && !c.of.into() {
				f.made = append(f.made, c.by)
			}
		}
		for dir := path.Dir(f.path); ; dir = path.Dir(dir) {
			for _, c := range byPath[dir] {
				if c.of.fills() {
					f.made = append(f.made, c.by)
				}
				f.fresh = f.fresh || c.of == itself && dir == path.Dir(f.path)
			}
			if dir == "/" {
				break
			}
		}
		f.fresh = f.fresh && len(f.made) == 0
	}
}

// contributors returns the names of the contributors, for IDs.
func (x *binder) contributors(files []*common, a *model.App) string {
	var ids []string
	for _, c := range files {
		ids = append(ids, x.names(c.by)...)
		if c.app {
			ids = append(ids, "app "+a.Name)
		}
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), ", ")
}

// choicesOf returns the choices that the contributors to files depend on, and the instances
// that make the files.
func (x *binder) choicesOf(files []*common) []string {
	var out []string
	for _, c := range files {
		for _, i := range c.by {
			out = joined(out, x.of(i).choices)
		}
		out = joined(out, x.names(c.made))
	}
	return out
}

// supporters returns the contributors to a new file. For an app, these are all that it uses,
// since the file may be beneath their directories.
func supporters(c *common, a *model.App) []*model.Instance {
	if c.app {
		return union(c.by, a.Uses)
	}
	return c.by
}

// foundations returns what the appended files depend on: the instances that make them, and
// the stacked instances among the needs of all contributors.
func foundations(files []*common, a *model.App) []*model.Instance {
	var out []*model.Instance
	for _, c := range files {
		out = union(out, c.made)
		for _, i := range model.Topological(supporters(c, a)) {
			if i.Kind == model.Stacked {
				out = union(out, []*model.Instance{i})
			}
		}
	}
	return out
}

// union merges two lists without duplicates.
func union(a, b []*model.Instance) []*model.Instance {
	out := slices.Clone(a)
	for _, i := range b {
		if !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	return out
}

// newFile returns the portable instance of a new file.
func (x *binder) newFile(c *common, a *model.App) *model.Instance {
	at := c.place()
	one := []*common{c}
	i := &model.Instance{
		ID: "file " + strconv.Quote(c.path) + " of " + x.contributors(one, a), Title: path.Base(c.path), Kind: model.Portable,
		Span: c.fragments[0].Span, Name: model.Name{Path: "file " + strconv.Quote(c.path)}, Needs: supporters(c, a), Rate: highestRate(one),
		Steps: []model.Step{&model.File{Place: at, Text: c.text(), Span: c.fragments[0].Span}},
	}
	return x.intern(i.ID+"\n"+c.text()+at.Owner.String()+at.Mode, i, made{choices: x.choicesOf(one)})
}

// finishing returns the stacked instance that appends to all files that may exist already,
// or nil.
func (x *binder) finishing(files []*common, a *model.App) *model.Instance {
	var old []*common
	var steps []model.Step
	var key strings.Builder
	span := source.Span{}
	for _, c := range files {
		if c.fresh {
			continue
		}
		s := &model.Append{Place: c.place(), Text: c.text(), Span: c.fragments[0].Span}
		key.WriteString(s.Path + "\n" + s.Text + s.Owner.String() + s.Mode)
		if len(old) == 0 {
			span = s.Span
		}
		old, steps = append(old, c), append(steps, s)
	}
	if len(old) == 0 {
		return nil
	}
	i := &model.Instance{
		ID: "finish " + x.contributors(old, a) + model.On(x.choicesOf(old)), Title: "finish", Kind: model.Stacked, Span: span, Name: model.Name{Path: "finish"},
		Needs: foundations(old, a), Rate: highestRate(old), Steps: steps,
	}
	return x.intern(i.ID+"\n"+key.String(), i, made{namesChoices: true})
}

// highestRate returns the highest rate that a contributor declares.
func highestRate(files []*common) model.Rate {
	var r model.Rate
	for _, c := range files {
		for _, i := range c.by {
			if i.Rate.Set {
				r = model.Rate{Micros: max(r.Micros, i.Rate.Micros), Set: true}
			}
		}
	}
	return r
}
