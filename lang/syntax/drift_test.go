package syntax_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// files returns the .layer files of the tests, the standard library and the spec. Some of
// them are wrong on purpose.
func files(t testing.TB) []string {
	all := append(seeds(t), fenced(t, "layer")...)
	std, err := filepath.Glob("../../stdlib/*/*.layer")
	if err != nil || len(std) == 0 {
		t.Fatalf("no standard library: %v", err)
	}
	for _, name := range std {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

// edges are texts about which the parser and the grammar once disagreed.
var edges = []string{
	"component a {\n    run \"x\" with cache \"/a\",\n        secret token as TOKEN,\n        env A = \"1\"\n}",
	"component a {\n    needs b,\n        if x { c } else { d }\n}",
	"component a {\n    needs b,\n        match x { \"1\": c, else: d }\n}",
	"component a {\n    needs b,\n        repeatable\n    expose 80\n}",
	"component a {\n    needs b,\n    if x { expose 80 }\n}",
	"component a {\n    changes monthly with b\n}",
	"component a {\n    changes with\n}",
	"component a {\n    run \"\\\x01\"\n}",
	"component a {\n    run \"\"\"\\\x01\"\"\"\n}",
	"let x = { if: 1 }",
	"let x = if a { 1 }\nelse { 2 }",
	"let x = \"$$${y}\"",
	"let x = 12345678901234567.8s\nlet y = 1234567890123456789",
}

// TestSpecDerives checks that the spec's grammar allows exactly the files that the parser
// accepts.
func TestSpecDerives(t *testing.T) {
	d := newDeriver(t)
	for _, text := range append(files(t), edges...) {
		drift(t, d, text)
	}
}

func drift(t *testing.T, d *deriver, text string) bool {
	_, list := syntax.Parse(source.New("x.layer", text))
	ok, upTo := d.derives(text)
	switch {
	case ok && len(list) > 0:
		t.Errorf("the spec allows, but the parser rejects (%s: %s, at %q):\n%s", list[0].Code, list[0].Message, list[0].Span.Text(), text)
	case !ok && len(list) == 0:
		line := strings.Count(text[:upTo], "\n") + 1
		t.Errorf("the parser accepts, but the spec does not allow (line %d):\n%s", line, text)
	default:
		return false
	}
	return true
}

// TestSpecMutations does the same for files with missing, doubled, moved or replaced tokens,
// and for strings with mutated characters.
func TestSpecMutations(t *testing.T) {
	d := newDeriver(t)
	var sources []string
	for _, text := range files(t) {
		if _, list := syntax.Parse(source.New("x.layer", text)); len(list) == 0 && len(text) < 2000 {
			sources = append(sources, text)
		}
	}
	count := 2000
	if testing.Short() {
		count = 200
	}
	found := 0
	for seed := range count {
		random := rand.New(rand.NewPCG(uint64(seed), 2))
		text := mutate(random, sources[random.IntN(len(sources))])
		if drift(t, d, text) {
			t.Logf("seed %d", seed)
			if found++; found > 5 {
				t.FailNow()
			}
		}
	}
}

// pieces are the tokens that mutations insert.
var pieces = []string{"(", ")", "[", "]", "{", "}", ",", ":", ".", "=", "+=", "==", "<", "+", "-", "*", "!", "&&",
	"1", "007", "08", "1.5h", "2.5", "30s", "a", "if", "else", "for", "in", "match", "let", "where", "true",
	"with", "to", "from", "as", "owner", "mode", "text", "append", "sha256", "unpack", "strip", "limit", "by", "env", "secret",
	"run", "copy", "needs", "uses", "base", "app", "component", "import", "user", "on", "repeatable", "none",
	`"x"`, `"${x}"`, `"$${x"`, `"${x"`, `"""y"""`, "\"\"\"\n  y\n\"\"\"", "\n", "#c\n", "\n\n", "//"}

// characters are the characters that mutations insert into strings.
var characters = []string{`"`, `\`, `\"`, `\n`, `\u{41}`, `\u{110000}`, `\q`, "$", "$$", "{", "}", "${", "$${", "${a}", "\t", "\x01",
	"\r", "\r\n", "\n", "é", "\xff", "#", `""`, `"""`}

// mutate changes a few tokens of a file, or the characters of its strings.
func mutate(random *rand.Rand, text string) string {
	for range 1 + random.IntN(2) {
		tree, _ := syntax.Parse(source.New("x.layer", text))
		tokens := tree.Tokens[:len(tree.Tokens)-1]
		if len(tokens) < 2 {
			return text
		}
		i := random.IntN(len(tokens) - 1)
		a, b := tokens[i], tokens[i+1]
		this, that := text[a.Start:a.End], text[b.Start:b.End]
		before, between, after := text[:a.Start], text[a.End:b.Start], text[b.End:]
		piece := pieces[random.IntN(len(pieces))]
		if random.IntN(3) == 0 {
			other := tokens[random.IntN(len(tokens))]
			piece = text[other.Start:other.End]
		}
		switch n := random.IntN(8); {
		case n == 0:
			text = before + between + that + after
		case n == 1:
			text = before + this + " " + this + between + that + after
		case n == 2:
			text = before + that + between + this + after
		case n == 3:
			text = before + piece + between + that + after
		case n == 4:
			text = before + this + " " + piece + " " + between + that + after
		case n == 5:
			text = before + this + strings.Trim(between, "\r\n") + " " + that + after
		case n == 6:
			text = before + this + between + "\n" + that + after
		default:
			at := int(a.Start) + random.IntN(len(this)+1)
			text = text[:at] + characters[random.IntN(len(characters))] + text[at:]
		}
	}
	return text
}
