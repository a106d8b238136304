package syntax_test

// A recognizer for the grammar of spec.md, so that tests can ask whether the spec allows a
// file, independently of the parser.
//
// The grammar's expressions become rules. A rule tried at a position returns the positions
// at which it may end. These sets are cached by rule and position, so each is computed once,
// and the time is proportional to the length of the file unless the grammar is very
// ambiguous. Positions are tokens above the level of words, and bytes within a token; the
// same rules work for both.
//
// Rules that the spec states in words, not in EBNF, are code here: optional line ends,
// options in any order, productions without a body, a subject that begins with a brace.
// begins with a brace.

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/exp/ebnf"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

type rule struct {
	id      int
	kind    ruleKind
	text    string // of a token; or the name of a production
	last    rune   // of a range that begins with text
	kids    []*rule
	options []option // of a clause; kids are its operands
}

type ruleKind int

const (
	sequence ruleKind = iota
	alternative
	optional
	repeated
	literal
	span // of characters
	name
	clause
)

// option is an option of a clause or an item.
type option struct {
	words    []string // words that begin it
	is       *rule
	required bool
	after    int // index of the option that it requires, or -1
}

// deriver has the rules of a grammar.
type deriver struct {
	grammar ebnf.Grammar
	named   map[string]*rule
	rules   int
	tokens  map[[2]string]bool // by production and text: whether the text matches
	tables  []table            // one per active matcher
	depth   int
}

// table caches the results of a matcher by rule and position: ends, if of is its number.
type table struct {
	ends [][]int
	of   []int
	last int
}

func newDeriver(t testing.TB) *deriver {
	d := &deriver{grammar: grammar(t), named: map[string]*rule{}, tokens: map[[2]string]bool{}}
	for name, production := range d.grammar {
		r := d.rule(sequence)
		d.named[name] = r
		if production.Expr != nil {
			r.kids = []*rule{d.build(production.Expr, strings.HasSuffix(name, "Clause") || inClauses[name])}
		}
	}
	return d
}

// inClauses are the productions with an alternative that is a clause or an item.
var inClauses = map[string]bool{"Base": true, "Layers": true, "Owns": true, "Replaces": true, "Changes": true,
	"Size": true, "Test": true, "Step": true, "Item": true, "Configuration": true}

func (d *deriver) rule(k ruleKind) *rule {
	d.rules++
	return &rule{id: d.rules - 1, kind: k}
}

func (d *deriver) build(x ebnf.Expression, clauses bool) *rule {
	switch x := x.(type) {
	case ebnf.Alternative:
		r := d.rule(alternative)
		for _, y := range x {
			r.kids = append(r.kids, d.build(y, clauses))
		}
		return r
	case ebnf.Sequence:
		if clauses {
			return d.clause(x)
		}
		r := d.rule(sequence)
		for _, y := range x {
			r.kids = append(r.kids, d.build(y, false))
		}
		return r
	case *ebnf.Group:
		return d.build(x.Body, false)
	case *ebnf.Option:
		r := d.rule(optional)
		r.kids = []*rule{d.build(x.Body, false)}
		return r
	case *ebnf.Repetition:
		r := d.rule(repeated)
		r.kids = []*rule{d.build(x.Body, false)}
		return r
	case *ebnf.Token:
		r := d.rule(literal)
		r.text = x.String
		return r
	case *ebnf.Range:
		r := d.rule(span)
		r.text = x.Begin.String
		r.last, _ = utf8.DecodeRuneInString(x.End.String)
		return r
	case *ebnf.Name:
		r := d.rule(name)
		r.text = x.String
		return r
	}
	panic(fmt.Sprintf("%T in the grammar", x))
}

