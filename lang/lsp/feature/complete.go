package feature

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/doc"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Kind is the kind of a proposal or a symbol.
type Kind int

// The kinds.
const (
	KindKeyword Kind = iota
	KindClause
	KindOption
	KindComponent
	KindSlot
	KindUser
	KindValue
	KindParam
	KindModule
	KindApp
	KindFleet
	KindFile
	KindPackage
	KindType
	KindWord
)

// Proposal is something that can be written at a place.
type Proposal struct {
	Label   string
	Insert  string // the text, or a snippet
	Snippet bool
	Kind    Kind
	Detail  string // in short
	Doc     string // Markdown
	Also    []Edit // further edits, such as an import

	fit int // higher ones come first
}

// Proposals are what can be written at a place, the fittest first.
type Proposals struct {
	At    source.Span // what they replace
	All   []Proposal
	Limit bool // there are more, which further letters show
}

// mostProposals limits a list.
const mostProposals = 200

// Complete returns what can be written at a place.
func Complete(p *Place) Proposals {
	c, ok := contextOf(p)
	if !ok || c.quoted {
		if all := variables(p); len(all.All) > 0 || !ok {
			return all
		}
	}
	x := &completion{Place: p, context: c}
	x.propose()
	word := strings.ToLower(c.word)
	kept := x.all[:0]
	seen := map[string]bool{}
	for _, o := range x.all {
		how := similarity(strings.ToLower(o.Label), word)
		if how == 0 || seen[o.Label] {
			continue
		}
		seen[o.Label] = true
		o.fit += how
		kept = append(kept, o)
	}
	slices.SortStableFunc(kept, func(a, b Proposal) int { return cmp.Compare(b.fit, a.fit) })
	out := Proposals{At: c.at, All: kept}
	if len(kept) > mostProposals {
		out.All, out.Limit = kept[:mostProposals], true
	}
	return out
}

// similarity tells how well a label matches what was typed; 0: not at all.
func similarity(label, word string) int {
	switch {
	case word == "":
		return 1
	case strings.HasPrefix(label, word):
		return 1000
	case strings.Contains(label, word):
		return 500
	}
	at := 0
	for i := range len(label) {
		if at < len(word) && label[i] == word[at] {
			at++
		}
	}
	if at == len(word) {
		return 100
	}
	return 0
}

// completion collects proposals.
type completion struct {
	*Place
	*context
	all []Proposal
}

func (x *completion) add(fit int, o Proposal) {
	o.fit = fit
	if o.Insert == "" {
		o.Insert = o.Label
	}
	x.all = append(x.all, o)
}

func (x *completion) propose() {
	switch {
	case x.quoted && x.decl == "import":
		x.imports(false)
	case x.quoted:
		x.strings(true)
	case x.decl == "import" && len(x.stmt) == 1:
		x.imports(true)
	case x.decl == "import":
		if len(x.stmt) == 2 {
			x.word("as", 10, "gives the module another name")
		}
	case x.starts && x.place == 0:
		x.declarationWords()
	case x.starts && x.match:
		x.word("else", 5, "the default arm")
		x.strings(false)
		x.values()
	case x.starts:
		x.clauses()
	case x.naming:
		return
	case x.assigns != nil:
		for n, word := range x.assigns {
			x.word(word, 10-n, "")
		}
	case len(x.member) > 0:
		x.members()
	case x.types:
		for n, t := range []string{"string", "int", "bool", "version", "path", "size", "duration", "list", "map", "component"} {
			x.add(20-n, Proposal{Label: t, Kind: KindType})
		}
	case x.callee != nil && x.next.Kind == syntax.Colon:
		x.parameters(100)
	default:
		if x.callee != nil && !x.listed {
			x.parameters(30)
		}
		if x.form != nil && x.more {
			x.options()
		}
		switch {
		case x.wordsOnly():
			x.operandWords()
		case x.value || x.form == nil || x.inner:
			x.strings(false)
			x.operandWords()
			x.values()
		}
		x.headerWords()
	}
}

func (x *completion) word(word string, fit int, about string) {
	x.add(fit, Proposal{Label: word, Kind: KindKeyword, Detail: about})
}

