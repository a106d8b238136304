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
)

// checkMachine says why this process cannot be an engine, whatever its state is.
func checkMachine(runcName string) error {
	if os.Geteuid() != 0 {
		return &UnavailableError{
			What: "the built-in engine needs root to mount file systems and run steps",
			Help: "run layc as root, or name a running BuildKit with --engine",
		}
	}
	if err := checkCapabilities(); err != nil {
		return err
	}
	if err := checkIDs(); err != nil {
		return err
	}
	if _, err := findRunc(runcName); err != nil {
		return err
	}
	return checkCgroups()
}

// needed are the capabilities without which runc starts no step, and the one to
// mount file systems.
var needed = []capability.Cap{
	capability.CAP_SYS_ADMIN,
	capability.CAP_CHOWN, capability.CAP_DAC_OVERRIDE, capability.CAP_FOWNER, capability.CAP_FSETID, capability.CAP_KILL,
	capability.CAP_MKNOD, capability.CAP_SETFCAP, capability.CAP_SETGID, capability.CAP_SETPCAP, capability.CAP_SETUID,
	capability.CAP_SYS_CHROOT, capability.CAP_NET_ADMIN, capability.CAP_NET_BIND_SERVICE, capability.CAP_NET_RAW, capability.CAP_AUDIT_WRITE,
}

// checkCapabilities returns an error if root has not all of its powers, as in most
// containers.
func checkCapabilities() error {
	own, err := capability.NewPid2(0)
	if err == nil {
		err = own.Load()
	}
	if err != nil {
		return &UnavailableError{What: "the capabilities of this process cannot be read", Err: err}
	}
	var missing []string
	for _, c := range needed {
		if !own.Get(capability.EFFECTIVE, c) {
			missing = append(missing, "CAP_"+strings.ToUpper(c.String()))
		}
	}
	if len(missing) > 0 {
		return &UnavailableError{
			What: fmt.Sprintf("the built-in engine mounts file systems and runs steps, and this root lacks %s", strings.Join(missing, ", ")),
			Help: "in a container, start that with --privileged; or name a running BuildKit with --engine",
		}
	}
	return nil
}

// maxID is the largest id that files of images commonly have: nobody's.
const maxID = 65534

// checkIDs returns an error in a user namespace that has not the ids which files
// of images belong to.
func checkIDs() error {
	for kind, file := range map[string]string{"user": "/proc/self/uid_map", "group": "/proc/self/gid_map"} {
		ranges, err := user.ParseIDMapFile(file)
		if err != nil {
			return &UnavailableError{What: "the ids of this user namespace cannot be read", Err: err}
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
				What: fmt.Sprintf("files of images belong to many users, and this user namespace has the %s ids below %d only", kind, next),
				Help: "map 65536 ids into it, run layc outside, or name a running BuildKit with --engine",
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
			return "", &UnavailableError{What: "runc, which runs the steps, cannot be started", Help: "check its path", Err: err}
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
		What: "there is no runc to run the steps: neither layc-runc beside this program, nor buildkit-runc or runc in PATH",
		Help: "build it with `make build`, or install the package runc",
	}
}

// checkCgroups returns an error if runc would have no control groups to use.
func checkCgroups() error {
	entries, err := os.ReadDir("/sys/fs/cgroup")
	if err == nil && len(entries) > 0 {
		return nil
	}
	return &UnavailableError{
		What: "no control groups are mounted at /sys/fs/cgroup, and steps run in one",
		Help: "mount them (mount -t cgroup2 none /sys/fs/cgroup), or name a running BuildKit with --engine",
		Err:  err,
	}
}
