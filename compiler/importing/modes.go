package importing

import (
	"bytes"
	"io/fs"
	"path"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// Docker keeps the modes of the context, and layc gives files of the project modes with which all may read.

// modes are the protected files of a project.
type modes struct {
	files fs.FS
	found map[[2]string]protected // by contexts and sources
}

// protected is a file that only its owner or group may read; zero if there is none.
type protected struct {
	name string
	mode fs.FileMode
}

// unreadable guesses for each source of a context with a file that only its owner or group may read.
func unreadable(s *stage, i *instruction, context string, sources []string) {
	for _, src := range sources {
		if symbolic(src) {
			continue
		}
		p := s.file.im.modes.protected(context, path.Clean(src))
		if p.name == "" {
			continue
		}
		usual := "0644"
		if p.mode&0o111 != 0 {
			usual = "0755"
		}
		i.guess("%s has mode %#o, and layc gives it %s; write `mode` if nobody else may read it", p.name, p.mode, usual)
	}
}

// protected returns the first file in or at a source of a context that is protected. Only files that the
// context's .dockerignore keeps count. A source is walked once per import.
func (m modes) protected(context, source string) protected {
	key := [2]string{context, source}
	if found, ok := m.found[key]; ok {
		return found
	}
	var found protected
	ignored := ignored(m.files, context)
	// An error ends a file or directory: what cannot be read is not copied either.
	_ = fs.WalkDir(m.files, source, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case name != source && ignored(name, d.IsDir()):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		info, err := d.Info()
		if err != nil || info.Mode().Perm() == 0 || info.Mode().Perm()&0o004 != 0 {
			return nil
		}
		found = protected{name, info.Mode().Perm()}
		return fs.SkipAll
	})
	m.found[key] = found
	return found
}

// ignored returns a function that reports whether a context lacks a file of the project because of its
// .dockerignore, or a directory with all that is in it.
func ignored(files fs.FS, context string) func(name string, dir bool) bool {
	nothing := func(string, bool) bool { return false }
	text, err := fs.ReadFile(files, path.Join(context, ".dockerignore"))
	if err != nil {
		return nothing
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil {
		return nothing
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return nothing
	}
	return func(name string, dir bool) bool {
		if root := path.Clean(context); root != "." {
			name = strings.TrimPrefix(name, root+"/")
		}
		matched, err := matcher.MatchesOrParentMatches(name)
		return err == nil && matched && !(dir && matcher.Exclusions())
	}
}
