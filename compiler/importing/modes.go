package importing

import (
	"io/fs"
	"path"
)

// Docker keeps the modes of the context, and layc gives files of the project modes with which all may read, and
// only the owner may write. Git keeps no more than these two either. What its group may write is not told, since
// this is how many people's machines make all files.

// modes are the files of a project with other modes.
type modes struct {
	files fs.FS
	found map[seenSource]protected
}

// seenSource is a source of a context with an ignore file.
type seenSource struct {
	by   *ignoring
	name string
}

// protected is a file or directory that not all may read, that all may write, or that runs as its owner or group;
// zero if there is none.
type protected struct {
	name string
	mode fs.FileMode
}

// unreadable guesses for each source of a context with a file or directory whose mode gets lost.
func unreadable(s *stage, i *instruction, context string, sources []string) {
	by := ignoringOf(s, context)
	for _, src := range sources {
		if symbolic(src) {
			continue
		}
		p := s.file.im.modes.protected(by, path.Clean(src))
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
// context's ignore file keeps count. A source is walked once per import.
func (m modes) protected(by *ignoring, source string) protected {
	key := seenSource{by, source}
	if found, ok := m.found[key]; ok {
		return found
	}
	var found protected
	// An error ends a file or directory: what cannot be read is not copied either.
	_ = fs.WalkDir(m.files, source, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case name != source && d.IsDir() && by.lacksAll(name):
			return fs.SkipDir
		case name != source && !d.IsDir() && by.lacks(name):
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
