package query_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/query"
	"github.com/layc-lang/layc/lang/diag"
)

// shop is a small fleet.
const shop = `
import "std/debian"

fleet {
    base debian.release("12", security: false)
}

component jdk(version: string) {
    owns    "/opt/jdk"
    file    "/opt/jdk/release" text version
    size    180MB
    changes quarterly
}

app "shop-web" {
    uses     jdk("17"), os.packages("openssl", "curl")
    tag      "17-web"
    replicas 12
}

app cart {
    uses jdk("8")
    tag  "8-cart"
}
`

func fleet(t testing.TB) *query.Fleet {
	t.Helper()
	pins := &lock.File{}
	for n, p := range []string{"base-files 12.4", "openssl 3.0.14-1~deb12u2", "curl 7.88"} {
		name, version, _ := strings.Cut(p, " ")
		pins.Packages = append(pins.Packages, lock.Package{
			Distribution: "debian/bookworm", Arch: "amd64", Name: name, Version: version, URL: "debian:" + name + ".deb",
			Digest: fmt.Sprintf("sha256:%064d", n), Size: 1 << 20, Minimal: n == 0,
		})
	}
	pins.Sort()
	out, list := compiler.Compile(compiler.Input{
		Project: fstest.MapFS{"a.layer": {Data: []byte(shop)}}, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}, Lock: pins,
	}, compiler.Planned)
	if list.HasErrors() {
		t.Fatal(list[0].Message)
	}
	return query.New([]*plan.Plan{out.Targets[0].Plan})
}

// TestInstalled asks for a package that a component installs itself.
func TestInstalled(t *testing.T) {
	pins := &lock.File{}
	for n, p := range []string{"base-files", "lib", "server", "other"} {
		one := lock.Package{Distribution: "debian/bookworm", Arch: "amd64", Name: p, Version: "1", URL: "debian:" + p + ".deb",
			Digest: fmt.Sprintf("sha256:%064d", n), Size: 1 << 20, Minimal: n == 0}
		if p == "server" {
			one.Needs = []string{"lib"}
		}
		pins.Packages = append(pins.Packages, one)
	}
	pins.Sort()
	const program = `
import "std/debian"

fleet {
    base debian.release("12", security: false)
}

component database {
    file    "/etc/database" text "x"
    install "server"
}

component tool {
    needs database
    owns  "/opt/tool"
    file  "/opt/tool/x" text "x"
}

app one {
    uses tool
}

app two {
    uses os.packages("other")
}
`
	out, list := compiler.Compile(compiler.Input{
		Project: fstest.MapFS{"a.layer": {Data: []byte(program)}}, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}, Lock: pins,
	}, compiler.Planned)
	if list.HasErrors() {
		t.Fatal(list[0].Message)
	}
	f := query.New([]*plan.Plan{out.Targets[0].Plan})
	for _, c := range []struct{ expression, want string }{
		{`apps has package("server") == "1"`, "apps: one"},
		{`packages in one`, "packages: base-files, lib, server"},
		{`components needs server`, "components: database"},
		{`components needs lib`, "components: database"},
		{`apps uses server`, "apps: "},
		{`components depends on server`, "components: database, tool"},
		{`components depends on database`, "components: tool"},
		{`apps depends on server`, "apps: one"},
	} {
		q, list := f.Ask("query", c.expression)
		if list.HasErrors() {
			t.Fatalf("%s: %s", c.expression, list[0].Message)
		}
		var names []string
		for _, i := range q.Answer() {
			names = append(names, i.Name)
		}
		if got := q.Kind().String() + ": " + strings.Join(names, ", "); got != c.want {
			t.Errorf("%s: %s, want %s", c.expression, got, c.want)
		}
	}
}

