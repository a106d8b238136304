package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
)

// clause reads the clause of that word, as the table in clauses.go has it. It
// returns nil for one that has no place here.
func (p *parser) clause(word string) *Clause {
	c := &Clause{Word: Ident{word, p.at(p.tok)}}
	form := FindForm(word, p.place)
	drop := false
	if form == nil {
		form, drop = p.foreign(c)
		if form == nil {
			return nil
		}
	}
	p.next()
	if p.on(Colon) && int(p.tok.Start) == p.end {
		p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "what `%s` takes stands behind it, without a `:`", c.Word.Name).
			Hint("remove the `:`").Fix(p.at(p.tok), "")
		p.next()
	}
	first := p.optionHere(form.Options)
	if first == nil || !first.Instead && form.Takes != Nothing {
		c.Args, c.Assign = p.operands(form.Takes, word, form.Options)
	}
	c.Options = p.options(c.Word, form.Options, form.Takes)
	for _, o := range c.Options {
		if form.Option(o.Word.Name).Instead && len(c.Args) > 0 {
			p.list.Errorf(diag.ConflictingOptions, o.Word.At, "`%s` stands instead of a value, not after one", o.Word.Name).
				See(c.Args[0].Span(), "the value").
				Hint("keep one of them")
		}
	}
	c.At = p.since(p.start)
	if drop {
		return nil
	}
	return c
}

// foreign reports a clause that is unknown or stands in the wrong place. It
// returns the form to read it by, nil for none, and whether to drop it then.
func (p *parser) foreign(c *Clause) (form *Form, drop bool) {
	word, at := c.Word.Name, c.Word.At
	if others := formsByWord[word]; len(others) > 0 {
		form := others[0]
		if other := FindForm(form.Elsewhere, p.place); other != nil {
			p.list.Errorf(diag.MisplacedClause, at, "%s", elsewhere(word)).
				Hint("write `%s`", other.Word).Fix(at, other.Word)
			c.Word.Name = other.Word
			return other, false
		}
		in := places(word)
		p.list.Errorf(diag.MisplacedClause, at, "`%s` stands in %s, not in %s", word, article(in), article(p.place)).
			At("not here").
			Hint("move it to %s", article(in))
		return form, true
	}
	p.lose()
	if n := p.peek(1); n.Kind == Equals && !n.Line {
		p.fail(diag.UnknownClause, at, "unknown clause `%s`", quoteLess(word)).
			Hint("a name for a value begins with `let`: `let %s = …`", quoteLess(word)).
			Fix(p.span(at.Start, at.Start), "let ")
		return nil, true
	}
	if declares(word) {
		p.fail(diag.MisplacedClause, at, "`%s` stands outside of all braces", word).
			Hint("move it to the top level of the file")
		return nil, true
	}
	if FindForm(instructions[word], p.place) != nil || habits[word] != "" && strings.ToUpper(word) == word {
		p.instruction(word)
		return nil, true
	}
	d := p.fail(diag.UnknownClause, at, "unknown clause `%s`", quoteLess(word))
	if word == "export" || word == "set" {
		d.Hint("variables are set by `env KEY = VALUE`").Fix(at, "env")
		return nil, true
	}
	var here []string
	for _, f := range forms {
		if f.In&p.place != 0 {
			here = append(here, f.Word)
		}
	}
	if near := diag.Nearest(word, append(here, "let", "if", "for", "match")); near != "" {
		d.Hint("did you mean `%s`?", near).Fix(at, near)
	} else if hint := habits[word]; hint != "" {
		d.Hint("%s", hint)
	} else if of := clausesWith(word, p.place); len(of) > 0 {
		d.Note("`%s` is an option of %s", word, quoted(of)).
			Hint("write it on the line of the clause that it belongs to")
	} else if near := diag.Nearest(word, allWords()); near != "" {
		d.Hint("did you mean `%s`? It stands in %s", near, article(places(near)))
	} else {
		d.Hint("`layc doc clauses` lists what %s has", article(p.place))
	}
	return nil, true
}

