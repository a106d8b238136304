package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// identityAttribute is set on directories with hard links or devices beneath them. The engine
// finds content that it has copied before by a digest, in which names of one file are different
// files, and devices have no numbers: without the attribute it would take a tree for another one.
// No layer of an image holds the attribute, as the engine stores capabilities alone.
const identityAttribute = "user.layc.identity"

// identify sets the attribute on all directories of a tree on disk that need it, and removes it
// from the others. Its value depends on the names that are one file, and on the devices, beneath
// the directory. A top that is not a directory has none.
func identify(top string) error {
	names := newInodes()
	facts := map[string][]string{} // by directory
	var dirs []string
	err := filepath.WalkDir(top, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			dirs = append(dirs, name)
			return nil
		}
		var stat unix.Stat_t
		if err := lstat(name, &stat); err != nil {
			return err
		}
		if k := kind(&stat); k == unix.S_IFCHR || k == unix.S_IFBLK {
			above(top, name, func(dir string) {
				facts[dir] = append(facts[dir], fmt.Sprintf("device %s %d", strings.TrimPrefix(name, dir), stat.Rdev))
			})
		}
		names.add(&stat, name)
		return nil
	})
	if err != nil {
		return err
	}
	for _, same := range names {
		within := map[string][]string{}
		for _, name := range same {
			above(top, name, func(dir string) { within[dir] = append(within[dir], strings.TrimPrefix(name, dir)) })
		}
		for dir, list := range within {
			if len(list) > 1 {
				facts[dir] = append(facts[dir], fmt.Sprintf("file %q", list))
			}
		}
	}
	for _, dir := range dirs {
		if err := setIdentity(dir, facts[dir]); err != nil {
			return err
		}
	}
	return nil
}

// above calls f with each directory above a name, up to top.
func above(top, name string, f func(dir string)) {
	for dir := filepath.Dir(name); len(dir) >= len(top); dir = filepath.Dir(dir) {
		f(dir)
		if dir == top {
			return
		}
	}
}

func setIdentity(dir string, facts []string) error {
	if len(facts) == 0 {
		if err := unix.Lremovexattr(dir, identityAttribute); err != nil && !errors.Is(err, unix.ENODATA) && !errors.Is(err, unix.ENOTSUP) && !errors.Is(err, unix.EROFS) {
			return fmt.Errorf("%s: %w", dir, err)
		}
		return nil
	}
	slices.Sort(facts)
	sum := sha256.Sum256([]byte(strings.Join(facts, "\n")))
	err := unix.Lsetxattr(dir, identityAttribute, []byte(hex.EncodeToString(sum[:])), 0)
	if errors.Is(err, unix.ENOTSUP) {
		return nil // the disk of the state cannot tell
	}
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return nil
}
