//go:build !linux

package evaluate

import "io/fs"

// capable returns false: only Linux has file capabilities.
func capable(fs.FS, string) bool { return false }
