package syntax

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
)

// options reads the options of a clause or an item, in any order, and reports
// those that are there twice, exclude each other, are missing or unknown.
// Last is what the word before them takes.
func (p *parser) options(word Ident, forms []OptionForm, last Operand) []*Option {
	var all []*Option
	for p.on(Word) || p.strayed(word, forms, all) {
		form := p.optionHere(forms)
		if form == nil {
			break
		}
		o := p.option(form, forms)
		last = form.Takes
		if p.repeated(o, form, all, forms) {
			continue
		}
		all = append(all, o)
	}
	switch {
	case p.ends() || p.tok.Kind == RBrace:
		p.unmet(word, forms, all)
	case p.flag(false) || p.quoteWithin() || p.unworded(word, forms, all):
	case p.tok.Kind == Word && last == Items && isItem(p.textOf(p.tok)):
		p.fail(diag.MissingComma, p.at(p.tok), "expected `,` or the end of the line, found %s", p.describe(p.tok)).
			Hint("put a `,` between two of what the command has").Fix(p.span(p.end, p.end), ",")
	case p.tok.Kind == Word && last == Many && len(all) == 0 && p.plainName(forms):
		p.fail(diag.MissingComma, p.at(p.tok), "expected `,` or the end of the line, found %s", p.describe(p.tok)).
			Hint("put a `,` between two values").Fix(p.span(p.end, p.end), ",")
	case p.tok.Kind == Word:
		p.unknownOption(word, forms)
	case beginsOperand(p.tok.Kind) && last == Many:
		p.fail(diag.MissingComma, p.at(p.tok), "expected `,` or the end of the line, found %s", p.describe(p.tok)).
			Hint("put a `,` between two values").Fix(p.span(p.end, p.end), ",")
	case beginsOperand(p.tok.Kind) && last == One && len(all) == 0:
		p.fail(diag.TooManyValues, p.at(p.tok), "`%s` takes one value", word.Name).At("too many").
			Hint("where the value is a list, write `%s [\"…\", \"…\"]`", word.Name)
	}
	return all
}

// quoteWithin fails for text that ended at a quote within it, and reports whether
// that is so: it and a word touch.
func (p *parser) quoteWithin() bool {
	if p.failed || p.i == 0 || p.tok.Kind != Word || p.tokens[p.i-1].Kind != Text || p.tokens[p.i-1].End != p.tok.Start {
		return false
	}
	at := p.at(p.tokens[p.i-1])
	p.fail(diag.SeveralOnOneLine, p.span(at.End-1, at.End), "text ends at this quote").
		See(p.span(at.Start, at.Start+1), "it begins here").
		Hint("a quote within text is written `\\\"`; in text between `\"\"\"` and `\"\"\"` it needs no backslash")
	return true
}

// plainName reports whether the current word is hardly meant as an option, or as
// another clause.
func (p *parser) plainName(forms []OptionForm) bool {
	w, n := p.textOf(p.tok), p.peek(1)
	return (n.Line || !beginsOperand(n.Kind)) && len(formsByWord[w]) == 0 && !isOption(w) && !Reserved(w) && optionHabits[w] == nil &&
		diag.Nearest(w, optionWords(forms)) == "" && p.tokens[p.i-1].Kind != Numeral
}

// unworded fails for a value where the word of an option is missing that can only
// be meant: the second text of a `copy` is where to, a number with a leading zero
// a mode.
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
		p.fail(diag.UnexpectedToken, p.at(t), "the word `mode` is missing").
			Hint("write `mode %s`", quoteLess(text)).Fix(before, " mode")
	case t.Kind == Text && (algorithm == "sha256" || algorithm == "sha512") && findOption(forms, algorithm) != nil && !given(algorithm):
		p.fail(diag.UnexpectedToken, p.at(t), "the word `%s` is missing", algorithm).
			Hint("write it before the checksum, which is hexadecimal digits alone").
			Fix(p.at(t), algorithm+` "`+strings.TrimPrefix(text, `"`+algorithm+":"))
	case missing == "" || t.Kind == Numeral:
		return false
	case isArrow:
		p.fail(diag.UnexpectedToken, arrow, "expected `%s`, found `%s`", missing, arrow.Text()).
			Hint("write `%s`", missing).Fix(arrow, missing)
	default:
		p.fail(diag.MissingOption, p.at(t), "`%s` needs `%s`", word.Name, missing).At("the word is missing before this").
			Hint("`%s …`: %s", missing, findOption(forms, missing).Doc).Fix(before, " "+missing)
	}
	return true
}

