// Package project sends the project's files that steps copy to the engine.
//
// An engine keeps the files that it received. For the next build it compares type, mode, size,
// time and link target of each file, and requests the content of files that differ. Size and time
// of a project's file do not prove equal content: a tool may have restored the time, or swapped
// two files. So each file is sent with a time computed from better evidence: on Linux the file's
// identity and its change time, which nobody can set. No layer and no cache key of the engine
// contains these times.
package project

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/layc-lang/layc/compiler/model"
)

// Source returns selections from a tree of files, as a local source for a solve. It has a directory
// for each selection, with the map's name, and in that one directory,
// [component.Selection.Root], with the selected tree. Everything belongs to root. Modes are 0755
// for directories and for executable files, else 0644.
func Source(files fs.FS, selections map[string]*model.Selection) fsutil.FS {
	return &source{files: files, selections: selections, names: map[string]string{}}
}

type source struct {
	files      fs.FS
	selections map[string]*model.Selection
	at         time.Time // zero: when it is walked

	mu    sync.Mutex
	names map[string]string // in files, by the paths that Walk reported
}

// At returns the tree with the evidence of a time: what had just changed then is always read, while the file's
// identity proves the version of what had not. Two walks of it find equal times only if the files did not
// change between them.
func (s *source) At(t time.Time) fsutil.FS {
	return &source{files: s.files, selections: s.selections, at: t, names: map[string]string{}}
}

// Walk calls fn for the whole tree, in the order of paths. The engine always walks whole trees.
func (s *source) Walk(ctx context.Context, _ string, fn fs.WalkDirFunc) error {
	start := s.at
	if start.IsZero() {
		start = time.Now()
	}
	for _, dir := range slices.Sorted(maps.Keys(s.selections)) {
		t := &tree{source: s, selection: s.selections[dir], root: path.Join(dir, s.selections[dir].Root()), start: start, first: map[[2]uint64]string{}}
		for _, above := range []string{dir, t.root} {
			if err := fn(above, &fsutil.DirEntryInfo{Stat: &types.Stat{Path: above, Mode: uint32(fs.ModeDir | 0o755)}}, nil); err != nil {
				return err
			}
		}
		if err := t.walk(ctx, fn); err != nil {
			return err
		}
	}
	return nil
}

// tree is the tree of one selection.
type tree struct {
	*source
	selection *model.Selection
	root      string // in the source
	start     time.Time
	first     map[[2]uint64]string // the first paths of the files that have several
}

func (t *tree) walk(ctx context.Context, fn fs.WalkDirFunc) error {
	taken, _, err := t.selection.Files(t.files, func() bool { return ctx.Err() == nil })
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	for _, f := range taken {
		stat, err := t.stat(f)
		if err != nil {
			return err
		}
		t.mu.Lock()
		t.names[stat.Path] = f.Name
		t.mu.Unlock()
		if err := fn(stat.Path, &fsutil.DirEntryInfo{Stat: stat}, nil); err != nil {
			return err
		}
	}
	return nil
}

// stat describes a file for the engine.
func (t *tree) stat(f model.Taken) (*types.Stat, error) {
	stat := &types.Stat{Path: path.Join(t.root, f.Path)}
	if f.IsDir() {
		stat.Mode = uint32(fs.ModeDir | 0o755)
		return stat, nil
	}
	info, err := f.Info()
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		stat.Mode, stat.Size = uint32(fs.ModeSymlink|0o777), info.Size()
		stat.Linkname, err = fs.ReadLink(t.files, f.Name)
		return stat, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s cannot be copied: not a regular file", f.Name)
	}
	stat.Mode, stat.Size = 0o644, info.Size()
	if info.Mode()&0o111 != 0 {
		stat.Mode = 0o755
	}
	if stat.ModTime, err = t.stamp(f.Name, info, t.start); err != nil {
		return nil, err
	}
	if id, several := model.Inode(info); several && t.selection.Links != "" {
		if p, ok := t.first[id]; ok {
			stat.Linkname = p // the size stays, since the engine compares it
		} else {
			t.first[id] = stat.Path
		}
	}
	return stat, nil
}

// Open opens a file that Walk reported. It never fails, since the engine would treat an error as
// an empty file; reading fails instead.
func (s *source) Open(p string) (io.ReadCloser, error) {
	s.mu.Lock()
	name := s.names[p]
	s.mu.Unlock()
	f, err := s.files.Open(name)
	if err != nil {
		return unreadable{err}, nil
	}
	return f, nil
}

// unreadable is a file that cannot be read.
type unreadable struct{ err error }

func (u unreadable) Read([]byte) (int, error) { return 0, u.err }
func (u unreadable) Close() error             { return nil }

// settled is the age from which a file's change time identifies its version. File systems round
// times, FAT to two seconds.
const settled = 2 * time.Second

// stamp returns a time that differs between files that may differ. It is computed from the file's
// identity and change time, or from its content if these prove nothing.
func (s *source) stamp(name string, info fs.FileInfo, now time.Time) (int64, error) {
	if change, id := changed(info); id != nil && now.Sub(change) > settled {
		return asTime(sha256.Sum256(id)), nil
	}
	f, err := s.files.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	return asTime([sha256.Size]byte(h.Sum(nil))), nil
}

// asTime converts a hash to a time, in nanoseconds, that every file system can store.
func asTime(sum [sha256.Size]byte) int64 {
	seconds := binary.BigEndian.Uint64(sum[:]) % (1 << 31)
	nanoseconds := binary.BigEndian.Uint64(sum[8:]) % 1e9
	return int64(seconds*1e9 + nanoseconds)
}
