package main

import (
	"errors"
	"hash/fnv"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The scripts of packages take a free number for an account that they add: the lowest one, or the
// highest one. So the number would depend on what else is installed, and on which packages have a
// layer of their own. After an installation, each of these accounts gets a number that depends on
// its name: see preferred. Only if something else in the system has this number, it gets the next
// free one. A user and a group of one name have one number, as the scripts want it.
//
// The accounts are those that are not there before the installation and have a number of the range
// that scripts choose from. All files that are new or changed, and belong to an old number, get
// the new one. An old number of one account may be the new number of another one. So each file is
// changed once, by a map of all numbers.
//
// The lines of the files of accounts are in the order that these have when they are merged, as
// their order would tell what was installed first.

// Scripts choose the numbers of system users and groups in this range. Debian's other packages
// have numbers below it.
const firstChosen, lastChosen = 100, 999

// seed is one with which the usual accounts of Debian's packages prefer different numbers.
const seed = "76441"

// preferred is the number that an account has, unless something else has it.
func preferred(name string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(seed + name))
	return firstChosen + h.Sum32()%(lastChosen-firstChosen+1)
}

// accountTables are the files of accounts.
var accountTables = []string{"etc/passwd", "etc/group", "etc/shadow", "etc/gshadow"}

// tick is the maximal time by which the clock for files lags.
const tick = 10 * time.Millisecond

// assigning calls install, and then gives the accounts that it has added to the system at root
// their numbers.
func assigning(root string, install func() error) error {
	e := &entries{root: root, touched: map[string]bool{}}
	before := map[string][]string{}
	for _, file := range accountTables {
		before[file] = e.lines(file)
	}
	if e.err != nil {
		return e.err
	}
	// What is there already belongs to whom it should, also if it was made a moment ago.
	time.Sleep(2 * tick)
	start := time.Now().Add(-tick)
	if err := install(); err != nil {
		return err
	}
	after := map[string][]string{}
	for _, file := range accountTables {
		after[file] = e.lines(file)
	}
	if e.err != nil {
		return e.err
	}
	n := assignment(before, after)
	for _, file := range accountTables {
		if !slices.Equal(before[file], after[file]) {
			e.write(file, 0o644, assigned(file, before[file], after[file], n))
		}
	}
	if e.err != nil || len(n.users)+len(n.groups) == 0 {
		return e.err
	}
	return n.own(root, start)
}

// lineFields are the fields of the lines that have a name and, after it, a number.
func lineFields(lines []string) [][]string {
	var out [][]string
	for _, l := range lines {
		if f := strings.Split(l, ":"); len(f) > 2 && f[0] != "" {
			out = append(out, f)
		}
	}
	return out
}

// assignment returns the new numbers of accounts, by the numbers that scripts have chosen. Names
// that share a number go on to share one: the first one decides.
func assignment(before, after map[string][]string) numbering {
	n := numbering{map[uint32]uint32{}, map[uint32]uint32{}}
	to := [2]map[uint32]uint32{n.users, n.groups}
	var taken [2]map[uint32]bool
	added := map[string][2]uint32{} // by name: the number of the user and of the group, or 0
	for k, file := range accountTables[:2] {
		taken[k] = map[uint32]bool{}
		there := map[string]bool{}
		for _, f := range lineFields(before[file]) {
			there[f[0]] = true
		}
		names := map[uint32][]string{}
		for _, f := range lineFields(after[file]) {
			number, err := strconv.ParseUint(f[2], 10, 32)
			if err != nil {
				continue
			}
			id := uint32(number)
			names[id] = append(names[id], f[0])
			if there[f[0]] || id < firstChosen || id > lastChosen {
				taken[k][id] = true
			}
		}
		for _, id := range slices.Sorted(maps.Keys(names)) {
			if name := names[id][0]; !taken[k][id] {
				numbers := added[name]
				numbers[k] = id
				added[name] = numbers
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(added)) {
		chosen := added[name]
		id := preferred(name)
		for chosen[0] != 0 && taken[0][id] || chosen[1] != 0 && taken[1][id] {
			if id++; id > lastChosen {
				id = firstChosen
			}
		}
		for k, old := range chosen {
			if old != 0 {
				to[k][old], taken[k][id] = id, true
			}
		}
	}
	return n
}

// assigned returns the lines of a file of accounts with the new numbers, in their order.
func assigned(file string, before, after []string, n numbering) []string {
	t := merges("/" + file)
	out := slices.Clone(after)
	for k, l := range out {
		if slices.Contains(before, l) {
			continue
		}
		f := strings.Split(l, ":")
		for m := range f {
			switch {
			case slices.Contains(t.members, m):
				f[m] = joinedNames("", f[m], "")
			case file == "etc/passwd" && m == 2:
				f[m] = mapped(n.users, f[m])
			case file == "etc/passwd" && m == 3, file == "etc/group" && m == 2:
				f[m] = mapped(n.groups, f[m])
			}
		}
		out[k] = strings.Join(f, ":")
	}
	return t.sorted(out)
}

// mapped is the new number for one in a field.
func mapped(numbers map[uint32]uint32, field string) string {
	n, err := strconv.ParseUint(field, 10, 32)
	if to, ok := numbers[uint32(n)]; ok && err == nil {
		return strconv.FormatUint(uint64(to), 10)
	}
	return field
}

// own gives what was made or changed in the system at root since start to the new numbers. What
// is mounted there stays as it is.
func (n numbering) own(root string, start time.Time) error {
	mounts, err := mountPoints()
	if err != nil {
		return err
	}
	mounted, done := mountsBelow(mounts, root), map[inode]bool{}
	return filepath.WalkDir(root, func(p string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case mounted[p] && entry.IsDir():
			return filepath.SkipDir
		case mounted[p]:
			return nil
		}
		var stat unix.Stat_t
		if err := lstat(p, &stat); err != nil {
			return err
		}
		if time.Unix(stat.Ctim.Unix()).Before(start) || done[statInode(&stat)] {
			return nil
		}
		if stat.Nlink > 1 && !entry.IsDir() {
			done[statInode(&stat)] = true
		}
		return n.ownOne(p, stat)
	})
}

// ownOne gives a file to its new owner. Linux then clears the bits that run a file as its owner,
// and its capabilities, so they are set again.
func (n numbering) ownOne(p string, stat unix.Stat_t) error {
	now := stat
	if n.renumber(&now); now.Uid == stat.Uid && now.Gid == stat.Gid {
		return nil
	}
	capabilities := make([]byte, 64)
	size, err := unix.Lgetxattr(p, capability, capabilities)
	if err != nil {
		size = 0 // it has none, or its file system has none
	}
	if err := unix.Lchown(p, int(now.Uid), int(now.Gid)); err != nil {
		return &fs.PathError{Op: "chown", Path: p, Err: err}
	}
	if kind(&stat) != unix.S_IFLNK {
		if err := unix.Chmod(p, stat.Mode&0o7777); err != nil {
			return &fs.PathError{Op: "chmod", Path: p, Err: err}
		}
	}
	if size > 0 {
		if err := unix.Lsetxattr(p, capability, capabilities[:size], 0); err != nil {
			return &fs.PathError{Op: "set capabilities of", Path: p, Err: err}
		}
	}
	return nil
}
