//go:build !linux

package project

import (
	"io/fs"
	"time"
)

// changed returns the time of a file's last change, and an identifier that differs between files
// and between versions of one file. Here both are unknown.
func changed(fs.FileInfo) (time.Time, []byte) { return time.Time{}, nil }
