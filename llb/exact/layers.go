//go:build linux

package exact

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"strings"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"
)

// Layers reads the root file systems of images without a disk: it reads each layer once, however many images
// have it, and applies the layers in memory. The trees are those that [Image.Apply] makes for a process with
// all rights, but for the times of directories: here, a directory has the time of its last entry.
//
// The zero value is ready to use.
type Layers struct {
	// Keep are the paths, such as etc/passwd, of entries whose content Tree returns.
	Keep []string
	read map[digest.Digest][]item
}

// item is an entry of a layer.
type item struct {
	tar.Header
	sum, text string
}

// Tree returns the root file system of an image, and the content of the files in Keep, by their paths in it. It
// is an error if a layer does not match its digest or its diff ID.
func (l *Layers) Tree(i *Image) (Tree, map[string]string, error) {
	s := &memory{root: &node{Entry: Entry{Mode: unix.S_IFDIR | 0o755}, children: map[string]*node{}}}
	for n := range i.Layers {
		items, err := l.items(i, n)
		if err == nil {
			err = s.apply(items)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("layer %d: %w", n, err)
		}
	}
	tree, texts := s.tree()
	return tree, texts, nil
}

// items returns the entries of a layer.
func (l *Layers) items(i *Image, n int) ([]item, error) {
	id := i.Config.RootFS.DiffIDs[n]
	if items, ok := l.read[id]; ok {
		return items, nil
	}
	kept := map[string]bool{}
	for _, k := range l.Keep {
		kept[k] = true
	}
	var items []item
	err := i.stream(n, func(r io.Reader) error {
		for t := tar.NewReader(r); ; {
			h, err := t.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			it := item{Header: *h}
			it.Name = path.Clean(h.Name)
			if h.Typeflag == tar.TypeReg {
				sum := sha256.New()
				var text strings.Builder
				to := io.Writer(sum)
				if kept[it.Name] {
					to = io.MultiWriter(sum, &text)
				}
				if _, err := io.Copy(to, t); err != nil {
					return err
				}
				it.sum, it.text = hex.EncodeToString(sum.Sum(nil)), text.String()
			}
			items = append(items, it)
		}
	})
	if err != nil {
		return nil, err
	}
	if l.read == nil {
		l.read = map[digest.Digest][]item{}
	}
	l.read[id] = items
	return items, nil
}

// memory is a root file system.
type memory struct{ root *node }

// node is a file with all its names.
type node struct {
	Entry
	children map[string]*node // of a directory
	text     string
}

// at returns what is at a clean absolute path, without following links, or nil.
func (m *memory) at(p string) *node {
	n := m.root
	for name := range strings.SplitSeq(strings.Trim(p, "/"), "/") {
		if name != "" && n != nil {
			n = n.children[name]
		}
	}
	return n
}

// follow returns a path in which no directory is a link. What does not exist is taken as it is written.
func (m *memory) follow(p string) (string, error) {
	at, rest := "/", strings.Split(p, "/")
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		next := path.Join(at, name)
		if n := m.at(next); name != ".." && n != nil && n.Mode&unix.S_IFMT == unix.S_IFLNK {
			if links++; links > 255 {
				return "", fmt.Errorf("%s: too many links", p)
			}
			if strings.HasPrefix(n.Target, "/") {
				at = "/"
			}
			rest = append(strings.Split(n.Target, "/"), rest...)
			continue
		}
		at = next
	}
	return at, nil
}

// directory returns a directory, which it makes if needed.
func (m *memory) directory(p string) (*node, error) {
	n := m.root
	for name := range strings.SplitSeq(strings.Trim(p, "/"), "/") {
		if name == "" {
			continue
		}
		child := n.children[name]
		if child == nil {
			child = &node{Entry: Entry{Mode: unix.S_IFDIR | 0o755}, children: map[string]*node{}}
			if n.Mode&unix.S_ISGID != 0 {
				child.GID = n.GID // as mkdir does
			}
			n.children[name] = child
		}
		if child.children == nil {
			return nil, fmt.Errorf("%s: %s is not a directory", p, name)
		}
		n = child
	}
	return n, nil
}

