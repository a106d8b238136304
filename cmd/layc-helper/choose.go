package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/patternmatcher"
	"golang.org/x/sys/unix"
)

// chooseArgs is choose with its lists in one: the first two are preceded by their lengths.
func chooseArgs(root, out string, args []string) error {
	var lists [2][]string
	for i := range lists {
		if len(args) == 0 {
			return errUsage
		}
		n, err := strconv.Atoi(args[0])
		if err != nil || n < 0 || n > len(args)-1 {
			return errUsage
		}
		lists[i], args = args[1:n+1], args[n+1:]
	}
	return choose(root, out, lists[0], lists[1], args)
}

// choose creates one tree of everything that a copy takes from the system at root. A source with
// a trailing slash is the contents of a directory; other sources are copied with their names.
// Links on the way to a source are followed within the system, and so is a name with a trailing
// slash. Hard links are kept. The include and exclude patterns are relative to a source with a
// trailing slash; for other sources they match from the name on.
func choose(root, out string, sources, include, exclude []string) error {
	c := &choosing{root: root, links: map[inode]string{}}
	for _, src := range sources {
		if err := c.source(root, out, src, include, exclude); err != nil {
			return err
		}
	}
	return identify(out)
}

type choosing struct {
	root             string
	include, exclude *patternmatcher.PatternMatcher // of the current source; nil if there are none
	links            map[inode]string               // files with several names: the first copy
	copied, left     int                            // entries of the source
}

// source copies everything that one source selects.
func (c *choosing) source(root, out, src string, include, exclude []string) error {
	contents := strings.HasSuffix(src, "/")
	if !contents {
		include, exclude = byName(include), byName(exclude)
	}
	var err1, err2 error
	c.include, err1 = matcher(include)
	c.exclude, err2 = matcher(exclude)
	found, err3 := find(root, src)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	c.copied, c.left = 0, 0
	top := &room{to: out, made: true}
	for _, from := range found {
		var err error
		if contents {
			err = c.entries(from, "", out, top, matched{})
		} else {
			name := filepath.Base(from)
			err = c.one(from, name, filepath.Join(out, name), top, matched{})
		}
		if err != nil {
			return err
		}
	}
	if c.copied == 0 && c.left > 0 {
		return fmt.Errorf("no files to copy from %s", src)
	}
	return nil
}

// find returns the sorted places on disk of a source; a source without a pattern has one.
func find(root, src string) ([]string, error) {
	places, pattern := []string{root}, strings.ContainsAny(src, "*?[")
	elements := strings.Split(strings.Trim(path.Clean(src), "/"), "/")
	for n, element := range elements {
		last := n == len(elements)-1
		var next []string
		for _, dir := range places {
			all, err := matching(dir, element, pattern)
			if err != nil {
				return nil, err
			}
			for _, at := range all {
				if !last || strings.HasSuffix(src, "/") {
					if at, err = inside(root, strings.TrimPrefix(at, root)); err != nil {
						return nil, err
					}
				}
				if _, err := os.Lstat(at); err == nil {
					next = append(next, at)
				}
			}
		}
		places = next
	}
	if len(places) == 0 {
		return nil, fmt.Errorf("%s not found", src)
	}
	if info, err := os.Lstat(places[0]); err == nil && strings.HasSuffix(src, "/") && !info.IsDir() {
		return nil, fmt.Errorf("%s is a file", path.Clean(src))
	}
	return places, nil
}

// look fails unless the engine can copy a source in the system at root, and an image can store
// it.
func look(root, src string) error {
	found, err := find(root, src)
	if err != nil {
		return err
	}
	for _, at := range found {
		err := filepath.WalkDir(at, func(file string, _ fs.DirEntry, err error) error {
			if err != nil || file == at && strings.HasSuffix(src, "/") {
				return err
			}
			var stat unix.Stat_t
			if err := lstat(file, &stat); err != nil {
				return err
			}
			return copyable(root, file, &stat)
		})
		if err != nil {
			return err
		}
		if err := identify(at); err != nil {
			return err
		}
	}
	return nil
}

// copyable fails unless the engine can copy a file on disk, and an image can store it. The error
// has the file's quoted path in the system, and the reason.
func copyable(root, file string, stat *unix.Stat_t) error {
	how, err := unfit(file, filepath.Base(file))
	if kind(stat) == unix.S_IFBLK {
		how = "is a block device, which copies would turn into a character device"
	}
	if how != "" {
		how, _, _ = strings.Cut(how, ": ") // the caller says what to do about it
		return fmt.Errorf("not copied: %q %s", strings.TrimPrefix(file, root), how)
	}
	return err
}

