package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/core/snapshots"
	continuity "github.com/containerd/continuity/fs"
	"github.com/containerd/continuity/sysx"
	"github.com/moby/buildkit/executor"
	resourcestypes "github.com/moby/buildkit/executor/resources/types"
	"golang.org/x/sys/unix"
)

// A file of the layers below may have several names, as hard links. On an overlay mount, a step
// that writes to one name, renames it or links to it makes a file of its own of that name. In a
// copy of the layers the names are still one file. Which name the step took cannot be seen
// afterwards. So the step then runs again on a new copy, where the names of that file are files of
// their own; the names that the step left as they were are made one file again.

// copied is a snapshotter of copies that knows what they are copies of.
type copied struct {
	snapshots.Snapshotter
	mu   sync.Mutex
	from map[string]string // by the directory of a snapshot, the one of its parent
}

func (c *copied) Prepare(ctx context.Context, key, parent string, opts ...snapshots.Opt) ([]mount.Mount, error) {
	made, err := c.Snapshotter.Prepare(ctx, key, parent, opts...)
	if err != nil || parent == "" || len(made) != 1 {
		return made, err
	}
	look := "look-" + key
	of, err := c.Snapshotter.View(ctx, look, parent)
	if err == nil {
		err = c.Snapshotter.Remove(ctx, look)
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.from[made[0].Source] = of[0].Source
	return made, linkAgain(made[0].Source, of[0].Source, nil)
}

// linkAgain makes hard links in a copy of what is not a regular file, which the copy lacks. It
// leaves out files whose first name is in except.
func linkAgain(dir, from string, except map[string]bool) error {
	files, err := severalNames(from)
	if err != nil {
		return err
	}
	for _, names := range files {
		first := filepath.Join(dir, names[0])
		if info, err := os.Lstat(first); err != nil || info.Mode().IsRegular() || except[names[0]] {
			continue // a socket is not copied
		}
		for _, name := range names[1:] {
			if err := replaceFile(filepath.Join(dir, name), func(to string) error { return os.Link(first, to) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// separating is an executor on copied snapshots that keeps the names of a file apart.
type separating struct {
	executor.Executor
	copied *copied
}

func (s separating) Run(ctx context.Context, id string, root executor.Mount, mounts []executor.Mount, process executor.ProcessInfo, started chan<- struct{}) (resourcestypes.Recorder, error) {
	trees, err := s.copied.trees(append([]executor.Mount{root}, mounts...))
	if err != nil {
		return nil, err
	}
	for {
		rec, err := s.Executor.Run(ctx, id, root, mounts, process, started)
		if err != nil {
			return rec, err
		}
		again := false
		for _, t := range trees {
			written, err := t.written()
			if err != nil {
				return rec, err
			}
			again = again || written
		}
		if !again {
			for _, t := range trees {
				err = errors.Join(err, t.unite())
			}
			return rec, err
		}
		if process.Stderr != nil {
			fmt.Fprintln(process.Stderr, "(layc: this step wrote to a hard link of a layer below. Layers are copied here, so it runs again on a copy without that link.)")
		}
		for _, t := range trees {
			if err := t.reset(); err != nil {
				return rec, err
			}
		}
		started = nil
	}
}

// tree is a copy that a step can write to.
type tree struct {
	dir, from string
	files     map[uint64][]string // names of the files with several, by inode
	separate  map[string]bool     // the first name of each file whose names are files of their own
}

// trees returns the copies among the mounts of a step that have files with several names.
func (c *copied) trees(mounts []executor.Mount) ([]*tree, error) {
	var trees []*tree
	for _, m := range mounts {
		if m.Readonly || m.Src == nil {
			continue
		}
		mountable, err := m.Src.Mount(context.Background(), false)
		if err != nil {
			return nil, err
		}
		made, release, err := mountable.Mount()
		if err != nil {
			return nil, err
		}
		if release != nil {
			if err := release(); err != nil {
				return nil, err
			}
		}
		if len(made) != 1 {
			continue
		}
		c.mu.Lock()
		t := &tree{dir: made[0].Source, from: c.from[made[0].Source], separate: map[string]bool{}}
		c.mu.Unlock()
		if t.from == "" {
			continue
		}
		if t.files, err = severalNames(t.dir); err != nil {
			return nil, err
		}
		if len(t.files) > 0 {
			trees = append(trees, t)
		}
	}
	return trees, nil
}

// severalNames returns the names of files with more than one name in a directory, by inode.
func severalNames(dir string) (map[uint64][]string, error) {
	names := map[uint64][]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil || st.Nlink < 2 {
			return err
		}
		name, err := filepath.Rel(dir, path)
		names[st.Ino] = append(names[st.Ino], name)
		return err
	})
	maps.DeleteFunc(names, func(_ uint64, names []string) bool { return len(names) < 2 })
	return names, err
}

// written reports whether the step changed a file that still has several names, or gave it another
// one, and marks these files.
func (t *tree) written() (bool, error) {
	now, err := severalNames(t.dir)
	if err != nil {
		return false, err
	}
	found := false
	for inode, names := range t.files {
		var left []string
		for _, name := range now[inode] {
			if slices.Contains(names, name) {
				left = append(left, name)
			}
		}
		if t.separate[names[0]] || len(left) == 0 {
			continue
		}
		same := len(left) == len(now[inode])
		if same {
			if same, err = sameFile(filepath.Join(t.from, left[0]), filepath.Join(t.dir, left[0])); err != nil {
				return false, err
			}
		}
		if !same {
			t.separate[names[0]], found = true, true
		}
	}
	return found, nil
}

// reset makes the copy again, with separate files for the marked names.
func (t *tree) reset() error {
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(t.dir, e.Name())); err != nil {
			return err
		}
	}
	if err := continuity.CopyDir(t.dir, t.from, continuity.WithAllowXAttrErrors()); err != nil {
		return err
	}
	if err := linkAgain(t.dir, t.from, t.separate); err != nil {
		return err
	}
	files, err := severalNames(t.dir)
	if err != nil {
		return err
	}
	for _, names := range files {
		for _, name := range names[1:] {
			if !t.separate[names[0]] {
				break
			}
			if err := replaceFile(filepath.Join(t.dir, name), func(to string) error { return copyFile(to, filepath.Join(t.from, name)) }); err != nil {
				return err
			}
		}
	}
	t.files = files
	return nil
}

// unite makes one file again of the separate names that the step left as they were.
func (t *tree) unite() error {
	files, err := severalNames(t.from)
	if err != nil {
		return err
	}
	for _, names := range files {
		if !t.separate[names[0]] {
			continue
		}
		var first string
		for _, name := range names {
			path := filepath.Join(t.dir, name)
			same, err := sameFile(filepath.Join(t.from, name), path)
			if err != nil {
				return err
			}
			var st unix.Stat_t
			switch {
			case !same || unix.Lstat(path, &st) != nil || st.Nlink > 1: // the step linked to it
			case first == "":
				first = path
			default:
				if err := replaceFile(path, func(to string) error { return os.Link(first, to) }); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sameFile reports whether b is a file with a's kind, content, owner, mode, time and attributes.
func sameFile(a, b string) (bool, error) {
	var one, other unix.Stat_t
	if err := unix.Lstat(a, &one); err != nil {
		return false, err
	}
	switch err := unix.Lstat(b, &other); {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		return false, nil
	case err != nil:
		return false, err
	}
	if one.Mode != other.Mode || one.Uid != other.Uid || one.Gid != other.Gid || one.Size != other.Size || one.Mtim != other.Mtim || one.Rdev != other.Rdev {
		return false, nil
	}
	keys, err := attributes(a)
	if err != nil {
		return false, err
	}
	if others, err := attributes(b); err != nil || !maps.Equal(keys, others) {
		return false, err
	}
	switch one.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return sameContent(a, b)
	case unix.S_IFLNK:
		to, err := os.Readlink(a)
		if err != nil {
			return false, err
		}
		other, err := os.Readlink(b)
		return to == other, err
	}
	return true, nil
}

// attributes returns the extended attributes of a file.
func attributes(path string) (map[string]string, error) {
	keys, err := sysx.LListxattr(path)
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	values := map[string]string{}
	for _, key := range keys {
		value, err := sysx.LGetxattr(path, key)
		if err != nil {
			return nil, err
		}
		values[key] = string(value)
	}
	return values, err
}

func sameContent(a, b string) (bool, error) {
	one, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer one.Close()
	other, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer other.Close()
	left, right := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		n, err := io.ReadFull(one, left)
		m, err2 := io.ReadFull(other, right)
		if !bytes.Equal(left[:n], right[:m]) {
			return false, nil
		}
		if err != nil || err2 != nil {
			return err == err2 && (err == io.EOF || err == io.ErrUnexpectedEOF), nil
		}
	}
}

// replaceFile replaces a file by the one that put makes at a path near it, which is not there yet.
// Its directory keeps its times.
func replaceFile(path string, put func(to string) error) (err error) {
	var st unix.Stat_t
	if err := unix.Stat(filepath.Dir(path), &st); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".layc-")
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, os.Remove(dir), unix.UtimesNano(filepath.Dir(path), []unix.Timespec{st.Atim, st.Mtim}))
	}()
	to := filepath.Join(dir, "file")
	if err := put(to); err != nil {
		return err
	}
	return os.Rename(to, path)
}

// copyFile copies a regular file with all that sameFile compares.
func copyFile(to, from string) error {
	if err := continuity.CopyFile(to, from); err != nil {
		return err
	}
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	st := info.Sys().(*syscall.Stat_t)
	values, err := attributes(from)
	if err == nil {
		err = os.Lchown(to, int(st.Uid), int(st.Gid))
	}
	for key, value := range values {
		if err == nil {
			err = sysx.LSetxattr(to, key, []byte(value), 0)
		}
	}
	if err == nil {
		err = os.Chmod(to, info.Mode())
	}
	if err == nil {
		err = os.Chtimes(to, info.ModTime(), info.ModTime())
	}
	return err
}
