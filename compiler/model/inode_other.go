//go:build !unix

package model

import "io/fs"

// Inode returns the identity of a file on this machine, and whether it may have
// several names. This system has no such identity.
func Inode(fs.FileInfo) (id [2]uint64, several bool) { return id, false }
