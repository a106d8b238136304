package syntax

import "github.com/layc-lang/layc/lang/diag"

// options reads the options of a clause or an item in any order. It reports repeated,
// exclusive, missing and unknown options. last is the operand of the word before them.
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
	if p.ends() || p.tok.Kind == RBrace {
		p.unmet(word, forms, all)
	} else {
		p.noOption(word, forms, last, all)
	}
	return all
}

// optionHere returns the option that begins at the current token, or nil.
func (p *parser) optionHere(options []OptionForm) *OptionForm {
	if len(options) == 0 || !p.on(Word) {
		return nil
	}
	return findOption(options, p.textOf(p.tok))
}

// option reads the option at the current token. siblings may follow it.
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
//	Item { "," Item }
//
//	Item = "cache" Expression
//	     | "bind" Expression [ "from" Expression ] "to" Expression
//	     | "secret" identifier [ "as" identifier | "to" Expression ]
//	     | "ssh"
//	     | "tmpfs" Expression
//	     | "env" Key "=" Expression
//	     | "network" Expression .
//
// as in the table in forms.go.
func (p *parser) items(forms []OptionForm) []*Option {
	var all []*Option
	p.inItems = true
	defer func() { p.inItems = false }()
	for !p.failed {
		start := int(p.tok.Start)
		form := p.optionHere(forms)
		if form == nil {
			p.noItem(forms)
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

// itemOptions reads the options of an item. Other words, and options that the item already
// has, belong to the clause.
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

// repeated reports an option that is already there, or that an option of all excludes.
func (p *parser) repeated(o *Option, form *OptionForm, all []*Option, forms []OptionForm) bool {
	if p.failed {
		return false
	}
	for _, before := range all {
		word := before.Word.Name
		if word == form.Word {
			p.list.Errorf(diag.RepeatedOption, o.Word.At, "`%s` is defined twice", word).
				See(before.Word.At, "first defined here").
				Hint("keep one of them")
			return true
		}
		if other := findOption(forms, word); other != nil && form.Choice != "" && other.Choice == form.Choice {
			p.list.Errorf(diag.ConflictingOptions, o.Word.At, "cannot combine `%s` and `%s`", word, form.Word).
				See(before.Word.At, "`%s` is defined here", word).
				Hint("keep one of them")
			return true
		}
	}
	return false
}

// unmet reports missing options.
func (p *parser) unmet(word Ident, forms []OptionForm, all []*Option) {
	if p.failed {
		return
	}
	for i := range forms {
		f := &forms[i]
		given := findRead(all, f.Word)
		if given != nil && f.After != "" && findRead(all, f.After) == nil {
			at := p.span(given.Word.At.Start, given.Word.At.Start)
			p.list.Errorf(diag.ConflictingOptions, given.Word.At, "`%s` requires `%s`", f.Word, f.After).
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
		d := p.list.Errorf(diag.MissingOption, p.span(max(p.end-1, 0), p.end), "missing option of `%s`: %s", word.Name, quoted(words)).
			At("expected here")
		for _, w := range words {
			d.Hint("`%s …`: %s", w, findOption(forms, w).Doc)
		}
	}
}