// follows reports whether a token of a kind is in the rest of the line.
func (x *completion) follows(kinds ...syntax.Kind) bool {
	return slices.ContainsFunc(x.rest, func(t syntax.Token) bool { return slices.Contains(kinds, t.Kind) })
}

// block reports whether the line goes on to open a block.
func (x *completion) block() bool {
	return len(x.rest) > 0 && x.rest[len(x.rest)-1].Kind == syntax.LBrace
}

func (x *completion) declarationWords() {
	snippets := map[string]string{
		"import": "import \"${1:std/debian}\"", "fleet": "fleet {\n    base ${1}\n}", "component": "component ${1:name} {\n    ${2}\n}",
		"app": "app ${1:name} {\n    uses ${2}\n}", "slot": "slot ${1:name}", "user": "user ${1:name} {\n    uid ${2:1001}\n}",
		"let": "let ${1:name} = ${2}", "param": "param ${1:name}: ${2:string}",
	}
	about := map[string]string{
		"import": "a module", "fleet": "what all apps share", "component": "a part of images", "app": "an image", "slot": "a place for one of several components",
		"user": "a user account", "let": "a value", "param": "a value that is set with --set",
	}
	for n, word := range []string{"app", "component", "import", "let", "fleet", "slot", "user", "param"} {
		if fleet := x.Out.Checked.Fleet; word == "fleet" && fleet != nil && !on(fleet.At, x.Offset) {
			continue // a second one is an error
		}
		o := Proposal{Label: word, Kind: KindKeyword, Detail: about[word]}
		if len(x.rest) == 0 {
			o.Insert, o.Snippet = snippets[word], true
		}
		x.add(20-n, o)
	}
}

// clauses proposes what can begin a statement: clauses that fit the rest of the line first.
func (x *completion) clauses() {
	declared := x.clausesOfBlock()
	common := x.commonClauses()
	examples := clauseDocs()
	forms := syntax.Forms()
	for n := range forms {
		f := &forms[n]
		if f.In&x.place == 0 {
			continue
		}
		fit := 200 - n + min(10*common[f.Word], 100)
		if check.Once(f.Word, x.place == syntax.InUser) && declared[f.Word] {
			fit -= 100
		}
		fit += 300 * x.suits(f)
		o := Proposal{Label: f.Word, Kind: KindClause, Detail: f.Doc, Doc: examples[f.Word]}
		if len(x.rest) == 0 {
			o.Insert, o.Snippet = snippetOf(f), true
		} else {
			o.Insert = f.Word
		}
		x.add(fit, o)
	}
	for n, word := range []string{"let", "if", "for", "match"} {
		fit := 100 - n
		switch {
		case x.block() && word == "for" && x.hasWord("in"), x.block() && word != "for" && word != "let" && !x.hasWord("in"):
			fit += 1500
		case word == "let" && len(x.rest) > 1 && x.rest[1].Kind == syntax.Equals:
			fit += 900
		}
		x.word(word, fit, map[string]string{"let": "a value", "if": "a condition", "for": "a loop", "match": "a choice"}[word])
	}
	switch {
	case !x.otherwise:
	case x.ofRest(0) == "{" || x.ofRest(0) == "if":
		x.word("else", 2000, "otherwise")
	default:
		x.word("else", 1, "otherwise")
	}
}

func (x *completion) ofRest(n int) string {
	if n < len(x.rest) {
		return x.of(x.rest[n])
	}
	return ""
}

func (x *completion) hasWord(word string) bool {
	return slices.ContainsFunc(x.rest, func(t syntax.Token) bool { return x.of(t) == word })
}

