package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// alone waits until no other command writes pins or vendored copies of the module:
// of two that read the same lock file, the one that writes last would undo what the
// other has done. The lock is on the module's directory, and leaves no file behind.
func (c *cli) alone(ctx context.Context) (release func(), err error) {
	dir, err := os.Open(c.dir)
	if err != nil {
		return nil, err
	}
	told := false
	for {
		err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			break // a file system that has no locks is used without
		}
		if !told {
			fmt.Fprintln(c.err, "another layc changes the pins of this module: waiting for it")
			told = true
		}
		select {
		case <-ctx.Done():
			dir.Close()
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return func() { dir.Close() }, nil
}
