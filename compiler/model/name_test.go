package model

import (
	"reflect"
	"testing"
)

// TestNames prints names and parses the output.
func TestNames(t *testing.T) {
	for _, c := range []struct {
		name        Name
		text, title string
	}{
		{Name{Path: "tool"}, "tool", "tool"},
		{Name{Path: "std/java.jdk", Args: []string{`"17"`}}, `std/java.jdk("17")`, `jdk("17")`},
		{Name{Path: "std/liberty.server", Args: []string{`"24"`, "true", "3"}, On: []string{`std/java.jdk("17")`, `b.c("x, y")`}},
			`std/liberty.server("24", true, 3) on std/java.jdk("17"), b.c("x, y")`, `server("24", true, 3)`},
		{Name{Path: "tool", On: []string{"base", `jdk("1")`}}, `tool on base, jdk("1")`, "tool"},
		{Name{Path: "@git.example.com/a.b.tool", Args: []string{`["a", "b"]`, `{k: "v, w"}`, `" on ( \" , "`}},
			`@git.example.com/a.b.tool(["a", "b"], {k: "v, w"}, " on ( \" , ")`, `tool(["a", "b"], {k: "v, w"}, " on ( \" , ")`},
		{Name{Path: "os.package", Args: []string{`"bash"`}, On: []string{"debian/bookworm"}}, `os.package("bash") on debian/bookworm`, `package("bash")`},
		{Name{Path: "app shop"}, "app shop", "shop"},
	} {
		if got := c.name.String(); got != c.text {
			t.Errorf("%s, want %s", got, c.text)
		}
		if got := c.name.Title(); got != c.title {
			t.Errorf("%s, want %s", got, c.title)
		}
		if got := ParseName(c.text); !reflect.DeepEqual(got, c.name) {
			t.Errorf("%s: parsed as %#v", c.text, got)
		}
	}
}

// TestMeans matches names as users write them.
func TestMeans(t *testing.T) {
	n := Name{Path: "std/java.jdk", Args: []string{`"17"`, "true"}}
	for text, want := range map[string]bool{
		`std/java.jdk("17", true)`: true, "java.jdk(17, true)": true, "jdk(17,true)": true, `jdk( "17" , true )`: true,
		"jdk(17)": false, "jdk(18, true)": false, "va.jdk(17, true)": false, "jdk": false, "jdk(17, true": false, "jdk(17, true) x": false,
	} {
		if got := n.Means(ParseName(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// FuzzParseName checks that a parsed name parses again to the same path.
func FuzzParseName(f *testing.F) {
	for _, s := range []string{"", "a", `a("b")`, `a("b") on c`, "a on b on c", "(", `a("`, "a()", "a(b)c", `file "/x" of a("1"), b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := ParseName(text)
		if again := ParseName(n.String()); again.Path != n.Path {
			t.Errorf("%q: path %q becomes %q", text, n.Path, again.Path)
		}
	})
}
