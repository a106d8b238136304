package editor_test

import (
	"flag"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

var update = flag.Bool("update", false, "rewrite generated files, and fail")

// root is the directory of the repository.
const root = "../.."

// texts returns the .layer texts of the standard library, the testdata with its cases, the
// documentation and the examples of clauses: all that layc reads without errors. README.md says hcl
// where it has .layer text, since GitHub colours that.
func texts(t testing.TB) []string {
	t.Helper()
	all := slices.Clone(written)
	fenced := regexp.MustCompile("(?s)\n```(?:layer|hcl)\n(.*?)```")
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if d.Name() == "node_modules" || d.Name() == "out" || d.Name() == ".git" || d.Name() == "bin" {
				return fs.SkipDir
			}
			return nil
		}
		switch path.Ext(name) {
		case ".layer", ".txtar", ".md":
		default:
			return nil
		}
		data, err := os.ReadFile(path.Join(root, name))
		if err != nil {
			return err
		}
		switch path.Ext(name) {
		case ".layer":
			all = append(all, string(data))
		case ".md":
			for _, m := range fenced.FindAllStringSubmatch(string(data), -1) {
				all = append(all, m[1])
			}
		case ".txtar":
			for _, f := range txtar.Parse(data).Files {
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
	slices.Sort(all)
	all = slices.DeleteFunc(slices.Compact(all), func(text string) bool { return !valid(text) })
	if len(all) < 300 {
		t.Fatalf("only %d texts", len(all))
	}
	return all
}

func valid(text string) bool {
	_, list := syntax.Parse(source.New("x.layer", text))
	return len(list) == 0
}

// written are texts with what other files hardly have.
var written = []string{
	"# open ' and \" in a comment\nlet a = 1 # another `\nlet b = \"#\"\n",
	"component a {\n    run \"echo '\"\n    run \"echo \\\"$(\"\n    run \"cat <<EOF\"\n    run \"case x in\"\n    env A = \"1\"\n}\nlet b = 1\n",
	"component a {\n    run \"\"\"\n        echo 'open\n        cat <<EOF\n    \"\"\"\n    env A = \"1\"\n}\nlet b = 1\n",
	"component a {\n    run \"\"\"echo \\\"\"\" $(( \"\"\" as \"1\"\n    run \"\"\"\"\"\"\n    run \"\"\n    expose 1\n}\n",
	"component a {\n    run \"\"\"if true; then # open \"\n        echo `\"\"\" in \"/x\" with cache \"/y\", # why\n        # because\n        env A = \"1\"\n    expose 1\n}\n",
	"component a {\n    copy to to to\n    copy from, to from from to \"/x\" owner owner mode mode\n    changes with with\n    needs from,\n        to,\n        copy\n    user user\n}\n",
	"let to = { copy: 1, if: 2, \"run\": [env, run, for_] }\nlet x = \"$$${to.if}$${to} ${ { a: 1 }.a }\"\n",
	"component x {\n    let copy = file.copy\n    if user { expose env.copy } else if run { user user }\n    match copy { \"a\", run { expose 1 }\n        else { expose 2 } }\n}\n",
	"app app for in, app in copy(app: in) where where { uses uses.app }\n",
	"let a = [\n    copy,\n    # run\n    run,\n]\nlet b = f(copy: run, to: to)\n",
	"let a = \"\"\"\n    ${x} \" \"\" \\\"\"\" # not a comment\n    \"\"\"\nlet b = \"\"\"\"\"\"\nlet c = \"\"\n",
	"let a = if b { 1 }\n    # why\n    else { 2 }\n",
	"component a {\r\n    run \"\"\"\r\n        echo '\r\n    \"\"\"\r\n    env A = \"1\"\r\n}\r\n",
	"component a {\n    fetch \"u\" sha256 \"00\" unpack strip 1 limit 1GB to \"/x\"\n    changes 12.5/year\n    size 1.5MB\n}\n",
	"component a {\n    run \"x\" with secret a as A as \"1\"\n    run \"x\" with bind \"a\" from b to \"/c\" in \"/d\"\n    run \"x\" with ssh, tmpfs \"/t\", network none\n}\n",
	"fleet {\n    secret from\n    secret env\n    layers 1 +\n        2\n}",
}

// pieces are the tokens that mutations insert.
var pieces = []string{"(", ")", "[", "]", "{", "}", ",", ":", ".", "=", "+=", "+", "-", "!", "&&", "1", "0755", "1.5h",
	"2.5/day", "a", "if", "else", "in", "where", "true", "with", "to", "from", "as", "owner", "text", "unpack", "env",
	"run", "copy", "needs", "user", "none", `"x"`, `"${x}"`, `"$${x"`, `"'"`, `"\""`, `"""y"""`, "\"\"\"\n  y\n\"\"\"",
	"\n", "#c\n", "# ' \"\n", "\n\n"}

// mutations returns n texts with changed tokens that layc still reads without errors.
func mutations(t testing.TB, n int) []string {
	t.Helper()
	sources := slices.DeleteFunc(texts(t), func(text string) bool { return len(text) > 2000 || len(text) < 20 })
	var all []string
	random := rand.New(rand.NewPCG(1, 1))
	for len(all) < n {
		text := sources[random.IntN(len(sources))]
		tree, _ := syntax.Parse(source.New("x.layer", text))
		tokens := tree.Tokens[:len(tree.Tokens)-1]
		if len(tokens) < 2 {
			continue
		}
		i := random.IntN(len(tokens) - 1)
		a, b, other := tokens[i], tokens[i+1], tokens[random.IntN(len(tokens))]
		piece := pieces[random.IntN(len(pieces))]
		if random.IntN(3) == 0 {
			piece = text[other.Start:other.End]
		}
		this, between, that := text[a.Start:a.End], text[a.End:b.Start], text[b.Start:b.End]
		switch random.IntN(5) {
		case 0:
			this = ""
		case 1:
			this, that = that, this
		case 2:
			this = piece
		case 3:
			between = " " + piece + between
		case 4:
			between = strings.ReplaceAll(between, "\n", " ") + " "
		}
		if text = text[:a.Start] + this + between + that + text[b.End:]; valid(text) {
			all = append(all, text)
		}
	}
	return all
}
