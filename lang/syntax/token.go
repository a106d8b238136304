package syntax

// Token is a piece of a file's text. Tokens do not overlap and are in order. Between them are only
// spaces, tabs and line ends, so the tokens and the text of a file determine each other.
type Token struct {
	Kind  Kind
	Line  bool  // the first on its line; true for EOF
	Open  bool  // an unterminated string
	Start int32 // bytes from the start of the file
	End   int32
}

// Kind is the kind of a token. The zero Kind is EOF, the last token of every file.
type Kind uint8

const (
	EOF       Kind = iota
	Comment        // # to the end of the line, without the line's end
	Bad            // bytes that begin no token
	Word           // names and words of the language
	Numeral        // digits, point, unit
	Text           // "…", quotes included
	BlockText      // """…""", quotes included
	LBrace
	RBrace
	LParen
	RParen
	LBracket
	RBracket
	Comma
	Colon
	Dot
	Equals
	PlusEquals
	OrOr
	AndAnd
	EqualEqual
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	Plus
	Minus
	Times
	Over
	Percent
	Not
)

// kindText has the spelling of each kind that has only one, and a description of the others.
var kindText = [...]string{
	EOF: "the end of the file", Comment: "a comment", Bad: "an unexpected character",
	Word: "a name", Numeral: "a number", Text: "a string", BlockText: "a string",
	LBrace: "{", RBrace: "}", LParen: "(", RParen: ")", LBracket: "[", RBracket: "]",
	Comma: ",", Colon: ":", Dot: ".", Equals: "=", PlusEquals: "+=",
	OrOr: "||", AndAnd: "&&", EqualEqual: "==", NotEqual: "!=",
	Less: "<", LessEqual: "<=", Greater: ">", GreaterEqual: ">=",
	Plus: "+", Minus: "-", Times: "*", Over: "/", Percent: "%", Not: "!",
}

// String returns the spelling of a punctuation mark or an operator, and a description of every
// other kind.
func (k Kind) String() string { return kindText[k] }

// precedence returns the precedence of a binary operator, from 5 for * to 1 for ||, and 0 for
// everything else.
func (k Kind) precedence() int {
	switch k {
	case OrOr:
		return 1
	case AndAnd:
		return 2
	case EqualEqual, NotEqual, Less, LessEqual, Greater, GreaterEqual:
		return 3
	case Plus, Minus:
		return 4
	case Times, Over, Percent:
		return 5
	}
	return 0
}

// Reserved reports whether a word cannot be a name: it begins a statement or an expression. All
// other words of the language, such as clauses, are names where a name is expected.
func Reserved(word string) bool {
	switch word {
	case "if", "else", "for", "match", "let", "true", "false":
		return true
	}
	return false
}
