package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Packages choose the numbers of their accounts when they are installed, as those that
// are free. So an account can have another number where a component's steps are done
// than in the image, and owners are kept by name.

// numbering says which numbers of a tree are others in another one.
type numbering struct{ users, groups map[uint32]uint32 }

// accountFiles are the files that say which account has a number.
var accountFiles = [2]string{"/etc/passwd", "/etc/group"}

// accounts are those in a file.
type accounts struct {
	numbers map[string]uint32
	names   map[uint32]string // the first one of a number, as programs look it up
}

// in returns which numbers of accounts are others in another tree. An account whose number the
// effect has changed keeps it: kept are the accounts of the effect's other tree.
func (a accounts) in(kept, other accounts) map[uint32]uint32 {
	out := map[uint32]uint32{}
	for n, name := range a.names {
		k, same := kept.numbers[name]
		if m, ok := other.numbers[name]; ok && m != n && same && k == n {
			out[n] = m
		}
	}
	return out
}

// numberings are what accounts before and after an effect have in the tree at root. Numbers
// that unrelated components have changed there count as they were: the order would decide.
func (s *packing) numberings(earlier map[string]uint32) (old, now numbering, err error) {
	var olds, nows [2]map[uint32]uint32
	for n, file := range accountFiles {
		before, err1 := readAccounts(s.before + file)
		after, err2 := readAccounts(s.after + file)
		there, err3 := readAccounts(s.root + file)
		if err := errors.Join(err1, err2, err3); err != nil {
			return old, now, err
		}
		for name := range there.numbers {
			if number, ok := earlier[accountKey(file, name)]; ok {
				there.numbers[name] = number
			}
		}
		// What was there before the effect never has a number that the effect has chosen.
		olds[n], nows[n] = before.in(before, there), after.in(before, there)
	}
	return numbering{olds[0], olds[1]}, numbering{nows[0], nows[1]}, nil
}

// accountKey names an account in records.
func accountKey(file, name string) string { return file + ":" + name }

// renumbering is a change of an account's number.
type renumbering struct{ was, now uint32 }

// numbers records the accounts whose numbers an effect changes, and those that own what it writes.
func (s *packing) numbers(r *record) error {
	for n, file := range accountFiles {
		before, err1 := readAccounts(s.before + file)
		after, err2 := readAccounts(s.after + file)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		for name, was := range before.numbers {
			if now, ok := after.numbers[name]; ok && now != was {
				r.renumbers[accountKey(file, name)] = renumbering{was, now}
			}
		}
		for _, c := range s.entries {
			if !c.rewrite || c.linked {
				continue
			}
			number := [2]uint32{c.now.Uid, c.now.Gid}[n]
			if name, ok := after.names[number]; ok {
				r.owners[accountKey(file, name)] = number
			}
		}
	}
	return nil
}

// earlier are the numbers of accounts before unrelated components changed them.
func (r *records) earlier(needs []int) map[string]uint32 {
	out := map[string]uint32{}
	for n, one := range r.all {
		for key, number := range one.renumbers {
			if _, ok := out[key]; !ok && !slices.Contains(needs, n) {
				out[key] = number.was
			}
		}
	}
	return out
}

// disagree returns the accounts whose number one component changes, while what an unrelated
// one writes belongs to them by another number.
func (s *strangers) disagree(with record) []dispute {
	var out []dispute
	compare := func(n int, changing, owning record) {
		for _, key := range slices.Sorted(maps.Keys(changing.renumbers)) {
			is := changing.renumbers[key].now
			if number, ok := owning.owners[key]; ok && number != is {
				file, name, _ := strings.Cut(key, ":")
				out = append(out, dispute{file, n, fmt.Sprintf("gives %q the number %d in one of them, and files of the other one belong to %[1]q as %[3]d", name, is, number)})
			}
		}
	}
	for n, one := range s.all {
		if !slices.Contains(s.needs, n) {
			compare(n, one, with)
			compare(n, with, one)
		}
	}
	return out
}

// readAccounts reads a file of accounts; none if it is not one.
func readAccounts(file string) (accounts, error) {
	out := accounts{map[string]uint32{}, map[uint32]string{}}
	info, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() || missing(err) {
		return out, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return out, err
	}
	for _, l := range lines(string(text)) {
		f := strings.Split(l, ":")
		if len(f) < 3 {
			continue
		}
		n, err := strconv.ParseUint(f[2], 10, 32)
		if _, twice := out.numbers[f[0]]; err != nil || twice {
			continue
		}
		out.numbers[f[0]] = uint32(n)
		if _, taken := out.names[uint32(n)]; !taken {
			out.names[uint32(n)] = f[0]
		}
	}
	return out, nil
}

// renumber gives an entry the owner that it has in the other tree.
func (n numbering) renumber(s *unix.Stat_t) {
	if u, ok := n.users[s.Uid]; ok {
		s.Uid = u
	}
	if g, ok := n.groups[s.Gid]; ok {
		s.Gid = g
	}
}
