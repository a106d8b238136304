package llb_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/pb"
)

// TestNetwork checks that every user of a run can read the host's certificates, that all network
// settings are optional, and that variables set by the program are unchanged.
func TestNetwork(t *testing.T) {
	program := `
fleet {
    base base
}

component base {
    rootfs "https://example.com/base.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}

component c(http_proxy: string = "mine") {
    owns "/c"
    env  PIP_CERT = "mine"
    run  "echo $http_proxy $PIP_CERT" as "1000"
}

app a {
    uses c
}
`
	runs := 0
	for _, op := range ops(t, program) {
		e := op.GetExec()
		if e == nil || e.Meta.Args[0] != "/bin/sh" {
			continue
		}
		runs++
		for _, m := range e.Mounts {
			if s := m.SecretOpt; s != nil && (s.Mode != 0o444 || !s.Optional) {
				t.Errorf("%s has the mode %#o, optional: %v", m.Dest, s.Mode, s.Optional)
			}
		}
		var names []string
		for _, s := range e.Secretenv {
			names = append(names, s.Name)
			if !s.Optional {
				t.Errorf("%s is not optional", s.Name)
			}
		}
		for _, name := range []string{"http_proxy", "HTTP_PROXY", "PIP_CERT"} {
			if slices.Contains(names, name) {
				t.Errorf("%s comes from the host, but the program sets it", name)
			}
		}
		for _, name := range []string{"https_proxy", "SSL_CERT_FILE"} {
			if !slices.Contains(names, name) {
				t.Errorf("%s does not come from the host", name)
			}
		}
	}
	if runs != 1 {
		t.Errorf("found %d runs", runs)
	}
}

// TestProjectsAreApart checks that an engine keeps the files of two projects apart. It caches
// sent files by a hint, which must name the project.
func TestProjectsAreApart(t *testing.T) {
	program := `
fleet {
    base base
}

component base {
    rootfs "https://example.com/base.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}

app a {
    copy "a.layer" to "/a"
}
`
	locals := 0
	for _, op := range ops(t, program) {
		if s := op.GetSource(); s != nil && strings.HasPrefix(s.Identifier, "local://project") {
			locals++
			if got := s.Attrs[pb.AttrSharedKeyHint]; got != "tree" {
				t.Errorf("the hint is %q, want the project's key", got)
			}
		}
	}
	if locals != 1 {
		t.Errorf("found %d local sources of the project", locals)
	}
}
