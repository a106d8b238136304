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

// Whoever can write to the state directory decides what is in images, and whoever
// can enter it can reach programs in snapshots that run as root: it belongs to this
// user, and to nobody else. Nor must everybody be able to put another directory in
// its place, or in that of one above it. Who owns those is trusted.

// checkState reports why a state directory cannot be used, as far as that can be known
// before. It changes nothing. Errors are *UnavailableErrors.
func checkState(dir string) error {
	state, err := filepath.Abs(dir)
	if err != nil {
		return noState("cannot be used", err)
	}
	at := state // what is there of it
	for ; at != filepath.Dir(at); at = filepath.Dir(at) {
		if _, err = os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
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

// prepareState makes the state directory, or closes one that is there to others,
// and returns its path without symbolic links. Errors are *UnavailableErrors.
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

// judgeState returns an error if others may have put something into a directory, or
// if it has another purpose; else its permissions. Those that others have are to be
// taken away: a cache that CI restores, or a new volume, is often open to them.
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

// judgeAbove returns an error if everybody can rename what is in a directory above
// the state, the first of them given, or above where links in its path lead.
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

// closeToOthers takes the permissions on a state directory away from others.
func closeToOthers(state string, writable bool) error {
	if err := os.Chmod(state, 0o700); err != nil {
		return noState("cannot be closed to other users", err)
	}
	if !writable {
		return nil
	}
	// Between the two looks another layc may have begun to use the directory,
	// or another user may have put something into it.
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

// stateFiles lists a directory without what a new file system has in it.
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
