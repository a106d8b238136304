//go:build unix

package engine

import (
	"fmt"
	"io/fs"
	"testing"

	"golang.org/x/sys/unix"
)

// TestDiskError checks which faults are those of a disk: they end in exit 4, with
// what to do, and others in what they are.
func TestDiskError(t *testing.T) {
	for fault, want := range map[error]error{
		unix.ENOSPC: unix.ENOSPC, unix.EDQUOT: unix.EDQUOT, unix.EROFS: unix.EROFS, unix.EIO: unix.EIO,
		unix.EACCES: nil, unix.ENOENT: nil,
	} {
		err := fmt.Errorf("write: %w", &fs.PathError{Op: "write", Path: "x", Err: fault})
		if got := diskError(err); got != want {
			t.Errorf("%v is the fault %v, want %v", fault, got, want)
		}
	}
}
