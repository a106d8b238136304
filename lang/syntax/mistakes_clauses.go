package syntax

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
)

// foreign reports a clause that is unknown or in the wrong place. It returns the form to read
// it with, or nil, and whether to drop the clause then.
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
		d := p.list.Errorf(diag.MisplacedClause, at, "`%s` belongs in %s, not in %s", word, article(in), article(p.place)).
			At("not allowed here")
		if form.Misplaced != "" && p.place == InApp {
			d.Hint("%s", form.Misplaced)
		} else {
			d.Hint("move it to %s", article(in))
		}
		return form, true
	}
	p.lose()
	if n := p.peek(1); n.Kind == Equals && !n.Line {
		p.fail(diag.UnknownClause, at, "unknown clause `%s`", quoteLess(word)).
			Hint("define a value with `let`: `let %s = …`", quoteLess(word)).
			Fix(p.span(at.Start, at.Start), "let ")
		return nil, true
	}
	if declares(word) {
		p.fail(diag.MisplacedClause, at, "`%s` is not allowed inside braces", word).
			Hint("move it to the top level of the file")
		return nil, true
	}
	if FindForm(instructions[word], p.place) != nil || habits[word] != "" && strings.ToUpper(word) == word {
		p.instruction(word)
		return nil, true
	}
	d := p.fail(diag.UnknownClause, at, "unknown clause `%s`", quoteLess(word))
	if same := sameClause[word]; same != "" {
		d.Hint("%s", habits[word]).Fix(at, same)
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
	} else if hint := p.habit(word); hint != "" {
		d.Hint("%s", hint)
	} else if of := clausesWith(word, p.place); len(of) > 0 {
		d.Note("`%s` is an option of %s", word, quoted(of)).
			Hint("move it to the line of its clause")
	} else if near := diag.Nearest(word, allWords()); near != "" {
		d.Hint("did you mean `%s`? It belongs in %s", near, article(places(near)))
	} else {
		d.Hint("run `layc doc clauses` to list the clauses of %s", article(p.place))
	}
	return nil, true
}

// habit returns the advice for a word of other tools, in words that are allowed here, or "".
func (p *parser) habit(word string) string {
	switch {
	case word == "from" && p.place != InComponent:
		return habits["FROM"]
	case p.place == InApp:
		return strings.ReplaceAll(habits[word], "`needs", "`uses")
	}
	return habits[word]
}

// elsewhere explains `uses` and `needs`.
func elsewhere(word string) string {
	if word == "uses" {
		return "a component cannot use `uses`, only `needs`"
	}
	return "an app cannot use `needs`, only `uses`"
}

// colonAfter reports and skips a colon after the word of a clause.
func (p *parser) colonAfter(word string) {
	if p.on(Colon) && int(p.tok.Start) == p.end {
		p.list.Errorf(diag.UnexpectedToken, p.at(p.tok), "unexpected `:` after `%s`", word).
			Hint("remove the `:`").Fix(p.at(p.tok), "")
		p.next()
	}
}

// equalsAfter reports and skips an equals sign after the word of a clause that has no key.
func (p *parser) equalsAfter(word string) {
	if p.on(Equals) {
		p.list.Errorf(diag.MisplacedEquals, p.at(p.tok), "unexpected `=`").
			Note("only `env` and `label` use `=`; `%s` takes a value", word).
			Hint("remove the `=`").Fix(p.span(p.end, int(p.tok.End)), gap(p.tok, p.peek(1)))
		p.next()
	}
}

// gap returns the space that two tokens need when the token between them is removed.
func gap(between, next Token) string {
	if next.Start == between.End {
		return " "
	}
	return ""
}

// secondValue reports a comma and further values after the value of a clause that takes one.
func (p *parser) secondValue(word string, x Expr) Expr {
	if n := p.peek(1); n.Line || n.Kind == EOF {
		p.list.Errorf(diag.SeveralOnOneLine, p.at(p.tok), "unexpected `,` at the end of a clause").
			Hint("remove it").Fix(p.at(p.tok), "")
		p.next()
		return x
	}
	comma := int(p.tok.Start)
	p.next()
	p.continueLine()
	p.values("after", ",")
	if p.failed || closesList(p.tok.Kind) {
		return x
	}
	d := p.list.Errorf(diag.TooManyValues, p.since(comma), "too many values for `%s`", word).At("expected one value")
	if !takesList[word] {
		d.Hint("keep one of them")
		return x
	}
	first := x.Span()
	d.Hint("write a list between `[` and `]`").
		Fix(p.span(first.Start, first.Start), "[").Fix(p.span(p.end, p.end), "]")
	return p.bad()
}

