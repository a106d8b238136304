package lacks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/testdata/tree"
)

// TestLeads checks which links and scripts of a tree are reported, and as what.
func TestLeads(t *testing.T) {
	build := tree.New(t, map[string]string{
		"usr/bin/python3.11":   "ELF",
		"usr/bin/python3":      "-> python3.11",
		"usr/bin/bash":         "ELF",
		"build/venv/bin/py":    "-> /usr/bin/python3",
		"build/venv/cfg":       "text",
		"usr/share/ca/one.crt": "certificate",
		"run/tool":             "ELF",
		"srv/data/tool":        "ELF",
		"usr/bin/sh":           "ELF",
	})
	base := tree.New(t, map[string]string{
		"bin":        "-> usr/bin",
		"usr/bin/sh": "ELF",
		"etc/gone":   "-> nowhere",
	})
	top := tree.New(t, map[string]string{
		"opt/venv/bin/python":      "-> python3", // the link that it leads to is reported
		"opt/venv/bin/python3":     "-> /usr/bin/python3",
		"opt/venv/bin/relative":    "-> ../../../usr/bin/python3.11",
		"opt/venv/bin/built":       "-> /build/venv/bin/py",
		"opt/venv/bin/pip":         "#!/build/venv/bin/py\nimport pip\n",
		"opt/venv/bin/library":     "#!/build/venv/bin/py\n", // not executable
		"opt/venv/bin/bash":        "#! /usr/bin/bash -e\n",
		"opt/venv/bin/zsh":         "#!/usr/bin/zsh",
		"opt/venv/bin/fine":        "#!/bin/sh\n",
		"opt/venv/bin/finer":       "#!/opt/venv/bin/interpreter -x\n",
		"opt/venv/bin/no":          "#!\n",
		"opt/venv/bin/odd":         "#!python\n",
		"opt/venv/bin/sh":          "-> /bin/sh",
		"opt/venv/interpreter":     "ELF",
		"opt/venv/bin/interpreter": "-> ../interpreter",
		"opt/venv/bin/author":      "-> /nobody/has/this",
		"opt/venv/bin/of-base":     "-> /etc/gone",
		"opt/venv/one.crt":         "-> /usr/share/ca/one.crt",
		"opt/venv/cfg":             "-> /build/venv/cfg",
		"opt/venv/venv":            "-> /build/venv",
		"opt/venv/run":             "-> /run/tool",
		"opt/venv/volume":          "-> /srv/data/tool",
		"opt/venv/loop":            "-> loop",
		"opt/venv/dir":             "-> /usr/bin", // `..` of it is /usr
		"opt/venv/behind":          "-> dir/../bin/sh",
		"opt/venv/lost":            "-> dir/../bin/python3",
		"opt/venv/bin/crlf":        "#!/bin/sh\r\necho\r\n",
		"opt/venv/bin/crlf-args":   "#!/usr/bin/env sh\r\n",
		"opt/venv/bin/in-dir":      "#!/usr/bin\n",
		"opt/venv/bin/in-text":     "#!/opt/venv/bin/library\n",
		"opt/venv/up":              "-> ../../../../../../usr/bin/python3",
	})
	for _, dir := range []string{build, base, top} {
		if err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || filepath.Base(p) == "library" || strings.Contains(p, "cfg") || strings.Contains(p, ".crt") {
				return err
			}
			return os.Chmod(p, 0o755)
		}); err != nil {
			t.Fatal(err)
		}
	}
	got := tree.Written(t, func(report string) error {
		return Libraries("amd64", report, []string{top, base, "--", tree.New(t, nil), build, "--", "/srv/data"})
	})
	want := strings.ReplaceAll(`script-of|/opt/venv/bin/bash|/usr/bin/bash|
link|/opt/venv/bin/built|/build/venv/bin/py|
script-cr|/opt/venv/bin/crlf|/bin/sh|
script-cr|/opt/venv/bin/crlf-args|/usr/bin/env|
script-by|/opt/venv/bin/in-dir|/usr/bin|
script-by|/opt/venv/bin/in-text|/opt/venv/bin/library|
script|/opt/venv/bin/pip|/build/venv/bin/py|
link|/opt/venv/bin/python3|/usr/bin/python3|
link|/opt/venv/bin/relative|/usr/bin/python3.11|
script-of|/opt/venv/bin/zsh|/usr/bin/zsh|
link-file|/opt/venv/cfg|/build/venv/cfg|
link|/opt/venv/lost|/usr/bin/python3|
link-file|/opt/venv/one.crt|/usr/share/ca/one.crt|
link|/opt/venv/up|/usr/bin/python3|
link-file|/opt/venv/venv|/build/venv|
`, "|", "\t")
	if got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
	// Without builds, only scripts are suspicious.
	got = tree.Written(t, func(report string) error { return Libraries("amd64", report, []string{top, base}) })
	want = strings.ReplaceAll(`script-of|/opt/venv/bin/bash|/usr/bin/bash|
script-cr|/opt/venv/bin/crlf|/bin/sh|
script-cr|/opt/venv/bin/crlf-args|/usr/bin/env|
script-by|/opt/venv/bin/in-dir|/usr/bin|
script-by|/opt/venv/bin/in-text|/opt/venv/bin/library|
script-of|/opt/venv/bin/pip|/build/venv/bin/py|
script-of|/opt/venv/bin/zsh|/usr/bin/zsh|
`, "|", "\t")
	if got != want {
		t.Errorf("without builds, the report is\n%s\nwant\n%s", got, want)
	}
}

