package syntax

import (
	"slices"

	"strings"

	"github.com/layc-lang/layc/lang/diag"
)

// parseFile reads
//
//	File = { Import } { Declaration } .
func (p *parser) parseFile(f *File) {
	for p.tok.Kind != EOF {
		p.start, p.place = int(p.tok.Start), 0
		doc, found := p.doc(), len(p.list)
		brace := p.tok.Kind == RBrace
		d := p.declaration(doc)
		p.strange = d == nil && !brace
		before := len(p.abandoned)
		if name, ok := declared(d); ok && (name.Name == "" || p.badLine(p.start)) {
			p.lostName = true
		}
		switch d := d.(type) {
		case nil:
		case *Import:
			if len(f.Decls) > 0 && !p.failed {
				p.lateImport(d, f)
			}
			f.Imports = append(f.Imports, d)
		case Decl:
			f.Decls = append(f.Decls, d)
		}
		p.endStatement("declaration")
		p.wake = d == nil || len(p.abandoned) > before || p.badLine(max(0, p.end-1))
		p.strayBrace(len(p.list) > found)
	}
}

// doc returns the comment directly above the current token, without #.
func (p *parser) doc() string {
	first := p.i
	for first > 0 && p.tokens[first-1].Kind == Comment && p.tokens[first-1].Line &&
		strings.Count(p.text[p.tokens[first-1].End:p.tokens[first].Start], "\n") == 1 {
		first--
	}
	if first == p.i {
		return ""
	}
	var lines []string
	for _, t := range p.tokens[first:p.i] {
		line := strings.TrimLeft(p.textOf(t), "#")
		lines = append(lines, strings.TrimRight(strings.TrimPrefix(line, " "), " \t"))
	}
	return strings.Join(lines, "\n")
}

// declared returns the name that a declaration adds to its module.
func declared(d Node) (Ident, bool) {
	switch d := d.(type) {
	case *Let:
		return d.Name, true
	case *Param:
		return d.Name, true
	case *Slot:
		return d.Name, true
	case *User:
		return d.Name, true
	case *Component:
		return d.Name, true
	}
	return Ident{}, false
}

// importDecl reads
//
//	Import = "import" text [ "as" identifier ] .
func (p *parser) importDecl() *Import {
	start := p.start
	p.next()
	d := &Import{Path: &String{At: p.here()}}
	if !p.on(Text) {
		p.lose()
		p.lostImport = true
		p.noPath()
	} else {
		d.Path = p.stringLit()
		if _, ok := d.Path.Literal(); !ok {
			p.list.Errorf(diag.ComputedImport, d.Path.At, "an import path cannot contain `${…}`").
				Note("layc loads all modules before it evaluates anything").
				Hint("import each module, and choose between them with `match`")
		}
	}
	if p.acceptWord("as") {
		alias := p.ident("a name for the module")
		d.Alias = &alias
	}
	d.At = p.since(start)
	return d
}

// declaration reads
//
//	Declaration = Let | Param | Fleet | Component | App | Slot | User .
//
// or an Import, with the comment doc above it. It returns nil for anything else.
func (p *parser) declaration(doc string) Node {
	if p.tok.Kind != Word {
		p.noDeclaration()
		return nil
	}
	switch word := p.textOf(p.tok); word {
	case "import":
		return p.importDecl()
	case "let":
		return p.let(doc)
	case "param":
		return p.paramDecl(doc)
	case "slot":
		return p.slot(doc)
	case "fleet":
		return p.fleet(doc)
	case "component":
		return p.component(doc)
	case "app":
		return p.app(doc)
	case "user":
		return p.user(doc)
	default:
		p.unknownDeclaration(word)
		return nil
	}
}

// declarations are the words that begin a declaration.
var declarations = []string{"import", "fleet", "component", "app", "slot", "user", "let", "param"}

// Declarations returns the words that begin declarations.
func Declarations() []string { return slices.Clone(declarations) }

func declares(word string) bool { return slices.Contains(declarations, word) }

// let reads
//
//	Let = "let" identifier "=" Expression .
func (p *parser) let(doc string) *Let {
	start := int(p.tok.Start)
	p.next()
	d := &Let{Doc: doc, Name: p.name("a name")}
	if !p.accept(Equals) {
		p.noEquals()
	}
	d.Value = p.value("after `=`")
	d.At = p.since(start)
	return d
}

// paramDecl reads
//
//	Param = "param" Parameter .
func (p *parser) paramDecl(doc string) *Param {
	start := p.start
	p.next()
	d := p.param("a parameter name")
	d.At, d.Doc = p.since(start), doc
	return d
}

// slot reads
//
//	Slot = "slot" identifier [ "=" Expression ] .
func (p *parser) slot(doc string) *Slot {
	start := p.start
	p.next()
	d := &Slot{Doc: doc, Name: p.name("a slot name")}
	if p.accept(Equals) {
		d.Default = p.value("after `=`")
	}
	d.At = p.since(start)
	return d
}

