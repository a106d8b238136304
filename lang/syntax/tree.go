package syntax

import "github.com/layc-lang/layc/lang/source"

// The tree. Every node has a span from its first to its last token, without surrounding space and
// comments. Comments are tokens of the file, not nodes. A declaration has its doc comment (directly
// above it, without a blank line between) as text. After an error, a node may lack a part:
// unreadable expressions are *BadExpr, never nil, and unreadable identifiers have the empty name.

// Node is any node of the tree.
type Node interface{ Span() source.Span }

// File is the tree of one file.
type File struct {
	Source  *source.File
	Tokens  []Token // all tokens including comments, in order; see token.go
	Imports []*Import
	Decls   []Decl // everything else, in order
	// Lost are the words of unreadable lines, which may be names that these lines were
	// meant to declare.
	Lost map[string]bool
	// LostName is set if a declaration was so unreadable that its name is not certain.
	LostName bool
	// LostImport is set if it is unknown what an unreadable import imports.
	LostImport bool
	// Damaged is set if part of the file was unreadable, so that what is not in the tree
	// may nevertheless be in the file.
	Damaged bool
	// Abandoned are the parts of the text, in order, that were unreadable after their
	// beginning. The tree has at most these beginnings.
	Abandoned []source.Span
}

// Decl is a top-level declaration: *Let, *Param, *Fleet, *Component, *App,
// *Slot, *User.
type Decl interface {
	Node
	decl()
}

// Ident is a name.
type Ident struct {
	Name string
	At   source.Span
}

// Import is `import "std/java"` or `import "std/java" as j`.
type Import struct {
	At    source.Span
	Path  *String // a literal without interpolation
	Alias *Ident  // nil: the path's last element
}

// Let is `let NAME = EXPR`, at top level or in a block.
type Let struct {
	At    source.Span
	Doc   string
	Name  Ident
	Value Expr
}

// Param is a parameter of a component, or (at top level, `param NAME: TYPE [= EXPR]`)
// of the module.
type Param struct {
	At      source.Span
	Doc     string // top level only
	Name    Ident
	Type    *Type // nil: the default's type
	Default Expr  // nil: required
}

// Type is `string`, `int`, …, `list(T)`, `map(T)`.
type Type struct {
	At   source.Span
	Name Ident
	Args []*Type
}

// Fleet is `fleet { … }`.
type Fleet struct {
	At   source.Span
	Doc  string
	Body *Block
}

// Component is `component NAME(PARAMS) { … }`.
type Component struct {
	At     source.Span
	Doc    string
	Name   Ident
	Params []*Param // nil without parentheses, empty with ()
	// Partial is set if some parameters were unreadable.
	Partial bool
	Body    *Block
}

// App is `app NAME [for GENERATORS [where COND]] { … }`. The name is an
// identifier or a string.
type App struct {
	At         source.Span
	Doc        string
	Name       *String // an identifier becomes a string without interpolation
	Generators []*Generator
	Where      Expr // nil: none
	Body       *Block
}

// Generator is `x in XS` or `k, v in MAP`. An app with several generators has their product.
type Generator struct {
	At    source.Span
	Key   *Ident // nil: none
	Value Ident
	In    Expr
}

// Slot is `slot NAME` or `slot NAME = DEFAULT`.
type Slot struct {
	At      source.Span
	Doc     string
	Name    Ident
	Default Expr // nil: none
}

// User is `user NAME { … }`.
type User struct {
	At   source.Span
	Doc  string
	Name Ident
	Body *Block
}

// Block is `{ STATEMENTS }`.
type Block struct {
	At    source.Span
	Stmts []Stmt
}

// Stmt is a statement of a block: *Clause, *If, *For, *Match, *Let.
type Stmt interface {
	Node
	stmt()
}

