//go:build unix

package engine

import (
	"fmt"
	"io/fs"
	"testing"

	"golang.org/x/sys/unix"
)

// TestDiskError checks which errors are problems of a disk. They end in exit status 4 with help;
// others are returned unchanged.
func TestDiskError(t *testing.T) {
	for fault, want := range map[error]error{
		unix.ENOSPC: unix.ENOSPC, unix.EDQUOT: unix.EDQUOT, unix.EROFS: unix.EROFS, unix.EIO: unix.EIO,
		unix.EACCES: nil, unix.ENOENT: nil,
	} {
		err := fmt.Errorf("write: %w", &fs.PathError{Op: "write", Path: "x", Err: fault})
		if got := diskError(err); got != want {
			t.Errorf("the problem of %v is %v, want %v", fault, got, want)
		}
	}
}

// TestStepPrintsFull checks that a step's message about a full disk is ignored if the engine's disk
// has space: it may be about another disk.
func TestStepPrintsFull(t *testing.T) {
	err := &StepError{Log: []string{"write: No space left on device"}}
	e := &Engine{opts: Options{State: t.TempDir()}}
	if free, _ := e.freeSpace(); free < 1<<30 {
		t.Fatalf("this test needs 1 GB of free disk, but %d bytes are free", free)
	}
	if e.isFull(err) {
		t.Error("the step's message counts")
	}
	elsewhere := &Engine{opts: Options{Address: "tcp://example.com:1"}}
	if elsewhere.isFull(err) {
		t.Error("the message of a step on an engine elsewhere counts")
	}
}
