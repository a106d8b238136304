package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// declarations are the words that begin one.
var declarations = [...]string{"import", "fleet", "component", "app", "slot", "user", "let", "param"}

func declares(word string) bool {
	for _, d := range declarations {
		if d == word {
			return true
		}
	}
	return false
}

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
				misplaced := p.list.Errorf(diag.LateImport, d.At, "`import` stands before all declarations").
					See(p.firstWord(f.Decls[0]), "the first declaration").
					Hint("move it to the top of the file")
				if end := p.lineEnd(d.At.End); strings.TrimSpace(p.text[d.At.End:end]) == "" && end < len(p.text) {
					top := 0
					if n := len(f.Imports); n > 0 && f.Imports[0].At.Start < f.Decls[0].Span().Start {
						top = f.Imports[0].At.Start
					}
					misplaced.Fix(p.span(top, top), d.At.Text()+"\n").Fix(p.span(d.At.Start, end+1), "")
				}
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

// declared is the name that a declaration enters into its module.
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

// firstWord is where a declaration begins.
func (p *parser) firstWord(d Decl) source.Span {
	at := d.Span()
	at.End = at.Start
	for at.End < len(p.text) && class[p.text[at.End]]&isLetter != 0 {
		at.End++
	}
	return at
}

// strayBrace reports a closing brace too many, once, unless that may come from
// a mistake that was found in the declaration before it. If the declaration before
// was closed by a brace that stands where an inner one would, that is the one,
// and what follows up to the next declaration belongs inside.
func (p *parser) strayBrace(found bool) {
	c, first := p.column(int(p.tok.Start))
	declares := p.tok.Kind == Word && declares(p.textOf(p.tok))
	if (found || p.early > 0) && first && c > 0 && p.tok.Kind != EOF && !declares {
		if !found {
			p.list.Errorf(diag.ExtraBrace, p.span(p.early, p.early+1), "`}` closes the whole declaration").
				Note("its indentation says that it should close less, and what follows is indented too").
				Hint("remove it if it is one too many")
		}
		for p.tok.Kind != EOF && !(p.tok.Line && p.tok.Kind != RBrace && c == 0) {
			p.next()
			c, _ = p.column(int(p.tok.Start))
		}
	}
	p.early = 0
	for p.tok.Kind == RBrace {
		if !found && !p.lexicalWithin(p.start, int(p.tok.Start)) {
			p.list.Errorf(diag.ExtraBrace, p.at(p.tok), "`}` closes nothing").
				Hint("remove it, or look for a `}` too many above")
		}
		p.next()
	}
}

// endStatement makes sure that nothing follows a statement on its line, and
// after an error skips to the next.
func (p *parser) endStatement(what string) {
	switch {
	case p.failed || p.ends() || p.tok.Kind == RBrace:
	case p.isElse() && len(p.blocks) > 0 && p.blocks[len(p.blocks)-1].branch:
	case p.tok.Kind == Comma && p.textFrom(p.start, "let "):
		p.fail(diag.SeveralOnOneLine, p.at(p.tok), "expected the end of the line, found `,`").
			Note("a %s ends with its line", what).
			Hint("several values are a list: `let NAME = [VALUE, VALUE]`")
	case p.tok.Kind == Comma && p.textFrom(p.start, "import "):
		p.fail(diag.SeveralOnOneLine, p.at(p.tok), "expected the end of the line, found `,`").
			Hint("each import stands on a line of its own")
	case p.tok.Kind == Comma && (p.textFrom(p.start, "env ") || p.textFrom(p.start, "label ")):
		p.fail(diag.SeveralOnOneLine, p.at(p.tok), "expected the end of the line, found `,`").
			Hint("each has a clause of its own: `KEY = VALUE`, on a line of its own")
	case p.tok.Kind == Colon && p.textFrom(p.start, "expose "):
		p.fail(diag.SeveralOnOneLine, p.at(p.tok), "expected the end of the line, found `:`").
			Note("`expose` names the ports of the container; which of the host lead to them, is said where it runs").
			Hint("write the port that the program listens on")
	case p.tok.Kind == LBrace:
		p.fail(diag.SeveralOnOneLine, p.at(p.tok), "expected the end of the line, found `{`").
			Hint("what belongs to a clause stands on its line, without braces")
	case p.tok.Kind != Word && !p.tok.Line && p.bare():
	case closesList(p.tok.Kind):
		p.fail(diag.ExtraBrace, p.at(p.tok), "`%s` closes nothing", p.tok.Kind).
			Hint("remove it, or open it before")
	default:
		if p.apartUnit() {
			break
		}
		d := p.fail(diag.SeveralOnOneLine, p.at(p.tok), "expected the end of the line, found %s", p.describe(p.tok))
		d.Note("a %s ends with its line", what)
		last, t := p.tokens[max(0, p.i-1)], p.tokens[p.i]
		switch word := p.textOf(t); {
		case t.Kind != Word:
		case word == "and":
			d.Hint("`and` is `&&`").Fix(p.at(t), "&&")
		case word == "or":
			d.Hint("`or` is `||`").Fix(p.at(t), "||")
		case last.Kind == Word && p.textOf(last) == "not":
			d.Hint("`not` is `!`").Fix(p.span(int(last.Start), int(t.Start)), "!")
		default:
			d.Hint("begin a new line before it")
		}
	}
	if p.failed {
		p.skip()
	}
	if len(p.list)-p.lexical > maxErrors {
		p.i = len(p.tokens) - 1
		p.load()
		p.cut = int(p.tok.Start)
	}
}

