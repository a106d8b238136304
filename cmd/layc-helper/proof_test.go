package main

import (
	debugelf "debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/layc-lang/layc/llb/testdata/elf"
)

// reportOf calls a function that writes a report and returns the report.
func reportOf(t *testing.T, run func(report string) error) string {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report")
	if err := run(report); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTest(t *testing.T) {
	const hangs, limit = time.Minute, 2 * time.Second // only what hangs is to reach the limit
	for _, c := range []struct{ command, prints, want string }{
		{"echo one; echo two", "one\ntwo", ""},
		{"echo seen >&2", "seen", ""},
		{"true", "", ""},
		{"sleep 120 & echo started", "started", ""}, // does not wait for background processes
		{"true", "x", "it should print:\n  x\nit printed nothing"},
		{"echo one", "two", "it should print:\n  two\nit printed:\n  one"},
		{"echo one; exit 3", "one", "it ended with exit status 3\nit printed:\n  one"},
		{"kill -9 $$", "", "it ended with signal: killed\nit printed nothing"},
		{"echo before; sleep 120", "", "it did not end within 2s\nit printed:\n  before"},
		{"seq 1 20; false", "", "it ended with exit status 1\nit printed:\n  … 8 earlier lines\n  9\n  10\n  11\n  12\n  13\n  14\n  15\n  16\n  17\n  18\n  19\n  20"},
	} {
		start := time.Now()
		got, most := "", hangs
		if strings.Contains(c.want, "did not end") {
			most = limit
		}
		if err := test([]string{"/bin/sh", "-c", c.command}, c.prints, most); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s, which should print %q:\n%s\nwant\n%s", c.command, c.prints, got, c.want)
		}
		if took := time.Since(start); took > hangs {
			t.Errorf("%s took %s", c.command, took)
		}
	}
}

// TestTestOfList checks that a list is executed without a shell.
func TestTestOfList(t *testing.T) {
	dir := tree(t, map[string]string{"unloadable": "#!/no/such/interpreter\n"})
	if err := os.Chmod(filepath.Join(dir, "unloadable"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		command      []string
		prints, want string
	}{
		{[]string{"/bin/echo", "$HOME *"}, "$HOME *", ""},
		{[]string{"echo", "found in PATH"}, "found in PATH", ""},
		{[]string{"/bin/echo", "one"}, "two", "it should print:\n  two\nit printed:\n  one"},
		{[]string{"/no/such", "x"}, "", "the image has no program /no/such"},
		{[]string{"no-such-program"}, "", "the image has no program no-such-program"},
		{[]string{dir + "/unloadable"}, "", "the image has " + dir + "/unloadable, but not what loads it (its interpreter)"},
	} {
		got := ""
		if err := test(c.command, c.prints, time.Minute); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q: %s\nwant %s", c.command, got, c.want)
		}
	}
}

