//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// filling is a program whose one step writes some megabytes.
func filling(megabytes string) string {
	return `component system {
    layout "system"
}

component one {
    owns "/opt/one"

    run "mkdir /opt/one; fill /opt/one/a ` + megabytes + `"
}

app x {
    base system
    uses one
}
`
}

// TestDisks builds where the disk of the state or of the output is full or
// read-only: errors say so, and nothing is half-written. The next build that
// has room works.
func TestDisks(t *testing.T) {
	t.Parallel()
	p := newVictim(t, filling("3"), "x")
	disk := smallDisk(t, "size=40m")
	out := filepath.Join(t.TempDir(), "out")

	// The helper is there before the disk is full: otherwise its transfer may fail first.
	p.state = filepath.Join(disk, "state")
	p.write("a.layer", filling("1"))
	p.build(out)

	// A step fills the disk. What it wrote is removed.
	p.write("a.layer", filling("100"))
	p.fails(exitUnavailable, "the engine's disk is full", out)
	if free := free(t, disk); free < 20<<20 {
		t.Errorf("the failed step left %d bytes free", free)
	}

	// Room is made by removing what a build does not use.
	room := false
	for _, megabytes := range []string{"5", "6", "7", "8"} {
		p.write("a.layer", filling(megabytes))
		text, err := p.builds(out).CombinedOutput()
		if err != nil {
			t.Fatalf("writing %s MB: %v\n%s", megabytes, err, text)
		}
		room = room || strings.Contains(string(text), "of unused cache, building again")
	}
	if !room {
		t.Error("no room was made: the test is wrong")
	}
	whole(t, "on a small disk", out)

	// Something else fills the disk of the state.
	junk := filepath.Join(disk, "junk")
	fillUp(t, junk)
	p.write("a.layer", filling("2"))
	before := layoutFiles(t, out)
	p.fails(exitUnavailable, "the engine cannot use its state directory", out)
	same(t, "while the disk was full", layoutFiles(t, out), before)
	remove(t, junk)
	want := p.build(out)

	// The disk is read-only.
	remount(t, disk, syscall.MS_RDONLY)
	p.fails(exitUnavailable, "read-only file system", out)
	p.state = filepath.Join(t.TempDir(), "state")
	p.fails(exitUnavailable, "read-only file system", filepath.Join(disk, "out"))
	p.fails(exitUnavailable, "out.tar cannot be written: "+disk+": read-only file system", "type=oci,dest="+filepath.Join(disk, "out.tar"))
	remount(t, disk, 0)

	// The disk of the output fills up: an image that was there stays, and no
	// directory is made for one that cannot be written.
	out = filepath.Join(disk, "out")
	same(t, "on a new state", p.build(out), want)
	fillUp(t, junk)
	p.write("a.layer", filling("4"))
	p.fails(exitUnavailable, "cannot write the images to "+out, out)
	same(t, "while the output was full", layoutFiles(t, out), want)
	p.fails(exitUnavailable, "cannot write the images to "+out+"2", out+"2")
	if left, _ := filepath.Glob(out + "2/*"); len(left) > 0 {
		t.Errorf("a full disk has %s", left)
	}
	remove(t, junk)
	p.build(out)

	// With few open files a build works.
	cmd := exec.Command("sh", append([]string{"-c", `ulimit -n 256 && exec "$@"`, "sh"}, p.builds(out).Args...)...)
	p.write("a.layer", filling("5"))
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("with 256 open files: %v\n%s", err, text)
	}
	p.clean("on small disks")
}

// fails builds and checks how that fails.
func (p *victim) fails(code int, words, out string) {
	p.Helper()
	text, err := p.builds(out).CombinedOutput()
	if got := exitCode(err); got != code || !strings.Contains(string(text), words) {
		p.Errorf("exit code %d, want %d and %q\n%s", got, code, words, text)
	}
}

// smallDisk is a file system in memory.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := syscall.Unmount(dir, 0)
		// A container of another test may have copied it a moment ago.
		for end := time.Now().Add(2 * time.Minute); err == syscall.EBUSY && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
			err = syscall.Unmount(dir, 0)
		}
		if err != nil {
			t.Error(err)
		}
	})
	return dir
}

func remount(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|flags, ""); err != nil {
		t.Fatal(err)
	}
}

func free(t *testing.T, dir string) uint64 {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	return st.Bavail * uint64(st.Bsize)
}

// fillUp writes a file until the disk is full.
func fillUp(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
