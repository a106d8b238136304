//go:build linux

package exact_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// strays are operations on paths that no component of a program owns.
var strays = []string{
	"write /etc/stray text", "mkdir /opt/stray 0755", "symlink /etc /var/lib/stray", "mkfifo /var/stray 0600",
	"flip /etc/app.conf", "append /etc/passwd text", "touch /opt/odd/stray 0", "rm /usr/lib/libx.so", "rmtree /usr/share/zone",
	"chmod /etc/skel 0700", "chown /etc/group 5 5", "cap /usr/bin/tool 3", "rmxattr /usr/bin/ping security.capability",
	"xattr /etc/passwd user.stray x", "retarget /etc/current shadow", "become /opt/special/pipe file", "become /usr/lib/docs dir",
	"mv /usr/lib/mod /usr/lib/stray", "write /run/stray text", "flip /run/lock/l", "flip /tmp/keep", "rm /var/tmp/keep", "chmod /tmp 0755",
}

// unfit are operations in a directory that create what no layer can store: names that mark
// deletions, attributes, and capabilities of a directory.
var unfit = []string{"xattr %s user.x y", "capdir %s 5", "write %s/.wh.sh text", "mkdir %s/.wh.d 0755", "write %s/.wh..wh..opq text", "symlink x %s/.wh.n", "mkfifo %s/.wh..wh.x 0600"}

// refused changes programs so that they must fail, and checks that a build fails with the reason.
// Nothing may be lost or deleted silently.
func (w *workshop) refused(seed uint64, all []made) {
	r := rand.New(rand.NewPCG(seed, 2))
	for _, m := range all {
		p := clone(m.program)
		c := p.parts[r.IntN(len(p.parts))]
		n := len(c.steps) - 1 // the last run, since a later one could create again what it deletes
		for n >= 0 && c.steps[n].run == nil {
			n--
		}
		if n < 0 {
			continue
		}
		dir := "/etc"
		if !c.stacked {
			dir = c.owns[0]
		}
		operation := fmt.Sprintf(unfit[r.IntN(len(unfit))], quote(dir))
		mayPass := true
		if !c.stacked && r.IntN(3) > 0 {
			operation, mayPass = w.stray(r, c, m.base), false
		}
		c.steps[n].run = append(c.steps[n].run, operation)
		paths := slices.DeleteFunc(strings.Fields(operation)[1:], func(a string) bool { return !strings.HasPrefix(a, "/") })
		w.refuse(made{program: p, base: m.base}, operation, mayPass, paths...)
	}
}

// stray returns an operation that is forbidden for a portable component.
func (w *workshop) stray(r *rand.Rand, c *component, base int) string {
	for _, o := range c.owns {
		for _, p := range slices.Sorted(maps.Keys(w.bases[base].tree)) {
			if strings.HasPrefix(p, o+"/") && r.IntN(3) == 0 {
				return "rmtree " + quote(p)
			}
		}
	}
	for {
		s := strays[r.IntN(len(strays))]
		if !c.writes(strings.Fields(s)[1]) {
			return s
		}
	}
}

// refuse checks that the build of a program with a forbidden operation fails and names its path.
// If it may pass, its image must be correct.
func (w *workshop) refuse(m made, operation string, mayPass bool, named ...string) {
	w.lawless = true
	lines := w.failure(&m, 60)
	w.lawless = false
	if m.want == nil {
		return // the operation is not possible there
	}
	w.refusals++
	isNamed := len(lines) > 0 && slices.ContainsFunc(named, func(n string) bool { return strings.Contains(lines[0], n) })
	switch {
	case len(lines) == 0 && mayPass, isNamed && strings.HasPrefix(lines[0], "layc build: exit status 3"):
	case len(lines) == 0:
		w.Errorf("seed %d: %s passes, but is forbidden for its component:\n%s", m.seed, operation, m.source(60))
	default:
		w.Errorf("seed %d: %s is refused without its path, or the image is wrong:\n%s\n%s", m.seed, operation, strings.Join(lines, "\n"), m.source(60))
	}
}
