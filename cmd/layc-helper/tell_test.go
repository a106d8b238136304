package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestInstallationTells reads what is drawn for dpkg's states, and the one line that is left.
func TestInstallationTells(t *testing.T) {
	var out bytes.Buffer
	i := newInstallation(2)
	i.w = &out
	for _, line := range []string{
		"processing: unpack: libc6:amd64", "status: libc6:amd64: half-installed", "status: libc6:amd64: unpacked", "status: libc6:amd64: unpacked",
		"status: bash: unpacked", "status: libc-bin: installed", "status: bash: installed",
	} {
		i.at = time.Time{}
		i.follow(strings.NewReader(line + "\n"))
	}
	i.end()
	const want = "\runpacking: 1 of 2 packages, libc6\runpacking: 2 of 2 packages, bash\rconfiguring: 1 of 2 packages, bash\rinstalled 2 packages\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
