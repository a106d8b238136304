package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// noDeclaration fails because a token cannot begin a declaration.
func (p *parser) noDeclaration() {
	if p.tok.Kind == RBrace {
		return // strayBrace reports it
	}
	p.lose()
	if p.wake {
		p.failed = true // one error for everything that is not a declaration
		return
	}
	d := p.fail(diag.UnexpectedToken, p.at(p.tok), "expected a declaration, found %s", p.describe(p.tok))
	if p.tokens[p.i].Kind == Minus {
		d.Hint("begin comments with `#`")
	}
	d.Hint("expected %s", quoted(declarations[:]))
}

// unknownDeclaration fails because a word cannot begin a declaration.
func (p *parser) unknownDeclaration(word string) {
	p.lose()
	at := p.at(p.tok)
	if len(formsByWord[word]) > 0 {
		if p.strange {
			p.failed = true // one error for clauses outside of a block
			return
		}
		in := places(word)
		p.fail(diag.MisplacedClause, at, "`%s` is not allowed at the top level of a file", word).
			Hint("move it into the braces of %s", article(in))
		return
	}
	if n := p.peek(1); n.Kind == Equals && !n.Line {
		p.fail(diag.UnknownDeclaration, at, "unknown declaration `%s`", word).
			Hint("write `let %s = …`", word).Fix(p.span(at.Start, at.Start), "let ")
		return
	}
	if n, e := p.peek(1), p.peek(2); n.Kind == Colon && e.Kind == Equals && e.Start == n.End {
		p.fail(diag.UnknownDeclaration, at, "unknown declaration `%s`", word).
			Hint("write `let %s = …`", word).Fix(p.span(at.Start, int(e.End)), "let "+word+" =")
		return
	}
	near := diag.Nearest(word, declarations[:])
	if near == "" && p.strange {
		p.failed = true // one error for lines of another language
		return
	}
	colon := p.peek(1).Kind == Colon
	d := p.fail(diag.UnknownDeclaration, at, "unknown declaration `%s`", quoteLess(word))
	switch {
	case near != "":
		d.Hint("did you mean `%s`?", near).Fix(at, near)
	case instructions[word] != "" || habits[word] != "" && strings.ToUpper(word) == word:
		d.Note(".layer files are not Dockerfiles: an `app` declares an image, a `component` declares a part that images share").
			Hint("move it to a file called Dockerfile and run `layc import`, which translates it, or run `layc init` to create an example")
	case declarationHabits[word] != "":
		d.Hint("%s", declarationHabits[word])
	case colon:
		d.Note("a declaration has a keyword, a name and braces: `app shop { … }`").
			Hint("expected %s", quoted(declarations[:]))
	default:
		d.Hint("expected %s", quoted(declarations[:]))
	}
}

// lateImport reports an import after the first declaration of a file.
func (p *parser) lateImport(d *Import, f *File) {
	late := p.list.Errorf(diag.LateImport, d.At, "`import` must be before all declarations").
		See(p.firstWord(f.Decls[0]), "the first declaration").
		Hint("move it to the top of the file")
	if end := p.lineEnd(d.At.End); strings.TrimSpace(p.text[d.At.End:end]) == "" && end < len(p.text) {
		top := 0
		if n := len(f.Imports); n > 0 && f.Imports[0].At.Start < f.Decls[0].Span().Start {
			top = f.Imports[0].At.Start
		}
		late.Fix(p.span(top, top), d.At.Text()+"\n").Fix(p.span(d.At.Start, end+1), "")
	}
}

// firstWord returns the place where a declaration begins.
func (p *parser) firstWord(d Decl) source.Span {
	at := d.Span()
	at.End = at.Start
	for at.End < len(p.text) && class[p.text[at.End]]&isLetter != 0 {
		at.End++
	}
	return at
}