// apply applies a layer, as the image specification defines it.
func (m *memory) apply(items []item) error {
	fresh, opaque := map[string]bool{}, map[string]bool{} // paths of this layer
	for _, it := range items {
		above, err := m.follow(path.Dir(it.Name))
		if err != nil {
			return err
		}
		name := path.Base(it.Name)
		if path.Join(above, name) == "/" || name == "." || name == ".." {
			continue
		}
		dir, err := m.directory(above)
		if err != nil {
			return err
		}
		if name == ".wh..wh..opq" {
			if !opaque[above] {
				dir.clear(above, fresh)
			}
			opaque[above] = true
			continue
		}
		if gone, ok := strings.CutPrefix(name, ".wh."); ok {
			delete(dir.children, gone)
			continue
		}
		if err := m.put(dir, name, it); err != nil {
			return fmt.Errorf("%s: %w", it.Name, err)
		}
		fresh[path.Join(above, name)] = true
	}
	return nil
}

// clear removes what is below the directory p, but not what this layer has.
func (n *node) clear(p string, fresh map[string]bool) {
	for name, child := range n.children {
		below := path.Join(p, name)
		if !fresh[below] {
			delete(n.children, name)
			continue
		}
		child.clear(below, fresh)
	}
}

// put makes an entry's file in a directory, in place of what is there. A directory keeps what is in it.
func (m *memory) put(dir *node, name string, it item) error {
	n := dir.children[name]
	if n == nil || n.children == nil || it.Typeflag != tar.TypeDir {
		delete(dir.children, name)
		n = &node{}
	}
	switch it.Typeflag {
	case tar.TypeDir:
		n.Mode = unix.S_IFDIR
		if n.children == nil {
			n.children = map[string]*node{}
		}
	case tar.TypeReg:
		n.Mode, n.Size, n.Sum, n.text = unix.S_IFREG, it.Size, it.sum, it.text
	case tar.TypeChar, tar.TypeBlock:
		n.Mode, n.Rdev = unix.S_IFCHR, unix.Mkdev(uint32(it.Devmajor), uint32(it.Devminor))
		if it.Typeflag == tar.TypeBlock {
			n.Mode = unix.S_IFBLK
		}
	case tar.TypeFifo:
		n.Mode = unix.S_IFIFO
	case tar.TypeSymlink:
		n.Mode, n.Target = unix.S_IFLNK, it.Linkname
	case tar.TypeLink:
		above, err := m.follow(path.Dir(it.Linkname))
		if err != nil {
			return err
		}
		if n = m.at(path.Join(above, path.Base(it.Linkname))); n == nil || n.children != nil {
			return fmt.Errorf("a hard link to %s, which is not a file", it.Linkname)
		}
		delete(n.Xattrs, "security.capability") // as the kernel does when the owner is set
	case tar.TypeXGlobalHeader:
		return nil
	default:
		return fmt.Errorf("unknown type %q of an entry", it.Typeflag)
	}
	dir.children[name] = n
	n.UID, n.GID, n.Mtime = uint32(it.Uid), uint32(it.Gid), it.ModTime.UnixNano()
	kind := n.Mode & unix.S_IFMT
	n.Mode = kind | uint32(it.Mode)&0o7777
	if kind == unix.S_IFLNK {
		n.Mode = kind | 0o777
	}
	for key, value := range it.PAXRecords {
		key, ok := strings.CutPrefix(key, "SCHILY.xattr.")
		plain := kind == unix.S_IFREG || kind == unix.S_IFDIR
		if !ok || strings.HasPrefix(key, "trusted.") || strings.HasPrefix(key, "user.") && !plain {
			continue
		}
		if n.Xattrs == nil {
			n.Xattrs = map[string]string{}
		}
		n.Xattrs[key] = value
	}
	return nil
}

// tree returns all paths, and the kept content.
func (m *memory) tree() (Tree, map[string]string) {
	t, texts, names := Tree{}, map[string]string{}, map[*node][]string{}
	var add func(p string, n *node)
	add = func(p string, n *node) {
		e := n.Entry
		e.Xattrs = maps.Clone(e.Xattrs)
		if len(e.Xattrs) == 0 {
			e.Xattrs = nil
		}
		t[p] = e
		if n.text != "" {
			texts[p] = n.text
		}
		if n.children == nil {
			names[n] = append(names[n], p)
		}
		for name, child := range n.children {
			add(path.Join(p, name), child)
		}
	}
	add("/", m.root)
	sameFiles(t, maps.Values(names))
	return t, texts
}
