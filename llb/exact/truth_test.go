//go:build linux

package exact_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/exact"
)

// The truth of a program is the result of its commands in a plain chroot. Each step has an
// overlay, as in a build, so that writing through one name of a lower layer's file separates it
// from the other names. Steps of stacked components are layers. For a portable component, a layer
// is created from the paths that it owns and places. The image is the overlay of all layers on
// the base.

// system is a base system, unpacked.
type system struct {
	root string
	tree exact.Tree
}

// truth computes the truth of one program.
type truth struct {
	base    *system
	dir     string
	project string                  // a directory with the tree for declared copies
	lawless bool                    // forbidden results of runs are kept
	n       int                     // number of directories created so far
	image   []string                // layers of the image, the lowest first
	made    map[*component][]string // layers of components
	effects map[*component]*effect  // changes of stacked components
	parts   []*component            // components in the image
	view    exact.Tree              // the last step's result, without sums: see glance
}

func newTruth(t *testing.T, base *system, dir, project string) *truth {
	must(t, os.MkdirAll(filepath.Join(dir, "none"), 0o755))
	return &truth{base: base, dir: dir, project: project, made: map[*component][]string{}, effects: map[*component]*effect{}}
}

func (t *truth) fresh() (string, error) {
	t.n++
	dir := filepath.Join(t.dir, strconv.Itoa(t.n))
	return dir, os.Mkdir(dir, 0o755)
}

// mounted calls a function with an overlay of layers, the lowest first. The function writes to
// the last one.
func (t *truth) mounted(layers []string, do func(root string) error) (err error) {
	work, err1 := t.fresh()
	root, err2 := t.fresh()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	lower := t.base.root
	for _, l := range layers[:len(layers)-1] {
		lower = l + ":" + lower
	}
	// Volatile: nothing must survive a crash, so unmounting need not sync.
	options := "volatile,index=off,redirect_dir=off,metacopy=off,lowerdir=" + lower + ",upperdir=" + layers[len(layers)-1] + ",workdir=" + work
	if err := unix.Mount("overlay", root, "overlay", 0, options); err != nil {
		return fmt.Errorf("mount overlay: %w", err)
	}
	defer func() {
		err = errors.Join(err, unix.Unmount(root, 0), os.Remove(root), os.RemoveAll(work))
	}()
	return do(root)
}

// execute runs a script in a root, and returns the numbers of the failed lines.
func execute(root string, script []string) (failed []int, err error) {
	cmd := exec.Command("/bin/sh", "-ec", strings.Join(script, "\n"))
	cmd.Env = []string{"SH_TOLERANT=1"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("in the chroot: %w", err)
	}
	for _, f := range strings.Fields(string(out)) {
		n, err := strconv.Atoi(f)
		if err != nil {
			return nil, err
		}
		failed = append(failed, n)
	}
	return failed, nil
}

// build is the build of a component.
type build struct {
	*truth
	c      *component
	layers []string        // of the build root and of the executed steps
	first  int             // the number of layers of the build root
	placed []string        // targets of declared steps
	before exact.Tree      // of a portable component: the tree before its runs
	start  exact.Tree      // of a stacked component: what its steps find
	tmp    map[string]bool // for entries of scratch space: whether they are kept
}

// scratch lists directories in which a run's new entries are not kept.
var scratch = []string{"/tmp", "/var/tmp"}

func inScratch(p string) bool {
	return slices.ContainsFunc(scratch, func(d string) bool { return strings.HasPrefix(p, d+"/") })
}

// begin assembles the build root of a component.
func (t *truth) begin(c *component) (*build, error) {
	b := &build{truth: t, c: c, tmp: map[string]bool{}}
	var have []*component
	for _, n := range c.closure() {
		var err error
		if b.layers, err = t.onto(b.layers, have, n); err != nil {
			return nil, err
		}
		have = append(have, n)
	}
	b.first = len(b.layers)
	if err := b.next(func(root string) (err error) {
		if c.stacked {
			b.start, err = exact.Read(root)
		}
		return err
	}); err != nil {
		return nil, err
	}
	for p := range b.view {
		b.tmp[p] = inScratch(p)
	}
	return b, nil
}

// prepare creates the parents of a component's owned paths.
func (b *build) prepare() error {
	return b.next(func(root string) (err error) {
		for _, o := range b.c.owns {
			if err := b.lead(root, o, false); err != nil {
				return err
			}
		}
		if !b.c.stacked {
			b.before, err = exact.Read(root)
		}
		return err
	})
}

