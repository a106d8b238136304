package editor

import (
	"slices"
	"strings"
)

// rule is a rule of a highlighter: a match, or a region from begin to end that has rules of its own.
// The groups of match and begin cover all that these match.
type rule struct {
	match      string
	begin, end string
	kind       kind   // of the whole match; of a region with its ends
	groups     []kind // of the groups of match or begin, instead; "" for space
	ends       kind   // of the end
	rules      []rule
	include    string // a set of rules, instead of everything else
	shell      bool   // the text of a run, instead of everything else
}

// kind is what a theme colours.
type kind string

const (
	comment     kind = "comment"
	declaration kind = "declaration" // component
	clauseWord  kind = "clause"      // copy
	optionWord  kind = "option"      // to
	control     kind = "control"     // if
	boolean     kind = "boolean"
	value       kind = "value" // monthly
	name        kind = "name"
	declared    kind = "declared" // the name of a declaration
	function    kind = "function" // a name that is called
	key         kind = "key"      // of a map, an argument or a variable
	typeName    kind = "type"
	number      kind = "number"
	text        kind = "text"
	escape      kind = "escape"
	inserted    kind = "inserted" // the marks of an interpolation
	operator    kind = "operator"
	punctuation kind = "punctuation"
)

const (
	word     = `[A-Za-z_][A-Za-z0-9_]*`
	numeral  = `\b[0-9]+\.[0-9]+/[A-Za-z_][A-Za-z0-9_]*|\b[0-9]+(?:\.[0-9]+)?[A-Za-z0-9_]*`
	operand  = `(?<=[A-Za-z0-9_")\]}])` // after something that ends an operand
	toTheEnd = `(?=\n|\})`              // of a statement
)

// include returns rules that include sets.
func include(names ...string) []rule {
	var all []rule
	for _, n := range names {
		all = append(all, rule{include: n})
	}
	return all
}

// sets returns the rules by the names of their sets, and the names in order. A file begins with the
// set file.
func sets() (all map[string][]rule, order []string) {
	put := func(name string, rules ...rule) {
		all[name], order = rules, append(order, name)
	}
	all = map[string][]rule{}

	header := func(begin string, groups ...kind) rule {
		return rule{begin: begin, groups: groups, end: toTheEnd, rules: include("header")}
	}
	put("file", append([]rule{
		{include: "comment"},
		{begin: `\b(import)\b`, groups: []kind{declaration}, end: toTheEnd, rules: []rule{
			{match: `(?<=")([ \t]+)(as)\b`, groups: []kind{"", control}}, {include: "comment"}, {include: "text"}, {include: "words"}}},
		{begin: `\b(param|slot)([ \t]+)(` + word + `)`, groups: []kind{declaration, "", declared}, end: toTheEnd,
			rules: include("types", "statement")},
		{begin: `\b(component)([ \t]+)(` + word + `)`, groups: []kind{declaration, "", declared}, end: toTheEnd, rules: append([]rule{
			{begin: `(\()`, groups: []kind{punctuation}, end: `\)|(?=\})`, ends: punctuation, rules: include("types", "expression", "braces")}},
			include("named")...)},
		{begin: `\b(user)([ \t]+)(` + word + `)`, groups: []kind{declaration, "", declared}, end: toTheEnd, rules: include("named")},
		header(`\b(app)\b([ \t]*)`, declaration, ""),
		header(`\b(fleet)\b`, declaration),
	}, include("block-content")...)...)

	put("block-content", include("comment", "branches", "clauses", "expression", "block")...)
	put("block", rule{begin: `(\{)`, groups: []kind{punctuation}, end: `\}|(?=^(?:import|param|slot|component|app|fleet)\b)`,
		ends: punctuation, rules: include("block-content")})
	put("branches",
		rule{begin: `\b(let)([ \t]+)(` + word + `)`, groups: []kind{control, "", declared}, end: toTheEnd, rules: include("statement")},
		rule{begin: `\b(if|for|match|else)\b(?!\s*:)([ \t]*)`, groups: []kind{control, ""}, end: toTheEnd, rules: include("header")})

	// Headers: of declarations and of statements with blocks.
	put("header", append([]rule{
		{include: "continued"},
		{match: operand + `([ \t]+)(for|in|where)\b([ \t]*)`, groups: []kind{"", control, ""}},
		{include: "block"},
	}, include("expression")...)...)

	// What follows the name in a header where no control word can follow: the name itself may be one.
	put("named", include("continued", "block", "expression")...)

	// What follows in a statement that has no block.
	put("statement", include("continued", "expression", "braces")...)
	put("continued",
		rule{match: `(,|\|\||&&|[=!<>]=|[-+*/%<>])([ \t\r]*)(#.*)?(\n)`, groups: []kind{operator, "", comment, ""}},
		rule{match: `^([ \t\r]*)(#.*)?(\n)`, groups: []kind{"", comment, ""}},
		rule{include: "comment"})
	put("clauses", clauseRules()...)

	put("types", rule{begin: `(:)`, groups: []kind{punctuation}, end: `(?=[=,)\n])`, rules: include("type")})
	put("type",
		rule{match: `\b` + word, kind: typeName},
		rule{begin: `(\()`, groups: []kind{punctuation}, end: `\)|(?=\n)`, ends: punctuation, rules: include("type")},
		rule{match: `,`, kind: punctuation})

	put("expression",
		rule{include: "comment"},
		rule{include: "text"},
		rule{match: numeral, kind: number},
		rule{match: `\b(true|false)\b(?!\s*:)`, groups: []kind{boolean}},
		rule{match: `\b(if|match|else)\b(?!\s*:)([ \t]*)`, groups: []kind{control, ""}},
		rule{match: `\b(else)\b(?=\s*:)`, groups: []kind{control}},
		rule{match: `(\.)(` + word + `)(?=\()`, groups: []kind{punctuation, function}},
		rule{match: `(\.)(` + word + `)`, groups: []kind{punctuation, key}},
		rule{match: `\b` + word + `(?=\()`, kind: function},
		rule{match: `\b` + word + `(?=\s*:)`, kind: key},
		rule{begin: `(\()`, groups: []kind{punctuation}, end: `\)|(?=\})`, ends: punctuation, rules: include("expression", "braces")},
		rule{begin: `(\[)`, groups: []kind{punctuation}, end: `\]|(?=\})`, ends: punctuation, rules: include("expression", "braces")},
		rule{match: `\|\||&&|[=!<>+]=|[-+*/%<>=!]`, kind: operator},
		rule{match: `[,:.]`, kind: punctuation},
		rule{match: `\b(` + or(Values()) + `)\b`, kind: value},
		rule{match: `\b` + word, kind: name})
	put("braces", rule{begin: `(\{)`, groups: []kind{punctuation}, end: `\}`, ends: punctuation, rules: include("expression", "braces")})
	put("words", rule{match: `\b` + word, kind: name})
	put("comment", rule{match: `#.*`, kind: comment})
	put("text",
		rule{begin: `"""`, kind: text, end: `"""`, rules: include("characters")},
		rule{begin: `"`, kind: text, end: `"|(?=\n)`, rules: include("characters")})
	put("characters",
		rule{match: `\\(?:[nt"\\]|u\{[0-9A-Fa-f]{1,6}\})|\$\$\{`, kind: escape},
		rule{begin: `(\$\{)`, groups: []kind{inserted}, end: `\}|(?=["\n])`, ends: inserted, rules: include("inserted")})
	put("inserted",
		rule{begin: `(\{)`, groups: []kind{punctuation}, end: `\}|(?=["\n])`, ends: punctuation, rules: include("inserted")},
		rule{begin: `([\[(])`, groups: []kind{punctuation}, end: `[\])]|(?=["\n}])`, ends: punctuation, rules: include("inserted")},
		rule{match: numeral, kind: number},
		rule{match: `\b(true|false)\b`, kind: boolean},
		rule{match: `\b(if|match|else)\b`, kind: control},
		rule{match: `\|\||&&|[=!<>]=|[-+*/%<>=!]`, kind: operator},
		rule{match: `[,:.]`, kind: punctuation},
		rule{match: `\b` + word + `(?=\()`, kind: function},
		rule{match: `\b` + word, kind: name})
	return all, order
}

