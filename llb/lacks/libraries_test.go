package lacks

import (
	debugelf "debug/elf"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/testdata/elf"
	"github.com/layc-lang/layc/llb/testdata/tree"
)

func TestUnion(t *testing.T) {
	top := tree.New(t, map[string]string{"usr/lib/a": "top", "opt/link": "-> /lib/b", "opt/up": "-> ../../../../etc/passwd", "loop": "-> loop", "usr/over": "-> lib"})
	base := tree.New(t, map[string]string{"usr/lib/a": "base", "usr/lib/b": "base", "lib": "-> usr/lib", "usr/over/b": "hidden"})
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
	base := tree.New(t, map[string]string{
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
	top := tree.New(t, own)
	got := tree.Written(t, func(report string) error { return Libraries("amd64", report, []string{top, base}) })
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
	got = tree.Written(t, func(report string) error { return Libraries("arm64", report, []string{top, base}) })
	if want := "interpreter\t/opt/foreign\t/lib/other\t\n"; got != want {
		t.Errorf("the report for another machine is\n%s\nwant\n%s", got, want)
	}
}
