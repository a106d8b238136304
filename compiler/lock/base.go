package lock

import (
	"cmp"
	"encoding/json"
	"slices"
)

// Base is what layers on a base system must know about it. It describes the content with that
// digest, wherever that comes from.
type Base struct {
	Digest string     // of a platform's manifest, or of an archive
	Layers int        // number of layers, from 1
	Links  []BaseLink // links to directories, by path
	Dirs   []BaseDir  // directories that are not 0755 root, by path
	// Config is the configuration of an image, by name; Users and Groups are those of the
	// system, by name. Configured is unset in files of earlier versions of layc, which did
	// not record them.
	Config     []BaseSetting
	Users      []BaseUser
	Groups     []BaseGroup
	Configured bool
}

// BaseUser is a user of the system, with its primary group.
type BaseUser struct {
	Name     string
	UID, GID int
}

// BaseGroup is a group of the system.
type BaseGroup struct {
	Name string
	GID  int
}

// BaseSetting is one value of an image's configuration: "user", "workdir", "stopsignal" and
// "env NAME" have a string; "entrypoint", "command", "expose" and "volume" have a list of strings.
type BaseSetting struct {
	Name string
	Text string
	List []string
}

// Listed reports whether the value of a setting is a list.
func (s BaseSetting) Listed() bool {
	return slices.Contains([]string{"entrypoint", "command", "expose", "volume"}, s.Name)
}

// BaseLink is a link to a directory.
type BaseLink struct{ Path, To string } // both absolute, with no link in To

// BaseDir is a directory.
type BaseDir struct {
	Path     string
	UID, GID int
	Mode     string // octal, as "01777"
}

// BaseRef is a base system with a [Base] that a program needs. An image has its reference and a
// platform's digest, a layout its directory in the project and a digest, and a root file system
// its URL and a digest.
type BaseRef struct {
	Kind   string // "image", "layout", "rootfs"
	Name   string // the reference, directory or URL, as in the program
	Digest string // "sha256:…"
}

// Base returns what is known about a base system. It returns false unless the file has all of it:
// an image's and a layout's configuration, too.
func (f *File) Base(ref BaseRef) (Base, bool) {
	b, ok := find(f.Bases, compareBases, Base{Digest: ref.Digest})
	return b, ok && (b.Configured || ref.Kind == "rootfs")
}

func compareBases(a, b Base) int               { return cmp.Compare(a.Digest, b.Digest) }
func compareLinks(a, b BaseLink) int           { return cmp.Compare(a.Path, b.Path) }
func compareBaseDirs(a, b BaseDir) int         { return cmp.Compare(a.Path, b.Path) }
func compareBaseSettings(a, b BaseSetting) int { return cmp.Compare(a.Name, b.Name) }
func compareBaseUsers(a, b BaseUser) int       { return cmp.Compare(a.Name, b.Name) }
func compareBaseGroups(a, b BaseGroup) int     { return cmp.Compare(a.Name, b.Name) }
func compareBaseRefs(a, b BaseRef) int         { return cmp.Compare(a.Digest, b.Digest) }
func equalBaseRefs(a, b BaseRef) bool          { return a.Digest == b.Digest }

// value returns the value as the file has it: a string as it is, a list as JSON.
func (s BaseSetting) value() string {
	if !s.Listed() {
		return s.Text
	}
	text, _ := json.Marshal(s.List) // strings never fail
	return string(text)
}

// set reads the value from the file.
func (s *BaseSetting) set(value string) error {
	if !s.Listed() {
		s.Text = value
		return nil
	}
	return json.Unmarshal([]byte(value), &s.List)
}