// clause turns a clause's sequence into its word, its operands, and options in any order.
func (d *deriver) clause(x ebnf.Sequence) *rule {
	r := d.rule(clause)
	r.kids = append(r.kids, d.build(x[0], false))
	for i := 1; i < len(x); i++ {
		words := d.begins(x[i])
		if words == nil {
			r.kids = append(r.kids, d.build(x[i], false))
			continue
		}
		var body ebnf.Expression = x[i]
		o := option{words: words, required: true, after: -1}
		if q, ok := body.(*ebnf.Option); ok {
			body, o.required = q.Body, false
		}
		if _, ok := body.(*ebnf.Token); ok && i+1 < len(x) && d.begins(x[i+1]) == nil {
			i++
			body = ebnf.Sequence{body, x[i]}
		}
		inner := -1
		if s, ok := body.(ebnf.Sequence); ok {
			inner = slices.IndexFunc(s, func(y ebnf.Expression) bool { _, ok := y.(*ebnf.Option); return ok && d.begins(y) != nil })
			if inner == 1 { // options of an option: unpack [ strip N ] [ limit N ]
				o.is = d.build(s[0], false)
				outer := len(r.options)
				r.options = append(r.options, o)
				for _, y := range s[1:] {
					r.options = append(r.options, option{words: d.begins(y), is: d.build(y.(*ebnf.Option).Body, false), after: outer})
				}
				continue
			}
		}
		o.is = d.build(body, false)
		r.options = append(r.options, o)
	}
	return r
}

// begins returns the words that an expression can begin with; nil if it can also begin with
// something else.
func (d *deriver) begins(x ebnf.Expression) []string {
	switch x := x.(type) {
	case *ebnf.Token:
		if x.String[0] >= 'a' && x.String[0] <= 'z' {
			return []string{x.String}
		}
	case ebnf.Sequence:
		return d.begins(x[0])
	case ebnf.Alternative:
		var words []string
		for _, y := range x {
			w := d.begins(y)
			if w == nil {
				return nil
			}
			words = append(words, w...)
		}
		return words
	case *ebnf.Group:
		return d.begins(x.Body)
	case *ebnf.Option:
		return d.begins(x.Body)
	case *ebnf.Name:
		if p := d.grammar[x.String]; p != nil && p.Expr != nil && x.String[0] <= 'Z' && x.String != "Expression" {
			return d.begins(p.Expr)
		}
	}
	return nil
}

// derives reports whether the spec allows the file, and up to which byte.
func (d *deriver) derives(text string) (ok bool, upTo int) {
	words, good := layout(text)
	if !good {
		return false, 0
	}
	return d.whole("File", &input{words: words})
}

// whole reports whether a production matches a whole input.
func (d *deriver) whole(production string, in *input) (ok bool, upTo int) {
	if d.depth == len(d.tables) {
		d.tables = append(d.tables, table{})
	}
	known := d.tables[d.depth]
	if n := d.rules * (in.len() + 1); n > len(known.of) {
		known = table{ends: make([][]int, n), of: make([]int, n)}
	}
	known.last++
	d.tables[d.depth] = known
	d.depth++
	defer func() { d.depth-- }()
	m := matcher{deriver: d, input: in, table: known}
	ends := m.match(d.named[production], 0)
	return slices.Contains(ends, in.len()), in.offset(m.furthest)
}

// word is a token or a significant line end of the spec.
type word struct {
	kind  syntax.Kind
	text  string
	at    int
	line  bool // a line end
	first bool // the first on its line
}

// layout returns a file's tokens and significant line ends. It is not ok if something is not
// a valid token.
func layout(text string) (words []word, ok bool) {
	tree, _ := syntax.Parse(source.New("x.layer", text))
	var open []syntax.Kind
	for _, t := range tree.Tokens {
		var last, before word
		if n := len(words); n > 0 {
			last = words[n-1]
			before = words[max(0, n-2)]
		}
		s := text[t.Start:t.End]
		switch {
		case t.Kind == syntax.Comment:
			if s[0] != '#' || strings.IndexFunc(s, control) >= 0 {
				return nil, false
			}
			continue
		case t.Open || t.Kind == syntax.Bad:
			return nil, false
		}
		inner := syntax.EOF
		if len(open) > 0 {
			inner = open[len(open)-1]
		}
		if t.Line && len(words) > 0 && inner != syntax.LParen && inner != syntax.LBracket && !continues(last, before) {
			words = append(words, word{line: true, text: "\n", at: int(t.Start)})
		}
		switch t.Kind {
		case syntax.EOF:
			return words, true
		case syntax.LBrace, syntax.LParen, syntax.LBracket:
			open = append(open, t.Kind)
		case syntax.RBrace, syntax.RParen, syntax.RBracket:
			open = open[:max(0, len(open)-1)]
		}
		words = append(words, word{kind: t.Kind, text: s, at: int(t.Start), first: t.Line})
	}
	return words, true
}

func control(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r == utf8.RuneError }

