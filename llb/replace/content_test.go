package replace

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestContent checks that a file that is not regular is written to and never replaced.
func TestContent(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("pipe", link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{pipe, link} {
		read := make(chan string)
		go func() {
			text, _ := os.ReadFile(pipe)
			read <- string(text)
		}()
		if err := Content(name, []byte("text")); err != nil {
			t.Fatal(err)
		}
		if got := <-read; got != "text" {
			t.Errorf("%s: the reader got %q", name, got)
		}
		info, err := os.Lstat(pipe)
		if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
			t.Errorf("%s: the pipe was replaced: %v %v", name, info.Mode(), err)
		}
	}
	// A dangling link fails and stays unchanged.
	lost := filepath.Join(dir, "lost")
	if err := os.Symlink(filepath.Join(dir, "no", "such"), lost); err != nil {
		t.Fatal(err)
	}
	if err := Content(lost, []byte("text")); err == nil {
		t.Error("a dangling link was written")
	}
	if _, err := os.Readlink(lost); err != nil {
		t.Errorf("the link is gone: %v", err)
	}
}

// TestModes checks the modes of new and of replaced files, and that the target of a link is replaced.
func TestModes(t *testing.T) {
	before := syscall.Umask(0o027)
	defer syscall.Umask(before)
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name string
		mode os.FileMode
	}{{file, 0o640}, {file, 0o604}, {link, 0o604}} {
		if step.mode != 0o640 {
			if err := os.Chmod(file, step.mode); err != nil {
				t.Fatal(err)
			}
		}
		if err := Content(step.name, []byte(step.name)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(file)
		if err != nil || info.Mode() != step.mode {
			t.Errorf("%s: the mode is %v, want %v, %v", step.name, info.Mode(), step.mode, err)
		}
		if text, err := os.ReadFile(file); string(text) != step.name {
			t.Errorf("the file has %q, want %q, %v", text, step.name, err)
		}
	}
	if to, err := os.Readlink(link); to != file {
		t.Errorf("the link leads to %q: %v", to, err)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
}