// TestBuilder asks for what is built on the fleet's builder: it is of the build world, so no app has
// it, and apps whose content depends on it are found through it.
func TestBuilder(t *testing.T) {
	const program = `
fleet {
    base    base
    builder "linux/amd64"
}

component base {
    rootfs "https://example.com/${platform.arch}.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}

component compiler {
    run "make compiler"
}

component tool {
    builds cross
    builds with compiler
    owns "/opt/tool"
    run  "make tool"
}

app a {
    uses tool
}
`
	out, list := compiler.Compile(compiler.Input{
		Project: fstest.MapFS{"a.layer": {Data: []byte(program)}}, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "arm64"},
		Lock: &lock.File{Bases: []lock.Base{{Digest: "sha256:00000000000000000000000000000000000000000000000000000000000000aa", Layers: 1}}},
	}, compiler.Planned)
	if list.HasErrors() {
		t.Fatal(list[0].Message)
	}
	f := query.New([]*plan.Plan{out.Targets[0].Plan})
	for text, want := range map[string]string{
		"components":               "base@linux/arm64 base for linux/amd64@linux/arm64 compiler for linux/amd64@linux/arm64 tool@linux/arm64",
		"components apps == 0":     "base for linux/amd64@linux/arm64 compiler for linux/amd64@linux/arm64",
		"apps depends on compiler": "a@linux/arm64",
		"apps has compiler":        "",
	} {
		q, found := f.Ask("query", text)
		if found.HasErrors() {
			t.Errorf("%s: %s", text, found[0].Message)
			continue
		}
		var got []string
		for _, i := range q.Answer() {
			got = append(got, i.Name+"@"+i.Platform.String())
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// TestAnswers asks what users ask.
func TestAnswers(t *testing.T) {
	f := fleet(t)
	for _, c := range []struct{ expression, want string }{
		{`package("openssl") < "3.0.15"`, "packages: openssl"},
		{`package("openssl") < "3.0.14"`, "packages:"},
		{`package("openssl") == "3.0.*"`, "packages: openssl"},
		{`has package("openssl") < "3.0.15"`, "apps: shop-web"},
		{`not has openssl`, "apps: cart"},
		{`jdk < "17"`, `components: jdk("8")`},
		{`component("jdk") >= "17"`, `components: jdk("17")`},
		{`jdk(17)`, `components: jdk("17")`},
		{`uses jdk( "17" )`, "apps: shop-web"},
		{`shop-*`, "apps: shop-web"},
		{`shop-web or cart`, "apps: cart, shop-web"},
		{`tag == "17-*" and replicas > 10`, "apps: shop-web"},
		{`tag != "17-*"`, "apps: cart"},
		{`portable size > 100MB`, ""},
		{`components portable and size > 100MB`, `components: jdk("17"), jdk("8")`},
		{`components changes == 4/year`, `components: jdk("17"), jdk("8")`},
		{`packages apps == 1`, "packages: curl, openssl"},
		{`packages in shop-web except in cart`, "packages: curl, openssl"},
		{`apps except cart or cart`, "apps: cart, shop-web"},
		{`apps except (cart or shop-web)`, "apps:"},
		{`not not cart`, "apps: cart"},
		{`apps platform == "arm64"`, "apps:"},
		{`apps platform == "amd64"`, "apps: cart, shop-web"},
		{`size > 0B`, "apps: cart, shop-web"},
		{`apps depends on base-files`, "apps: cart, shop-web"},
	} {
		q, list := f.Ask("query", c.expression)
		if c.want == "" {
			if !list.HasErrors() {
				t.Errorf("%s has no error", c.expression)
			}
			continue
		}
		if len(list) > 0 {
			t.Errorf("%s: %s", c.expression, list[0].Message)
			continue
		}
		var names []string
		for _, i := range q.Answer() {
			names = append(names, i.Name)
		}
		slices.Sort(names)
		if got := strings.TrimSpace(q.Kind().String() + ": " + strings.Join(names, ", ")); got != c.want {
			t.Errorf("%s: %s, want %s", c.expression, got, c.want)
		}
	}
}

// TestFindings pins the words and places of errors, each with its replacement.
func TestFindings(t *testing.T) {
	f := fleet(t)
	for _, c := range []struct{ expression, at, message, help, fixed string }{
		{``, ``, "expected a name or a condition, found the end", "write for example `apps` or `package(\"openssl\") < \"3.0.15\"`", ""},
		{`apps and`, ``, "expected a name or a condition, found the end", "", ""},
		{`apps and uses`, ``, "expected a name or a condition, found the end", "", ""},
		{`apps jdk`, `jdk`, "expected `and`, `or`, `except` or a condition, found `jdk`", "join two conditions with `and` or `or`", ""},
		{`apps hass jdk`, `hass`, "expected `and`, `or`, `except` or a condition, found `hass`", "did you mean `has`?", "apps has jdk"},
		{`apps not uses jdk`, `not`, "expected `and`, `or`, `except` or a condition, found `not`", "write `and not`, or parentheses: `has (not …)`", ""},
		{`has not jdk`, `not`, "expected a name or a condition, found `not`", "write parentheses: `has (not …)`", ""},
		{`depends jdk`, `jdk`, "expected `on`, found `jdk`", "write `depends on`", "depends on jdk"},
		{`(apps`, ``, "expected `and`, `or`, `except` or a condition, found the end", "add the missing `)`", ""},
		{`apps)`, `)`, "expected `and`, `or`, `except` or a condition, found `)`", "", ""},
		{`app(cart)`, `cart`, "expected a string, found `cart`", `strings use double quotes; write "cart"`, `app("cart")`},
		{`app("cart"`, ``, "expected `,` or `)`, found the end", "", ""},
		{`app cart`, `cart`, "expected `(`, found `cart`", "", ""},
		{`apps("cart")`, `(`, "expected `and`, `or`, `except` or a condition, found `(`", "write `app(…)`", `app("cart")`},
		{`"cart"`, `"cart"`, "expected a name or a condition, found `\"cart\"`", `say what it names: ` + "`app(\"cart\")`, `package(\"cart\")`", ""},
		{`tag = "x"`, `=`, "unexpected `=`", "write `==`", `tag == "x"`},
		{`apps && cart`, `&&`, "unexpected `&&`", "write `and`", ""},
		{`cart || cart`, `||`, "unexpected `||`", "write `or`", ""},
		{`!cart`, `!`, "unexpected `!`", "write `not`", ""},
		{`apps AND cart`, `AND`, "unexpected `AND`", "write `and`", "apps and cart"},
		{`app('cart')`, `'`, "unexpected `'`", "strings use double quotes", ""},
		{`tag == "x`, `"x`, "unterminated string", "add the closing quote", ""},
		{`tag ==`, ``, "expected a value, found the end", "", ""},
		{`tag "x"`, `"x"`, "expected a comparison, found `\"x\"`", "", ""},
		{`jdk(`, ``, "expected `)`, found the end", "", ""},
		{`jdk < 21`, `21`, "expected a string, found `21`", `strings use double quotes; write "21"`, `jdk < "21"`},
		{`size > 100`, `100`, "expected a size, such as 100MB; found `100`", "", ""},
		{`size > "100MB"`, `"100MB"`, "expected a size, such as 100MB; found `\"100MB\"`", "remove the quotes", "size > 100MB"},
		{`layers changes > often`, `often`, "expected a rate, such as weekly or 12/year; found `often`", "", ""},
		{`packages < "3"`, `"3"`, "expected a number, such as 5; found `\"3\"`", "to compare versions, write `version < \"3\"`", ""},
		{`tag < "x"`, `<`, "expected `==` or `!=`, found `<`", "", ""},
		{`jdk < "1*"`, `<`, "expected `==` or `!=`, found `<`", "", ""},
		{`uses jkd`, `jkd`, "unknown name jkd", "did you mean `jdk`?", "uses jdk"},
		{`uses zzzzz`, `zzzzz`, "unknown name zzzzz", "`layc query components` lists the components; patterns such as `package(\"zzzzz\")` may match nothing", ""},
		{`shap-*`, `shap-*`, "shap-* matches no app, component, package or layer", "", ""},
		{`app("crt")`, `"crt"`, `no app is named "crt"`, `did you mean "cart"?`, ""},
		{`apps and packages`, `packages`, "conflicting kinds: apps and packages", "relate different kinds with `has`, `in`, `uses`, `needs` or `depends on`", ""},
		{`packages tag == "x"`, `tag == "x"`, "`tag` has no meaning for packages", "", ""},
		{`cart < "3"`, `< "3"`, "a version has no meaning for apps", "", ""},
		{`layers uses jdk`, `uses jdk`, "`uses` has no meaning for layers", "", ""},
		{`uses cart`, `cart`, "expected components or packages after `uses`, found apps", "", ""},
		{strings.Repeat("(", 10_001), `(`, "expression is too long", "", ""},
	} {
		_, list := f.Ask("query", c.expression)
		if len(list) == 0 {
			t.Errorf("%s has no error", c.expression)
			continue
		}
		d := list[0]
		if got := d.Span.Text(); got != c.at || d.Message != c.message || strings.Join(d.Help, "; ") != c.help {
			t.Errorf("%.40s\nat %q: %s (%s)\nwant %q: %s (%s)", c.expression, got, d.Message, strings.Join(d.Help, "; "), c.at, c.message, c.help)
		}
		fixed := ""
		if len(d.Edits) > 0 {
			fixed = diag.Apply(d.Span.File, d.Edits)
		}
		if fixed != c.fixed {
			t.Errorf("%s: fixed to %q, want %q", c.expression, fixed, c.fixed)
		}
		if fixed != "" {
			if _, list := f.Ask("query", fixed); list.HasErrors() && list[0].Message == d.Message {
				t.Errorf("%s has the same error", fixed)
			}
		}
	}
}

// TestComplete offers words by what is before them.
func TestComplete(t *testing.T) {
	names := []string{"jdk", "shop"}
	for _, c := range []struct{ before, typed, some, none string }{
		{"", "", "apps jdk shop uses not size portable", "and =="},
		{"apps ", "", "and or has tag", "jdk apps"},
		{"apps has ", "j", "jdk", "shop apps"},
		{"depends ", "", "on", "jdk"},
		{"size ", "", "== <", "jdk"},
		{"changes >= ", "w", "weekly", "daily"},
		{"tag == ", "", "", "jdk weekly"},
		{"app(", "", "", "jdk"},
	} {
		got := query.Complete(c.before, c.typed, names)
		for _, w := range strings.Fields(c.some) {
			if !slices.Contains(got, w) {
				t.Errorf("%q %q: %s is not offered", c.before, c.typed, w)
			}
		}
		for _, w := range strings.Fields(c.none) {
			if slices.Contains(got, w) {
				t.Errorf("%q %q: %s is offered", c.before, c.typed, w)
			}
		}
	}
}

// TestGrammar holds docs/query.md to the grammar.
func TestGrammar(t *testing.T) {
	page, err := os.ReadFile("../../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := "```ebnf\n" + query.Grammar() + "\n```\n"; !strings.Contains(string(page), want) {
		t.Errorf("docs/query.md does not contain\n%s", want)
	}
}

// FuzzAsk looks for expressions that break the parser: all have an answer, or an
// error within the text.
func FuzzAsk(f *testing.F) {
	fleet := fleet(f)
	for _, s := range []string{`package("openssl") < "3.0.15"`, `apps has (jdk or not shop-web) except tag == "17-*"`, `depends on jdk("17")`, `size > 1.5MB`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, list := fleet.Ask("query", text)
		if (q == nil) != list.HasErrors() {
			t.Fatalf("%q: a question and errors, or neither", text)
		}
		for _, d := range list {
			if d.Span.File == nil || d.Span.Start < 0 || d.Span.End > max(1, len(text)) || d.Span.Start > d.Span.End {
				t.Fatalf("%q: %s is at %d to %d", text, d.Message, d.Span.Start, d.Span.End)
			}
		}
		if q != nil {
			q.Answer()
			q.Apps()
			q.Instances()
		}
		query.Complete(text, "", nil)
	})
}

func BenchmarkAsk(b *testing.B) {
	f := fleet(b)
	for b.Loop() {
		if _, list := f.Ask("query", `apps has package("openssl") < "3.0.15" and not (tag == "8-*" or uses jdk("8"))`); len(list) > 0 {
			b.Fatal(list[0].Message)
		}
	}
}
