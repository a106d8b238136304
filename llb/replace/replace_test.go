package replace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestMain also runs the writers of TestKilled, which stop in the middle.
func TestMain(m *testing.M) {
	if name := os.Getenv("LAYC_TEST_WRITER"); name != "" {
		stop := func(string, string) error {
			fmt.Println("written")
			return syscall.Pause()
		}
		rename = stop
		if filepath.Base(name) == "file" {
			_ = File(name, []byte("new"), 0o644)
		} else {
			_ = Dir(name, func(dir string) error { return os.WriteFile(filepath.Join(dir, "x"), nil, 0o644) })
		}
		return
	}
	os.Exit(m.Run())
}

// TestKilled kills writers. The old content stays, and the next writer removes their leftovers,
// but neither another writer's files nor files with similar names.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	start := func(name string) *exec.Cmd {
		t.Helper()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "LAYC_TEST_WRITER="+filepath.Join(dir, name))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fscanln(out, new(string)); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	kill := func(cmd *exec.Cmd) {
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
	}
	for _, name := range []string{".layc-new-mine", ".layc-new-", "file"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	writing := start("file")
	defer kill(writing)
	kill(start("file"))
	kill(start("dir"))
	if got := names(t, dir); len(got) != 5 {
		t.Fatalf("leftovers are %v", got)
	}
	if err := File(filepath.Join(dir, "other"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := names(t, dir)
	if len(got) != 5 || !slices.Contains(got, ".layc-new-mine") || !slices.Contains(got, ".layc-new-") || slices.Contains(got, "dir") {
		t.Errorf("after the next writer the directory has %v", got)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "file")); string(text) != "old" {
		t.Errorf("the file holds %q: %v", text, err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// TestDir replaces a directory, and keeps it on an error.
func TestDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	for _, name := range []string{"one", "two"} {
		if err := Dir(dir, func(d string) error { return os.WriteFile(filepath.Join(d, name), nil, 0o644) }); err != nil {
			t.Fatal(err)
		}
		if got := names(t, dir); !slices.Equal(got, []string{name}) {
			t.Errorf("the directory has %v", got)
		}
	}
	failed := errors.New("no")
	if err := Dir(dir, func(string) error { return failed }); err != failed {
		t.Errorf("the error is %v", err)
	}
	if got := slices.Concat(names(t, dir), names(t, filepath.Dir(dir))); !slices.Equal(got, []string{"two", "dir"}) {
		t.Errorf("after an error the directory has %v", got)
	}
}

// TestTemporary checks that a temporary directory stays while it is used, and that the next one
// removes the leftovers of a killed process.
func TestTemporary(t *testing.T) {
	parent := t.TempDir()
	left := filepath.Join(parent, prefix+"1")
	if err := os.MkdirAll(filepath.Join(left, "blobs"), 0o755); err != nil {
		t.Fatal(err)
	}
	one, removeOne, err := Temporary(parent)
	if err != nil {
		t.Fatal(err)
	}
	two, removeTwo, err := Temporary(parent)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Base(one), filepath.Base(two)}
	slices.Sort(want)
	if got := names(t, parent); !slices.Equal(got, want) {
		t.Errorf("the directory has %v, want %v", got, want)
	}
	removeOne()
	removeTwo()
	if got := names(t, parent); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}

// TestSynced checks that content is synced before the rename, and that there is no rename if the
// sync fails.
func TestSynced(t *testing.T) {
	defer func(c func(string) (file, error), r func(string, string) error) { createFile, rename = c, r }(createFile, rename)
	name := filepath.Join(t.TempDir(), "file")
	for _, fails := range []string{"", "write", "chmod 600", "sync", "close"} {
		var log []string
		createFile = func(dir string) (file, error) {
			f, err := os.CreateTemp(dir, prefix+"*")
			return &recorder{f, fails, &log}, err
		}
		rename = func(string, string) error {
			log = append(log, "rename")
			return nil
		}
		err := File(name, []byte("x"), 0o600)
		got := strings.Join(log, ", ")
		if fails == "" && (err != nil || got != "write, chmod 600, sync, close, rename") {
			t.Errorf("the operations are %s: %v", got, err)
		}
		if fails != "" && (err == nil || strings.Contains(got, "rename")) {
			t.Errorf("if %s fails, the operations are %s: %v", fails, got, err)
		}
	}
	if left := names(t, filepath.Dir(name)); len(left) > 0 {
		t.Errorf("leftovers are %v", left)
	}
}

// recorder records the operations on a file; one of them fails.
type recorder struct {
	*os.File
	fails string
	log   *[]string
}

func (r *recorder) note(what string) error {
	*r.log = append(*r.log, what)
	if what == r.fails {
		return errors.New("no")
	}
	return nil
}

func (r *recorder) Write(p []byte) (int, error)  { return len(p), r.note("write") }
func (r *recorder) Chmod(mode fs.FileMode) error { return r.note(fmt.Sprintf("chmod %o", mode)) }
func (r *recorder) Sync() error                  { return r.note("sync") }
func (r *recorder) Close() error                 { return errors.Join(r.File.Close(), r.note("close")) }

// TestUnsynced checks that a file is replaced for this user alone, and that a failure leaves nothing behind.
func TestUnsynced(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	for _, text := range []string{"one", "two"} {
		if err := Unsynced(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(name)
		info, unknown := os.Stat(name)
		if err != nil || unknown != nil || string(got) != text || info.Mode() != 0o600 {
			t.Errorf("got %q with %v: %v, %v", got, info.Mode(), err, unknown)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	if Unsynced(filepath.Join(dir, "taken"), nil) == nil {
		t.Error("a directory is replaced by a file")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
