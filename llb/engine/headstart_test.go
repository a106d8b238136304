//go:build linux

package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// later opens an engine that starts later.
func later(t *testing.T, state string, opts Options) *Engine {
	t.Helper()
	opts.State, opts.Runc, opts.Later = state, runcPath(), true
	e, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// closedCleanly reports whether an engine has used a state, and none has it open.
func closedCleanly(state string) bool {
	lock, err := os.ReadFile(filepath.Join(state, lockName))
	return err == nil && len(lock) == 0 && Running(state) == 0
}

// TestHeadStart checks that a build uses an engine that started in the background, and that an engine that
// nobody needs leaves its state as a closed one.
func TestHeadStart(t *testing.T) {
	needEngine(t)
	state := filepath.Join(t.TempDir(), "state")
	if at := LastUse(state); !at.IsZero() {
		t.Errorf("a state that nobody has used was used at %s", at)
	}
	begin := time.Now().Add(-time.Second)
	e := later(t, state, Options{})
	e.Start()
	e.Start()
	build(t, e, request(t, t.TempDir(), two(t, "2")...))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if at := LastUse(state); !at.After(begin) {
		t.Errorf("the last use was at %s, before %s", at, begin)
	}
	unneeded := later(t, state, Options{})
	unneeded.Start()
	<-unneeded.starting.Load().done
	if err := unneeded.Close(); err != nil || !closedCleanly(state) {
		t.Errorf("an engine that no build needed: %v, closed: %t", err, closedCleanly(state))
	}
	at := time.Now()
	hasty := later(t, state, Options{})
	hasty.Start()
	if err := hasty.Close(); err != nil || !closedCleanly(state) || time.Since(at) > hangs {
		t.Errorf("an engine that was closed as it started: %v, closed: %t", err, closedCleanly(state))
	}
	if _, err := hasty.Build(t.Context(), request(t, t.TempDir(), two(t, "2")...)); err == nil {
		t.Error("a closed engine builds")
	}
}

// TestHeadStartTells checks what the user learns of an engine that starts in the background: only a build
// that needs it tells.
func TestHeadStartTells(t *testing.T) {
	needEngine(t)
	state := t.TempDir()
	owner := open(t, state)
	attached := 0
	e := later(t, state, Options{Attached: func() { attached++ }})
	e.Start()
	<-e.starting.Load().done
	if attached > 0 {
		t.Error("the user is told of another engine that no build has needed yet")
	}
	for _, last := range []string{"2", "3"} {
		build(t, e, request(t, t.TempDir(), two(t, last)...))
	}
	if attached != 1 {
		t.Errorf("the user is told %d times, want once", attached)
	}
	if err := errors.Join(e.Close(), owner.Close()); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(filepath.Join(state, "cache.db"), []byte("damage"), 0o600); err != nil {
		t.Fatal(err)
	}
	var notices []string
	e = later(t, state, Options{Notice: func(s string) { notices = append(notices, s) }})
	e.Start()
	<-e.starting.Load().done
	if len(notices) > 0 {
		t.Errorf("told before a build: %q", notices)
	}
	build(t, e, request(t, t.TempDir(), two(t, "2")...))
	if err := e.Close(); err != nil || len(notices) != 1 {
		t.Errorf("%v; told %q, want one sentence", err, notices)
	}
}

// TestHeadStartWaits checks that a build is told at once that its start waits for another process, and that it
// does not wait again after that.
func TestHeadStartWaits(t *testing.T) {
	needEngine(t)
	defer func(before time.Duration) { ownerPatience = before }(ownerPatience)
	ownerPatience = 3 * time.Second
	state := t.TempDir()
	lock := flock.New(filepath.Join(state, lockName)) // of a process that does not respond
	if got, err := lock.TryLock(); !got || err != nil {
		t.Fatal(got, err)
	}
	began := time.Now()
	var told []time.Duration
	e := later(t, state, Options{Notice: func(string) { told = append(told, time.Since(began)) }})
	e.Start()
	var unavailable *UnavailableError
	if _, err := e.Build(t.Context(), request(t, t.TempDir(), two(t, "2")...)); !errors.As(err, &unavailable) {
		t.Errorf("the error is %v, want an UnavailableError", err)
	}
	if took := time.Since(began); took > ownerPatience+time.Second {
		t.Errorf("the build waited for %s, want %s", took, ownerPatience)
	}
	if len(told) != 1 || told[0] > 2*time.Second {
		t.Errorf("the build was told after %s, want once, after a second", told)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	build(t, e, request(t, t.TempDir(), two(t, "2")...))
	if err := e.Close(); err != nil || !closedCleanly(state) {
		t.Errorf("%v, closed: %t", err, closedCleanly(state))
	}
}

// TestRest checks that an engine that starts later closes after the last step of a build, and starts again
// for the next one, but not while another build runs.
func TestRest(t *testing.T) {
	needEngine(t)
	state := filepath.Join(t.TempDir(), "state")
	e := later(t, state, Options{})
	for n, last := range []string{"2", "3", "2"} {
		dir := filepath.Join(t.TempDir(), "out")
		res := build(t, e, request(t, dir, two(t, last)...))
		e.mu.Lock() // until it is closed
		if e.client != nil || !closedCleanly(state) {
			t.Error("the engine is open after a build")
		}
		e.mu.Unlock()
		if n == 2 && len(res.Steps.Executed) > 0 {
			t.Errorf("the last build executed %s", names(res.Steps.Executed))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	slow := start(t, ctx, e, request(t, t.TempDir(), image(t, "slow", ran("a long step", "sleep"))), "a long step")
	build(t, e, request(t, t.TempDir(), two(t, "4")...))
	e.mu.Lock()
	if e.client == nil {
		t.Error("the engine is closed while a build runs")
	}
	e.mu.Unlock()
	cancel()
	if err := <-slow; !errors.Is(err, context.Canceled) {
		t.Errorf("the interrupted build: %v", err)
	}
	if err := e.Close(); err != nil || !closedCleanly(state) {
		t.Errorf("%v, closed: %t", err, closedCleanly(state))
	}
}