// instruction fails for a Dockerfile's instruction where a clause should be.
func (p *parser) instruction(word string) {
	at := p.at(p.tok)
	line := p.span(at.Start, p.commandLine(at.End))
	line.End = line.Start + len(strings.TrimRight(line.Text(), " \t\r"))
	p.forgetLexical(line.Start, line.End)
	d := p.fail(diag.UnknownClause, at, "unknown clause `%s`", word)
	p.skipTo(line.End)
	switch clause := instruction(word, line.Text()[len(word):]); {
	case clause != "":
		d.Hint("write `%s`", clause).Fix(line, clause)
	case habits[word] != "":
		d.Hint("%s", habits[word])
	case word == "RUN":
		d.Hint("write `run \"\"\"…\"\"\"`, where the command stands between the quotes")
	default:
		d.Hint("did you mean `%s`?", instructions[word]).Fix(at, instructions[word])
	}
}

// clausesWith are the clauses of a place that have an option of that word.
func clausesWith(word string, in Place) []string {
	var all []string
	for i := range forms {
		if forms[i].In&in != 0 && forms[i].Option(word) != nil {
			all = append(all, forms[i].Word)
		}
	}
	return all
}

// allWords are the words of all clauses.
func allWords() []string {
	all := make([]string, len(forms))
	for i := range forms {
		all[i] = forms[i].Word
	}
	return all
}

// places is where the clauses of a word may stand.
func places(word string) Place {
	in := Place(0)
	for _, f := range formsByWord[word] {
		in |= f.In
	}
	return in
}

// elsewhere explains the two words of which one is an app's.
func elsewhere(word string) string {
	if word == "uses" {
		return "a component `needs`, only an app `uses`"
	}
	return "an app `uses`, only a component `needs`"
}

// optionHere returns the option that begins at the current token, or nil.
func (p *parser) optionHere(options []OptionForm) *OptionForm {
	if len(options) == 0 || !p.on(Word) {
		return nil
	}
	return findOption(options, p.textOf(p.tok))
}

// operands reads what follows a word. The options are those that may come
// after.
func (p *parser) operands(takes Operand, word string, options []OptionForm) ([]Expr, *Assign) {
	if takes != Nothing && takes != Pair && takes != Append && p.on(Equals) {
		p.list.Errorf(diag.MisplacedEquals, p.at(p.tok), "`=` appears only where there is a key").
			Note("`env` and `label` have keys, `%s` has a value", word).
			Hint("remove the `=`").Fix(p.span(p.end, int(p.tok.End)), gap(p.tok, p.peek(1)))
		p.next()
	}
	switch takes {
	case Nothing:
		return nil, nil
	case Pair, Append:
		return nil, p.assign(word, takes == Append)
	case Shell:
		if !p.on(Text) && !p.on(BlockText) {
			p.noShellText(word)
			return []Expr{p.bad()}, nil
		}
		return []Expr{p.shellText()}, nil
	case Bare:
		if id, ok := p.quotedName(word); ok {
			return []Expr{&Name{id}}, nil
		}
		if p.ends() || p.tok.Kind != Word {
			p.missing(word)
			return []Expr{p.bad()}, nil
		}
		return []Expr{&Name{p.name("a name")}}, nil
	}
	if p.missingBefore(word, options) {
		return []Expr{p.bad()}, nil
	}
	if takes == Many {
		return p.values("after", word), nil
	}
	x := p.valueAfter("after", word)
	if n := p.peek(1); p.on(Comma) && !p.inItems && (n.Line || n.Kind == EOF) {
		p.list.Errorf(diag.SeveralOnOneLine, p.at(p.tok), "a clause ends with its line, not with a comma").
			Hint("remove it").Fix(p.at(p.tok), "")
		p.next()
		return []Expr{x}, nil
	}
	if p.on(Comma) && !p.inItems {
		comma := int(p.tok.Start)
		p.next()
		p.continueLine()
		p.values("after", ",")
		if !p.failed && !closesList(p.tok.Kind) {
			d := p.list.Errorf(diag.TooManyValues, p.since(comma), "`%s` takes one value", word).At("too many")
			if takesList[word] {
				first := x.Span()
				d.Hint("which is a list: write it between `[` and `]`").
					Fix(p.span(first.Start, first.Start), "[").Fix(p.span(p.end, p.end), "]")
				return []Expr{p.bad()}, nil
			}
			d.Hint("keep one of them")
		}
	}
	return []Expr{x}, nil
}

