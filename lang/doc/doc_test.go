package doc_test

import (
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/doc"
	"github.com/layc-lang/layc/lang/load"
)

func TestSynopsis(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "",
		"One. Two.":                           "One.",
		"Only one":                            "Only one",
		"Over two\nlines, version 1.2.\nMore": "Over two lines, version 1.2.",
		"First\n\nsecond. Third":              "First",
	} {
		if got := doc.Synopsis(text); got != want {
			t.Errorf("Synopsis(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestModuleText checks what a comment at the top of a file documents.
func TestModuleText(t *testing.T) {
	for text, want := range map[string][2]string{
		"# mine\n\ncomponent a {\n}\n":                 {"mine", ""},
		"# its\ncomponent a {\n}\n":                    {"", "its"},
		"# mine\nimport \"std/x\"\ncomponent a {\n}\n": {"mine", ""},
		"# mine\n\n# its\ncomponent a {\n}\n":          {"mine", "its"},
		"\n\n# mine\n#\n# too\n\ncomponent a {\n}\n":   {"mine\n\ntoo", ""},
		"component a {\n}\n# at the end\n":             {"", ""},
		"# alone":                                      {"alone", "no component"},
	} {
		program, _ := load.Load(load.Input{Project: fstest.MapFS{"a.layer": {Data: []byte(text)}}, Dir: ".", Std: fstest.MapFS{}})
		checked, _ := check.Check(program)
		m := doc.Of(checked, ".")
		got := [2]string{m.Text, "no component"}
		if len(m.Components) > 0 {
			got[1] = m.Components[0].Text
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
