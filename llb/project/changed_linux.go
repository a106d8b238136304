package project

import (
	"fmt"
	"io/fs"
	"syscall"
	"time"
)

// changed returns the time of a file's last change, and an identifier that differs between files
// and between versions of one file; nil if unknown.
func changed(info fs.FileInfo) (time.Time, []byte) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}, nil
	}
	return time.Unix(s.Ctim.Unix()), fmt.Appendf(nil, "%d %d %d %d %d", s.Dev, s.Ino, s.Ctim.Nano(), s.Size, s.Mtim.Nano())
}
