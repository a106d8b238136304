package lacks

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/moby/sys/user"
)

// lookUp fails unless a system has the user and the group for a container, "USER" or
// "USER:GROUP". Numbers need no entry. The error is one line: the missing name, a colon, and the
// existing names. It also fails unless the system has each declared user, NAME UID, and no other
// user with its name or number.
func lookUp(who string, trees union, declared []string) error {
	name, group, _ := strings.Cut(who, ":")
	users, err := parse(trees, "/etc/passwd", user.ParsePasswd)
	if err != nil {
		return err
	}
	groups, err := parse(trees, "/etc/group", user.ParseGroup)
	if err != nil {
		return err
	}
	for n := 0; n+1 < len(declared); n += 2 {
		if err := haveDeclared(declared[n], declared[n+1], users); err != nil {
			return err
		}
	}
	var names []string
	for _, u := range users {
		names = append(names, u.Name)
	}
	if err := have("user", name, names); err != nil {
		return err
	}
	names = nil
	for _, g := range groups {
		names = append(names, g.Name)
	}
	return have("group", group, names)
}

// parse reads a file of a system, following links within the system. A missing file is empty.
func parse[T any](trees union, name string, read func(io.Reader) ([]T, error)) ([]T, error) {
	text, err := trees.read(name)
	if err != nil {
		return nil, err
	}
	return read(bytes.NewReader(text))
}

// haveDeclared fails unless a declared user exists, and no other user has its name or its
// number.
func haveDeclared(name, id string, users []user.User) error {
	there := false
	var names []string
	for _, u := range users {
		uid := strconv.Itoa(u.Uid)
		if (u.Name == name) != (uid == id) {
			return Conflict("/etc/passwd", name, id, u.Name, uid)
		}
		there = there || u.Name == name
		names = append(names, u.Name)
	}
	if !there {
		return have("user", name, names)
	}
	return nil
}

// have fails unless a name is a number, empty or in there.
func have(kind, name string, there []string) error {
	if _, err := strconv.Atoi(name); err == nil || name == "" {
		return nil
	}
	for _, n := range there {
		if n == name {
			return nil
		}
	}
	return fmt.Errorf("no %s %s: %s", kind, name, strings.Join(there, " "))
}

// Conflict is the error for an entry that a file of accounts cannot have next to another
// one of the same name or number.
func Conflict(file, name, id, other, otherID string) error {
	return fmt.Errorf("conflicting accounts: %q %q %q %q %q", file, name, id, other, otherID)
}
