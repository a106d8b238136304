package importing

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
)

func TestDotenv(t *testing.T) {
	text := "V=1.2 # c\r\nW=\"q w\" # c\nX=${V}x\nY='a$V' # c\nMULTI=\"a\nb\\n\\\"c\\\" \\$V ${V}\"\nZ=a#b\n\n# no=1\nexport E = yes\nEMPTY=\nEMPTY2= # c\nnothing\nQ=it's \"x\"\nLAST='open"
	want := map[string]string{"V": "1.2", "W": "q w", "X": "1.2x", "Y": "a$V", "MULTI": "a\nb\n\"c\" $V 1.2", "Z": "a#b", "E": "yes", "EMPTY": "", "EMPTY2": "", "Q": `it's "x"`, "LAST": "'open"}
	f := &finder{files: fstest.MapFS{".env": {Data: []byte(text)}}}
	if got := f.dotenv(".env"); !maps.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func bakeFiles(files map[string]string) (Found, error) {
	all := fstest.MapFS{"Dockerfile": {Data: []byte("FROM scratch\nCOPY docker-bake.hcl /\n")}}
	for name, text := range files {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return Find(all, []string{"."})
}

// TestBakeOverride merges an override into targets, and reads labels and platforms.
func TestBakeOverride(t *testing.T) {
	found, err := bakeFiles(map[string]string{
		"docker-bake.hcl": `variable "V" { default = "1" }
target "base" { labels = { team = "shop" } }
target "app" {
  inherits = ["base"]
  args = { A = "a${V}", B = "b" }
  labels = { x = V }
  tags = ["one"]
  platforms = ["linux/amd64", "linux/arm64"]
}`,
		"docker-bake.override.hcl": `variable "V" { default = "2" }
target "app" {
  args = { B = "over" }
  labels = { y = "z" }
  tags = ["two"]
}
target "more" { context = "." }`,
	})
	if err != nil || len(found.Builds) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	b := found.Builds[0]
	if got := fmt.Sprint(b.Args, b.Labels, b.Images); got != "map[A:a2 B:over] map[team:shop x:2 y:z] [two]" || !strings.Contains(b.Guess, "linux/arm64") {
		t.Errorf("got %s, %s", got, b.Guess)
	}
}

// TestBakeLeft has targets that inherit each other or an unknown one, many paths to one target, and a matrix
// without an end.
func TestBakeLeft(t *testing.T) {
	var ladder strings.Builder
	for n := range 40 {
		fmt.Fprintf(&ladder, "target \"l%d\" { inherits = [\"l%d\", \"l%d\"] }\n", n, n+1, n+1)
	}
	found, err := bakeFiles(map[string]string{"docker-bake.hcl": ladder.String() + `
target "a" { inherits = ["b"] }
target "b" { inherits = ["a"] }
target "on" { inherits = ["a"] }
target "top" { inherits = ["l0", "unknown"] }
target "many" {
  name = "many-${a}-${b}"
  matrix = { a = range(900), b = range(900) }
}
target "few" {
  name = "few-${a}"
  matrix = { a = ["x", "y"], }
}`})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range found.Skipped {
		lines = append(lines, s.Name+": "+s.Why)
	}
	for _, b := range found.Builds {
		lines = append(lines, b.Name)
	}
	want := `a: targets inherit each other: a, b, a
b: targets inherit each other: b, a, b
on: targets inherit each other: a, b, a
many: its matrix has more than 1000 combinations; name one target for each that you need
top
few-x
few-y`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s", got)
	}
}
