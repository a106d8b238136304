//go:build !linux

package project

import (
	"io/fs"
	"time"
)

// changed is when a file has changed last, and a text that differs for other
// files and for other versions of this one: here nobody knows.
func changed(fs.FileInfo) (time.Time, []byte) { return time.Time{}, nil }