// suits tells how well a clause suits the rest of the line: 0 to 3.
func (x *completion) suits(f *syntax.Form) int {
	if len(x.rest) == 0 {
		return 0
	}
	fits := 0
	chosen := map[string]bool{}
	for _, o := range f.Options {
		if x.hasWord(o.Word) {
			fits = 2
			chosen[o.Choice] = true
		}
	}
	for _, o := range f.Options {
		if o.Required && !x.hasWord(o.Word) && (o.Choice == "" || !chosen[o.Choice]) {
			return 0
		}
	}
	first := x.rest[0]
	assigned := len(x.rest) > 1 && (x.rest[1].Kind == syntax.Equals || x.rest[1].Kind == syntax.PlusEquals)
	pair := f.Takes == syntax.Pair || f.Takes == syntax.Append
	option := f.Option(x.of(first)) != nil
	switch {
	case pair != assigned:
		return 0
	case pair:
		return 3
	case option:
		if f.Option(x.of(first)).Instead || f.Takes == syntax.Nothing {
			return 3
		}
		return 0
	case f.Takes == syntax.Nothing:
		return 0
	}
	type_ := check.OperandType(f.Word)
	good := false
	switch first.Kind {
	case syntax.Text, syntax.BlockText:
		text := strings.Trim(x.of(first), `"`)
		if strings.HasPrefix(text, "/") && slices.Contains([]string{"dir", "workdir", "volume", "owns", "file", "link", "home"}, f.Word) {
			fits++
		}
		good = type_ != "component" && type_ != "slot" && type_ != "rate" && type_ != "size" && type_ != "int" && type_ != "list(string)" || f.Takes == syntax.Shell
	case syntax.Numeral:
		good = slices.Contains([]string{"int", "size", "port", "rate", "interval", "duration"}, type_)
	case syntax.LBracket:
		if strings.HasPrefix(type_, "list") {
			fits++
		}
		good = strings.HasPrefix(type_, "list") || f.Takes == syntax.Many || strings.Contains(type_, "list")
	case syntax.Word:
		if f.Word == "user" {
			type_ = "user"
		}
		good = f.Takes == syntax.Bare || slices.Contains(f.Words, x.of(first)) || x.nameFits(first, type_)
	case syntax.Minus:
		good = type_ == "int"
	}
	if !good {
		return 0
	}
	return fits + 1
}

// nameFits reports whether a word can be the operand of a type.
func (x *completion) nameFits(word syntax.Token, want string) bool {
	for _, v := range x.Out.Checked.Visible(x.File.Source, x.Offset) {
		if v.Name != x.of(word) {
			continue
		}
		switch v.Object.(type) {
		case *check.Import, *check.Predeclared:
			return want == "component" || want == "slot"
		}
		return fitsType(v.Object, typeOf(v.Object), want)
	}
	return false
}

// clausesOfBlock returns the words of the clauses in the declaration of the cursor.
func (x *completion) clausesOfBlock() map[string]bool {
	words := map[string]bool{}
	for _, n := range x.File.Enclosing(x.Offset) {
		if b, ok := n.(*syntax.Block); ok {
			for _, s := range b.Stmts {
				if s, ok := s.(*syntax.Clause); ok {
					words[s.Word.Name] = true
				}
			}
		}
	}
	return words
}

// commonClauses counts the clauses of the module by their words.
func (x *completion) commonClauses() map[string]int {
	words := map[string]int{}
	for _, f := range x.Module.Files {
		for _, d := range f.Decls {
			syntax.Inspect(d, func(n syntax.Node) bool {
				if s, ok := n.(*syntax.Clause); ok {
					words[s.Word.Name]++
				}
				_, expression := n.(syntax.Expr)
				return !expression
			})
		}
	}
	return words
}

// clauseDocs returns the documentation of clauses by their words, as Markdown.
var clauseDocs = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, c := range doc.Clauses() {
		text := c.Text + ".\n"
		for _, e := range c.Example {
			text += "\n```layer\n" + e + "\n```\n"
		}
		all[c.Word] += text
	}
	return all
})

// snippetOf returns a clause with places for its operands and required options.
func snippetOf(f *syntax.Form) string {
	n := 0
	place := func(takes syntax.Operand, key string) string {
		n++
		switch {
		case takes == syntax.Nothing || takes == syntax.Items:
			n--
			return ""
		case takes == syntax.Pair || takes == syntax.Append:
			n++
			return fmt.Sprintf(" ${%d:NAME} = \"${%d}\"", n-1, n)
		case takes == syntax.Shell:
			return fmt.Sprintf(" \"${%d}\"", n)
		}
		switch check.OperandType(key) {
		case "string", "path":
			return fmt.Sprintf(" \"${%d}\"", n)
		case "list(string)", "list(string) or none":
			return fmt.Sprintf(" [\"${%d}\"]", n)
		}
		return fmt.Sprintf(" ${%d}", n)
	}
	text := f.Word + place(f.Takes, f.Word)
	chosen := map[string]bool{}
	for _, o := range f.Options {
		if o.Required && !chosen[o.Choice] {
			chosen[o.Choice] = o.Choice != ""
			text += " " + o.Word + place(o.Takes, f.Word+" "+o.Word)
		}
	}
	return text
}

