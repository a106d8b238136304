package lacks

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/layc-lang/layc/llb/testdata/tree"
)

// TestStart looks for what runtimes start in a system.
func TestStart(t *testing.T) {
	root := tree.New(t, map[string]string{
		"usr/bin/dash":       "\x7fELF",
		"usr/bin/nodejs":     "\x7fELF",
		"usr/bin/python3.11": "\x7fELF",
		"usr/bin/env":        "\x7fELF",
		"opt/tool/bin/tool":  "\x7fELF",
		"srv/start":          "#!/bin/sh\n",
		"srv/bash":           "#! /bin/bash -e\n",
		"srv/crlf":           "#!/bin/sh\r\necho\r\n",
		"srv/env":            "#!/usr/bin/env -S tool -x\n",
		"srv/env-node":       "#!/usr/bin/env node\n",
		"srv/env-given":      "#!/data/bin/run\n",
		"srv/text":           "",
		"srv/dir/file":       "",
		"box/bin/busybox":    "\x7fELF",
	})
	for _, name := range []string{
		"usr/bin/dash", "usr/bin/nodejs", "usr/bin/python3.11", "usr/bin/env", "opt/tool/bin/tool", "box/bin/busybox",
		"srv/start", "srv/bash", "srv/crlf", "srv/env", "srv/env-node", "srv/env-given",
	} {
		if err := os.Chmod(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{
		"bin": "usr/bin", "usr/bin/sh": "dash", "usr/bin/python3": "/usr/bin/python3.11", "box/bin/sh": "/box/bin/busybox",
		"srv/given": "/data/run", "usr/bin/loop": "loop", "srv/gone": "/nowhere/x",
	} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	const path = "/usr/local/bin:/usr/bin:/bin"
	for _, c := range []struct{ dir, path, name, shell, want string }{
		{"/", path, "sh", "", ""},
		{"/", path, "/bin/sh", "", ""},
		{"/", path, "python3", "", ""},
		{"/srv", path, "./start", "", ""},
		{"/srv", path, "../bin/sh", "", ""},
		{"/", path, "start", "", `missing "start" "" "" "dash env nodejs python3"`},
		{"/", path, "node", "", `missing "node" "" "nodejs" ""`},
		{"/", path, "/usr/bin/node", "", `missing "/usr/bin/node" "" "/usr/bin/nodejs" ""`},
		{"/", path, "tool", "", `missing "tool" "" "/opt/tool/bin/tool" ""`},
		{"/", path, "/bin/tool", "", `missing "/bin/tool" "" "/opt/tool/bin/tool" ""`},
		{"/", path, "dsah", "", `missing "dsah" "" "" "dash env nodejs sh"`},
		{"/srv", path, "./strat", "", `missing "./strat" "" "" "./bash ./crlf ./env ./start"`},
		{"/srv", path, "./nothing/x", "", `missing "./nothing/x" "" "" ""`},
		{"/", path, "/srv/gone", "", `missing "/srv/gone" "" "" "/srv/bash /srv/crlf /srv/env /srv/start"`},
		{"/", path, "/srv/dir", "", `directory "/srv/dir" "" "" ""`},
		{"/", path, "/srv/text", "", `mode "/srv/text" "" "" ""`},
		{"/", "/srv:/bin", "text", "", `mode "text" "" "" ""`},
		{"/", path, "/srv/bash", "", `interpreter "/srv/bash" "/bin/bash" "" ""`},
		{"/", path, "/srv/crlf", "", `carriage "/srv/crlf" "/bin/sh" "" ""`},
		{"/", path, "/srv/env", "", `env "/srv/env" "tool" "/opt/tool/bin/tool" ""`},
		{"/", path + ":/opt/tool/bin", "/srv/env", "", ""},
		{"/", path, "/srv/env-node", "", `env "/srv/env-node" "node" "nodejs" ""`},
		// What a runtime or a volume brings, and what ends nowhere, is not known.
		{"/", path, "/data/run", "", ""},
		{"/", path, "/data/../run/x", "", ""},
		{"/", path, "/srv/given", "", ""},
		{"/", path, "/srv/env-given", "", ""},
		{"/", path + ":/data/bin", "run", "", ""},
		{"/data", path, "./run", "", ""},
		{"/", path, "/usr/bin/loop", "", ""},
		{"/", "/box/bin", "ls", "/box/bin/sh", ""},
		{"/", "/box/bin", "ls", "", `missing "ls" "" "" "sh"`},
		{"/", path, "grep", "sh", `missing "grep" "" "" "dash env nodejs sh"`},
	} {
		got := ""
		if err := start("", union{root}, []string{"++", "/data", "--", "command", c.dir, c.path, c.name, c.shell}); err != nil {
			got = err.Error()
		}
		want := c.want
		if want != "" {
			want = "not started: command " + want
		}
		if got != want {
			t.Errorf("%s in %s: got %s, want %s", c.name, c.dir, got, want)
		}
	}
	if err := start("", union{root}, []string{"--", "command"}); err != ErrUsage {
		t.Errorf("too few words: %v", err)
	}
	if err := start("www", union{root}, []string{"--", "command", "/", path, "sh", ""}); fmt.Sprint(err) != "no user www: " {
		t.Errorf("an unknown user: %v", err)
	}
	// Of trees on top of each other, the topmost has the file.
	below := tree.New(t, map[string]string{"usr/bin/tool": "\x7fELF", "etc/passwd": "www:x:5:5::/:\n"})
	above := tree.New(t, map[string]string{"usr/bin/tool": "\x7fELF", "etc/passwd": "web:x:6:6::/:\n", "prog": "-> usr/bin/tool"})
	if err := os.Chmod(filepath.Join(below, "usr/bin/tool"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		trees union
		who   string
		want  string
	}{
		{union{above, below}, "web", `not started: command mode "/prog" "" "" ""`},
		{union{below, above}, "www", ""},
		{union{above, below}, "www", "no user www: web\nnot started: command mode \"/prog\" \"\" \"\" \"\""},
		{union{below}, "www", `not started: command missing "/prog" "" "" ""`},
		{nil, "", `not started: command missing "/prog" "" "" ""`},
	} {
		if got := fmt.Sprint(start(c.who, c.trees, []string{"--", "command", "/", path, "/prog", ""})); got != c.want && (c.want != "" || got != "<nil>") {
			t.Errorf("%s in %d trees: got %s, want %s", c.who, len(c.trees), got, c.want)
		}
	}
	for _, args := range [][]string{{"", "x"}, {"", "-1"}, {"", "2", "/tree"}} {
		if err := Start(args[0], args[1], args[2:]); err != ErrUsage {
			t.Errorf("%q: %v", args, err)
		}
	}
}
