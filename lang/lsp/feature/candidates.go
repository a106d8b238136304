package feature

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/syntax"
)

// wanted returns what kind of value the operand at the cursor has: "component", "slot", "user" or
// another type; "" if that is unknown.
func (x *completion) wanted() string {
	key := x.key()
	if x.callee != nil {
		if c := x.calledComponent(); c != nil {
			return x.argumentType(c)
		}
		return "string"
	}
	last := syntax.Token{}
	if len(x.stmt) > 0 {
		last = x.stmt[len(x.stmt)-1]
	}
	switch {
	case last.Kind == syntax.Equals && x.place == 0 && (x.decl == "component" || x.decl == "param"):
		if n := len(x.stmt); n > 2 && x.stmt[n-3].Kind == syntax.Colon {
			return x.of(x.stmt[n-2])
		}
	case x.of(last) == "in" && last.Kind == syntax.Word:
		return "iterable"
	case x.index:
		return "string"
	case key == "user", key == "run as", strings.HasSuffix(key, " owner"):
		return "user"
	case key == "uses", key == "needs", key == "" && x.decl == "slot":
		return "component"
	}
	return check.OperandType(key)
}

// usage counts how often the clauses of the module name an object where the cursor is: in the same
// clause and option, or in the argument of the same component.
func (x *completion) usage() map[string]int {
	counts := map[string]int{}
	key := x.key()
	count := func(all []syntax.Expr) {
		for _, e := range all {
			syntax.Inspect(e, func(n syntax.Node) bool {
				if n, ok := n.(*syntax.Name); ok {
					counts[n.Name]++
				}
				return true
			})
		}
	}
	for _, f := range x.Module.Files {
		for _, d := range f.Decls {
			syntax.Inspect(d, func(n syntax.Node) bool {
				s, ok := n.(*syntax.Clause)
				if !ok {
					return true
				}
				if key == s.Word.Name {
					count(s.Args)
				}
				for _, o := range s.Options {
					if key == s.Word.Name+" "+o.Word.Name {
						count(o.Args)
					}
				}
				return false
			})
		}
	}
	return counts
}

func (x *completion) argumentType(c *check.Component) string {
	var p *check.Param
	switch {
	case x.arg != "":
		p = c.Param(x.arg)
	case x.count < len(c.Params):
		p = c.Params[x.count]
	}
	switch {
	case p == nil || p.Type == nil:
		return ""
	case x.listed && p.Type.Elem != nil:
		return p.Type.Elem.String()
	}
	return p.Type.String()
}

// values proposes visible names. Those fit best that have the wanted type, and the members or the
// arguments that follow.
func (x *completion) values() {
	want := x.wanted()
	dot := len(x.rest) > 1 && x.rest[0].Kind == syntax.Dot && x.next == x.rest[0]
	called := len(x.rest) > 0 && x.rest[0].Kind == syntax.LParen
	usage := x.usage()
	named := map[string]bool{} // in the statement
	for _, t := range x.stmt {
		if t.Kind == syntax.Word {
			named[x.of(t)] = true
		}
	}
	for n, v := range x.Out.Checked.Visible(x.File.Source, x.Offset) {
		if x.declares(v.Object) {
			continue
		}
		fit := 20 - min(n/8, 15) + min(3*usage[v.Name], 30) + x.nearness(v.Object)
		if named[v.Name] && x.form != nil && !x.inner {
			fit -= 40
		}
		o := x.proposal(v.Name, v.Object)
		typed := typeOf(v.Object)
		switch i := v.Object.(type) {
		case *check.Import:
			switch {
			case dot:
				fit -= 30
				if i.Module != nil && i.Module.Scope[x.of(x.rest[1])] != nil {
					fit += 500
				}
			case i.Namesake() != nil && (want == "component" || want == "slot"):
				fit += 45
			}
			if i.Module != nil && !dot && (want == "component" || want == "slot" || want == "") {
				qualified := 35 + min(3*usage[v.Name], 30)
				if want == "" {
					qualified = 10
				}
				x.qualified(v.Name, i.Module, want, qualified)
			}
		case *check.Predeclared:
			if dot && slices.ContainsFunc(i.Members(), func(m check.Visible) bool { return m.Name == x.of(x.rest[1]) }) {
				fit += 500
			}
			if v.Name == "os" && want == "component" {
				x.add(38, Proposal{Label: "os.packages", Insert: `os.packages("${1}")`, Snippet: len(x.rest) == 0, Kind: KindComponent, Detail: "packages of the base system"})
			}
		case *check.Component:
			if dot {
				fit -= 30
			}
			if called && len(i.Params) > 0 {
				fit += 60
				if x.suitsArguments(i) {
					fit += 40
				}
			} else if called {
				fit -= 30
			}
		default:
			if called {
				fit -= 30
			}
			if dot && (typed == nil || typed.Kind != check.Map && typed.Kind != check.Record) {
				fit -= 10
			} else if dot {
				fit += 200
			}
		}
		switch {
		case want == "":
		case fitsType(v.Object, typed, want):
			fit += 30
		default:
			fit -= 15
		}
		x.add(fit, o)
	}
	if want == "component" && !dot {
		x.unimported()
	}
	for n, word := range []string{"if", "match", "true", "false"} {
		fit := 5 - n
		if x.block() && n < 2 || want == "bool" && n > 1 || len(x.rest) > 0 && x.follows(syntax.LBrace) && n < 2 {
			fit += 300
		}
		x.word(word, fit, map[string]string{"if": "one of two values", "match": "one of several values"}[word])
	}
}

