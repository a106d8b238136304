package outputs

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/pkg/archive/compression"
)

// The root file system of an image is what its layers leave, the lowest first. It is computed from
// the entries of the layers alone, without unpacking them: a first pass finds the entry that each
// name finally has, a second one copies these. So it needs no root, no space and no second build,
// and has owners, devices and extended attributes wherever it runs.

// inode is an entry of a layer: a file with one or more names.
type inode struct {
	header *tar.Header
	layer  int // the index of the layer
	index  int // in the layer
}

// node is a name in the root file system.
type node struct {
	*inode // nil for a directory that is only the parent of something
	layer  int
	below  map[string]*node // of a directory
}

func (n *node) isDir() bool { return n.below != nil }

// maxLinks limits the links that are followed in one path.
const maxLinks = 255

// Whiteouts, which remove what lower layers have.
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// tree is a root file system.
type tree struct {
	layout layout
	image  one
	root   *node
}

// newTree reads all layers of an image.
func newTree(l layout, image one) (*tree, error) {
	t := &tree{layout: l, image: image, root: &node{below: map[string]*node{}}}
	for n := range image.Layers {
		err := t.read(n, func(index int, h *tar.Header, _ io.Reader) error { return t.apply(&inode{h, n, index}) })
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

// read calls use for each entry of a layer, and verifies the layer's digest.
func (t *tree) read(layer int, use func(index int, h *tar.Header, content io.Reader) error) (err error) {
	desc := t.image.Layers[layer]
	defer func() {
		if err != nil {
			err = fmt.Errorf("layer %s: %w", desc.Digest, err)
		}
	}()
	b, err := t.layout.open(desc.Digest)
	if err != nil {
		return err
	}
	defer b.Close()
	plain, err := compression.DecompressStream(b)
	if err != nil {
		return err
	}
	defer plain.Close()
	entries := tar.NewReader(plain)
	for index := 0; ; index++ {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if err := use(index, h, entries); err != nil {
			return err
		}
	}
	for _, rest := range []io.Reader{plain, b} {
		if _, err := io.Copy(io.Discard, struct{ io.Reader }{rest}); err != nil {
			return err
		}
	}
	return nil
}

// apply applies one entry of a layer.
func (t *tree) apply(i *inode) error {
	dir, base := path.Split(path.Clean("/" + i.header.Name))
	if base == "" {
		return nil // the root itself
	}
	parent, err := t.dir(dir, i.layer)
	if err != nil {
		return err
	}
	old := parent.below[base]
	switch hidden, isWhiteout := strings.CutPrefix(base, whiteout); {
	case base == opaque:
		parent.clear(i.layer)
		return nil
	case isWhiteout:
		if gone := parent.below[hidden]; gone != nil && (!gone.isDir() || gone.clear(i.layer)) && gone.layer < i.layer {
			delete(parent.below, hidden)
		}
		return nil
	case i.header.Typeflag == tar.TypeLink:
		target, err := t.find(i.header.Linkname, i.layer)
		if err != nil || target == nil || target.inode == nil || target.isDir() {
			return errors.Join(fmt.Errorf("%s is a hard link to %s, which is not a file", i.header.Name, i.header.Linkname), err)
		}
		parent.below[base] = &node{inode: target.inode, layer: i.layer}
	case i.header.Typeflag == tar.TypeDir && old != nil && old.isDir():
		old.inode, old.layer = i, i.layer
	case i.header.Typeflag == tar.TypeDir:
		parent.below[base] = &node{inode: i, layer: i.layer, below: map[string]*node{}}
	default:
		parent.below[base] = &node{inode: i, layer: i.layer}
	}
	return nil
}

// clear removes what layers below a layer have in the directory. It reports whether nothing is left.
func (n *node) clear(layer int) bool {
	maps.DeleteFunc(n.below, func(_ string, b *node) bool {
		return (!b.isDir() || b.clear(layer)) && b.layer < layer
	})
	return len(n.below) == 0
}

// dir returns a directory, and follows links to it. It makes what is missing.
func (t *tree) dir(name string, layer int) (*node, error) {
	at, rest := []*node{t.root}, parts(name)
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		here := at[len(at)-1]
		if part == ".." {
			at = at[:max(1, len(at)-1)]
			continue
		}
		next := here.below[part]
		switch {
		case next != nil && next.isDir():
			at = append(at, next)
		case next != nil && next.header.Typeflag == tar.TypeSymlink:
			if links++; links > maxLinks {
				return nil, fmt.Errorf("%s: too many links", name)
			}
			if path.IsAbs(next.header.Linkname) {
				at = at[:1]
			}
			rest = append(parts(next.header.Linkname), rest...)
		default: // a directory replaces a file
			next = &node{layer: layer, below: map[string]*node{}}
			here.below[part] = next
			at = append(at, next)
		}
	}
	return at[len(at)-1], nil
}

// parts returns the names in a path; names that end in ".." are kept.
func parts(name string) []string {
	return slices.DeleteFunc(strings.Split(name, "/"), func(s string) bool { return s == "" || s == "." })
}

// find returns the node of a path, whose last name is not followed; nil if it does not exist.
func (t *tree) find(name string, layer int) (*node, error) {
	dir, base := path.Split(path.Clean("/" + name))
	parent, err := t.dir(dir, layer)
	if err != nil {
		return nil, err
	}
	return parent.below[base], nil
}

// write writes the tree as a tar: links and devices by name, then files in the order of the layers,
// then directories, the lowest first: so whoever unpacks it gives them the right times. Further names
// of a file follow it as hard links.
func (t *tree) write(w io.Writer) error {
	out := tar.NewWriter(w)
	l := lister{out: out, files: make([]map[int][]string, len(t.image.Layers))}
	if err := l.list("", t.root); err != nil {
		return err
	}
	for n, wanted := range l.files {
		if len(wanted) == 0 {
			continue
		}
		err := t.read(n, func(index int, h *tar.Header, content io.Reader) error {
			return writeFile(out, h, wanted[index], content)
		})
		if err != nil {
			return err
		}
	}
	for _, h := range slices.Backward(l.dirs) {
		if err := out.WriteHeader(h); err != nil {
			return err
		}
	}
	return out.Close()
}

// lister writes what has no content. It collects directories, parents first, and the names of files by
// layer and index.
type lister struct {
	out   *tar.Writer
	dirs  []*tar.Header
	files []map[int][]string
}

func (l *lister) list(dir string, n *node) error {
	for _, name := range slices.Sorted(maps.Keys(n.below)) {
		b := n.below[name]
		at := path.Join(dir, name)
		switch {
		case b.inode == nil:
		case b.isDir():
			l.dirs = append(l.dirs, named(b.header, at+"/"))
		case hasContent(b.header):
			if l.files[b.inode.layer] == nil {
				l.files[b.inode.layer] = map[int][]string{}
			}
			l.files[b.inode.layer][b.index] = append(l.files[b.inode.layer][b.index], at)
		default:
			if err := l.out.WriteHeader(named(b.header, at)); err != nil {
				return err
			}
		}
		if err := l.list(at, b); err != nil {
			return err
		}
	}
	return nil
}

func hasContent(h *tar.Header) bool {
	return h.Typeflag == tar.TypeReg || h.Typeflag == tar.TypeGNUSparse
}

// writeFile writes a file with all its names.
func writeFile(out *tar.Writer, h *tar.Header, names []string, content io.Reader) error {
	if len(names) == 0 {
		return nil
	}
	first := named(h, names[0])
	first.Typeflag = tar.TypeReg
	if err := out.WriteHeader(first); err != nil {
		return err
	}
	if _, err := io.Copy(out, content); err != nil {
		return err
	}
	for _, name := range names[1:] {
		link := named(h, name)
		link.Typeflag, link.Linkname, link.Size = tar.TypeLink, names[0], 0
		if err := out.WriteHeader(link); err != nil {
			return err
		}
	}
	return nil
}

// named returns a header for a name.
func named(h *tar.Header, name string) *tar.Header {
	out := *h
	out.Name, out.Format = name, tar.FormatPAX
	out.AccessTime, out.ChangeTime = time.Time{}, time.Time{}
	return &out
}
