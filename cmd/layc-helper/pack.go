package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A layer of several components is packed: each component's steps have been done on
// a state of their own, and what they changed there is done to the state that the
// layer is put on. What a component has changed is how the trees before and after its
// steps differ.
//
// pack does several effects to the tree at root, one after the other. Each goes in
// four passes. The first one walks the trees before and after. The second one finds
// the files whose names have to be linked or parted: see links.go. The third one looks
// at what is at these paths in root, where others may have changed something: see
// meet.go. None of these writes anything. The fourth one writes. It enters a directory
// only if that is a directory in root, or becomes one first, so no link of root is
// ever followed.
//
// All that is written has the canonical time, unless the effect keeps its times.
// Sockets are not kept: no layer holds any. The directory past has the records of what
// the components below have changed, and gets those of these.
func pack(root, past string, all []effect) error {
	known, err := readRecords(past)
	if err != nil {
		return err
	}
	reload := false
	for n, e := range all {
		conflicts, err := e.do(root, known, &reload)
		if err != nil {
			return err
		}
		if len(conflicts) > 0 {
			return disputeError(root, n, e, e.blame(known, conflicts))
		}
	}
	if reload {
		return reloaded(root)
	}
	return nil
}

// effect is what a component's steps have changed, or one of the other things that a
// layer of several is made of.
type effect struct {
	word          string
	before, after string
	// placed, unless it is "", is a tree of what the declared steps among them place
	// in scratch space.
	placed string
	times  bool   // what is written keeps its time
	needs  []int  // records of those that the component needs or follows
	tree   string // a tree to place
	number int    // of the effect
	// appends are a text to append, and where: see appendText.
	appends []string
}

// The words that begin effects.
const (
	changes   = "--" // BEFORE AFTER PLACED NEEDS
	installs  = "++" // BEFORE AFTER
	places    = "@@" // TREE NEEDS
	holds     = "^^" // TREE NEEDS, a tree that is placed already
	appendsTo = "<<" // NEEDS TEXT FILE OWNER MODE
)

var operands = map[string]int{changes: 4, installs: 2, places: 2, holds: 2, appendsTo: 5}

// effects reads arguments: a word and its operands for each effect.
func effects(args []string) ([]effect, error) {
	var out []effect
	for len(args) > 0 {
		n, ok := operands[args[0]]
		if !ok || len(args) < 1+n {
			return nil, fmt.Errorf("not a valid effect: %q", args)
		}
		e, of := effect{word: args[0], number: len(out)}, args[1:1+n]
		var err error
		switch e.word {
		case changes:
			e.before, e.after, e.placed = of[0], of[1], of[2]
			e.needs, err = numbers(of[3])
		case installs:
			e.before, e.after, e.placed, e.times = of[0], of[1], of[1], true
		case places, holds:
			e.tree = of[0]
			e.needs, err = numbers(of[1])
		case appendsTo:
			e.appends = of[1:]
			e.needs, err = numbers(of[0])
		}
		if err != nil {
			return nil, err
		}
		out, args = append(out, e), args[1+n:]
	}
	return out, nil
}