// strayed reports an option that stands at the beginning of the next line,
// further right than its clause, and lets the statement go on there.
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
	p.list.Errorf(diag.SeveralOnOneLine, p.at(p.tok), "`%s` is an option of `%s`, and stands on the next line", w, word.Name).
		See(word.At, "a clause ends with its line, unless that ends in a comma").
		Hint("write it on the line of `%s`", word.Name).
		Fix(p.span(p.end, int(p.tok.Start)), " ")
	p.continueLine()
	return true
}

// option reads the option at the current token. After it come others of
// siblings.
func (p *parser) option(form *OptionForm, siblings []OptionForm) *Option {
	start := int(p.tok.Start)
	o := &Option{Word: Ident{form.Word, p.at(p.tok)}}
	p.next()
	if form.Takes == Items {
		o.Items = p.items(form.Items)
	} else {
		o.Args, o.Assign = p.operands(form.Takes, form.Word, siblings)
	}
	o.At = p.since(start)
	return o
}

// items reads
//
//	Items = Item { "," Item } .
func (p *parser) items(forms []OptionForm) []*Option {
	var all []*Option
	p.inItems = true
	defer func() { p.inItems = false }()
	for !p.failed {
		start := int(p.tok.Start)
		form := p.optionHere(forms)
		if form == nil {
			if p.ends() || p.tok.Kind == RBrace {
				p.missing("with")
				return all
			}
			d := p.fail(diag.UnknownOption, p.at(p.tok), "a command cannot run `with` %s", p.describe(p.tok))
			if p.tokens[p.i].Kind == Word {
				suggest(d, p.textOf(p.tokens[p.i]), forms)
			}
			return all
		}
		o := p.option(form, form.Options)
		o.Options = p.itemOptions(form.Options)
		p.unmet(o.Word, form.Options, o.Options)
		o.At = p.since(start)
		all = append(all, o)
		if !p.acceptComma() {
			break
		}
	}
	return all
}

// itemOptions reads the options of an item. Other words, and those that the
// item has already, are the clause's.
func (p *parser) itemOptions(forms []OptionForm) []*Option {
	var all []*Option
	for !p.failed {
		form := p.optionHere(forms)
		if form == nil || findRead(all, form.Word) != nil {
			return all
		}
		o := p.option(form, forms)
		if p.repeated(o, form, all, forms) {
			continue
		}
		all = append(all, o)
	}
	return all
}

func findRead(options []*Option, word string) *Option {
	for _, o := range options {
		if o.Word.Name == word {
			return o
		}
	}
	return nil
}

// repeated reports an option that stands there already, or that one of all
// excludes.
func (p *parser) repeated(o *Option, form *OptionForm, all []*Option, forms []OptionForm) bool {
	if p.failed {
		return false
	}
	for _, before := range all {
		word := before.Word.Name
		if word == form.Word {
			p.list.Errorf(diag.RepeatedOption, o.Word.At, "`%s` is given twice", word).
				See(before.Word.At, "first given here").
				Hint("keep one of them")
			return true
		}
		if other := findOption(forms, word); other != nil && form.Choice != "" && other.Choice == form.Choice {
			p.list.Errorf(diag.ConflictingOptions, o.Word.At, "`%s` and `%s` exclude each other", word, form.Word).
				See(before.Word.At, "`%s` is given here", word).
				Hint("keep one of them")
			return true
		}
	}
	return false
}

