package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// What is not a regular file is not read, whichever file it stands for: a pipe would
// be waited for, and a device may never end.
func TestIrregularFiles(t *testing.T) {
	for _, c := range []struct{ file, command, says string }{
		{"layc.lock", "check", "cannot read layc.lock: not a regular file"},
		{"layc.lock", "lock", "cannot read layc.lock: not a regular file"},
		{"layc.lock", "update", "cannot read layc.lock: not a regular file"},
		{".layerignore", "check", "cannot read .layerignore: not a regular file"},
		{"b.layer", "check", "cannot read b.layer: not a regular file"},
		{"b.layer", "fmt", "cannot read b.layer: not a regular file"},
	} {
		for what, put := range map[string]func(string) error{
			"a pipe":             func(name string) error { return syscall.Mkfifo(name, 0o600) },
			"a link to a device": func(name string) error { return os.Symlink("/dev/zero", name) },
			"a directory":        func(name string) error { return os.Mkdir(name, 0o755) },
		} {
			if what == "a directory" && c.file == "b.layer" {
				continue // another module's
			}
			t.Chdir(t.TempDir())
			if err := errors.Join(os.WriteFile("a.layer", []byte("fleet {\n}\n"), 0o644), put(c.file)); err != nil {
				t.Fatal(err)
			}
			want := c.says
			if what == "a directory" {
				want, _, _ = strings.Cut(want, "not a regular")
			}
			var out bytes.Buffer
			code := (&cli{out: &out, err: &out}).run(t.Context(), []string{c.command})
			if code != exitInput || !strings.Contains(out.String(), want) {
				t.Errorf("layc %s where %s is %s: exit code %d, want %d and %q:\n%s", c.command, c.file, what, code, exitInput, want, &out)
			}
		}
	}
}

// What cannot be written has one exit code, whichever command would write it.
func TestUnwritableFiles(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount a file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, ""); err != nil {
		t.Skip(err)
	}
	defer syscall.Unmount(dir, 0)
	const program = "import \"std/debian\"\n\nfleet   {\n    base debian.release(\"12\")\n}\n\napp x {\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "a.layer"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"lock", "fmt", "build -o out", "init new", "plan -C ../../testdata/shop --plan-time 10ms --html " + dir + "/x.html"} {
		args := strings.Fields(command)
		if args[0] != "plan" {
			args = append(args, "-C", dir)
		}
		if args[0] == "build" {
			args[2] = filepath.Join(dir, args[2])
		}
		var out bytes.Buffer
		code := (&cli{out: &out, err: &out, ready: readyFake, open: openFake}).run(t.Context(), args)
		if code != exitUnavailable || !strings.Contains(out.String(), "read-only file system") {
			t.Errorf("layc %s: exit code %d, want %d\n%s", command, code, exitUnavailable, &out)
		}
	}
}

// TestEngineIsNotReady checks that an engine that cannot be opened is reported first, and that
// nothing is written.
func TestEngineIsNotReady(t *testing.T) {
	var out bytes.Buffer
	state := filepath.Join(t.TempDir(), "state")
	c := &cli{out: &out, err: &out, ready: func(o engine.Options) error {
		if o.State != state {
			t.Errorf("the state is %q, want %q", o.State, state)
		}
		return &engine.UnavailableError{What: "this needs root", Help: "be root"}
	}}
	code := c.run(t.Context(), []string{"build", "-C", "../../testdata/shop", "--state", state})
	if want := "layc: this needs root\nbe root\n"; code != exitUnavailable || out.String() != want {
		t.Errorf("exit code %d, and it says %q, want %d and %q", code, &out, exitUnavailable, want)
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("the state is there")
	}
}