// do does an effect to the tree at root. reload is set if the loader's cache has to be
// made again.
func (e effect) do(root string, known *records, reload *bool) ([]dispute, error) {
	switch e.word {
	case places, holds:
		made, err := treeRecord(e.tree)
		if c := known.strangers(e.needs).against(made); len(c) > 0 {
			return c, err
		}
		touched := map[string]bool{}
		if err == nil && e.word == places {
			err = errors.Join(place(e.number, e.tree, root, touched), settleTouched(root, touched))
		}
		return nil, errors.Join(err, known.add(made))
	case appendsTo:
		p := e.appends[1]
		if n, ok := known.strangers(e.needs).changed(p); ok {
			return []dispute{{p, n, ""}}, nil
		}
		if err := appendText(root, e.appends[0], p, e.appends[2], e.appends[3]); err != nil {
			return nil, err
		}
		return nil, known.add(record{needs: e.needs, marks: map[string]mark{p: other}})
	}
	s, err := newPacking(root, e)
	if err != nil {
		return nil, err
	}
	if err := s.find(); err != nil {
		return nil, err
	}
	var made record
	others := &strangers{}
	if e.word == changes {
		if made, err = s.record(); err != nil {
			return nil, err
		}
		others = known.strangers(e.needs)
		if c := others.disagree(made); len(c) > 0 {
			return c, nil
		}
	}
	conflicts, err := s.meet(others, known.earlier(e.needs))
	if err != nil || len(conflicts) > 0 {
		return conflicts, err
	}
	if err := s.write(); err != nil {
		return nil, err
	}
	*reload = *reload || s.reload
	if e.word == changes {
		return nil, known.add(made)
	}
	return nil, nil
}

// files are the names of the files that paths are names of, where that is written.
func (s *packing) files() map[string]string {
	out := map[string]string{}
	for p, c := range s.entries {
		if c.rewrite && c.linked {
			out[p] = strconv.Quote(p)
		}
	}
	for _, names := range s.now {
		if len(names) == 1 || !slices.ContainsFunc(names, s.rewritten) {
			continue
		}
		var file strings.Builder
		for _, p := range slices.Sorted(slices.Values(names)) {
			file.WriteString(strconv.Quote(p))
		}
		for _, p := range names {
			out[p] = file.String()
		}
	}
	return out
}

// blame adds to the conflicts of packages who has changed the paths.
func (e effect) blame(known *records, all []dispute) []dispute {
	if e.word == installs {
		others := known.strangers(nil)
		for n, c := range all {
			if with, ok := others.changed(c.path); ok {
				all[n].with = with
			}
		}
	}
	return all
}

