//go:build linux

// Command sh is /bin/sh in the tests' base system: `sh -ec SCRIPT`. Each line of a script is one
// operation on files with its arguments. Arguments contain unusual bytes as %XX, so that any name
// is possible. The script ends at the first failing operation. With SH_TOLERANT in the
// environment it continues, and prints the numbers of the failed lines, one per line.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	tolerant := os.Getenv("SH_TOLERANT") != ""
	for n, line := range strings.Split(os.Args[len(os.Args)-1], "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		err := do(fields[0], fields[1:])
		switch {
		case err == nil:
		case tolerant:
			fmt.Println(n)
			fmt.Fprintf(os.Stderr, "%s: %v\n", line, err)
		default:
			fmt.Fprintf(os.Stderr, "%s: %v\n", line, err)
			os.Exit(1)
		}
	}
}

// operations by name: the number of arguments, and the function.
var operations = map[string]struct {
	args int
	do   func(a []string) error
}{
	"write":    {2, func(a []string) error { return write(a[0], os.O_TRUNC, a[1]) }},
	"append":   {2, func(a []string) error { return write(a[0], os.O_APPEND, a[1]) }},
	"truncate": {2, func(a []string) error { return os.Truncate(a[0], int64(number(a[1]))) }},
	"sparse":   {2, func(a []string) error { return sparse(a[0], int64(number(a[1]))) }},
	"flip":     {1, func(a []string) error { return flip(a[0]) }},
	"reflip":   {1, func(a []string) error { return reflip(a[0]) }},
	"open":     {1, func(a []string) error { return write(a[0], 0, "") }},
	"touch":    {2, func(a []string) error { return touch(a[0], int64(number(a[1]))) }},
	"chmod":    {2, func(a []string) error { return chmod(a[0], uint32(number(a[1]))) }},
	"chown":    {3, func(a []string) error { return os.Lchown(a[0], number(a[1]), number(a[2])) }},
	"cap":      {2, func(a []string) error { return capable(a[0], number(a[1]), fs.FileMode.IsRegular) }},
	"capdir":   {2, func(a []string) error { return capable(a[0], number(a[1]), fs.FileMode.IsDir) }},
	"xattr":    {3, func(a []string) error { return unix.Lsetxattr(a[0], a[1], []byte(a[2]), 0) }},
	"rmxattr":  {2, func(a []string) error { return unix.Lremovexattr(a[0], a[1]) }},
	"ln":       {2, func(a []string) error { return os.Link(a[0], a[1]) }},
	"symlink":  {2, func(a []string) error { return os.Symlink(a[0], a[1]) }},
	"retarget": {2, func(a []string) error { return retarget(a[0], a[1]) }},
	"mkdir":    {2, func(a []string) error { return mkdir(a[0], uint32(number(a[1]))) }},
	"rm":       {1, func(a []string) error { return unix.Unlink(a[0]) }},
	"rmtree":   {1, func(a []string) error { return rmtree(a[0]) }},
	"mv":       {2, func(a []string) error { return move(a[0], a[1]) }},
	"swap": {2, func(a []string) error {
		return unix.Renameat2(unix.AT_FDCWD, a[0], unix.AT_FDCWD, a[1], unix.RENAME_EXCHANGE)
	}},
	"mkfifo": {2, func(a []string) error { return unix.Mkfifo(a[0], uint32(number(a[1]))) }},
	"mknod":  {4, func(a []string) error { return mknod(a[0], a[1], number(a[2]), number(a[3])) }},
	"opaque": {1, func(a []string) error { return opaque(a[0]) }},
	"become": {2, func(a []string) error { return become(a[0], a[1]) }},
	"check":  {2, func(a []string) error { return check(a[0], a[1]) }},
	// The files of declared steps: a file or directory has the declared owner and mode, whatever
	// its directory passes on.
	"file":   {5, func(a []string) error { return declare(a, write(parents(a[0]), os.O_TRUNC, a[4])) }},
	"dir":    {4, func(a []string) error { return declare(a, mkdirs(a[0])) }},
	"newdir": {1, func(a []string) error { return mkdirs(a[0]) }},
	"link":   {2, func(a []string) error { return errors.Join(os.Symlink(a[1], parents(a[0])), os.Lchown(a[0], 0, 0)) }},
}

