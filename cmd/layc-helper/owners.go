package main

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Packages choose the numbers of their accounts when they are installed, as those that
// are free. So an account can have another number where a component's steps are done
// than in the image, and owners are kept by name.

// numbering says which numbers of a tree are others in another one.
type numbering struct{ users, groups map[uint32]uint32 }

// numberings are what accounts of one tree have in another one.
func numberings(from, to string) (numbering, error) {
	users, err1 := renumbered(from, to, "/etc/passwd")
	groups, err2 := renumbered(from, to, "/etc/group")
	return numbering{users, groups}, errors.Join(err1, err2)
}

func renumbered(from, to, file string) (map[uint32]uint32, error) {
	a, err1 := accountNumbers(from + file)
	b, err2 := accountNumbers(to + file)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	out := map[uint32]uint32{}
	for name, n := range a {
		if m, ok := b[name]; ok && m != n {
			out[n] = m
		}
	}
	return out, nil
}

// accountNumbers are the numbers in a file of accounts, by name; none if it is not
// one.
func accountNumbers(file string) (map[string]uint32, error) {
	info, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() || missing(err) {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	out := map[string]uint32{}
	for _, l := range lines(string(text)) {
		f := strings.Split(l, ":")
		if len(f) < 3 {
			continue
		}
		if n, err := strconv.ParseUint(f[2], 10, 32); err == nil {
			out[f[0]] = uint32(n)
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