// record is what an effect changes. Names of a file that are only linked again are
// not changed.
func (s *packing) record() (record, error) {
	r := newRecord()
	r.needs, r.files = s.needs, s.files()
	if err := s.numbers(&r); err != nil {
		return r, err
	}
	for p, c := range s.entries {
		switch {
		case !c.rewrite || c.linked:
		case kind(&c.now) == unix.S_IFDIR:
			r.marks[p] = directory
		default:
			r.marks[p] = other
		}
	}
	clear := func(p string) error {
		return filepath.WalkDir(s.before+p, func(at string, _ fs.DirEntry, err error) error {
			p := strings.TrimPrefix(at, s.before)
			if _, kept := r.marks[p]; !kept {
				r.marks[p] = gone
			}
			return err
		})
	}
	for _, p := range s.removed {
		if err := clear(p); err != nil {
			return r, err
		}
	}
	for p, c := range s.entries { // what was in a directory that is none now
		if c.was && kind(&c.old) == unix.S_IFDIR && kind(&c.now) != unix.S_IFDIR {
			if err := clear(p); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// packArgs packs the effects that arguments name.
func packArgs(root, past string, args []string) error {
	all, err := effects(args)
	if err != nil {
		return err
	}
	return pack(root, past, all)
}

func newPacking(root string, e effect) (*packing, error) {
	t, err := compareTrees(e.before, e.after)
	return &packing{
		trees: t, effect: e, root: root,
		old: newInodes(), now: newInodes(), entries: map[string]*change{}, dirs: map[string]bool{},
	}, err
}

type packing struct {
	trees
	effect
	root     string // what is written to
	old, now inodes
	entries  map[string]*change // of all paths that are kept or written, but for directories that stay
	removed  []string
	broken   []string        // lines for people
	dirs     map[string]bool // to get a time at the end
	reload   bool            // the loader's cache has to be made again
}

// change is an entry of the new tree.
type change struct {
	now     unix.Stat_t
	old     unix.Stat_t // of what was there
	was     bool        // something was there
	there   unix.Stat_t // of what is there in root
	is      bool        // something is there in root
	rewrite bool
	linked  bool   // it is rewritten only for the sake of other names of the file
	merged  []byte // its content, if it is not the new tree's
}

// find finds what has changed.
func (s *packing) find() error {
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
	return nil
}

func (s *packing) rewritten(p string) bool {
	c := s.entries[p]
	return c != nil && c.rewrite
}

// rewrite has a file that is equal written again, as a file of its own.
func (s *packing) rewrite(p string) { s.entries[p].rewrite, s.entries[p].linked = true, true }

// top compares the roots themselves, which no layer holds.
func (s *packing) top() error {
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
func (s *packing) compare(dir string, both bool) error {
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
func (s *packing) entry(p string, was, is bool) error {
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
	case !is || !was && s.scratch(p) || isLitter(p) && !s.isPlaced(p):
		return nil
	}
	return s.both(p, &c)
}

// both looks at a path that the new tree keeps.
func (s *packing) both(p string, c *change) error {
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
func (s *packing) fits(p string, c *change) error {
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
func (s *packing) scratch(p string) bool {
	return (inScratch(p) || slices.Contains(engineDirs, p)) && !s.isPlaced(p)
}

// isPlaced reports whether a declared step has placed a path of scratch space.
func (s *packing) isPlaced(p string) bool {
	if s.placed == "" {
		return false
	}
	var stat unix.Stat_t
	return lstat(s.placed+p, &stat) == nil
}

// write makes root what was found. Directories come before what is in them.
func (s *packing) write() error {
	for _, p := range s.removed {
		if err := os.RemoveAll(s.root + p); err != nil {
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

func (s *packing) directory(p string) error {
	c, to := s.entries[p], s.root+p
	if c.is && kind(&c.there) != unix.S_IFDIR {
		if err := os.Remove(to); err != nil {
			return err
		}
	}
	if !c.is || kind(&c.there) != unix.S_IFDIR {
		if err := os.Mkdir(to, 0o700); err != nil {
			return err
		}
		s.dirs[filepath.Dir(p)] = true
	}
	s.dirs[p] = true
	return dress(s.trees.now+p, to, &c.now)
}

// file writes a file. Its other names become links to the first one.
func (s *packing) file(p string, first map[inode]string) error {
	c, to := s.entries[p], s.root+p
	s.dirs[filepath.Dir(p)] = true
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if c.merged != nil {
		if err := errors.Join(os.WriteFile(to, c.merged, 0o600), dress(s.trees.now+p, to, &c.now)); err != nil {
			return err
		}
		return stamp(to, s.time(p, c))
	}
	n := statInode(&c.now)
	if one, ok := first[n]; ok {
		return os.Link(s.root+one, to)
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
func (s *packing) time(p string, c *change) unix.Timespec {
	t := unix.Timespec{Sec: epoch.Unix()}
	if s.times {
		t = c.now.Mtim
	}
	all := append(s.now.names(&c.now), p)
	taken := func() bool {
		return slices.ContainsFunc(all, func(name string) bool {
			e := s.entries[name]
			return e.is && e.there.Mtim == t
		})
	}
	for taken() {
		t.Nsec = (t.Nsec + 1) % 1e9
	}
	return t
}

// stampDirs gives directories the canonical time, after all is in them, and those that lead to
// them: a layer holds these as well, and a base that says nothing of one leaves it the time at
// which it was unpacked. In the trees, too, a directory may have the time of its copying.
func (s *packing) stampDirs() error {
	for _, p := range slices.Collect(maps.Keys(s.dirs)) {
		for ; p != "/"; p = filepath.Dir(p) {
			s.dirs[p] = true
		}
	}
	for p := range s.dirs {
		if err := stamp(s.root+p, unix.Timespec{Sec: epoch.Unix()}); err != nil {
			return err
		}
	}
	return nil
}