// textFrom reports whether the text from an offset on begins with a word.
func (p *parser) textFrom(at int, word string) bool { return strings.HasPrefix(p.text[at:], word) }

// apartUnit reports a number whose unit stands apart from it: `5 minutes`.
func (p *parser) apartUnit() bool {
	t := p.tokens[p.i]
	if p.i == 0 || t.Kind != Word || p.tokens[p.i-1].Kind != Numeral {
		return false
	}
	digits, unit := p.textOf(p.tokens[p.i-1]), p.textOf(t)
	if !isUnit(unit) {
		short, ok := longUnits(unit)
		if !ok {
			return false
		}
		unit = short
	}
	at := p.span(int(p.tokens[p.i-1].Start), int(t.End))
	p.fail(diag.MalformedNumber, at, "a number and its unit are one word").
		Hint("write `%s`", digits+unit).Fix(at, digits+unit)
	return true
}

// doc returns the comment directly above the current token, without its #.
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

// declaration reads a declaration and returns it, an *Import, or nil.
func (p *parser) declaration(doc string) Node {
	word := p.tok
	start := p.start
	if word.Kind != Word {
		if word.Kind == RBrace {
			return nil
		}
		p.lose()
		if p.wake {
			p.failed = true // one finding for all that is no declaration
			return nil
		}
		d := p.fail(diag.UnexpectedToken, p.at(word), "expected a declaration, found %s", p.describe(word))
		if p.tokens[p.i].Kind == Minus {
			d.Hint("comments begin with `#`")
		}
		d.Hint("a file holds %s", quoted(declarations[:]))
		return nil
	}
	switch p.textOf(word) {
	case "import":
		p.next()
		return p.importDecl(start)
	case "let":
		return p.let(doc)
	case "param":
		p.next()
		d := p.param("the parameter's name")
		d.At, d.Doc = p.since(start), doc
		return d
	case "slot":
		p.next()
		d := &Slot{Doc: doc, Name: p.name("the slot's name")}
		if p.accept(Equals) {
			d.Default = p.value("after `=`")
		}
		d.At = p.since(start)
		return d
	case "fleet":
		p.next()
		d := &Fleet{Doc: doc}
		d.Body = p.body(InFleet)
		d.At = p.since(start)
		return d
	case "component":
		p.next()
		d := &Component{Doc: doc, Name: p.name("the component's name")}
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
	case "user":
		p.next()
		d := &User{Doc: doc, Name: p.name("the user's name")}
		d.Body = p.body(InUser)
		d.At = p.since(start)
		return d
	case "app":
		p.next()
		d := &App{Doc: doc}
		p.app(d)
		d.Body = p.body(InApp)
		d.At = p.since(start)
		return d
	}
	p.unknownDeclaration(p.textOf(word))
	return nil
}