// fleet reads
//
//	Fleet = "fleet" FleetBlock .
func (p *parser) fleet(doc string) *Fleet {
	start := p.start
	p.next()
	d := &Fleet{Doc: doc}
	d.Body = p.body(InFleet)
	d.At = p.since(start)
	return d
}

// component reads
//
//	Component = "component" identifier [ Parameters ] ComponentBlock .
func (p *parser) component(doc string) *Component {
	start := p.start
	p.next()
	d := &Component{Doc: doc, Name: p.name("a component name")}
	before := len(p.abandoned)
	d.Params = p.params()
	d.Body = p.body(InComponent)
	for _, a := range p.abandoned[before:] {
		d.Partial = d.Partial || a.Start == start
	}
	d.Partial = d.Partial || p.badLine(start)
	p.lostName = p.lostName || d.Partial
	d.At = p.since(start)
	return d
}

// app reads
//
//	App = "app" ( identifier | Text ) [ "for" Generator { "," Generator } [ "where" Expression ] ] AppBlock .
func (p *parser) app(doc string) *App {
	start := p.start
	p.next()
	d := &App{Doc: doc, Name: p.appName()}
	if p.acceptWord("for") {
		for !p.failed {
			d.Generators = append(d.Generators, p.generator())
			if !p.secondFor() && !p.acceptComma() {
				break
			}
		}
		if p.acceptWord("where") || p.ifForWhere() {
			d.Where = p.condition("after `where`")
		}
	}
	d.Body = p.body(InApp)
	d.At = p.since(start)
	return d
}

func (p *parser) appName() *String {
	if p.on(Text) {
		return p.stringLit()
	}
	id := p.ident("an app name")
	p.dashedApp(id)
	return plain(id)
}

// user reads
//
//	User = "user" identifier UserBlock .
func (p *parser) user(doc string) *User {
	start := p.start
	p.next()
	d := &User{Doc: doc, Name: p.name("a user name")}
	d.Body = p.body(InUser)
	d.At = p.since(start)
	return d
}

// params reads
//
//	Parameters = "(" [ Parameter { "," Parameter } [ "," ] ] ")" .
func (p *parser) params() []*Param {
	if !p.open(LParen) {
		return nil
	}
	params := []*Param{}
	for p.tok.Kind != RParen && !p.failed {
		start := int(p.tok.Start)
		d := p.param("a parameter name")
		d.At = p.since(start)
		params = append(params, d)
		if !p.acceptComma() {
			break
		}
	}
	p.close(RParen)
	return params
}

// param reads
//
//	Parameter = identifier ( ":" Type [ "=" Expression ] | "=" Expression ) .
func (p *parser) param(what string) *Param {
	d := &Param{Name: p.name(what)}
	switch {
	case p.accept(Colon):
		d.Type = p.typ()
	case !p.on(Equals):
		p.noType(d.Name.Name)
		d.Type = &Type{At: d.Name.At}
	}
	if p.accept(Equals) {
		d.Default = p.value("after `=`")
	}
	return d
}

// typ reads
//
//	Type = identifier [ "(" Type { "," Type } ")" ] .
func (p *parser) typ() *Type {
	t := &Type{At: p.here()}
	if !p.enter() {
		return t
	}
	defer p.leave()
	start := int(p.tok.Start)
	t.Name = p.ident("a type")
	if p.open(LParen) {
		for !p.failed {
			t.Args = append(t.Args, p.typ())
			if !p.acceptComma() {
				break
			}
		}
		p.close(RParen)
	}
	t.At = p.since(start)
	return t
}

// generator reads
//
//	Generator = identifier [ "," identifier ] "in" Expression .
func (p *parser) generator() *Generator {
	start := int(p.tok.Start)
	p.parenthesized()
	g := &Generator{Value: p.ident("a name")}
	if p.acceptComma() {
		key := g.Value
		g.Key = &key
		g.Value = p.ident("a name for the values")
	}
	if !p.acceptWord("in") {
		p.noIn()
	}
	g.In = p.value("after `in`")
	g.At = p.since(start)
	return g
}

// ident reads
//
//	identifier = word .
//
// where the word is not reserved. what describes the name in errors.
func (p *parser) ident(what string) Ident {
	if !p.on(Word) {
		p.noName(what)
		return Ident{At: p.at(p.tok)}
	}
	name := p.textOf(p.tok)
	id := Ident{Name: name, At: p.at(p.tok)}
	if Reserved(name) {
		p.fail(diag.InvalidName, id.At, "`%s` is a reserved word", name).
			Note("reserved words cannot be names").
			Hint("choose another name, such as `%s_`", name)
		return Ident{At: id.At}
	}
	p.next()
	return id
}

// name reads an identifier of a declaration or an alias. It reports an identifier in quotes,
// or with a dash, a period or a slash, as a whole.
func (p *parser) name(what string) Ident {
	if id, ok := p.quotedName(""); ok {
		return id
	}
	id := p.ident(what)
	if p.dashedName(id) {
		return Ident{At: id.At}
	}
	return id
}

// plain returns an identifier as a string.
func plain(id Ident) *String {
	return &String{At: id.At, Parts: []StringPart{{At: id.At, Text: id.Name}}}
}
