package feature

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Where a cursor is follows from the tokens, not from the tree: the statement at a cursor is rarely
// complete, and its tree lacks what could not be read. A line in column 1 that begins with the word of
// a declaration begins one, whatever brackets are open before it, as for the parser. From there, a
// stack of open brackets gives the block and the statement of the cursor, and the table of clauses
// the option and the operand.

var declarations = syntax.Declarations()

// context tells where in the syntax a cursor is.
type context struct {
	text string
	at   source.Span    // the word or the content of the string at the cursor, which a proposal replaces
	word string         // its text before the cursor
	rest []syntax.Token // the tokens after it on its line
	next syntax.Token   // the token after it, on any line

	quoted bool // in a string
	decl   string
	name   string       // of the declaration, if it is a word
	place  syntax.Place // of the block; 0: outside of blocks
	starts bool         // a statement or a declaration begins here
	stmt   []syntax.Token
	form   *syntax.Form
	option *syntax.OptionForm // the option or item whose operand is here; nil: the clause's
	item   *syntax.OptionForm
	used   []string // words of options of the clause before the cursor
	ofItem []string // words of options of the item before the cursor
	value  bool     // a value begins here
	more   bool     // after a value: options can follow
	inner  bool     // within brackets of an expression

	callee []syntax.Token // in the arguments of a call: what is called
	args   []string       // names of arguments before the cursor
	count  int            // number of arguments before the cursor
	arg    string         // name of the argument that the cursor is in, if it has one
	member []syntax.Token // after a dot: what is before it
	types  bool           // the type of a parameter
	index  bool           // in the brackets after a list or map
	listed bool           // in a list that is an argument

	naming    bool           // a new name is written here
	assigns   []string       // the signs that can follow here
	subject   []syntax.Token // of the match whose pattern is here
	generated bool           // in a generator, after its `in`
	match     bool           // a pattern of a match
	otherwise bool           // after the block of an `if`
}

type frame struct {
	kind   byte // '{' block, 'm' arms of a match statement, 'e' braces of an expression, '(' or '['
	at     int  // index of the bracket
	stmt   int  // start of the statement around it
	inner  int  // see brackets
	branch bool // braces of an expression that begins with a word
}

// contextOf returns the context of a place; false within comments and other text.
func contextOf(p *Place) (*context, bool) {
	file := p.File.Source
	c := &context{text: file.Text(), at: source.Span{File: file, Start: p.Offset, End: p.Offset}}
	var before []syntax.Token
	for i, t := range p.File.Tokens {
		start, end := int(t.Start), int(t.End)
		if t.Kind == syntax.Comment {
			if start < p.Offset && p.Offset <= end {
				return nil, false
			}
			continue
		}
		if t.Kind != syntax.EOF && (end < p.Offset || end == p.Offset && t.Kind != syntax.Word && !t.Open) {
			before = append(before, t)
			continue
		}
		after := p.File.Tokens[i:]
		switch {
		case start < p.Offset && (t.Kind == syntax.Text || t.Kind == syntax.BlockText):
			if t.Kind == syntax.BlockText {
				return nil, false
			}
			c.quoted, after = true, after[1:]
			c.at.Start, c.at.End = start+1, end
			if !t.Open {
				c.at.End--
			}
			c.at.End = max(c.at.End, p.Offset)
		case start < p.Offset && t.Kind == syntax.Word:
			c.at.Start, c.at.End, after = start, end, after[1:]
		case start < p.Offset:
			return nil, false // within a number or an operator
		}
		for _, t := range after {
			if t.Kind == syntax.Comment {
				continue
			}
			line := t.Line
			if c.next == (syntax.Token{}) {
				c.next, line = t, strings.Contains(c.text[c.at.End:t.Start], "\n")
			}
			if line || t.Kind == syntax.EOF {
				break
			}
			c.rest = append(c.rest, t)
		}
		break
	}
	c.word = c.text[c.at.Start:p.Offset]
	c.scan(before)
	return c, true
}

func (c *context) of(t syntax.Token) string { return c.text[t.Start:t.End] }

// column returns the column of an offset, and whether only space is before it on its line.
func (c *context) column(at int) (int, bool) {
	line := strings.LastIndexByte(c.text[:at], '\n') + 1
	return at - line, strings.TrimSpace(c.text[line:at]) == ""
}

// frames are the open brackets, outer ones first.
type frames []frame

func (f frames) top() byte {
	if len(f) == 0 {
		return 0
	}
	return f[len(f)-1].kind
}

