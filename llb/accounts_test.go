//go:build linux

package llb_test

import (
	"errors"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// TestAccounts builds steps on systems with account files that cannot be read to their end: the
// build fails instead of waiting. A device with an end is left alone.
func TestAccounts(t *testing.T) {
	b := newBuilder(t)
	for before, want := range map[string]string{
		"remove /etc/passwd\npipe /etc/passwd":              "/etc/passwd is a named pipe",
		"pipe /p\nremove /etc/group\nsoft ../p /etc/group":  "/etc/group is a named pipe",
		"remove /etc/passwd\nsoft /dev/urandom /etc/passwd": "/etc/passwd is a link to /dev/urandom",
		"remove /etc/group\ndevice /etc/group 3":            "",
		"remove /etc/group\nsoft /dev/null /etc/group":      "",
		"remove /etc/passwd\ndevice /etc/passwd 5":          "",
	} {
		_, _, err := b.build(`
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component tool {
    run """
`+before+`
"""
    run "write /opt/tool text"
}

app a {
    uses tool
}
`, nil)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", before, err)
			}
			continue
		}
		want += ": no step can start, because the engine looks its user up there"
		var step *engine.StepError
		if !errors.As(err, &step) || step.Err.Error() != want {
			t.Errorf("%s: got %v, want %s", before, err, want)
		}
	}
}
