package editor_test

import (
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/editor"
)

func TestColoured(t *testing.T) {
	const blue, green, cyan, yellow, dim, plain = "\x1b[34m", "\x1b[32m", "\x1b[36m", "\x1b[33m", "\x1b[2m", "\x1b[0m"
	for text, want := range map[string]string{
		"let a = 1 # one":           blue + "let" + plain + " a = " + cyan + "1" + plain + " " + dim + "# one" + plain,
		"copy \"a\" to to":          blue + "copy" + plain + " " + green + `"a"` + plain + " " + blue + "to" + plain + " to",
		"layers 4":                  blue + "layers" + plain + " " + cyan + "4" + plain,
		"uid 33":                    blue + "uid" + plain + " " + cyan + "33" + plain,
		"component a(b: int = 1)":   blue + "component" + plain + " a(b: int = " + cyan + "1" + plain + ")",
		"run \"\"\"\n  a\n\n\"\"\"": blue + "run" + plain + " " + green + `"""` + plain + "\n  " + yellow + "a" + plain + "\n\n" + green + `"""` + plain,
		"what { is \"this\"":        `what { is ` + green + `"this"` + plain,
	} {
		if got := editor.Coloured(text); got != want {
			t.Errorf("%q:\n%q, want\n%q", text, got, want)
		}
	}
}

// TestColouredTexts checks that colours change no text.
func TestColouredTexts(t *testing.T) {
	codes := strings.NewReplacer("\x1b[0m", "", "\x1b[2m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[34m", "", "\x1b[36m", "")
	for _, text := range texts(t) {
		for part := range strings.SplitSeq(text, "\n}\n") {
			for _, s := range []string{text, part} {
				if got := codes.Replace(editor.Coloured(s)); got != s {
					t.Fatalf("%q became %q", s, got)
				}
			}
		}
	}
}
