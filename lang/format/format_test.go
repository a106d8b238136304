package format_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

var update = flag.Bool("update", false, "rewrite goldens, and fail")

// TestGoldens formats in.layer of each case and compares it with want.layer.
func TestGoldens(t *testing.T) {
	cases, err := filepath.Glob("../../testdata/format/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if len(archive.Files) != 2 || archive.Files[0].Name != "in.layer" || archive.Files[1].Name != "want.layer" {
				t.Fatal("a case must have in.layer and want.layer")
			}
			in, want := string(archive.Files[0].Data), string(archive.Files[1].Data)
			got, list := format.Source(source.New("in.layer", in))
			if list.HasErrors() {
				t.Fatalf("%s: %s", list[0].Code, list[0].Message)
			}
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
				if *update {
					archive.Files[1].Data = []byte(got)
					if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
						t.Fatal(err)
					}
				}
			}
			if msg := broken(in); msg != "" {
				t.Error(msg)
			}
		})
	}
}

// TestSeeds checks the promises of formatting on all .layer sections in testdata.
func TestSeeds(t *testing.T) {
	for _, text := range seeds(t) {
		if msg := broken(text); msg != "" {
			t.Errorf("%s\n%s", msg, text)
		}
	}
}

// TestComments adds comments wherever a line may end, in all .layer sections in testdata.
func TestComments(t *testing.T) {
	read := 0
	for seed, text := range seeds(t) {
		random := rand.New(rand.NewPCG(uint64(seed), 1))
		for range 10 {
			commented := withComments(text, random)
			if _, list := syntax.Parse(source.New("a.layer", commented)); !list.HasErrors() {
				read++
			}
			if msg := broken(commented); msg != "" {
				t.Fatalf("%s\n%s", msg, commented)
			}
		}
	}
	if read < 100 {
		t.Errorf("only %d texts are without errors", read)
	}
}

func withComments(text string, random *rand.Rand) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case random.IntN(4) > 0:
			b.WriteRune(c)
		case c == '\n':
			b.WriteString([]string{" # beside\n", "\n# above\n", "\n\n  # apart\n\n"}[random.IntN(3)])
		case c == ',', c == '(', c == '[', c == '{', c == '+', c == '*':
			b.WriteString(string(c) + " # after\n")
		case c == ')', c == ']', c == '}':
			b.WriteString("\n# before\n" + string(c))
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// TestSpec checks that the examples in the spec are formatted.
func TestSpec(t *testing.T) {
	spec, err := os.ReadFile("../../spec.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)\n```layer\n(.*?)```").FindAllStringSubmatch(string(spec), -1) {
		if got, _ := format.Source(source.New("spec.md", m[1])); got != m[1] {
			t.Errorf("the spec has:\n%s\nformatted:\n%s", m[1], got)
		}
	}
}

func FuzzFormat(f *testing.F) {
	for _, text := range seeds(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if msg := broken(text); msg != "" {
			t.Error(msg)
		}
	})
}

// broken returns the promise that formatting a text breaks, "" for none: the tree and the comments
// remain, and formatting again changes nothing.
func broken(text string) string {
	before, list := syntax.Parse(source.New("a.layer", text))
	if list.HasErrors() {
		if got, _ := format.Source(before.Source); got != text {
			return "a file with errors is changed"
		}
		return ""
	}
	once := format.File(before)
	after, list := syntax.Parse(source.New("b.layer", once))
	if list.HasErrors() {
		return "formatting makes an error: " + list[0].Message + "\n" + once
	}
	if a, b := normal(before), normal(after); a != b {
		return "formatting changes the tree:\n" + once + "\nfrom\n" + a + "\nto\n" + b
	}
	if a, b := comments(before), comments(after); a != b {
		return "formatting changes comments:\n" + once + "\nfrom\n" + a + "\nto\n" + b
	}
	if twice := format.File(after); twice != once {
		return "formatting is not idempotent:\n" + once + "\nbecomes\n" + twice
	}
	return ""
}

// normal returns the dump of a tree without the order that formatting may change: the lines of each
// block are sorted, except for steps.
func normal(f *syntax.File) string {
	tree := *f
	tree.Imports = slices.Clone(f.Imports)
	slices.SortStableFunc(tree.Imports, func(a, b *syntax.Import) int {
		x, _ := a.Path.Literal()
		y, _ := b.Path.Literal()
		return strings.Compare(x, y)
	})
	lines := strings.Split(syntax.Dump(&tree), "\n")
	steps := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !isStep(l) })
	rest := slices.DeleteFunc(lines, isStep)
	for i := range rest {
		rest[i] = strings.TrimRight(rest[i], ")")
	}
	for i := range steps {
		steps[i] = strings.TrimRight(steps[i], ")")
	}
	slices.Sort(rest)
	return strings.Join(steps, "\n") + "\n" + strings.Join(rest, "\n")
}

func isStep(line string) bool {
	word, _, _ := strings.Cut(strings.TrimLeft(line, " ("), " ")
	f := syntax.FindForm(word, syntax.InComponent)
	return f != nil && f.Mood == syntax.Step
}

// comments returns the texts of a file's comments, sorted.
func comments(f *syntax.File) string {
	var all []string
	for _, t := range f.Tokens {
		if t.Kind == syntax.Comment {
			text := f.Source.Text()[t.Start:t.End]
			all = append(all, strings.TrimSpace(strings.TrimPrefix(text, "#")))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// seeds returns the .layer sections of all txtar files in testdata, and all .layer files there.
func seeds(t testing.TB) []string {
	var all []string
	err := filepath.WalkDir("../../testdata", func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch path.Ext(name) {
		case ".layer":
			text, err := os.ReadFile(name)
			all = append(all, string(text))
			return err
		case ".txtar":
			archive, err := txtar.ParseFile(name)
			if err != nil {
				return err
			}
			for _, f := range archive.Files {
				if path.Ext(f.Name) == ".layer" {
					all = append(all, string(f.Data))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func BenchmarkFormat(b *testing.B) {
	text := strings.Repeat(strings.Join([]string{
		"component c(version: string = \"1\") {",
		"    needs java",
		"    owns \"/opt/c\" owner \"1:0\"",
		"    copy \"/wlp\" from maven.artifact(\"x\", version) to \"/opt/c/wlp\"",
		"    env PATH += \"/opt/c/bin\"",
		"}", "",
	}, "\n"), 4000)
	tree, _ := syntax.Parse(source.New("b.layer", text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		format.File(tree)
	}
}
