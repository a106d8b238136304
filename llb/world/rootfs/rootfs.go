// Package rootfs inspects root file systems for facts that layers on them depend on. A layer with
// a directory where the system has a link would hide everything behind the link. And the last
// layer with a directory decides its owner and mode.
package rootfs

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/paths"
)

// entry is a directory or symbolic link of the file system.
type entry struct {
	link     string // the target; "" for a directory
	uid, gid int
	mode     int64
}

// volatile lists directories that a container mounts over.
var volatile = []string{"/dev", "/proc", "/sys"}

// Limits of an archive. Paths that are longer than Linux allows, and links through many other
// links, only keep the reader busy.
const (
	maxEntries = 4 << 20 // kept in memory
	maxSteps   = 5 << 20 // along the links of all paths
)

// facts returns a file system's links to directories, and its directories that are not 0755 and
// root's, both by path. It omits directories that containers mount over, and dangling links.
func facts(system map[string]entry) (links []lock.BaseLink, dirs []lock.BaseDir, err error) {
	steps := maxSteps
	for name, e := range system {
		switch {
		case name == "/" || slices.ContainsFunc(volatile, func(v string) bool { return paths.Beneath(name, v) }):
		case e.link != "":
			if to, ok := resolve(system, name, &steps); ok {
				links = append(links, lock.BaseLink{Path: name, To: to})
			}
			if steps < 0 {
				return nil, nil, errors.New("the links of the file system lead through too many other links")
			}
		case e.mode != 0o755 || e.uid != 0 || e.gid != 0:
			dirs = append(dirs, lock.BaseDir{Path: name, UID: e.uid, GID: e.gid, Mode: fmt.Sprintf("%#o", e.mode)})
		}
	}
	slices.SortFunc(links, func(a, b lock.BaseLink) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(dirs, func(a, b lock.BaseDir) int { return strings.Compare(a.Path, b.Path) })
	return links, dirs, nil
}

// maxHops is the maximal number of links on a path, as in Linux.
const maxHops = 40

// resolve follows all links on a path. It is false unless the path ends at a directory. Each step
// decrements steps; it gives up at 0.
func resolve(system map[string]entry, name string, steps *int) (string, bool) {
	at, rest, hops := "/", strings.Split(name, "/"), 0
	for len(rest) > 0 {
		if *steps--; *steps < 0 {
			return "", false
		}
		part := rest[0]
		rest = rest[1:]
		next := path.Join(at, part) // resolves ..
		e, ok := system[next]
		switch {
		case ok && e.link != "":
			if hops++; hops > maxHops {
				return "", false
			}
			if path.IsAbs(e.link) {
				at = "/"
			}
			rest = append(strings.Split(e.link, "/"), rest...)
		case ok:
			at = next
		default:
			return "", false
		}
	}
	return at, at != name
}