// options proposes the options that the clause or the item can still have.
func (x *completion) options() {
	appends := slices.ContainsFunc(append(x.stmt, x.rest...), func(t syntax.Token) bool { return t.Kind == syntax.PlusEquals })
	add := func(forms []syntax.OptionForm, used []string, fit int) {
		has := func(word string) bool { return slices.Contains(used, word) || x.hasWord(word) }
		for n, o := range forms {
			taken := slices.ContainsFunc(forms, func(other syntax.OptionForm) bool {
				return has(other.Word) && (other.Word == o.Word || o.Choice != "" && other.Choice == o.Choice)
			})
			if taken || o.After != "" && !has(o.After) || x.form.Takes == syntax.Append && !appends {
				continue
			}
			f := fit - n
			if o.Required {
				f += 20
			}
			if len(x.rest) > 0 && x.rest[0].Kind == syntax.Word && o.Takes == syntax.Nothing {
				f += 5
			}
			insert := o.Word
			if len(x.rest) == 0 && o.Takes != syntax.Nothing {
				insert += " "
			}
			x.add(f, Proposal{Label: o.Word, Insert: insert, Kind: KindOption, Detail: o.Doc})
		}
	}
	if x.item != nil {
		add(x.item.Options, x.ofItem, 80)
	}
	add(x.form.Options, x.used, 60)
}

// wordsOnly reports whether only words of the language and names of secrets can be written: where
// an item of `with` begins, for its secret, and for the period of a rate.
func (x *completion) wordsOnly() bool {
	if x.form == nil || x.inner || len(x.stmt) == 0 {
		return false
	}
	last := x.stmt[len(x.stmt)-1]
	switch {
	case len(x.form.Periods) > 0:
		return x.perPeriod()
	case x.option == nil:
		return false
	case x.option.Takes == syntax.Items:
		return last.Kind == syntax.Comma || x.of(last) == x.option.Word
	case x.item != nil && x.option == x.item && x.item.Word == "secret":
		return x.of(last) == "secret"
	}
	return false
}

// perPeriod reports whether the period of a rate is at the cursor.
func (x *completion) perPeriod() bool {
	return len(x.form.Periods) > 0 && len(x.stmt) > 2 && x.of(x.stmt[len(x.stmt)-1]) == "/"
}

// operandWords proposes words of the language that a clause takes.
func (x *completion) operandWords() {
	if x.form == nil {
		return
	}
	if x.perPeriod() {
		for n, word := range x.form.Periods {
			x.add(50-n, Proposal{Label: word, Kind: KindWord})
		}
		return
	}
	if x.option == nil {
		for n, word := range x.form.Words {
			x.add(50-n, Proposal{Label: word, Kind: KindWord})
		}
		return
	}
	for n, word := range x.option.Words {
		x.add(60-n, Proposal{Label: word, Kind: KindWord, Detail: x.option.Doc})
	}
	if x.option.Takes == syntax.Items {
		for n, o := range x.option.Items {
			fit := 60 - n
			for _, sub := range o.Options {
				if x.hasWord(sub.Word) {
					fit += 20
				}
			}
			x.add(fit, Proposal{Label: o.Word, Kind: KindOption, Detail: o.Doc})
		}
	}
	if x.item != nil {
		last := x.stmt[len(x.stmt)-1]
		if last.Kind == syntax.Comma {
			if with := x.form.Option("with"); with != nil {
				for n, o := range with.Items {
					x.add(40-n, Proposal{Label: o.Word, Kind: KindOption, Detail: o.Doc})
				}
			}
		}
		if x.item.Word == "secret" && x.option == x.item {
			for _, name := range secretsOf(x.Out.Checked) {
				x.add(60, Proposal{Label: name, Kind: KindWord, Detail: "a secret of the fleet"})
			}
		}
	}
}
