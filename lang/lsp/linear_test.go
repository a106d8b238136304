package lsp_test

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
)

// beginnings and pieces make texts: one beginning, and one piece again and again, with a number for %d.
var (
	beginnings = []string{
		"", "app a {\n", "let a = ", "let a = \"", "let a = \"\"\"\n", "component c {\n  run ", "app a {\n  env A = [\n", "let a = {\n",
		"component c(", "app a {\n for k, v in {\n",
	}
	pieces = []string{
		"{", "}", "(", ")", "[", "]", "\"", "\"$(", "\"${", "${a}", "\"\\u{", "\"\"\"", "\n", "\r\n", " ", "/*", "#\n", "//", "x", "x ", "é", "\x01", "'", "\\q", ",",
		"{\n", "}\n", "([{", "a.", "a(", "a[", "a + ", "-", "a:", "a, ", "else ", "if a {\n", "a ? b : ", "let a = if b { c } else ", "RUN a\n", "https://a\n",
		"app a {\n", "app a { copy \"a\" to \"b\" }\n", "import \"./a%d\"\n", "let a%d = %d\n", "let a%d = a%d\n", "let a%d = x%d\n", "a%d: b%d\n", "a%d: b%d, ",
		"component c%d {\nneeds d%d\n}\n", "app a%d {\nuses b%d\n}\n", "needs c%d\n", "env A%d = b%d\n",
	}
)

func repeated(beginning, piece string, size int) string {
	var b strings.Builder
	b.WriteString(beginning)
	for n := 0; b.Len() < size; n++ {
		b.WriteString(strings.ReplaceAll(piece, "%d", fmt.Sprint(n)))
	}
	return b.String()
}

// BenchmarkRepeated measures the CPU time of a check and of each request for long texts. It fails if
// one takes much more than four times as long for a text that is four times as long.
func BenchmarkRepeated(b *testing.B) {
	const size, longer = 50_000, 4
	for b.Loop() {
		for _, beginning := range beginnings {
			for _, piece := range pieces {
				short, long := times(b, repeated(beginning, piece, size)), times(b, repeated(beginning, piece, longer*size))
				for what, t := range long {
					if t > 150*time.Millisecond && t > 2*longer*short[what] {
						b.Errorf("%q, then %q: %s takes %v for %d bytes, %v for %d", beginning, piece, what, short[what], size, t, longer*size)
					}
				}
			}
		}
	}
}

// times returns the CPU time of a check of a text, and of each request about its middle and its end.
func times(b *testing.B, text string) map[string]time.Duration {
	all := map[string]time.Duration{}
	measure := func(what string, f func()) {
		var before, after syscall.Rusage
		err := syscall.Getrusage(syscall.RUSAGE_SELF, &before)
		f()
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
			b.Fatal(err)
		}
		if err != nil {
			b.Fatal(err)
		}
		all[what] += time.Duration(after.Utime.Nano() - before.Utime.Nano())
	}
	var list diag.List
	measure("layc check", func() {
		_, list = compiler.Compile(compiler.Input{
			Project: fstest.MapFS{"a.layer": {Data: []byte(text)}}, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
		}, compiler.Bound)
	})
	measure("the output of layc check", func() {
		if err := diag.Render(io.Discard, list, diag.Options{}); err != nil {
			b.Error(err)
		}
	})
	c := startWith(b, options(b, memory(b, fstest.MapFS{})), nil)
	measure("opening", func() {
		c.open("a.layer", text)
		c.awaitUntil(func() bool { return c.version("a.layer") == c.sent["a.layer"] }, func() string { return "no diagnostics" })
	})
	for _, at := range []int{len(text) / 2, len(text)} {
		p := everything("a.layer", text, at)
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			measure(method, func() { c.try(method, p) })
		}
	}
	c.call("shutdown", nil, nil)
	c.finish()
	return all
}
