package editor_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	chromalib "github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"

	"github.com/layc-lang/layc/lang/editor"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// disagreement compares a highlighter with layc: kindOf has the kind of each byte of the text. Space
// does not count. It returns "" if they agree.
func disagreement(text string, kindOf []editor.Kind) string {
	tree, _ := syntax.Parse(source.New("x.layer", text))
	for _, s := range editor.Spans(tree) {
		for i := s.Start; i < s.End; i++ {
			if c := text[i]; c == ' ' || c == '\t' || c == '\n' || c == '\r' || s.Kind == kindOf[i] {
				continue
			}
			line := strings.Count(text[:i], "\n") + 1
			return fmt.Sprintf("line %d: %q is a %s to layc, but %q is a %s:\n%s", line, text[s.Start:s.End], s.Kind, text[i:i+1], kindOf[i], text)
		}
	}
	return ""
}

// colours compares a highlighter with layc: for all texts, and for mutations of them. Expressions
// cannot tell everything that a parser can, so the highlighter may be wrong about a few mutations.
func colours(t *testing.T, count int, kinds func(texts []string) [][]editor.Kind) {
	t.Helper()
	all := texts(t)
	for i, k := range kinds(all) {
		if d := disagreement(all[i], k); d != "" {
			t.Error(d)
		}
	}
	few := (count + 399) / 400
	all = mutations(t, count)
	var wrong []string
	for i, k := range kinds(all) {
		if d := disagreement(all[i], k); d != "" {
			wrong = append(wrong, d)
		}
	}
	if len(wrong) > few {
		t.Errorf("wrong about %d of %d mutations, such as\n%s", len(wrong), count, strings.Join(wrong, "\n"))
	}
}

func TestChroma(t *testing.T) {
	l, err := chromalib.NewXMLLexer(os.DirFS("chroma"), "layer.xml")
	if err != nil {
		t.Fatal(err)
	}
	lexers.GlobalLexerRegistry.Register(l)
	colours(t, 2000, func(texts []string) [][]editor.Kind {
		var all [][]editor.Kind
		for _, text := range texts {
			it, err := l.Tokenise(&chromalib.TokeniseOptions{State: "root", EnsureLF: false}, text)
			if err != nil {
				t.Fatal(err)
			}
			shell := shellParts(text)
			var kinds []editor.Kind
			for _, tok := range it.Tokens() {
				k := chromaKind(tok.Type)
				for range len(tok.Value) {
					at := len(kinds)
					if at < len(shell) && shell[at] {
						kinds = append(kinds, editor.Shell)
						continue
					}
					kinds = append(kinds, k)
				}
			}
			all = append(all, kinds)
		}
		return all
	})
}

// TestTextMate colours with VS Code's own engine and its grammar of the shell.
func TestTextMate(t *testing.T) {
	need(t, "vscode/node_modules", "node")
	colours(t, 2000, func(texts []string) [][]editor.Kind {
		cmd := exec.Command("node", "vscode/test/tokens.js")
		cmd.Stdin, cmd.Stderr = bytes.NewReader(asJSON(t, texts)), os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return coloured(t, out, scopeKind)
	})
}

func TestVim(t *testing.T) {
	need(t, "", "vim")
	colours(t, 100, func(texts []string) [][]editor.Kind {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "texts"), filepath.Join(dir, "kinds")
		if err := os.WriteFile(in, asJSON(t, texts), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("vim", "-Nu", "NONE", "-i", "NONE", "-es", "-S", "vim/test/colours.vim")
		cmd.Env = append(os.Environ(), "TEXTS="+in, "KINDS="+out, "HOME="+dir)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		kinds, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return coloured(t, kinds, groupKind)
	})
}

