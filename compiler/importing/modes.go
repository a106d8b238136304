package importing

import (
	"bytes"
	"io/fs"
	"path"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// Docker keeps the modes of the context, and layc gives files of the project modes with which all may read, and
// only the owner may write. Git keeps no more than these two either. What its group may write is not told, since
// this is how many people's machines make all files.

// modes are the files of a project with other modes.
type modes struct {
	files fs.FS
	found map[[2]string]protected // by contexts and sources
}

// protected is a file or directory that not all may read, that all may write, or that runs as its owner or group;
// zero if there is none.
type protected struct {
	name string
	mode fs.FileMode
}

// unreadable guesses for each source of a context with a file or directory whose mode gets lost.
func unreadable(s *stage, i *instruction, context string, sources []string) {
	for _, src := range sources {
		if symbolic(src) {
			continue
		}
		p := s.file.im.modes.protected(context, path.Clean(src))
		if p.name == "" {
			continue
		}
		usual, advice := "0644", ""
		if p.mode&0o111 != 0 {
			usual = "0755"
		}
		if p.mode.Perm()&0o004 == 0 {
			advice = "; write `mode` if nobody else may read it"
		}
		i.guess("%s has mode %#o, and layc gives it %s%s", p.name, octalMode(p.mode), usual, advice)
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
		case !d.Type().IsRegular() && !(d.IsDir() && name != source): // of a source, the content is copied
			return nil
		}
		info, err := d.Info()
		if err != nil || info.Mode().Perm() == 0 || plainMode(info.Mode()) {
			return nil
		}
		found = protected{name, info.Mode()}
		return fs.SkipAll
	})
	m.found[key] = found
	return found
}

// plainMode reports whether all may read a file or directory of a mode, and nothing else.
func plainMode(mode fs.FileMode) bool {
	return mode&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky) == 0 && mode.Perm()&0o006 == 0o004
}

// octalMode returns a mode as chmod has it.
func octalMode(mode fs.FileMode) uint32 {
	out := uint32(mode.Perm())
	for bit, special := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if mode&special != 0 {
			out |= bit
		}
	}
	return out
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
