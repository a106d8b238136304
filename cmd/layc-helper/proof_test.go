package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/layc-lang/layc/llb/testdata/tree"
)

// reportOf calls a function that writes a report and returns the report.
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
	dir := tree.New(t, map[string]string{"unloadable": "#!/no/such/interpreter\n"})
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
	first := tree.New(t, map[string]string{
		"own/same": "1", "own/text": long + "a", "own/short": "12", "own/link": "-> a", "own/gone": "1", "own/kind": "1", "own/dir/x": "1",
		"other": "1", "own/mode": "1",
	})
	second := tree.New(t, map[string]string{
		"own/same": "1", "own/text": long + "b", "own/short": "1", "own/link": "-> b", "own/new": "1", "own/kind/x": "1", "own/dir/x": "1",
		"other": "2", "own/mode": "1",
	})
	if err := os.Chmod(filepath.Join(second, "own/mode"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(second, "own/same"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	got := tree.Written(t, func(report string) error { return again(first, second, report, []string{"/own", "/nowhere"}) })
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
	if got := tree.Written(t, func(report string) error { return again(first, first, report, []string{"/own"}) }); got != "" {
		t.Errorf("the report of equal trees is\n%s", got)
	}
}