// statements reports whether the innermost bracket contains statements.
func (f frames) statements() bool { return f.top() == '{' || f.top() == 'm' }

// scan finds the declaration, the block and the statement that the cursor is in.
func (c *context) scan(before []syntax.Token) {
	column, first := c.column(c.at.Start)
	first = first && !c.quoted
	from := len(before)
	if column > 0 || !first {
		for from = len(before) - 1; from >= 0; from-- {
			t := before[from]
			if t.Line && t.Kind == syntax.Word && slices.Contains(declarations, c.of(t)) {
				if column, _ := c.column(int(t.Start)); column == 0 {
					break
				}
			}
		}
	}
	if from < 0 || from == len(before) {
		c.starts = first
		return
	}
	tokens := before[from:]
	c.decl = c.of(tokens[0])
	if len(tokens) > 1 && tokens[1].Kind == syntax.Word {
		c.name = c.of(tokens[1])
	}
	stack, stmt, ended := c.brackets(tokens)
	c.classify(tokens, stack, stmt, first, ended)
}

// brackets follows the brackets of a declaration's tokens. It returns those that are open at their end,
// where the statement there starts, and whether the last token closes a block.
func (c *context) brackets(tokens []syntax.Token) (stack frames, stmt int, ended bool) {
	inner := 0 // expressions of the statement that begin with `if` or `match` and have not ended
	pop := func() frame {
		top := stack[len(stack)-1]
		stmt, inner, stack = top.stmt, top.inner, stack[:len(stack)-1]
		return top
	}
	for i, t := range tokens[1:] {
		i++
		if t.Line && t.Kind == syntax.Word && c.startsOver(tokens, i) {
			for len(stack) > 0 && !stack.statements() {
				pop()
			}
		}
		word := c.of(t)
		if ended && word == "else" || stack.statements() && t.Kind != syntax.RBrace && (ended && word != "else" || t.Line && !continues(tokens[i-1])) {
			stmt, inner = i, 0
		}
		ended = false
		switch t.Kind {
		case syntax.Word:
			if i > stmt && (word == "if" || word == "match") && c.of(tokens[i-1]) != "else" {
				inner++
			}
		case syntax.LBrace:
			branch := inner > 0 && !c.isMap(tokens, i)
			kind := byte('e')
			if !branch && !(beginsValue(c, tokens[i-1]) && c.isMap(tokens, i)) {
				kind = c.braces(stack, c.of(tokens[stmt]))
			}
			stack = append(stack, frame{kind, i, stmt, inner, branch})
			stmt, inner = i+1, 0
		case syntax.LParen:
			stack = append(stack, frame{'(', i, stmt, inner, false})
		case syntax.LBracket:
			stack = append(stack, frame{'[', i, stmt, inner, false})
		case syntax.RBrace, syntax.RParen, syntax.RBracket:
			if len(stack) == 0 {
				break
			}
			ended = stack.statements()
			if top := pop(); top.branch && (i+1 == len(tokens) || c.of(tokens[i+1]) != "else") {
				inner--
			}
		}
	}
	return stack, stmt, ended
}

// beginsValue reports whether a value must follow a token in the header of a statement.
func beginsValue(c *context, t syntax.Token) bool {
	switch c.of(t) {
	case "in", "if", "match", "where":
		return true
	}
	return isOperator(t.Kind)
}

// isMap reports whether the braces that open at a token can be those of a map, as the parser decides
// it. Braces that the cursor is in, and that are empty so far, can.
func (c *context) isMap(tokens []syntax.Token, i int) bool {
	after := tokens[i+1:]
	switch {
	case len(after) == 0:
		return c.next.Kind == syntax.RBrace && !c.next.Line
	case len(after) == 1:
		return after[0].Kind == syntax.Word && !after[0].Line || after[0].Kind == syntax.Text || after[0].Kind == syntax.RBrace
	case after[0].Kind == syntax.RBrace:
		return !after[1].Line && after[1].Kind != syntax.RBrace
	}
	return (after[0].Kind == syntax.Word || after[0].Kind == syntax.Text) && after[1].Kind == syntax.Colon
}

// braces returns the kind of braces that open in a statement that begins with a word.
func (c *context) braces(stack frames, word string) byte {
	switch {
	case len(stack) == 0 && slices.Contains([]string{"fleet", "component", "app", "user"}, c.decl), stack.top() == 'm':
		return '{'
	case stack.top() == '{' && word == "match":
		return 'm'
	case stack.top() == '{' && (word == "if" || word == "for" || word == "else"):
		return '{'
	}
	return 'e'
}

