package main

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// squash makes the tree at root what the tree at after is: what a component's
// steps have made in several layers becomes one. placed, unless it is "", is what
// the declared steps among them place in scratch space.
//
// It works in three passes. The first one walks both trees and writes nothing,
// since the comparer trusts that nothing has been written. The second one finds
// the files whose names have to be linked or parted: see links.go. The third one
// writes. It enters a directory only if that is a directory in root, or becomes
// one first, so no link of root is ever followed.
//
// All that is written bears the canonical time, unless times says that it keeps
// its own. Sockets are not kept: no layer holds any.
func squash(root, after, placed string, times bool) error {
	t, err := compareTrees(root, after)
	if err != nil {
		return err
	}
	s := &squashing{trees: t, placed: placed, times: times, old: newInodes(), now: newInodes(), entries: map[string]*change{}, dirs: map[string]bool{}}
	if err := s.top(); err != nil {
		return err
	}
	if err := s.compare("/", true); err != nil {
		return err
	}
	if len(s.broken) > 0 {
		return errors.New("images cannot store these files of the component:\n" + listed(s.broken, "  "))
	}
	for _, p := range mixed(s.old, s.now, s.rewritten) {
		s.rewrite(p)
	}
	return s.write()
}

type squashing struct {
	trees
	placed   string
	times    bool
	old, now inodes
	entries  map[string]*change // of all paths that are kept or written, but for directories that stay
	removed  []string
	broken   []string        // lines for people
	dirs     map[string]bool // to get a time at the end
}

// change is an entry of the new tree.
type change struct {
	now     unix.Stat_t
	old     unix.Stat_t // of what is there
	was     bool        // something is there
	rewrite bool
}

func (s *squashing) rewritten(p string) bool {
	c := s.entries[p]
	return c != nil && c.rewrite
}

// rewrite has a file that is equal written again, as a file of its own.
func (s *squashing) rewrite(p string) { s.entries[p].rewrite = true }

// top compares the roots themselves, which no layer holds.
func (s *squashing) top() error {
	var a, b unix.Stat_t
	if err := errors.Join(lstat(s.trees.old, &a), lstat(s.trees.now, &b)); err != nil {
		return err
	}
	how, err := s.differ("", &a, &b)
	if how != "" {
		s.broken = append(s.broken, "/ "+how+": keep mode 0755 and owner root")
	}
	return err
}

// compare looks for changes in a directory of the new tree. both says that it
// is one of the old tree, too.
func (s *squashing) compare(dir string, both bool) error {
	var old []string
	if both {
		var err error
		if old, err = names(s.trees.old + dir); err != nil {
			return err
		}
	}
	now, err := names(s.trees.now + dir)
	if err != nil {
		return err
	}
	all := slices.Concat(old, now)
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		_, was := slices.BinarySearch(old, name)
		_, is := slices.BinarySearch(now, name)
		if err := s.entry(filepath.Join(dir, name), was, is); err != nil {
			return err
		}
	}
	return nil
}

// entry looks at one path of either tree.
func (s *squashing) entry(p string, was, is bool) error {
	var c change
	if was {
		if err := lstat(s.trees.old+p, &c.old); err != nil {
			return err
		}
		c.was = true
	}
	if is {
		if err := lstat(s.trees.now+p, &c.now); err != nil {
			return err
		}
		is = kind(&c.now) != unix.S_IFSOCK
	}
	switch {
	case was && !is:
		s.removed = append(s.removed, p)
		return nil
	case !is || !was && s.scratch(p):
		return nil
	}
	return s.both(p, &c)
}

// both looks at a path that the new tree keeps.
func (s *squashing) both(p string, c *change) error {
	s.entries[p] = c
	c.rewrite = !c.was
	if c.was {
		how, err := s.differ(p, &c.old, &c.now)
		if err != nil {
			return err
		}
		c.rewrite = how != ""
	}
	if c.rewrite {
		if err := s.fits(p, c); err != nil {
			return err
		}
	}
	if kind(&c.now) != unix.S_IFDIR {
		if c.was {
			s.old.add(&c.old, p)
		}
		s.now.add(&c.now, p)
		return nil
	}
	if !c.rewrite {
		delete(s.entries, p)
	}
	return s.compare(p, c.was && kind(&c.old) == unix.S_IFDIR)
}

