package editor

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// tokenTypes are the names of kinds in Chroma.
var tokenTypes = map[kind]string{
	"": "TextWhitespace", comment: "Comment", declaration: "KeywordDeclaration", clauseWord: "Keyword",
	optionWord: "KeywordReserved", control: "Keyword", boolean: "KeywordConstant", value: "NameConstant", name: "Name",
	declared: "NameClass", function: "NameFunction", key: "NameAttribute", typeName: "NameBuiltin", number: "LiteralNumber",
	text: "LiteralString", escape: "LiteralStringEscape", inserted: "LiteralStringInterpol", operator: "Operator",
	punctuation: "Punctuation",
}

// chroma is a lexer for Chroma, which colours code in Hugo, Gitea and others.
type chroma struct {
	b     bytes.Buffer
	later []func() // writes the states of regions
	count int
}

// chromaLexer returns the lexer as XML. A set of rules is a state, and so is a region: it begins with
// its end. Chroma looks for a rule at each place, so the last rule of a state takes one character.
func chromaLexer() string {
	c := &chroma{}
	all, order := sets()
	c.b.WriteString("<!-- Made by layc's lang/editor from the table of clauses. -->\n<lexer>\n" +
		"  <config>\n    <name>Layer</name>\n    <alias>layer</alias>\n    <filename>*.layer</filename>\n" +
		"    <mime_type>text/x-layer</mime_type>\n    <ensure_nl>true</ensure_nl>\n  </config>\n  <rules>\n")
	c.state("root", rule{rules: include("file")})
	for _, name := range order {
		fmt.Fprintf(&c.b, "    <state name=%q>\n", name)
		for _, r := range all[name] {
			c.rule(r)
		}
		c.b.WriteString("    </state>\n")
	}
	for len(c.later) > 0 {
		next := c.later[0]
		c.later = c.later[1:]
		next()
	}
	c.b.WriteString("  </rules>\n</lexer>\n")
	return c.b.String()
}

// state writes the state of a region.
func (c *chroma) state(name string, r rule) {
	fmt.Fprintf(&c.b, "    <state name=%q>\n", name)
	inside := token(r.kind)
	if r.kind == "" {
		inside = token("")
	}
	if r.end != "" {
		ends := token(r.ends)
		if r.kind != "" {
			ends = token(r.kind)
		}
		c.pattern(r.end, ends+`<pop depth="1"/>`)
	}
	for _, inner := range r.rules {
		c.rule(inner)
	}
	c.pattern(`[\s\S]`, inside)
	c.b.WriteString("    </state>\n")
}

func token(k kind) string { return `<token type="` + tokenTypes[k] + `"/>` }

func (c *chroma) pattern(pattern, does string) {
	var escaped bytes.Buffer
	if err := xml.EscapeText(&escaped, []byte(pattern)); err != nil {
		panic(err) // a buffer takes everything
	}
	fmt.Fprintf(&c.b, "      <rule pattern=\"%s\">%s</rule>\n", escaped.String(), does)
}

func (c *chroma) rule(r rule) {
	switch {
	case r.include != "":
		fmt.Fprintf(&c.b, "      <rule><include state=%q/></rule>\n", r.include)
		return
	case r.shell:
		const after = `(?<=\brun[ \t]*)`
		shell := "<bygroups>" + token(text) + `<using lexer="Bash"/>` + token(text) + "</bygroups>"
		c.pattern(after+`(""")((?:[^"\\]|\\[\s\S]|"(?!""))*)("""|\z)`, shell)
		c.pattern(after+`(")((?:[^"\\\n]|\\.)*)("|(?=\n))`, shell)
		return
	}
	does := token(r.kind)
	if len(r.groups) > 0 {
		var groups []string
		for _, k := range r.groups {
			groups = append(groups, token(k))
		}
		does = "<bygroups>" + strings.Join(groups, "") + "</bygroups>"
	}
	if r.match != "" {
		c.pattern(r.match, does)
		return
	}
	c.count++
	name := fmt.Sprintf("region%d", c.count)
	c.pattern(r.begin, does+`<push state="`+name+`"/>`)
	c.later = append(c.later, func() { c.state(name, r) })
}
