package lock

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// digest makes a well-formed digest that readers can distinguish.
func digest(c string) string { return "sha256:" + strings.Repeat(c, 64) }

const bookworm = "debian/bookworm"

// pkg returns a package of bookworm on amd64. A + before the name makes it minimal.
func pkg(name string, needs ...string) Package {
	name, minimal := strings.CutPrefix(name, "+")
	return Package{
		Distribution: bookworm, Arch: "amd64", Name: name, Version: "1:1.0~rc1-1", URL: "debian:pool/main/" + name + ".deb",
		Digest: digest("a"), Size: 10, Installed: 1024, Minimal: minimal, Needs: needs,
	}
}

func sample() *File {
	f := &File{
		Indexes: []Index{
			{Distribution: bookworm, Arch: "amd64", Suite: "debian:bookworm", Digest: digest("b"), Date: time.Date(2026, 11, 14, 9, 30, 0, 0, time.UTC)},
			{Distribution: bookworm, Arch: "amd64", Suite: "debian:bookworm-updates", Digest: digest("b")}, // as written by older versions of layc
		},
		Packages: []Package{pkg("jq", "libc6", "libjq1"), pkg("+libc6"), pkg("libjq1", "libc6")},
		URLs:     []URL{{"https://example.com/a b.jar", digest("c"), 7}, {"maven:com.example:server:1.0:zip", digest("d"), 0}},
		Images:   []Image{{"registry.example.com/base:1", "linux/arm/v7", digest("e")}},
		Bases: []Base{{digest("e"), 3, []BaseLink{{"/bin", "/usr/bin"}, {"/lib dir", "/usr/lib"}}, []BaseDir{{"/root", 0, 0, "0700"}, {"/tmp", 0, 10, "01777"}},
			[]BaseSetting{{Name: "command", List: []string{"a b", "\"c\""}}, {Name: "env EMPTY"}, {Name: "user", Text: "1001"}},
			[]BaseUser{{"root", 0, 0}, {"www-data", 33, 33}}, []BaseGroup{{"adm", 4}}, true}},
		Modules: []Module{{"https://git.example.com/a.git", "v1", strings.Repeat("3f", 20), digest("f")}},
		Layers: []PlanLayer{
			{Name: "java", Kind: "spine", Parent: "the os", Members: []string{`java.jdk("17")`, `log.agent("a b", 2)`}},
			{Name: "the os", Kind: "spine"},
		},
		Stacks:  []Stack{{"shop", "java"}, {"shop", "the os"}},
		Sizes:   []Size{{`java.jdk("17")`, 86_000_000}},
		Updates: []UpdateKey{{"modules", "2026-11-23.2"}, {"std/node.modules", "2026-11-16"}},
	}
	f.Sort()
	return f
}

const sampleText = `# Pinned by layc lock and layc update. Merge it line by line; don't edit it by hand.
layc-lock 1

base sha256:E 3 configured

config sha256:E "env EMPTY" ""
config sha256:E command "[\"a b\",\"\\\"c\\\"\"]"
config sha256:E user 1001

dir sha256:E /root 0:0 0700
dir sha256:E /tmp 0:10 01777

group sha256:E adm 4

image registry.example.com/base:1 linux/arm/v7 sha256:E

index debian/bookworm amd64 debian:bookworm sha256:B 2026-11-14T09:30:00Z
index debian/bookworm amd64 debian:bookworm-updates sha256:B

layer "the os" spine
layer java spine "parent=the os"

link sha256:E "/lib dir" /usr/lib
link sha256:E /bin /usr/bin

member java "log.agent(\"a b\", 2)"
member java java.jdk("17")

module https://git.example.com/a.git v1 3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f sha256:F

package debian/bookworm amd64 jq 1:1.0~rc1-1 debian:pool/main/jq.deb sha256:A size=10 installed=1024 needs=libc6,libjq1
package debian/bookworm amd64 libc6 1:1.0~rc1-1 debian:pool/main/libc6.deb sha256:A size=10 installed=1024 minimal
package debian/bookworm amd64 libjq1 1:1.0~rc1-1 debian:pool/main/libjq1.deb sha256:A size=10 installed=1024 needs=libc6

size java.jdk("17") 86000000

stack shop "the os"
stack shop java

update modules 2026-11-23.2
update std/node.modules 2026-11-16

url "https://example.com/a b.jar" sha256:C 7
url maven:com.example:server:1.0:zip sha256:D 0

user sha256:E root 0:0
user sha256:E www-data 33:33
`

