package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/canon"
)

// epoch is the canonical time of generated files.
var epoch = canon.Time

// leftovers are files that an installation leaves behind, that no image needs, and that depend on
// when or where it ran; patterns relative to the root. Files that are random by design and needed
// are kept, and make a layer differ from build to build: the first cluster of a database server's
// package, and the self-signed certificate of ssl-cert.
var leftovers = []string{
	// Logs.
	"var/log/dpkg.log", "var/log/alternatives.log", "var/log/bootstrap.log", "var/log/fontconfig.log", "var/log/apt/*",
	// Copies of the state before the last change.
	"var/lib/dpkg/*-old", "var/cache/debconf/*-old",
	"etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/subuid-", "etc/subgid-",
	// Caches that are created again when missing. ldconfig's has inode numbers. apt's caches and
	// lists are for an index that no image should rely on.
	"var/cache/ldconfig/aux-cache", "var/cache/apt/*.bin", "var/cache/apt/archives/*.deb", "var/lib/apt/lists/*_*", "var/lib/apt/lists/lock",
	// The identity of one machine, which all containers would share. The service that needs one
	// creates it again, if it ever runs.
	"var/lib/dbus/machine-id", "var/lib/systemd/random-seed", "var/lib/systemd/credential.secret", "etc/ssh/ssh_host_*_key", "etc/ssh/ssh_host_*_key.pub",
	// Scratch space.
	"tmp/*", "tmp/.[!.]*", "var/tmp/*", "var/tmp/.[!.]*",
}

// litterDirs and litterFiles are what apt and dpkg write for themselves: lists and archives of
// packages, logs, and copies of the state before the last change. No layer gets what a run creates
// or changes there. litterFiles are patterns.
var (
	litterDirs  = []string{"/var/cache/apt", "/var/lib/apt/lists", "/var/log/apt"}
	litterFiles = []string{"/var/log/dpkg.log", "/var/log/alternatives.log", "/var/lib/dpkg/*-old", "/var/cache/debconf/*-old"}
)

// isLitter reports whether a path is litter.
func isLitter(p string) bool {
	return slices.ContainsFunc(litterDirs, func(d string) bool { return strings.HasPrefix(p, d+"/") }) ||
		slices.ContainsFunc(litterFiles, func(pattern string) bool {
			match, err := filepath.Match(pattern, p)
			return match && err == nil
		})
}

// left returns what is there of leftovers.
func left(root string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, pattern := range leftovers {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, p := range paths {
			out[p] = true
		}
	}
	if id := machineID(root); notEmpty(id) {
		out[id] = true
	}
	return out, nil
}

func machineID(root string) string { return filepath.Join(root, "etc/machine-id") }

// clean removes leftovers, except for those that were there before, which a declared step has
// placed or an earlier run needs later. It normalizes files that contain times.
func clean(root string, before map[string]bool) error {
	mounts, err := mountPoints()
	if err != nil {
		return err
	}
	mounted := mountsBelow(mounts, root)
	now, err := left(root)
	if err != nil {
		return err
	}
	for p := range now {
		switch {
		case before[p] || mounted[p]:
		case p == machineID(root): // an empty one means that one is created at the first start
			err = os.Truncate(p, 0)
		default:
			err = os.RemoveAll(p)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(
		settleQuestions(filepath.Join(root, "var/cache/debconf/config.dat")),
		settleKeystore(filepath.Join(root, "etc/ssl/certs/java/cacerts")))
}

func notEmpty(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() > 0
}

// settle sets the canonical time on files below root that were written since start, on directories
// that changed since start, that lead to something that did, or that have a mount, and removes
// access control lists that were set since start, which no layer can hold. It does not touch the
// mounts' content. The engine creates its mount points before start, on a slow machine long before.
//
// A layer holds the directories that lead to its files, too. Their own times cannot be kept: where
// the engine copies the layers below for a step, each directory has the time of the copying.
func settle(root string, start time.Time) error {
	mounts, err := mountPoints()
	if err != nil {
		return err
	}
	mounted := mountsBelow(mounts, root)
	dirs, above := map[string]bool{}, map[string]bool{}
	for p := range mounted {
		above[filepath.Dir(p)] = true
	}
	changed := func(path string) {
		for ; path != root; path = filepath.Dir(path) {
			dirs[path] = true
		}
		dirs[root] = true
	}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if mounted[path] {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if above[path] {
			dirs[path] = true
		}
		var stat unix.Stat_t
		if err := lstat(path, &stat); err != nil {
			return err
		}
		if time.Unix(stat.Ctim.Unix()).Before(start) {
			return nil
		}
		if err := removeLists(path); err != nil {
			return err
		}
		if entry.IsDir() {
			changed(path)
			return nil
		}
		changed(filepath.Dir(path))
		if time.Unix(stat.Mtim.Unix()).Before(start) {
			return nil
		}
		return stamp(path, unix.Timespec{Sec: epoch.Unix()})
	})
	if err != nil {
		return err
	}
	for p := range dirs {
		if err := settleDir(p); err != nil {
			return err
		}
	}
	return nil
}

// settleDir sets the canonical time on a directory that has another one. Where layers are overlays,
// a directory that is set to the time that it has would be in the layer.
func settleDir(p string) error {
	var stat unix.Stat_t
	if err := lstat(p, &stat); err != nil {
		return err
	}
	if stat.Mtim == (unix.Timespec{Sec: epoch.Unix()}) {
		return nil
	}
	return stamp(p, unix.Timespec{Sec: epoch.Unix()})
}

// removeLists removes the access control lists of a file. The mode still has their mask.
func removeLists(file string) error {
	all, err := attributes(file)
	for _, a := range all {
		if name, _, _ := strings.Cut(a, "="); strings.HasPrefix(name, accessLists) {
			err = errors.Join(err, unix.Lremovexattr(file, name))
		}
	}
	return err
}

// settleTouched sets the canonical time on directories and files of the system at root, and on
// the directories that lead to them, since a layer has these as well.
func settleTouched(root string, touched map[string]bool) error {
	settled := map[string]bool{}
	for p := range touched {
		for ; !settled[p]; p = filepath.Dir(p) {
			settled[p] = true
			if err := stamp(p, unix.Timespec{Sec: epoch.Unix()}); err != nil {
				return err
			}
			if p == root || p == "/" {
				break
			}
		}
	}
	return nil
}
