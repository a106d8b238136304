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

// TestStepSaysFull checks that a step which prints that a disk is full is not
// believed where the engine's disk has room: it may mean another disk, or none.
func TestStepSaysFull(t *testing.T) {
	err := &StepError{Log: []string{"write: No space left on device"}}
	e := &Engine{opts: Options{State: t.TempDir()}}
	if free, _ := e.freeSpace(); free < 1<<30 {
		t.Fatalf("this test needs 1 GB of free disk, and %d bytes are free", free)
	}
	if e.isFull(err) {
		t.Error("the step is believed")
	}
	elsewhere := &Engine{opts: Options{Address: "tcp://example.com:1"}}
	if elsewhere.isFull(err) {
		t.Error("the step on an engine elsewhere is believed")
	}
}