// strays reports whether the runs of a portable component did something forbidden: changed a path
// that it does not own, deleted a path of a lower layer, or created a block device.
func (b *build) strays(root string) (bool, error) {
	if b.before == nil || b.lawless {
		return false, nil
	}
	now, err := exact.Read(root)
	if err != nil {
		return false, err
	}
	for p, e := range b.before {
		n, is := now[p]
		parent := now[path.Dir(p)].Mode & unix.S_IFMT
		if !is && parent == unix.S_IFDIR && !b.c.places(p) {
			return true, nil
		}
		if is && (e.Mode&unix.S_IFMT == unix.S_IFDIR) != (n.Mode&unix.S_IFMT == unix.S_IFDIR) {
			return true, nil // a layer keeps directories, and what is not one
		}
	}
	outside := func(tree exact.Tree) exact.Tree {
		out := exact.Tree{}
		for p, e := range tree {
			e.Same = "" // a new hard link is not a change of the file
			_, was := b.before[p]
			if !b.c.writes(p) && !(inScratch(p) && !was) {
				out[p] = e
			}
		}
		return out
	}
	for p, e := range now {
		if b.c.writes(p) && e.Mode&unix.S_IFMT == unix.S_IFBLK {
			return true, nil
		}
	}
	return len(exact.Compare(outside(b.before), outside(now), false)) > 0, nil
}

// next calls a function on a new layer, and glances at the result.
func (b *build) next(do func(root string) error) error {
	layer, err := b.fresh()
	if err != nil {
		return err
	}
	layers := append(slices.Clone(b.layers), layer)
	err = b.mounted(layers, func(root string) error {
		if err := do(root); err != nil {
			return err
		}
		b.view, err = glance(root)
		return err
	})
	if err == nil {
		b.layers = layers
	}
	return err
}

// step executes a step, and reports whether it did anything. Failed operations of a run are
// removed from it; a failed declared step does nothing.
func (b *build) step(s *step) (ok bool, err error) {
	if s.run == nil {
		return b.place(s)
	}
	s.run = strings.Split(strings.Join(s.run, "\n"), "\n")
	for len(s.run) > 0 {
		var failed []int
		err := b.next(func(root string) (err error) {
			if failed, err = execute(root, s.run); len(failed) > 0 {
				return errDropped
			}
			stray, err2 := b.strays(root)
			if stray {
				s.run = nil
				return errDropped
			}
			met, err3 := b.conflicts(root)
			if met {
				failed = []int{len(s.run) - 1}
				return errDropped
			}
			return errors.Join(err, err2, err3)
		})
		if !errors.Is(err, errDropped) {
			return err == nil, err
		}
		for _, f := range slices.Backward(failed) {
			s.run = slices.Delete(s.run, f, f+1)
		}
	}
	return false, nil
}

var errDropped = errors.New("something failed")

// place executes a declared step.
func (b *build) place(s *step) (ok bool, err error) {
	err = b.next(func(root string) error {
		if err := b.declared(root, s); err != nil {
			return err
		}
		met, err := b.conflicts(root)
		if met {
			return errDropped
		}
		return err
	})
	if errors.Is(err, errDropped) {
		return false, nil
	}
	b.placed = append(b.placed, s.path)
	for p := range b.view {
		// Files of runs in a declared directory stay scratch.
		if p == s.path || strings.HasPrefix(s.path, p+"/") || s.kind == "copy" && strings.HasPrefix(p, s.path+"/") {
			b.tmp[p] = inScratch(p)
		}
	}
	return err == nil, err
}

// declared executes a declared step in a root.
func (b *build) declared(root string, s *step) error {
	to := s.path
	if s.kind == "dir" && !s.ownership {
		to += "/inside" // it is created like a parent
	}
	if err := b.lead(root, to, false); err != nil {
		return err
	}
	if s.kind == "copy" {
		return copyTree(b.project, root+s.path)
	}
	failed, err := execute(root, []string{s.operation()})
	if err == nil && len(failed) > 0 {
		err = errDropped
	}
	return err
}

// copyTree copies a file or a whole directory.
func copyTree(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-a", "-T", "--", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %w\n%s", err, out)
	}
	// cp does not handle what a directory passes on to its entries.
	return filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		var s unix.Stat_t
		if err := unix.Lstat(p, &s); err != nil {
			return err
		}
		return unix.Chmod(to+strings.TrimPrefix(p, from), s.Mode&0o7777)
	})
}

