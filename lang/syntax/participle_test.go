package syntax_test

import (
	"strings"
	"testing"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// A large part of the language as a grammar of participle, to measure whether layc's own parser is
// worth its code; CONTRIBUTING.md has the result. The grammar is easier than the language: a clause
// is any sequence of words and expressions, and strings are not taken apart.
type (
	pFile struct {
		Declarations []*pDeclaration `parser:"EOL* ( @@ EOL* )*"`
	}
	pDeclaration struct {
		Pos       lexer.Position
		Import    *pImport    `parser:"  'import' @@"`
		Let       *pLet       `parser:"| 'let' @@"`
		Param     *pParameter `parser:"| 'param' @@"`
		Slot      *pSlot      `parser:"| 'slot' @@"`
		Component *pComponent `parser:"| 'component' @@"`
		App       *pApp       `parser:"| 'app' @@"`
		Fleet     *pBlock     `parser:"| 'fleet' @@"`
		User      *pUser      `parser:"| 'user' @@"`
	}
	pImport struct {
		Path string `parser:"@String"`
		As   string `parser:"( 'as' @Word )?"`
	}
	pLet struct {
		Name  string `parser:"@Word"`
		Value *pExpr `parser:"'=' EOL* @@"`
	}
	pSlot struct {
		Name    string `parser:"@Word"`
		Default *pExpr `parser:"( '=' @@ )?"`
	}
	pParameter struct {
		Name    string `parser:"@Word"`
		Type    *pType `parser:"( ':' @@ )?"`
		Default *pExpr `parser:"( '=' @@ )?"`
	}
	pType struct {
		Name string   `parser:"@Word"`
		Of   []*pType `parser:"( '(' @@ ( ',' @@ )* ')' )?"`
	}
	pComponent struct {
		Name       string        `parser:"@Word"`
		Parameters []*pParameter `parser:"( '(' EOL* ( @@ ( ',' EOL* @@ )* ','? EOL* )? ')' )?"`
		Block      *pBlock       `parser:"@@"`
	}
	pApp struct {
		Name  string        `parser:"( @Word | @String )"`
		For   []*pGenerator `parser:"( 'for' @@ ( ',' EOL* @@ )* )?"`
		Where *pExpr        `parser:"( 'where' @@ )?"`
		Block *pBlock       `parser:"@@"`
	}
	pGenerator struct {
		Names []string `parser:"@Word ( ',' @Word )?"`
		In    *pExpr   `parser:"'in' @@"`
	}
	pUser struct {
		Name  string  `parser:"@Word"`
		Block *pBlock `parser:"@@"`
	}
	pBlock struct {
		Statements []*pStatement `parser:"'{' EOL* ( @@ EOL* )* '}'"`
	}
	pStatement struct {
		Pos    lexer.Position
		Let    *pLet    `parser:"  'let' @@"`
		If     *pIf     `parser:"| 'if' @@"`
		For    *pFor    `parser:"| 'for' @@"`
		Match  *pMatch  `parser:"| 'match' @@"`
		Clause *pClause `parser:"| @@"`
	}
	pIf struct {
		Condition *pExpr  `parser:"@@"`
		Then      *pBlock `parser:"@@"`
		Else      *pElse  `parser:"( EOL* 'else' @@ )?"`
	}
	pElse struct {
		If    *pIf    `parser:"  'if' @@"`
		Block *pBlock `parser:"| @@"`
	}
	pFor struct {
		Generator *pGenerator `parser:"@@"`
		Block     *pBlock     `parser:"@@"`
	}
	pMatch struct {
		Subject *pExpr  `parser:"@@"`
		Arms    []*pArm `parser:"'{' EOL* ( @@ EOL* )* '}'"`
	}
	pArm struct {
		Else     bool     `parser:"(  @'else'"`
		Patterns []*pExpr `parser:"| @@ ( ',' EOL* @@ )* )"`
		Block    *pBlock  `parser:"@@"`
	}
	pClause struct {
		Word  string   `parser:"@Word"`
		Parts []*pPart `parser:"@@*"`
	}
	pPart struct {
		Sign  string `parser:"  @( '=' | '+' '=' )"`
		Comma bool   `parser:"| @',' EOL*"`
		Value *pExpr `parser:"| @@"`
	}

	pExpr struct {
		Pos  lexer.Position
		X    *pAnd   `parser:"@@"`
		More []*pAnd `parser:"( '|' '|' EOL* @@ )*"`
	}
	pAnd struct {
		X    *pComparison   `parser:"@@"`
		More []*pComparison `parser:"( '&' '&' EOL* @@ )*"`
	}
	pComparison struct {
		X    *pSum         `parser:"@@"`
		More []*pCompareTo `parser:"@@*"`
	}
	pCompareTo struct {
		Op string `parser:"@Compare EOL*"`
		Y  *pSum  `parser:"@@"`
	}
	pSum struct {
		X    *pProduct `parser:"@@"`
		More []*pAdd   `parser:"@@*"`
	}
	pAdd struct {
		Op string    `parser:"@( '+' | '-' ) EOL*"`
		Y  *pProduct `parser:"@@"`
	}
	pProduct struct {
		X    *pUnary `parser:"@@"`
		More []*pMul `parser:"@@*"`
	}
	pMul struct {
		Op string  `parser:"@( '*' | '/' | '%' ) EOL*"`
		Y  *pUnary `parser:"@@"`
	}
	pUnary struct {
		Op      string    `parser:"  ( @( '!' | '-' )"`
		X       *pUnary   `parser:"    @@ )"`
		Primary *pPrimary `parser:"| @@"`
	}
	pPrimary struct {
		Operand *pOperand   `parser:"@@"`
		Suffix  []*pPostfix `parser:"@@*"`
	}
	pPostfix struct {
		Select string `parser:"  '.' @Word"`
		Call   *pCall `parser:"| @@"`
		Index  *pExpr `parser:"| '[' EOL* @@ EOL* ']'"`
	}
	pCall struct {
		Arguments []*pArgument `parser:"'(' EOL* ( @@ ( ',' EOL* @@ )* ','? EOL* )? ')'"`
	}
	pArgument struct {
		Name  string `parser:"( @Word ':' )?"`
		Value *pExpr `parser:"@@"`
	}
	pOperand struct {
		Word   string `parser:"  @Word"`
		Number string `parser:"| @Number"`
		Block  string `parser:"| @Block"`
		Text   string `parser:"| @String"`
		List   *pList `parser:"| @@"`
		Map    *pMap  `parser:"| @@"`
		Inner  *pExpr `parser:"| '(' EOL* @@ EOL* ')'"`
	}
	pList struct {
		Items []*pExpr `parser:"'[' EOL* ( @@ ( ',' EOL* @@ )* ','? EOL* )? ']'"`
	}
	pMap struct {
		Entries []*pEntry `parser:"'{' EOL* ( @@ ( ','? EOL* @@ )* ','? EOL* )? '}'"`
	}
	pEntry struct {
		Key   string `parser:"( @Word | @String ) ':'"`
		Value *pExpr `parser:"@@"`
	}
)

// participleParser returns the parser of the grammar.
func participleParser(tb testing.TB) *participle.Parser[pFile] {
	tb.Helper()
	tokens := lexer.MustSimple([]lexer.SimpleRule{
		{Name: "Comment", Pattern: `#[^\n]*`},
		{Name: "EOL", Pattern: `\n`},
		{Name: "Space", Pattern: `[ \t\r]+`},
		{Name: "Block", Pattern: `"""(?s:.*?)"""`},
		{Name: "String", Pattern: `"(?:\\.|[^"\\\n])*"`},
		{Name: "Number", Pattern: `[0-9]+(?:\.[0-9]+)?[A-Za-z]*`},
		{Name: "Word", Pattern: `[A-Za-z_][A-Za-z0-9_]*`},
		{Name: "Compare", Pattern: `==|!=|<=|>=|<|>`},
		{Name: "Mark", Pattern: `[-+*/%!=&|.,:(){}\[\]]`},
	})
	p, err := participle.Build[pFile](participle.Lexer(tokens), participle.Elide("Comment", "Space"), participle.UseLookahead(2))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// TestParticiple checks that the grammar reads what the benchmark measures, in full.
func TestParticiple(t *testing.T) {
	p := participleParser(t)
	text := big(4 << 10)
	file, err := p.ParseString("big.layer", text)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Count(text, "\ncomponent "); len(file.Declarations) != want {
		t.Errorf("%d declarations, want %d", len(file.Declarations), want)
	}
	if n := len(file.Declarations[0].Component.Block.Statements); n != 9 {
		t.Errorf("the first component has %d statements, want 9", n)
	}
	_, err = p.ParseString("x.layer", "component a {\n    needs )\n}\n\ncomponent b {\n    owns ]\n}\n")
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("two errors: %v", err)
	}
	if _, list := syntax.Parse(source.New("x.layer", "component a {\n    needs )\n}\n\ncomponent b {\n    owns ]\n}\n")); len(list) != 2 {
		t.Errorf("layc's parser finds %d errors, want 2", len(list))
	}
}

// BenchmarkParticiple is BenchmarkParse with the grammar.
func BenchmarkParticiple(b *testing.B) {
	p := participleParser(b)
	text := big(1 << 20)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.ParseString("big.layer", text); err != nil {
			b.Fatal(err)
		}
	}
}
