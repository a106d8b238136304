package frontend

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// tree is a directory tree that BuildKit has, as a file system. BuildKit is asked for a directory
// when it is needed, and once. Links are followed within the tree.
type tree struct {
	ctx context.Context // of the build
	ref reader

	mu   sync.Mutex
	dirs map[string][]*types.Stat // by their paths without links
}

// reader is the part of a [gateway.Reference] that a tree uses.
type reader interface {
	ReadFile(context.Context, gateway.ReadRequest) ([]byte, error)
	ReadDir(context.Context, gateway.ReadDirRequest) ([]*types.Stat, error)
}

func newTree(ctx context.Context, ref reader) *tree {
	return &tree{ctx: ctx, ref: ref, dirs: map[string][]*types.Stat{}}
}

// list returns the entries of a directory, sorted by name.
func (t *tree) list(dir string) ([]*types.Stat, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if entries, ok := t.dirs[dir]; ok {
		return entries, nil
	}
	entries, err := t.ref.ReadDir(t.ctx, gateway.ReadDirRequest{Path: "/" + dir})
	if err != nil {
		return nil, err
	}
	sizes := map[string]int64{}
	for _, e := range entries {
		e.Path = path.Base(e.Path)
		// The second name of a file has no size of its own.
		if fs.FileMode(e.Mode).IsRegular() && e.Linkname != "" {
			e.Size, e.Linkname = sizes[path.Base(e.Linkname)], ""
		}
		sizes[e.Path] = e.Size
	}
	slices.SortFunc(entries, func(a, b *types.Stat) int { return strings.Compare(a.Path, b.Path) })
	t.dirs[dir] = entries
	return entries, nil
}

// top describes the root.
var top = &types.Stat{Path: ".", Mode: uint32(fs.ModeDir | 0o755)}

// maxLinks is Linux's limit for the links that a path leads through.
const maxLinks = 40

// find returns an entry, and its path without links. It follows a last link if follow is set.
func (t *tree) find(op, name string, follow bool) (string, *types.Stat, error) {
	fail := func(err error) (string, *types.Stat, error) {
		return "", nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	at, stat := ".", top
	rest := strings.Split(name, "/")
	for links := 0; len(rest) > 0; {
		first := rest[0]
		if rest = rest[1:]; first == "" || first == "." {
			continue
		}
		if !fs.FileMode(stat.Mode).IsDir() {
			return fail(fs.ErrNotExist)
		}
		if first == ".." {
			if at == "." {
				return fail(fs.ErrNotExist) // outside
			}
			at = path.Dir(at)
			continue
		}
		entries, err := t.list(at)
		if err != nil {
			return fail(err)
		}
		n, ok := slices.BinarySearchFunc(entries, first, func(e *types.Stat, name string) int { return strings.Compare(e.Path, name) })
		if !ok {
			return fail(fs.ErrNotExist)
		}
		if e := entries[n]; fs.FileMode(e.Mode)&fs.ModeSymlink != 0 && (follow || len(rest) > 0) {
			if links++; links > maxLinks {
				return fail(errors.New("too many levels of symbolic links"))
			}
			if path.IsAbs(e.Linkname) {
				return fail(fs.ErrNotExist) // outside
			}
			rest = append(strings.Split(e.Linkname, "/"), rest...)
			continue
		}
		at, stat = path.Join(at, first), entries[n]
	}
	if at == "." {
		stat = top
	}
	return at, stat, nil
}

func (t *tree) Stat(name string) (fs.FileInfo, error) {
	_, stat, err := t.find("stat", name, true)
	if err != nil {
		return nil, err
	}
	return info{&fsutil.StatInfo{Stat: stat}, path.Base(name)}, nil
}

func (t *tree) Lstat(name string) (fs.FileInfo, error) {
	_, stat, err := t.find("lstat", name, false)
	if err != nil {
		return nil, err
	}
	return info{&fsutil.StatInfo{Stat: stat}, path.Base(name)}, nil
}

func (t *tree) ReadLink(name string) (string, error) {
	_, stat, err := t.find("readlink", name, false)
	if err == nil && fs.FileMode(stat.Mode)&fs.ModeSymlink == 0 {
		err = &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return "", err
	}
	return stat.Linkname, nil
}

func (t *tree) ReadDir(name string) ([]fs.DirEntry, error) {
	at, stat, err := t.find("readdir", name, true)
	if err != nil {
		return nil, err
	}
	if !fs.FileMode(stat.Mode).IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a directory")}
	}
	entries, err := t.list(at)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	out := make([]fs.DirEntry, 0, len(entries))
	for _, e := range entries {
		out = append(out, fs.FileInfoToDirEntry(info{&fsutil.StatInfo{Stat: e}, e.Path}))
	}
	return out, nil
}

// chunk is how much is read at once: BuildKit limits its messages.
const chunk = 4 << 20

func (t *tree) ReadFile(name string) ([]byte, error) {
	at, stat, err := t.find("open", name, true)
	if err != nil {
		return nil, err
	}
	if !fs.FileMode(stat.Mode).IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")}
	}
	var text []byte
	for int64(len(text)) < stat.Size {
		part, err := t.ref.ReadFile(t.ctx, gateway.ReadRequest{Filename: "/" + at, Range: &gateway.FileRange{Offset: len(text), Length: chunk}})
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: name, Err: err}
		}
		if len(part) == 0 {
			return nil, &fs.PathError{Op: "read", Path: name, Err: io.ErrUnexpectedEOF}
		}
		text = append(text, part...)
	}
	return text, nil
}

func (t *tree) Open(name string) (fs.File, error) {
	described, err := t.Stat(name)
	if err != nil {
		return nil, err
	}
	if described.IsDir() {
		entries, err := t.ReadDir(name)
		return &openDir{described, entries}, err
	}
	text, err := t.ReadFile(name)
	return &openFile{described, bytes.NewReader(text)}, err
}

// info describes a file. It has no identity, since hard links cannot be seen.
type info struct {
	*fsutil.StatInfo
	name string
}

func (i info) Name() string { return i.name }
func (i info) Sys() any     { return nil }

type openFile struct {
	fs.FileInfo
	*bytes.Reader
}

func (f *openFile) Size() int64                { return f.FileInfo.Size() }
func (f *openFile) Stat() (fs.FileInfo, error) { return f.FileInfo, nil }
func (f *openFile) Close() error               { return nil }

type openDir struct {
	fs.FileInfo
	rest []fs.DirEntry
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.FileInfo, nil }
func (d *openDir) Close() error               { return nil }
func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.Name(), Err: errors.New("is a directory")}
}

func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 || n > len(d.rest) {
		if n > 0 && len(d.rest) == 0 {
			return nil, io.EOF
		}
		n = len(d.rest)
	}
	out := d.rest[:n]
	d.rest = d.rest[n:]
	return out, nil
}