// unmet reports options that are missing.
func (p *parser) unmet(word Ident, forms []OptionForm, all []*Option) {
	if p.failed {
		return
	}
	for i := range forms {
		f := &forms[i]
		given := findRead(all, f.Word)
		if given != nil && f.After != "" && findRead(all, f.After) == nil {
			at := p.span(given.Word.At.Start, given.Word.At.Start)
			p.list.Errorf(diag.ConflictingOptions, given.Word.At, "`%s` stands only with `%s`", f.Word, f.After).
				Hint("write `%s %s …`", f.After, f.Word).Fix(at, f.After+" ")
		}
		if !f.Required || given != nil {
			continue
		}
		words := []string{f.Word}
		if f.Choice != "" {
			words = words[:0]
			first, met := -1, false
			for j := range forms {
				if forms[j].Choice != f.Choice {
					continue
				}
				if first < 0 {
					first = j
				}
				met = met || findRead(all, forms[j].Word) != nil
				words = append(words, forms[j].Word)
			}
			if met || first != i {
				continue
			}
		}
		d := p.list.Errorf(diag.MissingOption, p.span(max(p.end-1, 0), p.end), "`%s` needs %s", word.Name, quoted(words)).
			At("missing here")
		for _, w := range words {
			d.Hint("`%s …`: %s", w, findOption(forms, w).Doc)
		}
	}
}

// unknownOption fails for a word that is no option of the clause.
func (p *parser) unknownOption(word Ident, forms []OptionForm) {
	w := p.textOf(p.tok)
	if Reserved(w) || p.apartUnit() {
		return
	}
	at := p.at(p.tok)
	if n := p.peek(1); w == "per" && n.Kind == Word && !n.Line {
		p.fail(diag.UnknownOption, at, "`%s` has no `%s`", word.Name, w).
			Hint("a number of times is written as in `12/year`").Fix(p.span(p.end, int(n.Start)), "/")
		return
	}
	if n := p.peek(1); len(forms) > 0 && (n.Kind == Equals || n.Kind == PlusEquals) && (word.Name == "env" || word.Name == "label") {
		p.fail(diag.SeveralOnOneLine, at, "expected the end of the line, found %s", p.describe(p.tok)).
			Hint("each has a clause of its own: `%s %s = …`", word.Name, quoteLess(w))
		return
	}
	if len(forms) > 0 && forms[0].Word == "with" && forms[0].Required && (p.peek(1).Line || !beginsOperand(p.peek(1).Kind)) && diag.Nearest(w, optionWords(forms)) == "" {
		p.fail(diag.MissingOption, at, "`%s` needs `with`", word.Name).At("the word is missing before this").
			Hint("`with …`: %s", forms[0].Doc).Fix(p.span(p.end, p.end), " with")
		return
	}
	meant := slices.ContainsFunc(optionHabits[w], func(o string) bool { return findOption(forms, o) != nil })
	if len(forms) == 0 || !meant && len(formsByWord[w]) > 0 && diag.Nearest(w, optionWords(forms)) == "" {
		p.fail(diag.SeveralOnOneLine, at, "expected the end of the line, found `%s`", w).
			Note("each clause stands on a line of its own").
			Hint("begin a new line before it")
		return
	}
	d := p.fail(diag.UnknownOption, at, "`%s` has no `%s`", word.Name, quoteLess(w))
	suggest(d, w, forms)
}

func optionWords(forms []OptionForm) []string {
	words := make([]string, len(forms))
	for i := range forms {
		words[i] = forms[i].Word
	}
	return words
}

// optionHabits are words that people write for options, with what they mean.
var optionHabits = map[string][]string{
	"into": {"to"}, "dest": {"to"}, "target": {"to"}, "at": {"to", "in"},
	"chown": {"owner"}, "uid": {"owner"}, "chmod": {"mode"}, "permissions": {"mode"},
	"except": {"exclude"}, "without": {"exclude"}, "only": {"include"},
	"user": {"as", "owner"}, "dir": {"in"}, "workdir": {"in"}, "using": {"with"}, "mount": {"with"},
	"checksum": {"sha256"}, "sha": {"sha256"}, "extract": {"unpack"}, "untar": {"unpack"},
	"content": {"text"}, "contents": {"text"}, "interval": {"every"}, "outputs": {"prints"},
}

// suggest says which words there are, or which one was meant.
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
		d.Note("what can follow: %s", quoted(words))
	}
}
