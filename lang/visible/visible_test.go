package visible

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain ä 漢 👍\tx\n":          "plain ä 漢 👍\tx\n",
		"\x1b[31mred\x1b]0;t\a":     "␛[31mred␛]0;t␇",
		"a\rb\bc\x00d\x7f":          "a␍b␈c␀d␡",
		"\u009b31m \u202eabc":       "�31m �abc",
		"\x9b31m \xff":              "�31m �",
		"\u2066x\u2069\u200f\u061c": "�x���",
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
	if got, want := Line("a\n\tb"), "a␊␉b"; got != want {
		t.Errorf("Line: got %q, want %q", got, want)
	}
}

// TestStream cuts an output anywhere and expects the same result.
func TestStream(t *testing.T) {
	const out = "10 %\r20 %\r\näöü 漢\x1b[2K\u009bdone\r\n\xffend"
	const want = "10 %\r20 %\r\näöü 漢␛[2K�done\r\n�end"
	for i := range len(out) {
		for j := i; j <= len(out); j++ {
			var s Stream
			var got strings.Builder
			for _, piece := range []string{out[:i], out[i:j], out[j:]} {
				got.WriteString(s.Text([]byte(piece)))
			}
			if got.String() != want {
				t.Fatalf("cut at %d and %d: %q, want %q", i, j, got.String(), want)
			}
		}
	}
}
