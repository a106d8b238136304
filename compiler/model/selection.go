package model

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/paths"
	"github.com/moby/patternmatcher"
)

// IgnoreFile is the file in the project's directory with the patterns, written as in
// .dockerignore, of files that no copy of project files takes.
const IgnoreFile = ".layerignore"

// Selection tells which files of the tree a step takes, and where they go in the tree
// that the step makes. The checks and the build use the same selection, so the build
// uses exactly the files that were checked.
type Selection struct {
	Sources []Source
	// Include and Exclude are patterns as in .dockerignore, relative to the source if
	// it is a directory. For a file, and for a match of a pattern, they match against
	// its name.
	Include, Exclude []string
	// Ignore are the patterns of IgnoreFile, relative to the project. They do not
	// apply to files of repositories.
	Ignore []string
	// Mounts are the directories of repositories in the tree of files. A link must not
	// lead into or out of one.
	Mounts []string
	// Links distinguishes trees that differ only in which names are one file. If
	// empty, each name is a file of its own.
	Links string
}

// Source is one source of a step.
type Source struct {
	Path     string // within the tree of files, clean, with links unresolved
	Pattern  bool   // Path is a pattern; each match keeps its name in the tree
	Contents bool   // the tree has the directory's contents; else the file or directory itself, under its name
}

// Taken is a file, directory or link that a selection takes.
type Taken struct {
	Path string // in the tree that the step makes
	Name string // in the tree of files
	fs.DirEntry
}

// UnfitError reports a path that cannot be part of a tree.
type UnfitError struct{ Path, Why, Help string }

func (e *UnfitError) Error() string { return e.Path + " " + e.Why }

// Digest returns a short string that differs for different selections.
func (s *Selection) Digest() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []any{s.Sources, s.Include, s.Exclude, s.Ignore, s.Mounts, s.Links}))
	return hex.EncodeToString(sum[:8])
}

// String returns the selection for people and for goldens.
func (s *Selection) String() string {
	var b strings.Builder
	for n, src := range s.Sources {
		if n > 0 {
			b.WriteString(", ")
		}
		b.WriteString(src.Path)
		if src.Contents {
			b.WriteString("/")
		}
		if src.Pattern {
			b.WriteString(" (pattern)")
		}
	}
	for _, p := range []struct {
		word string
		list []string
	}{{"include", s.Include}, {"exclude", s.Exclude}, {"ignore", s.Ignore}} {
		if len(p.list) > 0 {
			fmt.Fprintf(&b, " %s %s", p.word, strings.Join(p.list, ", "))
		}
	}
	return b.String()
}

// Root returns the directory of the tree when it is sent to the engine. The engine's
// cache ignores which names are one file, but it does compare this directory's name.
func (s *Selection) Root() string {
	if s.Links == "" {
		return "files"
	}
	return "files-" + s.Links
}

// Files returns what the selection takes, and how many files it leaves out. A directory
// comes before its contents, and names are sorted bytewise. Where two sources have a file
// for the same path, the later one wins. Files calls visit, unless it is nil, for each
// file that it examines, and stops early when visit returns false.
func (s *Selection) Files(files fs.FS, visit func() bool) (taken []Taken, left int, err error) {
	for _, src := range s.Sources {
		some, out, err := s.Gather(files, src, visit)
		if err != nil {
			return nil, 0, err
		}
		taken, left = append(taken, some...), left+out
	}
	if len(s.Sources) > 1 {
		taken, err = Unite(taken)
	}
	return taken, left, err
}

// Gather is like Files for one source.
func (s *Selection) Gather(files fs.FS, src Source, visit func() bool) ([]Taken, int, error) {
	g := &gatherer{selection: s, files: files, visit: visit}
	var err error
	for _, m := range []struct {
		to   **patternmatcher.PatternMatcher
		From []string
	}{{&g.ignore, s.Ignore}, {&g.include, s.Include}, {&g.exclude, s.Exclude}} {
		if len(m.From) > 0 {
			if *m.to, err = patternmatcher.New(m.From); err != nil {
				return nil, 0, err
			}
		}
	}
	if err := g.source(src); err != nil && !errors.Is(err, fs.SkipAll) {
		return nil, 0, err
	}
	return g.taken, g.left, nil
}

// Unite merges the trees of several sources.
func Unite(all []Taken) ([]Taken, error) {
	slices.SortStableFunc(all, func(a, b Taken) int { return comparePaths(a.Path, b.Path) })
	out := all[:0]
	for _, t := range all {
		if n := len(out) - 1; n >= 0 && out[n].Path == t.Path {
			if out[n].IsDir() != t.IsDir() {
				return nil, &UnfitError{
					out[n].Name + " and " + t.Name, fmt.Sprintf("are both copied to %s, but one of them is a directory", t.Path),
					"copy them to different paths, or exclude one with `exclude`",
				}
			}
			out[n] = t
			continue
		}
		out = append(out, t)
	}
	return out, nil
}

