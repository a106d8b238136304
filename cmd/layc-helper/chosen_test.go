package main

import (
	"testing"

	"github.com/layc-lang/layc/llb/testdata/tree"
)

// TestChosenOf checks which package is named for a link that two packages would choose.
func TestChosenOf(t *testing.T) {
	root := tree.New(t, map[string]string{
		"etc/alternatives/editor":      "-> /bin/nano",
		"var/lib/dpkg/info/nano.list":  "/.\n/bin/nano\n",
		"var/lib/dpkg/info/other.list": "/.\n/etc/link\n",
	})
	after := tree.New(t, map[string]string{
		"etc/alternatives/editor":         "-> /usr/bin/vim.tiny",
		"etc/link":                        "-> /usr/bin/vim.tiny",
		"var/lib/dpkg/info/vim-tiny.list": "/usr/bin/vim.tiny\n",
	})
	for _, test := range []struct {
		word, path, want string
	}{
		{installs, "/etc/alternatives/editor", "vim-tiny"},
		{"--", "/etc/alternatives/editor", "nano"},
		{installs, "/etc/link", ""},
		{installs, "/etc/alternatives/pager", ""},
	} {
		if got := chosenOf(root, effect{word: test.word, after: after}, test.path); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.word, test.path, got, test.want)
		}
	}
}