// clauseRules returns a rule for each clause: first the word, then its options after operands. At the
// end is a rule for lines that begin with a word that is not a clause.
func clauseRules() []rule {
	var all []rule
	var plain []string // clauses without options
	for _, c := range clauses() {
		if len(c.Options) == 0 && c.Takes != "key = value" && c.Takes != "nothing" {
			plain = append(plain, c.Word)
			continue
		}
		r := rule{begin: starts(c.Word), groups: []kind{clauseWord, ""}, end: toTheEnd}
		if !takes(c.Takes, c.Options) {
			r.begin, r.groups = strings.TrimSuffix(r.begin, `([ \t]*)`), r.groups[:1]
		}
		if c.Takes == "shell text" {
			r.rules = append(r.rules, rule{shell: true})
		}
		r.rules = append(append(r.rules, optionRules(c)...), include("statement")...)
		all = append(all, r)
	}
	all = append(all, rule{begin: starts(or(plain)), groups: []kind{clauseWord, ""}, end: toTheEnd, rules: include("statement")})
	return append(all, rule{begin: `\b(` + word + `)(?=\s+[A-Za-z0-9_"\[{])`, groups: []kind{name}, end: toTheEnd, rules: include("header")})
}

// starts returns the beginning of a clause that takes a value: the space is part of it, so that no
// option follows directly.
func starts(words string) string { return `\b(` + words + `)\b(?!\s*[{:,.=)])([ \t]*)` }

// takes reports whether a value directly follows a word.
func takes(operands string, options []option) bool {
	return operands != "nothing" && operands != "items" && !slices.ContainsFunc(options, func(o option) bool { return o.Instead })
}

// optionRules returns the rules of the options of a clause.
func optionRules(c clause) []rule {
	var with, bare, items, bareItems []string
	add := func(o option, with, bare *[]string) {
		to := with
		if !takes(o.Takes, nil) {
			to = bare
		}
		if !slices.Contains(*to, o.Word) {
			*to = append(*to, o.Word)
		}
	}
	for _, o := range c.Options {
		add(o, &with, &bare)
		for _, i := range o.Items {
			add(i, &items, &bareItems)
			for _, io := range i.Options {
				add(io, &with, &bare)
			}
		}
	}
	var all []rule
	if words := append(items, bareItems...); len(words) > 0 {
		item := `(` + or(words) + `)\b([ \t]*)`
		all = append(all,
			rule{match: operand + `([ \t]+)(` + or(bare) + `)([ \t]+)` + item, groups: []kind{"", optionWord, "", optionWord, ""}},
			rule{match: `(,)([ \t]*)` + item, groups: []kind{punctuation, "", optionWord, ""}},
			rule{match: `^([ \t]*)` + item, groups: []kind{"", optionWord, ""}})
	}
	if len(with) > 0 {
		all = append(all, rule{match: operand + `([ \t]+)(` + or(with) + `)\b([ \t]*)`, groups: []kind{"", optionWord, ""}})
	}
	if len(bare) > 0 {
		all = append(all, rule{match: operand + `([ \t]+)(` + or(bare) + `)\b`, groups: []kind{"", optionWord}})
	}
	return all
}