// continues reports whether a statement continues after a token.
func continues(last, before word) bool {
	switch last.kind {
	case syntax.Comma, syntax.OrOr, syntax.AndAnd, syntax.EqualEqual, syntax.NotEqual, syntax.Less, syntax.LessEqual,
		syntax.Greater, syntax.GreaterEqual, syntax.Plus, syntax.Times, syntax.Over, syntax.Percent:
		return true
	case syntax.Minus:
		switch before.kind {
		case syntax.Word, syntax.Numeral, syntax.Text, syntax.BlockText, syntax.RBrace, syntax.RParen, syntax.RBracket:
			return !before.line
		}
	}
	return false
}

// input is the input of a match: the words of a file, or the bytes of a word.
type input struct {
	words  []word
	bytes  string
	within bool // the expression of an interpolation, which has no strings
}

func (in *input) len() int {
	if in.words == nil {
		return len(in.bytes)
	}
	return len(in.words)
}

func (in *input) offset(i int) int {
	if i < len(in.words) {
		return in.words[i].at
	}
	return i
}

type matcher struct {
	*deriver
	*input
	table
	furthest int
}

// match returns the sorted positions at which r may end if it begins at i.
func (m *matcher) match(r *rule, i int) []int {
	key := r.id*(m.len()+1) + i
	if m.of[key] != m.last {
		m.of[key] = m.last
		ends := m.try(r, i)
		slices.Sort(ends)
		m.ends[key] = slices.Compact(ends)
	}
	return m.ends[key]
}

func (m *matcher) try(r *rule, i int) []int {
	switch r.kind {
	case sequence:
		return m.row(r.kids, i)
	case alternative:
		var ends []int
		for _, k := range r.kids {
			ends = append(ends, m.match(k, i)...)
		}
		return ends
	case optional:
		return append([]int{i}, m.match(r.kids[0], i)...)
	case repeated:
		ends := []int{i}
		for n := 0; n < len(ends); n++ {
			for _, end := range m.match(r.kids[0], ends[n]) {
				if !slices.Contains(ends, end) {
					ends = append(ends, end)
				}
			}
		}
		return ends
	case clause:
		return m.clause(r, i)
	case span:
		first, _ := utf8.DecodeRuneInString(r.text)
		if c, n := utf8.DecodeRuneInString(m.bytes[min(i, len(m.bytes)):]); n > 0 && first <= c && c <= r.last {
			return []int{i + n}
		}
		return nil
	case literal:
		if m.words == nil && strings.HasPrefix(m.bytes[i:], r.text) {
			return []int{i + len(r.text)}
		}
		if i < len(m.words) && m.words[i].text == r.text && m.words[i].kind != syntax.Text {
			return m.one(i)
		}
		return nil
	}
	return m.production(r.text, i)
}

func (m *matcher) row(rules []*rule, i int) []int {
	ends := []int{i}
	for _, k := range rules {
		var next []int
		for _, end := range ends {
			next = append(next, m.match(k, end)...)
		}
		slices.Sort(next)
		ends = slices.Compact(next)
	}
	return ends
}

func (m *matcher) one(i int) []int {
	m.furthest = max(m.furthest, i+1)
	return []int{i + 1}
}

// clause matches the options of a clause in any order, each at most once. It takes all
// options that follow.
func (m *matcher) clause(r *rule, i int) []int {
	ends := m.row(r.kids, i)
	var all []int
	type state struct {
		at   int
		used uint
	}
	var todo []state
	for _, end := range ends {
		todo = append(todo, state{end, 0})
	}
	for n := 0; n < len(todo); n++ {
		s := todo[n]
		goesOn := false
		for k, o := range r.options {
			if s.used&(1<<k) != 0 || s.at >= len(m.words) || !slices.Contains(o.words, m.words[s.at].text) {
				continue
			}
			goesOn = true
			for _, end := range m.match(o.is, s.at) {
				if next := (state{end, s.used | 1<<k}); !slices.Contains(todo, next) {
					todo = append(todo, next)
				}
			}
		}
		for k, o := range r.options {
			if used := s.used&(1<<k) != 0; o.required && !used || used && o.after >= 0 && s.used&(1<<o.after) == 0 {
				goesOn = true
			}
		}
		if !goesOn {
			all = append(all, s.at)
		}
	}
	return all
}