// TestStarted checks which scripts are reported whose interpreter env looks for, and what is near.
func TestStarted(t *testing.T) {
	top := tree.New(t, map[string]string{
		"opt/node/bin/node":       "ELF",
		"opt/node/bin/npm":        "-> ../lib/npm",
		"opt/node/lib/npm":        "ELF",
		"srv/data/deno":           "ELF",
		"srv/text/ruby":           "#!/bin/sh\n", // not executable
		"srv/a/fine":              "#!/usr/bin/env sh\n",
		"srv/a/split":             "#!/usr/bin/env -S A=1 sh -e\n",
		"srv/a/split-attached":    "#!/usr/bin/env -Ssh -e\n",
		"srv/a/assigned":          "#!/usr/bin/env A=1\n",
		"srv/a/options":           "#!/usr/bin/env -i gone\n",
		"srv/a/other-path":        "#!/usr/bin/env -S PATH=/x gone\n",
		"srv/a/quoted":            "#!/usr/bin/env -S 'gone'\n",
		"srv/a/alone":             "#!/usr/bin/env\n",
		"srv/a/relative":          "#!/usr/bin/env bin/gone\n",
		"srv/a/absolute":          "#!/usr/bin/env /bin/sh\n",
		"srv/a/other":             "#!/bin/env sh\n",
		"srv/b/absolute":          "#!/usr/bin/env /bin/gone\n",
		"srv/b/words":             "#!/usr/bin/env sh -e\n",
		"srv/b/node":              "#!/usr/bin/env node\n",
		"srv/b/npm":               "#!/usr/bin/env -S npm exec\n",
		"srv/b/deno":              "#!/usr/bin/env deno\n",
		"srv/b/ruby":              "#!/usr/bin/env ruby\n",
		"srv/b/python":            "#!/usr/bin/env python\n",
		"srv/b/python2":           "#!/usr/bin/env python2.7\n",
		"srv/b/nodejs":            "#!/usr/bin/env nodejs\n",
		"srv/b/no-env":            "#!/opt/env sh\n",
		"srv/b/not-a-program":     "#!/usr/bin/env share\n",
		"srv/b/not-an-executable": "#!/usr/bin/env passive\n",
	})
	base := tree.New(t, map[string]string{
		"bin":                "-> usr/bin",
		"usr/bin/sh":         "ELF",
		"usr/bin/env":        "ELF",
		"usr/bin/python3":    "-> python3.11",
		"usr/bin/python3.11": "ELF",
		"usr/bin/share/x":    "ELF",
		"usr/bin/passive":    "text",
	})
	for _, dir := range []string{base, top} {
		if err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || strings.Contains(p, "/srv/text/") || filepath.Base(p) == "passive" {
				return err
			}
			return os.Chmod(p, 0o755)
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ path, volume, want string }{
		{"/usr/local/bin:/bin:.", "/srv/data", `script-of|/srv/b/absolute|/usr/bin/env /bin/gone|
script-env|/srv/b/deno|/usr/bin/env deno|
script-of|/srv/b/no-env|/opt/env|
script-env|/srv/b/node|/usr/bin/env node|/opt/node/bin/node
script-env|/srv/b/nodejs|/usr/bin/env nodejs|
script-env|/srv/b/not-a-program|/usr/bin/env share|
script-env|/srv/b/not-an-executable|/usr/bin/env passive|
script-env|/srv/b/npm|/usr/bin/env npm|/opt/node/bin/npm
script-env|/srv/b/python|/usr/bin/env python|python3
script-env|/srv/b/python2|/usr/bin/env python2.7|python3
script-env|/srv/b/ruby|/usr/bin/env ruby|
script-args|/srv/b/words|/usr/bin/env sh -e|
`},
		{"/bin:/srv/data:/opt/node/bin", "/srv/data", `script-of|/srv/b/absolute|/usr/bin/env /bin/gone|
script-of|/srv/b/no-env|/opt/env|
script-args|/srv/b/words|/usr/bin/env sh -e|
`},
	} {
		t.Setenv("PATH", c.path)
		got := tree.Written(t, func(report string) error {
			return Libraries("amd64", report, []string{top, base, "--", "--", c.volume})
		})
		if want := strings.ReplaceAll(c.want, "|", "\t"); got != want {
			t.Errorf("with PATH %s, the report is\n%s\nwant\n%s", c.path, got, want)
		}
	}
}
