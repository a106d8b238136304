package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLeads checks which links and scripts of a tree are reported, and as what.
func TestLeads(t *testing.T) {
	build := tree(t, map[string]string{
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
	base := tree(t, map[string]string{
		"bin":        "-> usr/bin",
		"usr/bin/sh": "ELF",
		"etc/gone":   "-> nowhere",
	})
	top := tree(t, map[string]string{
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
	got := reportOf(t, func(report string) error {
		return libraries("amd64", report, []string{top, base, "--", tree(t, nil), build, "--", "/srv/data"})
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
	got = reportOf(t, func(report string) error { return libraries("amd64", report, []string{top, base}) })
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
