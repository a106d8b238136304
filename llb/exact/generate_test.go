//go:build linux

package exact_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// generator generates programs and their truth together, so that it can choose operations for the
// existing files.
type generator struct {
	*rand.Rand
	truth *truth
	names int
	used  map[string]bool // owned and placed by components
	fresh []string        // created by the current run
	build *build
	alone bool // the current component does not need everything below it
}

// generate returns a program. name is a prefix of all names in it. Everything depends on the seed
// only.
func generate(seed uint64, name string, t *truth) (*program, error) {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), truth: t, used: map[string]bool{}}
	p := &program{name: name, seed: seed}
	for n := range g.IntN(4) + 1 {
		c := &component{name: fmt.Sprintf("%s_%d", name, n)}
		switch kind := g.IntN(100); {
		case kind < 45:
			c.needs = slices.Clone(p.parts)
		case kind < 80:
			c.stacked = true
			for _, n := range p.parts {
				if g.odds(40) {
					c.needs = append(c.needs, n)
				}
			}
		}
		if err := g.fill(p, c, n); err != nil {
			return nil, err
		}
	}
	return p, g.fill(p, &component{name: name, app: true, needs: slices.Clone(p.parts)}, 9)
}

func (g *generator) odds(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// fill creates a component's steps, and appends it to the program.
func (g *generator) fill(p *program, c *component, n int) (err error) {
	runs, declared := 0, 0
	g.alone = len(c.needs) < len(p.parts) && !c.stacked
	switch kind := g.IntN(10); {
	case c.stacked:
		runs = 1 + g.IntN(3)
	case g.alone: // in paths that no other component uses
		c.owns, runs = []string{fmt.Sprintf("/indep/p%d", n)}, 1+g.IntN(2)
	case c.app && kind < 4 || !c.app && kind < 2: // only declared steps
		declared = 1
	case c.app || kind < 5:
		c.owns, runs = []string{fmt.Sprintf("/opt/p%d", n)}, 1+g.IntN(2)
	default:
		c.stacked, runs = true, 1+g.IntN(3)
	}
	if declared > 0 || g.odds(40) {
		declared += g.IntN(3)
	}
	if g.build, err = g.truth.begin(c); err != nil {
		return err
	}
	if len(c.owns) > 0 && !g.alone {
		c.owns = g.grounds(c.owns[0])
	}
	if err := g.build.prepare(); err != nil {
		return err
	}
	for _, o := range c.owns {
		if _, ok := g.truth.view[o]; !ok {
			if err := g.do(&step{run: []string{"mkdir " + quote(o) + " 0755"}}); err != nil {
				return err
			}
		}
	}
	for ; runs+declared > 0; err = nil {
		if g.IntN(runs+declared) < runs {
			runs--
			err = g.do(g.run())
		} else {
			declared--
			err = g.do(g.declare())
		}
		if err != nil {
			return err
		}
	}
	if len(c.steps) == 0 && !c.app || c.stacked && !c.runs() {
		return nil
	}
	p.parts = append(p.parts, c)
	return g.build.end()
}

// do executes a step, and keeps the successful part.
func (g *generator) do(s *step) error {
	if s == nil {
		return nil
	}
	ok, err := g.build.step(s)
	if ok {
		g.build.c.steps = append(g.build.c.steps, s)
	}
	return err
}

// grounds returns the paths that a portable component owns: new ones, and some of the base.
func (g *generator) grounds(own string) []string {
	choice := []string{own, own, own, "/opt/deep" + own + "/x", "/srv" + own, "/run" + own, "/usr/share/doc", "/opt/old", "/usr/local/deep", "/etc/conf.d", "/home/user"}
	var out []string
	for range 1 + g.IntN(2) {
		o := pick(g, choice...)
		if g.free(o) && g.straight(o, true) && !g.blocked(o) && !slices.ContainsFunc(out, func(p string) bool { return strings.HasPrefix(p, o) || strings.HasPrefix(o, p) }) {
			g.used[o] = true
			out = append(out, o)
		}
	}
	if len(out) > 0 {
		return out
	}
	if !g.straight(own, true) { // a run has replaced a parent
		own = "/indep" + own
	}
	return []string{own}
}

// blocked reports whether there is a block device below a path. A portable component must not own
// one.
func (g *generator) blocked(p string) bool {
	for at, e := range g.truth.view {
		if strings.HasPrefix(at, p+"/") && e.Mode&unix.S_IFMT == unix.S_IFBLK {
			return true
		}
	}
	return false
}

// free reports whether no component owns or places a path or anything below it.
func (g *generator) free(p string) bool {
	for u := range g.used {
		if p == u || strings.HasPrefix(u, p+"/") {
			return false
		}
	}
	return true
}

// links are the base's links to directories.
var links = map[string]string{"/bin": "/usr/bin", "/lib": "/usr/lib", "/var/run": "/run", "/srv/data": "/var/lib/data", "/usr/lib/docs": "/usr/share/doc"}

// straight reports whether all parents of a path are directories or can be created, and the path
// itself is missing or, if itself is true, a directory. Links of a base on the way do not count.
func (g *generator) straight(p string, itself bool) bool {
	for d := p; d != "/"; d = path.Dir(d) {
		if e, ok := g.truth.view[d]; ok && (d != p || itself) && e.Mode&unix.S_IFMT != unix.S_IFDIR || links[d] != "" {
			return false
		}
	}
	return true
}

// declare returns a declared step.
func (g *generator) declare() *step {
	s := &step{kind: pick(g, "file", "file", "dir", "link", "copy"), mode: 0o644}
	g.names++
	dirs := []string{"/etc", "/etc/conf.d", "/run", "/run/lock", "/tmp", "/var/tmp", "/opt", "/usr/lib", "/srv", "/var/lib/made/deep", "/srv/made/deep", "/usr/share/doc/a", "/home/user"}
	if c := g.build.c; c.owns != nil {
		dirs = append(dirs, c.owns[0], c.owns[0])
	}
	if g.alone {
		dirs = g.build.c.owns
	}
	s.path = path.Join(pick(g, dirs...), fmt.Sprintf("declared%d", g.names))
	if s.kind == "dir" && !g.alone && g.odds(40) { // an existing one
		s.path, s.ownership = pick(g, "/run/lock", "/tmp", "/var/tmp", "/usr/share/zone", "/opt/special", "/srv/shared"), true
	}
	if g.used[s.path] || !g.straight(s.path, false) {
		return nil
	}
	g.used[s.path] = true
	switch s.kind {
	case "file":
		s.text = fmt.Sprintf("text %d", g.names)
	case "dir":
		s.mode = 0o755
	case "link":
		s.text = pick(g, "../x", "/etc/app.conf", "/nowhere")
	case "copy":
		s.text = pick(g, "", "named")
	}
	if s.ownership = s.ownership || (s.kind == "file" || s.kind == "dir") && g.odds(50); s.ownership {
		s.mode = pick(g, uint32(0o600), 0o4755, 0o2750, 0o1777, 0o700, 0o755)
		s.uid, s.gid = pick(g, 0, 5, 1001), pick(g, 0, 8, 1001)
	}
	return s
}

// run returns a run of some operations.
func (g *generator) run() *step {
	s := &step{}
	g.fresh = nil
	for range 1 + g.IntN(8) {
		if line := g.operation(); line != "" {
			s.run = append(s.run, line)
		}
	}
	if len(s.run) == 0 {
		return nil
	}
	return s
}

// operation returns one line of a run, or "".
func (g *generator) operation() string {
	old, name := g.old(anything), g.name()
	file, loose := g.old(regular), g.old(removable)
	mode := pick(g, "0644", "0600", "0755", "04755", "02755", "01777", "06711", "0")
	text := fmt.Sprintf("text%d", g.IntN(1000))
	line := func(word string, args ...string) string {
		for _, a := range args {
			word += " " + quote(a)
		}
		return word
	}
	made := func(l string) string {
		g.fresh = append(g.fresh, name)
		return l
	}
	target := pick(g, "../x", "/etc/app.conf", "app.conf", old)
	switch g.IntN(29) {
	case 0, 1:
		return made(line("write", name, text))
	case 2:
		return line("write", file, text)
	case 3:
		return line("append", file, text)
	case 4:
		most := 8
		if file == "/etc/passwd" || file == "/etc/group" {
			most = len("root") // no step starts where only the name of root is left
		}
		return line("truncate", file, fmt.Sprint(g.IntN(most)))
	case 5:
		return made(line("sparse", name, fmt.Sprint(1+g.IntN(1<<18))))
	case 6:
		return line("flip", file)
	case 7:
		return line("reflip", file)
	case 8:
		return line("flip", file) + "\n" + line("touch", file, fmt.Sprint(epoch))
	case 9:
		return line("open", file)
	case 10:
		return line("touch", old, pick(g, fmt.Sprint(epoch), "1700000000", "1800000000"))
	case 11, 12:
		return line("chmod", old, mode)
	case 13:
		return line("chown", old, pick(g, "0", "7", "1001", "3000000000"), pick(g, "0", "8", "4000000000"))
	case 14:
		return line("cap", file, fmt.Sprint(g.IntN(20)))
	case 15:
		return pick(g, line("rmxattr", file, "security.capability"), line("rmxattr", "/usr/bin/ping", "security.capability"), line("cap", "/usr/bin/ping", "5"))
	case 16:
		return made(line("ln", g.any(), name))
	case 17:
		return made(line("symlink", target, name))
	case 18:
		return line("retarget", g.old(symlinks), target)
	case 19:
		return made(line("mkdir", name, mode))
	case 20:
		return line("rm", loose)
	case 21:
		return line("rmtree", loose)
	case 22:
		return made(line("mv", loose, name))
	case 23:
		return line("swap", loose, g.old(removable))
	case 24:
		return made(line("mkfifo", name, mode))
	case 25:
		return made(line("mknod", name, pick(g, "c", "b"), fmt.Sprint(g.IntN(300)), fmt.Sprint(1+g.IntN(300))))
	case 26:
		return line("opaque", g.old(directories))
	}
	kinds := []string{"file", "dir", "link", "device", "pipe"}
	if loose == "/etc/passwd" || loose == "/etc/group" {
		kinds = kinds[:4] // no step starts with a pipe there
	}
	return line("become", loose, pick(g, kinds...))
}

// never reports whether operations must not touch a path: the engine's mounts, the shell, and
// paths of independent components.
func never(p string) bool {
	return slices.ContainsFunc([]string{"/dev", "/proc", "/sys", "/etc/hosts", "/etc/resolv.conf", "/usr/bin/sh", "/indep"}, func(n string) bool {
		return p == "/" || p == n || strings.HasPrefix(p, n+"/")
	})
}

// fixed are paths that never change.
var fixed = []string{"/usr", "/usr/bin", "/bin", "/etc", "/tmp", "/var", "/var/tmp", "/run"}

func (g *generator) writable(p string) bool {
	if owns := g.build.c.owns; owns != nil {
		return slices.ContainsFunc(owns, func(o string) bool { return p == o || strings.HasPrefix(p, o+"/") })
	}
	return !never(p)
}

// kinds of existing paths
type kind int

const (
	anything kind = iota
	regular
	// The following kinds may be removed. In scratch space, only files of the component's runs
	// may be.
	removable
	symlinks
	directories
)

// old returns an existing path of a kind, or one created by the current run, or "".
func (g *generator) old(k kind) string {
	types := map[kind]uint32{regular: unix.S_IFREG, symlinks: unix.S_IFLNK, directories: unix.S_IFDIR}
	var from []string
	for _, p := range slices.Sorted(maps.Keys(g.truth.view)) {
		is := types[k]
		if g.writable(p) && (is == 0 || g.truth.view[p].Mode&unix.S_IFMT == is) && (k < removable || !slices.Contains(fixed, p) && !slices.Contains(g.build.c.owns, p) && !g.build.tmp[p]) {
			from = append(from, p)
		}
	}
	if len(g.fresh) > 0 && (g.odds(40) || len(from) == 0) {
		from = g.fresh
	}
	if len(from) == 0 {
		return ""
	}
	return g.alias(pick(g, from...))
}

// any returns a path for a hard link.
func (g *generator) any() string {
	var from []string
	for _, p := range slices.Sorted(maps.Keys(g.truth.view)) {
		if e := g.truth.view[p]; !never(p) && e.Mode&unix.S_IFMT != unix.S_IFDIR {
			from = append(from, p)
		}
	}
	return pick(g, append(from, g.fresh...)...)
}

// name returns a path that does not exist.
func (g *generator) name() string {
	var dirs []string
	for _, p := range slices.Sorted(maps.Keys(g.truth.view)) {
		if e := g.truth.view[p]; e.Mode&unix.S_IFMT == unix.S_IFDIR && (g.writable(p+"/x") || p == "/tmp" || p == "/var/tmp") {
			dirs = append(dirs, p)
		}
	}
	if len(dirs) == 0 {
		return ""
	}
	g.names++
	name := fmt.Sprintf("n%d", g.names)
	if g.odds(20) {
		odd := pick(g, oddNames...)
		name = odd[:min(len(odd), 255-len(name))] + name
	}
	dir := pick(g, dirs...)
	if len(g.fresh) > 0 && g.odds(25) {
		dir = pick(g, g.fresh...)
	}
	return g.alias(path.Join(dir, name))
}

// alias returns a path, sometimes through a link of the base.
func (g *generator) alias(p string) string {
	if g.build.c.owns == nil && g.odds(20) {
		for _, l := range slices.Sorted(maps.Keys(links)) {
			if rest, ok := strings.CutPrefix(p, links[l]+"/"); ok {
				return l + "/" + rest
			}
		}
	}
	return p
}
