package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// What an effect changes, something else may have changed in the tree that it is done
// to: a package, or a component that it does not need. What is there may be
//
//   - as before the effect: it is changed;
//   - as after it: it stays;
//   - something else: then both changes are merged if the file is one that can be,
//     see merge.go; it is deleted if programs make it again; or it is a conflict.
//
// If another component's steps have changed it, it must be as after the effect, even
// if it is as before: they may have changed it back. So no change is lost without a
// word, and what comes out does not depend on which effect comes first.

// dispute is a path that an effect and something else change differently.
type dispute struct {
	path string
	with int // the record of the other component; -1: it has none
	how  string
}

// disputeError reports the conflicts of an effect, by its number, in words that layc
// reads.
func disputeError(root string, n int, e effect, all []dispute) error {
	slices.SortStableFunc(all, func(a, b dispute) int { return strings.Compare(a.path, b.path) })
	all = slices.CompactFunc(all, func(a, b dispute) bool { return a.path == b.path })
	c, by := all[0], ""
	if c.with < 0 || e.word == installs {
		by = cmp.Or(packageOf(root, c.path), packageOf(e.after, c.path), chosenOf(root, e, c.path))
		if by == "" && merges(c.path) != nil {
			by = cmp.Or(adder(root, c.how), adder(e.after, c.how))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "conflict: %d %d %q %q", n, c.with, by, c.how)
	for _, c := range all[:min(len(all), maxDifferences)] {
		fmt.Fprintf(&b, " %q", c.path)
	}
	return errors.New(b.String())
}

// chosenOf is the package that a link of update-alternatives leads to, as packages have it without
// what components have changed; "" for another path.
func chosenOf(root string, e effect, p string) string {
	if filepath.Dir(p) != "/etc/alternatives" {
		return ""
	}
	if e.word == installs {
		root = e.after
	}
	to, err := os.Readlink(root + p)
	if err != nil {
		return ""
	}
	return packageOf(root, to)
}

// packageOf is the package of Debian that installs a path, or "".
func packageOf(root, p string) string {
	lists, _ := filepath.Glob(root + "/var/lib/dpkg/info/*.list")
	for _, l := range lists {
		text, err := os.ReadFile(l)
		if err == nil && slices.Contains(strings.Split(string(text), "\n"), p) {
			name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(l), ".list"), ":")
			return name
		}
	}
	return ""
}

// meeting is an effect that meets the tree that it is done to.
type meeting struct {
	*packing
	others    *strangers
	was       trees           // before the effect, and the tree that it is done to
	is        trees           // after the effect, and the tree that it is done to
	old, new  numbering       // of accounts before and after the effect, in the tree
	stays     map[string]bool // is as after the effect already
	conflicts []dispute
}

// meet decides what of an effect is written. earlier are numbers of accounts, see numberings.
func (s *packing) meet(others *strangers, earlier map[string]uint32) ([]dispute, error) {
	m := &meeting{packing: s, others: others, stays: map[string]bool{}}
	if s.before == s.root {
		for _, c := range s.entries {
			c.there, c.is = c.old, c.was
		}
		return nil, nil
	}
	var err1, err2 error
	m.was, err1 = compareTrees(s.before, s.root)
	m.is, err2 = compareTrees(s.after, s.root)
	var err3 error
	m.old, m.new, err3 = s.numberings(earlier)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	for _, c := range s.entries {
		m.old.renumber(&c.old)
		m.new.renumber(&c.now)
	}
	for p, file := range s.files() {
		if n, ok := others.linked(p, file); ok {
			m.conflicts = append(m.conflicts, dispute{p, n, "becomes a name of different files"})
		}
	}
	if err := m.removals(); err != nil {
		return nil, err
	}
	for _, p := range slices.Sorted(maps.Keys(s.entries)) {
		if err := m.entry(p, s.entries[p]); err != nil {
			return nil, err
		}
	}
	m.links()
	return m.conflicts, nil
}

// conflict notes a conflict, with a stranger if one has changed the path.
func (m *meeting) conflict(p, how string) {
	with := -1
	if n, ok := m.others.changed(p); ok {
		with = n
	} else if _, n, ok := m.others.cleared(p); ok {
		with = n
	} else if n, ok := m.others.within[p]; ok {
		with = n
	}
	m.conflicts = append(m.conflicts, dispute{p, with, how})
}

// at is what is at a path of a tree; false if nothing is.
func at(root, p string) (s unix.Stat_t, found bool, err error) {
	err = lstat(root+p, &s)
	if missing(err) {
		return s, false, nil
	}
	return s, err == nil, err
}

// removals leaves out of what is removed what is gone already. Nothing else may have
// changed in the rest.
func (m *meeting) removals() error {
	var left []string
	for _, p := range m.removed {
		_, found, err := at(m.root, p)
		if err != nil {
			return err
		}
		if _, ok := m.others.keeps(p); ok {
			if left, err = m.spares(p, left); err != nil {
				return err
			}
			continue
		}
		if n, ok := m.others.within[p]; ok {
			m.conflicts = append(m.conflicts, dispute{p, n, ""})
			continue
		}
		if _, ok := m.others.turned(p); ok {
			m.conflict(p, "")
			continue
		}
		if !found || !m.directoryThere(filepath.Dir(p)) {
			continue
		}
		if err := m.goes(p); err != nil {
			return err
		}
		left = append(left, p)
	}
	m.removed = left
	return nil
}

