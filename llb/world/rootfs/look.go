package rootfs

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/llb/archive"
)

// Archive inspects the archive of a root file system, with the rules by which a build unpacks it,
// and returns its facts: a base without digest and layers. It is an error if a build would refuse
// the archive. A limit of 0 bytes means a default for the archive's size.
func Archive(file io.Reader, limit int64) (lock.Base, error) {
	packed := &counter{in: file}
	room := archive.Bound(nil, packed.count, limit)
	in, err := archive.System(packed, func(in io.Reader) io.Reader { return archive.Bound(in, packed.count, limit) })
	if err != nil {
		return lock.Base{}, err
	}
	tree, size, accounts := archive.NewSystemTree(), int64(0), accounts{}
	for {
		e, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return lock.Base{}, err
		}
		if in.Entries() > maxEntries {
			return lock.Base{}, fmt.Errorf("the archive has more than %d entries", maxEntries)
		}
		if _, err := tree.Put(e); err != nil {
			return lock.Base{}, archive.Of(e.Name, err)
		}
		if err := accounts.read("/"+e.Path, e.Kind, in); err != nil {
			return lock.Base{}, archive.Of(e.Name, err)
		}
		// Holes in files count, since they are unpacked, too.
		if size += min(e.Size, 1<<60); e.Kind == tar.TypeReg {
			if err := room.Room(size); err != nil {
				return lock.Base{}, archive.Of(e.Name, err)
			}
		}
	}
	system := map[string]entry{}
	note(system, "/", tree.Root())
	return accounts.base(system)
}

// note adds the directories and links of a tree to a system.
func note(system map[string]entry, name string, n *archive.Node) {
	switch n.Kind {
	case tar.TypeSymlink:
		system[name] = entry{link: n.Link}
	case tar.TypeDir:
		e := entry{mode: 0o755}
		if n.Says != nil {
			e = entry{uid: n.Says.UID, gid: n.Says.GID, mode: int64(n.Says.Mode)}
		}
		system[name] = e
		for child, in := range n.Entries() {
			note(system, path.Join(name, child), in)
		}
	}
}

// counter counts what is read.
type counter struct {
	in io.Reader
	n  int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) count() int64 { return c.n }

// Layers inspects the files of an image's layers, as a tar archive with each path once, in any
// order, and returns their facts.
func Layers(files io.Reader) (lock.Base, error) {
	system, accounts := map[string]entry{"/": {}}, accounts{}
	for r := tar.NewReader(files); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return accounts.base(system)
		}
		if err != nil {
			return lock.Base{}, fmt.Errorf("reading a tar archive: %w", err)
		}
		if len(h.Name) > archive.MaxPath || strings.Count(h.Name, "/") > archive.MaxDepth || len(h.Linkname) > archive.MaxPath {
			return lock.Base{}, fmt.Errorf("the path %.60q… is too long; the limits are %d bytes and %d elements", h.Name+h.Linkname, archive.MaxPath, archive.MaxDepth)
		}
		name := path.Join("/", h.Name)
		for part := range strings.SplitSeq(name, "/") {
			if paths.DeletesFile(part) {
				return lock.Base{}, fmt.Errorf("the path %.60q has a name that begins with %s, which deletes files in layers", h.Name, paths.Whiteout)
			}
		}
		for dir := range paths.Above(name) {
			if _, ok := system[dir]; ok {
				break
			}
			system[dir] = entry{mode: 0o755} // until its entry follows
		}
		if err := accounts.read(name, h.Typeflag, r); err != nil {
			return lock.Base{}, fmt.Errorf("reading a tar archive: %w", err)
		}
		switch h.Typeflag {
		case tar.TypeDir:
			system[name] = entry{uid: h.Uid, gid: h.Gid, mode: h.Mode & 0o7777}
		case tar.TypeSymlink:
			system[name] = entry{link: h.Linkname}
		default:
			delete(system, name)
		}
		if len(system) > maxEntries {
			return lock.Base{}, fmt.Errorf("the file system has more than %d directories and links", maxEntries)
		}
	}
}
