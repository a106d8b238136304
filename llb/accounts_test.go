//go:build linux

package llb_test

import (
	"errors"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// TestAccounts builds steps on systems whose files of accounts cannot be read to
// their end: the build fails, and does not wait.
func TestAccounts(t *testing.T) {
	b := newBuilder(t)
	for before, want := range map[string]string{
		"remove /etc/passwd\npipe /etc/passwd":             "/etc/passwd is a named pipe",
		"pipe /p\nremove /etc/group\nsoft ../p /etc/group": "/etc/group is a named pipe",
		"remove /etc/passwd\nsoft /dev/zero /etc/passwd":   "/etc/passwd is a link to /dev/zero",
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
		want += ": no step can start, because the engine looks its user up there"
		var step *engine.StepError
		if !errors.As(err, &step) || step.Err.Error() != want {
			t.Errorf("%s: got %v, want %s", before, err, want)
		}
	}
}
