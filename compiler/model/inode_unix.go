//go:build unix

package model

import (
	"io/fs"
	"syscall"
)

// Inode returns the identity of a file on this machine, and whether it may have
// several names.
func Inode(info fs.FileInfo) (id [2]uint64, several bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return id, false
	}
	return [2]uint64{uint64(s.Dev), s.Ino}, s.Nlink > 1
}