// takesList are the clauses that take one list.
var takesList = map[string]bool{"command": true, "entrypoint": true, "healthcheck": true}

// noShellText fails because the string of a run is missing.
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
	d := p.fail(diag.MissingValue, p.at(p.tok), "expected a string after `%s`, found %s", word, p.describe(p.tok)).
		Note("layc passes the string to the shell unchanged; names in scope are shell variables, such as `$version`")
	if line := at.Text(); p.tokens[p.i].Kind == Word && !strings.ContainsAny(line, "\"\\{}#") {
		d.Hint("put the line in quotes").Fix(at, `"`+line+`"`)
	} else {
		d.Hint("write `%s \"…\"`", word)
	}
}

// missing fails because a word has no value.
func (p *parser) missing(word string) {
	d := p.fail(diag.MissingValue, p.here(), "missing value after `%s`", word).At("expected a value here")
	if doc := docOf(word); doc != "" {
		d.Hint("`%s …`: %s", word, doc)
	}
	d.Note("the value must begin on the same line")
}

// missingBefore reports a missing value if an option follows instead. The word of an option
// is an option, not a name, if its next token can only be its value.
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
			Hint("remove one of them").Fix(p.span(p.end, int(p.tok.End)), "")
		p.next()
		return false
	}
	p.list.Errorf(diag.MissingValue, p.at(p.tok), "missing value between `%s` and `%s`", word, o.Word).
		At("expected a value here").
		Hint("write the value between the two words")
	return true
}

// plusAfterEquals reports and skips the `+` of `=+`, and reports whether it is there.
func (p *parser) plusAfterEquals() bool {
	if !p.on(Plus) || int(p.tok.Start) != p.end {
		return false
	}
	at := p.span(p.end-1, int(p.tok.End))
	p.list.Errorf(diag.MisplacedEquals, at, "unknown operator `=+`").Hint("write `+=`").Fix(at, "+=")
	p.next()
	return true
}

// noAssign reports a missing equals sign after a key, and continues at the value if that is
// clear.
func (p *parser) noAssign(word string, key *String) {
	switch {
	case p.on(Colon):
		p.list.Errorf(diag.MisplacedEquals, p.at(p.tok), "expected `=` after the key of `%s`, found `:`", word).
			Hint("write `%s KEY = VALUE`", word).Fix(p.span(p.end, int(p.tok.End)), " =")
		p.next()
	case p.ends() && pairInText(key) != "":
		p.expected("`=` and a value").Hint("write the key outside the quotes").Fix(key.At, pairInText(key))
	case !p.ends() && beginsOperand(p.tok.Kind) && p.peek(1).Kind != Equals && p.peek(1).Kind != PlusEquals && !p.besideValue():
		p.list.Errorf(diag.MisplacedEquals, p.span(p.end, int(p.tok.Start)), "missing `=`").
			Hint("write `%s KEY = VALUE`", word).Fix(p.span(p.end, int(p.tok.Start)), " = ")
	default:
		p.expected("`=` and a value").Hint("write `%s KEY = VALUE`", word)
	}
}

// besideValue reports whether a word has a value next to it, so that it is not a value itself:
// `env HOME is "/root"`.
func (p *parser) besideValue() bool {
	n := p.peek(1)
	return p.on(Word) && !n.Line && (n.Kind == Text || n.Kind == BlockText || n.Kind == Numeral || n.Kind == LBrace)
}

// pairInText returns KEY = "VALUE" for a string with both, else "".
func pairInText(key *String) string {
	text, _ := key.Literal()
	k, v, ok := strings.Cut(text, "=")
	if !ok || k == "" || strings.Trim(k, nameBytes) != "" || strings.Contains(k, ".") || strings.ContainsAny(v, "\"\\$\n") {
		return ""
	}
	return k + ` = "` + v + `"`
}

