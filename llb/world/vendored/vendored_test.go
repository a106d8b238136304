package vendored

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

func file(text string, origins ...string) File {
	sum := sha256.Sum256([]byte(text))
	return File{Digest: "sha256:" + hex.EncodeToString(sum[:]), Origins: origins}
}

func hexOf(f File) string { return strings.TrimPrefix(f.Digest, "sha256:") }

// serve returns a Get for texts by their names, which counts downloads.
func serve(texts map[string]string, count *atomic.Int32) Get {
	return func(_ context.Context, name string, read func(io.Reader) error) error {
		count.Add(1)
		text, ok := texts[name]
		if !ok {
			return errors.New("no such file: " + name)
		}
		if err := read(strings.NewReader(text[:len(text)/2])); err != nil { // a connection that breaks
			return err
		}
		return read(strings.NewReader(text))
	}
}

func names(t *testing.T, s Store) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.Dir, files))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestFill(t *testing.T) {
	s := Store{filepath.Join(t.TempDir(), "vendor")}
	a, b, c := file("content of a", "a"), file("content of b", "lost", "https://user:hunter2@example.com/b"), file("content of c", "c")
	texts := map[string]string{"a": "content of a", b.Origins[1]: "content of b", "c": "content of c"}
	var count atomic.Int32
	fill := func(wanted ...File) Filled {
		t.Helper()
		filled, err := s.Fill(context.Background(), wanted, serve(texts, &count), func(File, int, int) {})
		if err != nil {
			t.Fatal(err)
		}
		return filled
	}
	if s.Exists() || s.Has(a.Digest) {
		t.Error("there are copies before any is made")
	}
	if got, want := fill(a, b), (Filled{Files: 2, Added: 2, Bytes: 24, AddedBytes: 24}); got != want || count.Load() != 3 {
		t.Errorf("got %+v with %d requests, want %+v with 3", got, count.Load(), want)
	}
	record, err := os.ReadFile(filepath.Join(s.Dir, list))
	if err != nil || !strings.Contains(string(record), hexOf(a)+" 12 a\n") || strings.Contains(string(record), "hunter2") {
		t.Errorf("the list is\n%s%v", record, err)
	}
	in, err := s.Open(hexOf(b))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if text, err := io.ReadAll(in); string(text) != "content of b" || err != nil {
		t.Errorf("the copy is %q, %v", text, err)
	}
	// A changed copy is restored, an unused one removed, a good one kept.
	if err := os.WriteFile(s.path(hexOf(a)), []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	if states, err := s.Look(context.Background(), []File{a, b, c}); err != nil || states[0] != Changed || states[1] != Good || states[2] != Missing {
		t.Errorf("the states are %v, %v", states, err)
	}
	count.Store(0)
	if got, want := fill(a, c), (Filled{Files: 2, Added: 2, Removed: 1, Bytes: 24, AddedBytes: 24}); got != want || count.Load() != 2 {
		t.Errorf("got %+v with %d requests, want %+v with 2", got, count.Load(), want)
	}
	if got := names(t, s); len(got) != 2 || s.Has(b.Digest) || !s.Has(a.Digest) {
		t.Errorf("there are %v", got)
	}
	// Without files nothing is left.
	fill()
	if _, err := os.Stat(s.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", s.Dir, err)
	}
}

func TestOtherContent(t *testing.T) {
	s := Store{t.TempDir()}
	a := file("content of a", "a")
	var count atomic.Int32
	_, err := s.Fill(context.Background(), []File{a}, serve(map[string]string{"a": "other content"}, &count), func(File, int, int) {})
	var other *OtherContentError
	if !errors.As(err, &other) || other.Got != file("other content").Digest || !strings.HasPrefix(err.Error(), "a has the checksum sha256:") {
		t.Errorf("got %v", err)
	}
	if got := names(t, s); len(got) > 0 {
		t.Errorf("there are %v", got)
	}
}

// TestInterrupted checks that an interrupted download leaves nothing.
func TestInterrupted(t *testing.T) {
	s := Store{t.TempDir()}
	ctx, cancel := context.WithCancel(context.Background())
	get := func(ctx context.Context, _ string, read func(io.Reader) error) error {
		return read(io.MultiReader(strings.NewReader("content"), reader(func() error { cancel(); return ctx.Err() })))
	}
	if _, err := s.Fill(ctx, []File{file("content of a", "a")}, get, func(File, int, int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := names(t, s); len(got) > 0 {
		t.Errorf("there are %v", got)
	}
}

type reader func() error

func (r reader) Read([]byte) (int, error) { return 0, r() }

// TestNames checks that only names of copies are opened.
func TestNames(t *testing.T) {
	s := Store{t.TempDir()}
	for _, name := range []string{"", "../secret", strings.Repeat("g", 64), strings.Repeat("0", 63)} {
		if _, err := s.Open(name); err == nil || errors.Is(err, os.ErrNotExist) {
			t.Errorf("%q: %v", name, err)
		}
		if s.Has("sha256:" + name) {
			t.Errorf("there is %q", name)
		}
	}
}
