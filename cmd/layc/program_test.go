package main

import (
	"context"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// rootFS is a root file system: files with their text; "/" at the end makes a directory, "-" at the
// beginning a file that is not executable.
type rootFS map[string]string

func (r rootFS) Stat(_ context.Context, name string) (fs.FileMode, bool) {
	switch text, ok := r[name]; {
	case ok && strings.HasPrefix(text, "-"):
		return 0o644, true
	case ok:
		return 0o755, true
	case len(r.Names(context.Background(), name)) > 0:
		return fs.ModeDir | 0o755, true
	}
	return 0, false
}

func (r rootFS) Names(_ context.Context, dir string) []string {
	var out []string
	for name := range r {
		if path.Dir(name) == dir {
			out = append(out, path.Base(name))
		}
	}
	return out
}

func (r rootFS) Head(_ context.Context, name string) string { return r[name] }

// TestStartable looks for programs of layc run in an image, as runtimes do.
func TestStartable(t *testing.T) {
	image := rootFS{
		"/bin/python3": "\x7fELF", "/usr/bin/curl": "\x7fELF", "/usr/bin/curly": "-", "/usr/local/bin/curly": "\x7fELF", "/srv/notes": "-", "/srv/run": "#!/bin/python3\n", "/srv/bash": "#!/bin/bash -e\n",
		"/srv/crlf": "#!/bin/python3\r\n", "/srv/given": "#!/data/sh\n", "/bin/broken": "-",
	}
	for _, c := range []struct {
		name, dir string
		code      int
		says      string
	}{
		{"python3", "/", 0, ""},
		{"curly", "/", 0, ""},
		{"/srv/run", "/", 0, ""},
		{"run", "/srv", 127, "the image of web does not have run"},
		{"./run", "/srv", 0, ""},
		{"srv/run", "", 0, ""},
		{"/data/tool", "/", 0, ""},
		{"./tool", "/data", 0, ""},
		{"/srv/given", "/", 0, ""},
		{"/proc/self/exe", "/", 0, ""},
		{"pyton3", "/", 127, "did you mean python3?"},
		{"/usr/bin/curle", "/", 127, "add the component"},
		{"/bin/pythom3", "/", 127, "did you mean /bin/python3?"},
		{"nothing", "/", 127, "PATH is /usr/bin:/bin:/usr/local/bin"},
		{"", "/", 127, `a program ""`},
		{"broken", "/", 126, "/bin/broken is not executable"},
		{"/srv/notes", "/", 126, "/srv/notes is not executable"},
		{"/srv", "/", 126, "/srv is a directory"},
		{"/srv/bash", "/", 127, "a script for /bin/bash"},
		{"/srv/crlf", "/", 127, "a Windows line end"},
	} {
		p := engine.Process{Args: []string{c.name}, Dir: c.dir, Env: []string{"PATH=/usr/bin:/bin:/usr/local/bin"}, Binds: []engine.Bind{{To: "/data/"}}}
		err := startable(t.Context(), image, "web", p)
		if c.code == 0 {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err == nil || err.code != c.code {
			t.Errorf("%s in %s: %v, want exit code %d", c.name, c.dir, err, c.code)
			continue
		}
		all := strings.Join(append(append([]string{err.finding.Message}, err.finding.Notes...), err.finding.Help...), "\n")
		if !strings.Contains(all, c.says) {
			t.Errorf("%s: it is told as %q, want %q", c.name, all, c.says)
		}
	}
}
