package debian

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler/lock"
)

// index parses packages, one per line: "name version; Field: value; …". It adds the mandatory
// fields.
func index(t *testing.T, lines string) []Package {
	t.Helper()
	var text strings.Builder
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		head, fields, _ := strings.Cut(line, ";")
		name, version, _ := strings.Cut(head, " ")
		fmt.Fprintf(&text, "Package: %s\nVersion: %s\nArchitecture: amd64\nFilename: pool/%s_%s.deb\nSHA256: %064d\n", name, version, name, version, len(name))
		for field := range strings.SplitSeq(fields, ";") {
			if field = strings.TrimSpace(field); field != "" {
				text.WriteString(field + "\n")
			}
		}
		text.WriteString("\n")
	}
	list, err := ParsePackages(strings.NewReader(text.String()), "debian")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// small is an archive with one package for each case that a resolution must handle.
const small = `
	libc 2; Essential: yes
	dpkg 1; Essential: yes; Pre-Depends: libc (>= 2), tar; Depends: awk
	tar 1; Depends: libc
	mawk 1; Provides: awk; Depends: libc
	gawk 1; Provides: awk, fancy-awk (= 5); Depends: libc
	apt 1; Depends: keyring | dpkg

	jq 1.6; Depends: libjq (= 1.6), libc
	libjq 1.6; Depends: libc
	web 1; Depends: server | other, mail-agent
	server 1; Provides: mail-agent; Depends: jq
	other 1
	exim 1; Provides: mail-agent; Priority: standard; Conflicts: mail-agent
	postfix 1; Provides: mail-agent; Priority: optional; Conflicts: mail-agent
	mailer 1; Depends: mail-agent
	reader 1; Depends: fancy-awk (>= 4)
	wishful 1; Depends: libjq (>= 2) | nothing
	deep 1; Depends: wishful
	shy 1; Breaks: libjq (<< 2)
	odd 1; Depends: libc:any, exim:i386 | libjq; Conflicts: tar:i386
	loop-a 1; Depends: loop-b
	loop-b 1; Depends: loop-a, loop-b
`

// show prints a resolution, one package per line; + marks the minimal system.
func show(packages []lock.Package) string {
	var out strings.Builder
	for _, p := range packages {
		mark := " "
		if p.Minimal {
			mark = "+"
		}
		fmt.Fprintf(&out, "%s%s %s [%s]\n", mark, p.Name, p.Version, strings.Join(p.Needs, " "))
	}
	return out.String()
}

const minimal = "+apt 1 [dpkg]\n+dpkg 1 [libc mawk tar]\n+libc 2 []\n+mawk 1 [libc]\n+tar 1 [libc]\n"

// withMinimal returns the minimal system and more lines, sorted by name.
func withMinimal(lines ...string) string {
	all := append(strings.Split(strings.TrimSpace(minimal), "\n"), lines...)
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(a[1:], b[1:]) })
	return strings.Join(all, "\n") + "\n"
}

// A malformed field of a chosen package is an error with its name. Other packages may have one.
func TestMalformedRelations(t *testing.T) {
	for field, want := range map[string]string{
		"Depends: libc (2)":             "package web 1 has a malformed field Pre-Depends or Depends: \"libc (2)\": missing operator before the version",
		"Pre-Depends: libc (>= 2":       "package web 1 has a malformed field Pre-Depends or Depends: \"libc (>= 2\": missing `)`",
		"Provides: a b":                 "package web 1 has a malformed field Provides: \"a b\": not a valid package name: a b",
		"Breaks: libc (=> 3)":           "package web 1 has a malformed field Conflicts or Breaks: \"libc (=> 3)\": unknown operator =>",
		"Depends: libc; Provides: ${x}": "package web 1 has a malformed field Provides: \"${x}\": not a valid package name: ${x}",
	} {
		u := NewUniverse("debian/bookworm", "amd64", index(t, "libc 2; Essential: yes\napp 1; Depends: libc\nweb 1; "+field))
		if _, err := Resolve(u, []string{"app"}, nil); err != nil {
			t.Errorf("%s: without the package: %v", field, err)
		}
		if _, err := Resolve(u, []string{"web"}, nil); err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", field, err, want)
		}
	}
}

func TestResolve(t *testing.T) {
	tests := []struct {
		name   string
		wanted []string
		want   string
	}{
		{"the minimal system alone", nil, minimal},
		{"an exact version", []string{"jq"}, withMinimal(" jq 1.6 [libc libjq]", " libjq 1.6 [libc]")},
		{"the first alternative, which also provides a need", []string{"web"},
			withMinimal(" jq 1.6 [libc libjq]", " libjq 1.6 [libc]", " server 1 [jq]", " web 1 [server]")},
		{"a wanted package settles an alternative", []string{"web", "postfix", "other"},
			withMinimal(" other 1 []", " postfix 1 []", " web 1 [other postfix]")},
		{"providers by priority", []string{"mailer"}, withMinimal(" exim 1 []", " mailer 1 [exim]")},
		{"a versioned virtual package", []string{"reader"}, withMinimal(" gawk 1 [libc]", " reader 1 [gawk]")},
		{"other architectures", []string{"odd", "exim"}, withMinimal(" exim 1 []", " odd 1 [exim libc]")},
		{"a cycle", []string{"loop-a"}, withMinimal(" loop-a 1 [loop-b]", " loop-b 1 [loop-a]")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := NewUniverse("debian/bookworm", "amd64", index(t, small))
			got, err := Resolve(u, test.wanted, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(got); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
			slices.Reverse(test.wanted)
			again, err := Resolve(u, append(test.wanted, test.wanted...), nil)
			if err != nil || show(again) != test.want {
				t.Errorf("with another order of names: %v:\n%s", err, show(again))
			}
		})
	}
}

