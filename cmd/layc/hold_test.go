package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// updated returns a program with n components that have an `update` clause, and a lock file with
// old keys.
func updated(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	program := "component base {\n    rootfs \"https://example.com/root.tar\" sha256 \"" + strings.Repeat("0", 64) + "\"\n}\n\nfleet {\n    base base\n}\n"
	uses, keys := "", "layc-lock 1\nbase sha256:"+strings.Repeat("0", 64)+" 1 configured\n"
	for i := range n {
		program += fmt.Sprintf("\ncomponent c%d {\n    owns   \"/opt/c%d\"\n    update never\n    run    \"true\"\n}\n", i, i)
		uses += fmt.Sprintf(", c%d", i)
		keys += fmt.Sprintf("update c%d 2020-01-01\n", i)
	}
	program += "\napp a {\n    uses " + uses[2:] + "\n}\n"
	for name, text := range map[string]string{"a.layer": program, "layc.lock": keys} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestUpdatesAtOnce checks that concurrent updates do not overwrite each other, and leave no file
// behind.
func TestUpdatesAtOnce(t *testing.T) {
	const n = 8
	dir := updated(t, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			var problem bytes.Buffer
			c := &cli{out: io.Discard, err: &problem}
			if code := c.run(context.Background(), []string{"update", "-C", dir, fmt.Sprint("c", i)}); code != exitOK {
				t.Errorf("c%d: exit code %d\n%s", i, code, &problem)
			}
		})
	}
	group.Wait()
	if text := readFile(t, filepath.Join(dir, "layc.lock")); strings.Contains(text, "2020") {
		t.Errorf("an update is lost:\n%s", text)
	}
	if left, err := os.ReadDir(dir); len(left) != 2 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestWaiting checks that a waiting command says so, ends when it is interrupted, and has changed
// nothing then.
func TestWaiting(t *testing.T) {
	dir := updated(t, 1)
	before := readFile(t, filepath.Join(dir, "layc.lock"))
	held, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- (&cli{out: io.Discard, err: in}).run(ctx, []string{"update", "-C", dir})
		in.Close()
	}()
	text := make([]byte, 200)
	k, err := out.Read(text)
	if want := "waiting for another layc that is changing the lock file\n"; string(text[:k]) != want || err != nil {
		t.Errorf("the message is %q, %v", text[:k], err)
	}
	interrupt()
	go io.Copy(io.Discard, out)
	if code := <-ended; code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	if now := readFile(t, filepath.Join(dir, "layc.lock")); now != before {
		t.Errorf("the lock file is\n%s", now)
	}
}
