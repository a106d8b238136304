package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// verify compares a root file system before and after a component's steps. It
// fails, and says what changed, unless all that changed lies within the
// allowed paths. New directories that lead to an allowed path are allowed, too,
// and, of a path after "=", an empty file or directory there: what is mounted
// leaves such. Paths after "+" are the component's own, which it may not change.
// What is compared is what an image holds: type, mode, owner, size and time of
// a file, the target of a link; of directories neither size nor time.
func verify(before, after string, allowed []string) error {
	v := &verification{before: before, after: after}
	for _, a := range allowed {
		if p, ok := strings.CutPrefix(a, "="); ok {
			v.points = append(v.points, p)
		} else if p, ok := strings.CutPrefix(a, "+"); ok {
			v.placed = append(v.placed, p)
		} else {
			v.allowed = append(v.allowed, a)
		}
	}
	if err := v.compare("/"); err != nil {
		return err
	}
	if len(v.broken) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("the component wrote outside of what it owns:\n")
	for i, p := range v.broken {
		if i == 20 {
			fmt.Fprintf(&b, "  … and %d more\n", len(v.broken)-i)
			break
		}
		fmt.Fprintf(&b, "  %s\n", p)
	}
	b.WriteString("only what a component owns gets into an image, so this would be lost.\n")
	if len(v.made) > 0 {
		var names []string
		for _, p := range v.made[:min(len(v.made), 5)] {
			names = append(names, fmt.Sprintf("%q", p))
		}
		fmt.Fprintf(&b, "true would be:  owns %s\n", strings.Join(names, ", "))
	}
	b.WriteString("for files that only the build needs, use /tmp, or a mount: with cache, with tmpfs\n")
	if v.changed {
		b.WriteString("to change or delete files of others, leave out owns: then the component is stacked on them\n")
	}
	return errors.New(b.String())
}

type verification struct {
	before, after string
	allowed       []string
	points        []string // where something was mounted
	placed        []string // what the component has placed
	broken        []string // lines for people
	made          []string // topmost paths that are new, or the component's own
	changed       bool     // something of others is not as it was
}

// within reports whether a path may change.
func (v *verification) within(p string) bool { return beneath(p, v.allowed) }

func beneath(p string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return p == d || strings.HasPrefix(p, d+"/") })
}

// differs notes that something is not as it was.
func (v *verification) differs(p, how string) {
	v.broken = append(v.broken, p+" "+how)
	if beneath(p, v.placed) {
		v.made = append(v.made, p)
	} else {
		v.changed = true
	}
}

// leads reports whether a path leads to one that may change.
func (v *verification) leads(p string) bool {
	leads := func(a string) bool { return strings.HasPrefix(a, strings.TrimSuffix(p, "/")+"/") }
	return slices.ContainsFunc(v.allowed, leads) || slices.ContainsFunc(v.points, leads)
}

// point reports whether a new path is nothing but a place where something was
// mounted.
func (v *verification) point(p string) bool {
	if !slices.Contains(v.points, p) {
		return false
	}
	if entries, err := os.ReadDir(v.after + p); err == nil {
		return len(entries) == 0
	}
	return !notEmpty(v.after + p)
}

// compare compares the entries of a directory that both have.
func (v *verification) compare(dir string) error {
	old, err := names(v.before + dir)
	if err != nil {
		return err
	}
	now, err := names(v.after + dir)
	if err != nil {
		return err
	}
	all := slices.Concat(old, now)
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		p := filepath.Join(dir, name)
		if v.within(p) || p == "/.layc" {
			continue
		}
		_, was := slices.BinarySearch(old, name)
		_, is := slices.BinarySearch(now, name)
		switch {
		case !is:
			v.differs(p, "is deleted")
		case !was:
			if v.point(p) {
				continue
			}
			if !v.leads(p) {
				v.broken, v.made = append(v.broken, p+" is new"), append(v.made, p)
			} else if err := v.fresh(p); err != nil {
				return err
			}
		default:
			if err := v.both(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// fresh looks for what may not be there in a new directory that leads to an
// allowed path.
func (v *verification) fresh(dir string) error {
	now, err := names(v.after + dir)
	if errors.Is(err, syscall.ENOTDIR) {
		v.broken, v.made = append(v.broken, dir+" is new"), append(v.made, dir)
		return nil
	}
	for _, name := range now {
		p := filepath.Join(dir, name)
		switch {
		case v.within(p), v.point(p):
		case !v.leads(p):
			v.broken, v.made = append(v.broken, p+" is new"), append(v.made, p)
		default:
			err = errors.Join(err, v.fresh(p))
		}
	}
	return err
}

// both compares what was there with what is.
func (v *verification) both(p string) error {
	var a, b syscall.Stat_t
	if err := errors.Join(syscall.Lstat(v.before+p, &a), syscall.Lstat(v.after+p, &b)); err != nil {
		return err
	}
	if a.Mode != b.Mode || a.Uid != b.Uid || a.Gid != b.Gid {
		v.differs(p, "has another type, mode or owner")
		return nil
	}
	switch a.Mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		return v.compare(p)
	case syscall.S_IFLNK:
		was, err1 := os.Readlink(v.before + p)
		is, err2 := os.Readlink(v.after + p)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if was != is {
			v.differs(p, "points elsewhere")
		}
	default:
		if a.Size != b.Size || a.Mtim != b.Mtim {
			v.differs(p, "is changed")
		}
	}
	return nil
}

// names are the names in a directory, sorted; none if it is not there.
func names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out, nil
}