// nearness is larger for objects that are declared near the cursor.
func (x *completion) nearness(o check.Object) int {
	at := o.Ident().At
	if at.File != x.File.Source {
		return 0
	}
	lines := at.Position().Line - x.File.Source.Position(x.Offset).Line
	switch lines = max(lines, -lines); {
	case lines < 10:
		return 12
	case lines < 30:
		return 8
	}
	return 4
}

// suitsArguments reports whether a component has the parameters that the rest of the line names.
func (x *completion) suitsArguments(c *check.Component) bool {
	for i, t := range x.rest {
		if t.Kind == syntax.Colon && i > 0 && c.Param(x.of(x.rest[i-1])) == nil {
			return false
		}
		if t.Kind == syntax.RParen {
			break
		}
	}
	return true
}

func typeOf(o check.Object) *check.Type {
	switch o := o.(type) {
	case *check.Let:
		return o.Type
	case *check.Param:
		return o.Type
	case *check.Var:
		return o.Type
	case *check.Predeclared:
		return o.Type
	}
	return nil
}

// fitsType reports whether an object can be a value of a type, or a list of such.
func fitsType(o check.Object, t *check.Type, want string) bool {
	switch o.(type) {
	case *check.Component:
		return want == "component"
	case *check.Slot:
		return want == "slot" || want == "component"
	case *check.User:
		return want == "user" || want == "component"
	}
	if t == nil {
		return false
	}
	if want == "iterable" {
		return t.Kind == check.List || t.Kind == check.Map || t.Kind == check.Record
	}
	text := func(s string) bool {
		return s == "string" || s == "version" || s == "path" || s == "user" || s == "mode"
	}
	have := t.String()
	if t.Kind == check.List && t.Elem != nil {
		have = t.Elem.String()
	}
	want = strings.TrimSuffix(strings.TrimPrefix(want, "list("), ")")
	return have == want || text(have) && text(want) || want == "port" && (have == "int" || text(have))
}

func (x *completion) proposal(name string, o check.Object) Proposal {
	p := Proposal{Label: name, Kind: kindOf(o), Detail: Signature(o), Doc: docOf(o)}
	if c, ok := o.(*check.Component); ok && len(x.rest) == 0 {
		if insert, ok := call(name, c); ok {
			p.Insert, p.Snippet = insert, true
		}
	}
	return p
}

// call returns the snippet of a component's call, if it has parameters without default. Those after one
// with a default are named.
func call(name string, c *check.Component) (string, bool) {
	var args []string
	for n, p := range c.Params {
		if p.Decl.Default != nil {
			continue
		}
		param := p.Decl.Name.Name
		if len(args) == n {
			args = append(args, fmt.Sprintf("${%d:%s}", len(args)+1, param))
		} else {
			args = append(args, fmt.Sprintf("%s: ${%d}", param, len(args)+1))
		}
	}
	return name + "(" + strings.Join(args, ", ") + ")", len(args) > 0
}

// objectOf returns what a chain of names means, up to the last one that is an object.
func (x *completion) objectOf(chain []syntax.Token) check.Object {
	var names []string
	for _, t := range chain {
		if t.Kind == syntax.Word {
			names = append(names, x.of(t))
		}
	}
	if len(names) == 0 {
		return nil
	}
	for _, v := range x.Out.Checked.Visible(x.File.Source, x.Offset) {
		if v.Name != names[0] {
			continue
		}
		switch o := v.Object.(type) {
		case *check.Import:
			if len(names) == 1 || o.Module == nil {
				return o
			}
			return o.Module.Scope[names[1]]
		}
		return v.Object
	}
	return nil
}

// typeOfChain returns the type of a chain of names and indexes that begins with a value, or nil.
func (x *completion) typeOfChain(chain []syntax.Token) *check.Type {
	if len(chain) == 0 {
		return nil
	}
	t := typeOf(x.objectOf(chain[:1]))
	depth := 0
	for _, token := range chain[1:] {
		if t == nil {
			return nil
		}
		switch {
		case token.Kind == syntax.LBracket:
			if depth++; depth == 1 {
				t = t.Elem
			}
		case token.Kind == syntax.RBracket:
			depth--
		case token.Kind == syntax.Word && depth == 0:
			at := slices.IndexFunc(t.Fields, func(f check.Field) bool { return f.Name == x.of(token) })
			if at < 0 {
				return nil
			}
			t = t.Fields[at].Type
		}
	}
	return t
}

func (x *completion) calledComponent() *check.Component {
	switch o := x.objectOf(x.callee).(type) {
	case *check.Component:
		return o
	case *check.Import:
		c, _ := o.Namesake().(*check.Component)
		return c
	}
	return nil
}

// parameters proposes the names of arguments that the call does not have yet.
func (x *completion) parameters(fit int) {
	c := x.calledComponent()
	if c == nil {
		return
	}
	for n, p := range c.Params {
		name := p.Decl.Name.Name
		if x.given(n, name) {
			continue
		}
		insert := name + ": "
		if x.next.Kind == syntax.Colon {
			insert = name
		}
		x.add(fit-n, Proposal{Label: name, Insert: insert, Kind: KindParam, Detail: Signature(p)})
	}
}
