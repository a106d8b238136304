package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/lacks"
)

// extras enters users and places trees: "--" and what account takes, or "++"
// and a directory, in any number. What they change in the system at root bears
// the canonical time, if the trees do.
func extras(root string, args []string) error {
	touched := map[string]bool{}
	trees := 0
	for len(args) > 0 {
		end := len(args)
		if i := slices.IndexFunc(args[1:], func(s string) bool { return s == "--" || s == "++" }); i >= 0 {
			end = 1 + i
		}
		var err error
		switch {
		case args[0] == "--" && end >= 6:
			err = account(root, args[1:end], touched)
		case args[0] == "++" && end == 2:
			err = place(trees, args[1], root, touched)
			trees++
		default:
			err = fmt.Errorf("expected -- NAME UID GID HOME SHELL, or ++ DIR; found %q", args[:end])
		}
		if err != nil {
			return err
		}
		args = args[end:]
	}
	return settleTouched(root, touched)
}

// account enters a user, and the group of its name, into the files of the
// system at root: /etc/passwd and /etc/group, and their shadows where the
// system has them. args are NAME UID GID HOME SHELL and further groups. A user
// that is there with the same numbers stays; another one with its name or
// number is an error.
func account(root string, args []string, touched map[string]bool) error {
	name, uid, gid, home, shell, groups := args[0], args[1], args[2], args[3], args[4], args[5:]
	e := &entries{root: root, touched: touched}
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
		return e.home(name, home, uid, gid)
	}
	return nil
}

// home makes the home directory of a user, unless it is there.
func (e *entries) home(user, dir, uid, gid string) error {
	at, err := inside(e.root, dir)
	if err != nil {
		return err
	}
	if info, err := os.Lstat(at); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("not a home directory: %q %q", user, dir)
		}
		return nil
	}
	if at, err = makeDirs(e.root, dir, e.touched); errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("not a home directory: %q %q", user, dir)
	} else if err != nil {
		return err
	}
	u, err1 := strconv.Atoi(uid)
	g, err2 := strconv.Atoi(gid)
	return errors.Join(err1, err2, os.Lchown(at, u, g))
}

// entries edits files of lines with fields between colons, the name first.
type entries struct {
	root    string
	touched map[string]bool
	err     error
}

// path is where a file of the system lies on disk.
func (e *entries) path(file string) string {
	at, err := inside(e.root, "/"+file)
	e.err = errors.Join(e.err, err)
	return at
}

func (e *entries) lines(file string) []string {
	text, err := os.ReadFile(e.path(file))
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
	dir, err := makeDirs(e.root, filepath.Dir("/"+file), e.touched)
	if err != nil {
		e.err = err
		return
	}
	at := e.path(file)
	if e.err != nil {
		return
	}
	if _, err := os.Lstat(at); err != nil {
		e.touched[dir] = true
	}
	e.touched[at] = true
	// In place: the file keeps its owner and mode.
	e.err = os.WriteFile(at, []byte(strings.Join(lines, "\n")+"\n"), mode)
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
			e.err = cmp.Or(e.err, lacks.Conflict("/"+file, name, id, f[0], f[2]))
		}
		return
	}
	e.write(file, mode, merges("/"+file).sorted(append(lines, line)))
}

// group adds a group with the user's name. It is false if another group has the number; the
// user is in that group then.
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
	if _, err := os.Stat(e.path(file)); err != nil {
		return
	}
	lines := e.lines(file)
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+":") }) {
		e.write(file, 0o640, merges("/"+file).sorted(append(lines, line)))
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
		if !slices.Contains(strings.Split(f[3], ","), user) {
			f[3] = joinedNames("", f[3], user)
			lines[i] = strings.Join(f, ":")
			e.write("etc/group", 0o644, lines)
		}
		return
	}
	e.err = errors.Join(e.err, fmt.Errorf("the user %[2]s cannot join the unknown group %[1]s", group, user))
}

// appendText appends the text of a file to a file of the system at root, which is
// made, with its parents, if it is not there. A last line without an end gets one
// first.
func appendText(root, text, to, owner, mode string) error {
	more, err := os.ReadFile(text)
	if err != nil {
		return err
	}
	touched := map[string]bool{}
	dir, err := makeDirs(root, filepath.Dir(to), touched)
	if err != nil {
		return err
	}
	at, err := inside(root, to)
	if err != nil {
		return err
	}
	have, err := os.ReadFile(at)
	switch {
	case errors.Is(err, unix.EISDIR):
		return fmt.Errorf("cannot append to %s: it is a directory", to)
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(at)); err != nil {
			return fmt.Errorf("cannot append to %s: it is a link into a missing directory", to)
		}
		touched[dir] = true
		if err := makeFile(at, owner, mode); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	if len(have) > 0 && have[len(have)-1] != '\n' {
		have = append(have, '\n')
	}
	if err := os.WriteFile(at, append(have, more...), 0o600); err != nil {
		return err
	}
	touched[at] = true
	return settleTouched(root, touched)
}

// makeFile makes an empty file with an owner, as numbers, and an octal mode.
func makeFile(at, owner, mode string) error {
	bits, err := strconv.ParseUint(mode, 8, 32)
	if err != nil {
		return err
	}
	var uid, gid int
	if _, err := fmt.Sscanf(owner, "%d:%d", &uid, &gid); err != nil {
		return fmt.Errorf("owner %q: %w", owner, err)
	}
	if err := os.WriteFile(at, nil, 0o600); err != nil {
		return err
	}
	return errors.Join(os.Lchown(at, uid, gid), unix.Chmod(at, uint32(bits)))
}
