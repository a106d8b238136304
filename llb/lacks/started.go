package lacks

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Which program does `#!/usr/bin/env NAME` start? Env looks for the name in PATH. So this file looks
// for it in the directories of PATH in the union, whose value is the one of the image. Who starts a
// script may set another PATH, so a missing name is only suspicious.

const (
	needsInPath  = "script-env"  // env finds no program with the name in PATH
	needsOneWord = "script-args" // env is given several words as one name
)

// started looks for the program that env starts for a script; by is the path of env, and words are
// its arguments.
func (s *leading) started(name, by string, words []string) {
	if len(words) == 0 {
		return
	}
	program, known := words[0], len(words) == 1
	if split, is := strings.CutPrefix(words[0], "-S"); is {
		if split != "" {
			words[0] = split
		} else {
			words = words[1:]
		}
		program, known = splitString(words)
	} else if !known && !strings.HasPrefix(words[0], "-") && !strings.Contains(words[0], "=") {
		s.note(needsOneWord, name, by+" "+strings.Join(words, " "), "")
		return
	}
	if !known || program == "" || strings.HasPrefix(program, "-") || strings.Contains(program, "=") {
		return
	}
	switch {
	case path.IsAbs(program):
		if s.lacking(s.clean(program)) {
			s.note(needsSystem, name, by+" "+program, "")
		}
	case !strings.Contains(program, "/") && !s.inPath(program):
		s.note(needsInPath, name, by+" "+program, s.near(program))
	}
}

// splitString returns the program that env starts for the words after -S, after assignments to
// variables. It is not known if there are options, quotes or another PATH.
func splitString(words []string) (program string, known bool) {
	for _, w := range words {
		switch {
		case strings.HasPrefix(w, "-"), strings.HasPrefix(w, "PATH="), strings.ContainsAny(w, `"'\$#`):
			return "", false
		case !strings.Contains(w, "="):
			return w, true
		}
	}
	return "", false
}

// inPath reports whether a directory of PATH has a program, or may get it from a runtime.
func (s *leading) inPath(program string) bool {
	return slices.ContainsFunc(s.path, func(dir string) bool {
		return s.mayBeGiven(dir) || s.runnable(path.Join(dir, program))
	})
}

// runnable reports whether the union has an executable file at a path.
func (s *leading) runnable(p string) bool {
	_, at, err := s.resolve(p)
	if err != nil || at == "" {
		return false
	}
	info, err := os.Stat(at)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// near returns what the author of a script may have meant: the path of a program with the name
// outside PATH, the first one by path; else the shortest name in PATH that differs in its version only;
// else "".
func (s *leading) near(program string) string {
	if s.programs == nil {
		s.programs = s.allPrograms()
	}
	for _, at := range s.programs[program] {
		if s.runnable(at) {
			return at
		}
	}
	best := ""
	for _, dir := range s.path {
		list, err := s.list(dir)
		if err != nil {
			continue
		}
		for _, n := range list {
			if unversioned(n) == unversioned(program) && (best == "" || len(n) < len(best)) && s.runnable(path.Join(dir, n)) {
				best = n
			}
		}
	}
	return best
}

// unversioned is the name of a program without its version: python of python3.11. nodejs is node.
func unversioned(name string) string {
	return strings.TrimSuffix(strings.TrimRight(name, "0123456789.-"), "js")
}

// allPrograms returns the sorted paths of the executable files and links in directories for programs,
// by name.
func (s *leading) allPrograms() map[string][]string {
	all := map[string][]string{}
	for _, tree := range s.union {
		_ = filepath.WalkDir(tree, func(p string, d fs.DirEntry, err error) error {
			name := strings.TrimPrefix(p, tree)
			dir := path.Base(path.Dir(name))
			if err != nil || d.IsDir() || dir != "bin" && dir != "sbin" || strings.ContainsAny(name, "\t\n") || s.mayBeGiven(name) {
				return nil
			}
			if info, err := d.Info(); err == nil && info.Mode()&0o111 != 0 {
				all[d.Name()] = append(all[d.Name()], name)
			}
			return nil
		})
	}
	for _, list := range all {
		slices.Sort(list)
	}
	return all
}

// searched returns the directories of a value of PATH.
func searched(value string) []string {
	var out []string
	for dir := range strings.SplitSeq(value, ":") {
		if path.IsAbs(dir) {
			out = append(out, path.Clean(dir))
		}
	}
	return out
}
