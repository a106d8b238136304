package workspace

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// overlay is a directory's files, some of them replaced by the texts of open documents.
type overlay struct {
	fs.FS
	texts map[string]string // by name within the directory
}

func (o overlay) Open(name string) (fs.File, error) {
	if text, ok := o.texts[name]; ok {
		return &document{info: docInfo{path.Base(name), len(text)}, Reader: strings.NewReader(text)}, nil
	}
	return o.FS.Open(name)
}

func (o overlay) Stat(name string) (fs.FileInfo, error) {
	if text, ok := o.texts[name]; ok {
		return docInfo{path.Base(name), len(text)}, nil
	}
	return fs.Stat(o.FS, name)
}

func (o overlay) Lstat(name string) (fs.FileInfo, error) {
	if _, ok := o.texts[name]; ok {
		return o.Stat(name)
	}
	return fs.Lstat(o.FS, name)
}

func (o overlay) ReadLink(name string) (string, error) {
	if _, ok := o.texts[name]; ok {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return fs.ReadLink(o.FS, name)
}

func (o overlay) ReadFile(name string) ([]byte, error) {
	if text, ok := o.texts[name]; ok {
		return []byte(text), nil
	}
	return fs.ReadFile(o.FS, name)
}

// ReadDir lists a directory with the documents that are not on the disk yet.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.FS, name)
	added := 0
	for doc, text := range o.texts {
		if path.Dir(doc) != name {
			continue
		}
		base := path.Base(doc)
		entry := fs.FileInfoToDirEntry(docInfo{base, len(text)})
		at, found := slices.BinarySearchFunc(entries, base, func(e fs.DirEntry, n string) int { return strings.Compare(e.Name(), n) })
		if found {
			entries[at] = entry
		} else {
			entries = slices.Insert(entries, at, entry)
		}
		added++
	}
	if added > 0 {
		err = nil
	}
	return entries, err
}

// document is an open document as a file.
type document struct {
	*strings.Reader
	info docInfo
}

func (d *document) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *document) Close() error               { return nil }

type docInfo struct {
	name string
	size int
}

func (i docInfo) Name() string       { return i.name }
func (i docInfo) Size() int64        { return int64(i.size) }
func (i docInfo) Mode() fs.FileMode  { return 0o644 }
func (i docInfo) ModTime() time.Time { return time.Time{} }
func (i docInfo) IsDir() bool        { return false }
func (i docInfo) Sys() any           { return nil }

// nothing is a file system without files.
type nothing struct{}

func (nothing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