// noKey fails because a key is missing.
func (p *parser) noKey(word string) {
	switch {
	case p.ends() || p.tok.Kind == RBrace || p.tok.Kind == Equals:
		p.fail(diag.MissingValue, p.here(), "missing key after `%s`", word).
			Hint("write `%s KEY = VALUE`", word)
	case p.tok.Kind == LBrace && FindForm(word, p.place) != nil:
		p.expected("a key").Hint("write a clause for each: `%s KEY = VALUE`", word)
	default:
		p.expected("a key")
	}
}

// dottedKey fails if a key continues with characters that only a string can have.
func (p *parser) dottedKey(id Ident) {
	if !p.on(Dot) && !p.on(Minus) && !p.on(Over) {
		return
	}
	end := p.i
	for k := p.tokens[end].Kind; k != EOF && k != Equals && k != PlusEquals && k != Colon; k = p.tokens[end].Kind {
		if end++; p.tokens[end].Line {
			break
		}
	}
	at := p.span(id.At.Start, int(p.tokens[end-1].End))
	p.fail(diag.InvalidName, at, "names contain only letters, digits and `_`").
		Hint("write other keys as strings").Fix(at, `"`+at.Text()+`"`)
}

// strayed reports an option at the beginning of the next line, further right than its clause,
// and lets the statement continue there.
func (p *parser) strayed(word Ident, forms []OptionForm, all []*Option) bool {
	if p.failed || !p.tok.Line || p.tok.Kind != Word || p.loose > 0 {
		return false
	}
	w := p.textOf(p.tok)
	form := findOption(forms, w)
	is, _ := p.column(int(p.tok.Start))
	should, first := p.column(p.start)
	if form == nil || findRead(all, w) != nil || !first || is <= should && FindForm(w, p.place) != nil {
		return false
	}
	p.list.Errorf(diag.SeveralOnOneLine, p.at(p.tok), "`%s` must be on the same line as `%s`", w, word.Name).
		See(word.At, "the clause ends with this line, as it does not end with a comma").
		Hint("move it to the line of `%s`", word.Name).
		Fix(p.span(p.end, int(p.tok.Start)), " ")
	p.continueLine()
	return true
}

// noOption fails because a word is not an option. last is the operand of the last word.
func (p *parser) noOption(word Ident, forms []OptionForm, last Operand, all []*Option) {
	switch {
	case p.flag(false) || p.quoteWithin() || p.unworded(word, forms, all):
	case p.tok.Kind == Word && last == Items && isItem(p.textOf(p.tok)):
		p.fail(diag.MissingComma, p.at(p.tok), "expected `,` or the end of the line, found %s", p.describe(p.tok)).
			Hint("separate the items with `,`").Fix(p.span(p.end, p.end), ",")
	case p.tok.Kind == Word && last == Many && len(all) == 0 && p.plainName(forms):
		p.fail(diag.MissingComma, p.at(p.tok), "expected `,` or the end of the line, found %s", p.describe(p.tok)).
			Hint("separate the values with `,`").Fix(p.span(p.end, p.end), ",")
	case p.tok.Kind == Word:
		p.unknownOption(word, forms)
	case beginsOperand(p.tok.Kind) && last == Many:
		p.fail(diag.MissingComma, p.at(p.tok), "expected `,` or the end of the line, found %s", p.describe(p.tok)).
			Hint("separate the values with `,`").Fix(p.span(p.end, p.end), ",")
	case beginsOperand(p.tok.Kind) && last == One && len(all) == 0:
		d := p.fail(diag.TooManyValues, p.at(p.tok), "too many values for `%s`", word.Name).At("expected one value")
		kind := p.textOf(p.tokens[p.i-1])
		switch {
		case takesList[word.Name]:
			d.Hint("write a list as `%s [\"…\", \"…\"]`", word.Name)
		case word.Name == "base" && FindForm(kind, InComponent) != nil:
			d.Note("`base` takes the name of a component, and `%s` makes a component a base", kind).
				Hint("declare `component NAME { %s … }` and write `base NAME`", kind)
		default:
			d.Hint("keep one of them")
		}
	}
}

