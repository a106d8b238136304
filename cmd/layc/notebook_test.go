package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/layc-lang/layc/llb/exact"
)

// notebook builds the root of testdata/jupyter, proves what its plan relies on, and looks at what
// the stacked runs have left.
func (s *shop) notebook() {
	const image = "docker-stacks-foundation"
	out, root := filepath.Join(s.TempDir(), "out"), s.TempDir()
	s.layc("build", "-C", "../../testdata/jupyter", image, "--state", s.state, "-o", out, "--verify", "--locked")
	if err := exact.Unpack(out, image, root); err != nil {
		s.Fatal(err)
	}
	for _, p := range []string{"opt/python", "opt/python/bin", "home/jovyan/work"} {
		info, err := os.Stat(filepath.Join(root, p))
		if err != nil {
			s.Fatal(err)
		}
		stat := info.Sys().(*syscall.Stat_t)
		if stat.Uid != 1000 || stat.Gid != 100 || stat.Mode&0o2020 != 0o2020 {
			s.Errorf("%s belongs to %d:%d and has mode %04o; the group is to have the user's rights", p, stat.Uid, stat.Gid, stat.Mode&0o7777)
		}
	}
	for p, want := range map[string]string{
		"etc/sudoers":         "#%sudo",
		"etc/pam.d/su":        "auth requisite pam_deny.so",
		"home/jovyan/.bashrc": "\nforce_color_prompt=yes",
		"etc/passwd":          "jovyan:x:1000:100:",
	} {
		if text := read(s.T, root, p); !strings.Contains(text, want) {
			s.Errorf("%s lacks %q:\n%s", p, want, text)
		}
	}
}