// TestVimIndent takes the indentation of formatted files away: Vim gives the same one.
func TestVimIndent(t *testing.T) {
	need(t, "", "vim")
	names, err := filepath.Glob(root + "/testdata/*/*.layer")
	if err != nil || len(names) == 0 {
		t.Fatal(err)
	}
	texts := []string{indented}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	for _, text := range texts {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in.layer"), filepath.Join(dir, "out.layer")
		if err := os.WriteFile(in, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("vim", "-Nu", "NONE", "-i", "NONE", "-es", "-S", "vim/test/indent.vim")
		cmd.Env = append(os.Environ(), "FILE="+in, "RESULT="+out, "HOME="+dir)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if got, err := os.ReadFile(out); err != nil || string(got) != text {
			t.Errorf("Vim indents this differently (%v):\n%s\nnamely\n%s", err, text, got)
		}
	}
}

const indented = `component a(
    x: string,
    y: string,
) {
    uses b,
        # second
        c,
        d("{")
    run """
       foo {
    """ with cache "/x",
        env A = "1"
    let m = {
        a: 1,
        b: [
            1,
        ],
    }
    match x {
        "a", "b" { expose 1 }
        else { expose 2 }
    }
    if x {
        expose 1
    } else if y {
        expose 2
    }
}
`

// need skips a test if a program or a directory is not there. LAYC_REQUIRE_EDITORS=1 makes that a
// failure.
func need(t *testing.T, dir string, programs ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes long")
	}
	missing := ""
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing = p
		}
	}
	if _, err := os.Stat(dir); dir != "" && err != nil {
		missing = dir
	}
	switch {
	case missing == "":
	case os.Getenv("LAYC_REQUIRE_EDITORS") != "":
		t.Fatalf("%s is missing; make editors installs it", missing)
	default:
		t.Skipf("%s is missing; make editors installs it", missing)
	}
}

func asJSON(t *testing.T, texts []string) []byte {
	text, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// coloured returns the kinds of the bytes of texts from the JSON of a list of [bytes, names] pairs for
// each one.
func coloured(t *testing.T, text []byte, kindOf func(names string) editor.Kind) [][]editor.Kind {
	var tokens [][][2]any
	if err := json.Unmarshal(text, &tokens); err != nil {
		t.Fatal(err)
	}
	var all [][]editor.Kind
	for _, list := range tokens {
		var kinds []editor.Kind
		for _, pair := range list {
			k := kindOf(pair[1].(string))
			for range int(pair[0].(float64)) {
				kinds = append(kinds, k)
			}
		}
		all = append(all, kinds)
	}
	return all
}

// groupKind returns the kind of the innermost group of a stack of Vim.
func groupKind(stack string) editor.Kind {
	inner := stack[strings.LastIndexByte(stack, ' ')+1:]
	if strings.Contains(stack, "layerShell") && !strings.HasPrefix(inner, "layerText") {
		return editor.Shell
	}
	switch strings.TrimRight(strings.TrimPrefix(inner, "layer"), "0123456789") {
	case "Comment":
		return editor.Comment
	case "Declaration", "Clause", "Option", "Control", "Boolean":
		return editor.Keyword
	case "Number":
		return editor.Number
	case "Text", "Escape":
		return editor.String
	case "Operator", "Punctuation", "Inserted":
		return editor.Mark
	case "Name", "Value", "Declared", "Function", "Key", "Type":
		return editor.Name
	}
	return editor.Space
}

// scopeKind returns the kind of the innermost scope.
func scopeKind(scopes string) editor.Kind {
	if strings.Contains(scopes, "meta.embedded.block.shellscript") {
		return editor.Shell
	}
	inner := scopes[strings.LastIndexByte(scopes, ' ')+1:]
	for _, p := range []struct {
		prefix string
		kind   editor.Kind
	}{
		{"comment.", editor.Comment}, {"keyword.operator", editor.Mark}, {"keyword.", editor.Keyword}, {"storage.", editor.Keyword},
		{"constant.language", editor.Keyword}, {"constant.numeric", editor.Number}, {"constant.character", editor.String},
		{"string.", editor.String}, {"punctuation.", editor.Mark}, {"variable.", editor.Name}, {"entity.", editor.Name}, {"support.", editor.Name},
	} {
		if strings.HasPrefix(inner, p.prefix) {
			return p.kind
		}
	}
	return editor.Space
}

// shellParts reports the bytes of a text that belong to the shell. Chroma's tokens do not say which
// lexer has made them.
func shellParts(text string) []bool {
	tree, _ := syntax.Parse(source.New("x.layer", text))
	all := make([]bool, len(text))
	for _, s := range editor.Spans(tree) {
		for i := s.Start; i < s.End && s.Kind == editor.Shell; i++ {
			all[i] = true
		}
	}
	return all
}

func chromaKind(t chromalib.TokenType) editor.Kind {
	switch {
	case t == chromalib.NameConstant:
		return editor.Name
	case t == chromalib.LiteralStringInterpol:
		return editor.Mark
	case t.InCategory(chromalib.Comment):
		return editor.Comment
	case t.InCategory(chromalib.Keyword):
		return editor.Keyword
	case t.InCategory(chromalib.Name):
		return editor.Name
	case t.InSubCategory(chromalib.LiteralNumber):
		return editor.Number
	case t.InSubCategory(chromalib.LiteralString):
		return editor.String
	case t == chromalib.Operator, t == chromalib.Punctuation:
		return editor.Mark
	}
	return editor.Space // also errors: what they hide is not space
}
