//go:build linux

package engine

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
)

// TestManage checks that an engine elsewhere, and the built-in one, tell about themselves and their
// cache, and that pruning removes what it says.
func TestManage(t *testing.T) {
	needEngine(t)
	_, address := buildkitd(t)
	for _, o := range []Options{{Address: address}, {State: t.TempDir(), Runc: runcPath()}} {
		e, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { e.Close() })
		tried, err := e.Try(t.Context())
		if err != nil || len(tried.Platforms) == 0 || (tried.Version == "v0.34.2") != (o.Address != "") {
			t.Errorf("%q: tried %v, %v", o.Address, tried, err)
		}
		build(t, e, request(t, t.TempDir(), two(t, "2")...))
		if removed, err := e.Prune(t.Context(), time.Hour); err != nil || removed != 0 {
			t.Errorf("%q: pruned %d bytes that were used just now, %v", o.Address, removed, err)
		}
		var kinds []string
		var bytes, unused int64
		// An engine elsewhere lets go of what a build has used some time after the build.
		for end := time.Now().Add(hangs); ; time.Sleep(10 * time.Millisecond) {
			uses, err := e.Usage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			kinds, bytes, unused = nil, 0, 0
			for _, u := range uses {
				kinds, bytes, unused = append(kinds, u.Kind), bytes+u.Bytes, unused+u.Unused
			}
			if unused == bytes || time.Now().After(end) {
				break
			}
		}
		if got := sorted(strings.Join(kinds, ", ")); got != "local files, steps and layers" || bytes == 0 || unused != bytes {
			t.Errorf("%q: the cache has %s with %d bytes, %d unused", o.Address, got, bytes, unused)
		}
		removed, err := e.Prune(t.Context(), 0)
		if err != nil || removed != unused {
			t.Errorf("%q: pruned %d bytes of %d, %v", o.Address, removed, unused, err)
		}
		if uses, err := e.Usage(t.Context()); err != nil || len(uses) != 0 {
			t.Errorf("%q: after pruning the cache has %v, %v", o.Address, uses, err)
		}
	}
}

// TestStop checks that the process that runs an engine is interrupted, and no other is.
func TestStop(t *testing.T) {
	needEngine(t)
	if state := os.Getenv("LAYC_TEST_STATE"); state != "" {
		// A process that is interrupted ends.
		open(t, state)
		time.Sleep(time.Minute)
		return
	}
	state := filepath.Join(t.TempDir(), "state")
	if pid, err := Stop(t.Context(), state); pid != 0 || err != nil {
		t.Errorf("without a state: process %d, %v", pid, err)
	}
	child := exec.Command("/proc/self/exe", "-test.run=^TestStop$")
	child.Env = append(os.Environ(), "LAYC_TEST_STATE="+state)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for end := time.Now().Add(20 * time.Second); Running(state) != child.Process.Pid; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("process %d runs the engine, want %d", Running(state), child.Process.Pid)
		}
	}
	// As another container sees it, where another process has that number.
	name := filepath.Join(state, lockName)
	if err := os.WriteFile(name, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Stop(t.Context(), state)
	wantUnavailable(t, err, "the process that runs the engine on "+state+" cannot be seen from here", "it belongs to another user, or runs in another container: run layc engine stop there")
	if err := os.WriteFile(name, []byte(strconv.Itoa(child.Process.Pid)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if pid, err := Stop(t.Context(), state); pid != child.Process.Pid || err != nil {
		t.Errorf("stopped process %d, %v, want %d", pid, err, child.Process.Pid)
	}
	<-ended
	if pid := Running(state); pid != 0 {
		t.Errorf("process %d runs the engine", pid)
	}
	if pid, err := Stop(t.Context(), state); pid != 0 || err != nil {
		t.Errorf("stopped process %d again, %v", pid, err)
	}
}

// TestMakers checks what content is attributed to.
func TestMakers(t *testing.T) {
	for description, want := range map[string]string{
		`[server("26.0.0.3")] set file times`:                                  `server("26.0.0.3")`,
		"mount / from exec /.layc/helper/layc-helper pack /.layc/root":         "layc-helper pack",
		"mount /out from exec /bin/sh -ec cd /src &&\n  make install":          "run cd /src && make install",
		"mount / from exec /bin/sh -ec " + strings.Repeat("make install; ", 9): "run " + strings.Repeat("make install; ", 4) + "mak…",
		"imported sha256:00":             "pulled from a cache",
		"http url https://example.com/x": "downloads",
		"diff":                           "steps and layers",
	} {
		if got := makerOf(&client.UsageInfo{RecordType: client.UsageRecordTypeRegular, Description: description}); got != want {
			t.Errorf("%s: it is attributed to %q, want %q", description, got, want)
		}
	}
}
