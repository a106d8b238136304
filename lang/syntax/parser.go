// Package syntax parses .layer files. It has the tokens, the tree, the parser, and the table of
// clauses that all tools share.
//
// # How parsing works
//
// The lexer splits the whole file into tokens, once and without loss. The parser is a
// hand-written recursive descent: the grammar needs one token of lookahead (two in three
// places), binary operators use precedence climbing, and clauses use the table in forms.go
// instead of a function each. A parser library would be shorter, but none that we measured
// reports errors in the language's own words, continues after an error, keeps comments, and
// parses tens of megabytes per second.
//
// Files follow the sections of the grammar in spec.md: declarations.go, statements.go,
// clause.go and options.go, expressions.go, with the lexical elements in lexer.go, numbers.go
// and text.go. Each function has its production above it. When a production finds something
// unexpected, mistakes_*.go guess what was meant. The tables in habits.go have the habits of
// other languages.
//
// # Lines
//
// A line end ends a statement. It is not a token: each token knows whether it is the first on
// its line, and the parser checks that where a statement can end. It does not check between
// ( and ) or [ and ], nor after a comma or a binary operator. Between braces it checks again,
// since their contents are lines.
//
// # Errors
//
// One mistake should cause one error, and each further mistake its own. So the first error in
// a statement abandons the statement: fail hides the remaining tokens behind an EOF, so every
// loop and every function ends silently, and the statement's own loop skips to the most
// plausible start of the next one. It follows brackets that were open at the error to their
// ends. But indentation counts more than brackets, since a bracket is often what is missing: a
// line that begins a statement, and is not further right than the abandoned one, is the next
// statement. A line in column 1 that begins a declaration ends every block. The parser drops
// errors on lines that the lexer has already reported. Headers, such as `if COND {`, resume at
// their brace, so that their blocks are read.
//
// If a mistake leaves the structure clear, such as an unknown option's value or a clause in the
// wrong place, the parser reports it and continues.
//
// # Limits
//
// maxDepth bounds recursion in the parser and, since long chains of operators and `else if`
// also count, in everything that walks the tree.
package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

const (
	// maxDepth is the maximum depth of a tree, in levels of blocks, brackets, operators and
	// branches.
	maxDepth = 200
	// maxErrors is the maximum number of errors and warnings per file.
	maxErrors = 200
)

// Parse parses a file. It returns a tree for every input; after errors, the tree has what could
// be read. The tree's tokens always cover the whole file.
func Parse(file *source.File) (*File, diag.List) {
	p := parser{file: file, text: file.Text()}
	tree := &File{Source: file}
	if len(p.text) > MaxSize {
		p.list.Errorf(diag.FileTooLarge, source.Span{File: file}, "the file is larger than %d MiB", MaxSize>>20).
			Note(".layer files are for declarations, not for content").
			Hint("move content into files for `copy`, and replace repetition with `for`")
		tree.Tokens = []Token{{Kind: EOF, Line: true, Start: int32(MaxSize), End: int32(MaxSize)}}
		return tree, p.list
	}
	if !utf8.ValidString(p.text) {
		p.notText = true
		d := p.list.Errorf(diag.NotUTF8, p.span(invalidUTF8(p.text)), "the file is not UTF-8 text").At("not a valid UTF-8 byte").
			Note(".layer files must be UTF-8 text")
		if strings.HasPrefix(p.text, "\xff\xfe") || strings.HasPrefix(p.text, "\xfe\xff") {
			d.Hint("save the file as UTF-8; it looks like UTF-16")
		} else {
			d.Hint("save the file as UTF-8, or move binary content into a file for `copy`")
		}
		if strings.IndexByte(p.text, 0) >= 0 { // it is not a text file
			end := int32(len(p.text))
			tree.Tokens = []Token{{Kind: Bad, Line: true, End: end}, {Kind: EOF, Line: true, Start: end, End: end}}
			tree.Damaged, tree.LostName, tree.LostImport = true, true, true
			return tree, p.list
		}
	}
	p.tokens = tokens(file, &p.list)
	p.lexical = len(p.list)
	p.load()
	p.parseFile(tree)
	tree.Tokens, tree.Damaged = p.tokens, len(p.list) > 0
	p.loseAbandoned()
	tree.Lost, tree.LostImport, tree.LostName, tree.Abandoned = p.lost, p.lostImport, p.lostName, p.abandoned
	if len(p.list) >= maxErrors {
		p.list = p.list.Sorted()
		p.list = p.list[:min(len(p.list), maxErrors)]
		p.list[len(p.list)-1].Note("further errors in this file are not shown")
	}
	return tree, p.list
}

