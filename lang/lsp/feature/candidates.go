package feature

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/doc"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// wanted returns what kind of value the operand at the cursor has: "component", "slot", "user" or
// another type; "" if that is unknown.
func (x *completion) wanted() string {
	key := x.key()
	if x.callee != nil {
		if c := x.calledComponent(); c != nil {
			return x.argumentType(c)
		}
		return "string"
	}
	last := syntax.Token{}
	if len(x.stmt) > 0 {
		last = x.stmt[len(x.stmt)-1]
	}
	switch {
	case last.Kind == syntax.Equals && x.place == 0 && x.decl == "component":
		if n := len(x.stmt); n > 2 && x.stmt[n-3].Kind == syntax.Colon {
			return x.of(x.stmt[n-2])
		}
	case x.of(last) == "in" && last.Kind == syntax.Word:
		return "iterable"
	case x.index:
		return "string"
	case key == "user", key == "run as", strings.HasSuffix(key, " owner"):
		return "user"
	case key == "uses", key == "needs", key == "" && x.decl == "slot":
		return "component"
	}
	return check.OperandType(key)
}

// usage counts how often the clauses of the module name an object where the cursor is: in the same
// clause and option, or in the argument of the same component.
func (x *completion) usage() map[string]int {
	counts := map[string]int{}
	key := x.key()
	count := func(all []syntax.Expr) {
		for _, e := range all {
			syntax.Inspect(e, func(n syntax.Node) bool {
				if n, ok := n.(*syntax.Name); ok {
					counts[n.Name]++
				}
				return true
			})
		}
	}
	for _, f := range x.Module.Files {
		for _, d := range f.Decls {
			syntax.Inspect(d, func(n syntax.Node) bool {
				s, ok := n.(*syntax.Clause)
				if !ok {
					return true
				}
				if key == s.Word.Name {
					count(s.Args)
				}
				for _, o := range s.Options {
					if key == s.Word.Name+" "+o.Word.Name {
						count(o.Args)
					}
				}
				return false
			})
		}
	}
	return counts
}

func (x *completion) argumentType(c *check.Component) string {
	n := x.count
	if len(x.stmt) > 1 && x.stmt[len(x.stmt)-1].Kind == syntax.Colon {
		if p := c.Param(x.of(x.stmt[len(x.stmt)-2])); p != nil && p.Type != nil {
			return p.Type.String()
		}
	}
	if n < len(c.Params) && c.Params[n].Type != nil {
		return c.Params[n].Type.String()
	}
	return ""
}

// values proposes visible names. Those fit best that have the wanted type, and the members or the
// arguments that follow.
func (x *completion) values() {
	want := x.wanted()
	dot := len(x.rest) > 1 && x.rest[0].Kind == syntax.Dot && x.next == x.rest[0]
	called := len(x.rest) > 0 && x.rest[0].Kind == syntax.LParen
	usage := x.usage()
	for n, v := range x.Out.Checked.Visible(x.File.Source, x.Offset) {
		fit := 20 - min(n/8, 15) + min(3*usage[v.Name], 30) + x.nearness(v.Object)
		if slices.ContainsFunc(x.stmt, func(t syntax.Token) bool { return t.Kind == syntax.Word && x.of(t) == v.Name }) && x.form != nil && !x.inner {
			fit -= 40
		}
		o := x.proposal(v.Name, v.Object)
		typed := typeOf(v.Object)
		switch i := v.Object.(type) {
		case *check.Import:
			switch {
			case dot:
				fit -= 30
				if i.Module != nil && i.Module.Scope[x.of(x.rest[1])] != nil {
					fit += 500
				}
			case i.Namesake() != nil && (want == "component" || want == "slot"):
				fit += 45
			}
			if i.Module != nil && !dot && (want == "component" || want == "slot" || want == "") {
				qualified := 35 + min(3*usage[v.Name], 30)
				if want == "" {
					qualified = 10
				}
				x.qualified(v.Name, i.Module, want, qualified)
			}
		case *check.Predeclared:
			if dot && slices.ContainsFunc(i.Members(), func(m check.Visible) bool { return m.Name == x.of(x.rest[1]) }) {
				fit += 500
			}
			if v.Name == "os" && want == "component" {
				x.add(38, Proposal{Label: "os.packages", Insert: `os.packages("${1}")`, Snippet: len(x.rest) == 0, Kind: KindComponent, Detail: "packages of the base system"})
			}
		case *check.Component:
			if dot {
				fit -= 30
			}
			if called && len(i.Params) > 0 {
				fit += 60
				if x.suitsArguments(i) {
					fit += 40
				}
			} else if called {
				fit -= 30
			}
			if x.name != "" && v.Name == x.name {
				fit -= 30 // itself
			}
		default:
			if called {
				fit -= 30
			}
			if dot && (typed == nil || typed.Kind != check.Map && typed.Kind != check.Record) {
				fit -= 10
			} else if dot {
				fit += 200
			}
		}
		switch {
		case want == "":
		case fitsType(v.Object, typed, want):
			fit += 30
		default:
			fit -= 15
		}
		x.add(fit, o)
	}
	for n, word := range []string{"if", "match", "true", "false"} {
		fit := 5 - n
		if x.block() && n < 2 || want == "bool" && n > 1 || len(x.rest) > 0 && x.follows(syntax.LBrace) && n < 2 {
			fit += 300
		}
		x.word(word, fit, map[string]string{"if": "one of two values", "match": "one of several values"}[word])
	}
}