// gap is the space that keeps two tokens apart when what stands between them goes.
func gap(between, next Token) string {
	if next.Start == between.End {
		return " "
	}
	return ""
}

// noShellText fails where the text of a run should be.
func (p *parser) noShellText(word string) {
	if p.ends() || p.tok.Kind == RBrace {
		p.missing(word)
		return
	}
	if p.hereDocument() {
		return
	}
	at := p.span(int(p.tok.Start), p.commandLine(int(p.tok.Start)))
	at.End = at.Start + len(strings.TrimRight(at.Text(), " \t\r"))
	if p.tok.Kind == Word {
		p.forgetLexical(at.Start, at.End)
		defer p.skipTo(at.End)
	}
	d := p.fail(diag.MissingValue, p.at(p.tok), "`%s` takes text, found %s", word, p.describe(p.tok)).
		Note("the text is the shell's and taken as it is; names in scope reach it as variables, such as `$version`")
	if line := at.Text(); p.tokens[p.i].Kind == Word && !strings.ContainsAny(line, "\"\\{}#") {
		d.Hint("put the line in quotes").Fix(at, `"`+line+`"`)
	} else {
		d.Hint("write `%s \"…\"`", word)
	}
}

// quotedName reads a name that stands in quotes, reports that it does, and
// whether there is one.
func (p *parser) quotedName(word string) (Ident, bool) {
	if !p.on(Text) {
		return Ident{}, false
	}
	at := p.at(p.tok)
	name := strings.Trim(at.Text(), `"`)
	if name == "" || strings.Trim(name, nameBytes) != "" || strings.Contains(name, ".") || class[name[0]]&isLetter == 0 || Reserved(name) {
		return Ident{}, false
	}
	p.list.Errorf(diag.InvalidName, at, "what `%s` takes is a name, which has no quotes", word).
		Hint("write `%s %s`", word, quoteLess(name)).Fix(at, name)
	p.next()
	return Ident{Name: name, At: at}, true
}

// takesList are the clauses whose one value is a list.
var takesList = map[string]bool{"command": true, "entrypoint": true, "healthcheck": true}

// docOf is what a clause or an option says, "" where that depends on the clause.
func docOf(word string) string {
	doc := ""
	if all := formsByWord[word]; len(all) > 0 {
		return all[0].Doc
	}
	for i := range forms {
		if o := forms[i].Option(word); o != nil {
			if doc != "" && doc != o.Doc {
				return ""
			}
			doc = o.Doc
		}
	}
	return doc
}

// missing fails for a word without a value.
func (p *parser) missing(word string) {
	d := p.fail(diag.MissingValue, p.here(), "`%s` needs a value", word).At("the value is missing here")
	if doc := docOf(word); doc != "" {
		d.Hint("`%s …`: %s", word, doc)
	}
	d.Note("a value begins on the line of its word")
}

// missingBefore reports a missing value where an option follows in its place:
// an option's word is that option, and no name, if what comes after it can only
// be its value.
func (p *parser) missingBefore(word string, options []OptionForm) bool {
	if p.ends() || p.tok.Kind == RBrace {
		p.missing(word)
		return true
	}
	o := p.optionHere(options)
	if o == nil {
		return false
	}
	n := p.peek(1)
	if n.Line || !beginsOperand(n.Kind) || n.Kind == Word && findOption(options, p.textOf(n)) != nil {
		return false
	}
	if o.Word == word {
		p.list.Errorf(diag.RepeatedOption, p.at(p.tok), "`%s` is written twice", word).
			Hint("remove one").Fix(p.span(p.end, int(p.tok.End)), "")
		p.next()
		return false
	}
	p.list.Errorf(diag.MissingValue, p.at(p.tok), "`%s` needs a value before `%s`", word, o.Word).
		At("the value is missing here").
		Hint("write it between the two words")
	return true
}