// quoteWithin fails if a string ended at a quote inside it, and reports whether it did: the
// quote and a word touch.
func (p *parser) quoteWithin() bool {
	if p.failed || p.i == 0 || p.tok.Kind != Word || p.tokens[p.i-1].Kind != Text || p.tokens[p.i-1].End != p.tok.Start {
		return false
	}
	at := p.at(p.tokens[p.i-1])
	p.fail(diag.SeveralOnOneLine, p.span(at.End-1, at.End), "the string ends at this quote").
		See(p.span(at.Start, at.Start+1), "it begins here").
		Hint("write `\\\"` for a quote inside a string, or use `\"\"\"` around the string")
	return true
}

// plainName reports whether the current word is probably neither an option nor another
// clause.
func (p *parser) plainName(forms []OptionForm) bool {
	w, n := p.textOf(p.tok), p.peek(1)
	return (n.Line || !beginsOperand(n.Kind)) && len(formsByWord[w]) == 0 && !isOption(w) && !Reserved(w) && optionHabits[w] == nil &&
		diag.Nearest(w, optionWords(forms)) == "" && p.tokens[p.i-1].Kind != Numeral
}

// unworded fails if a value lacks its option's word and the option is clear: the second
// string of a `copy` is its target, a number with a leading zero a mode.
func (p *parser) unworded(word Ident, forms []OptionForm, all []*Option) bool {
	t := p.tok
	arrow, isArrow := p.arrow()
	if p.on(Equals) && !isArrow {
		arrow, isArrow = p.at(t), true
	}
	if p.failed || !isArrow && t.Kind != Text && t.Kind != BlockText && t.Kind != Numeral {
		return false
	}
	given := func(w string) bool {
		for i := p.i + 1; !p.tokens[i].Line && p.tokens[i].Kind != EOF; i++ {
			if p.tokens[i].Kind == Word && p.textOf(p.tokens[i]) == w {
				return true
			}
		}
		return findRead(all, w) != nil
	}
	missing := ""
	for i := range forms {
		f := &forms[i]
		if met := slices.ContainsFunc(forms, func(o OptionForm) bool {
			return given(o.Word) && (o.Word == f.Word || f.Choice != "" && o.Choice == f.Choice)
		}); f.Required && !met && missing == "" {
			missing = f.Word
		}
	}
	text := p.textOf(t)
	algorithm, _, _ := strings.Cut(strings.TrimPrefix(text, `"`), ":")
	before := p.span(p.end, p.end)
	switch {
	case t.Kind == Numeral && text[0] == '0' && len(text) > 1 && findOption(forms, "mode") != nil && !given("mode"):
		p.fail(diag.UnexpectedToken, p.at(t), "missing `mode` before the permissions").
			Hint("write `mode %s`", quoteLess(text)).Fix(before, " mode")
	case t.Kind == Text && (algorithm == "sha256" || algorithm == "sha512") && findOption(forms, algorithm) != nil && !given(algorithm):
		p.fail(diag.UnexpectedToken, p.at(t), "missing `%s` before the checksum", algorithm).
			Hint("write the algorithm before the string, and only hexadecimal digits in it").
			Fix(p.at(t), algorithm+` "`+strings.TrimPrefix(text, `"`+algorithm+":"))
	case missing == "" || t.Kind == Numeral:
		return false
	case isArrow:
		p.fail(diag.UnexpectedToken, arrow, "expected `%s`, found `%s`", missing, arrow.Text()).
			Hint("write `%s`", missing).Fix(arrow, missing)
	default:
		p.fail(diag.MissingOption, p.at(t), "missing option of `%s`: `%s`", word.Name, missing).At("expected before this").
			Hint("`%s …`: %s", missing, findOption(forms, missing).Doc).Fix(before, " "+missing)
	}
	return true
}

// orOften are values of a clause with words, other than its words.
var orOften = map[string]string{"changes": "a number of times, such as `12/year`", "update": "a duration of at least one day, such as `14d`"}