// comparePaths orders paths as a walk visits them: element by element.
func comparePaths(a, b string) int {
	for n := range min(len(a), len(b)) {
		switch {
		case a[n] == b[n]:
		case a[n] == '/':
			return -1
		case b[n] == '/':
			return 1
		default:
			return int(a[n]) - int(b[n])
		}
	}
	return len(a) - len(b)
}

// gatherer collects the files of a selection.
type gatherer struct {
	selection                *Selection
	files                    fs.FS
	ignore, include, exclude *patternmatcher.PatternMatcher // nil: none
	visit                    func() bool
	taken                    []Taken
	left                     int
}

// source takes the files that one source names.
func (g *gatherer) source(src Source) error {
	names := []string{src.Path}
	if src.Pattern {
		names, _ = fs.Glob(g.files, src.Path)
	}
	for _, n := range names {
		if !valid(n) {
			if !(sieve{out: g.exclude}).takes(path.Base(n)) || !g.ignoring(n).takes(n) {
				g.left++
				continue
			}
			return oddName(n)
		}
		real, err := Resolve(g.files, g.selection.Mounts, n, src.Contents)
		if err != nil {
			return err
		}
		info, err := fs.Lstat(g.files, real)
		if err != nil {
			return err
		}
		top := Taken{Path: path.Base(n), Name: real, DirEntry: fs.FileInfoToDirEntry(info)}
		if src.Contents || top.Path == "." {
			top.Path = ""
		}
		if err := g.top(top, src.Pattern || !info.IsDir()); err != nil {
			return err
		}
	}
	return nil
}

// top takes a source, or a match of its pattern. If named is set, the step's patterns
// match against its name.
func (g *gatherer) top(t Taken, named bool) error {
	if g.visit != nil && !g.visit() {
		return fs.SkipAll
	}
	ignored := g.ignoring(t.Name)
	chosen := sieve{in: g.include, out: g.exclude}
	if !t.IsDir() {
		if ignored.takes(t.Name) && chosen.takes(path.Base(t.Path)) {
			return g.take(t)
		}
		g.left++
		return nil
	}
	out := named && (sieve{out: g.exclude}).drops(path.Base(t.Path))
	d := &directory{Taken: t, wanted: g.include == nil, there: ignored.takes(t.Name)}
	if t.Path == "" {
		d.taken = true // the target exists in any case
	}
	within := ignored.beneath(t.Name)
	if out || within.hopeless() {
		g.left++
		return nil
	}
	if err := g.directory(d, within, chosen); err != nil {
		return err
	}
	if !d.found { // the ignore file matches all of it
		g.left++
	}
	return nil
}

// ignoring returns the sieve of the ignore file for the directory of a path.
func (g *gatherer) ignoring(name string) sieve {
	if mountOf(g.selection.Mounts, name) != "" {
		return sieve{}
	}
	s := sieve{out: g.ignore}
	for dir := range strings.SplitSeq(path.Dir(name), "/") {
		s = s.beneath(path.Join(s.at, dir))
	}
	return s
}

// directory is a directory above what the step takes. The ignore file applies first: a
// directory is there if the ignore file does not match it, or if something in it is
// there. The step's patterns choose from what is left.
type directory struct {
	Taken
	up     *directory
	there  bool // the ignore file does not match it
	found  bool // it is there
	wanted bool // the step's patterns take it, even without contents
	taken  bool // it has been taken
}

// directory takes the contents of a directory that both sieves let through. The sieve
// chosen sees names relative to the source.
func (g *gatherer) directory(d *directory, ignored, chosen sieve) error {
	if d.there {
		if err := g.found(d); err != nil {
			return err
		}
	}
	entries, err := fs.ReadDir(g.files, d.Name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if g.visit != nil && !g.visit() {
			return fs.SkipAll
		}
		if err := g.entry(d, e, ignored, chosen); err != nil {
			return err
		}
	}
	return nil
}

// entry takes an entry of a directory.
func (g *gatherer) entry(d *directory, e fs.DirEntry, ignored, chosen sieve) error {
	t := Taken{path.Join(d.Path, e.Name()), join(d.Name, e.Name()), e}
	within := e.Name()
	if chosen.at != "" {
		within = chosen.at + "/" + within
	}
	there, wanted := ignored.takes(t.Name), chosen.takes(within)
	if there {
		if err := g.found(d); err != nil {
			return err
		}
	}
	if !e.IsDir() {
		if !there || !wanted {
			g.left++
			return nil
		}
		if err := g.reach(d); err != nil {
			return err
		}
		return g.take(t)
	}
	in, of := ignored.beneath(t.Name), chosen.beneath(within)
	switch {
	case in.hopeless(), there && of.hopeless():
		g.left++
		return nil
	case !valid(e.Name()):
		if there && wanted {
			return oddName(t.Name)
		}
		return nil
	}
	return g.directory(&directory{Taken: t, up: d, there: there, wanted: wanted}, in, of)
}

