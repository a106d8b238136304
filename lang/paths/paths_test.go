package paths

import (
	"slices"
	"strings"
	"testing"
)

func TestAbove(t *testing.T) {
	for p, want := range map[string]string{
		"": "", ".": "", "/": "", "//": "", "..": "", "a": "", "/a": "", "a/": "",
		"/a/b/c": "/a/b /a", "a/b/c": "a/b a", "/a//b/./c/": "/a/b /a", "../a": "..", "/../a/b": "/a",
	} {
		if got := strings.Join(slices.Collect(Above(p)), " "); got != want {
			t.Errorf("above %q: got %q, want %q", p, got, want)
		}
	}
}

func TestAboveStops(t *testing.T) {
	for dir := range Above("/a/b/c") {
		if dir != "/a/b" {
			t.Errorf("got %s after the end of the loop", dir)
		}
		break
	}
}
