package evaluate

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// capable reports whether a file has a capability.
func capable(files fs.FS, name string) bool {
	f, err := files.Open(name)
	if err != nil {
		return false // the build will report it
	}
	defer f.Close()
	on, ok := f.(interface{ Fd() uintptr })
	if !ok {
		return false
	}
	n, err := unix.Fgetxattr(int(on.Fd()), "security.capability", nil)
	return err == nil && n > 0
}