// Clause is a statement that begins with a word of the language, e.g.
//
//	copy "/wlp" from maven.artifact("x") to "/opt/ol/wlp" owner "1001:0"
//	env  PATH += "/opt/bin" by ":"
//	run  "mvn package" in "/src" with cache "/root/.m2", secret token as TOKEN
//
// Word is copy, env, run. Args are the operands after it. Assign is set for clauses with a key
// (env, label). Options are the words that follow, each with its operands: from, to, owner, by,
// in, with. The table in forms.go defines the clauses, their places and their options. The
// parser accepts exactly what the table allows.
//
// If a clause has two words, the second one is an option: `builds with X` has the word builds and
// the option with. A bare name (a secret's, none) is a *Name. A clause in the wrong place is
// reported and omitted. If another word has its meaning there (`uses` in a component), the clause
// is kept with that word as Word.Name.
type Clause struct {
	At      source.Span
	Word    Ident
	Args    []Expr
	Assign  *Assign
	Options []*Option
}

// Option returns the option with that word, or nil.
func (c *Clause) Option(word string) *Option {
	for _, o := range c.Options {
		if o.Word.Name == word {
			return o
		}
	}
	return nil
}

// Assign is `KEY = VALUE` or `KEY += VALUE`.
type Assign struct {
	At     source.Span
	Key    *String // an identifier becomes a string
	Append bool    // +=
	Value  Expr
}

// Option is a word within a clause with its operands. Items are the comma-separated parts of `with`, which
// are options themselves (`cache "/root/.m2"`, `secret token as TOKEN`: word secret, argument token, option
// as).
type Option struct {
	At      source.Span
	Word    Ident
	Args    []Expr
	Assign  *Assign // only for the item `env NAME = VALUE`
	Items   []*Option
	Options []*Option // only for an item
}

// Option returns the item's option with that word, or nil.
func (o *Option) Option(word string) *Option {
	for _, p := range o.Options {
		if p.Word.Name == word {
			return p
		}
	}
	return nil
}

// If is `if COND { … } else if … else { … }`.
type If struct {
	At   source.Span
	Cond Expr
	Then *Block
	Else Stmt // nil, *If or *Else
}

// Else is the last `else { … }`.
type Else struct {
	At   source.Span
	Body *Block
}

// For is `for GENERATOR { … }`.
type For struct {
	At        source.Span
	Generator *Generator
	Body      *Block
}

// Match is the statement `match EXPR { "a", "b" { … }  else { … } }`: its arms have blocks.
type Match struct {
	At      source.Span
	Subject Expr
	Arms    []*Arm
}

// Arm is an arm of a match. In a statement it has a Body, in an expression
// (`"a", "b": EXPR`) a Value.
type Arm struct {
	At       source.Span
	Patterns []Expr // empty: else
	Body     *Block
	Value    Expr
}

// Expr is an expression: *Name, *Select, *Call, *Index, *String, *Number,
// *Bool, *List, *Map, *Unary, *Binary, *Paren, *IfExpr, *MatchExpr, *BadExpr.
type Expr interface {
	Node
	expr()
}

// Name is a reference by a bare identifier.
type Name struct{ Ident }

// Select is X.NAME.
type Select struct {
	At   source.Span
	X    Expr
	Name Ident
}

// Call is FUN(ARGS).
type Call struct {
	At   source.Span
	Fun  Expr
	Args []*Arg
}

// Arg is `EXPR` or `NAME: EXPR`.
type Arg struct {
	At    source.Span
	Name  *Ident // nil: by position
	Value Expr
}

// Index is X[I].
type Index struct {
	At   source.Span
	X, I Expr
}

// String is "…" or """…""" (without its common indentation, and without its first line if that is
// empty). Parts alternate freely. A string without interpolation has at most one part, an empty
// string none.
type String struct {
	At    source.Span
	Block bool // """
	Parts []StringPart
}

// StringPart is a piece of text with resolved escapes, or (if Expr is set) `${EXPR}`.
type StringPart struct {
	At   source.Span
	Text string
	Expr Expr
}

// Literal returns the text of a string without interpolation.
func (s *String) Literal() (string, bool) {
	switch {
	case len(s.Parts) == 0:
		return "", true
	case len(s.Parts) == 1 && s.Parts[0].Expr == nil:
		return s.Parts[0].Text, true
	}
	return "", false
}

// Number is a number with an optional unit: 4, 0755 (a mode), 30s, 29.8MB.
type Number struct {
	At   source.Span
	Text string // digits, with the point
	Unit string // "", "s", "MB", …
}

// Bool is true or false.
type Bool struct {
	At    source.Span
	Value bool
}