// nearness is larger for objects that are declared near the cursor.
func (x *completion) nearness(o check.Object) int {
	at := o.Ident().At
	if at.File != x.File.Source {
		return 0
	}
	lines := at.Position().Line - x.File.Source.Position(x.Offset).Line
	switch lines = max(lines, -lines); {
	case lines < 10:
		return 12
	case lines < 30:
		return 8
	}
	return 4
}

// suitsArguments reports whether a component has the parameters that the rest of the line names.
func (x *completion) suitsArguments(c *check.Component) bool {
	for i, t := range x.rest {
		if t.Kind == syntax.Colon && i > 0 && c.Param(x.of(x.rest[i-1])) == nil {
			return false
		}
		if t.Kind == syntax.RParen {
			break
		}
	}
	return true
}

func typeOf(o check.Object) *check.Type {
	switch o := o.(type) {
	case *check.Let:
		return o.Type
	case *check.Param:
		return o.Type
	case *check.Var:
		return o.Type
	case *check.Predeclared:
		return o.Type
	}
	return nil
}

// fitsType reports whether an object can be a value of a type, or a list of such.
func fitsType(o check.Object, t *check.Type, want string) bool {
	switch o.(type) {
	case *check.Component:
		return want == "component"
	case *check.Slot:
		return want == "slot" || want == "component"
	case *check.User:
		return want == "user" || want == "component"
	}
	if t == nil {
		return false
	}
	if want == "iterable" {
		return t.Kind == check.List || t.Kind == check.Map || t.Kind == check.Record
	}
	text := func(s string) bool {
		return s == "string" || s == "version" || s == "path" || s == "user" || s == "mode"
	}
	have := t.String()
	if t.Kind == check.List && t.Elem != nil {
		have = t.Elem.String()
	}
	want = strings.TrimSuffix(strings.TrimPrefix(want, "list("), ")")
	return have == want || text(have) && text(want) || want == "port" && (have == "int" || text(have))
}

func (x *completion) proposal(name string, o check.Object) Proposal {
	p := Proposal{Label: name, Kind: kindOf(o), Detail: Signature(o), Doc: docOf(o)}
	if c, ok := o.(*check.Component); ok && len(x.rest) == 0 {
		if insert, ok := call(name, c); ok {
			p.Insert, p.Snippet = insert, true
		}
	}
	return p
}

// call returns the snippet of a component's call, if it has parameters without default.
func call(name string, c *check.Component) (string, bool) {
	var args []string
	for _, p := range c.Params {
		if p.Decl.Default == nil {
			args = append(args, p.Decl.Name.Name)
		}
	}
	if len(args) == 0 {
		return "", false
	}
	for n, a := range args {
		args[n] = a
		if n == 0 {
			args[n] = "${1:" + a + "}"
		} else {
			args[n] = "${" + string(rune('1'+min(n, 8))) + ":" + a + "}"
		}
	}
	return name + "(" + strings.Join(args, ", ") + ")", true
}

// qualified proposes the components or slots of an imported module.
func (x *completion) qualified(name string, m *check.Module, want string, fit int) {
	for _, member := range sortedNames(m.Scope) {
		o := m.Scope[member]
		if strings.HasPrefix(member, "_") || !fitsType(o, nil, want) && want != "" {
			continue
		}
		if _, component := o.(*check.Component); !component && want == "" {
			continue
		}
		p := x.proposal(name+"."+member, o)
		x.add(fit-1, p)
	}
}

