package workspace

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Folders can be huge, so a scan has limits. It goes level by level, since the modules that matter are
// near the top.
const (
	mostScanned = 50_000 // entries of directories, of all folders together
	mostModules = 500
)

// Scan returns the directories with modules in folders; see [Workspace.Found]. It looks neither into
// hidden directories nor into node_modules, nor into what programs mark as their output: caches and OCI
// layouts. It takes as long as the disk does, and can run beside anything else. It ends early once ctx
// is done.
func Scan(ctx context.Context, source Source, folders []string) []string {
	var found []string
	left := mostScanned
	for _, folder := range folders {
		files := source.Files(folder)
		level := []string{"."}
		for len(level) > 0 && left > 0 && ctx.Err() == nil {
			var next []string
			for _, dir := range level {
				entries, _ := fs.ReadDir(files, dir) // an unreadable directory has no modules
				left -= len(entries)
				if left < 0 || len(found) == mostModules || ctx.Err() != nil {
					break
				}
				if slices.ContainsFunc(entries, marksOutput) {
					continue
				}
				for _, e := range entries {
					if e.IsDir() && !Ignored(e.Name()) {
						next = append(next, path.Join(dir, e.Name()))
					}
				}
				if slices.ContainsFunc(entries, isSource) {
					found = append(found, path.Join(folder, dir))
				}
			}
			level = next
		}
	}
	return found
}

// Ignored reports whether a directory with a name never has modules.
func Ignored(name string) bool { return strings.HasPrefix(name, ".") || name == "node_modules" }

// marksOutput reports whether a file is there only in directories that programs write.
func marksOutput(e fs.DirEntry) bool {
	return e.Name() == "CACHEDIR.TAG" || e.Name() == "oci-layout"
}

func isSource(e fs.DirEntry) bool { return !e.IsDir() && path.Ext(e.Name()) == ".layer" }
