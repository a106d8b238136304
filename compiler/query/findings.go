package query

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// maxLength is how long an expression may be, in bytes: far above what people write,
// and far below what would nest too deeply.
const maxLength = 10_000

// parse reads an expression. An error that the parser finds is worded from the token
// that it does not expect and from the one before.
func parse(file *source.File) (*query, diag.List) {
	p := &reader{file: file}
	if len(file.Text()) > maxLength {
		p.found.Errorf(diag.QuerySyntax, source.Span{File: file, End: 1}, "expression is too long").
			Note("an expression has at most %d bytes", maxLength)
		return nil, p.found
	}
	p.scan()
	p.habits()
	if p.found.HasErrors() {
		return nil, p.found
	}
	q, err := parser().ParseString("", file.Text())
	var unexpected *participle.UnexpectedTokenError
	switch {
	case err == nil:
		return q, p.found
	case errors.As(err, &unexpected):
		p.unexpected(unexpected.Unexpected.Pos.Offset, unexpected.Expect)
	default:
		var at participle.Error
		offset := 0
		if errors.As(err, &at) {
			offset = at.Position().Offset
		}
		p.unexpected(offset, "")
	}
	return nil, p.found
}

// reader words errors of an expression.
type reader struct {
	file   *source.File
	tokens []lexer.Token // without space; the last one is the end
	found  diag.List
}

// scan cuts the text into tokens.
func (p *reader) scan() {
	lex, err := tokens().LexString("", p.file.Text())
	for err == nil {
		var t lexer.Token
		if t, err = lex.Next(); err != nil {
			return
		}
		if t.Type != kind("Space") {
			p.tokens = append(p.tokens, t)
		}
		if t.EOF() {
			return
		}
	}
}

// at is where a token is.
func (p *reader) at(t lexer.Token) source.Span {
	start, end := t.Pos.Offset, t.Pos.Offset+len(t.Value)
	if t.EOF() { // the last character, so that there is something to underline
		text := strings.TrimRight(p.file.Text(), " \t\r\n")
		start, end = len(text), len(text)
	}
	return source.Span{File: p.file, Start: start, End: end}
}

// habits reports what other languages write otherwise.
func (p *reader) habits() {
	for n, t := range p.tokens {
		next := ""
		if n+1 < len(p.tokens) && p.tokens[n+1].Pos.Offset == t.Pos.Offset+len(t.Value) {
			next = p.tokens[n+1].Value
		}
		at := p.at(t)
		switch word := t.Value; {
		case word == "=":
			p.found.Errorf(diag.QuerySyntax, at, "unexpected `=`").Hint("write `==`").Fix(at, "==")
			return
		case (word == "&" || word == "|") && next == word, word == "!":
			p.habit(n, word)
			return
		case slices.Contains([]string{"AND", "OR", "NOT", "EXCEPT", "And", "Or", "Not", "Except"}, word):
			p.found.Errorf(diag.QuerySyntax, at, "unexpected `%s`", word).Hint("write `%s`", strings.ToLower(word)).Fix(at, strings.ToLower(word))
			return
		case word == "'":
			p.found.Errorf(diag.QuerySyntax, at, "unexpected `'`").Hint("strings use double quotes")
			return
		case word == `"`:
			at.End = len(p.file.Text())
			p.found.Errorf(diag.QuerySyntax, at, "unterminated string").Hint("add the closing quote")
			return
		}
	}
}

// habit reports `&&`, `||` and `!`.
func (p *reader) habit(n int, word string) {
	at := p.at(p.tokens[n])
	right := "not"
	if word != "!" {
		at.End++
		right = map[string]string{"&": "and", "|": "or"}[word]
	}
	p.found.Errorf(diag.QuerySyntax, at, "unexpected `%s`", at.Text()).Hint("write `%s`", right)
}

