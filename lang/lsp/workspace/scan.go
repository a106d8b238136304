package workspace

import (
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

// Scan finds the modules in the folders that the editor has open. They are analysed without an open
// document, until the next scan. It looks neither into hidden directories nor into node_modules.
func (w *Workspace) Scan() {
	w.found = nil
	left := mostScanned
	for _, folder := range w.folders {
		files := w.source.Files(folder)
		level := []string{"."}
		for len(level) > 0 && left > 0 {
			var next []string
			for _, dir := range level {
				entries, _ := fs.ReadDir(files, dir) // an unreadable directory has no modules
				left -= len(entries)
				if left < 0 || len(w.found) == mostModules {
					break
				}
				for _, e := range entries {
					if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && e.Name() != "node_modules" {
						next = append(next, path.Join(dir, e.Name()))
					}
				}
				if slices.ContainsFunc(entries, isSource) {
					w.found = append(w.found, path.Join(folder, dir))
				}
			}
			level = next
		}
	}
}

func isSource(e fs.DirEntry) bool { return !e.IsDir() && path.Ext(e.Name()) == ".layer" }
