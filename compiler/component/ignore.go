package component

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/layc-lang/layc/lang/source"
)

// IgnoreFile names the file in the project's directory whose patterns, written
// as in .dockerignore, no copy of project files takes.
const IgnoreFile = ".layerignore"

// selection says which files of the project a copy takes: those beneath its
// source that match a pattern of include (if there is any) and none of
// exclude, both relative to the source, and none of the ignore file, relative
// to the project.
type selection struct {
	ignore           *patternmatcher.PatternMatcher // nil: nothing
	include, exclude *patternmatcher.PatternMatcher
}

// readIgnore reads the ignore file, if there is one.
func (x *expander) readIgnore() {
	text, err := fs.ReadFile(x.files, IgnoreFile)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		x.graph.Ignore, err = ignorefile.ReadAll(bytes.NewReader(text))
	}
	if err == nil {
		x.ignore, err = patternmatcher.New(x.graph.Ignore)
	}
	if err != nil {
		x.found.Errorf("E0322", source.Span{}, "%s: %s", IgnoreFile, cause(err)).
			Note("patterns are those of .dockerignore: *, ?, [a-z], ** for any directories, and ! for what is not ignored after all").
			Hint("mend the pattern")
	}
}

// choose is the selection of a copy step from a source. The ignore file is the
// project's, and says nothing about repositories.
func (x *expander) choose(s *Copy, src string) *selection {
	c := &selection{}
	if r, _ := x.graph.Repository(src); r.Mount == "" {
		c.ignore = x.ignore
	}
	if len(s.Include) > 0 {
		c.include, _ = patternmatcher.New(s.Include) // checked when they were read
	}
	if len(s.Exclude) > 0 {
		c.exclude, _ = patternmatcher.New(s.Exclude)
	}
	return c
}

// takes reports whether a file beneath a source is copied.
func (c *selection) takes(source, file string) bool {
	matches := func(m *patternmatcher.PatternMatcher, p string) bool {
		if m == nil {
			return false
		}
		ok, err := m.MatchesOrParentMatches(p)
		return ok && err == nil
	}
	if matches(c.ignore, file) {
		return false
	}
	if file == source {
		return true
	}
	within := strings.TrimPrefix(file, source+"/")
	if source == "." {
		within = file
	}
	return (c.include == nil || matches(c.include, within)) && !matches(c.exclude, within)
}

// survey walks what a copy takes from a source: it returns the number of files
// and their bytes, how many files it leaves out, and reports what is no file,
// directory or link, which a layer cannot be made of.
func (x *expander) survey(src string, c *selection, at source.Span) (files int, bytes int64, left int) {
	clean := path.Clean(src)
	_ = fs.WalkDir(x.files, clean, func(name string, d fs.DirEntry, err error) error {
		if !x.spend(at) {
			return fs.SkipAll
		}
		if err != nil || d.IsDir() {
			return nil // what cannot be read, the build will report
		}
		if !c.takes(clean, name) {
			left++
			return nil
		}
		files++
		if t := d.Type(); t&(fs.ModeSocket|fs.ModeDevice|fs.ModeNamedPipe|fs.ModeIrregular) != 0 {
			x.found.Errorf("E0324", at, "%s is no file that can be copied", name).
				Note("sockets, pipes and devices are of the machine that they are on").
				Hint("leave it out with `exclude`, or in %s", IgnoreFile)
			return nil
		}
		if info, err := d.Info(); err == nil {
			bytes += info.Size()
		}
		return nil
	})
	return files, bytes, left
}

// taken completes a copy from the project: it adds up what is taken and
// reports sources of which nothing is.
func (x *expander) taken(s *Copy) {
	for _, src := range s.Sources {
		c := x.choose(s, src)
		names := []string{src}
		if pattern(src) {
			names, _ = fs.Glob(x.files, src)
		}
		count, left := 0, 0
		for _, n := range names {
			files, bytes, out := x.survey(n, c, s.Span)
			count, left = count+files, left+out
			s.size += bytes
		}
		if count == 0 && left > 0 { // an empty directory is copied
			x.found.Errorf("E0324", s.Span, "nothing of %s is copied", src).
				Note("what `include`, `exclude` and %s leave of it is empty", IgnoreFile).
				Hint("see whether a pattern takes more than it should")
		}
	}
}

// pattern reports whether a source is a pattern for several files.
func pattern(src string) bool { return strings.ContainsAny(src, "*?[") }
