package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestNextSteps checks that errors of files say what to do next.
func TestNextSteps(t *testing.T) {
	for cause, want := range map[error]string{
		syscall.ENOSPC:       "cannot write x: no space left on device\nfree space on that disk",
		syscall.EROFS:        "cannot write x: read-only file system\nchoose a place on a file system that can be written to",
		syscall.EACCES:       "cannot write x: permission denied\nchange the permissions, or run layc as a user who has them",
		syscall.ENOENT:       "cannot write x: no such directory\ncreate the directory, or choose another one",
		syscall.EISDIR:       "cannot write x: is a directory\nremove the directory, or name a file",
		syscall.ENOTDIR:      "cannot write x: part of the path is a file\ncheck the path",
		errIrregular:         "cannot write x: not a regular file\nreplace it with a file",
		syscall.ETXTBSY:      "cannot write x: text file busy",
		fs.ErrPermission:     "cannot write x: permission denied\nchange the permissions",
		syscall.ENAMETOOLONG: "cannot write x: file name too long",
	} {
		if got := cannot("write", "x", &fs.PathError{Op: "open", Path: "x", Err: cause}).Error(); !strings.HasPrefix(got, want) {
			t.Errorf("%v: got %q, want %q", cause, got, want)
		}
	}
	for err, want := range map[*fileError]string{
		{error: fmt.Errorf("cannot write a.tar: %w", syscall.ENOSPC), unwritten: true}: "cannot write a.tar: no space left on device\nfree space on that disk, or choose a place on another one",
		{error: fmt.Errorf("--html x: cannot write .: %w", syscall.EROFS)}:             "--html x: cannot write .: read-only file system\nchoose a place on a file system that can be written to",
		{error: fmt.Errorf("no room: %w\nremove some", syscall.ENOSPC)}:                "no room: no space left on device\nremove some",
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.layer"), []byte("app app {\n    base scratch\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "layc.lock"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"check", "lock", "update", "vendor"} {
		var out bytes.Buffer
		code := (&cli{out: &out, err: &out}).run(t.Context(), []string{command, "-C", dir})
		if text := out.String(); code != exitInput || !strings.Contains(text, "layc.lock: is a directory") || !strings.Contains(text, "help: remove it and run `layc lock`") {
			t.Errorf("%s: exit code %d:\n%s", command, code, text)
		}
	}
}

// TestMissingAbove checks which directories a build makes for its outputs.
func TestMissingAbove(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("a/b", 0o755); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"": "", "out": "", "a/out": "", "a/b/out": "", "c/out": "c", "./c/d/e.tar": "c", "a/c/d/e": "a/c", here + "/x/y/z": here + "/x", "a/../q/out/": "q", "../out": "",
	} {
		if got := missingAbove(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	var d destination
	for _, value := range []string{"type=oci,dest=new/a.tar", "type=tar,dest=new/b.tar", "other/out", "type=docker,dest=a/c.tar"} {
		if err := d.add(value, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.check((&cli{}).root(), ""); err != nil || fmt.Sprint(d.made) != "[other new]" {
		t.Errorf("makes %v, %v", d.made, err)
	}
}
