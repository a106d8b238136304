package lockfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read1(t *testing.T, dir string) *File {
	t.Helper()
	f, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestReplace checks that a lock file that changed after it was read is not overwritten.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "layc.lock")
	const first, second = "layc-lock 1\n", "layc-lock 1\n\n"
	fresh := read1(t, dir)
	if err := fresh.Replace([]byte(first)); err != nil {
		t.Error(err)
	}
	var changed *ChangedError
	if err := fresh.Replace([]byte(second)); !errors.As(err, &changed) ||
		err.Error() != name+" has changed since it was read, so it was not written; run the command again" {
		t.Errorf("a new file: %v", err)
	}
	write(t, name, "")
	if err := fresh.Replace([]byte(second)); !errors.As(err, &changed) {
		t.Errorf("a new file without text: %v", err)
	}
	write(t, name, first)
	f := read1(t, dir)
	write(t, name, second)
	if err := f.Replace([]byte(first)); !errors.As(err, &changed) {
		t.Errorf("another text: %v", err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := f.Replace([]byte(first)); !errors.As(err, &changed) {
		t.Errorf("a file that is gone: %v", err)
	}
	write(t, name, first)
	if err := f.Replace([]byte(second)); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(name); string(text) != second || err != nil {
		t.Errorf("the file has %q, %v", text, err)
	}
}

// TestRead checks that a file reads as its pins, as none if it is missing, or with findings.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "layc.lock")
	f := read1(t, dir)
	pins, list := f.Pins()
	if pins == nil || len(list) > 0 {
		t.Errorf("without a file: %v, %v", pins, list)
	}
	if before, list := f.Before(); before != nil || len(list) > 0 {
		t.Errorf("without a file: %v, %v", before, list)
	}
	write(t, name, "<<<<<<< ours\nlayc-lock 1\n=======\n>>>>>>> theirs\n")
	f = read1(t, dir)
	if pins, list := f.Pins(); pins != nil || !list.HasErrors() || list[0].Span.File.Name() != name {
		t.Errorf("a merge: %v, %v", pins, list)
	}
	if before, list := f.Before(); before == nil || len(list) > 0 {
		t.Errorf("a merge: %v, %v", before, list)
	}
	write(t, name, "url\n")
	if before, list := read1(t, dir).Before(); before != nil || !list.HasErrors() {
		t.Errorf("not a lock file: %v, %v", before, list)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(name, 0o644); err != nil {
		t.Fatal(err)
	}
	if f, err := Read(dir); err == nil || err.Error() != "not a regular file" || f.Name != name {
		t.Errorf("a pipe: %v", err)
	}
}

// TestHold checks that a waiting process reports so once, and stops with its context.
func TestHold(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, ".layc-new-1")
	write(t, left, "left behind")
	release, err := Hold(t.Context(), dir, func() { t.Error("Hold waits, but nothing holds the directory") })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("the file of a killed process still exists")
	}
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	if _, err := Hold(ctx, dir, func() { told++; cancel() }); !errors.Is(err, context.Canceled) || told != 1 {
		t.Errorf("told %d times, %v", told, err)
	}
	release()
	if release, err = Hold(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	release()
}
