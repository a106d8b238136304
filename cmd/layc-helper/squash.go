package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// squash makes the system at / what the tree after is, in the one execution
// that it runs in: what a component's steps have made in several becomes one
// layer. All that differs bears the canonical time. Scratch space, and what the
// engine mounts into every step, stay as they are.
func squash(after string) error {
	start := time.Now().Add(-time.Second)
	s := &squashing{after: after, placing: &placing{tree: after, root: "/", links: map[uint64]string{}}}
	if err := s.compare("/"); err != nil {
		return err
	}
	return settle("/", start)
}

// left are the paths that squash passes over.
var left = []string{
	"/.layc", "/tmp", "/var/tmp", "/run", "/proc", "/sys", "/dev", "/etc/resolv.conf", "/etc/hosts",
}

type squashing struct {
	after   string
	placing *placing
}

// compare makes a directory that both have the same.
func (s *squashing) compare(dir string) error {
	old, err := names(dir)
	if err != nil {
		return err
	}
	now, err := names(s.after + dir)
	if err != nil {
		return err
	}
	for _, name := range old {
		p := filepath.Join(dir, name)
		if _, is := slices.BinarySearch(now, name); !is && !slices.Contains(left, p) {
			if err := os.RemoveAll(p); err != nil {
				return err
			}
		}
	}
	for _, name := range now {
		p := filepath.Join(dir, name)
		if slices.Contains(left, p) {
			continue
		}
		_, was := slices.BinarySearch(old, name)
		if err := s.entry(p, was); err != nil {
			return err
		}
	}
	return nil
}

// entry makes one path the same.
func (s *squashing) entry(p string, was bool) error {
	var is, old syscall.Stat_t
	if err := syscall.Lstat(s.after+p, &is); err != nil {
		return err
	}
	dir := is.Mode&syscall.S_IFMT == syscall.S_IFDIR
	if was {
		if err := syscall.Lstat(p, &old); err != nil {
			return err
		}
		same := old.Mode == is.Mode && old.Uid == is.Uid && old.Gid == is.Gid
		if !dir && same && old.Size == is.Size && old.Mtim == is.Mtim {
			return nil
		}
		if dir && same {
			return s.compare(p)
		}
	}
	if err := s.placing.one(s.after+p, p); err != nil {
		return err
	}
	if dir {
		if err := s.compare(p); err != nil {
			return err
		}
	}
	stamp := []unix.Timespec{{Sec: epoch.Unix()}, {Sec: epoch.Unix()}}
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, p, stamp, unix.AT_SYMLINK_NOFOLLOW); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
