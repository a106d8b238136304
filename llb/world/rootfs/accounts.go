package rootfs

import (
	"archive/tar"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
)

// accounts are the contents of /etc/passwd and /etc/group, by path. A base where one of them is not
// a plain file has no users, or no groups.
type accounts map[string]string

// maxAccounts limits the size of each of the files.
const maxAccounts = 1 << 20

// read keeps the content of an entry at a path if it is one of the files. A later entry replaces an
// earlier one.
func (a accounts) read(name string, kind byte, content io.Reader) error {
	if name != "/etc/passwd" && name != "/etc/group" {
		return nil
	}
	delete(a, name)
	if kind != tar.TypeReg {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(content, maxAccounts))
	if err == nil {
		a[name] = string(text)
	}
	return err
}

// base returns the facts of a system with these files.
func (a accounts) base(system map[string]entry) (lock.Base, error) {
	b := lock.Base{Configured: true}
	for _, f := range records(a["/etc/passwd"], 4) {
		uid, ok := number(f[2])
		gid, ok2 := number(f[3])
		if ok && ok2 {
			b.Users = append(b.Users, lock.BaseUser{Name: f[0], UID: uid, GID: gid})
		}
	}
	for _, f := range records(a["/etc/group"], 3) {
		if gid, ok := number(f[2]); ok {
			b.Groups = append(b.Groups, lock.BaseGroup{Name: f[0], GID: gid})
		}
	}
	var err error
	b.Links, b.Dirs, err = facts(system)
	return b, err
}

// records splits the lines of a file into fields. It omits lines with fewer than some, lines
// without a valid name, and all but the first of a name, as the C library does.
func records(text string, least int) [][]string {
	var out [][]string
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ":")
		odd := strings.ContainsFunc(f[0], func(c rune) bool { return c <= ' ' || c == '"' || c > '~' })
		if len(f) < least || f[0] == "" || odd || slices.ContainsFunc(out, func(o []string) bool { return o[0] == f[0] }) {
			continue
		}
		out = append(out, f)
	}
	return out
}

// number parses an ID that Linux can have.
func number(s string) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 31)
	return int(n), err == nil
}
