//go:build linux

package engine

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestReopen opens and closes a state several times in one process; built steps stay cached.
// Nothing that the engine started continues after Close, except for timers of BuildKit that end
// within minutes.
func TestReopen(t *testing.T) {
	needEngine(t)
	state, dir := t.TempDir(), t.TempDir()
	for i := range 3 {
		e := open(t, state)
		res := build(t, e, request(t, dir, two(t, "2")...))
		if i > 0 && len(res.Steps.Executed) != 0 {
			t.Errorf("opened again, the build executed %s, want nothing", names(res.Steps.Executed))
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Errorf("closing twice: %v", err)
		}
	}
	if _, err := open(t, state).current(); err != nil {
		t.Errorf("an open engine: %v", err)
	}
	closed := open(t, t.TempDir())
	closed.Close()
	if _, err := closed.Build(t.Context(), request(t, dir, two(t, "2")...)); err == nil {
		t.Error("a closed engine builds")
	}
}

func TestCloseEndsGoroutines(t *testing.T) {
	needEngine(t)
	e := open(t, t.TempDir())
	build(t, e, request(t, t.TempDir(), two(t, "2")...))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	var left []string
	for end := time.Now().Add(hangs); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		left = nil
		stacks := make([]byte, 1<<20)
		for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			ours := strings.Contains(stack, "layc/llb/engine") && !strings.Contains(stack, "testing.")
			if ours || strings.Contains(stack, "google.golang.org/grpc") || strings.Contains(stack, "bbolt") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return
		}
	}
	t.Errorf("still running:\n%s", strings.Join(left, "\n\n"))
}
