package llb

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	mode "github.com/tonistiigi/dchapes-mode"

	"github.com/layc-lang/layc/compiler/model"
)

// TestModesAsChmod compares random symbolic modes with /bin/chmod. An accepted mode has the same
// result in layc, in BuildKit and in chmod.
func TestModesAsChmod(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	n, seed := randomRuns(t, 400)
	r := rand.New(rand.NewPCG(seed, 0))
	file, dir := filepath.Join(t.TempDir(), "file"), filepath.Join(t.TempDir(), "dir")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for range n {
		text, start := randomMode(r), uint32(r.IntN(0o10000))
		m, ok := model.ParseMode(text)
		if !ok {
			continue
		}
		taken++
		on := file
		if r.IntN(2) == 0 {
			// GNU's chmod keeps these bits of a directory unless the mode names them.
			on, start = dir, start&0o1777
			if strings.Contains(text, "s") {
				continue
			}
		}
		want := chmod(t, text, on, start)
		if got := m.Apply(start, on == dir); got != want {
			t.Errorf("seed %d: %q: chmod returns %04o for %04o, layc %04o (%s)", seed, text, want, start, got, filepath.Base(on))
		}
		if got := asBuildKit(t, m.String(), start, on == dir); got != want {
			t.Errorf("seed %d: %q: chmod returns %04o for %04o, BuildKit %04o with %q (%s)", seed, text, want, start, got, m, filepath.Base(on))
		}
	}
	if taken < n/3 {
		t.Errorf("only %d of %d random modes are accepted", taken, n)
	}
}

// randomMode returns a string that is nearly always a valid mode.
func randomMode(r *rand.Rand) string {
	pick := func(from string, most int) string {
		var b strings.Builder
		for range r.IntN(most + 1) {
			b.WriteByte(from[r.IntN(len(from))])
		}
		return b.String()
	}
	var clauses []string
	for range 1 + r.IntN(3) {
		c := pick("ugoa", 2)
		for range 1 + r.IntN(2) {
			c += string("+-="[r.IntN(3)])
			if r.IntN(4) == 0 {
				c += pick("ugo", 1)
			} else {
				c += pick("rwxXst", 3)
			}
		}
		clauses = append(clauses, c)
	}
	return strings.Join(clauses, ",")
}

// chmod returns the mode of a file after /bin/chmod.
func chmod(t *testing.T, text, file string, start uint32) uint32 {
	t.Helper()
	if err := syscall.Chmod(file, start); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("chmod", "--", text, file).CombinedOutput(); err != nil {
		t.Errorf("chmod refuses %q: %s", text, out)
	}
	var stat syscall.Stat_t
	if err := syscall.Lstat(file, &stat); err != nil {
		t.Fatal(err)
	}
	return stat.Mode & 0o7777
}

// asBuildKit returns the mode of a file after the library that BuildKit uses.
func asBuildKit(t *testing.T, text string, start uint32, dir bool) uint32 {
	t.Helper()
	if text == "" {
		return start
	}
	set, err := mode.ParseWithUmask(text, 0)
	if err != nil {
		t.Errorf("BuildKit refuses %q: %v", text, err)
		return start
	}
	special := []struct {
		bit uint32
		as  os.FileMode
	}{{0o4000, os.ModeSetuid}, {0o2000, os.ModeSetgid}, {0o1000, os.ModeSticky}}
	before := os.FileMode(start & 0o777)
	if dir {
		before |= os.ModeDir
	}
	for _, s := range special {
		if start&s.bit != 0 {
			before |= s.as
		}
	}
	after := set.Apply(before)
	out := uint32(after.Perm())
	for _, s := range special {
		if after&s.as != 0 {
			out |= s.bit
		}
	}
	return out
}

// randomRuns returns the number of random cases and their seed, from LAYC_EXACT_N and
// LAYC_EXACT_SEED if they are set.
func randomRuns(t *testing.T, n int) (int, uint64) {
	t.Helper()
	seed := uint64(1)
	for name, to := range map[string]any{"LAYC_EXACT_N": &n, "LAYC_EXACT_SEED": &seed} {
		if text := os.Getenv(name); text != "" {
			if _, err := fmt.Sscan(text, to); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	return n, seed
}
