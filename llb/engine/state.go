//go:build unix

package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// A user who can write to the state directory controls the content of images. A user who can
// enter it can run programs in snapshots that run as root. So it must be private to this user.
// Nor may everyone be able to replace it, or a directory above it. The owners of these
// directories are trusted.

// formatName is the file of the state that says which engines can use its cache: those that make the
// same bytes of the same layers.
const (
	formatName = "format"
	format     = "2\n" // layers are compressed by layc
)

// checkState reports why a state directory cannot be used, as far as that is known in advance. It
// changes nothing. Errors are *UnavailableErrors.
func checkState(dir string) error {
	state, err := filepath.Abs(dir)
	if err != nil {
		return noState("cannot be used", err)
	}
	at := state // the existing part of the path
	for {
		if _, err = os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		at = filepath.Dir(at)
	}
	if err == nil {
		err = unix.Access(at, unix.W_OK|unix.X_OK)
	}
	if err == nil {
		if info, _ := os.Stat(at); info != nil && !info.IsDir() {
			err = unix.ENOTDIR
		}
	}
	if err != nil {
		return noState("cannot be used", err)
	}
	if at == state {
		_, err = judgeState(state)
		return err
	}
	return judgeAbove(state, at)
}

// prepareState creates the state directory, or makes an existing one private, and returns its
// path without symbolic links. Errors are *UnavailableErrors.
func prepareState(dir string) (string, error) {
	if err := checkState(dir); err != nil {
		return "", err
	}
	state, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(state, 0o700)
	}
	if err == nil {
		state, err = filepath.EvalSymlinks(state)
	}
	if err != nil {
		return "", noState("cannot be used", err)
	}
	mode, err := judgeState(state)
	if err != nil || mode&0o077 == 0 {
		return state, err
	}
	return state, closeToOthers(state, mode&0o022 != 0)
}

// judgeState returns an error if other users may have written to a directory, or if it has
// another purpose; else its permissions. The caller removes the permissions of others: a cache
// restored by CI, or a new volume, often has some.
func judgeState(state string) (fs.FileMode, error) {
	if err := judgeAbove(state, filepath.Dir(state)); err != nil {
		return 0, err
	}
	info, err := os.Stat(state)
	if err != nil {
		return 0, noState("cannot be used", err)
	}
	if uid := owner(info); uid != os.Geteuid() {
		return 0, &UnavailableError{
			What: fmt.Sprintf("the engine's state directory %s belongs to user %d, not to you (user %d)", state, uid, os.Geteuid()),
			Help: "name a directory of your own with --state",
		}
	}
	mode := info.Mode().Perm()
	if mode&0o077 == 0 {
		return mode, nil
	}
	files, err := stateFiles(state)
	if err != nil {
		return 0, noState("cannot be read", err)
	}
	isState := slices.ContainsFunc(files, func(f fs.DirEntry) bool { return f.Name() == lockName })
	if len(files) > 0 && !isState {
		return 0, &UnavailableError{
			What: fmt.Sprintf("the directory %s has other files and is open to other users; the engine needs a state directory of its own", state),
			Help: "name a new or empty directory with --state",
		}
	}
	if len(files) > 0 && mode&0o022 != 0 {
		return 0, untrusted(state)
	}
	return mode, nil
}

// judgeAbove returns an error if everyone can rename entries of a directory above the state,
// starting with the existing part, or above the targets of links in its path.
func judgeAbove(state, at string) error {
	real, err := filepath.EvalSymlinks(at)
	if err != nil {
		return noState("cannot be used", err)
	}
	for _, dir := range []string{at, real} {
		for ; ; dir = filepath.Dir(dir) {
			info, err := os.Stat(dir)
			if err != nil {
				return noState("cannot be used", err)
			}
			if info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
				return &UnavailableError{
					What: fmt.Sprintf("all users can write to %s, so they could replace the engine's state directory %s", dir, state),
					Help: fmt.Sprintf("remove that permission (chmod o-w %s, or chmod +t as for /tmp), or name another directory with --state", dir),
				}
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return nil
}

// closeToOthers removes others' permissions on a state directory.
func closeToOthers(state string, writable bool) error {
	if err := os.Chmod(state, 0o700); err != nil {
		return noState("cannot be closed to other users", err)
	}
	if !writable {
		return nil
	}
	// In the meantime another layc may have started to use the directory, or another user may
	// have written to it.
	files, err := stateFiles(state)
	if err != nil {
		return noState("cannot be read", err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || owner(info) != os.Geteuid() || info.Mode()&fs.ModeSymlink != 0 {
			return untrusted(state)
		}
	}
	return nil
}

// stateFiles lists a directory without the entries of a new file system.
func stateFiles(dir string) ([]fs.DirEntry, error) {
	files, err := os.ReadDir(dir)
	return slices.DeleteFunc(files, func(f fs.DirEntry) bool { return f.Name() == "lost+found" }), err
}

func owner(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

func untrusted(state string) error {
	return &UnavailableError{
		What: fmt.Sprintf("other users can write to the engine's state directory %s, so images made from it cannot be trusted", state),
		Help: "remove the directory (it is only a cache), or name another one with --state",
	}
}

func noState(what string, err error) error {
	return &UnavailableError{What: "the engine's state directory " + what, Help: "name another one with --state", Err: err}
}