// found notes that a directory and those above it are there, and takes them if the step's
// patterns want them.
func (g *gatherer) found(d *directory) error {
	if d == nil || d.found {
		return nil
	}
	d.found = true
	if err := g.found(d.up); err != nil {
		return err
	}
	if d.wanted {
		return g.reach(d)
	}
	return nil
}

// reach takes a directory and those above it, unless they are taken already.
func (g *gatherer) reach(d *directory) error {
	if d == nil || d.taken {
		return nil
	}
	if err := g.reach(d.up); err != nil {
		return err
	}
	d.taken = true
	return g.take(d.Taken)
}

func (g *gatherer) take(t Taken) error {
	if !valid(path.Base(t.Path)) {
		return oddName(t.Name)
	}
	g.taken = append(g.taken, t)
	return nil
}

// valid reports whether the engine can represent a file's name.
func valid(name string) bool { return utf8.ValidString(name) }

func oddName(name string) error {
	return &UnfitError{fmt.Sprintf("%q", name), "has a name that is not valid UTF-8", "rename it, or exclude it with `exclude` or in " + IgnoreFile}
}

// join is like path.Join, for a clean directory and a name in it.
func join(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}

// sieve lets through paths that match a pattern of in, if it has any, and no pattern of
// out. It follows a walk downwards: it remembers what the directories above matched.
type sieve struct {
	in, out         *patternmatcher.PatternMatcher // nil: no patterns
	inInfo, outInfo patternmatcher.MatchInfo       // of the directory above
	at              string                         // the directory above; empty: none
	dropped         bool                           // out matches at
}

// takes reports whether the sieve lets through a path of its directory.
func (s sieve) takes(p string) bool { return s.wants(p) && !s.drops(p) }

func (s sieve) wants(p string) bool {
	if s.in == nil {
		return true
	}
	ok, _, err := s.in.MatchesUsingParentResults(p, s.inInfo)
	return ok && err == nil
}

func (s sieve) drops(p string) bool {
	if s.out == nil {
		return false
	}
	ok, _, err := s.out.MatchesUsingParentResults(p, s.outInfo)
	return ok && err == nil
}

// beneath returns the sieve for the contents of a directory.
func (s sieve) beneath(p string) sieve {
	if p == "" || p == "." {
		return s
	}
	s.dropped = s.drops(p)
	if s.in != nil {
		_, s.inInfo, _ = s.in.MatchesUsingParentResults(p, s.inInfo)
	}
	if s.out != nil {
		_, s.outInfo, _ = s.out.MatchesUsingParentResults(p, s.outInfo)
	}
	s.at = p
	return s
}

// hopeless reports that nothing below the current directory can get through.
func (s sieve) hopeless() bool { return s.dropped && !s.out.Exclusions() }

// mountOf returns the directory of the repository that has a path, or "".
func mountOf(mounts []string, name string) string {
	for _, m := range mounts {
		if paths.Beneath(name, m) {
			return m
		}
	}
	return ""
}

// maxLinks is the maximum number of links that a path may lead through: Linux's limit.
const maxLinks = 40

// Resolve returns a path without links. It follows the links among its directories, and
// its last element if follow is set. A link that leads out of the tree of files, or into
// or out of a repository, is an UnfitError.
func Resolve(files fs.FS, mounts []string, name string, follow bool) (string, error) {
	mount := mountOf(mounts, name)
	done, rest := ".", name
	if mount != "" {
		done, rest = mount, strings.TrimPrefix(strings.TrimPrefix(name, mount), "/")
	}
	for links := 0; rest != "" && rest != "."; {
		first, more, _ := strings.Cut(rest, "/")
		at := path.Join(done, first)
		if first == ".." && (done == "." || done == mount) || mountOf(mounts, at) != mount {
			return "", &UnfitError{name, "leads out of the project", "copy files that are in the project"}
		}
		done, rest = at, more
		if first == ".." || rest == "" && !follow {
			continue
		}
		info, err := fs.Lstat(files, at)
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		to, err := fs.ReadLink(files, at)
		if err != nil {
			return "", err
		}
		if links++; links > maxLinks {
			return "", &UnfitError{name, "has too many levels of symbolic links", "copy the target of the links"}
		}
		if path.IsAbs(to) {
			return "", &UnfitError{name, fmt.Sprintf("leads out of the project, through the link %s to %s", at, to), "make the link relative to its directory, or copy files that are in the project"}
		}
		done, rest = path.Dir(at), strings.TrimSuffix(to+"/"+rest, "/")
	}
	return done, nil
}
