package main

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestIdentify checks which directories have an identity, and that it tells apart what is one file,
// and the numbers of devices.
func TestIdentify(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	identity := func(name string) string {
		t.Helper()
		if err := identify(dir); err != nil {
			t.Fatal(err)
		}
		value := make([]byte, 100)
		n, err := unix.Lgetxattr(at(name), identityAttribute, value)
		if err != nil {
			return ""
		}
		return string(value[:n])
	}
	for _, d := range []string{"a", "a/b", "c"} {
		if err := os.Mkdir(at(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"a/1", "a/2", "a/b/3", "c/4"} {
		if err := os.WriteFile(at(f), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(from, to string) {
		t.Helper()
		if err := os.Remove(at(to)); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(at(from), at(to)); err != nil {
			t.Fatal(err)
		}
	}
	if identity(".") != "" {
		t.Error("files with one name each have an identity")
	}
	link("a/1", "a/b/3")
	first, top := identity("a"), identity(".")
	if first == "" || top == "" || identity("a/b") != "" || identity("c") != "" {
		t.Errorf("a has identity %q, the top %q, a/b %q, c %q", first, top, identity("a/b"), identity("c"))
	}
	link("a/2", "a/b/3")
	if second := identity("a"); second == "" || second == first {
		t.Errorf("another pair of names has identity %q, the first one %q", second, first)
	}
	if err := os.Remove(at("a/b/3")); err != nil {
		t.Fatal(err)
	}
	if identity("a") != "" || identity(".") != "" {
		t.Error("the identity stays when nothing has two names")
	}
	if os.Getuid() != 0 {
		return
	}
	device := func(minor uint32) string {
		t.Helper()
		os.Remove(at("c/null"))
		if err := unix.Mknod(at("c/null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, minor))); err != nil {
			t.Fatal(err)
		}
		return identity("c")
	}
	if null, zero := device(3), device(5); null == "" || null == zero {
		t.Errorf("devices have identities %q and %q", null, zero)
	}
}
