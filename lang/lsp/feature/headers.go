package feature

import (
	"slices"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/syntax"
)

// isNew reports whether the author chooses a new name at the cursor: of a declaration, of the elements
// of a list or map, of a parameter, a variable or a secret.
func (c *context) isNew(stack frames) bool {
	n := len(c.stmt)
	if n == 0 {
		return false
	}
	last := c.stmt[n-1]
	word := c.of(last)
	comma := last.Kind == syntax.Comma
	switch {
	case comma && len(stack) == 0 && c.decl == "app":
		return true // another generator
	case comma && n > 2 && c.of(c.stmt[n-3]) == "for":
		return true
	case len(stack) == 1 && stack[0].at == 2 && c.decl == "component" && stack[0].kind == '(':
		return comma || last.Kind == syntax.LParen
	case last.Kind != syntax.Word:
		return false
	case word == "for", n == 1 && word == "let":
		return true
	case n == 1 && c.place == 0:
		return slices.Contains([]string{"component", "app", "slot", "user", "param"}, word)
	case c.form == nil || c.inner:
		return false
	case c.option != nil:
		named := c.option.Takes == syntax.Pair || c.option.Takes == syntax.Bare && c.option.Word != "secret"
		return named && word == c.option.Word
	}
	return n == 1 && (c.form.Takes == syntax.Pair || c.form.Takes == syntax.Append || c.form.Takes == syntax.Bare)
}

// assignment returns the signs that follow the name before the cursor; nil if none does.
func (c *context) assignment() []string {
	n := len(c.stmt)
	if c.inner || n < 2 {
		return nil
	}
	last, before := c.stmt[n-1], c.stmt[n-2]
	name := last.Kind == syntax.Word || last.Kind == syntax.Text
	switch first := c.of(c.stmt[0]); {
	case last.Kind == syntax.Word && n == 2 && (first == "let" || c.place == 0 && first == "slot"),
		c.place == 0 && first == "param" && n > 3 && (before.Kind == syntax.Colon || last.Kind == syntax.RParen),
		c.option != nil && c.option.Takes == syntax.Pair && name && c.of(before) == c.option.Word,
		c.form != nil && c.form.Takes == syntax.Pair && name && n == 2:
		return []string{"="}
	case c.form != nil && c.form.Takes == syntax.Append && name && n == 2:
		return []string{"=", "+="}
	}
	return nil
}

// matched returns the subject of the match whose pattern is at the cursor.
func (c *context) matched(tokens []syntax.Token, stack frames) []syntax.Token {
	if len(stack) == 0 {
		return nil
	}
	top := stack[len(stack)-1]
	subject := c.chain(tokens[:top.at])
	if at := top.at - len(subject); len(subject) == 0 || at == 0 || c.of(tokens[at-1]) != "match" {
		return nil
	}
	start := c.at.Start
	if c.quoted {
		start--
	}
	_, first := c.column(start)
	if last := tokens[len(tokens)-1]; !first && last.Kind != syntax.LBrace && last.Kind != syntax.Comma {
		return nil
	}
	return subject
}

// patterns proposes the values of the platform in a match of one of its parts; false elsewhere.
func (x *completion) patterns() bool {
	if len(x.subject) != 3 {
		return false
	}
	if o, ok := x.objectOf(x.subject[:1]).(*check.Predeclared); !ok || o.Name != "platform" {
		return false
	}
	for n, value := range map[string][]string{"os": {"linux"}, "arch": check.Architectures}[x.of(x.subject[2])] {
		x.text(value, 60-n, KindWord, "")
	}
	return true
}

// declares reports whether the statement or the component of the cursor declares an object that has no
// meaning at the cursor yet, or that would refer to itself.
func (x *completion) declares(o check.Object) bool {
	at := o.Ident().At
	if at.File != x.File.Source {
		return false
	}
	if c, ok := o.(*check.Component); ok && x.decl == "component" && on(c.Decl.At, x.Offset) {
		return true
	}
	i := slices.IndexFunc(x.stmt, func(t syntax.Token) bool { return int(t.Start) == at.Start })
	if i < 0 {
		return false
	}
	after := x.stmt[i+1:]
	in := slices.IndexFunc(after, func(t syntax.Token) bool { return x.of(t) == "in" })
	return in < 0 || !slices.ContainsFunc(after[in:], func(t syntax.Token) bool {
		return t.Kind == syntax.Comma || t.Kind == syntax.Colon || x.of(t) == "where"
	})
}

// headerWords proposes words within the header of a declaration or a statement.
func (x *completion) headerWords() {
	if len(x.stmt) == 0 {
		return
	}
	last := x.stmt[len(x.stmt)-1]
	has := func(word string) bool {
		return slices.ContainsFunc(x.stmt, func(t syntax.Token) bool { return x.of(t) == word })
	}
	switch {
	case x.decl == "app" && x.place == 0 && len(x.stmt) == 2:
		x.word("for", 50, "an image for each element")
	case x.decl == "app" && x.place == 0 && has("for") && has("in") && !has("where") && !x.value && !x.inner:
		x.word("where", 40, "a condition")
	}
	if has("for") && last.Kind == syntax.Word && !x.generated && x.of(last) != "for" {
		x.word("in", 2000, "the list or map")
	}
	if last.Kind == syntax.RBrace {
		x.word("else", 90, "otherwise")
	}
}
