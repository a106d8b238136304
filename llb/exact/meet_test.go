//go:build linux

package exact_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/exact"
)

// Stacked components of which neither needs the other. Each is built on what it needs, and the
// image has the changes of both. The truth applies them path by path. It drops steps that change
// a path which an unrelated component changes differently, because a build refuses them.

// effect is what a stacked component has changed.
type effect struct {
	before, after exact.Tree
	stack         []string // layers with the result
	own           []string // the ones of the component
}

// onto returns layers with the changes of a component on top. have are the components that they
// already contain.
func (t *truth) onto(layers []string, have []*component, c *component) ([]string, error) {
	e := t.effects[c]
	if e == nil {
		return append(slices.Clone(layers), t.made[c]...), nil
	}
	if slices.Equal(have, c.closure()) {
		return append(slices.Clone(layers), e.own...), nil
	}
	layer, err := t.fresh()
	if err != nil {
		return nil, err
	}
	layers = append(slices.Clone(layers), layer)
	return layers, t.mounted(layers, func(to string) error {
		return t.mounted(append(slices.Clone(e.stack), filepath.Join(t.dir, "none")), func(from string) error {
			return e.apply(from, to)
		})
	})
}

// changed returns the paths that an effect changes, sorted: directories before their content. A
// name counts as changed if the names of its file change.
func (e *effect) changed() []string {
	files := map[string]bool{} // first names of files with a changed name
	out := map[string]bool{}
	for p := range e.before {
		if _, is := e.after[p]; !is {
			out[p] = true
		}
	}
	for p, a := range e.after {
		b, was := e.before[p]
		if !was || len(exact.Compare(exact.Tree{p: b}, exact.Tree{p: a}, false)) > 0 {
			out[p] = true
			files[a.Same] = a.Same != ""
		}
	}
	for p, a := range e.after {
		if files[a.Same] {
			out[p] = true
		}
	}
	delete(out, "/")
	return slices.Sorted(maps.Keys(out))
}

// apply makes the changes of an effect, whose result is mounted at from, in another root.
func (e *effect) apply(from, to string) error {
	var errs []error
	first := map[string]string{}
	for _, p := range e.changed() {
		a, is := e.after[p]
		switch {
		case !is:
			if _, err := os.Lstat(to + p); err == nil { // not under what is not a directory any more
				errs = append(errs, os.RemoveAll(to+p))
			}
		case a.Mode&unix.S_IFMT == unix.S_IFDIR:
			if info, err := os.Lstat(to + p); err != nil || !info.IsDir() {
				errs = append(errs, os.RemoveAll(to+p), os.Mkdir(to+p, 0o755))
			}
			errs = append(errs, os.Lchown(to+p, int(a.UID), int(a.GID)), unix.Chmod(to+p, a.Mode&0o7777))
		case a.Same != "" && first[a.Same] != "":
			errs = append(errs, os.RemoveAll(to+p), os.Link(to+first[a.Same], to+p))
		default:
			first[a.Same] = p
			errs = append(errs, os.RemoveAll(to+p))
			if out, err := exec.Command("cp", "-a", "-T", "--", from+p, to+p).CombinedOutput(); err != nil {
				errs = append(errs, fmt.Errorf("cp: %w\n%s", err, out))
			}
		}
	}
	return errors.Join(errs...)
}

// meets reports whether an effect conflicts with another one.
func (e *effect) meets(other *effect) bool {
	mine, theirs := e.changed(), other.changed()
	set := map[string]bool{}
	for _, p := range theirs {
		set[p] = true
	}
	for _, p := range mine {
		a, is := e.after[p]
		b, was := other.after[p]
		if set[p] && (is != was || is && len(exact.Compare(exact.Tree{p: a}, exact.Tree{p: b}, false)) > 0) {
			return true
		}
	}
	return clears(e, other) || clears(other, e)
}

// clears reports whether an effect leaves no directory above a path that another one creates or
// changes.
func clears(e, other *effect) bool {
	mine := map[string]bool{}
	for _, p := range e.changed() {
		mine[p] = true
	}
	for _, p := range other.changed() {
		if _, is := other.after[p]; !is {
			continue
		}
		for dir := path.Dir(p); dir != "/"; dir = path.Dir(dir) {
			if a, is := e.after[dir]; mine[dir] && (!is || a.Mode&unix.S_IFMT != unix.S_IFDIR) {
				return true
			}
		}
	}
	return false
}

// unrelated returns the components so far that a component does not need.
func (b *build) unrelated() []*component {
	needs := b.c.closure()
	return slices.DeleteFunc(slices.Clone(b.parts), func(c *component) bool { return slices.Contains(needs, c) })
}

// conflicts reports whether a stacked component has changed in a root what an unrelated component
// changes or places.
func (b *build) conflicts(root string) (bool, error) {
	others := b.unrelated()
	if !b.c.stacked || len(others) == 0 {
		return false, nil
	}
	e, err := b.effect(root)
	if err != nil {
		return false, err
	}
	for _, c := range others {
		if o := b.effects[c]; o != nil && e.meets(o) || o == nil && slices.ContainsFunc(e.changed(), c.writes) {
			return true, nil
		}
	}
	return false, nil
}

// effect returns what the component has changed so far in a root.
func (b *build) effect(root string) (*effect, error) {
	after, err := exact.Read(root)
	for p := range after {
		if inScratch(p) && b.start[p].Mode == 0 {
			delete(after, p) // as if it were already removed; what is kept there never conflicts
		}
	}
	return &effect{before: b.start, after: after}, err
}

// finish records what a stacked component has changed.
func (b *build) finish() error {
	return b.mounted(append(slices.Clone(b.layers), filepath.Join(b.dir, "none")), func(root string) error {
		after, err := exact.Read(root)
		b.effects[b.c] = &effect{before: b.start, after: after, stack: b.layers, own: b.layers[b.first:]}
		return err
	})
}