// short replaces each digest with a capital letter.
func short(text []byte) string {
	s := string(text)
	for _, c := range "abcdef" {
		s = strings.ReplaceAll(s, digest(string(c)), "sha256:"+strings.ToUpper(string(c)))
	}
	return s
}

// long is the inverse of short.
func long(text string) []byte {
	for _, c := range "abcdef" {
		text = strings.ReplaceAll(text, "sha256:"+strings.ToUpper(string(c)), digest(string(c)))
	}
	return []byte(text)
}

func TestFormat(t *testing.T) {
	if got := short(sample().Format()); got != sampleText {
		t.Errorf("got:\n%s\nwant:\n%s", got, sampleText)
	}
}

func TestFormatThenParse(t *testing.T) {
	got, err := Parse(Name, long(sampleText))
	if err != nil {
		t.Fatal(err)
	}
	if want := sample(); !reflect.DeepEqual(got, want) {
		t.Errorf("got:\n%+v\nwant:\n%+v", got, want)
	}
}

func TestOrderAndRepetitionOfLines(t *testing.T) {
	lines := strings.Split(sampleText, "\n")
	for i, j := 2, len(lines)-1; i < j; i, j = i+1, j-1 { // the version remains first
		lines[i], lines[j] = lines[j], lines[i]
	}
	text := strings.Join(lines, "\n") + "\n" + sampleText
	got, err := Parse(Name, long(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := short(got.Format()); got != sampleText {
		t.Errorf("got:\n%s\nwant:\n%s", got, sampleText)
	}
}

// If a merge leaves different plans and sizes, that is not an error: Parse takes one of them,
// whatever the order of lines.
func TestMergedPlans(t *testing.T) {
	const text = "layc-lock 1\nlayer a spine\nlayer a spine parent=b\nlayer b portable\nlayer b spine\nsize x 20\nsize x 10\n"
	const want = "layer a spine\nlayer b portable\n\nsize x 10\n"
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for range 2 {
		f, err := Parse(Name, []byte(strings.Join(lines, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		if _, got, _ := strings.Cut(string(f.Format()), "layc-lock 1\n\n"); got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
		slices.Reverse(lines[1:])
	}
}

// If two branches refresh a component, the later key remains after the merge.
func TestMergedKeys(t *testing.T) {
	lines := []string{"update a 2026-11-23.10", "update a 2026-11-23.9", "update a 2026-11-22", "update b 2026-11-23", "update a 2026-11-23"}
	for range lines {
		lines = append(lines[1:], lines[0])
		f, err := Parse(Name, []byte("layc-lock 1\n"+strings.Join(lines, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := f.UpdateKey("a"), f.UpdateKey("b"); a != "2026-11-23.10" || b != "2026-11-23" {
			t.Errorf("%v: a has key %s, b has %s", lines, a, b)
		}
	}
}

// An editor's byte order mark is not an entry.
func TestByteOrderMark(t *testing.T) {
	if _, err := Parse(Name, long("\ufeff"+sampleText)); err != nil {
		t.Error(err)
	}
}

func TestEmpty(t *testing.T) {
	f, err := Parse(Name, nil)
	if err != nil || !reflect.DeepEqual(f, &File{}) {
		t.Errorf("Parse of empty text: %+v, %v, want the zero File", f, err)
	}
	again, err := Parse(Name, f.Format())
	if err != nil || !reflect.DeepEqual(again, &File{}) {
		t.Errorf("an empty file is parsed as %+v, %v", again, err)
	}
}

// pinsAgain is the help of most errors.
const pinsAgain = " (delete the line and run `layc lock`, which pins it again)"

func TestParseErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no version", "url u sha256:A 1\n", "f:1: missing first line `layc-lock 1` (if this is a lock file, add that line at the top)"},
		{"newer version", "layc-lock 2\n", `f:1: unsupported version: this layc reads lock files of version 1 (use the version of layc that wrote the file, or a newer one)`},
		{"newer version, with newer facts", "layc-lock 2\nmood x\nurl u v\n", `f:1: unsupported version: this layc reads lock files of version 1 (use the version of layc that wrote the file, or a newer one)`},
		{"not a lock file", "{\n\"url\n}\n", "f:1: missing first line `layc-lock 1` (if this is a lock file, add that line at the top)"},
		{"a line before the version", "url u sha256:A 1\nlayc-lock 1\nmood x\n", "f:1: missing first line `layc-lock 1` (if this is a lock file, add that line at the top)" + "\n" + "f:3: unknown entry \"mood\" (use the version of layc that wrote the file, or delete the line and run `layc lock`)"},
		{"not UTF-8", "layc-lock 1\nurl \xff sha256:x 1\n", `f:2: the line is not valid UTF-8` + pinsAgain},
		{"unknown kind", "layc-lock 1\nmood x\n", "f:2: unknown entry \"mood\" (use the version of layc that wrote the file, or delete the line and run `layc lock`)"},
		{"missing fields", "layc-lock 1\n\nurl u\n", `f:3: malformed entry; expected: url URL DIGEST BYTES` + pinsAgain},
		{"bad digest", "layc-lock 1\nurl u sha256:12 1\n", `f:2: not a valid digest: "sha256:12"; expected sha256: and 64 hexadecimal digits` + pinsAgain},
		{"bad bytes", "layc-lock 1\nurl u sha256:A -1\n", `f:2: not a valid number of bytes: "-1"` + pinsAgain},
		{"conflicting pins", "layc-lock 1\nurl u sha256:A 1\nurl u sha256:B 1\n", "f:3: url u is pinned twice, differently (first in line 2) (delete one of the two lines, or run `layc lock`, which pins it again)"},
		{"unterminated string", "layc-lock 1\nurl \"u\n", `f:2: unterminated string: "u` + pinsAgain},
		{"wrong label", "layc-lock 1\nlayer a base over=b\n", `f:2: expected parent=…, found "over=b"` + pinsAgain},
		{"two errors", "layc-lock 1\nurl\nsize\n", "f:2: malformed entry; expected: url URL DIGEST BYTES" + pinsAgain + "\nf:3: malformed entry; expected: size INSTANCE BYTES" + pinsAgain},
		{"bad mode", "layc-lock 1\ndir sha256:A /x 0:0 755\n", `f:2: not a valid mode: "755"; expected an octal number such as 0700` + pinsAgain},
		{"bad owner", "layc-lock 1\ndir sha256:A /x root 0755\n", `f:2: not a valid owner: "root"; expected UID:GID` + pinsAgain},
		{"bad path", "layc-lock 1\nlink sha256:A /x/../y /z\n", `f:2: not a valid path: "/x/../y"; expected an absolute path without . and ..` + pinsAgain},
		{"unknown setting", "layc-lock 1\nconfig sha256:A shell sh\n", `f:2: not a valid setting of an image: shell "sh"` + pinsAgain},
		{"setting not a list", "layc-lock 1\nconfig sha256:A command sh\n", `f:2: not a valid setting of an image: command "sh"` + pinsAgain},
		{"not configured", "layc-lock 1\nbase sha256:A 1 x\n", "f:2: malformed entry; expected: base DIGEST LAYERS [configured]" + pinsAgain},
		{"no layers", "layc-lock 1\nbase sha256:A 0\n", `f:2: not a valid number of layers: "0"` + pinsAgain},
		{"bad date", "layc-lock 1\nindex d a s " + digest("a") + " 2026-11-14\n", `f:2: not a valid date: "2026-11-14"; expected one such as 2026-11-14T09:30:00Z` + pinsAgain},
		{"bad key", "layc-lock 1\nupdate a 2026-11-31\n", `f:2: not a valid update key: "2026-11-31"; expected a day such as 2026-11-23` + pinsAgain},
		{"bad number of a key", "layc-lock 1\nupdate a 2026-11-30\nupdate a 2026-11-30.1\n", `f:3: not a valid update key: "2026-11-30.1"; expected a day such as 2026-11-23` + pinsAgain},
		{"conflict", "layc-lock 1\n<<<<<<< ours\nurl u sha256:A 1\n=======\n>>>>>>> theirs\n",
			"f:2: unresolved merge conflict: run `layc lock`, which takes the lines of both sides and resolves again what differs"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := Parse("f", long(test.text))
			if f != nil || err == nil {
				t.Fatalf("got a file and error %v, want no file and an error", err)
			}
			if got := err.Error(); got != test.want {
				t.Errorf("got:  %s\nwant: %s", got, test.want)
			}
		})
	}
}

func TestConflictHasItsOwnError(t *testing.T) {
	_, err := Parse("f", []byte("layc-lock 1\n||||||| base\n"))
	var conflict *ConflictError
	if !errors.As(err, &conflict) || conflict.Line != 2 {
		t.Errorf("got %v, want a ConflictError in line 2", err)
	}
}

// If two branches each add the pins and the layer of an app, a merge keeps the lines of both.
func TestUnionOfBranches(t *testing.T) {
	ours, theirs := sample(), sample()
	ours.URLs = append(ours.URLs, URL{"https://example.com/ours", digest("a"), 1})
	ours.Layers[0].Members = append(ours.Layers[0].Members, "a()")
	theirs.URLs = append(theirs.URLs, URL{"https://example.com/theirs", digest("b"), 2})
	theirs.Layers[0].Members = append(theirs.Layers[0].Members, "b()")
	merged, err := Parse(Name, append(ours.Format(), theirs.Format()...))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(merged.URLs), 4; got != want {
		t.Errorf("%d URLs, want %d", got, want)
	}
	want := fmt.Sprint([]string{"a()", "b()", `java.jdk("17")`, `log.agent("a b", 2)`})
	if got := fmt.Sprint(merged.Layers[0].Members); got != want {
		t.Errorf("members: got %s, want %s", got, want)
	}
}

func TestNewSize(t *testing.T) {
	for bytes, want := range map[int64]int64{0: 0, 7: 7, 99: 99, 104: 100, 105: 110, 995: 1000, 86_423_111: 86_000_000} {
		if got := NewSize("x", bytes).Bytes; got != want {
			t.Errorf("NewSize(%d) = %d, want %d", bytes, got, want)
		}
	}
}

func TestClosure(t *testing.T) {
	f := sample()
	got, err := f.Closure(bookworm, "amd64", "jq")
	if err != nil {
		t.Fatal(err)
	}
	if names := names(got); names != "jq libjq1" {
		t.Errorf("jq's closure beyond the minimal system: got %q, want %q", names, "jq libjq1")
	}
	_, err = f.Closure(bookworm, "amd64", "curl")
	want := "layc.lock does not pin package \"curl\" of debian/bookworm on amd64: run `layc lock`"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func names(packages []Package) string {
	var list []string
	for _, p := range packages {
		list = append(list, p.Name)
	}
	return strings.Join(list, " ")
}

func TestGroups(t *testing.T) {
	packages := []Package{
		pkg("java", "ca-java", "libz"), pkg("ca-java", "java", "ca"), pkg("libz", "outside"), pkg("ca"), pkg("app", "java"),
	}
	var got []string
	for _, group := range Groups(packages) {
		got = append(got, names(group))
	}
	if got, want := strings.Join(got, " | "), "ca | libz | ca-java java | app"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	packages[0], packages[4] = packages[4], packages[0]
	if again := Groups(packages); names(again[2]) != "ca-java java" || names(again[3]) != "app" {
		t.Errorf("with another order of the input: %v", again)
	}
}

func TestMissing(t *testing.T) {
	f := sample()
	f.Packages = append(f.Packages, pkg("broken", "gone"))
	f.Sort()
	refs := Refs{
		Distributions: []Distribution{
			{ID: bookworm, Arch: "amd64", Packages: []string{"jq", "curl", "curl", "broken"}},
			{ID: bookworm, Arch: "arm64", Packages: []string{"jq"}},
		},
		URLs:   []string{"https://example.com/a b.jar", "https://example.com/new"},
		Images: []ImageRef{{"registry.example.com/base:1", "linux/arm/v7"}, {"registry.example.com/base:1", "linux/amd64"}},
	}
	var got []string
	for _, m := range f.Missing(refs) {
		got = append(got, m.String())
	}
	want := []string{
		`layc.lock does not pin distribution "debian/bookworm" on arm64`,
		`layc.lock does not pin image "registry.example.com/base:1" on linux/amd64`,
		`layc.lock does not pin package "broken" on debian/bookworm amd64`,
		`layc.lock does not pin package "curl" on debian/bookworm amd64`,
		`layc.lock does not pin url "https://example.com/new"`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got:\n%s\nwant:\n%s", g, w)
	}
}

// fakeResolver resolves everything and records the requests.
type fakeResolver struct {
	asked []string
	down  map[string]bool // URLs
	fail  error
}

func (r *fakeResolver) Packages(_ context.Context, want Distribution, pinned Pinned) ([]Index, []Package, error) {
	r.asked = append(r.asked, fmt.Sprintf("packages %s %s %v keeping %s", want.ID, want.Arch, want.Packages, names(pinned.Keep)))
	packages := []Package{pkg("+libc6")}
	for _, name := range want.Packages {
		packages = append(packages, pkg(name, "libc6"))
	}
	return []Index{{Distribution: want.ID, Arch: want.Arch, Suite: "debian:bookworm", Digest: digest("f")}}, packages, r.fail
}

func (r *fakeResolver) URL(_ context.Context, url string) (URL, error) {
	r.asked = append(r.asked, "url "+url)
	if r.down[url] {
		return URL{}, errors.New("down")
	}
	return URL{url, digest("f"), 1}, r.fail
}

func (r *fakeResolver) Image(_ context.Context, ref ImageRef) (Image, error) {
	r.asked = append(r.asked, "image "+ref.Reference+" "+ref.Platform)
	return Image{ref.Reference, ref.Platform, digest("f")}, r.fail
}

func (r *fakeResolver) Base(_ context.Context, ref BaseRef) (Base, error) {
	r.asked = append(r.asked, "base "+ref.Name)
	return Base{Digest: ref.Digest, Layers: 1, Configured: true}, r.fail
}

func (r *fakeResolver) Now() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) }

func TestUpdate(t *testing.T) {
	refs := Refs{
		Distributions: []Distribution{{ID: bookworm, Arch: "amd64", Packages: []string{"jq"}}},
		URLs:          []string{"https://example.com/a b.jar"},
		Images:        []ImageRef{{"registry.example.com/base:1", "linux/arm/v7"}},
		Bases:         []BaseRef{{"image", "registry.example.com/base:1", digest("e")}},
	}
	more := Refs{
		Distributions: []Distribution{{ID: bookworm, Arch: "amd64", Packages: []string{"jq"}}, {ID: bookworm, Arch: "amd64", Packages: []string{"curl"}}},
		URLs:          []string{"https://example.com/a b.jar", "https://example.com/new"},
		Images:        refs.Images,
		Bases:         []BaseRef{{"layout", "base", digest("f")}, refs.Bases[0], {"rootfs", "base.tar", digest("f")}},
	}
	tests := []struct {
		name  string
		refs  Refs
		names []string
		want  []string
	}{
		{"nothing missing", refs, nil, nil},
		{"a package and a URL missing", more, nil, []string{"packages debian/bookworm amd64 [curl jq] keeping jq libc6 libjq1", "url https://example.com/new", "base base"}},
		{"a package named", refs, []string{"jq"}, []string{"packages debian/bookworm amd64 [jq] keeping libc6 libjq1"}},
		{"a distribution named", refs, []string{bookworm}, []string{"packages debian/bookworm amd64 [jq] keeping "}},
		{"an image named", refs, []string{"registry.example.com/base:1"}, []string{"image registry.example.com/base:1 linux/arm/v7"}},
		{"everything", refs, []string{Everything}, []string{
			"packages debian/bookworm amd64 [jq] keeping ", "url https://example.com/a b.jar", "image registry.example.com/base:1 linux/arm/v7"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			old, r := sample(), &fakeResolver{}
			got, err := Update(context.Background(), old, test.refs, r, test.names...)
			if err != nil {
				t.Fatal(err)
			}
			if g, w := strings.Join(r.asked, "\n"), strings.Join(test.want, "\n"); g != w {
				t.Errorf("asked:\n%s\nwant:\n%s", g, w)
			}
			if missing := got.Missing(test.refs); len(missing) > 0 {
				t.Errorf("still missing: %v", missing)
			}
			if !reflect.DeepEqual(old, sample()) {
				t.Error("the old file was modified")
			}
			if !reflect.DeepEqual(got.Layers, old.Layers) || !reflect.DeepEqual(got.Sizes, old.Sizes) {
				t.Error("the plan or the sizes were lost")
			}
		})
	}
}

// A distribution can be updated by its name without additions.
func TestUpdatePlainDistribution(t *testing.T) {
	const id = bookworm + "+updates+security"
	old := sample()
	for n := range old.Packages {
		old.Packages[n].Distribution = id
	}
	r := &fakeResolver{}
	if _, err := Update(t.Context(), old, Refs{Distributions: []Distribution{{ID: id, Arch: "amd64"}}}, r, bookworm); err != nil {
		t.Fatal(err)
	}
	const want = "packages " + id + " amd64 [] keeping "
	if got := strings.Join(r.asked, "\n"); got != want {
		t.Errorf("asked for %q, want %q", got, want)
	}
}

func TestUpdateDropsUnusedPins(t *testing.T) {
	got, err := Update(context.Background(), sample(), Refs{Distributions: []Distribution{{ID: bookworm, Arch: "amd64", Packages: []string{"libjq1"}}}}, &fakeResolver{})
	if err != nil {
		t.Fatal(err)
	}
	if names := names(got.Packages); names != "libc6 libjq1" || len(got.URLs)+len(got.Images) != 0 {
		t.Errorf("left: packages %q, %d URLs, %d images; want %q and nothing else", names, len(got.URLs), len(got.Images), "libc6 libjq1")
	}
}

// TestUpdateKeys checks which keys, and which pins that belong to them, are refreshed on
// 2026-11-23.
func TestUpdateKeys(t *testing.T) {
	const day = 24 * time.Hour
	refs := Refs{
		URLs: []string{"old", "recent", "free"},
		Updates: []UpdateRef{
			{Component: "weekly", Every: 7 * day, Names: []string{"old"}},
			{Component: "monthly", Every: 30 * day, Names: []string{"recent"}},
			{Component: "manual"}, {Component: "new", Every: day},
			{Component: "monthly", Every: 365 * day},
		},
	}
	tests := []struct{ name, want, asked string }{
		{"", "manual 2020-01-01, monthly 2026-11-16, new 2026-11-23, weekly 2026-11-16", ""},
		{Everything, "manual 2020-01-01, monthly 2026-11-16, new 2026-11-23, weekly 2026-11-23", "url free, url old"},
		{"manual", "manual 2026-11-23, monthly 2026-11-16, new 2026-11-23, weekly 2026-11-16", ""},
		{"monthly", "manual 2020-01-01, monthly 2026-11-23, new 2026-11-23, weekly 2026-11-16", "url recent"},
		{"free", "manual 2020-01-01, monthly 2026-11-16, new 2026-11-23, weekly 2026-11-16", "url free"},
	}
	for _, test := range tests {
		old := &File{
			URLs:    []URL{{"free", digest("a"), 1}, {"old", digest("a"), 1}, {"recent", digest("a"), 1}},
			Updates: []UpdateKey{{"gone", "2020-01-01"}, {"manual", "2020-01-01"}, {"monthly", "2026-11-16"}, {"weekly", "2026-11-16"}},
		}
		var names []string
		if test.name != "" {
			names = []string{test.name}
		}
		r := &fakeResolver{}
		f, err := Update(context.Background(), old, refs, r, names...)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, k := range f.Updates {
			keys = append(keys, k.Component+" "+k.Key)
		}
		if got := strings.Join(keys, ", "); got != test.want {
			t.Errorf("updating %q: got %s, want %s", test.name, got, test.want)
		}
		if got := strings.Join(r.asked, ", "); got != test.asked {
			t.Errorf("updating %q: asked for %s, want %s", test.name, got, test.asked)
		}
	}
}

// A second refresh on the same day, or with a clock that went back, makes a new key.
func TestNextKey(t *testing.T) {
	now := time.Date(2026, 11, 23, 23, 0, 0, 0, time.FixedZone("", -2*3600))
	for old, want := range map[string]string{
		"": "2026-11-24", "2026-11-23": "2026-11-24", "2026-11-24": "2026-11-24.2", "2026-11-24.9": "2026-11-24.10", "2027-01-01": "2027-01-01.2",
	} {
		if got := nextKey(old, now); got != want {
			t.Errorf("after %q: got %s, want %s", old, got, want)
		}
	}
}

func TestUpdateErrors(t *testing.T) {
	_, err := Update(context.Background(), sample(), Refs{}, &fakeResolver{}, "jq")
	want := "unknown pin \"jq\"; expected a distribution, a package, a URL, an image, a git repository, or a component with `update`"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	r := &fakeResolver{}
	if _, err := Update(context.Background(), &File{}, Refs{URLs: []string{"u"}}, r, "u", "v"); err == nil || len(r.asked) > 0 {
		t.Errorf("an unknown name: %v, asked for %v; want an error before any request", err, r.asked)
	}
	down := errors.New("network down")
	f, err := Update(context.Background(), &File{}, Refs{URLs: []string{"u"}}, &fakeResolver{fail: down})
	if f != nil || !errors.Is(err, down) || err.Error() != "pinning u: network down" {
		t.Errorf("got %v, %v, want no file and the resolver's error", f, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sampleText))
	f.Add(long(sampleText))
	f.Add([]byte("layc-lock 1\nlayer \"\" \"\\xff\"\nmember \"\" \"\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		merged, disputed, mergedErr := Merged(Name, text)
		file, err := Parse(Name, text)
		if err != nil {
			return
		}
		if mergedErr != nil || len(disputed) > 0 || !reflect.DeepEqual(file, merged) {
			t.Fatalf("Merged differs from Parse, or disputes %v: %v", disputed, mergedErr)
		}
		once := file.Format()
		again, err := Parse(Name, once)
		if err != nil {
			t.Fatalf("Parse refuses the output of Format: %v\n%s", err, once)
		}
		if twice := again.Format(); !bytes.Equal(once, twice) {
			t.Fatalf("not a fixpoint:\n%s\n%s", once, twice)
		}
	})
}

// TestMirrors checks that if a URL fails, its mirror is used to pin it under its own name, and that
// the error lists all failures if no mirror works.
func TestMirrors(t *testing.T) {
	r := &fakeResolver{down: map[string]bool{"https://a.example.com/x": true, "https://b.example.com/x": true}}
	refs := Refs{
		URLs:    []string{"https://a.example.com/x"},
		Mirrors: map[string][]string{"https://a.example.com/x": {"https://b.example.com/x", "https://c.example.com/x"}},
	}
	f, err := Update(t.Context(), &File{}, refs, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := f.URL("https://a.example.com/x"); !ok || len(f.URLs) != 1 {
		t.Errorf("the pins are %v", f.URLs)
	}
	r.down["https://c.example.com/x"] = true
	const want = "pinning https://a.example.com/x: down; its mirror failed, too: down; its mirror failed, too: down"
	if _, err := Update(t.Context(), &File{}, refs, r); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