// classify tells what can be written after the tokens of a declaration. first is set if only space is
// between the start of the line and the cursor.
func (c *context) classify(tokens []syntax.Token, stack frames, stmt int, first, ended bool) {
	c.place = map[string]syntax.Place{"fleet": syntax.InFleet, "component": syntax.InComponent, "app": syntax.InApp, "user": syntax.InUser}[c.decl]
	if !slices.ContainsFunc(stack, func(f frame) bool { return f.kind == '{' }) {
		c.place = 0
	}
	last := tokens[len(tokens)-1]
	c.subject = c.matched(tokens, stack)
	switch {
	case len(stack) == 0 && len(tokens) > 1 && last.Kind == syntax.RBrace && ended && first:
		c.starts, c.decl = true, ""
		return
	case stack.statements() && first && !continues(last), stack.top() == '{' && (ended || last.Kind == syntax.LBrace):
		c.starts, c.match = true, stack.top() == 'm'
		c.otherwise = ended && stmt+1 < len(tokens) && (c.of(tokens[stmt]) == "if" || c.of(tokens[stmt]) == "else" && c.of(tokens[stmt+1]) == "if")
		return
	}
	c.stmt = tokens[stmt:]
	c.inner = stack.top() == '(' || stack.top() == '[' || stack.top() == 'e'
	c.match = stack.top() == 'm'
	if last.Kind == syntax.Dot {
		c.member = c.chain(tokens[:len(tokens)-1])
	}
	if stack.top() == '[' {
		f := stack[len(stack)-1]
		before := tokens[f.at-1]
		c.index = (before.Kind == syntax.Word || before.Kind == syntax.RBracket) && before.End == tokens[f.at].Start
	}
	call := len(stack) - 1
	for call > 0 && stack[call].kind == '[' && !c.index {
		call--
	}
	if call >= 0 && stack[call].kind == '(' {
		f := stack[call]
		c.callee, c.listed = c.chain(tokens[:f.at]), call < len(stack)-1
		c.arguments(tokens[f.at+1:])
		if len(stack) == 1 && f.at == 2 && c.decl == "component" {
			c.callee, c.types = nil, last.Kind == syntax.Colon
		}
		if n := len(c.callee); c.place == 0 && (c.decl == "component" || c.decl == "param") && n == 1 && (c.of(c.callee[0]) == "list" || c.of(c.callee[0]) == "map") {
			c.callee, c.types = nil, true
		}
	}
	for i := len(tokens) - 1; i > 0 && tokens[i].Kind != syntax.Comma && tokens[i].Kind != syntax.LBrace; i-- {
		c.generated = c.generated || c.of(tokens[i]) == "in"
	}
	if c.decl == "param" && last.Kind == syntax.Colon && len(tokens) == 3 {
		c.types = true
	}
	c.clause()
	c.naming, c.assigns = c.isNew(stack), c.assignment()
	c.value = c.value || last.Kind == syntax.Colon || last.Kind == syntax.LParen || last.Kind == syntax.LBracket || last.Kind == syntax.Comma ||
		last.Kind == syntax.Equals || last.Kind == syntax.PlusEquals || isOperator(last.Kind) ||
		last.Kind == syntax.LBrace && stack.top() == 'e' || last.Kind == syntax.Word && slices.Contains([]string{"if", "match", "in", "where"}, c.of(last))
}

// startsOver reports whether a word, first on its line and in brackets, begins a statement.
func (c *context) startsOver(tokens []syntax.Token, i int) bool {
	if i+1 >= len(tokens) || tokens[i+1].Line {
		return false
	}
	switch tokens[i+1].Kind {
	case syntax.Text, syntax.BlockText, syntax.Numeral, syntax.Word:
		return slices.ContainsFunc(syntax.Forms(), func(f syntax.Form) bool { return f.Word == c.of(tokens[i]) })
	}
	return false
}

func continues(t syntax.Token) bool {
	return t.Kind == syntax.Comma || isOperator(t.Kind)
}

func isOperator(k syntax.Kind) bool { return k >= syntax.OrOr && k <= syntax.Not }

