package project

import (
	"fmt"
	"io/fs"
	"syscall"
	"time"
)

// changed is when a file has changed last, and a text that differs for other
// files and for other versions of this one; nil if nobody knows.
func changed(info fs.FileInfo) (time.Time, []byte) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}, nil
	}
	return time.Unix(s.Ctim.Unix()), fmt.Appendf(nil, "%d %d %d %d %d", s.Dev, s.Ino, s.Ctim.Nano(), s.Size, s.Mtim.Nano())
}
