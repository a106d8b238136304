//go:build linux

package engine

import (
	"bytes"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDamage damages copies of a state by hand. Each damage is found; and a build on
// such a state says so, and makes the images that it makes on an empty one.
func TestDamage(t *testing.T) {
	needEngine(t)
	state, dir := filepath.Join(t.TempDir(), "state"), filepath.Join(t.TempDir(), "out")
	e := open(t, state)
	build(t, e, request(t, dir, two(t, "2")...))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	want := files(t, dir)
	if got := storeOf(state).damage(true); got != nil {
		t.Fatalf("a whole state is damaged: %v", got)
	}
	worker := filepath.Base(storeOf(state).worker)
	first := func(pattern string) func(s string) string {
		return func(s string) string {
			found, err := filepath.Glob(filepath.Join(s, pattern))
			if err != nil || len(found) == 0 {
				t.Fatalf("no %s in the state: %v", pattern, err)
			}
			return found[0]
		}
	}
	blob, snapshot := first(worker+"/content/blobs/sha256/*"), first(worker+"/snapshots/snapshots/*")
	type damage struct {
		name, want string
		do         func(s string) error
		build      bool // also build
	}
	tests := []damage{
		{"a blob", "the blob sha256:", func(s string) error { return os.Remove(blob(s)) }, false},
		{"a blob cut", "is truncated", func(s string) error { return os.Truncate(blob(s), 10) }, false},
		{"a blob altered", "has other content", func(s string) error {
			return alter(blob(s), func(text []byte) []byte { text[len(text)/2] ^= 1; return text })
		}, true},
		{"a snapshot", "the snapshot ", func(s string) error { return os.RemoveAll(snapshot(s)) }, true},
		{"all snapshots", "metadata.db is missing", func(s string) error { return os.RemoveAll(filepath.Join(s, worker, "snapshots")) }, false},
		{"the worker", "containerdmeta.db is missing", func(s string) error { return os.RemoveAll(filepath.Join(s, worker)) }, false},
	}
	for _, name := range storeOf(state).databases() {
		name, _ = filepath.Rel(state, name)
		base := filepath.Base(name)
		at := func(s string) string { return filepath.Join(s, name) }
		tests = append(tests,
			damage{base + " deleted", base + " is missing or empty", func(s string) error { return os.Remove(at(s)) }, false},
			damage{base + " emptied", base + " is missing or empty", func(s string) error { return os.Truncate(at(s), 0) }, false},
			damage{base + " cut", base + " cannot be read: ", func(s string) error {
				return alter(at(s), func(text []byte) []byte { return text[:3*os.Getpagesize()] })
			}, base == "metadata_v2.db"},
			damage{base + " overwritten", base + " cannot be read: ", func(s string) error {
				return alter(at(s), func(text []byte) []byte { rand.Read(text[:min(len(text), 6*os.Getpagesize())]); return text })
			}, false},
		)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := copyState(t, state)
			if err := test.do(s); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(s, suspectName), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			before := storeOf(s).looks()
			if got := Doomed(s); !strings.HasPrefix(got, "is damaged (") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if storeOf(s).looks() != before {
				t.Error("looking at the state changes it")
			}
			if err := os.Remove(filepath.Join(s, suspectName)); err != nil {
				t.Fatal(err)
			}
			if !test.build {
				return
			}
			var said []string
			e, err := Open(t.Context(), Options{State: s, Runc: runcPath(), Notice: func(sentence string) { said = append(said, sentence) }})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			out := filepath.Join(t.TempDir(), "out")
			build(t, e, request(t, out, two(t, "2")...))
			if got := files(t, out); !slices.Equal(got, want) {
				t.Errorf("got the images\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if len(said) != 1 || !strings.Contains(said[0], "was damaged (") {
				t.Errorf("the user is told %q", said)
			}
		})
	}
}

// alter changes the content of a file, which may be read-only.
func alter(name string, change func([]byte) []byte) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	now := change(bytes.Clone(text))
	if err := os.Remove(name); err != nil {
		return err
	}
	return os.WriteFile(name, now, 0o600)
}

// copyState copies a closed state, with links, owners and times.
func copyState(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "state")
	if text, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("copying the state: %v\n%s", err, text)
	}
	return to
}