// spares appends to paths that are removed those at a path and beneath it that no tree has
// placed.
func (m *meeting) spares(p string, left []string) ([]string, error) {
	there, found, err := at(m.root, p)
	if err != nil || !found {
		return left, err
	}
	if _, ok := m.others.keeps(p); !ok {
		return append(left, p), m.goes(p)
	}
	if kind(&there) != unix.S_IFDIR {
		return left, nil
	}
	all, err := names(m.root + p)
	if err != nil {
		return left, err
	}
	for _, name := range all {
		if left, err = m.spares(filepath.Join(p, name), left); err != nil {
			return left, err
		}
	}
	return left, nil
}

// goes looks for conflicts in what is at a path and beneath it, which is to go.
func (m *meeting) goes(p string) error {
	there, found, err1 := at(m.root, p)
	old, was, err2 := at(m.before, p)
	if err := errors.Join(err1, err2); err != nil || !found {
		return err
	}
	how := "missing"
	m.old.renumber(&old)
	if was {
		var err error
		if how, err = m.was.differ(p, &old, &there); err != nil {
			return err
		}
	}
	_, changed := m.others.changed(p)
	if (how != "" || changed) && !disposable(p) {
		m.conflict(p, "")
		return nil
	}
	if kind(&there) != unix.S_IFDIR {
		return nil
	}
	all, err := names(m.root + p)
	if err != nil {
		return err
	}
	for _, name := range all {
		if err := m.goes(filepath.Join(p, name)); err != nil {
			return err
		}
	}
	return nil
}

// entry decides about a path that is written.
func (m *meeting) entry(p string, c *change) error {
	var err error
	if c.there, c.is, err = at(m.root, p); err != nil || !c.rewrite {
		return err
	}
	if n, ok := m.others.keeps(p); ok {
		c.rewrite = false
		if is := m.others.all[n].marks[p]; (is == directory) != (kind(&c.now) == unix.S_IFDIR) || is == 0 {
			m.conflicts = append(m.conflicts, dispute{p, n, "is a directory for only one of them"})
		}
		return nil
	}
	if c.linked { // its content is as before, and so not for this effect to say
		c.rewrite, err = m.asBefore(p, c)
		return err
	}
	if dir, n, ok := m.others.cleared(p); ok {
		m.conflicts = append(m.conflicts, dispute{dir, n, ""})
		return nil
	}
	if dir := filepath.Dir(p); !m.directoryThere(dir) {
		m.conflict(dir, "")
		return nil
	}
	if n, ok := m.others.within[p]; ok && kind(&c.now) != unix.S_IFDIR {
		m.conflicts = append(m.conflicts, dispute{p, n, ""})
		return nil
	}
	if _, changed := m.others.changed(p); !changed {
		if before, err := m.asBefore(p, c); before || err != nil {
			if err == nil && c.is && kind(&c.there) == unix.S_IFDIR && kind(&c.now) != unix.S_IFDIR {
				err = m.goes(p)
			}
			return err
		}
	}
	how := ""
	if c.is {
		if how, err = m.is.differ(p, &c.now, &c.there); err != nil {
			return err
		}
	}
	if _, turned := m.others.turned(p); c.is && how == "" && !turned {
		c.rewrite, m.stays[p] = false, true
		return nil
	}
	return m.differs(p, c, how)
}

// asBefore reports whether a path is as before the effect.
func (m *meeting) asBefore(p string, c *change) (bool, error) {
	if !c.was || !c.is {
		return !c.was && !c.is, nil
	}
	how, err := m.was.differ(p, &c.old, &c.there)
	return how == "", err
}

// differs decides about a path that is neither as before the effect nor as after it.
func (m *meeting) differs(p string, c *change, how string) error {
	switch {
	case kind(&c.now) == unix.S_IFDIR || c.is && kind(&c.there) == unix.S_IFDIR:
	case disposable(p):
		c.rewrite = false
		if c.is {
			m.removed = append(m.removed, p)
		}
		return nil
	case p == loaderCache:
		c.rewrite, m.reload = false, true
		return nil
	case merges(p) != nil:
		text, why, err := m.merge(p, c)
		if err != nil {
			return err
		}
		if c.merged = text; text != nil {
			return nil
		}
		how = why
	}
	m.conflict(p, how)
	return nil
}

// directoryThere reports whether a path is a directory in the tree, once what the
// effect writes above it is written.
func (m *meeting) directoryThere(dir string) bool {
	if dir == "/" {
		return true
	}
	if c := m.entries[dir]; c != nil && c.rewrite {
		return kind(&c.now) == unix.S_IFDIR
	}
	there, found, err := at(m.root, dir)
	return err == nil && found && kind(&there) == unix.S_IFDIR
}

// links has all names of a file written that are as they should be, if one of them
// is written, or if they are not one file.
func (m *meeting) links() {
	for _, names := range m.now {
		var mine []string
		write := false
		files := map[inode]bool{}
		for _, p := range names {
			c := m.entries[p]
			if c.rewrite && c.merged == nil || m.stays[p] {
				mine = append(mine, p)
				files[statInode(&c.there)] = true
			}
			write = write || c.rewrite && c.merged == nil
		}
		for _, p := range mine {
			m.entries[p].rewrite = write || len(files) > 1
		}
	}
}
