//go:build !linux

package evaluate

import "io/fs"

// capable reports whether a file has a capability: only Linux has them.
func capable(fs.FS, string) bool { return false }
