package syntax_test

import (
	"testing"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// TestQuote reads literals back.
func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"":                           `""`,
		"/opt/a b":                   `"/opt/a b"`,
		"ü\u00a0x":                   "\"ü\u00a0x\"",
		"a\"b\\c\n\t":                `"a\"b\\c\n\t"`,
		"${x} $x $$":                 `"$${x} $x $$"`,
		"$${x} $$${":                 `"$$${x} $$$${"`,
		"\x00\x1b\r\u202e\U0010ffff": `"\u{0}\u{1B}\u{D}\u{202E}\u{10FFFF}"`,
	} {
		got, ok := syntax.Quote(text)
		if !ok || got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
		tree, list := syntax.Parse(source.New("a.layer", "let a = "+got+"\n"))
		if len(list) > 0 {
			t.Errorf("%s: %s", got, list[0].Message)
			continue
		}
		if read, _ := tree.Decls[0].(*syntax.Let).Value.(*syntax.String).Literal(); read != text {
			t.Errorf("%s is read as %q, want %q", got, read, text)
		}
	}
	if _, ok := syntax.Quote("\xff"); ok {
		t.Error("a text that is not UTF-8 has a literal")
	}
}