func (p *parser) unknownDeclaration(word string) {
	p.lose()
	at := p.at(p.tok)
	if len(formsByWord[word]) > 0 {
		if p.strange {
			p.failed = true // one finding for clauses without their braces
			return
		}
		in := places(word)
		p.fail(diag.MisplacedClause, at, "`%s` stands in a declaration, not beside it", word).
			Hint("move it into the braces of %s", article(in))
		return
	}
	if n := p.peek(1); n.Kind == Equals && !n.Line {
		p.fail(diag.UnknownDeclaration, at, "`%s` begins no declaration", word).
			Hint("write `let %s = …`", word).Fix(p.span(at.Start, at.Start), "let ")
		return
	}
	if n, e := p.peek(1), p.peek(2); n.Kind == Colon && e.Kind == Equals && e.Start == n.End {
		p.fail(diag.UnknownDeclaration, at, "`%s` begins no declaration", word).
			Hint("write `let %s = …`", word).Fix(p.span(at.Start, int(e.End)), "let "+word+" =")
		return
	}
	near := diag.Nearest(word, declarations[:])
	if near == "" && p.strange {
		p.failed = true // one finding for lines that are not of this language
		return
	}
	colon := p.peek(1).Kind == Colon
	d := p.fail(diag.UnknownDeclaration, at, "`%s` begins no declaration", quoteLess(word))
	switch {
	case near != "":
		d.Hint("did you mean `%s`?", near).Fix(at, near)
	case instructions[word] != "" || habits[word] != "" && strings.ToUpper(word) == word:
		d.Note("a Dockerfile is written otherwise: what it says of the image stands in an `app`, what several images share in a `component`").
			Hint("begin with `layc init`, which writes an example")
	case declarationHabits[word] != "":
		d.Hint("%s", declarationHabits[word])
	case colon:
		d.Note("a declaration is a word, a name, and braces: `app shop { … }`").
			Hint("a file holds %s", quoted(declarations[:]))
	default:
		d.Hint("a file holds %s", quoted(declarations[:]))
	}
}

// quoteLess cuts a word to a readable length.
func quoteLess(word string) string { return strings.Trim(quoteShort(word), "`") }

// article lists places for people: a component or an app.
func article(in Place) string {
	s := strings.ReplaceAll(in.String(), "or app", "or an app")
	if strings.HasPrefix(s, "app") {
		return "an " + s
	}
	return "a " + s
}

// importDecl reads
//
//	Import = "import" text [ "as" identifier ] .
func (p *parser) importDecl(start int) *Import {
	d := &Import{Path: &String{At: p.here()}}
	if !p.on(Text) {
		p.lose()
		p.lostImport = true
		p.noPath()
	} else {
		d.Path = p.stringLit()
		if _, ok := d.Path.Literal(); !ok {
			p.list.Errorf(diag.ComputedImport, d.Path.At, "the path of an import is plain text").
				Note("which modules there are is known before anything is evaluated").
				Hint("import each module that may be meant, and choose between them with `match`")
		}
	}
	if p.onWord("as") {
		p.next()
		alias := p.ident("the module's name here")
		d.Alias = &alias
	}
	d.At = p.since(start)
	return d
}

// noPath fails where the path of an import should be.
func (p *parser) noPath() {
	word, path := p.tok, p.peek(1)
	if path.Kind == Word && p.textOf(path) == "from" {
		path = p.peek(2)
	}
	switch run, ok := p.bareAt(p.i); {
	case ok && word.Kind == Word && p.on(Word):
		p.fail(diag.MissingValue, run, "the module's path is text").
			Hint("write it in quotes: `import \"%s\"`", quoteLess(run.Text())).Fix(run, `"`+run.Text()+`"`)
	case p.on(Word) && path.Kind == Text && !path.Line:
		name := p.textOf(word)
		p.fail(diag.MissingValue, p.at(word), "the module's path is missing").
			Hint("the name follows the path: `import %s as %s`", quoteLess(p.textOf(path)), quoteLess(name)).
			Fix(p.span(int(word.Start), int(path.End)), p.textOf(path)+" as "+name)
	case p.on(LParen):
		p.fail(diag.MissingValue, p.here(), "the module's path is missing").
			Hint("each import stands on a line of its own: `import \"std/java\"`")
	default:
		p.fail(diag.MissingValue, p.here(), "the module's path is missing").
			Hint("write it as text: `import \"std/java\"`")
	}
}

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

