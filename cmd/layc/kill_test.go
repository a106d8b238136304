//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// kills is how often a test disturbs a build, and the seed of when it does.
func kills(t *testing.T) (n int, random *rand.Rand) {
	t.Helper()
	number := func(name string, otherwise int) int {
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
	seed := number("LAYC_EXACT_SEED", 1)
	t.Logf("LAYC_EXACT_SEED=%d", seed)
	return number("LAYC_KILLS", 10), rand.New(rand.NewPCG(uint64(seed), 0))
}

// TestKilled kills builds at any point of them. What the next build makes on
// the same state, into the same layout, is what an undisturbed one makes, and
// nothing is left behind.
func TestKilled(t *testing.T) {
	t.Parallel()
	p := newVictim(t, stressed, "x")
	want, took := p.undisturbed()
	n, random := kills(t)
	for i := range n {
		what := fmt.Sprintf("SIGKILL %d", i)
		p.state = filepath.Join(t.TempDir(), "state")
		out := filepath.Join(t.TempDir(), "out")
		code, text := p.disturbed(out, syscall.SIGKILL, point(random, i, n, took))
		if code != exitOK && code != 128+int(syscall.SIGKILL) {
			t.Errorf("%s: exit code %d\n%s", what, code, text)
		}
		whole(t, what, out)
		same(t, what, p.build(out), want)
		p.clean(what)
	}
}

// TestKilledLate kills a build after it has written everything. The next build has nothing to do, and leaves
// nothing behind either.
func TestKilledLate(t *testing.T) {
	t.Parallel()
	p := newSharing(t)
	out := filepath.Join(t.TempDir(), "out")
	want := p.build(out)
	// What an engine has while it runs.
	if err := errors.Join(os.WriteFile(filepath.Join(p.state, "lock"), []byte("4194304\n"), 0o600), os.Mkdir(filepath.Join(p.state, "tmp"), 0o700)); err != nil {
		t.Fatal(err)
	}
	same(t, "SIGKILL", p.build(out), want)
	p.clean("SIGKILL")
	same(t, "the build after that", p.build(out), want)
	p.clean("the build after that")
}

// TestSignalled interrupts builds at any point of them: they end with exit code
// 130, and leave nothing themselves.
func TestSignalled(t *testing.T) {
	t.Parallel()
	p := newVictim(t, stressed, "x")
	want, took := p.undisturbed()
	n, random := kills(t)
	for i := range n {
		signal := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}[i%3]
		what := fmt.Sprintf("%s %d", signal, i)
		p.state = filepath.Join(t.TempDir(), "state")
		out := filepath.Join(t.TempDir(), "out")
		code, text := p.disturbed(out, signal, point(random, i, n, took))
		// Before it has printed a thing layc may not be there yet.
		early := text == "" && code == 128+int(signal)
		if code != exitInterrupted && code != exitOK && !early {
			t.Errorf("%s: exit code %d\n%s", what, code, text)
		}
		whole(t, what, out)
		p.clean(what)
		same(t, what, p.build(out), want)
		p.clean(what + ", built again")
	}
}

// undisturbed builds on a new state, and says how long that takes.
func (p *victim) undisturbed() (map[string]string, time.Duration) {
	p.Helper()
	out := filepath.Join(p.TempDir(), "out")
	start := time.Now()
	want := p.build(out)
	took := time.Since(start)
	whole(p.T, "undisturbed", out)
	p.clean("undisturbed")
	return want, took
}

// point is a random time in the part i of n of a build.
func point(random *rand.Rand, i, n int, took time.Duration) time.Duration {
	return time.Duration((float64(i) + random.Float64()) / float64(n) * float64(took))
}

// disturbed begins a build and sends it a signal after a time.
func (p *victim) disturbed(out string, signal syscall.Signal, after time.Duration) (int, string) {
	p.Helper()
	cmd := p.builds(out)
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	// A step that outlives layc holds its output open.
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	time.Sleep(after)
	_ = cmd.Process.Signal(signal) // it may have ended
	code := exitCode(cmd.Wait())
	return code, text.String()
}

// TestEightAtOnce builds two projects, each into four layouts, at once on one
// state, and kills the build that runs the engine: the others take it over.
func TestEightAtOnce(t *testing.T) {
	t.Parallel()
	projects := []*victim{newVictim(t, stressed, "x"), newVictim(t, stressed, "z")}
	var want []map[string]string
	var took time.Duration
	for _, p := range projects {
		var files map[string]string
		files, took = p.undisturbed()
		want = append(want, files)
	}
	_, random := kills(t)
	for round, kill := range []bool{false, true} {
		state := filepath.Join(t.TempDir(), "state")
		var outs []string
		var builds []*exec.Cmd
		var texts [8]bytes.Buffer
		for i := range texts {
			p := projects[i%2]
			p.state = state
			outs = append(outs, filepath.Join(t.TempDir(), "out"))
			cmd := p.builds(outs[i])
			cmd.Stdout, cmd.Stderr = &texts[i], &texts[i]
			cmd.WaitDelay = time.Second
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			builds = append(builds, cmd)
		}
		killed := 0
		if kill {
			time.Sleep(took/4 + point(random, 0, 1, took))
			killed = lockOwner(state)
			if killed > 0 {
				_ = syscall.Kill(killed, syscall.SIGKILL)
			}
		}
		var wait sync.WaitGroup
		codes := make([]int, len(builds))
		for i, cmd := range builds {
			wait.Go(func() { codes[i] = exitCode(cmd.Wait()) })
		}
		wait.Wait()
		for i, cmd := range builds {
			what := fmt.Sprintf("round %d, build %d", round, i)
			whole(t, what, outs[i])
			if cmd.Process.Pid == killed {
				continue
			}
			if codes[i] != exitOK {
				t.Errorf("%s: exit code %d\n%s", what, codes[i], &texts[i])
				continue
			}
			same(t, what, layoutFiles(t, outs[i]), want[i%2])
		}
		projects[0].clean(fmt.Sprintf("round %d", round))
	}
}

// lockOwner is the process that runs a state's engine; 0 if none does.
func lockOwner(state string) int {
	text, _ := os.ReadFile(filepath.Join(state, "lock"))
	pid, _ := strconv.Atoi(string(bytes.TrimSpace(text)))
	return pid
}

func inode(path string) uint64 {
	var st syscall.Stat_t
	if syscall.Stat(path, &st) != nil {
		return 0
	}
	return st.Ino
}
