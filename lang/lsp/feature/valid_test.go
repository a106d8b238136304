package feature_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/lang/lsp/feature"
)

// TestCompleteValid completes declarations, headers and clauses: what would be an error is not offered,
// what the grammar has there is.
func TestCompleteValid(t *testing.T) {
	const head = "import \"./lib\"\n\nlet n = 3\n\nlet m = { alpha: \"x\", beta: { gamma: \"y\" } }\n\nuser www {\n    uid 33\n}\n\nslot web\n\ncomponent c(t: string) {\n    file \"/a\" text t\n}\n\n"
	const fleet = "fleet {\n    base scratch\n    secret token\n}\n\n"
	in := func(kind string) func(string) string {
		return func(s string) string { return head + fleet + kind + " k {\n    " + s + "\n}\n" }
	}
	top := func(s string) string { return head + fleet + s + "\n" }
	bare := func(s string) string { return head + s + "\n" }
	component, app := in("component"), in("app")
	for _, c := range []struct {
		text        string
		want, never string
	}{
		{top("|"), "app let", "fleet"},
		{bare("|"), "fleet app", ""},
		{bare("fl|eet {\n}"), "fleet", ""},
		{top("let |"), "", "n c if www"}, {top("component |"), "", "n c"}, {top("app |"), "", "n c for"}, {top("user |"), "", "n www"},
		{top("slot |"), "", "web n"}, {top("param |"), "", "n"}, {top("component z(|) {\n}"), "", "n t"}, {top("component z(a: int, |) {\n}"), "", "n"},
		{component("for |"), "", "n c"}, {component("for a, |"), "", "n c"}, {component("let |"), "", "n c"}, {top("app \"x\" for a in [1], |"), "", "n c"},
		{component("env |"), "", "n c by"}, {component("label |"), "", "n c"}, {component("run \"a\" with env |"), "", "n"},
		{component("run \"a\" with secret token as |"), "", "n token"}, {head + "fleet {\n    secret |\n}\n", "", "n c"},
		{component("env X |"), "= +=", "by n"}, {component("env X += \"a\" |"), "by", ""}, {component("env X = \"a\" |"), "", "by"},
		{component("label X |"), "=", "+= n"}, {component("label \"x.y\" |"), "=", "n"}, {component("run \"a\" with env X |"), "=", "+= n"},
		{top("let q |"), "=", "n"}, {component("let q |"), "=", "n"}, {top("slot q |"), "=", "c"}, {top("param q: string |"), "=", "n"},
		{"import \"std/java\" |", "as", ""}, {"import \"std/java\" as |", "", "as"}, {"import \"std/java\" as j |", "", "as"},
		{component("file \"/x\" text \"a\" |"), "mode owner", "text append"}, {component("file \"/x\" append \"a\" |"), "mode", "text append"},
		{component("file \"/x\" | text \"a\""), "mode", "text append"},
		{component("fetch \"https://a/b\" sha256 \"1\" |"), "to unpack", "sha256 sha512"}, {component("fetch \"https://a/b\" sha512 \"1\" to \"/\" |"), "unpack", "sha256"},
		{component("builds cross |"), "", "on with"}, {component("run \"a\" in \"/x\" with ssh |"), "as", "in with"},
		{component("run \"a\" with secret token as X, bind \"/a\" |"), "from to", "with"}, {component("run \"a\" as \"1\" with bind \"/a\" from c |"), "to in", "from as"},
		{top("app \"x\" for i in |"), "m", "where"}, {top("app \"x\" for i in [\"1\"] |"), "where", "in"}, {component("run \"a\" with secret token as X |"), "", "to"},
		{top("let q = |"), "n m", "q"}, {top("let q = n + |"), "n", "q"}, {component("let q = |"), "n", "q"}, {top("slot q = |"), "c", "q"},
		{component("for i in |"), "m", "i"}, {component("for i, j in |"), "m", "i j"}, {top("app \"x\" for i in |"), "m", "i"},
		{top("app \"x\" for i in [\"1\"] where |"), "i", ""}, {component("for i in [\"1\"] {\n        file \"/x\" text |\n    }"), "i", ""},
		{component("needs |"), "c www lib.page", "k"}, {component("copy \"a\" from |"), "c", "k"}, {app("uses |"), "c", ""},
		{component("file \"/x\" text \"${m.|}\""), "alpha beta", "n c"}, {component("file \"/x\" text \"a ${m.al|} b\""), "alpha", "beta"},
		{component("file \"/x\" text \"${m.beta.|}\""), "gamma", "alpha"}, {component("run \"echo ${m.|}\""), "alpha beta", ""},
		{component("file \"/x\" text \"${platform.|}\""), "arch os", "n"}, {component("file \"/x\" text \"${lib.|}\""), "port", ""},
		{component("file \"/x\" text \"\"\"\n        ${m.|}\n        \"\"\""), "alpha beta", "n"}, {component("file \"/x\" text \"${n + |}\""), "n m", ""},
		{component("file \"/x\" text \"$${m.|}\""), "", "alpha"}, {component("file \"/x\" text \"${n}m.|\""), "", "alpha"},
		{component("match platform.arch {\n        |\n    }"), `"amd64" "arm64" else`, ""}, {component("match platform.arch {\n        \"|\" {\n        }\n    }"), "amd64 riscv64", ""},
		{component("match platform.arch {\n        \"amd64\", | {\n        }\n    }"), `"arm64"`, ""}, {component("match platform.os {\n        |\n    }"), `"linux"`, `"amd64"`},
		{component("match n {\n        |\n    }"), "else", `"amd64"`}, {top("let q = match platform.arch { \"|\": 1 }"), "amd64", ""},
		{top("let q = match platform.arch { \"amd64\": \"|\" }"), "", "amd64"}, {top("let q = match platform.arch {\n    |\n}"), `"arm64"`, ""},
		{app("uses jd|"), "java.jdk", ""}, {app("uses pag|"), "lib.page both.page", ""}, {app("uses bot|"), "both both.page", ""},
	} {
		p, text := placed(fstest.MapFS{
			"lib/l.layer":  {Data: []byte("component page {\n}\n\nlet port = \"1\"\n")},
			"both/b.layer": {Data: []byte("component both {\n}\n\ncomponent page {\n}\n")},
		}, c.text)
		var labels []string
		for _, o := range feature.Complete(p).All {
			labels = append(labels, o.Label)
		}
		at := text[max(0, p.Offset-40):p.Offset] + "|"
		for _, want := range strings.Fields(c.want) {
			if !slices.Contains(labels, want) {
				t.Errorf("%q lacks %s: %v", at, want, labels)
			}
		}
		for _, never := range strings.Fields(c.never) {
			if slices.Contains(labels, never) {
				t.Errorf("%q offers %s", at, never)
			}
		}
	}
}
