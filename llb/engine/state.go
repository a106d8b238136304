//go:build unix

package engine

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// prepareState makes the state directory, or checks one that is there, and
// returns its path without symbolic links. Whoever can write to the directory
// decides what is in images, and whoever can enter it can reach programs in
// snapshots that run as root: it belongs to this user, and to nobody else.
// Errors are *UnavailableErrors.
func prepareState(dir string) (string, error) {
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
	info, err := os.Stat(state)
	if err != nil {
		return "", noState("cannot be used", err)
	}
	if uid := owner(info); uid != os.Geteuid() {
		return "", &UnavailableError{
			What: fmt.Sprintf("the engine's state directory %s belongs to another user (%d, and you are %d)", state, uid, os.Geteuid()),
			Help: "name a directory of your own with --state",
		}
	}
	if info.Mode().Perm()&0o077 == 0 {
		return state, nil
	}
	return state, closeToOthers(state, info.Mode().Perm()&0o022 != 0)
}

// closeToOthers takes the permissions on a state directory away from others.
// A cache that CI restores, or a new volume, is often open to them. What
// somebody else may have written is not used, and the mode of a directory that
// has another purpose is not changed.
func closeToOthers(state string, writable bool) error {
	files, err := stateFiles(state)
	if err != nil {
		return noState("cannot be read", err)
	}
	isState := slices.ContainsFunc(files, func(f fs.DirEntry) bool { return f.Name() == lockName })
	if len(files) > 0 && !isState {
		return &UnavailableError{
			What: fmt.Sprintf("the directory %s holds other files, and other users may open it: the engine's state needs a directory of its own", state),
			Help: "name an empty or a new directory with --state",
		}
	}
	if len(files) > 0 && writable {
		return untrusted(state)
	}
	if err := os.Chmod(state, 0o700); err != nil {
		return noState("cannot be closed to other users", err)
	}
	if !writable {
		return nil
	}
	// Between the two looks another layc may have begun to use the directory,
	// or another user may have put something into it.
	if files, err = stateFiles(state); err != nil {
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
		Help: "remove the directory, which is only a cache, or name another one with --state",
	}
}

func noState(what string, err error) error {
	return &UnavailableError{What: "the engine's state directory " + what, Help: "name another one with --state", Err: err}
}