// chain returns the names, dots and indexes at the end of tokens: java.jdk, apps[name].ports.
func (c *context) chain(tokens []syntax.Token) []syntax.Token {
	i, named := len(tokens), false // named: the tokens from i on begin with a name or an index
	for i > 0 {
		switch k := tokens[i-1].Kind; {
		case k == syntax.Word && (!named || tokens[i].Kind == syntax.LBracket), k == syntax.Dot && named && tokens[i].Kind == syntax.Word:
			named = k == syntax.Word
		case k == syntax.RBracket && (!named || tokens[i].Kind == syntax.LBracket):
			depth := 0
			for i--; i > 0; i-- {
				if tokens[i].Kind == syntax.RBracket {
					depth++
				} else if tokens[i].Kind == syntax.LBracket {
					if depth--; depth == 0 {
						break
					}
				}
			}
			i++
			named = true
		default:
			return tokens[i:]
		}
		i--
	}
	return tokens[i:]
}

// arguments counts the arguments before the cursor.
func (c *context) arguments(tokens []syntax.Token) {
	depth := 0
	for i, t := range tokens {
		switch t.Kind {
		case syntax.LParen, syntax.LBracket, syntax.LBrace:
			depth++
		case syntax.RParen, syntax.RBracket, syntax.RBrace:
			depth--
		case syntax.Comma:
			if depth == 0 {
				c.count++
				c.arg = ""
			}
		case syntax.Colon:
			if depth == 0 && i > 0 {
				c.arg = c.of(tokens[i-1])
				c.args = append(c.args, c.arg)
			}
		}
	}
}

// given reports whether an argument before the cursor is for a parameter.
func (c *context) given(n int, name string) bool {
	named := len(c.args)
	if c.arg != "" {
		named--
	}
	return n < c.count-named || slices.Contains(c.args, name)
}

// clause finds the clause and the option of the cursor.
func (c *context) clause() {
	if c.place == 0 || len(c.stmt) == 0 || c.stmt[0].Kind != syntax.Word {
		return
	}
	c.form = syntax.FindForm(c.of(c.stmt[0]), c.place)
	if c.form == nil {
		return
	}
	depth, items := 0, false
	options := c.form.Options
	last := c.stmt[0]
	c.value = c.form.Takes != syntax.Nothing
	for _, t := range c.stmt[1:] {
		switch t.Kind {
		case syntax.LParen, syntax.LBracket, syntax.LBrace:
			depth++
		case syntax.RParen, syntax.RBracket, syntax.RBrace:
			depth--
		}
		if depth > 0 || t.Kind != syntax.Word || last.Kind == syntax.Dot || isOperator(last.Kind) {
			last = t
			continue
		}
		word := c.of(t)
		switch find := func(all []syntax.OptionForm) *syntax.OptionForm {
			for i := range all {
				if all[i].Word == word {
					return &all[i]
				}
			}
			return nil
		}; {
		case items && (last.Kind == syntax.Comma || c.of(last) == "with") && find(c.with().Items) != nil:
			c.item = find(c.with().Items)
			c.option, c.ofItem = c.item, nil
		case c.item != nil && find(c.item.Options) != nil && last.Kind != syntax.Comma:
			c.option = find(c.item.Options)
			c.ofItem = append(c.ofItem, word)
		case last.Kind != syntax.Comma && find(options) != nil:
			c.option, c.item = find(options), nil
			c.used = append(c.used, word)
			items = c.option.Takes == syntax.Items
		default:
			last = t
			continue
		}
		last = t
		c.value = true
	}
	word := last.Kind == syntax.Word && (c.option != nil && c.of(last) == c.option.Word || c.of(last) == c.form.Word && len(c.stmt) == 1)
	takes := c.form.Takes
	if c.option != nil {
		takes = c.option.Takes
	}
	c.value = (word || last.Kind == syntax.Comma || isOperator(last.Kind) || last.Kind == syntax.Equals || last.Kind == syntax.PlusEquals) && takes != syntax.Nothing
	instead := slices.ContainsFunc(c.form.Options, func(o syntax.OptionForm) bool { return o.Instead })
	c.more = depth == 0 && (!word || takes == syntax.Nothing || len(c.stmt) == 1 && instead) && last.Kind != syntax.Comma && !isOperator(last.Kind)
	if c.inner {
		c.more = false
	}
}

// with returns the option `with` of a run.
func (c *context) with() *syntax.OptionForm {
	if o := c.form.Option("with"); o != nil {
		return o
	}
	return &syntax.OptionForm{}
}

// key returns the clause and the option whose operand is at the cursor: "copy from".
func (c *context) key() string {
	switch {
	case c.form == nil:
		return ""
	case c.option == nil:
		return c.form.Word
	case c.item != nil && c.item != c.option:
		return c.item.Word + " " + c.option.Word
	case c.item != nil:
		return c.item.Word
	}
	return c.form.Word + " " + c.option.Word
}
