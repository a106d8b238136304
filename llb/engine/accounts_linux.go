package engine

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	continuity "github.com/containerd/continuity/fs"
	"github.com/moby/buildkit/executor"
	"github.com/moby/buildkit/executor/oci"
	resourcestypes "github.com/moby/buildkit/executor/resources/types"
	"github.com/moby/buildkit/snapshot"
)

// The user of a step is looked up twice before it starts: by BuildKit for its numbers and by runc
// for its home. Both block forever on a named pipe without a writer. They also replace an invalid
// or too large number by another one, often root's.

// checked is an executor that refuses a step if its user cannot be looked up.
type checked struct{ executor.Executor }

func (c checked) Run(ctx context.Context, id string, root executor.Mount, mounts []executor.Mount, process executor.ProcessInfo, started chan<- struct{}) (resourcestypes.Recorder, error) {
	if err := checkAccounts(ctx, root, process.Meta.User); err != nil {
		return nil, err
	}
	return c.Executor.Run(ctx, id, root, mounts, process, started)
}

// checkAccounts mounts the root file system of a step, and checks its mount points and its
// user.
func checkAccounts(ctx context.Context, root executor.Mount, user string) (err error) {
	mountable, err := root.Src.Mount(ctx, true)
	if err != nil {
		return err
	}
	mounter := snapshot.LocalMounter(mountable)
	dir, err := mounter.Mount()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mounter.Unmount()) }()
	if err := checkMountPoints(dir); err != nil {
		return err
	}
	return lookUp(dir, user)
}

// accounts is a file in which users or groups are looked up.
type accounts struct {
	name    string
	longest int        // maximal length of a line for BuildKit, in bytes
	lines   [][]string // fields of each line
	nobody  string     // why there are no lines, which does not matter for a number
	err     error      // why BuildKit cannot read it
}

// lookUp returns an error if BuildKit or runc would find another user for a step than the files
// declare. A user is NAME or NUMBER, with or without :GROUP; the default is root.
func lookUp(root, user string) error {
	passwd := accounts{name: "/etc/passwd", longest: bufio.MaxScanTokenSize - 1}
	group := accounts{name: "/etc/group", longest: 1<<20 - 1}
	for _, a := range []*accounts{&passwd, &group} {
		if err := a.read(root); err != nil {
			return err
		}
	}
	if _, _, err := oci.ParseUIDGID(user); err == nil && user != "" {
		return nil // no file is needed
	}
	name, of, _ := strings.Cut(user, ":")
	found, err := passwd.find(cmp.Or(name, "0"))
	if user == "" && err != nil {
		return nil // BuildKit uses root without it
	}
	if found != nil {
		err = cmp.Or(passwd.valid(found, 2), passwd.valid(found, 3))
	}
	if err != nil {
		return fmt.Errorf("cannot look up user `%s`: %w", cmp.Or(name, "root"), err)
	}
	if of != "" {
		found, err := group.find(of)
		if found != nil {
			err = group.valid(found, 2)
		}
		if err != nil {
			return fmt.Errorf("cannot look up group `%s`: %w", of, err)
		}
		return nil
	}
	if found == nil {
		return nil
	}
	if err := group.validOf(found[0]); err != nil && (user != "" || group.err == nil) {
		return fmt.Errorf("cannot look up the groups of user `%s`: %w", cmp.Or(name, "root"), err)
	}
	return nil
}

// read reads the lines of a file. The error is for a file without an end: a named pipe, or a link
// to random numbers, which the engine mounts into the step.
func (a *accounts) read(root string) error {
	path, err := continuity.RootPath(root, a.name)
	if err != nil {
		a.nobody = "is a link to itself"
		return nil
	}
	kind := ""
	info, err := os.Lstat(path)
	switch to := strings.TrimPrefix(path, root); {
	case to == "/dev/random" || to == "/dev/urandom":
		kind = "a link to " + to
	case err == nil && info.Mode()&fs.ModeNamedPipe != 0:
		kind = "a named pipe"
	}
	switch {
	case kind != "":
		return fmt.Errorf("%s is %s: no step can start, because the engine looks its user up there", a.name, kind)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil // BuildKit reports the unknown name
	case err != nil:
		return err
	case info.IsDir():
		a.nobody = "is a directory"
	case !info.Mode().IsRegular():
		a.nobody = "is not a regular file"
	default:
		return a.parse(path)
	}
	return nil
}

// largest is BuildKit's limit for the size of an account file.
const largest = 10 << 20

// parse reads the lines like BuildKit.
func (a *accounts) parse(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > largest {
		a.err = fmt.Errorf("%s is larger than 10 MB", a.name)
		return nil
	}
	lines := bufio.NewScanner(io.LimitReader(f, largest))
	lines.Buffer(nil, a.longest+1)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line != "" && (a.name != "/etc/group" || line[0] != '#') {
			a.lines = append(a.lines, strings.Split(line, ":"))
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		a.err = fmt.Errorf("%s has a line that is longer than %d bytes", a.name, a.longest)
		return nil
	}
	return lines.Err()
}

// find returns the first line with a name or number, like BuildKit; nil if there is none, which
// BuildKit reports.
func (a *accounts) find(name string) ([]string, error) {
	want, err := strconv.Atoi(name)
	numeric := err == nil
	if a.err != nil || a.nobody != "" && !numeric {
		return nil, cmp.Or(a.err, errors.New(a.name+" "+a.nobody))
	}
	for _, line := range a.lines {
		if !numeric && line[0] == name {
			return line, nil
		}
		if numeric && len(line) > 2 {
			if got, _ := strconv.Atoi(line[2]); got == want {
				return line, nil
			}
		}
	}
	return nil, nil
}

// validOf returns an error unless all groups that list a user are valid.
func (a *accounts) validOf(user string) error {
	for _, line := range a.lines {
		if len(line) > 3 && slices.Contains(strings.Split(line[3], ","), user) {
			if err := a.valid(line, 2); err != nil {
				return err
			}
		}
	}
	return a.err
}

// valid returns an error unless a field of a line is the number of a user or group.
func (a *accounts) valid(line []string, field int) error {
	text := ""
	if field < len(line) {
		text = line[field]
	}
	const most = math.MaxUint32 - 1 // the next number means "none" in the kernel
	if n, err := strconv.ParseUint(text, 10, 32); err == nil && n <= most {
		return nil
	}
	return fmt.Errorf("%s has %q instead of a number from 0 to %d for %s", a.name, text, uint32(most), line[0])
}
