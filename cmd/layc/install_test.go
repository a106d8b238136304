package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/layc-lang/layc/llb/exact"
)

// installsAbove builds testdata/postgres on two states that have its base: a database server
// whose packages find their configuration when they are installed.
func (s *shop) installsAbove(state string) {
	example := *s
	example.dir = s.TempDir()
	if err := os.CopyFS(example.dir, os.DirFS("../../testdata/postgres")); err != nil {
		s.Fatal(err)
	}
	out, again := filepath.Join(s.TempDir(), "out"), filepath.Join(s.TempDir(), "out")
	elsewhere := example.with(state).start(again)
	example.build(out)
	elsewhere()
	if a, b := read(s.T, out, "index.json"), read(s.T, again, "index.json"); a != b {
		s.Errorf("two states have different images:\n%s\n%s", a, b)
	}
	if executed := example.build(out).StepsExecuted; len(executed) > 0 {
		s.Errorf("the second time it executed %v, want nothing", executed)
	}

	root := s.TempDir()
	if err := exact.Unpack(out, "database", root); err != nil {
		s.Fatal(err)
	}
	if text := read(s.T, root, "etc/postgresql-common/createcluster.conf"); text != "create_main_cluster = false\n" {
		s.Errorf("createcluster.conf has %q", text)
	}
	for pattern, want := range map[string]int{
		"var/lib/postgresql/*":  1, // the directory of the volume
		"etc/postgresql/*":      0,
		"etc/ssl/private/*":     0,
		"var/cache/apt/*.bin":   0,
		"var/lib/dpkg/*-old":    0,
		"tmp/*":                 0,
		"usr/sbin/policy-rc.d*": 0,
	} {
		if found, err := filepath.Glob(filepath.Join(root, pattern)); err != nil || len(found) != want {
			s.Errorf("the image has %q, want %d", found, want)
		}
	}
	for command, want := range map[string]string{
		"dpkg --audit": "",
		"dpkg-query --show --showformat=${db:Status-Status}, postgresql-15 postgresql-common ssl-cert": "installed,installed,installed,",
		"dpkg --verify":                       "",
		"stat -c %U /var/lib/postgresql/data": "postgres\n",
	} {
		cmd := exec.Command("chroot", append([]string{root}, strings.Fields(command)...)...)
		text, err := cmd.Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			text = append(text, exit.Stderr...)
		}
		if err != nil || string(text) != want {
			s.Errorf("%s: %v, %q, want %q", command, err, text, want)
		}
	}
}
