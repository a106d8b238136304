// Package project sends the project's files that a step copies to the engine.
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
	"path"
	"sync"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/layc-lang/layc/compiler/model"
)

// Source returns a selection from a tree of files, as a local source for a solve. It is one
// directory, [component.Selection.Root], with the selected tree. Everything belongs to root.
// Modes are 0755 for directories and for executable files, else 0644.
func Source(files fs.FS, s *model.Selection) fsutil.FS {
	return &source{files: files, selection: s, names: map[string]string{}}
}

type source struct {
	files     fs.FS
	selection *model.Selection

	mu    sync.Mutex
	names map[string]string // in files, by the paths that Walk reported
}

// Walk calls fn for the whole tree, in the order of paths. The engine always walks whole trees.
func (s *source) Walk(ctx context.Context, _ string, fn fs.WalkDirFunc) error {
	start := time.Now()
	root := s.selection.Root()
	taken, _, err := s.selection.Files(s.files, func() bool { return ctx.Err() == nil })
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	if err := fn(root, &fsutil.DirEntryInfo{Stat: &types.Stat{Path: root, Mode: uint32(fs.ModeDir | 0o755)}}, nil); err != nil {
		return err
	}
	first := map[[2]uint64]string{}
	for _, t := range taken {
		stat, err := s.stat(t, first, start)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.names[stat.Path] = t.Name
		s.mu.Unlock()
		if err := fn(stat.Path, &fsutil.DirEntryInfo{Stat: stat}, nil); err != nil {
			return err
		}
	}
	return nil
}

// stat describes a file for the engine. first has the first path of each file with several paths.
func (s *source) stat(t model.Taken, first map[[2]uint64]string, now time.Time) (*types.Stat, error) {
	stat := &types.Stat{Path: path.Join(s.selection.Root(), t.Path)}
	if t.IsDir() {
		stat.Mode = uint32(fs.ModeDir | 0o755)
		return stat, nil
	}
	info, err := t.Info()
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		stat.Mode, stat.Size = uint32(fs.ModeSymlink|0o777), info.Size()
		stat.Linkname, err = fs.ReadLink(s.files, t.Name)
		return stat, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s cannot be copied: not a regular file", t.Name)
	}
	stat.Mode, stat.Size = 0o644, info.Size()
	if info.Mode()&0o111 != 0 {
		stat.Mode = 0o755
	}
	if stat.ModTime, err = s.stamp(t.Name, info, now); err != nil {
		return nil, err
	}
	if id, several := model.Inode(info); several && s.selection.Links != "" {
		if p, ok := first[id]; ok {
			stat.Linkname = p // the size stays, since the engine compares it
		} else {
			first[id] = stat.Path
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
