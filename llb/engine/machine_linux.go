package engine

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/capability"
	"github.com/moby/sys/user"
	"github.com/moby/sys/userns"
	"golang.org/x/sys/unix"
)

// checkMachine reports why this process cannot be an engine, regardless of its state.
func checkMachine(runcName string) error {
	checks := []func() error{
		func() error { _, err := findRunc(runcName); return err },
		checkSnapshotter,
		checkRoot,
	}
	switch {
	case os.Geteuid() != 0: // the engine's process checks the rest
		checks = append(checks, func() error { _, _, err := subordinates(); return err })
	case rootless():
		checks = append(checks, checkCapabilities, checkIDs)
	default:
		checks = append(checks, checkCapabilities, checkIDs, checkCgroups)
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// rootless reports whether this process is root only in a user namespace that has no network or
// control groups of its own. Steps then get no /sys and no control groups.
func rootless() bool {
	if !userns.RunningInUserNS() {
		return false
	}
	if !ownsNetwork() {
		return true
	}
	groups, _ := filepath.Glob("/sys/fs/cgroup/*/cgroup.procs") // the pattern is valid
	return !slices.ContainsFunc(append(groups, "/sys/fs/cgroup/cgroup.procs"), func(procs string) bool {
		return unix.Access(procs, unix.W_OK) == nil
	})
}

// ownsNetwork reports whether the network belongs to this user namespace. The kernel mounts /sys
// only there.
func ownsNetwork() bool {
	network, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return false
	}
	defer network.Close()
	fd, err := unix.IoctlRetInt(int(network.Fd()), unix.NS_GET_USERNS)
	if err != nil {
		return false // of a namespace that this process may not see
	}
	defer unix.Close(fd)
	var owner, own unix.Stat_t
	return unix.Fstat(fd, &owner) == nil && unix.Stat("/proc/self/ns/user", &own) == nil && owner.Ino == own.Ino
}

// checkRoot returns an error if the root directory is not a mount point, as in a plain chroot. The
// kernel then lets no step change its root.
func checkRoot() error {
	var at unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, "/", 0, 0, &at); err != nil || at.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT == 0 {
		return nil // an old kernel does not tell
	}
	if at.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0 {
		return nil
	}
	return &UnavailableError{
		What: "the built-in engine cannot start steps in this chroot, because its root directory is not a mount point",
		Help: "make it one before you enter it (mount --rbind DIR DIR, then chroot DIR), or name a running BuildKit with --engine",
	}
}

// needed lists the capabilities that runc requires to start a step, and the one to mount file
// systems.
var needed = []capability.Cap{
	capability.CAP_SYS_ADMIN,
	capability.CAP_CHOWN, capability.CAP_DAC_OVERRIDE, capability.CAP_FOWNER, capability.CAP_FSETID, capability.CAP_KILL,
	capability.CAP_MKNOD, capability.CAP_SETFCAP, capability.CAP_SETGID, capability.CAP_SETPCAP, capability.CAP_SETUID,
	capability.CAP_SYS_CHROOT, capability.CAP_NET_ADMIN, capability.CAP_NET_BIND_SERVICE, capability.CAP_NET_RAW, capability.CAP_AUDIT_WRITE,
}

// checkCapabilities returns an error if root lacks capabilities, as in most containers.
func checkCapabilities() error {
	own, err := capability.NewPid2(0)
	if err == nil {
		err = own.Load()
	}
	if err != nil {
		return &UnavailableError{What: "cannot read the capabilities of this process", Err: err}
	}
	var missing []string
	for _, c := range needed {
		if !own.Get(capability.EFFECTIVE, c) {
			missing = append(missing, "CAP_"+strings.ToUpper(c.String()))
		}
	}
	if len(missing) > 0 {
		return &UnavailableError{
			What: fmt.Sprintf("the built-in engine needs capabilities that root does not have here: %s", strings.Join(missing, ", ")),
			Help: "start the container with --privileged, or name a running BuildKit with --engine",
		}
	}
	return nil
}

// maxID is the largest common ID of files in images: nobody.
const maxID = 65534

// checkIDs returns an error in a user namespace without the IDs of files in images.
func checkIDs() error {
	for _, of := range []struct{ kind, file string }{{"user", "/proc/self/uid_map"}, {"group", "/proc/self/gid_map"}} {
		ranges, err := user.ParseIDMapFile(of.file)
		if err != nil {
			return &UnavailableError{What: "cannot read the IDs of this user namespace", Err: err}
		}
		slices.SortFunc(ranges, func(a, b user.IDMap) int { return cmp.Compare(a.ID, b.ID) })
		var next int64
		for _, r := range ranges {
			if r.ID <= next {
				next = max(next, r.ID+r.Count)
			}
		}
		if next <= maxID {
			return &UnavailableError{
				What: fmt.Sprintf("images have files of many users, but this user namespace only has the %s IDs below %d", of.kind, next),
				Help: "map 65536 IDs, run layc outside the namespace, or name a running BuildKit with --engine",
			}
		}
	}
	return nil
}

// findRunc returns the path of the program that runs steps.
func findRunc(name string) (string, error) {
	if name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", &UnavailableError{What: "cannot start runc, which runs the steps", Help: "check its path", Err: err}
		}
		return filepath.Abs(path)
	}
	if self, err := os.Executable(); err == nil {
		if path, err := exec.LookPath(filepath.Join(filepath.Dir(self), "layc-runc")); err == nil {
			return path, nil
		}
	}
	for _, name := range []string{"buildkit-runc", "runc"} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", &UnavailableError{
		What: "runc not found: no layc-runc next to this program, and no buildkit-runc or runc in PATH",
		Help: "build it with `make build`, or install the package runc",
	}
}

// checkCgroups returns an error if runc cannot use control groups.
func checkCgroups() error {
	entries, err := os.ReadDir("/sys/fs/cgroup")
	if err == nil && len(entries) > 0 {
		return nil
	}
	return &UnavailableError{
		What: "no control groups are mounted at /sys/fs/cgroup, and steps need one",
		Help: "mount them (mount -t cgroup2 none /sys/fs/cgroup), or name a running BuildKit with --engine",
		Err:  err,
	}
}
