package engine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/sys/user"
)

// The IDs of an ordinary user's engine: the user's own, and the subordinate ones that the files
// /etc/subuid and /etc/subgid give to the user. The programs newuidmap and newgidmap, which run as
// root, map them.

// subordinates returns the subordinate IDs of this user, or why these are not enough. The error is
// an *UnavailableError.
func subordinates() (uids, gids []user.SubID, err error) {
	for _, name := range []string{"newuidmap", "newgidmap"} {
		if _, err := exec.LookPath(name); err != nil {
			return nil, nil, &UnavailableError{
				What: fmt.Sprintf("to run as an ordinary user, the built-in engine needs the program %s", name),
				Help: "install the package uidmap (in Fedora shadow-utils), " + otherwise,
			}
		}
	}
	id := strconv.Itoa(os.Geteuid())
	name := id
	if u, err := user.LookupUid(os.Geteuid()); err == nil {
		name = u.Name
	}
	for _, of := range []struct {
		kind, file string
		ids        *[]user.SubID
	}{{"user", "/etc/subuid", &uids}, {"group", "/etc/subgid", &gids}} {
		all, err := user.ParseSubIDFile(of.file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, nil, &UnavailableError{What: "cannot read " + of.file, Help: otherwise, Err: err}
		}
		var count int64
		for _, s := range all {
			if s.Name == name || s.Name == id {
				*of.ids = append(*of.ids, s)
				count += s.Count
			}
		}
		if count < maxID {
			return nil, nil, tooFew(name, of.kind, of.file, count)
		}
	}
	return uids, gids, nil
}

// otherwise is the last part of the help for what an ordinary user's engine needs.
const otherwise = "run layc as root, or name a running BuildKit with --engine"

// tooFew is the error for a user with fewer subordinate IDs than images have.
func tooFew(name, kind, file string, count int64) error {
	var taken []user.SubID
	for _, file := range []string{"/etc/subuid", "/etc/subgid"} {
		all, _ := user.ParseSubIDFile(file) // it is only a proposal
		taken = append(taken, all...)
	}
	slices.SortFunc(taken, func(a, b user.SubID) int { return cmp.Compare(a.SubID, b.SubID) })
	const size = maxID + 2
	free := int64(100000)
	for _, t := range taken {
		if t.SubID < free+size {
			free = max(free, t.SubID+t.Count)
		}
	}
	has := "none"
	if count > 0 {
		has = fmt.Sprintf("only %d", count)
	}
	return &UnavailableError{
		What: fmt.Sprintf("images have files of many users, but %s gives user %s %s of the %d %s IDs that these need", file, name, has, maxID, kind),
		Help: fmt.Sprintf("as root, run: usermod --add-subuids %[1]d-%[2]d --add-subgids %[1]d-%[2]d %[3]s", free, free+size-1, name),
	}
}

// mapIDs maps the IDs of the user namespace of a process.
func mapIDs(pid int, uids, gids []user.SubID) error {
	for _, of := range []struct {
		program string
		own     int
		ids     []user.SubID
	}{{"newgidmap", os.Getegid(), gids}, {"newuidmap", os.Geteuid(), uids}} {
		args := []string{strconv.Itoa(pid), "0", strconv.Itoa(of.own), "1"}
		next := int64(1)
		for _, s := range of.ids {
			args = append(args, strconv.FormatInt(next, 10), strconv.FormatInt(s.SubID, 10), strconv.FormatInt(s.Count, 10))
			next += s.Count
		}
		out, err := exec.Command(of.program, args...).CombinedOutput()
		if err != nil {
			if said := bytes.TrimSpace(out); len(said) > 0 {
				err = errors.New(string(said))
			}
			return &UnavailableError{
				What: fmt.Sprintf("%s cannot give the built-in engine its IDs", of.program),
				Help: fmt.Sprintf("check that it is setuid root (ls -l $(command -v %s)) and may become root here, %s", of.program, otherwise),
				Err:  err,
			}
		}
	}
	return nil
}

// forbidding lists the kernel's settings that forbid user namespaces to ordinary users, with the
// values that do so and the ones that do not.
var forbidding = []struct{ name, forbids, allows string }{
	{"user.max_user_namespaces", "0", "15000"},
	{"kernel.unprivileged_userns_clone", "0", "1"},
	{"kernel.apparmor_restrict_unprivileged_userns", "1", "0"},
}

// setting returns what to do about the setting that forbids user namespaces; "" if there is none.
func setting() string {
	for _, s := range forbidding {
		value, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(s.name, ".", "/"))
		if err == nil && strings.TrimSpace(string(value)) == s.forbids {
			return fmt.Sprintf("as root, run: sysctl %s=%s", s.name, s.allows)
		}
	}
	return ""
}

// noNamespaces is the error for a kernel that gives an ordinary user no user namespace.
func noNamespaces(err error) error {
	return &UnavailableError{
		What: "to run as an ordinary user, the built-in engine needs a user namespace, and cannot create it",
		Help: cmp.Or(setting(), "in a container, start that with --privileged; elsewhere "+otherwise),
		Err:  err,
	}
}

// noMounts is the error for a user namespace without the permission to mount.
func noMounts(err error) error {
	return &UnavailableError{
		What: "the built-in engine cannot mount file systems in its user namespace",
		Help: cmp.Or(setting(), otherwise),
		Err:  err,
	}
}

// noProc is the error for a user namespace that cannot have its own /proc, as in most containers: the
// kernel forbids it where parts of /proc are covered.
func noProc(err error) error {
	return &UnavailableError{
		What: "to run as an ordinary user, the built-in engine needs its own /proc, and cannot mount it, since parts of /proc are covered here",
		Help: "start the container with --privileged (or --security-opt systempaths=unconfined), " + otherwise,
		Err:  err,
	}
}
