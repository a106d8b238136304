package load

import (
	"io/fs"
	"path"
	"strings"
)

// Mount returns the directory that has the repository in a [Tree]: "@git.example.com/team/layers". It
// does not contain the version, since a program uses only one.
func (r Repository) Mount() string { return "@" + r.Name() }

// Dir returns the module's directory in the program's [Tree], to which its relative paths refer. A
// module of the standard library has none.
func (m *Module) Dir() (string, bool) {
	switch {
	case m.Std:
		return "", false
	case m.Git == Repository{}:
		return m.Path, true
	}
	_, dir, _ := strings.Cut(m.Path, "//")
	return path.Join(m.Git.Mount(), dir), true
}

// Tree has all files that a program may copy: the files of the project, and the files of each
// imported repository beneath its mount. A repository hides files of the project at its mount.
func (p *Program) Tree(in Input) fs.FS {
	mounts := map[string]fs.FS{}
	for _, r := range p.Repositories {
		if f := in.Modules[r]; f.Err == nil && f.Files != nil {
			mounts[r.Mount()] = f.Files
		}
	}
	if len(mounts) == 0 {
		return in.Project
	}
	return tree{in.Project, mounts}
}

// tree is a file system with others mounted beneath directories, which need not exist in it.
type tree struct {
	fs.FS
	mounts map[string]fs.FS
}

// within returns the file system that has a name, and the name there. If the names of two
// repositories match, the longer one counts.
func (t tree) within(name string) (fs.FS, string) {
	if strings.HasPrefix(name, "@") {
		for at := name; at != "."; at = path.Dir(at) {
			if m, ok := t.mounts[at]; ok {
				return m, path.Clean("." + strings.TrimPrefix(name, at))
			}
		}
	}
	return t.FS, name
}

func (t tree) Open(name string) (fs.File, error) {
	f, name := t.within(name)
	return f.Open(name)
}

func (t tree) Stat(name string) (fs.FileInfo, error) {
	f, name := t.within(name)
	return fs.Stat(f, name)
}

func (t tree) ReadDir(name string) ([]fs.DirEntry, error) {
	f, name := t.within(name)
	return fs.ReadDir(f, name)
}

func (t tree) ReadFile(name string) ([]byte, error) {
	f, name := t.within(name)
	return fs.ReadFile(f, name)
}

func (t tree) Lstat(name string) (fs.FileInfo, error) {
	f, name := t.within(name)
	return fs.Lstat(f, name)
}

func (t tree) ReadLink(name string) (string, error) {
	f, name := t.within(name)
	return fs.ReadLink(f, name)
}