func TestAgain(t *testing.T) {
	long := strings.Repeat("x", 1<<17)
	first := tree(t, map[string]string{
		"own/same": "1", "own/text": long + "a", "own/short": "12", "own/link": "-> a", "own/gone": "1", "own/kind": "1", "own/dir/x": "1",
		"other": "1", "own/mode": "1",
	})
	second := tree(t, map[string]string{
		"own/same": "1", "own/text": long + "b", "own/short": "1", "own/link": "-> b", "own/new": "1", "own/kind/x": "1", "own/dir/x": "1",
		"other": "2", "own/mode": "1",
	})
	if err := os.Chmod(filepath.Join(second, "own/mode"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(second, "own/same"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	got := reportOf(t, func(report string) error { return again(first, second, report, []string{"/own", "/nowhere"}) })
	want := `/own/gone exists only the first time
/own/kind has a different type
/own/link points to "a", then to "b"
/own/mode has mode 0644, then 0600
/own/new exists only the second time
/own/short differs from byte 1
/own/text differs from byte 131072
`
	if got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
	if got := reportOf(t, func(report string) error { return again(first, first, report, []string{"/own"}) }); got != "" {
		t.Errorf("the report of equal trees is\n%s", got)
	}
}

func TestUnion(t *testing.T) {
	top := tree(t, map[string]string{"usr/lib/a": "top", "opt/link": "-> /lib/b", "opt/up": "-> ../../../../etc/passwd", "loop": "-> loop", "usr/over": "-> lib"})
	base := tree(t, map[string]string{"usr/lib/a": "base", "usr/lib/b": "base", "lib": "-> usr/lib", "usr/over/b": "hidden"})
	u := union{top, base}
	for path, want := range map[string]string{
		"/usr/lib/a": "top", "/lib/a": "top", "/lib/b": "base", "/opt/link": "base", "/lib/../lib/./b": "base", "/usr/over/b": "base",
		"/opt/up": "", "/nowhere": "", "/usr/lib/a/b": "",
	} {
		got, err := u.read(path)
		if err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
		}
	}
	if _, err := u.read("/loop"); err == nil {
		t.Error("no error for /loop")
	}
	names, err := u.list("/lib")
	if got := strings.Join(names, " "); got != "a b" || err != nil {
		t.Errorf("/lib has %q, %v; want a b", got, err)
	}
}

func TestLibraries(t *testing.T) {
	const other = debugelf.EM_AARCH64
	const loader = "/lib64/ld.so"
	file := func(f elf.File) string { return string(f.Bytes()) }
	lib := file(elf.File{})
	base := tree(t, map[string]string{
		"lib64":                    "-> usr/lib64",
		"usr/lib64/ld.so":          lib,
		"usr/lib64/libc.so":        lib,
		"etc/ld.so.conf":           "include /etc/ld.so.conf.d/*.conf\n",
		"etc/ld.so.conf.d/x.conf":  "# comment\n/usr/extra # here\n",
		"usr/extra/libconf.so":     lib,
		"usr/hidden/libhidden.so":  lib,
		"usr/lib64/libtext.so":     "INPUT(libc.so)",
		"usr/lib64/libforeign.so":  file(elf.File{Machine: other}),
		"usr/variable/libvar.so":   lib,
		"usr/lib64/libbase.so":     file(elf.File{Needed: []string{"libofothers.so"}}),
		"usr/lib64/libc.link.so":   "-> libc.so",
		"usr/lib64/libc.broken.so": "-> nowhere",
	})
	t.Setenv("LD_LIBRARY_PATH", "/usr/variable")
	program := func(needs ...string) string { return file(elf.File{Interpreter: loader, Needed: needs}) }
	own := map[string]string{
		"opt/fine":            program("libc.so", "libconf.so", "libvar.so", "libc.link.so", "libbase.so"),
		"opt/static":          file(elf.File{Interpreter: ""}),
		"opt/missing":         program("libmissing.so", "libc.broken.so"),
		"opt/hidden":          program("libhidden.so"),
		"opt/text":            program("libtext.so", "libforeign.so"),
		"opt/loader":          file(elf.File{Interpreter: "/lib/ld-musl.so", Needed: []string{"libc.musl.so"}}),
		"opt/bin/origin":      file(elf.File{Interpreter: loader, RunPath: "$ORIGIN/../own", Needed: []string{"libone.so"}}),
		"opt/own/libone.so":   file(elf.File{RPath: "${ORIGIN}", Needed: []string{"libtwo.so", "libgone.so"}}),
		"opt/own/libtwo.so":   lib,
		"opt/bin/passed":      file(elf.File{Interpreter: loader, RPath: "/opt/own", Needed: []string{"libsub.so"}}),
		"opt/own/libsub.so":   file(elf.File{Needed: []string{"libtwo.so"}}), // found by the program's path
		"opt/bin/once":        file(elf.File{Interpreter: loader, RunPath: "/opt/own:/opt/sub", Needed: []string{"libtwo.so", "libafter.so"}}),
		"opt/sub/libafter.so": file(elf.File{Needed: []string{"libtwo.so"}}), // loaded already
		"opt/plugin.so":       file(elf.File{Needed: []string{"libdemand.so", "libhidden.so", "libtwo.so"}}),
		"opt/foreign":         file(elf.File{Machine: other, Interpreter: "/lib/other", Needed: []string{"libother.so"}}),
		"opt/damaged":         lib[:70],
		"opt/script":          "#!/bin/sh\n",
		"opt/empty":           "",
		"opt/link":            "-> missing",
	}
	top := tree(t, own)
	got := reportOf(t, func(report string) error { return libraries("amd64", report, []string{top, base}) })
	want := strings.ReplaceAll(`interpreter|/opt/loader|/lib/ld-musl.so|
library|/opt/missing|libc.broken.so|
library|/opt/missing|libmissing.so|
library|/opt/own/libone.so|libgone.so|
library|/opt/text|libforeign.so|
library|/opt/text|libtext.so|
on-demand|/opt/plugin.so|libdemand.so|
path|/opt/hidden|libhidden.so|/usr/hidden/libhidden.so
`, "|", "\t")
	if got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
	got = reportOf(t, func(report string) error { return libraries("arm64", report, []string{top, base}) })
	if want := "interpreter\t/opt/foreign\t/lib/other\t\n"; got != want {
		t.Errorf("the report for another machine is\n%s\nwant\n%s", got, want)
	}
}