func do(name string, args []string) error {
	o, ok := operations[name]
	if !ok || len(args) != o.args {
		return fmt.Errorf("unknown operation, or a wrong number of arguments")
	}
	for i, a := range args {
		text, err := url.PathUnescape(a)
		if err != nil {
			return err
		}
		args[i] = text
	}
	return o.do(args)
}

func number(s string) int {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		panic(err)
	}
	return int(n)
}

// regular fails unless a path is a file, following links.
func regular(p string) error {
	info, err := os.Stat(p)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a file")
	}
	return err
}

func write(p string, how int, text string) error {
	if err := regular(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // a pipe would wait for a reader
	}
	if how == os.O_TRUNC || how == os.O_APPEND {
		how |= os.O_CREATE
	}
	f, err := os.OpenFile(p, how|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func sparse(p string, size int64) error {
	if err := regular(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(p, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte("end"), size)
	return errors.Join(err, f.Close())
}

// flipped returns the content of a file with one bit of each byte flipped, and its stat.
func flipped(p string) ([]byte, unix.Stat_t, error) {
	var s unix.Stat_t
	if err := errors.Join(regular(p), unix.Stat(p, &s)); err != nil {
		return nil, s, err
	}
	text, err := os.ReadFile(p)
	for i := range text {
		text[i] ^= 1
	}
	return text, s, err
}

// flip changes a file in place, and restores its time.
func flip(p string) error {
	text, s, err := flipped(p)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(p, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close(), restore(p, s))
}

// reflip replaces a file by a changed one with the same owner, mode and time.
func reflip(p string) error {
	text, s, err := flipped(p)
	if err != nil {
		return err
	}
	next := filepath.Join(filepath.Dir(p), ".next")
	return errors.Join(os.WriteFile(next, text, 0o600), os.Lchown(next, int(s.Uid), int(s.Gid)), chmod(next, s.Mode&0o7777), restore(next, s), os.Rename(next, p))
}

func restore(p string, s unix.Stat_t) error {
	return unix.UtimesNanoAt(unix.AT_FDCWD, p, []unix.Timespec{s.Atim, s.Mtim}, unix.AT_SYMLINK_NOFOLLOW)
}

func touch(p string, at int64) error {
	return unix.UtimesNanoAt(unix.AT_FDCWD, p, []unix.Timespec{{Sec: at}, {Sec: at}}, unix.AT_SYMLINK_NOFOLLOW)
}

func chmod(p string, mode uint32) error {
	if info, err := os.Lstat(p); err != nil || info.Mode()&fs.ModeSymlink != 0 {
		return errors.Join(err, errors.New("a link, or not there"))
	}
	return unix.Chmod(p, mode)
}

// capable sets a capability on an entry of a kind.
func capable(p string, n int, kind func(fs.FileMode) bool) error {
	if info, err := os.Lstat(p); err != nil || !kind(info.Mode()) {
		return errors.Join(err, errors.New("of another kind"))
	}
	return unix.Lsetxattr(p, "security.capability", capability(n), 0)
}

// capability returns the value of security.capability that permits one capability.
func capability(n int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0x02000001)
	b = binary.LittleEndian.AppendUint32(b, 1<<n)
	return append(b, make([]byte, 12)...)
}

// retarget changes the target of a link and keeps its time.
func retarget(p, to string) error {
	var s unix.Stat_t
	if err := unix.Lstat(p, &s); err != nil || s.Mode&unix.S_IFMT != unix.S_IFLNK {
		return errors.Join(err, errors.New("not a link"))
	}
	return errors.Join(os.Remove(p), os.Symlink(to, p), restore(p, s))
}

func mkdir(p string, mode uint32) error {
	if err := os.Mkdir(p, 0o755); err != nil {
		return err
	}
	return unix.Chmod(p, mode)
}

func rmtree(p string) error {
	if _, err := os.Lstat(p); err != nil {
		return err
	}
	return os.RemoveAll(p)
}

func mknod(p, kind string, major, minor int) error {
	mode := uint32(unix.S_IFCHR)
	if kind == "b" {
		mode = unix.S_IFBLK
	}
	return unix.Mknod(p, mode|0o640, int(unix.Mkdev(uint32(major), uint32(minor))))
}

// opaque empties a directory by creating it again, and puts one file into it.
func opaque(p string) error {
	info, err := os.Lstat(p)
	if err != nil || !info.IsDir() {
		return errors.Join(err, errors.New("not a directory"))
	}
	return errors.Join(os.RemoveAll(p), os.Mkdir(p, 0o755), write(filepath.Join(p, "only"), os.O_TRUNC, "only"))
}

// become replaces an entry by one of a kind.
func become(p, kind string) error {
	if _, err := os.Lstat(p); err != nil {
		return err
	}
	if err := os.RemoveAll(p); err != nil {
		return err
	}
	switch kind {
	case "file":
		return write(p, os.O_TRUNC, "now a file")
	case "dir":
		return errors.Join(os.Mkdir(p, 0o750), write(filepath.Join(p, "inside"), os.O_TRUNC, "inside"))
	case "link":
		return os.Symlink("/etc", p)
	case "pipe":
		return unix.Mkfifo(p, 0o600)
	case "device":
		return mknod(p, "c", 1, 7)
	}
	return errors.New("unknown kind")
}

// check fails unless a file has a content, so runs see earlier steps' files.
func check(p, text string) error {
	is, err := os.ReadFile(p)
	if err == nil && string(is) != text {
		err = fmt.Errorf("holds %q", is)
	}
	return err
}

// declare sets the mode, user and group in the arguments on a path, the first argument.
func declare(a []string, err error) error {
	return errors.Join(err, os.Lchown(a[0], number(a[2]), number(a[3])), chmod(a[0], uint32(number(a[1]))))
}

// parents creates the parents of a path and returns the path.
func parents(p string) string {
	if err := mkdirs(filepath.Dir(p)); err != nil {
		panic(err)
	}
	return p
}

// mkdirs creates a directory and its parents, with root as owner and mode 0755.
func mkdirs(p string) error {
	if info, err := os.Stat(p); err == nil && info.IsDir() {
		return nil
	}
	return errors.Join(os.Mkdir(parents(p), 0o755), os.Lchown(p, 0, 0), unix.Chmod(p, 0o755))
}

// move renames like mv: it copies where overlay cannot rename.
func move(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return fs.ErrExist
	}
	err := os.Rename(from, to)
	if !errors.Is(err, unix.EXDEV) {
		return err
	}
	c := copying{links: map[uint64]string{}}
	return errors.Join(c.tree(from, to), os.RemoveAll(from))
}

// copying copies whole trees.
type copying struct{ links map[uint64]string }

func (c copying) tree(from, to string) error {
	var s unix.Stat_t
	if err := unix.Lstat(from, &s); err != nil {
		return err
	}
	kind := s.Mode & unix.S_IFMT
	if first := c.links[s.Ino]; first != "" && kind != unix.S_IFDIR {
		return os.Link(first, to)
	}
	if s.Nlink > 1 {
		c.links[s.Ino] = to
	}
	var err error
	switch kind {
	case unix.S_IFDIR:
		err = c.directory(from, to)
	case unix.S_IFLNK:
		var target string
		if target, err = os.Readlink(from); err == nil {
			err = os.Symlink(target, to)
		}
	case unix.S_IFREG:
		err = copyFile(from, to)
	default:
		err = unix.Mknod(to, s.Mode, int(s.Rdev))
	}
	if err != nil {
		return err
	}
	return c.metadata(from, to, s)
}

func (c copying) directory(from, to string) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	for _, e := range entries {
		err = errors.Join(err, c.tree(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())))
	}
	return err
}

func (c copying) metadata(from, to string, s unix.Stat_t) error {
	errs := []error{os.Lchown(to, int(s.Uid), int(s.Gid))}
	if s.Mode&unix.S_IFMT != unix.S_IFLNK {
		errs = append(errs, unix.Chmod(to, s.Mode&0o7777))
	}
	names := make([]byte, 4096)
	n, err := unix.Llistxattr(from, names)
	errs = append(errs, err)
	for name := range strings.SplitSeq(string(names[:max(n, 0)]), "\x00") {
		if strings.HasPrefix(name, "user.") || name == "security.capability" {
			value := make([]byte, 4096)
			n, err := unix.Lgetxattr(from, name, value)
			errs = append(errs, err, unix.Lsetxattr(to, name, value[:max(n, 0)], 0))
		}
	}
	return errors.Join(append(errs, restore(to, s))...)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
