package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path"
	"strings"
)

// A tree of the entries so far, and not a file system, decides which entries are replaced and
// where paths through links lead. So the result is the same when nothing is unpacked, and errors
// name entries.

// Tree is the result of an archive's entries so far.
type Tree struct {
	root   *Node
	system bool
	steps  int // along links, of all paths
}

// Node is a file, a directory, a link and so on.
type Node struct {
	Kind byte   // of the entry that created it
	Link string // the target of a symbolic link
	// Says is the last entry of a directory; nil if the archive has no entry for it.
	Says    *Entry
	entries map[string]*Node // of a directory
}

// NewTree returns an empty directory. No link may lead out of it.
func NewTree() *Tree { return &Tree{root: newDirectory()} }

// NewSystemTree returns an empty root file system. Links are followed from its root.
func NewSystemTree() *Tree { return &Tree{root: newDirectory(), system: true} }

func newDirectory() *Node { return &Node{Kind: tar.TypeDir, entries: map[string]*Node{}} }

// Root returns the root directory.
func (t *Tree) Root() *Node { return t.root }

// Entries returns the entries of a directory, by name, in no order.
func (n *Node) Entries() iter.Seq2[string, *Node] { return maps.All(n.entries) }

// Change is the effect of an entry. All paths are clean and relative, and no parent is a link.
type Change struct {
	Removed string // a file, link or empty directory to remove first; "" for none
	At      string // the path to create, after its missing parents
	Stays   bool   // it exists: a directory, or a hard link to the same file
	From    string // the target of a hard link
}

// Put adds an entry. A later entry replaces an earlier one with the same path, unless that is a
// non-empty directory.
func (t *Tree) Put(e *Entry) (Change, error) {
	var c Change
	node := &Node{Kind: e.Kind}
	switch e.Kind {
	case tar.TypeDir:
		node = newDirectory()
		node.Says = e
	case tar.TypeSymlink:
		node.Link = e.Link
	case tar.TypeLink:
		var err error
		if node, c.From, err = t.linked(e); err != nil {
			return c, err
		}
	}
	for {
		dir, at, err := t.above(e.Path, true)
		if err != nil {
			return c, err
		}
		name := path.Base(e.Path)
		c.At = path.Join(at, name)
		if len(c.At) > MaxPath || strings.Count(c.At, "/") >= MaxDepth {
			return c, errors.New("the path is too long after its links are resolved")
		}
		old := dir.entries[name]
		switch {
		case old == nil:
			dir.entries[name] = node
			return c, nil
		case old == node:
			c.Stays = true
			return c, nil
		case old.Kind == tar.TypeDir && e.Kind == tar.TypeDir:
			old.Says, c.Stays = e, true
			return c, nil
		case len(old.entries) > 0:
			return c, errors.New("an earlier entry is a non-empty directory with the same path; only empty directories are replaced")
		}
		// The path may have led through the removed entry.
		c.Removed = c.At
		delete(dir.entries, name)
	}
}

// linked returns the target of a hard link.
func (t *Tree) linked(e *Entry) (*Node, string, error) {
	none := fmt.Errorf("hard link to %s, which is not an earlier entry", Shown(e.Link))
	dir, at, err := t.above(e.Link, false)
	if err != nil {
		return nil, "", err
	}
	if dir == nil {
		return nil, "", none
	}
	name := path.Base(e.Link)
	file := dir.entries[name]
	switch {
	case file == nil:
		return nil, "", none
	case file.Kind == tar.TypeDir:
		return nil, "", fmt.Errorf("hard link to %s, which is a directory", Shown(e.Link))
	}
	return file, path.Join(at, name), nil
}

// Limits of links: for one path, as in Linux, and for all paths of an archive together, far more
// than any needs.
const (
	maxHops  = 40
	maxSteps = 16 << 20
)

// above returns the directory of a path, with its own path. Links on the way are followed.
// Missing directories are created if make is true; otherwise the result is nil.
func (t *Tree) above(to string, make bool) (*Node, string, error) {
	rest := strings.Split(path.Dir(to), "/")
	own := len(rest) // the last own elements of rest are from the path, not from a link
	dirs, names := []*Node{t.root}, []string{}
	hops, through := 0, ""
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		ofLink := len(rest) >= own
		own = min(own, len(rest))
		switch part {
		case "", ".":
			continue
		case "..":
			if len(names) > 0 {
				dirs, names = dirs[:len(dirs)-1], names[:len(names)-1]
			} else if !t.system {
				return nil, "", fmt.Errorf("the path leads outside the archive through the link %s", through)
			}
			continue
		}
		dir := dirs[len(dirs)-1]
		next := dir.entries[part]
		switch {
		case next == nil && ofLink:
			return nil, "", fmt.Errorf("the path leads through the dangling link %s", through)
		case next == nil && !make:
			return nil, "", nil
		case next == nil:
			next = newDirectory()
			dir.entries[part] = next
			dirs, names = append(dirs, next), append(names, part)
		case next.Kind == tar.TypeDir:
			dirs, names = append(dirs, next), append(names, part)
		case next.Kind == tar.TypeSymlink:
			through = fmt.Sprintf("%s to %s", Shown(path.Join(path.Join(names...), part)), Shown(next.Link))
			if hops++; hops > maxHops {
				return nil, "", fmt.Errorf("the path leads through more than %d links; the last is %s", maxHops, through)
			}
			target := strings.Split(next.Link, "/")
			if t.steps += len(target); t.steps > maxSteps {
				return nil, "", errors.New("the archive's paths lead through too many links")
			}
			if strings.HasPrefix(next.Link, "/") {
				if !t.system {
					return nil, "", fmt.Errorf("the path leads outside the archive through the link %s", through)
				}
				dirs, names = dirs[:1], names[:0]
			}
			rest = append(target, rest...)
		default:
			return nil, "", fmt.Errorf("the path leads through %s, which is %s in an earlier entry", Shown(path.Join(path.Join(names...), part)), kindName(next.Kind))
		}
	}
	return dirs[len(dirs)-1], path.Join(names...), nil
}

func kindName(kind byte) string {
	switch kind {
	case tar.TypeReg:
		return "a file"
	case tar.TypeFifo:
		return "a named pipe"
	}
	return "a device"
}