// noEquals reports that the `=` of a let does not stand where it should, and goes
// on at the value if that is clear.
func (p *parser) noEquals() {
	t, n := p.tok, p.peek(1)
	typed := p.i
	if p.on(Colon) && n.Kind == Word {
		for typed++; p.tokens[typed].Kind != Equals && p.tokens[typed].Kind != EOF && !p.tokens[typed].Line; {
			typed++
		}
	}
	switch {
	case typed > p.i && p.tokens[typed].Kind == Equals:
		p.list.Errorf(diag.UnexpectedToken, p.span(int(t.Start), int(p.tokens[typed-1].End)), "a `let` has no type: its value has one").
			Hint("leave it out").Fix(p.span(p.end, int(p.tokens[typed].Start)), " ")
		p.i = typed
		p.next()
	case p.on(Colon) && !n.Line:
		p.list.Errorf(diag.MisplacedEquals, p.at(t), "expected `=`, found `:`").
			Hint("write `let NAME = VALUE`").Fix(p.span(p.end, int(t.End)), " =")
		p.next()
	case !p.ends() && n.Kind != Equals && (beginsOperand(t.Kind) || t.Kind == LBracket || t.Kind == LBrace):
		at := p.span(p.end, p.end)
		p.list.Errorf(diag.MisplacedEquals, p.span(p.end, int(t.Start)), "`=` is missing").
			Hint("write `let NAME = VALUE`").Fix(at, " =")
	default:
		p.expected("`=` and a value")
	}
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
		d := p.param("a parameter's name")
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
		if t := p.tok; t.Kind == Word && !p.ends() && isType(p.textOf(t)) {
			p.fail(diag.UnexpectedToken, p.span(p.end, int(t.Start)), "`:` is missing between the parameter and its type").
				Hint("write `%s: %s`", d.Name.Name, p.textOf(p.tokens[p.i])).Fix(p.span(p.end, p.end), ":")
		} else {
			p.fail(diag.UnexpectedToken, p.here(), "the type of `%s` is missing", d.Name.Name).
				Hint("write `%s: string`, or give it a default: `%s = …`", d.Name.Name, d.Name.Name)
		}
		d.Type = &Type{At: d.Name.At}
	}
	if p.accept(Equals) {
		d.Default = p.value("after `=`")
	}
	return d
}

// isType reports whether a word is the name of a type.
func isType(word string) bool {
	switch word {
	case "string", "int", "bool", "version", "path", "size", "duration", "list", "map", "component":
		return true
	}
	return false
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

// app reads what stands between `app` and the block:
//
//	( identifier | text ) [ "for" Generator { "," Generator } [ "where" Expression ] ]
func (p *parser) app(d *App) {
	d.Name = &String{At: p.here()}
	switch {
	case p.on(Text):
		d.Name = p.stringLit()
	default:
		id := p.ident("the app's name")
		d.Name = plain(id)
		if p.on(Minus) || p.on(Dot) || p.on(Over) {
			end := p.i
			for p.tokens[end].Kind != LBrace && !p.tokens[end+1].Line {
				end++
			}
			name := strings.TrimSpace(p.text[id.At.Start:p.tokens[end].Start])
			p.fail(diag.InvalidName, p.span(id.At.Start, id.At.Start+len(name)), "a name has letters, digits and `_` only").
				Hint("other names are text: %s", quoteShort(`app "`+name+`"`)).
				Fix(p.span(id.At.Start, id.At.Start+len(name)), `"`+name+`"`)
		}
	}
	if p.onWord("for") {
		p.next()
		for !p.failed {
			d.Generators = append(d.Generators, p.generator())
			if p.onWord("for") {
				p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "expected `,`, found `for`").
					Note("one `for` has all that the app goes through").
					Hint("put a `,` between them").Fix(p.span(p.end, int(p.tok.End)), ",")
				p.next()
				continue
			}
			if !p.acceptComma() {
				break
			}
		}
		if p.onWord("if") {
			p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "expected `where`, found `if`").
				Hint("`where` says which combinations there are").Fix(p.at(p.tok), "where")
		}
		if p.onWord("where") || p.onWord("if") {
			p.next()
			d.Where = p.condition("after `where`")
		}
	}
}

// generator reads
//
//	Generator = identifier [ "," identifier ] "in" Expression .
func (p *parser) generator() *Generator {
	start := int(p.tok.Start)
	if p.on(LParen) {
		p.fail(diag.UnexpectedToken, p.at(p.tok), "expected a name, found `(`").
			Hint("what `for` goes through has no parentheses: `for x in xs { … }`")
	}
	g := &Generator{Value: p.ident("a name")}
	if p.acceptComma() {
		key := g.Value
		g.Key = &key
		g.Value = p.ident("a name for the values")
	}
	switch {
	case p.onWord("in"):
	case p.onWord("of") || p.on(Colon):
		p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "expected `in`, found %s", p.describe(p.tok)).
			Hint("write `in`").Fix(p.span(p.end, int(p.tok.End)), " in")
	default:
		p.expected("`in` and what to go through")
	}
	p.next()
	g.In = p.value("after `in`")
	g.At = p.since(start)
	return g
}

// plain is an identifier as text.
func plain(id Ident) *String {
	return &String{At: id.At, Parts: []StringPart{{At: id.At, Text: id.Name}}}
}
