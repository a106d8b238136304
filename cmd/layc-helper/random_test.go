package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSquashRandom squashes the results of random file operations on random trees, one on top of
// the other. LAYC_EXACT_N and LAYC_EXACT_SEED set their number and seed.
func TestSquashRandom(t *testing.T) {
	needsMounts(t)
	n, seed := setting(t, "LAYC_EXACT_N", 20), setting(t, "LAYC_EXACT_SEED", 1)
	for i := range n {
		t.Run(fmt.Sprint(seed+i), func(t *testing.T) {
			p := &program{rand: rand.New(rand.NewPCG(uint64(seed+i), 0))}
			lower := lowerTree(t, "true")
			p.run(lower, 150)
			canonical(t, lower)
			for range 2 {
				p.log = nil
				after, upper, err := squashed(t, lower, "", func(dir string) { p.run(dir, 1+p.rand.IntN(80)) })
				if err != nil {
					t.Fatalf("%v\n%s", err, strings.Join(p.log, "\n"))
				}
				got := applied(t, lower, upper)
				if d := unequal(listing(t, after), listing(t, got)); d != "" {
					t.Fatalf("%safter\n%s", d, strings.Join(p.log, "\n"))
				}
				lower = got
			}
		})
	}
}

// setting returns a number from the environment.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// program is a random sequence of file operations.
type program struct {
	rand *rand.Rand
	log  []string
}

// operations may fail, for example if a file does not exist. Then they do nothing.
var operations = []struct {
	name string
	do   func(r *rand.Rand, a, b string) error
}{
	{"write", func(r *rand.Rand, a, _ string) error {
		return os.WriteFile(a, []byte{byte('a' + r.IntN(3))}, 0o644)
	}},
	{"write a long one", func(r *rand.Rand, a, _ string) error {
		return os.WriteFile(a, []byte(strings.Repeat("x", 1+r.IntN(3))), 0o600)
	}},
	{"write anew", func(r *rand.Rand, a, _ string) error {
		return errors.Join(os.Remove(a), os.WriteFile(a, []byte{byte('a' + r.IntN(3))}, 0o644))
	}},
	{"copy", func(_ *rand.Rand, a, b string) error {
		text, err := os.ReadFile(a)
		if err == nil {
			_ = os.Remove(b)
			err = os.WriteFile(b, text, 0o644)
		}
		return err
	}},
	{"truncate", func(r *rand.Rand, a, _ string) error { return os.Truncate(a, int64(r.IntN(3))) }},
	{"mkdir", func(_ *rand.Rand, a, _ string) error { return os.Mkdir(a, 0o755) }},
	{"mkdir anew", func(_ *rand.Rand, a, _ string) error { return errors.Join(os.RemoveAll(a), os.Mkdir(a, 0o755)) }},
	{"remove", func(_ *rand.Rand, a, _ string) error { return os.Remove(a) }},
	{"remove all", func(_ *rand.Rand, a, _ string) error { return os.RemoveAll(a) }},
	{"chmod", func(r *rand.Rand, a, _ string) error {
		return chmodNoFollow(a, []uint32{0o644, 0o755, 0o4755, 0o2750, 0o1777}[r.IntN(5)])
	}},
	{"chown", func(r *rand.Rand, a, _ string) error {
		return os.Lchown(a, []int{0, 5, 4294967294}[r.IntN(3)], []int{0, 7}[r.IntN(2)])
	}},
	{"cap", func(r *rand.Rand, a, _ string) error {
		if info, err := os.Lstat(a); err != nil || !info.Mode().IsRegular() {
			return errors.New("layers hold capabilities of files")
		}
		return unix.Lsetxattr(a, capability, []byte("\x01\x00\x00\x02"+string(byte(1+r.IntN(2)))+strings.Repeat("\x00", 15)), 0)
	}},
	{"uncap", func(_ *rand.Rand, a, _ string) error { return unix.Lremovexattr(a, capability) }},
	{"link", func(_ *rand.Rand, a, b string) error { return os.Link(a, b) }},
	{"link", func(_ *rand.Rand, a, b string) error { return os.Link(a, b) }},
	{"symlink", func(_ *rand.Rand, a, b string) error { return os.Symlink(filepath.Base(a), b) }},
	{"symlink to the root", func(_ *rand.Rand, a, b string) error { return os.Symlink("/"+filepath.Base(a), b) }},
	{"rename", func(_ *rand.Rand, a, b string) error { return rename(a, b) }},
	{"rename", func(_ *rand.Rand, a, b string) error { return rename(a, b) }},
	{"mkfifo", func(_ *rand.Rand, a, _ string) error { return unix.Mkfifo(a, 0o644) }},
	{"mknod", func(r *rand.Rand, a, _ string) error { return unix.Mknod(a, unix.S_IFCHR|0o600, 0x100+r.IntN(2)) }},
	{"times", func(_ *rand.Rand, a, _ string) error { return stamp(a, unix.Timespec{Sec: epoch.Unix()}) }},
}

func chmodNoFollow(p string, mode uint32) error {
	if info, err := os.Lstat(p); err != nil || info.Mode()&os.ModeSymlink != 0 {
		return errors.New("links have no mode")
	}
	return unix.Chmod(p, mode)
}

// rename renames like mv: it copies where an overlay cannot rename.
func rename(a, b string) error {
	err := os.Rename(a, b)
	if !errors.Is(err, unix.EXDEV) {
		return err
	}
	if _, err := os.Lstat(b); err == nil {
		return unix.EEXIST
	}
	return exec.Command("mv", "--no-target-directory", a, b).Run()
}

func (p *program) run(dir string, n int) {
	for range n {
		a, b := p.path(dir), p.path(dir)
		o := operations[p.rand.IntN(len(operations))]
		if !inDirectory(dir, a) || !inDirectory(dir, b) {
			continue
		}
		if writes := strings.HasPrefix(o.name, "write") || o.name == "copy" || o.name == "truncate"; writes {
			if odd(a) || odd(b) {
				continue // it would follow a link, or wait for a pipe's reader
			}
		}
		if err := o.do(p.rand, a, b); err == nil {
			p.log = append(p.log, strings.ReplaceAll(fmt.Sprint(o.name, " ", a, " ", b), dir, ""))
		}
	}
}

func (p *program) path(dir string) string {
	for range 1 + p.rand.IntN(3) {
		dir = filepath.Join(dir, []string{"a", "b", "c", "d"}[p.rand.IntN(4)])
	}
	return dir
}

// inDirectory reports whether all parents of a path are directories.
func inDirectory(root, p string) bool {
	for p = filepath.Dir(p); len(p) > len(root); p = filepath.Dir(p) {
		if info, err := os.Lstat(p); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

func odd(p string) bool {
	info, err := os.Lstat(p)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}
