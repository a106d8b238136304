package main

import (
	"maps"
	"slices"

	"golang.org/x/sys/unix"
)

// Files with several names. A layer has links between its own files only, not to a file of a
// lower layer. So all names of a file are written if one of them is, or if the set of its names
// changes. The link count does not show how many names a file has, because engines link files of
// different snapshots.

// inode identifies a file of a tree.
type inode struct{ dev, ino uint64 }

func statInode(s *unix.Stat_t) inode { return inode{s.Dev, s.Ino} }

// inodes maps files of a tree that may have several names to these.
type inodes map[inode][]string

func newInodes() inodes { return inodes{} }

func (n inodes) add(s *unix.Stat_t, p string) {
	if s.Nlink > 1 {
		n[statInode(s)] = append(n[statInode(s)], p)
	}
}

func (n inodes) names(s *unix.Stat_t) []string { return slices.Clone(n[statInode(s)]) }

// byName maps names to files.
func (n inodes) byName() map[string]inode {
	out := map[string]inode{}
	for i, names := range n {
		for _, p := range names {
			out[p] = i
		}
	}
	return out
}

// mixed returns the names that must be written although their content is equal. old has the names
// that stay, now the names in the new tree. rewritten reports whether a name is written anyway.
func mixed(old, now inodes, rewritten func(string) bool) []string {
	was, is := old.byName(), now.byName()
	more := map[string]bool{}
	write := func(p string) bool { return more[p] || rewritten(p) }
	// One file in the new tree: if one name is written, or the names were not one file, all are.
	for _, names := range now {
		apart := func(p string) bool {
			i, several := was[p]
			j, first := was[names[0]]
			return !several || !first || i != j
		}
		if len(names) > 1 && (slices.ContainsFunc(names, write) || slices.ContainsFunc(names, apart)) {
			for _, p := range names {
				more[p] = true
			}
		}
	}
	// One file in the old tree: the first of the remaining names stays, with the names that are
	// still the same file. The others are separated from it.
	for _, names := range old {
		names = slices.DeleteFunc(slices.Sorted(slices.Values(names)), write)
		for i, p := range names {
			a, several := is[p]
			b, first := is[names[0]]
			if i > 0 && (!several || !first || a != b) {
				more[p] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(more)), rewritten)
}