// values reads
//
//	Expressions = Expression { "," Expression } .
func (p *parser) values(where, word string) []Expr {
	x := p.valueAfter(where, word)
	if !p.on(Comma) {
		return []Expr{x}
	}
	xs := []Expr{x}
	for p.acceptComma() && !p.failed {
		xs = append(xs, p.value("after `,`"))
	}
	return xs
}

// assign reads KEY = VALUE or, if both may be, KEY += VALUE.
func (p *parser) assign(word string, both bool) *Assign {
	start := int(p.tok.Start)
	a := &Assign{}
	a.Key = p.key(word)
	switch {
	case p.on(PlusEquals):
		if !both {
			p.list.Errorf(diag.MisplacedEquals, p.at(p.tok), "`%s` takes `=` only", word).
				Hint("write `=`").Fix(p.at(p.tok), "=")
		}
		a.Append = true
		p.next()
	case p.accept(Equals):
		if p.on(Plus) && int(p.tok.Start) == p.end {
			at := p.span(p.end-1, int(p.tok.End))
			p.list.Errorf(diag.MisplacedEquals, at, "`=+` is written `+=`").Hint("write `+=`").Fix(at, "+=")
			a.Append = true
			p.next()
		}
	case p.on(Colon):
		p.list.Errorf(diag.MisplacedEquals, p.at(p.tok), "`%s` takes `=`, not `:`", word).
			Hint("write `%s KEY = VALUE`", word).Fix(p.span(p.end, int(p.tok.End)), " =")
		p.next()
	case p.ends() && pairInText(a.Key) != "":
		p.expected("`=` and a value").Hint("the key is a name, the value text").Fix(a.Key.At, pairInText(a.Key))
	case !p.ends() && beginsOperand(p.tok.Kind) && p.peek(1).Kind != Equals && p.peek(1).Kind != PlusEquals:
		p.list.Errorf(diag.MisplacedEquals, p.span(p.end, int(p.tok.Start)), "`=` is missing").
			Hint("write `%s KEY = VALUE`", word).Fix(p.span(p.end, int(p.tok.Start)), " = ")
	default:
		p.expected("`=` and a value").Hint("write `%s KEY = VALUE`", word)
	}
	a.Value = p.value("after `=`")
	a.At = p.since(start)
	return a
}

// pairInText is KEY = "VALUE" for a text that holds both, else "".
func pairInText(key *String) string {
	text, _ := key.Literal()
	k, v, ok := strings.Cut(text, "=")
	if !ok || k == "" || strings.Trim(k, nameBytes) != "" || strings.Contains(k, ".") || strings.ContainsAny(v, "\"\\$\n") {
		return ""
	}
	return k + ` = "` + v + `"`
}

// key reads the key of env, label or a map: an identifier, or text.
func (p *parser) key(word string) *String {
	switch {
	case p.on(Text):
		return p.stringLit()
	case p.on(Word):
		id := Ident{p.textOf(p.tok), p.at(p.tok)}
		p.next()
		if p.on(Dot) || p.on(Minus) || p.on(Over) {
			end := p.i
			for k := p.tokens[end].Kind; k != EOF && k != Equals && k != PlusEquals && k != Colon; k = p.tokens[end].Kind {
				if end++; p.tokens[end].Line {
					break
				}
			}
			at := p.span(id.At.Start, int(p.tokens[end-1].End))
			p.fail(diag.InvalidName, at, "a name has letters, digits and `_` only").
				Hint("other keys are text").Fix(at, `"`+at.Text()+`"`)
		}
		return plain(id)
	}
	switch {
	case p.ends() || p.tok.Kind == RBrace || p.tok.Kind == Equals:
		p.fail(diag.MissingValue, p.here(), "`%s` needs a key", word).
			Hint("write `%s KEY = VALUE`", word)
	case p.tok.Kind == LBrace && FindForm(word, p.place) != nil:
		p.expected("a key").Hint("each has a clause of its own: `%s KEY = VALUE`", word)
	default:
		p.expected("a key")
	}
	return &String{At: p.here()}
}
