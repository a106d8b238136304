package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/lang/paths"
)

// anywhere allows changes to all paths.
const anywhere = "/"

// verify compares a root file system before and after a component's steps. It fails with a list
// of the changes unless all are within the paths that the component owns. It also allows new
// directories that lead to an owned path, and new entries of scratch space and scratch space
// itself.
//
// A path may have a prefix. After "=", an empty directory may be new, since the engine creates
// it. A path after "+" is the component's own and must not change. A path after "-" is the
// component's own in an owned path, and may be deleted. Other files from lower layers must not be
// deleted, even in owned paths.
//
// Each owned path must exist, and an image must be able to store its content. Sockets, which no
// image can store, are removed. The path "/" allows everything.
func verify(before, after string, paths []string) error {
	t, err := compareTrees(before, after)
	if err != nil {
		return err
	}
	v := &verification{trees: t}
	for _, a := range paths {
		if p, ok := strings.CutPrefix(a, "="); ok {
			v.points = append(v.points, p)
		} else if p, ok := strings.CutPrefix(a, "+"); ok {
			v.placed = append(v.placed, p)
		} else if p, ok := strings.CutPrefix(a, "-"); ok {
			v.owning = append(v.owning, p)
		} else if a == anywhere {
			v.free = true
		} else {
			v.owned = append(v.owned, a)
		}
	}
	for _, p := range v.owned {
		if err := v.there(p); err != nil {
			return err
		}
	}
	if !v.free {
		if err := v.both("/"); err != nil {
			return err
		}
		for _, p := range v.owned {
			// If a link leads to the directory, the component has created the link.
			if dir, err := inside(v.old, path.Dir(p)); err != nil || dir != filepath.Join(v.old, path.Dir(p)) {
				continue
			}
			if err := v.keeps(p); err != nil {
				return err
			}
		}
	}
	if err := v.result(); err != nil {
		return err
	}
	for _, p := range v.owned {
		dir, err := inside(after, path.Dir(p))
		if err == nil {
			err = identify(filepath.Join(dir, path.Base(p)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type verification struct {
	trees
	owned   []string
	free    bool     // it may write anywhere
	points  []string // directories that the engine creates
	placed  []string // paths of the component's steps
	owning  []string // paths of the component's steps within owned paths
	deleted []string // deleted files of lower layers in owned paths
	lacking []string // missing owned paths
	unfit   []string // files that no image can store, with why
	broken  []string // paths that are not owned, with how they changed
	made    []string // the topmost of them that are new or the component's own
}

// result returns one error for all problems: a line that package images of layc reads. Each part
// has a word, the number of its paths, and the first ones, quoted, with what is wrong.
func (v *verification) result() error {
	var b strings.Builder
	part := func(word string, lines []string) {
		if len(lines) == 0 {
			return
		}
		fmt.Fprintf(&b, " %s %d", word, len(lines))
		for _, line := range lines[:min(len(lines), maxDifferences)] {
			fmt.Fprintf(&b, " %q", line)
		}
	}
	part("lacks", v.lacking)
	part("unfit", v.unfit)
	part("deletes", v.deleted)
	part("changes", v.broken)
	if b.Len() == 0 {
		return nil
	}
	part("makes", v.made)
	return errors.New("not kept:" + b.String())
}

// there checks that an owned path exists and that an image can store it.
func (v *verification) there(p string) error {
	dir, err := inside(v.now, path.Dir(p))
	if err != nil && !missing(err) {
		return err
	}
	at := filepath.Join(dir, path.Base(p))
	if _, err1 := os.Lstat(at); err != nil || missing(err1) {
		v.lacking = append(v.lacking, p)
		return nil
	}
	return filepath.WalkDir(at, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		how, err := unfit(file, entry.Name())
		if entry.Type() == fs.ModeSocket {
			return os.Remove(file) // layers have no sockets
		}
		if entry.Type()&(fs.ModeDevice|fs.ModeCharDevice) == fs.ModeDevice {
			how = "is a block device, which copies would turn into a character device: create it in a component without `owns`"
		}
		if how != "" {
			v.unfit = append(v.unfit, p+strings.TrimPrefix(file, at)+" "+how)
		}
		return err
	})
}

// keeps checks that an owned directory still has its old entries.
func (v *verification) keeps(p string) error {
	var old, now unix.Stat_t
	if err := lstat(v.old+p, &old); missing(err) {
		return nil
	} else if err != nil {
		return err
	}
	switch err := lstat(v.now+p, &now); {
	case missing(err):
		if !beneath(p, v.owning) && !slices.Contains(v.owned, p) {
			v.deleted = append(v.deleted, p)
		}
		return nil
	case err != nil:
		return err
	case kind(&old) != unix.S_IFDIR || kind(&now) != unix.S_IFDIR:
		return nil // the layer replaces it
	}
	all, err := names(v.old + p)
	for _, name := range all {
		err = errors.Join(err, v.keeps(filepath.Join(p, name)))
	}
	return err
}

// within reports whether a path is owned.
func (v *verification) within(p string) bool { return beneath(p, v.owned) }

func beneath(p string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return d == "/" || paths.Beneath(p, d) })
}

// differs records a changed path.
func (v *verification) differs(p, how string) {
	v.broken = append(v.broken, p+" "+how)
	if beneath(p, v.placed) {
		v.made = append(v.made, p)
	}
}

// isNew records a new path, unless it is in scratch space or never in an image.
func (v *verification) isNew(p string, stat *unix.Stat_t) {
	if inScratch(p) || kind(stat) == unix.S_IFSOCK {
		return
	}
	v.broken, v.made = append(v.broken, p+" is new"), append(v.made, p)
}

// leads reports whether a path leads to one that may change.
func (v *verification) leads(p string) bool {
	leads := func(a string) bool { return strings.HasPrefix(a, strings.TrimSuffix(p, "/")+"/") }
	return slices.ContainsFunc(v.owned, leads) || slices.ContainsFunc(v.points, leads) || slices.ContainsFunc(scratchDirs, leads)
}

// point reports whether a new path is just a directory created by the engine.
func (v *verification) point(p string) bool {
	if !slices.Contains(v.points, p) {
		return false
	}
	entries, err := os.ReadDir(v.now + p)
	return err == nil && len(entries) == 0
}

// compare compares the entries of a directory that is in both trees.
func (v *verification) compare(dir string) error {
	old, err := names(v.old + dir)
	if err != nil {
		return err
	}
	now, err := names(v.now + dir)
	if err != nil {
		return err
	}
	all := slices.Concat(old, now)
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		p := filepath.Join(dir, name)
		if v.within(p) || isLitter(p) {
			continue
		}
		_, was := slices.BinarySearch(old, name)
		_, is := slices.BinarySearch(now, name)
		switch {
		case !is:
			// A run may remove files that other steps put into scratch space for it.
			if !inScratch(p) || !beneath(p, v.placed) {
				v.differs(p, "is deleted")
			}
		case !was:
			err = v.fresh(p)
		default:
			err = v.both(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fresh checks a new path. If it is a directory that leads to an owned path, it checks its
// entries.
func (v *verification) fresh(p string) error {
	var stat unix.Stat_t
	if err := lstat(v.now+p, &stat); err != nil {
		return err
	}
	if v.within(p) || v.point(p) || slices.Contains(scratchDirs, p) && kind(&stat) == unix.S_IFDIR {
		return nil
	}
	if !v.leads(p) || kind(&stat) != unix.S_IFDIR {
		v.isNew(p, &stat)
		return nil
	}
	now, err := names(v.now + p)
	for _, name := range now {
		err = errors.Join(err, v.fresh(filepath.Join(p, name)))
	}
	return err
}

// both compares a path that is in both trees.
func (v *verification) both(p string) error {
	var a, b unix.Stat_t
	if err := errors.Join(lstat(v.old+p, &a), lstat(v.now+p, &b)); err != nil {
		return err
	}
	if v.sameTree(&a, &b) {
		return nil
	}
	how, err := v.differ(p, &a, &b)
	if err != nil {
		return err
	}
	if how != "" {
		v.differs(p, how)
		return nil
	}
	if kind(&a) == unix.S_IFDIR {
		return v.compare(p)
	}
	return nil
}

// names returns the sorted names in a directory; nil if it does not exist.
func names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out, nil
}
