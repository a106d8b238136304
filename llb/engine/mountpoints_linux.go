package engine

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	continuity "github.com/containerd/continuity/fs"
)

// checkMountPoints returns an error if the engine cannot mount what every step has into a root
// file system. It creates missing mount points itself.
func checkMountPoints(root string) error {
	for _, name := range []string{"/proc", "/sys", "/dev"} {
		info, err := os.Lstat(filepath.Join(root, name))
		switch {
		case err != nil || info.IsDir():
		case info.Mode()&fs.ModeSymlink == 0:
			return fmt.Errorf("%s is not a directory: no step can start, because the engine mounts a directory there", name)
		case name != "/dev": // runc follows links to other mount points only
			return fmt.Errorf("%s is a link: no step can start, because the engine mounts a directory there", name)
		}
	}
	for _, name := range []string{"/etc/hosts", "/etc/resolv.conf"} {
		at, err := continuity.RootPath(root, name)
		if err != nil {
			continue // a link to itself, which runc reports
		}
		if info, err := os.Lstat(at); err == nil && info.IsDir() {
			return fmt.Errorf("%s is a directory: no step can start, because the engine mounts a file there", name)
		}
	}
	return nil
}