// noPath fails because the path of an import is missing.
func (p *parser) noPath() {
	word, path := p.tok, p.peek(1)
	if path.Kind == Word && p.textOf(path) == "from" {
		path = p.peek(2)
	}
	switch run, ok := p.bareAt(p.i); {
	case ok && word.Kind == Word && p.on(Word):
		p.fail(diag.MissingValue, run, "the path of a module must be a string").
			Hint("add quotes: `import \"%s\"`", quoteLess(run.Text())).Fix(run, `"`+run.Text()+`"`)
	case p.on(Word) && path.Kind == Text && !path.Line:
		name := p.textOf(word)
		p.fail(diag.MissingValue, p.at(word), "missing path of the module").
			Hint("write the path first: `import %s as %s`", quoteLess(p.textOf(path)), quoteLess(name)).
			Fix(p.span(int(word.Start), int(path.End)), p.textOf(path)+" as "+name)
	case p.on(LParen):
		p.fail(diag.MissingValue, p.here(), "missing path of the module").
			Hint("write each import on its own line: `import \"std/java\"`")
	default:
		p.fail(diag.MissingValue, p.here(), "missing path of the module").
			Hint("write it as a string: `import \"std/java\"`")
	}
}

// noEquals reports a missing `=` of a let, and continues at the value if that is clear.
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
		p.list.Errorf(diag.UnexpectedToken, p.span(int(t.Start), int(p.tokens[typed-1].End)), "`let` does not take a type").
			Hint("remove the type").Fix(p.span(p.end, int(p.tokens[typed].Start)), " ")
		p.i = typed
		p.next()
	case p.on(Colon) && !n.Line:
		p.list.Errorf(diag.MisplacedEquals, p.at(t), "expected `=`, found `:`").
			Hint("write `let NAME = VALUE`").Fix(p.span(p.end, int(t.End)), " =")
		p.next()
	case !p.ends() && n.Kind != Equals && !p.besideValue() && (beginsOperand(t.Kind) || t.Kind == LBracket || t.Kind == LBrace):
		at := p.span(p.end, p.end)
		p.list.Errorf(diag.MisplacedEquals, p.span(p.end, int(t.Start)), "missing `=`").
			Hint("write `let NAME = VALUE`").Fix(at, " =")
	default:
		p.expected("`=` and a value")
	}
}

// dashedApp fails if an app's name continues with characters that only a string can have.
func (p *parser) dashedApp(id Ident) {
	if !p.on(Minus) && !p.on(Dot) && !p.on(Over) {
		return
	}
	end := p.i
	for p.tokens[end].Kind != LBrace && !p.tokens[end+1].Line {
		end++
	}
	name := strings.TrimSpace(p.text[id.At.Start:p.tokens[end].Start])
	at := p.span(id.At.Start, id.At.Start+len(name))
	p.fail(diag.InvalidName, at, "names contain only letters, digits and `_`").
		Hint("write other names as strings: %s", quoteShort(`app "`+name+`"`)).
		Fix(at, `"`+name+`"`)
}

// secondFor reports and skips a `for` instead of a comma, and reports whether it is there.
func (p *parser) secondFor() bool {
	if !p.onWord("for") {
		return false
	}
	p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "expected `,`, found `for`").
		Note("an app has one `for`, with commas between its loops").
		Hint("separate them with `,`").Fix(p.span(p.end, int(p.tok.End)), ",")
	p.next()
	return true
}

// ifForWhere reports and skips an `if` instead of `where`, and reports whether it is there.
func (p *parser) ifForWhere() bool {
	if !p.onWord("if") {
		return false
	}
	p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "expected `where`, found `if`").
		Hint("write `where` to select combinations").Fix(p.at(p.tok), "where")
	p.next()
	return true
}