func sortedNames(scope map[string]check.Object) []string {
	names := make([]string, 0, len(scope))
	for n := range scope {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// members proposes what can follow a dot.
func (x *completion) members() {
	o := x.objectOf(x.member)
	want := x.wanted()
	called := len(x.rest) > 0 && x.rest[0].Kind == syntax.LParen
	fit := func(o check.Object) int {
		f := 10
		if want != "" && fitsType(o, typeOf(o), want) {
			f += 20
		}
		if c, ok := o.(*check.Component); ok && called && len(c.Params) > 0 && x.suitsArguments(c) {
			f += 20
		}
		return f
	}
	switch o := o.(type) {
	case *check.Import:
		if o.Module == nil {
			return
		}
		for _, name := range sortedNames(o.Module.Scope) {
			if !strings.HasPrefix(name, "_") {
				x.add(fit(o.Module.Scope[name]), x.proposal(name, o.Module.Scope[name]))
			}
		}
	case *check.Predeclared:
		for _, m := range o.Members() {
			p := x.proposal(m.Name, m.Object)
			if m.Name == "packages" && len(x.rest) == 0 {
				p.Insert, p.Snippet = `packages("${1}")`, true
			}
			x.add(fit(m.Object), p)
		}
	default:
		if t := x.typeOfChain(x.member); t != nil {
			for _, f := range t.Fields {
				x.add(10, Proposal{Label: f.Name, Kind: KindValue, Detail: f.Type.String()})
			}
		}
	}
}

// objectOf returns what a chain of names means, up to the last one that is an object.
func (x *completion) objectOf(chain []syntax.Token) check.Object {
	var names []string
	for _, t := range chain {
		if t.Kind == syntax.Word {
			names = append(names, x.of(t))
		}
	}
	if len(names) == 0 {
		return nil
	}
	for _, v := range x.Out.Checked.Visible(x.File.Source, x.Offset) {
		if v.Name != names[0] {
			continue
		}
		switch o := v.Object.(type) {
		case *check.Import:
			if len(names) == 1 || o.Module == nil {
				return o
			}
			return o.Module.Scope[names[1]]
		}
		return v.Object
	}
	return nil
}

// typeOfChain returns the type of a chain of names and indexes that begins with a value, or nil.
func (x *completion) typeOfChain(chain []syntax.Token) *check.Type {
	if len(chain) == 0 {
		return nil
	}
	t := typeOf(x.objectOf(chain[:1]))
	depth := 0
	for _, token := range chain[1:] {
		if t == nil {
			return nil
		}
		switch {
		case token.Kind == syntax.LBracket:
			if depth++; depth == 1 {
				t = t.Elem
			}
		case token.Kind == syntax.RBracket:
			depth--
		case token.Kind == syntax.Word && depth == 0:
			at := slices.IndexFunc(t.Fields, func(f check.Field) bool { return f.Name == x.of(token) })
			if at < 0 {
				return nil
			}
			t = t.Fields[at].Type
		}
	}
	return t
}

func (x *completion) calledComponent() *check.Component {
	switch o := x.objectOf(x.callee).(type) {
	case *check.Component:
		return o
	case *check.Import:
		c, _ := o.Namesake().(*check.Component)
		return c
	}
	return nil
}

// parameters proposes the names of arguments that the call does not have yet.
func (x *completion) parameters(fit int) {
	c := x.calledComponent()
	if c == nil {
		return
	}
	for n, p := range c.Params {
		name := p.Decl.Name.Name
		if n < x.count && len(x.args) == 0 || slices.Contains(x.args, name) {
			continue
		}
		insert := name + ": "
		if x.next.Kind == syntax.Colon {
			insert = name
		}
		x.add(fit-n, Proposal{Label: name, Insert: insert, Kind: KindParam, Detail: Signature(p), More: true})
	}
}

// text adds a string: with quotes, unless the cursor is between quotes.
func (x *completion) text(value string, fit int, kind Kind, detail string) {
	p := Proposal{Label: value, Insert: value, Kind: kind, Detail: detail}
	if !x.quoted {
		p.Label = `"` + value + `"`
		p.Insert = p.Label
	}
	x.add(fit, p)
}

// strings proposes strings: files, platforms, packages.
func (x *completion) strings(quoted bool) {
	if len(x.callee) == 3 && x.of(x.callee[0]) == "os" && x.of(x.callee[2]) == "packages" {
		x.packages()
		return
	}
	if x.callee != nil && x.calledComponent() == nil || !x.value && !quoted {
		return
	}
	key := x.key()
	switch {
	case key == "platforms":
		for n, arch := range check.Architectures {
			x.text("linux/"+arch, 40-n, KindWord, "")
		}
	case (key == "copy" || key == "bind") && !x.hasWord("from") || key == "layout" || key == "repository key" || x.callee != nil && x.wanted() == "path":
		x.files()
	case key == "user":
		x.text("root", 5, KindUser, "")
	}
}

// files proposes files of the module's directory: those first that no copy names yet, and that are
// where the neighbours of the clause take theirs from.
func (x *completion) files() {
	dir, ok := x.Module.Dir()
	if !ok {
		return
	}
	near := map[string]int{}
	named := map[string]bool{}
	for _, f := range x.Module.Files {
		for _, d := range f.Decls {
			inside := d.Span().Start <= x.Offset && x.Offset <= d.Span().End && f == x.File
			syntax.Inspect(d, func(n syntax.Node) bool {
				if s, ok := n.(*syntax.String); ok {
					if text, ok := s.Literal(); ok && text != "" && s.At != x.at {
						named[strings.TrimSuffix(text, "/")] = true
						switch {
						case inside:
							near[path.Dir(text)] = 20
						case f == x.File:
							near[path.Dir(text)] = max(10, near[path.Dir(text)])
						}
					}
				}
				return true
			})
		}
	}
	const mostVisited = 5000
	visited := 0
	_ = fs.WalkDir(x.Out.Files, dir, func(name string, d fs.DirEntry, err error) error {
		visited++
		rel := strings.TrimPrefix(name, dir+"/")
		switch {
		case visited > mostVisited:
			return fs.SkipAll
		case err != nil:
			return nil
		case d.IsDir() && name != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case name == dir || strings.HasSuffix(name, ".layer") || path.Base(name) == "layc.lock":
			return nil
		}
		fit := 60 - 2*strings.Count(rel, "/")
		for above := rel; above != "."; above = path.Dir(above) {
			if named[above] {
				fit -= 30
				break
			}
		}
		fit += near[path.Dir(rel)]
		for _, part := range strings.Split(x.name, "_") {
			if slices.ContainsFunc(strings.Split(rel, "/"), func(e string) bool { return strings.TrimSuffix(e, path.Ext(e)) == part }) {
				fit += 15
				break
			}
		}
		detail := ""
		if d.IsDir() {
			fit -= 5
			detail = "directory"
		}
		x.text(rel, fit, KindFile, detail)
		return nil
	})
}

// packages proposes the packages that the lock file pins: those first that the program names.
func (x *completion) packages() {
	named := map[string]bool{}
	for _, m := range x.Out.Checked.Modules {
		for _, f := range m.Files {
			for _, d := range f.Decls {
				syntax.Inspect(d, func(n syntax.Node) bool {
					if call, ok := n.(*syntax.Call); ok {
						if o, ok := x.Out.Checked.Callee(call.Fun).(*check.Predeclared); ok && o.Name == "os.packages" {
							for _, a := range call.Args {
								if s, ok := a.Value.(*syntax.String); ok {
									text, _ := s.Literal()
									named[text] = true
								}
							}
						}
					}
					return true
				})
			}
		}
	}
	needed := map[string]bool{}
	lock := x.Analysis.Lock()
	for _, p := range lock.Packages {
		for _, n := range p.Needs {
			needed[n] = true
		}
	}
	for _, p := range lock.Packages {
		fit := 20
		switch {
		case named[p.Name]:
			fit = 40
		case !needed[p.Name]:
			fit = 30
		case p.Minimal:
			fit = 10
		}
		x.text(p.Name, fit, KindPackage, p.Version)
	}
}

// imports proposes modules: standard ones, directories of the project, and pinned repositories.
func (x *completion) imports(quotes bool) {
	x.quoted = !quotes
	taken := map[string]bool{}
	for _, i := range x.File.Imports {
		if text, ok := i.Path.Literal(); ok && !(i.Path.At.Start <= x.Offset && x.Offset <= i.Path.At.End) {
			taken[text] = true
		}
	}
	add := func(name string, fit int, detail string) {
		if !taken[name] {
			x.text(name, fit, KindModule, detail)
		}
	}
	for n, name := range x.Out.Program.Std {
		add("std/"+name, 60-n, "standard library")
	}
	dir, ok := x.Module.Dir()
	if ok && (x.Module.Git == load.Repository{}) {
		for _, m := range moduleDirs(x.Analysis.Project(), dir) {
			add("./"+m, 50, "module of the project")
		}
		if up := path.Dir(dir); dir != "." {
			for _, m := range moduleDirs(x.Analysis.Project(), up) {
				if path.Join(up, m) != dir {
					add("../"+m, 45, "module of the project")
				}
			}
		}
	}
	for _, m := range x.Analysis.Lock().Modules {
		add(load.Repository{URL: m.URL, Version: m.Version}.String(), 30, "pinned repository")
	}
}

// moduleDirs returns the modules in the directories beneath one, two levels deep.
func moduleDirs(files fs.FS, dir string) []string {
	var all []string
	for _, pattern := range []string{"*/*.layer", "*/*/*.layer"} {
		names, _ := fs.Glob(files, path.Join(dir, pattern))
		for _, n := range names {
			all = append(all, strings.TrimPrefix(path.Dir(n), strings.TrimPrefix(dir+"/", "./")))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func secretsOf(p *check.Program) []string {
	var all []string
	if p.Fleet == nil {
		return nil
	}
	syntax.Inspect(p.Fleet, func(n syntax.Node) bool {
		if s, ok := n.(*syntax.Clause); ok && s.Word.Name == "secret" && len(s.Args) == 1 {
			if name, ok := s.Args[0].(*syntax.Name); ok {
				all = append(all, name.Name)
			}
		}
		return true
	})
	return all
}

// shellVariables proposes values after a dollar sign in a string or in the script of a run.
func shellVariables(p *Place) Proposals {
	text := p.File.Source.Text()
	start := p.Offset
	for start > 0 && (text[start-1] == '_' || text[start-1] >= '0' && text[start-1] <= '9' || text[start-1]|0x20 >= 'a' && text[start-1]|0x20 <= 'z') {
		start--
	}
	dollar := strings.TrimSuffix(text[:start], "{")
	if !strings.HasSuffix(dollar, "$") {
		return Proposals{}
	}
	out := Proposals{At: source.Span{File: p.File.Source, Start: start, End: p.Offset}}
	for _, v := range p.Out.Checked.Visible(p.File.Source, p.Offset) {
		switch v.Object.(type) {
		case *check.Let, *check.Param, *check.Var:
			if strings.HasPrefix(v.Name, text[start:p.Offset]) {
				out.All = append(out.All, Proposal{Label: v.Name, Insert: v.Name, Kind: kindOf(v.Object), Detail: Signature(v.Object), Doc: docOf(v.Object)})
			}
		}
	}
	return out
}

func kindOf(o check.Object) Kind {
	switch o := o.(type) {
	case *check.Component:
		return KindComponent
	case *check.Slot:
		return KindSlot
	case *check.User:
		return KindUser
	case *check.Param:
		return KindParam
	case *check.Import:
		return KindModule
	case *check.Predeclared:
		if o.Type == nil {
			return KindModule
		}
	}
	return KindValue
}

// Signature returns what an object is, on one line, as it would be declared.
func Signature(o check.Object) string {
	named := func(name string, t *check.Type) string {
		if t == nil || t.Kind == check.Invalid {
			return name
		}
		return name + ": " + t.String()
	}
	switch o := o.(type) {
	case *check.Component:
		if o.Decl.Params == nil {
			return "component " + o.Decl.Name.Name
		}
		var params []string
		for _, p := range o.Params {
			params = append(params, strings.TrimPrefix(Signature(p), "param "))
		}
		return "component " + o.Decl.Name.Name + "(" + strings.Join(params, ", ") + ")"
	case *check.Slot:
		text := "slot " + o.Decl.Name.Name
		if o.Decl.Default != nil {
			text += " = " + oneLine(o.Decl.Default)
		}
		return text
	case *check.User:
		return "user " + o.Decl.Name.Name
	case *check.Let:
		return named("let "+o.Decl.Name.Name, o.Type)
	case *check.Param:
		text := named("param "+o.Decl.Name.Name, o.Type)
		if o.Decl.Default != nil {
			text += " = " + oneLine(o.Decl.Default)
		}
		return text
	case *check.Var:
		return named(o.Name.Name, o.Type)
	case *check.Import:
		return "import " + o.Decl.Path.At.Text()
	case *check.Predeclared:
		return named(o.Name, o.Type)
	}
	return ""
}

func oneLine(e syntax.Expr) string { return strings.Join(strings.Fields(e.Span().Text()), " ") }

// docOf returns the comment above an object's declaration.
func docOf(o check.Object) string {
	switch o := o.(type) {
	case *check.Component:
		return o.Decl.Doc
	case *check.Slot:
		return o.Decl.Doc
	case *check.User:
		return o.Decl.Doc
	case *check.Let:
		return o.Decl.Doc
	case *check.Param:
		return o.Decl.Doc
	case *check.Import:
		if o.Module != nil {
			return doc.Text(o.Module.Module)
		}
	}
	return ""
}