// matching returns the sorted entries of a directory on disk that match an element of a source.
// Without a pattern it returns one, which may not exist.
func matching(dir, element string, pattern bool) ([]string, error) {
	if !pattern || !strings.ContainsAny(element, `*?[\`) {
		return []string{filepath.Join(dir, element)}, nil
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return nil, nil
	}
	all, err := names(dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range all {
		if ok, err := path.Match(element, name); err != nil {
			return nil, fmt.Errorf("invalid pattern %s: %w", element, err)
		} else if ok {
			out = append(out, filepath.Join(dir, name))
		}
	}
	slices.Sort(out)
	return out, nil
}

// byName returns patterns for sources that are copied with their names, from patterns for the
// names and for the content of directories.
func byName(patterns []string) []string {
	var out []string
	for _, p := range patterns {
		p, not := strings.CutPrefix(strings.TrimSpace(p), "!")
		sign := map[bool]string{true: "!"}[not]
		p = strings.TrimPrefix(path.Clean(p), "/")
		if !strings.Contains(strings.TrimPrefix(p, "**/"), "/") {
			out = append(out, sign+p)
		}
		out = append(out, sign+"*/"+p)
	}
	return out
}

func matcher(patterns []string) (*patternmatcher.PatternMatcher, error) {
	if len(patterns) == 0 {
		return nil, nil
	}
	return patternmatcher.New(patterns)
}

// matched is the patterns' result for a directory.
type matched struct{ include, exclude patternmatcher.MatchInfo }

// wants reports whether a path is to be copied.
func (c *choosing) wants(rel string, up matched) (wanted bool, here matched, err error) {
	wanted = true
	if c.include != nil {
		if wanted, here.include, err = c.include.MatchesUsingParentResults(rel, up.include); err != nil {
			return false, here, err
		}
	}
	if c.exclude != nil {
		var not bool
		not, here.exclude, err = c.exclude.MatchesUsingParentResults(rel, up.exclude)
		wanted = wanted && !not
	}
	return wanted, here, err
}

// room is a directory of the result, which is created when something is put into it.
type room struct {
	up       *room
	from, to string
	stat     unix.Stat_t
	made     bool
}

func (r *room) make() error {
	if r.made {
		return nil
	}
	if err := r.up.make(); err != nil {
		return err
	}
	r.made = true
	if info, err := os.Lstat(r.to); err == nil {
		if !info.IsDir() {
			return clash(r.to)
		}
		return nil
	}
	if err := os.Mkdir(r.to, 0o700); err != nil {
		return err
	}
	return dress(r.from, r.to, &r.stat)
}

// clash is the error for a file and a directory with the same path.
func clash(to string) error {
	return fmt.Errorf("two sources both become %s, and one of them is a directory: copy them to different paths, or leave one out with `exclude`", filepath.Base(to))
}

// entries copies the entries of a directory on disk.
func (c *choosing) entries(dir, rel, to string, r *room, up matched) error {
	all, err := names(dir)
	if err != nil {
		return err
	}
	for _, name := range all {
		if err := c.one(filepath.Join(dir, name), path.Join(rel, name), filepath.Join(to, name), r, up); err != nil {
			return err
		}
	}
	return nil
}

// one copies a place on disk and everything below it. rel is its path for the patterns.
func (c *choosing) one(from, rel, to string, into *room, up matched) error {
	var stat unix.Stat_t
	if err := lstat(from, &stat); err != nil {
		return err
	}
	wanted, here, err := c.wants(rel, up)
	if err != nil {
		return err
	}
	if !wanted {
		c.left++
	} else if err := copyable(c.root, from, &stat); err != nil {
		return err
	}
	if kind(&stat) != unix.S_IFDIR {
		if !wanted {
			return nil
		}
		return c.file(from, to, &stat, into)
	}
	r := &room{up: into, from: from, to: to, stat: stat}
	if wanted {
		c.copied++
		if err := r.make(); err != nil {
			return err
		}
	}
	return c.entries(from, rel, to, r, here)
}

// file copies a file that is not a directory.
func (c *choosing) file(from, to string, stat *unix.Stat_t, into *room) error {
	c.copied++
	if err := into.make(); err != nil {
		return err
	}
	if info, err := os.Lstat(to); err == nil {
		if info.IsDir() {
			return clash(to)
		}
		if err := os.Remove(to); err != nil { // the later source wins
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if first := c.links[statInode(stat)]; first != "" {
		return os.Link(first, to)
	}
	if stat.Nlink > 1 {
		c.links[statInode(stat)] = to
	}
	return clone(from, to, stat)
}