// production matches a named production.
func (m *matcher) production(name string, i int) []int {
	if m.words == nil {
		return m.characters(name, i)
	}
	tokens := map[string]syntax.Kind{"word": syntax.Word, "identifier": syntax.Word, "number": syntax.Numeral,
		"plain_string": syntax.Text, "shell_string": syntax.Text, "String": syntax.Text,
		"BlockString": syntax.BlockText, "shell_block": syntax.BlockText}
	if name == "newline" {
		if i < len(m.words) && m.words[i].line {
			return m.one(i)
		}
		if i == len(m.words) && i > 0 && !m.within && !m.words[i-1].line {
			return []int{i} // the last line needs no end
		}
		return nil
	}
	kind, ok := tokens[name]
	if !ok {
		return m.match(m.named[name], i)
	}
	if i >= len(m.words) || m.words[i].kind != kind || m.words[i].line {
		return nil
	}
	text := m.words[i].text
	switch {
	case name == "identifier" && (syntax.Reserved(text) || text == "with" && i > 0 && m.words[i-1].text == "changes"),
		name == "number" && digits(text) > 18,
		m.within && (kind == syntax.Text || kind == syntax.BlockText):
		return nil
	}
	whole, ok := m.tokens[[2]string{name, text}]
	if !ok {
		whole, _ = m.whole(name, &input{bytes: text})
		m.tokens[[2]string{name, text}] = whole
	}
	if !whole {
		return nil
	}
	return m.one(i)
}

func digits(s string) (n int) {
	for _, c := range s {
		if '0' <= c && c <= '9' {
			n++
		}
	}
	return n
}

// characters matches productions within a token. It implements productions without a body
// as the spec states them in words.
func (m *matcher) characters(name string, i int) []int {
	rest := m.bytes[i:]
	c, n := utf8.DecodeRuneInString(rest)
	if strings.HasPrefix(rest, "\r\n") {
		c, n = '\n', 2
	}
	one := []int{i + n}
	switch name {
	case "string_char":
		if n > 0 && c != '"' && c != '\\' && !control(c) && !strings.HasPrefix(rest, "${") && !strings.HasPrefix(rest, "$${") {
			return one
		}
	case "block_char":
		if c == '\n' || c == '"' && !strings.HasPrefix(rest, `"""`) {
			return one
		}
		return m.characters("string_char", i)
	case "shell_char":
		if c == '\\' && len(rest) > 1 {
			if c, n := utf8.DecodeRuneInString(rest[1:]); !control(c) {
				return []int{i + 1 + n}
			}
		}
		if n > 0 && c != '"' && c != '\\' && !control(c) {
			return one
		}
	case "shell_block_char":
		if c == '\n' || c == '"' && !strings.HasPrefix(rest, `"""`) {
			return one
		}
		if c == '\\' && (strings.HasPrefix(rest, "\\\n") || strings.HasPrefix(rest, "\\\r\n")) {
			return one
		}
		return m.characters("shell_char", i)
	case "code":
		n := 0
		code := 0
		for ; n < len(rest) && n < 6 && strings.IndexByte("0123456789abcdefABCDEF", rest[n]) >= 0; n++ {
			_, _ = fmt.Sscanf(rest[n:n+1], "%x", &c)
			code = code<<4 | int(c)
		}
		if n > 0 && utf8.ValidRune(rune(code)) {
			return []int{i + n}
		}
	case "Interpolation":
		return m.interpolation(i)
	default:
		return m.match(m.named[name], i)
	}
	return nil
}

func (m *matcher) interpolation(i int) []int {
	const opener = "${"
	if !strings.HasPrefix(m.bytes[i:], opener) {
		return nil
	}
	rest, _, _ := strings.Cut(m.bytes[i+len(opener):], "\n")
	tree, _ := syntax.Parse(source.New("x.layer", rest))
	in := &input{within: true}
	depth := 0
	for _, t := range tree.Tokens {
		switch t.Kind {
		case syntax.EOF, syntax.Comment, syntax.Bad:
			return nil
		case syntax.LBrace:
			depth++
		case syntax.RBrace:
			if depth--; depth < 0 {
				if ok, _ := m.whole("Expression", in); len(in.words) > 0 && ok {
					return []int{i + len(opener) + int(t.End)}
				}
				return nil
			}
		}
		in.words = append(in.words, word{kind: t.Kind, text: rest[t.Start:t.End], at: int(t.Start)})
	}
	return nil
}
