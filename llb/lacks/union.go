package lacks

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

// union is the file system of trees on top of each other, the topmost first, like an image's
// layers. If one has a link or file where another has a directory, the topmost wins. Links are
// followed within the union only.
type union []string

// maxLinks is the maximal number of links on a path, as in the kernel.
const maxLinks = 40

// entry returns the topmost place of a clean absolute path in the trees, without following links;
// "" if none has it.
func (u union) entry(p string) (string, fs.FileInfo) {
	for _, root := range u {
		if info, err := os.Lstat(root + p); err == nil {
			return root + p, info
		}
	}
	return "", nil
}

// resolve follows all links of an absolute path; '..' is the parent of where they lead, as in the kernel. It returns the path without links and its place
// on disk, or fs.ErrNotExist.
func (u union) resolve(p string) (clean, place string, err error) {
	rest := strings.Split(p, "/")
	for links, done := 0, "/"; ; {
		for len(rest) > 0 && (rest[0] == "" || rest[0] == ".") {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			place, _ = u.entry(done)
			return done, place, nil
		}
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			done = path.Dir(done)
			continue
		}
		next := path.Join(done, name)
		at, info := u.entry(next)
		if at == "" {
			return "", "", &fs.PathError{Op: "find", Path: p, Err: fs.ErrNotExist}
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done = next
			continue
		}
		if links++; links > maxLinks {
			return "", "", &fs.PathError{Op: "find", Path: p, Err: syscall.ELOOP}
		}
		target, err := os.Readlink(at)
		if err != nil {
			return "", "", err
		}
		if path.IsAbs(target) {
			done = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
}

// read returns the content of a file; nil if it does not exist.
func (u union) read(p string) ([]byte, error) {
	_, place, err := u.resolve(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := openRegular(place)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	defer f.Close()
	return io.ReadAll(f)
}

// errNotRegular is the error for what is not a file with content.
var errNotRegular = errors.New("it is not a regular file")

// openRegular opens the file at a place without links. To open a pipe would wait for somebody who writes to it,
// and to open a device may do anything.
func openRegular(place string) (*os.File, error) {
	info, err := os.Lstat(place)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	return os.Open(place)
}

// list returns the sorted names in a directory; nil if it does not exist.
func (u union) list(dir string) ([]string, error) {
	clean, _, err := u.resolve(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []string
	for _, root := range u {
		if info, err := os.Lstat(root + clean); err != nil || !info.IsDir() {
			continue
		}
		entries, err := os.ReadDir(root + clean)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			all = append(all, e.Name())
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