// fits notes an entry that no layer can hold.
func (s *squashing) fits(p string, c *change) error {
	how, err := unfit(s.trees.now+p, filepath.Base(p))
	if c.was && kind(&c.old) == unix.S_IFDIR && kind(&c.now) == unix.S_IFDIR {
		// A directory that a layer changes keeps the attributes from below, even if it was
		// created again.
		before, err1 := attributes(s.trees.old + p)
		after, err2 := attributes(s.trees.now + p)
		if how = ""; !slices.Equal(before, after) {
			how = "has different capabilities or attributes than before, which layers cannot change for directories: keep them"
		}
		err = errors.Join(err1, err2)
	}
	if how != "" {
		s.broken = append(s.broken, p+" "+how)
	}
	return err
}

// scratchDirs are the directories in which what runs newly make is not kept.
var scratchDirs = []string{"/tmp", "/var/tmp"}

// engineDirs are where the engine mounts file systems of the kernel. It makes
// them where they are not there.
var engineDirs = []string{"/dev", "/proc", "/sys"}

// inScratch reports whether a path lies in scratch space.
func inScratch(p string) bool {
	return slices.ContainsFunc(scratchDirs, func(d string) bool { return strings.HasPrefix(p, d+"/") })
}

// scratch reports whether a new path is not kept: it lies in scratch space or
// is a directory of the engine's, and no declared step has placed it.
func (s *squashing) scratch(p string) bool {
	if !inScratch(p) && !slices.Contains(engineDirs, p) {
		return false
	}
	if s.placed == "" {
		return true
	}
	var stat unix.Stat_t
	return lstat(s.placed+p, &stat) != nil
}

// write makes root what was found. Directories come before what is in them.
func (s *squashing) write() error {
	for _, p := range s.removed {
		if err := os.RemoveAll(s.trees.old + p); err != nil {
			return err
		}
		s.dirs[filepath.Dir(p)] = true
	}
	var dirs, files []string
	for p, c := range s.entries {
		switch {
		case !c.rewrite:
		case kind(&c.now) == unix.S_IFDIR:
			dirs = append(dirs, p)
		default:
			files = append(files, p)
		}
	}
	slices.Sort(dirs)
	slices.Sort(files)
	for _, p := range dirs {
		if err := s.directory(p); err != nil {
			return err
		}
	}
	first := map[inode]string{}
	for _, p := range files {
		if err := s.file(p, first); err != nil {
			return err
		}
	}
	return s.stampDirs()
}

func (s *squashing) directory(p string) error {
	c, to := s.entries[p], s.trees.old+p
	if c.was && kind(&c.old) != unix.S_IFDIR {
		if err := os.Remove(to); err != nil {
			return err
		}
	}
	if !c.was || kind(&c.old) != unix.S_IFDIR {
		if err := os.Mkdir(to, 0o700); err != nil {
			return err
		}
		s.dirs[filepath.Dir(p)] = true
	}
	s.dirs[p] = true
	return dress(s.trees.now+p, to, &c.now)
}

// file writes a file. Its other names become links to the first one.
func (s *squashing) file(p string, first map[inode]string) error {
	c, to := s.entries[p], s.trees.old+p
	s.dirs[filepath.Dir(p)] = true
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	n := statInode(&c.now)
	if one, ok := first[n]; ok {
		return os.Link(s.trees.old+one, to)
	}
	first[n] = p
	if err := clone(s.trees.now+p, to, &c.now); err != nil {
		return err
	}
	return stamp(to, s.time(p, c))
}

// time returns the new time of a file. Engines treat a file as unchanged if everything that
// they compare is equal, which excludes links and most attributes. So the time
// differs by a nanosecond from the time of the old file, under any of its names. Layers hold whole seconds.
func (s *squashing) time(p string, c *change) unix.Timespec {
	t := unix.Timespec{Sec: epoch.Unix()}
	if s.times {
		t = c.now.Mtim
	}
	all := append(s.now.names(&c.now), p)
	taken := func() bool {
		return slices.ContainsFunc(all, func(name string) bool {
			e := s.entries[name]
			return e.was && e.old.Mtim == t
		})
	}
	for taken() {
		t.Nsec = (t.Nsec + 1) % 1e9
	}
	return t
}

// stampDirs gives directories their times, after all is in them, and those that
// lead to them: a layer holds these as well, and a base that says nothing of one
// leaves it the time at which it was unpacked.
func (s *squashing) stampDirs() error {
	for _, p := range slices.Collect(maps.Keys(s.dirs)) {
		for ; p != "/"; p = filepath.Dir(p) {
			s.dirs[p] = true
		}
	}
	for p := range s.dirs {
		t := unix.Timespec{Sec: epoch.Unix()}
		if s.times {
			var now unix.Stat_t
			if err := lstat(s.trees.now+p, &now); err != nil {
				return err
			}
			t = now.Mtim
		}
		if err := stamp(s.trees.old+p, t); err != nil {
			return err
		}
	}
	return nil
}