// invalidUTF8 returns the range of the first byte of s that is not valid UTF-8.
func invalidUTF8(s string) (start, end int) {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return i, i + 1
		}
		i += size
	}
	return 0, 0
}

// parser parses one file. It has more than 60 methods because each production of the grammar
// has one.
type parser struct {
	file    *source.File
	text    string
	tokens  []Token // of the file, or of an interpolation
	i       int     // index of the current token
	tok     Token   // the current token, never a comment
	end     int     // end of the token before it
	list    diag.List
	lexical int // number of elements of list that the lexer added

	loose      int             // 1 between ( or [, where line ends mean nothing, else 0
	depth      int             // of the tree; see maxDepth
	failed     bool            // the statement is being abandoned
	start      int             // start of the statement
	brackets   []opening       // open brackets of the statement
	blocks     []opening       // open blocks
	place      Place           // of the block
	continued  bool            // a stray token was skipped, and the block continues
	inItems    bool            // a comma begins the next item
	inText     bool            // between `${` and `}`
	notText    bool            // the file is not UTF-8, which was reported
	suspect    opening         // a block whose closing brace (at line) is further left than its header
	early      int             // place of a brace that closed a declaration further right than its header; or 0
	lost       map[string]bool // see File.Lost
	lostImport bool
	lostName   bool
	wake       bool          // the text before was reported not to be a declaration
	strange    bool          // the text before began with an unknown declaration
	abandoned  []source.Span // see File.Abandoned
	cut        int           // place where blocks without closing braces end, which was reported; or 0
}

type opening struct {
	kind   Kind
	at     int  // offset
	line   int  // offset of its statement
	loose  int  // parser.loose outside of it
	branch bool // of a block: an `else` may follow it
	absent bool // of a block: the brace is missing, which was reported
}

// load makes tokens[i], or the first token after it that is not a comment, the current one.
func (p *parser) load() {
	for p.tokens[p.i].Kind == Comment {
		p.i++
	}
	p.tok = p.tokens[p.i]
}

func (p *parser) next() {
	if p.failed || p.tok.Kind == EOF {
		return
	}
	p.end = int(p.tok.End)
	p.i++
	p.load()
}

// peek returns the n-th token after the current one, without comments.
func (p *parser) peek(n int) Token {
	i := p.i
	for ; n > 0 && p.tokens[i].Kind != EOF; n-- {
		for i++; p.tokens[i].Kind == Comment; i++ {
		}
	}
	return p.tokens[i]
}

// ends reports whether the statement can end before the current token.
func (p *parser) ends() bool {
	return p.tok.Line && p.loose == 0 || p.tok.Kind == EOF
}

// on reports whether the current token has that kind and continues the statement.
func (p *parser) on(k Kind) bool { return p.tok.Kind == k && !p.ends() }

// onWord reports whether the current token is that word and continues the statement.
func (p *parser) onWord(word string) bool {
	return p.on(Word) && p.textOf(p.tok) == word
}

func (p *parser) accept(k Kind) bool {
	if p.on(k) {
		p.next()
		return true
	}
	return false
}

func (p *parser) acceptWord(word string) bool {
	if p.onWord(word) {
		p.next()
		return true
	}
	return false
}

// acceptComma reads a comma. The statement may continue on the next line.
func (p *parser) acceptComma() bool {
	if !p.accept(Comma) {
		return false
	}
	if p.tok.Line && p.loose == 0 && p.beginsStatement() && !(p.inItems && isItem(p.textOf(p.tok))) && !p.chooses() {
		n := p.peek(1)
		values := n.Kind == Text || n.Kind == BlockText || n.Kind == Numeral || n.Kind == Word && !isOption(p.textOf(n))
		if values && !n.Line {
			p.fail(diag.MissingValue, p.span(p.end-1, p.end), "missing value after `,`").
				Note("a `,` at the end of a line continues the statement").
				Hint("remove the `,`, or write another value").Fix(p.span(p.end-1, p.end), "")
			return true
		}
	}
	if p.loose == 0 || !p.startsOver() {
		p.continueLine()
	}
	return true
}