// List is [A, B].
type List struct {
	At    source.Span
	Items []Expr
}

// Map is { KEY: VALUE, … }; a key is an identifier or a string.
type Map struct {
	At      source.Span
	Entries []*Entry
}

// Entry is an entry of a map.
type Entry struct {
	At    source.Span
	Key   *String
	Value Expr
}

// Unary is `!X` or `-X`.
type Unary struct {
	At source.Span
	Op string
	X  Expr
}

// Binary is X OP Y with OP one of || && == != < <= > >= + - * / %.
type Binary struct {
	At   source.Span
	Op   string
	OpAt source.Span
	X, Y Expr
}

// Paren is (X).
type Paren struct {
	At source.Span
	X  Expr
}

// IfExpr is `if COND { A } else { B }`.
type IfExpr struct {
	At               source.Span
	Cond, Then, Else Expr
}

// MatchExpr is `match EXPR { "a", "b": X, else: Y }`.
type MatchExpr struct {
	At      source.Span
	Subject Expr
	Arms    []*Arm
}

// BadExpr represents an expression that could not be read.
type BadExpr struct{ At source.Span }

func (n Ident) Span() source.Span      { return n.At }
func (n *Import) Span() source.Span    { return n.At }
func (n *Let) Span() source.Span       { return n.At }
func (n *Param) Span() source.Span     { return n.At }
func (n *Type) Span() source.Span      { return n.At }
func (n *Fleet) Span() source.Span     { return n.At }
func (n *Component) Span() source.Span { return n.At }
func (n *App) Span() source.Span       { return n.At }
func (n *Generator) Span() source.Span { return n.At }
func (n *Slot) Span() source.Span      { return n.At }
func (n *User) Span() source.Span      { return n.At }
func (n *Block) Span() source.Span     { return n.At }
func (n *Clause) Span() source.Span    { return n.At }
func (n *Assign) Span() source.Span    { return n.At }
func (n *Option) Span() source.Span    { return n.At }
func (n *If) Span() source.Span        { return n.At }
func (n *Else) Span() source.Span      { return n.At }
func (n *For) Span() source.Span       { return n.At }
func (n *Match) Span() source.Span     { return n.At }
func (n *Arm) Span() source.Span       { return n.At }
func (n *Select) Span() source.Span    { return n.At }
func (n *Call) Span() source.Span      { return n.At }
func (n *Arg) Span() source.Span       { return n.At }
func (n *Index) Span() source.Span     { return n.At }
func (n *String) Span() source.Span    { return n.At }
func (n StringPart) Span() source.Span { return n.At }
func (n *Number) Span() source.Span    { return n.At }
func (n *Bool) Span() source.Span      { return n.At }
func (n *List) Span() source.Span      { return n.At }
func (n *Map) Span() source.Span       { return n.At }
func (n *Entry) Span() source.Span     { return n.At }
func (n *Unary) Span() source.Span     { return n.At }
func (n *Binary) Span() source.Span    { return n.At }
func (n *Paren) Span() source.Span     { return n.At }
func (n *IfExpr) Span() source.Span    { return n.At }
func (n *MatchExpr) Span() source.Span { return n.At }
func (n *BadExpr) Span() source.Span   { return n.At }

func (*Let) decl()       {}
func (*Param) decl()     {}
func (*Fleet) decl()     {}
func (*Component) decl() {}
func (*App) decl()       {}
func (*Slot) decl()      {}
func (*User) decl()      {}

func (*Clause) stmt() {}
func (*If) stmt()     {}
func (*Else) stmt()   {}
func (*For) stmt()    {}
func (*Match) stmt()  {}
func (*Let) stmt()    {}

func (*Name) expr()      {}
func (*Select) expr()    {}
func (*Call) expr()      {}
func (*Index) expr()     {}
func (*String) expr()    {}
func (*Number) expr()    {}
func (*Bool) expr()      {}
func (*List) expr()      {}
func (*Map) expr()       {}
func (*Unary) expr()     {}
func (*Binary) expr()    {}
func (*Paren) expr()     {}
func (*IfExpr) expr()    {}
func (*MatchExpr) expr() {}
func (*BadExpr) expr()   {}