// noType fails because a parameter has neither a type nor a default.
func (p *parser) noType(name string) {
	if t := p.tok; t.Kind == Word && !p.ends() && isType(p.textOf(t)) {
		p.fail(diag.UnexpectedToken, p.span(p.end, int(t.Start)), "missing `:` between the parameter and its type").
			Hint("write `%s: %s`", name, p.textOf(p.tokens[p.i])).Fix(p.span(p.end, p.end), ":")
		return
	}
	p.fail(diag.UnexpectedToken, p.here(), "missing type of `%s`", name).
		Hint("write `%s: string`, or give it a default: `%s = …`", name, name)
}

// isType reports whether a word is the name of a type.
func isType(word string) bool {
	switch word {
	case "string", "int", "bool", "version", "path", "size", "duration", "list", "map", "component":
		return true
	}
	return false
}

// parenthesized fails because a parenthesis follows `for`, as in other languages.
func (p *parser) parenthesized() {
	if p.on(LParen) {
		p.fail(diag.UnexpectedToken, p.at(p.tok), "expected a name, found `(`").
			Hint("remove the parentheses: `for x in xs { … }`")
	}
}

// noIn reports a missing `in` of a generator, and skips another language's word for it.
func (p *parser) noIn() {
	if !p.onWord("of") && !p.on(Colon) {
		p.expected("`in` and a list or map")
		return
	}
	p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "expected `in`, found %s", p.describe(p.tok)).
		Hint("write `in`").Fix(p.span(p.end, int(p.tok.End)), " in")
	p.next()
}

// noName fails because a name is missing.
func (p *parser) noName(what string) {
	switch {
	case p.on(Dot) && p.peek(1).Kind == Numeral:
		p.fail(diag.UnexpectedToken, p.at(p.tok), "layc does not have ranges").
			Hint("write a list of the values: `[1, 2, 3]`")
	case p.tok.Kind != Dot && p.i > 0 && p.tokens[p.i-1].Kind == Dot && p.tokens[p.i-1].End == p.tok.Start && p.bare():
	}
	number := p.on(Numeral)
	if d := p.expected(what); number {
		d.Hint("begin the name with a letter")
	}
}

// quotedName reads a name in quotes, which it reports, and reports whether it is there. word is
// the clause with that name as its operand, or "" for a declaration.
func (p *parser) quotedName(word string) (Ident, bool) {
	if !p.on(Text) {
		return Ident{}, false
	}
	at := p.at(p.tok)
	name := strings.Trim(at.Text(), `"`)
	if name == "" || strings.Trim(name, nameBytes) != "" || strings.Contains(name, ".") || class[name[0]]&isLetter == 0 || Reserved(name) {
		return Ident{}, false
	}
	if word == "" {
		p.list.Errorf(diag.InvalidName, at, "expected a name, found a string").
			Hint("remove the quotes: `%s`", quoteLess(name)).Fix(at, name)
	} else {
		p.list.Errorf(diag.InvalidName, at, "expected a name after `%s`, found a string", word).
			Hint("remove the quotes: `%s %s`", word, quoteLess(name)).Fix(at, name)
	}
	p.next()
	return Ident{Name: name, At: at}, true
}

// dashedName fails if a name continues with characters other than letters, digits and `_`,
// and reports whether it does.
func (p *parser) dashedName(id Ident) bool {
	if p.failed || p.ends() || int(p.tok.Start) != id.At.End {
		return false
	}
	switch p.tok.Kind {
	case Minus, Dot, Over:
	default:
		return false
	}
	end := p.i
	for k := p.tokens[end].Kind; k == Minus || k == Dot || k == Over || k == Word || k == Numeral; k = p.tokens[end].Kind {
		if p.tokens[end].Start != p.tokens[end-1].End {
			break
		}
		end++
	}
	at := p.span(id.At.Start, int(p.tokens[end-1].End))
	meant := strings.NewReplacer("-", "_", ".", "_", "/", "_").Replace(at.Text())
	p.fail(diag.InvalidName, at, "names contain only letters, digits and `_`").
		Hint("write `%s`", quoteLess(meant)).Fix(at, meant)
	p.lostName = true
	return true
}
