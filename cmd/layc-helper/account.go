package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// extras enters users and places trees: "--" and what account takes, or "++"
// and a directory, in any number.
func extras(root string, args []string) error {
	for len(args) > 0 {
		end := len(args)
		if i := slices.IndexFunc(args[1:], func(s string) bool { return s == "--" || s == "++" }); i >= 0 {
			end = 1 + i
		}
		var err error
		switch {
		case args[0] == "--" && end >= 6:
			err = account(root, args[1:end])
		case args[0] == "++" && end == 2:
			err = place(args[1], root)
		default:
			err = fmt.Errorf("want -- NAME UID GID HOME SHELL, or ++ DIR, got %q", args[:end])
		}
		if err != nil {
			return err
		}
		args = args[end:]
	}
	return nil
}

// account enters a user, and the group of its name, into the files of the
// system at root: /etc/passwd and /etc/group, and their shadows where the
// system has them. args are NAME UID GID HOME SHELL and further groups. A user
// that is there with the same numbers stays; another one with its name or
// number is an error.
func account(root string, args []string) error {
	name, uid, gid, home, shell, groups := args[0], args[1], args[2], args[3], args[4], args[5:]
	e := &entries{root: root}
	group := e.group(name, gid)
	if home == "" {
		home = "/nonexistent"
	}
	if shell == "" {
		shell = "/usr/sbin/nologin"
	}
	e.add("etc/passwd", 0o644, name, uid, strings.Join([]string{name, "x", uid, gid, "", home, shell}, ":"))
	e.shadow("etc/shadow", name, name+":!:::::::")
	if group {
		e.shadow("etc/gshadow", name, name+":!::")
	}
	for _, g := range groups {
		e.join(g, name)
	}
	if e.err != nil {
		return e.err
	}
	if home != "/nonexistent" && home != "/" {
		if err := makeHome(filepath.Join(root, home), uid, gid); err != nil {
			return err
		}
	}
	return nil
}

// makeHome makes a home directory, unless it is there.
func makeHome(dir, uid, gid string) error {
	if _, err := os.Lstat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	u, err1 := strconv.Atoi(uid)
	g, err2 := strconv.Atoi(gid)
	return errors.Join(err1, err2, os.Chown(dir, u, g))
}

// entries edits files of lines with fields between colons, the name first.
type entries struct {
	root string
	err  error
}

func (e *entries) lines(file string) []string {
	text, err := os.ReadFile(filepath.Join(e.root, file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		e.err = errors.Join(e.err, err)
	}
	text = bytes.TrimRight(text, "\n")
	if len(text) == 0 {
		return nil
	}
	return strings.Split(string(text), "\n")
}

func (e *entries) write(file string, mode fs.FileMode, lines []string) {
	if e.err != nil {
		return
	}
	path := filepath.Join(e.root, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		e.err = err
		return
	}
	// In place: the file keeps its owner and mode.
	e.err = os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), mode)
}

// add adds a line for a name and its number, the third field.
func (e *entries) add(file string, mode fs.FileMode, name, id, line string) {
	lines := e.lines(file)
	for _, l := range lines {
		f := strings.Split(l, ":")
		if len(f) < 3 || f[0] != name && f[2] != id {
			continue
		}
		if f[0] != name || f[2] != id {
			e.err = errors.Join(e.err, fmt.Errorf("/%s has %s with the number %s already, so it cannot have %s with %s: give the user another name or number", file, f[0], f[2], name, id))
		}
		return
	}
	e.write(file, mode, append(lines, line))
}

// group adds the group of a user's name; false if the number is already that
// of another group, which then is the user's.
func (e *entries) group(name, gid string) bool {
	for _, l := range e.lines("etc/group") {
		if f := strings.Split(l, ":"); len(f) > 2 && f[2] == gid && f[0] != name {
			return false
		}
	}
	e.add("etc/group", 0o644, name, gid, name+":x:"+gid+":")
	return true
}

// shadow adds a line to a file that not every system has.
func (e *entries) shadow(file, name, line string) {
	if _, err := os.Stat(filepath.Join(e.root, file)); err != nil {
		return
	}
	lines := e.lines(file)
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+":") }) {
		e.write(file, 0o640, append(lines, line))
	}
}

// join makes a user a member of a group that is there.
func (e *entries) join(group, user string) {
	lines := e.lines("etc/group")
	for i, l := range lines {
		f := strings.Split(l, ":")
		if len(f) < 4 || f[0] != group {
			continue
		}
		members := strings.Split(f[3], ",")
		if f[3] == "" {
			members = nil
		}
		if !slices.Contains(members, user) {
			f[3] = strings.Join(append(members, user), ",")
			lines[i] = strings.Join(f, ":")
			e.write("etc/group", 0o644, lines)
		}
		return
	}
	e.err = errors.Join(e.err, fmt.Errorf("there is no group %s for the user %s to be in", group, user))
}

// appendText appends the text of a file to another, which is made, with its
// parents, if it is not there. A last line without an end gets one first.
func appendText(text, to, owner, mode string) error {
	start := time.Now().Add(-time.Second)
	more, err := os.ReadFile(text)
	if err != nil {
		return err
	}
	have, err := os.ReadFile(to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		bits, err := strconv.ParseUint(mode, 8, 32)
		if err != nil {
			return err
		}
		var uid, gid int
		if _, err := fmt.Sscanf(owner, "%d:%d", &uid, &gid); err != nil {
			return fmt.Errorf("owner %q: %w", owner, err)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, more, 0o600); err != nil {
			return err
		}
		if err := errors.Join(os.Chown(to, uid, gid), unix.Chmod(to, uint32(bits))); err != nil {
			return err
		}
		return settle("/", start)
	case err != nil:
		return err
	}
	if len(have) > 0 && have[len(have)-1] != '\n' {
		have = append(have, '\n')
	}
	if err := os.WriteFile(to, append(have, more...), 0o600); err != nil {
		return err
	}
	return settle("/", start)
}
