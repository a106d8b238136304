package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/layc-lang/layc/llb/engine"
)

// TestHeadStart checks that the engine starts for a build that has something to do, and only if files have
// changed for one that has not, and that it is closed however the build ends.
func TestHeadStart(t *testing.T) {
	requireEngine(t)
	p := &victim{T: t, dir: t.TempDir(), state: filepath.Join(t.TempDir(), "state"), temp: t.TempDir()}
	var err error
	if p.bin, err = filepath.Abs("../../bin/layc"); err != nil {
		t.Fatal(err)
	}
	const program = "app a {\n    base scratch\n    copy \"a\" to \"/a\"\n}\n\napp b {\n    base scratch\n    copy \"b\" to \"/b\"\n}\n"
	p.write("apps.layer", program)
	p.write("a", "1")
	p.write("b", "1")
	out := filepath.Join(t.TempDir(), "out")
	var last time.Time
	build := func(what string, code int, starts bool, args ...string) {
		t.Helper()
		time.Sleep(20 * time.Millisecond) // file systems round times
		cmd := p.command(append([]string{"build", "--state", p.state, "-o", out, "--progress", "plain"}, args...)...)
		text, err := cmd.CombinedOutput()
		if got := exitCode(err); got != code {
			t.Fatalf("%s: exit code %d: %v\n%s", what, got, err, text)
		}
		at := engine.LastUse(p.state)
		if at.After(last) != starts {
			t.Errorf("%s: the engine was used: %t\n%s", what, at.After(last), text)
		}
		if lock, err := os.ReadFile(filepath.Join(p.state, "lock")); err != nil || len(lock) > 0 {
			t.Errorf("%s: the engine is not closed: %q, %v", what, lock, err)
		}
		last = at
	}
	p.write("apps.layer", "typo")
	text, err := p.command("build", "--state", p.state).CombinedOutput()
	if _, missing := os.Stat(p.state); exitCode(err) != exitInput || missing == nil {
		t.Errorf("a program with an error has made a state: %v\n%s", err, text)
	}
	p.write("apps.layer", program)
	build("the first build", exitOK, true)
	build("nothing has changed", exitOK, false)
	p.write("a", "2")
	build("a file of another app has changed", exitOK, true, "b")
	build("the file of an app has changed before the last use", exitOK, true, "a")
	build("nothing has changed again", exitOK, false)
	p.write("apps.layer", strings.Replace(program, "copy \"b\"", "cpoy \"b\"", 1))
	build("a typo", exitInput, true)
	p.write("apps.layer", program)
	old := time.Unix(1e9, 0)
	if err := os.Chtimes(filepath.Join(p.dir, "apps.layer"), old, old); err != nil {
		t.Fatal(err)
	}
	build("the program is as it was", exitOK, false)
}
