package lock

import (
	"context"
	"strings"
	"testing"
)

func TestWithoutUser(t *testing.T) {
	for url, want := range map[string]string{
		"https://user:secret@example.com/a": "https://example.com/a",
		"https://token@example.com":         "https://example.com",
		"https://u:p@ss@example.com/a@b":    "https://example.com/a@b",
		"https://example.com/?q=a@b":        "https://example.com/?q=a@b",
		"maven:g:a:1":                       "maven:g:a:1",
		"debian/bookworm":                   "debian/bookworm",
	} {
		if got := WithoutUser(url); got != want {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
	}
}

// A URL is pinned, found, named and read without its user and password.
func TestURLsWithoutUsers(t *testing.T) {
	const plain = "https://example.com/a"
	refs := Refs{URLs: []string{"https://other:secret@example.com/a", "https://user:secret@example.com/a"}}
	r := &fakeResolver{}
	f, err := Update(context.Background(), &File{}, refs, r)
	if err != nil || len(f.URLs) != 1 || f.URLs[0].URL != plain || len(f.Missing(refs)) > 0 {
		t.Fatalf("got %+v, %v; missing %v", f, err, f.Missing(refs))
	}
	if _, err := Update(context.Background(), f, refs, r, "https://third:secret@example.com/a"); err != nil {
		t.Error(err)
	}
	if got, want := strings.Join(r.asked, " "), "url https://other:secret@example.com/a url https://other:secret@example.com/a"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	old := strings.Replace(string(f.Format()), plain, "https://user:secret@example.com/a", 1)
	for what, read := range map[string]func() (*File, error){
		"Parse":  func() (*File, error) { return Parse("f", []byte(old)) },
		"Merged": func() (*File, error) { f, _, err := Merged("f", []byte(old)); return f, err },
	} {
		read, err := read()
		if err != nil || string(read.Format()) != string(f.Format()) {
			t.Errorf("%s: got %+v, %v", what, read, err)
		}
	}
}