// phrase fails for several words where a clause takes one of its own: `every month` is `monthly`.
func (p *parser) phrase(form *Form) bool {
	next := p.peek(1)
	if orOften[form.Word] == "" || !p.on(Word) || Reserved(p.textOf(p.tok)) || slices.Contains(form.Words, p.textOf(p.tok)) || findOption(form.Options, p.textOf(p.tok)) != nil ||
		next.Line || next.Kind != Word && next.Kind != Numeral || findOption(form.Options, p.textOf(next)) != nil {
		return false
	}
	end, meant, once := p.tok.End, "", true
	for i := p.i; p.tokens[i].Kind == Word || p.tokens[i].Kind == Numeral; i++ {
		t := p.tokens[i]
		if i > p.i && t.Line {
			break
		}
		w := p.textOf(t)
		once = once && (t.Kind == Word && w != "twice" && w != "other" || w == "1")
		if r := FindRate(strings.TrimSuffix(w, "s")); r != nil && slices.Contains(form.Words, r.Word) {
			meant = r.Word
		}
		end = t.End
	}
	at := p.span(int(p.tok.Start), int(end))
	d := p.fail(diag.InvalidRate, at, "not a valid value of `%s`: `%s`", form.Word, at.Text()).
		Note("expected %s; or %s", quoted(form.Words), orOften[form.Word])
	if meant != "" && once {
		d.Hint("did you mean `%s %s`?", form.Word, meant).Fix(at, meant)
	} else {
		d.Hint("write one of them")
	}
	return true
}

// unknownOption fails because the clause has no such option.
func (p *parser) unknownOption(word Ident, forms []OptionForm) {
	w := p.textOf(p.tok)
	if Reserved(w) || p.apartUnit() {
		return
	}
	at := p.at(p.tok)
	if n := p.peek(1); w == "per" && n.Kind == Word && !n.Line {
		p.fail(diag.UnknownOption, at, "unknown option of `%s`: `%s`", word.Name, w).
			Hint("write a rate as `12/year`").Fix(p.span(p.end, int(n.Start)), "/")
		return
	}
	if n := p.peek(1); len(forms) > 0 && (n.Kind == Equals || n.Kind == PlusEquals) && (word.Name == "env" || word.Name == "label" || word.Name == "annotation") {
		p.fail(diag.SeveralOnOneLine, at, "expected the end of the line, found %s", p.describe(p.tok)).
			Hint("write a clause for each, on its own line: `%s %s = …`", word.Name, quoteLess(w))
		return
	}
	if len(forms) > 0 && forms[0].Word == "with" && forms[0].Required && (p.peek(1).Line || !beginsOperand(p.peek(1).Kind)) && diag.Nearest(w, optionWords(forms)) == "" {
		p.fail(diag.MissingOption, at, "missing `with` after `%s`", word.Name).At("expected before this").
			Hint("`with …`: %s", forms[0].Doc).Fix(p.span(p.end, p.end), " with")
		return
	}
	meant := slices.ContainsFunc(optionHabits[w], func(o string) bool { return findOption(forms, o) != nil })
	if len(forms) == 0 || !meant && len(formsByWord[w]) > 0 && diag.Nearest(w, optionWords(forms)) == "" {
		p.fail(diag.SeveralOnOneLine, at, "expected the end of the line, found `%s`", w).
			Note("each clause must be on its own line").
			Hint("move it to a new line")
		return
	}
	d := p.fail(diag.UnknownOption, at, "unknown option of `%s`: `%s`", word.Name, quoteLess(w))
	suggest(d, w, forms)
}

// suggest lists the known options, or the one that was probably meant.
func suggest(d *diag.Diagnostic, word string, forms []OptionForm) {
	words := optionWords(forms)
	near := diag.Nearest(word, words)
	for _, meant := range optionHabits[word] {
		if findOption(forms, meant) != nil {
			near = meant
		}
	}
	if near != "" {
		d.Hint("did you mean `%s`?", near).Fix(d.Span, near)
	} else if len(words) > 0 {
		d.Note("expected %s", quoted(words))
	}
}

// noItem fails because an item is missing.
func (p *parser) noItem(forms []OptionForm) {
	if p.ends() || p.tok.Kind == RBrace {
		p.missing("with")
		return
	}
	d := p.fail(diag.UnknownOption, p.at(p.tok), "unknown item after `with`: %s", p.describe(p.tok))
	if p.tokens[p.i].Kind == Word {
		suggest(d, p.textOf(p.tokens[p.i]), forms)
	}
}
