package module

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// Source is a file system as a local source to mount into a solve. All its
// times are equal and all its files root's, so that the engine's cache knows
// them again anywhere.
func Source(files fs.FS) fsutil.FS { return source{files} }

type source struct{ files fs.FS }

func (s source) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	target = path.Clean("./" + target)
	return fs.WalkDir(s.files, target, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		switch {
		case d.IsDir():
			mode = os.ModeDir | 0o755
		case d.Type() == fs.ModeSymlink:
			to, err := fs.ReadLink(s.files, name)
			if err != nil {
				return err
			}
			stat := &types.Stat{Path: name, Mode: uint32(os.ModeSymlink | 0o777), ModTime: modified, Linkname: to}
			return fn(name, &fsutil.DirEntryInfo{Stat: stat}, nil)
		case info.Mode()&0o100 != 0:
			mode = 0o755
		}
		stat := &types.Stat{Path: name, Mode: uint32(mode), ModTime: modified}
		if !d.IsDir() {
			stat.Size = info.Size()
		}
		return fn(name, &fsutil.DirEntryInfo{Stat: stat}, nil)
	})
}

// modified is the time of all files, in nanoseconds: that of the layers.
const modified = 315532800 * 1e9

func (s source) Open(name string) (io.ReadCloser, error) { return s.files.Open(path.Clean(name)) }
