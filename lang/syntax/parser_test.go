package syntax_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// big returns a file of ordinary declarations with at least that many bytes.
func big(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `
# The component of that number, with a comment that says what it is for.
component part%d(version: string = "2.1.%d", plugins: list(string) = []) {
    needs   java, part%d(version: "1")
    owns    "/opt/part%d" owner "1001:0" mode "g+rw"
    changes monthly

    copy "/wlp" from maven.artifact("io.example:part", version, "zip") to "/opt/part%d"
    run  "/opt/part%d/bin/server create defaultServer" in "/src" with cache "/root/.m2"
    link "/config" to "/opt/part%d/usr/servers/defaultServer"
    if version >= "2" && plugins != [] {
        file "/etc/part%d.conf" text """
            listen = ${version}
            plugins = ${plugins}
        """
    }

    env  PATH += "/opt/part%d/bin"
    test "server version" prints "Part ${version}"
}
`, i, i, i, i, i, i, i, i, i)
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	text := big(1 << 20)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, list := syntax.Parse(source.New("big.layer", text)); len(list) > 0 {
			b.Fatal(list[0].Message)
		}
	}
}

// TestTokens checks that the tokens and the space between them make up the file.
func TestTokens(t *testing.T) {
	for _, text := range append(seeds(t), "\ufefflet x = 1\r\n") {
		if msg := lossy(text); msg != "" {
			t.Errorf("%s in %q", msg, text)
		}
	}
}

// lossy returns how the tokens of a text fail to cover it; "" if they cover it.
func lossy(text string) string {
	tree, _ := syntax.Parse(source.New("x.layer", text))
	end := 0
	for i, t := range tree.Tokens {
		gap := text[end:t.Start]
		if end == 0 {
			gap = strings.TrimPrefix(gap, "\ufeff")
		}
		if strings.Trim(strings.ReplaceAll(gap, "\r\n", "\n"), " \t\n") != "" {
			return fmt.Sprintf("token %d follows %q", i, gap)
		}
		if line := end == 0 && strings.TrimSpace(gap) == "" && i == 0 || strings.Contains(gap, "\n"); t.Kind != syntax.EOF && t.Line != line {
			return fmt.Sprintf("token %d: Line is %t", i, t.Line)
		}
		if t.End < t.Start || t.Kind != syntax.EOF && t.End == t.Start {
			return fmt.Sprintf("token %d is empty", i)
		}
		end = int(t.End)
	}
	if last := tree.Tokens[len(tree.Tokens)-1]; last.Kind != syntax.EOF || end != len(text) {
		return "the end is missing"
	}
	return ""
}

