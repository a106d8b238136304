//go:build linux

package llb_test

import (
	"strings"
	"testing"
)

// TestLeads checks that links and scripts which lead to a program of the build are found, in what
// runs make and in what is copied from stages.
func TestLeads(t *testing.T) {
	b := newBuilder(t)
	program := proofFleet + `
component python {
    owns "/usr/python"
    run  """
        write /usr/python/python ELF
        mode 0755 /usr/python/python
    """
}

component tool {
    HAS python
    owns "/opt/venv"

    run """
        dir /opt/venv 0755
        soft /usr/python/python /opt/venv/python
        soft /nowhere /opt/venv/dangling
        write /opt/venv/pip #!/opt/venv/python
        mode 0755 /opt/venv/pip
    """
}

component stage {
    builds with python

    run """
        write /build/venv/lib/x text
        soft /usr/python/python /build/venv/python
        soft /build/venv/lib /build/venv/lib64
        write /build/venv/pip #!/build/venv/python
        mode 0755 /build/venv/pip
    """
}

component between {
    copy "/build/venv/" from stage to "/build/venv/"
}

app a {
    uses tool
    copy "/build/venv/" from between to "/srv/venv/"
}
`
	got, _ := b.verify(strings.Replace(program, "HAS", "builds with", 1))
	lines(t, got, "again python:", "again tool:",
		"libraries tool: script /opt/venv/pip /opt/venv/python |link /opt/venv/python /usr/python/python ",
		"libraries a: link-file /srv/venv/lib64 /build/venv/lib |script /srv/venv/pip /build/venv/python |link /srv/venv/python /usr/python/python ")
	got, _ = b.verify(strings.Replace(program, "HAS", "needs", 1))
	lines(t, got, "again python:", "again tool:", "libraries python:", "libraries tool:",
		"libraries a: link-file /srv/venv/lib64 /build/venv/lib |script /srv/venv/pip /build/venv/python ")
}

// TestEnvLeads checks that env finds the interpreters of scripts in PATH of the component's world.
func TestEnvLeads(t *testing.T) {
	b := newBuilder(t)
	program := proofFleet + `
component python {
    owns "/usr/python/bin"
    run  """
        write /usr/python/bin/python ELF
        mode 0755 /usr/python/bin/python
    """
    PATH
}

component env {
    run """
        write /usr/bin/env ELF
        mode 0755 /usr/bin/env
    """
}

component tool {
    needs python, env
    owns "/opt/tool"

    run """
        write /opt/tool/run #!/usr/bin/env python
        mode 0755 /opt/tool/run
    """
}

app a {
    uses tool
}
`
	got, _ := b.verify(strings.Replace(program, "PATH", `env PATH += "/usr/python/bin"`, 1))
	lines(t, got, "again python:", "again tool:", "libraries python:", "libraries tool:")
	got, _ = b.verify(strings.Replace(program, "PATH", "", 1))
	lines(t, got, "again python:", "again tool:", "libraries python:",
		"libraries tool: script-env /opt/tool/run /usr/bin/env python /usr/python/bin/python")
}