// chooses reports whether the current token begins an `if` or `match` expression: its braces
// contain no statement, or an arm has a colon.
func (p *parser) chooses() bool {
	word := p.textOf(p.tok)
	if word != "if" && word != "match" {
		return false
	}
	depth, inside := 0, false
	for i := p.i; p.tokens[i].Kind != EOF; i++ {
		switch k := p.tokens[i].Kind; {
		case k == LParen, k == LBracket:
			depth++
		case k == RParen, k == RBracket:
			depth--
		case depth != 0:
		case inside && (k == Colon || k == LBrace):
			return k == Colon
		case k == LBrace && word == "match":
			inside = true
		case k == LBrace:
			for i++; p.tokens[i].Kind == Comment; i++ {
			}
			first, second := p.tokens[i], p.tokens[min(i+1, len(p.tokens)-1)]
			statement := len(formsByWord[p.textOf(first)]) > 0 || first.Kind == RBrace || p.textOf(first) == "let"
			return !statement || !beginsOperand(second.Kind)
		}
	}
	return false
}

// continueLine lets the statement continue at the current token, even on a new line.
func (p *parser) continueLine() {
	if p.tok.Kind != EOF {
		p.tok.Line = false
	}
}

// open reads an opening bracket of an expression and reports whether it is there. If so, the
// caller must call close.
func (p *parser) open(k Kind) bool {
	if !p.on(k) {
		return false
	}
	p.brackets = append(p.brackets, opening{kind: k, at: int(p.tok.Start), line: p.start, loose: p.loose})
	p.next()
	p.loose = 1
	if k == LBrace {
		p.loose = 0
	}
	return true
}

// close reads the closing bracket of the last open one.
func (p *parser) close(k Kind) {
	if p.failed {
		return
	}
	last := len(p.brackets) - 1
	b := p.brackets[last]
	if p.tok.Kind != k {
		p.unclosed(b, k)
		return
	}
	p.next()
	p.brackets = p.brackets[:last]
	p.loose = b.loose
}

func closesList(k Kind) bool { return k == RParen || k == RBracket }

func closes(k Kind) bool { return k == RBrace || k == RParen || k == RBracket }

// beginsOperand reports whether a token of that kind always begins a value and never continues
// one.
func beginsOperand(k Kind) bool {
	return k == Word || k == Numeral || k == Text || k == BlockText || k == Not
}

func (p *parser) textOf(t Token) string { return p.text[t.Start:t.End] }

func (p *parser) span(start, end int) source.Span {
	return source.Span{File: p.file, Start: start, End: end}
}

func (p *parser) at(t Token) source.Span { return p.span(int(t.Start), int(t.End)) }

// since returns the span from start to the end of the last token that was read.
func (p *parser) since(start int) source.Span { return p.span(start, max(start, p.end)) }

// here returns the place where the current token is expected: at the token or, if it is on a
// later line, directly after the previous token.
func (p *parser) here() source.Span {
	if p.tok.Line || p.tok.Kind == EOF {
		return p.span(p.end, min(p.end+1, max(p.end, p.lineEnd(p.end))))
	}
	return p.at(p.tok)
}

func (p *parser) lineEnd(i int) int {
	if n := strings.IndexByte(p.text[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(p.text)
}

// column returns the number of bytes between the start of a line and an offset, and whether all
// of them are space.
func (p *parser) column(at int) (n int, first bool) {
	for i := at - 1; i >= 0; i-- {
		switch c := p.text[i]; {
		case c == '\n':
			return at - i - 1, true
		case class[c]&isSpace == 0:
			return 0, false
		}
	}
	return at, true
}

// enter goes one level deeper, and reports whether the limit allows that. If so, the caller must
// call leave.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxDepth {
		p.tooDeep()
		p.depth--
		return false
	}
	return true
}

func (p *parser) leave() { p.depth-- }

func (p *parser) tooDeep() {
	p.fail(diag.NestedTooDeeply, p.at(p.tok), "nested more than %d levels deep", maxDepth).
		Hint("name parts of it with `let`")
}