// unexpected reports the token at an offset; want is what is expected instead, if that
// is known.
func (p *reader) unexpected(offset int, want string) {
	n := slices.IndexFunc(p.tokens, func(t lexer.Token) bool { return t.EOF() || t.Pos.Offset >= offset })
	t := p.tokens[n]
	var before lexer.Token
	if n > 0 {
		before = p.tokens[n-1]
	}
	found := "`" + t.Value + "`"
	if t.EOF() {
		found = "the end"
	}
	if want == "" {
		want = expected(before, p.tokens[:n])
	}
	d := p.found.Errorf(diag.QuerySyntax, p.at(t), "expected %s, found %s", want, found)
	switch {
	case t.EOF() && n == 0:
		d.Hint("write for example `apps` or `package(\"openssl\") < \"3.0.15\"`")
	case t.EOF() && want == afterSet && strings.Count(p.file.Text(), "(") > strings.Count(p.file.Text(), ")"):
		d.Hint("add the missing `)`")
	case t.Value == "not" && want == afterSet:
		d.Hint("write `and not`, or parentheses: `has (not …)`")
	case t.Value == "not":
		d.Hint("write parentheses: `%s (not …)`", before.Value)
	case before.Value == "depends":
		d.Hint("write `depends on`").Fix(source.Span{File: p.file, Start: before.Pos.Offset, End: before.Pos.Offset + len("depends")}, "depends on")
	case t.Value == "(" && slices.Contains(kindNames[:], before.Value):
		one := strings.TrimSuffix(before.Value, "s")
		d.Hint("write `%s(…)`", one).Fix(p.at(before), one)
	case want == aPattern && t.Type == nameToken():
		d.Hint("strings use double quotes; write %s", strconv.Quote(t.Value)).Fix(p.at(t), strconv.Quote(t.Value))
	case want == afterSet && t.Type == stringToken():
		d.Hint("compare with `==`, or name it: `app(%s)`, `package(%[1]s)`", t.Value)
	case want == afterSet && (t.Type == nameToken() || t.Type == numberToken()):
		if near := diag.Nearest(t.Value, words()); near != "" {
			d.Hint("did you mean `%s`?", near).Fix(p.at(t), near)
		} else {
			d.Hint("join two conditions with `and` or `or`")
		}
	case want == aSet && t.Type == stringToken():
		d.Hint("say what it names: `app(%s)`, `package(%[1]s)`", t.Value)
	}
}

// What can follow, in words.
const (
	aSet      = "a name or a condition"
	aPattern  = "a string"
	aValue    = "a value"
	aBound    = "a comparison"
	afterSet  = "`and`, `or`, `except` or a condition"
	afterList = "`,` or `)`"
)

var (
	verbWords     = []string{"uses", "needs", "has", "in", "depends"}
	joiningWords  = []string{"and", "or", "not", "except"}
	propertyWords = []string{"version", "size", "changes", "tag", "platform", "distribution", "replicas"}
	flagWords     = []string{"base", "stacked", "portable", "empty", "spine", "delta", "published"}
	namingWords   = []string{"app", "component", "package", "layer"}
)

// words are all words of the language but `on`.
func words() []string {
	return slices.Concat(kindNames[:], verbWords, propertyWords, flagWords, namingWords, joiningWords)
}

// reserved are the words that no name without quotes can be.
var reserved = func() map[string]bool {
	set := map[string]bool{}
	for _, w := range words() {
		set[w] = true
	}
	return set
}()

// expected is what can follow the last of some tokens, in words.
func expected(last lexer.Token, before []lexer.Token) string {
	switch {
	case last.Type == kind("Operator"):
		return aValue
	case slices.Contains(propertyWords, last.Value):
		return aBound
	case last.Value == "depends":
		return "`on`"
	case slices.Contains(namingWords, last.Value):
		return "`(`"
	case listed(before) && last.Type == stringToken():
		return afterList
	case listed(before):
		return aPattern
	case last.Value == "", last.Value == "(", last.Value == "on", slices.Contains(verbWords, last.Value),
		slices.Contains(joiningWords, last.Value):
		return aSet
	}
	return afterSet
}

// listed reports whether tokens end within the parentheses of `app(…)` or another
// of its kind.
func listed(tokens []lexer.Token) bool {
	for n := len(tokens) - 1; n > 0; n-- {
		switch t := tokens[n]; {
		case t.Value == "(":
			return slices.Contains(namingWords, tokens[n-1].Value)
		case t.Type != stringToken() && t.Value != ",":
			return false
		}
	}
	return false
}
