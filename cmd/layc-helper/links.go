package main

import (
	"maps"
	"slices"

	"golang.org/x/sys/unix"
)

// Files with several names. A layer holds links among what it holds, and no
// link to a file of a lower layer. So all names of a file are written if one of
// them is, or if the names that it has are not those that it had. How many names
// a file has, its count of links does not say: engines link files of different
// snapshots.

// inode is what tells files of one tree apart.
type inode struct{ dev, ino uint64 }

func statInode(s *unix.Stat_t) inode { return inode{s.Dev, s.Ino} }

// inodes are the names of those files of a tree that may have several.
type inodes map[inode][]string

func newInodes() inodes { return inodes{} }

func (n inodes) add(s *unix.Stat_t, p string) {
	if s.Nlink > 1 {
		n[statInode(s)] = append(n[statInode(s)], p)
	}
}

func (n inodes) names(s *unix.Stat_t) []string { return slices.Clone(n[statInode(s)]) }

// byName says which file a name is one of.
func (n inodes) byName() map[string]inode {
	out := map[string]inode{}
	for i, names := range n {
		for _, p := range names {
			out[p] = i
		}
	}
	return out
}

// mixed are the names that have to be written although their content is equal.
// old has the names that stay, now those of the new tree; rewritten says which of
// those are written anyway.
func mixed(old, now inodes, rewritten func(string) bool) []string {
	was, is := old.byName(), now.byName()
	more := map[string]bool{}
	write := func(p string) bool { return more[p] || rewritten(p) }
	// What is one file now: if a name is written, or the names were not one
	// file, all are.
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
	// What was one file: the first of the names that are left stays, and with it
	// those that still are the same file. The others are parted from it.
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
