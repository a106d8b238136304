package syntax

// A Token is a piece of a file's text. Tokens do not overlap and are in order;
// between them lies nothing but spaces, tabs and line ends, so a file's tokens
// and its text give each other back.
type Token struct {
	Kind  Kind
	Line  bool  // the first on its line; true for EOF
	Open  bool  // text that is not terminated
	Start int32 // bytes from the start of the file
	End   int32
}

// Kind is the kind of a token. The zero Kind is EOF, which every file's tokens
// end with.
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

// kindText holds the spelling of the kinds that have just one, and what people
// call the others.
var kindText = [...]string{
	EOF: "the end of the file", Comment: "a comment", Bad: "an unexpected character",
	Word: "a name", Numeral: "a number", Text: "a string", BlockText: "a string",
	LBrace: "{", RBrace: "}", LParen: "(", RParen: ")", LBracket: "[", RBracket: "]",
	Comma: ",", Colon: ":", Dot: ".", Equals: "=", PlusEquals: "+=",
	OrOr: "||", AndAnd: "&&", EqualEqual: "==", NotEqual: "!=",
	Less: "<", LessEqual: "<=", Greater: ">", GreaterEqual: ">=",
	Plus: "+", Minus: "-", Times: "*", Over: "/", Percent: "%", Not: "!",
}

// String is the spelling of a punctuation mark or operator, and a description
// of every other kind.
func (k Kind) String() string { return kindText[k] }

// precedence is how strongly a binary operator binds: 5 for * to 1 for ||, and
// 0 for everything that is no binary operator.
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

// Reserved reports whether a word can be no name: it begins a statement or an
// expression of its own. All other words of the language, such as those of
// clauses, are names where a name is expected.
func Reserved(word string) bool {
	switch word {
	case "if", "else", "for", "match", "let", "true", "false":
		return true
	}
	return false
}