// end creates the layers of a built component.
func (b *build) end() error {
	if !b.c.stacked {
		return b.extract()
	}
	if err := b.next(func(root string) error {
		for p := range b.view {
			if inScratch(p) && !b.tmp[p] {
				if err := os.RemoveAll(root + p); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := b.finish(); err != nil {
		return err
	}
	image, err := b.onto(b.image, b.parts, b.c)
	b.image, b.parts = image, append(b.parts, b.c)
	return err
}

// extract creates a layer from the paths that a portable component owns and places.
func (b *build) extract() error {
	layer, err := b.fresh()
	if err != nil {
		return err
	}
	image := append(slices.Clone(b.image), layer)
	err = b.mounted(image, func(to string) error {
		return b.mounted(append(slices.Clone(b.layers), filepath.Join(b.dir, "none")), func(from string) error {
			for _, p := range append(b.c.owned(), b.placed...) {
				if err := b.take(from, to, p); err != nil {
					return err
				}
			}
			return nil
		})
	})
	b.made[b.c] = []string{layer}
	b.image, b.parts = image, append(b.parts, b.c)
	return err
}

// take copies a path of the build root, with its parents, into the layer.
func (b *build) take(from, to, p string) error {
	info, err := os.Lstat(from + p)
	owned := slices.ContainsFunc(b.c.owned(), func(o string) bool { return p == o || strings.HasPrefix(p, o+"/") })
	if errors.Is(err, fs.ErrNotExist) && inScratch(p) && !owned {
		return nil // a run has removed it
	}
	if owned && !slices.Contains(b.c.owns, p) {
		return nil // it is part of an owned path
	}
	if err != nil {
		return err
	}
	if err := b.lead(to, p, true); err != nil {
		return err
	}
	switch {
	case b.c.copies(p) && !owned:
		// From the step, not from the build root: a run that adds a hard link separates the names
		// there, but not in the layer.
		return copyTree(b.project, to+p)
	case !info.IsDir() || owned:
		return copyTree(from+p, to+p)
	}
	if err := os.Mkdir(to+p, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	s := info.Sys().(*syscall.Stat_t)
	return errors.Join(os.Lchown(to+p, int(s.Uid), int(s.Gid)), unix.Chmod(to+p, s.Mode&0o7777))
}

// lead creates the missing parents of a path, with the owner and mode from declared steps, else
// from the base, else root's and 0755. In a layer, existing parents get them, too.
func (b *build) lead(root, p string, layer bool) error {
	if path.Dir(p) == "/" {
		return nil
	}
	if err := b.lead(root, path.Dir(p), layer); err != nil {
		return err
	}
	dir := path.Dir(p)
	err := os.Mkdir(root+dir, 0o755)
	if info, err := os.Lstat(root + dir); err != nil || !info.IsDir() {
		return fmt.Errorf("%w: %s is not a directory", errDropped, dir)
	}
	if err != nil && !layer {
		return nil // it exists
	}
	uid, gid, mode := b.attributes(dir)
	return errors.Join(os.Lchown(root+dir, uid, gid), unix.Chmod(root+dir, mode))
}

// attributes returns the owner and mode of a parent of a component's paths.
func (b *build) attributes(dir string) (uid, gid int, mode uint32) {
	uid, gid, mode = 0, 0, 0o755
	if e, ok := b.base.tree[dir]; ok && e.Mode&unix.S_IFMT == unix.S_IFDIR {
		uid, gid, mode = int(e.UID), int(e.GID), e.Mode&0o7777
	}
	for _, x := range append(b.c.closure(), b.c) {
		for _, s := range x.steps {
			if s.kind == "dir" && s.path == dir && s.ownership {
				uid, gid, mode = s.uid, s.gid, s.mode
			}
		}
	}
	return uid, gid, mode
}

// result returns the image.
func (t *truth) result() (tree exact.Tree, err error) {
	err = t.mounted(append(slices.Clone(t.image), filepath.Join(t.dir, "none")), func(root string) error {
		tree, err = exact.Read(root)
		return err
	})
	return tree, err
}

// glance reads what a generator needs to know about a tree, without content.
func glance(root string) (exact.Tree, error) {
	tree := exact.Tree{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var s unix.Stat_t
		if err := unix.Lstat(p, &s); err != nil {
			return err
		}
		tree["/"+strings.TrimPrefix(strings.TrimPrefix(p, root), "/")] = exact.Entry{Mode: s.Mode, Size: s.Size}
		return nil
	})
	return tree, err
}
