package lacks

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Where do the links and scripts of a layer lead? A build has more than an image: a virtual
// environment links to the Python that made it, and its scripts begin with that path. So this file
// looks for the target of each link, and for the interpreter of each executable script, in the
// layer, its needs and the base. What is missing there, and what a build had, is a fault if it is a
// program.
//
// Much else is missing on purpose. A link that led nowhere in the build, too, is as its author made
// it. Volumes and what a runtime mounts are empty in an image. Packages of other languages bring
// scripts for every shell and system, so a script for an interpreter of the system that the image
// lacks is only suspicious. Interpreters that a build itself made are not.

const (
	leadsToProgram = "link"      // a link to a program that only a build has
	leadsToFile    = "link-file" // a link to something else that only a build has
	needsProgram   = "script"    // a script whose interpreter only a build has, and made
	needsSystem    = "script-of" // a script whose interpreter is missing
	needsRunnable  = "script-by" // a script whose interpreter is not an executable file
	needsNewline   = "script-cr" // a script whose first line ends with a carriage return
)

// mounted are the paths that a runtime fills.
var mounted = []string{"/proc", "/sys", "/dev", "/run", "/var/run", "/tmp", "/var/tmp", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"}

// programDirs have the programs of a system.
var programDirs = []string{"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin"}

// leading looks for what links and scripts of the topmost tree of a union lead to.
type leading struct {
	union
	builds []union
	given  []string // paths without content in an image
	path   []string // the directories of PATH
	found  []lack
	// programs has the paths of executable files by name, filled on first use.
	programs map[string][]string
}

// lacks returns what the topmost tree's links and scripts lack, sorted by path.
func (s *leading) lacks() ([]lack, error) {
	tree := s.union[0]
	err := filepath.WalkDir(tree, func(p string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(p, tree)
		if err != nil || strings.ContainsAny(name, "\t\n") {
			return err
		}
		switch {
		case d.Type() == fs.ModeSymlink:
			return s.link(name, p)
		case d.Type().IsRegular():
			return s.script(name, p)
		}
		return nil
	})
	return s.found, err
}

// link looks for the target of a link. A link to another link is not reported: that one is.
func (s *leading) link(name, place string) error {
	to, err := os.Readlink(place)
	if err != nil {
		return err
	}
	if !path.IsAbs(to) {
		to = path.Dir(name) + "/" + to
	}
	to = s.clean(to)
	if dir, _, err := s.resolve(path.Dir(to)); err == nil {
		if at, _ := s.entry(path.Join(dir, path.Base(to))); at != "" {
			return nil
		}
	}
	if !s.lacking(to) {
		return nil
	}
	switch built, program := s.built(to); {
	case program:
		s.note(leadsToProgram, name, to, "")
	case built:
		s.note(leadsToFile, name, to, "")
	}
	return nil
}

// clean returns a path without "..", which the kernel takes from where links lead: in the image, or
// else in a build.
func (s *leading) clean(p string) string {
	if !strings.Contains(p, "..") {
		return path.Clean(p)
	}
	dir, base := path.Split(strings.TrimRight(p, "/"))
	if base == ".." || base == "." {
		dir, base = p, ""
	}
	trees := []union{s.union}
	for _, b := range s.builds {
		trees = append(trees, append(union{s.union[0]}, b...))
	}
	for _, u := range trees {
		if at, _, err := u.resolve(dir); err == nil {
			return path.Join(at, base)
		}
	}
	return path.Clean(p)
}

// script looks for the interpreter of an executable script.
func (s *leading) script(name, place string) error {
	f, err := os.Open(place)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Mode()&0o111 == 0 {
		return err
	}
	text := make([]byte, 256) // the kernel reads no more
	n, _ := f.ReadAt(text, 0)
	line, _, _ := strings.Cut(string(text[:n]), "\n")
	line, is := strings.CutPrefix(line, "#!")
	line, crlf := strings.CutSuffix(line, "\r")
	words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' }) // as the kernel does
	if !is || len(words) == 0 || !path.IsAbs(words[0]) {
		return nil
	}
	by := s.clean(words[0])
	if crlf {
		s.note(needsNewline, name, by, "")
		return nil
	}
	if !s.lacking(by) {
		if _, at, err := s.resolve(by); err != nil || at == "" {
			return nil // a runtime has it
		}
		switch {
		case !s.runnable(by):
			s.note(needsRunnable, name, by, "")
		case path.Base(words[0]) == "env":
			s.started(name, words[0], words[1:])
		}
		return nil
	}
	if _, program := s.built(by); program && !slices.Contains(programDirs, path.Dir(by)) {
		s.note(needsProgram, name, by, "")
	} else {
		s.note(needsSystem, name, by, "")
	}
	return nil
}

// lacking reports whether the union has nothing at a path, and neither a runtime nor a volume does.
func (s *leading) lacking(p string) bool {
	_, _, err := s.resolve(p)
	return errors.Is(err, fs.ErrNotExist) && !s.mayBeGiven(p)
}

// mayBeGiven reports whether a path is in a volume, or is one that a runtime fills.
func (s *leading) mayBeGiven(p string) bool {
	for dir := path.Clean(p); dir != "/"; dir = path.Dir(dir) {
		if slices.Contains(s.given, dir) {
			return true
		}
	}
	return false
}

// built reports whether a build has something at a path, and whether it is a program.
func (s *leading) built(p string) (there, program bool) {
	for _, b := range s.builds {
		_, place, err := b.resolve(p)
		if err != nil {
			continue
		}
		there = true
		if info, err := os.Stat(place); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return true, true
		}
	}
	return there, false
}

func (s *leading) note(kind, file, to, at string) {
	if !strings.ContainsAny(to, "\t\n") {
		s.found = append(s.found, lack{kind: kind, file: file, needs: to, at: at})
	}
}