// TestHostile parses inputs that could make a parser recurse too deeply, hang or exhaust the
// memory.
func TestHostile(t *testing.T) {
	const n = 50_000
	for name, text := range map[string]string{
		"parens":               "let x = " + strings.Repeat("(", n),
		"brackets":             "let x = " + strings.Repeat("[", n) + strings.Repeat("]", n),
		"maps":                 "let x = " + strings.Repeat("{a:", n),
		"calls":                "let x = a" + strings.Repeat("(b", n),
		"chain":                "let x = a" + strings.Repeat(".b", n),
		"sum":                  "let x = 1" + strings.Repeat("+1", n),
		"not":                  "let x = " + strings.Repeat("!", n) + "a",
		"minus":                "let x = " + strings.Repeat("-", n) + "1",
		"types":                "param x: " + strings.Repeat("list(", n),
		"if":                   "app a {" + strings.Repeat("if a {", n),
		"else if":              "app a { if a {}" + strings.Repeat(" else if a {}", n) + "}",
		"if value":             "let x = " + strings.Repeat("if a { 1 } else ", n) + "{ 1 }",
		"match":                "app a {" + strings.Repeat("match a { b {", n),
		"match value":          "let x = " + strings.Repeat("match a { b: ", n),
		"braces":               strings.Repeat("}", n),
		"openers":              strings.Repeat("{", n),
		"quotes":               strings.Repeat("\"", n),
		"lone quotes":          strings.Repeat("\"\n", n),
		"stray":                strings.Repeat("@ ", n),
		"interpolated":         "let x = \"" + strings.Repeat("${(", n) + "\"",
		"unterminated strings": "let x = \"" + strings.Repeat("${a ", n) + "\"",
		"block":                "let x = \"\"\"" + strings.Repeat("\n ${a", n),
		"apps":                 strings.Repeat("app a {\n", n),
		"words":                strings.Repeat("uses ", n),
		"spaces":               "app a {\n" + strings.Repeat(strings.Repeat(" ", 500)+"\n", n/500) + "}",
		"errors":               "app a {\n" + strings.Repeat("user\n", n) + "}",
		"unclosed":             strings.Repeat("app a { uses f(1\n", n),
		"addresses":            strings.Repeat("a://", n),
		"comments":             strings.Repeat("/*\n", n),
		"versions":             strings.Repeat("1.2-", n),
		"dollars":              strings.Repeat("$a{", n),
		"open lines":           strings.Repeat("\"a\\\n", n) + strings.Repeat("\\\"\\\n", n),
		"commands":             "app a {\n" + strings.Repeat("run a \\\n", n) + "}",
		"continued":            "component a {\n" + strings.Repeat("COPY a \\\n", n) + "}",
		"nested instructions":  "component a {\n" + strings.Repeat("COPY { ", n),
		"closed instructions":  "component a {\n" + strings.Repeat("COPY } ", n),
		"instructions":         "component a {\n" + strings.Repeat("RUN a; b\n", n) + "}",
		"bare":                 "app a {\nuser a" + strings.Repeat("/b", n) + "\n}",
		"bare lines":           "app a {\n" + strings.Repeat("user /a\n", n) + "}",
		"documents":            "component a {\n" + strings.Repeat("run <<END\n", n) + "}",
		"commas":               "app a {\nuses a" + strings.Repeat(",\nb", n) + "\n}",
	} {
		start := time.Now()
		tree, list := syntax.Parse(source.New(name, text))
		if d := time.Since(start); d > 2*time.Minute {
			t.Errorf("%s: %s", name, d)
		}
		if len(list) > 200 {
			t.Errorf("%s: %d findings", name, len(list))
		}
		syntax.Dump(tree)
	}
}

// misplaced returns what is wrong with the places of a tree: each part has one within the text.
func misplaced(tree *syntax.File, text string) (msg string) {
	visit := func(n syntax.Node) bool {
		if at := n.Span(); at.IsZero() || at.Start < 0 || at.End < at.Start || at.End > len(text) {
			msg = fmt.Sprintf("%T at %d:%d of %d", n, at.Start, at.End, len(text))
		}
		return true
	}
	for _, i := range tree.Imports {
		syntax.Inspect(i, visit)
	}
	for _, d := range tree.Decls {
		syntax.Inspect(d, visit)
	}
	return msg
}

// TestPlaces checks the places of trees of texts that end anywhere, and of texts without a token.
func TestPlaces(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 11
	}
	for _, text := range seeds(t) {
		if len(text) > 4000 {
			continue
		}
		whole, _ := syntax.Parse(source.New("x.layer", text))
		for i := 0; i < len(whole.Tokens); i += step {
			at := whole.Tokens[i]
			for _, cut := range []string{text[:at.Start], text[:at.Start] + text[at.End:]} {
				tree, _ := syntax.Parse(source.New("x.layer", cut))
				if msg := misplaced(tree, cut); msg != "" {
					t.Fatalf("%s in:\n%s", msg, cut)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range seeds(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if msg := lossy(text); msg != "" {
			t.Error(msg)
		}
		tree, list := syntax.Parse(source.New("x.layer", text))
		if tree.Damaged != (len(list) > 0) || !list.HasErrors() && !utf8.ValidString(text) {
			t.Error("damaged without an error")
		}
		syntax.Dump(tree)
		if msg := misplaced(tree, text); msg != "" {
			t.Error(msg)
		}
		visit := func(n syntax.Node) bool {
			_, bad := n.(*syntax.BadExpr)
			if bad && len(list) == 0 {
				t.Error("a broken tree without an error")
			}
			return true
		}
		for _, i := range tree.Imports {
			syntax.Inspect(i, visit)
		}
		for _, d := range tree.Decls {
			syntax.Inspect(d, visit)
		}
		if err := diag.Render(io.Discard, list, diag.Options{}); err != nil {
			t.Error(err)
		}
	})
}
