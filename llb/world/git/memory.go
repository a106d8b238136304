package git

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// File is a file of a repository.
type File struct {
	Name       string // slash-separated, relative
	Data       []byte // of a link its target
	Executable bool
	Link       bool
}

// mode returns the part of a mode that a checkout keeps with any umask.
func (f File) mode() fs.FileMode {
	switch {
	case f.Link:
		return fs.ModeSymlink | 0o777
	case f.Executable:
		return 0o755
	}
	return 0o644
}

// memory is a file system of verified, immutable files.
type memory struct{ entries map[string]*entry }

// entry is a file or directory.
type entry struct {
	File
	dir      bool
	children []string // sorted names of a directory's entries
}

func newMemory(files []File) memory {
	m := memory{map[string]*entry{".": {File: File{Name: "."}, dir: true}}}
	for _, f := range files {
		m.entries[f.Name] = &entry{File: f}
		for name := f.Name; name != "."; name = path.Dir(name) {
			dir := path.Dir(name)
			parent := m.entries[dir]
			if parent == nil {
				parent = &entry{File: File{Name: dir}, dir: true}
				m.entries[dir] = parent
			}
			if base := path.Base(name); !slices.Contains(parent.children, base) {
				parent.children = append(parent.children, base)
			}
		}
	}
	for _, e := range m.entries {
		slices.Sort(e.children)
	}
	return m
}

func (m memory) entry(op, name string) (*entry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if e := m.entries[name]; e != nil {
		return e, nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// maxLinks limits the number of links on the way to a file.
const maxLinks = 40

// follow resolves a name, including links within the tree.
func (m memory) follow(op, name string) (*entry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	missing := &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	at, rest := ".", strings.Split(name, "/")
	for links := 0; len(rest) > 0; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		e := m.entries[next]
		switch {
		case e == nil || next == ".." || strings.HasPrefix(next, "../"):
			return nil, missing
		case !e.Link:
			at = next
			continue
		case links == maxLinks || path.IsAbs(string(e.Data)):
			return nil, missing
		}
		links++
		rest = append(strings.Split(string(e.Data), "/"), rest...)
	}
	return m.entries[at], nil
}

func (m memory) Open(name string) (fs.File, error) {
	e, err := m.follow("open", name)
	if err != nil {
		return nil, err
	}
	if !e.dir {
		return &openFile{info{e}, bytes.NewReader(e.Data)}, nil
	}
	var list []fs.DirEntry
	for _, c := range e.children {
		list = append(list, fs.FileInfoToDirEntry(info{m.entries[path.Join(e.Name, c)]}))
	}
	return &openDir{info{e}, list}, nil
}

func (m memory) Stat(name string) (fs.FileInfo, error) {
	e, err := m.follow("stat", name)
	if err != nil {
		return nil, err
	}
	return info{e}, nil
}

func (m memory) Lstat(name string) (fs.FileInfo, error) {
	e, err := m.entry("lstat", name)
	if err != nil {
		return nil, err
	}
	return info{e}, nil
}

func (m memory) ReadLink(name string) (string, error) {
	e, err := m.entry("readlink", name)
	if err != nil {
		return "", err
	}
	if !e.Link {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return string(e.Data), nil
}

type info struct{ *entry }

func (i info) Name() string       { return path.Base(i.File.Name) }
func (i info) Size() int64        { return int64(len(i.Data)) }
func (i info) IsDir() bool        { return i.dir }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return i.mode()
}

type openFile struct {
	info info
	*bytes.Reader
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

type openDir struct {
	info info
	rest []fs.DirEntry
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDir) Close() error               { return nil }
func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.File.Name, Err: fs.ErrInvalid}
}

func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(d.rest) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.rest) {
		n = len(d.rest)
	}
	list := d.rest[:n]
	d.rest = d.rest[n:]
	return list, nil
}

// beside reports whether a file belongs to a module: whether its directory or one above is in
// modules.
func beside(name string, modules map[string]bool) bool {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if modules[dir] {
			return true
		}
		if dir == "." || dir == "/" {
			return false
		}
	}
}

// modulesOf returns the directories with .layer files.
func modulesOf(names []string) map[string]bool {
	dirs := map[string]bool{}
	for _, n := range names {
		if strings.HasSuffix(n, ".layer") {
			dirs[path.Dir(n)] = true
		}
	}
	return dirs
}
