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
