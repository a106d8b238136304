//go:build linux

package llb_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// TestAccounts builds steps on systems with account files that have no end, or that the engine
// misreads: the build fails instead of waiting. Other files are accepted.
func TestAccounts(t *testing.T) {
	b := newBuilder(t)
	const waits = ": no step can start, because the engine looks its user up there"
	for before, want := range map[string]string{
		"remove /etc/passwd\npipe /etc/passwd":              "/etc/passwd is a named pipe" + waits,
		"pipe /p\nremove /etc/group\nsoft ../p /etc/group":  "/etc/group is a named pipe" + waits,
		"remove /etc/passwd\nsoft /dev/urandom /etc/passwd": "/etc/passwd is a link to /dev/urandom" + waits,
		"remove /etc/group\ndevice /etc/group 3":            "",
		"remove /etc/group\nsoft /dev/null /etc/group":      "",
		"remove /etc/passwd\ndevice /etc/passwd 5":          "",
		"write /etc/passwd a:x:4294967296:0::/:":            "cannot look up user `a`: /etc/passwd has \"4294967296\" instead of a number from 0 to 4294967294 for a",
		"write /etc/passwd a:x:0:0::/:":                     "",
	} {
		as := "0"
		if strings.HasPrefix(before, "write") {
			as = "a"
		}
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
    run "write /opt/tool text" as "`+as+`"
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
		var step *engine.StepError
		if !errors.As(err, &step) || step.Err.Error() != want {
			t.Errorf("%s: got %v, want %s", before, err, want)
		}
	}
}