func TestResolveErrors(t *testing.T) {
	tests := []struct {
		name   string
		wanted []string
		want   string
	}{
		{"unknown", []string{"libjk"}, `unknown package "libjk" in debian/bookworm for amd64: did you mean libjq?`},
		{"no similar name", []string{"xxxxxxxxx"}, `unknown package "xxxxxxxxx" in debian/bookworm for amd64`},
		{"virtual", []string{"mail-agent"}, `"mail-agent" is a virtual package of debian/bookworm: use one of its providers, exim, postfix, server`},
		{"unfulfilled", []string{"deep"}, `deep → wishful needs libjq (>= 2) | nothing, which debian/bookworm doesn't have: it has libjq 1.6`},
		{"conflict", []string{"jq", "shy"}, `shy 1 conflicts with libjq (<< 2), and both are needed: shy; jq → libjq`},
		{"two conflicts", []string{"exim", "postfix"}, `exim 1 conflicts with mail-agent, and both are needed: exim; postfix`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := NewUniverse("debian/bookworm", "amd64", index(t, small))
			got, err := Resolve(u, test.wanted, nil)
			if err == nil {
				t.Fatalf("no error, but\n%s", show(got))
			}
			if got := err.Error(); got != test.want {
				t.Errorf("got:  %s\nwant: %s", got, test.want)
			}
			var about *PackageError
			if !errors.As(err, &about) || !slices.Equal(slices.Sorted(slices.Values(about.Names)), slices.Sorted(slices.Values(test.wanted))) {
				t.Errorf("the error is about %v", about)
			}
		})
	}
}

func TestNewestVersionOfAllSuitesWins(t *testing.T) {
	security := index(t, "libjq 1.6; Depends: libc\nlibc 2.1; Essential: yes")
	u := NewUniverse("debian/bookworm", "amd64", index(t, small), security)
	got, err := Resolve(u, []string{"libjq"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(withMinimal(" libjq 1.6 [libc]"), "+libc 2 ", "+libc 2.1 ", 1); show(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", show(got), want)
	}
}

func TestKeep(t *testing.T) {
	locked, err := Resolve(NewUniverse("debian/bookworm", "amd64", index(t, small)), []string{"jq"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	newer := index(t, `
		libc 3; Essential: yes
		dpkg 2; Essential: yes; Pre-Depends: libc (>= 2), tar; Depends: awk
		tar 1; Depends: libc
		mawk 1; Provides: awk; Depends: libc
		apt 1; Depends: keyring | dpkg
		jq 1.7; Depends: libjq (= 1.7), libc
		libjq 1.7; Depends: libc
		curl 1; Depends: libc (>= 2)
		query 1; Depends: libjq (>= 1.7)
	`)
	u := NewUniverse("debian/bookworm", "amd64", newer)
	tests := []struct{ name, wanted, want string }{
		{"old versions stay with a new package", "jq curl", withMinimal(" curl 1 [libc]", " jq 1.6 [libc libjq]", " libjq 1.6 [libc]")},
		{"unused packages are dropped", "curl", withMinimal(" curl 1 [libc]")},
		{"a need for a newer version updates packages with unknown needs", "jq query",
			"+apt 1 [dpkg]\n+dpkg 2 [libc mawk tar]\n jq 1.7 [libc libjq]\n+libc 3 []\n libjq 1.7 [libc]\n+mawk 1 [libc]\n query 1 [libjq]\n+tar 1 [libc]\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Resolve(u, strings.Fields(test.wanted), locked)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(got); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
	old, _ := Resolve(u, []string{"jq"}, locked)
	if got, want := old[2].URL, "debian:pool/jq_1.6.deb"; old[2].Name != "jq" || got != want {
		t.Errorf("the kept %s is from %s, want %s", old[2].Name, got, want)
	}
}

// TestMinimalRoots checks that the minimal system has passwd, which is not essential, where the
// release has it.
func TestMinimalRoots(t *testing.T) {
	const release = "libc 2; Essential: yes\napt 1\nother 1\n"
	for text, want := range map[string]string{
		release: "+apt 1 []\n+libc 2 []\n",
		release + "passwd 4; Depends: libsem\nlibsem 3\n": "+apt 1 []\n+libc 2 []\n+libsem 3 []\n+passwd 4 [libsem]\n",
	} {
		packages, err := Resolve(NewUniverse("debian/sid", "amd64", index(t, text)), nil, nil)
		if got := show(packages); err != nil || got != want {
			t.Errorf("got\n%s%v\nwant\n%s", got, err, want)
		}
	}
}
