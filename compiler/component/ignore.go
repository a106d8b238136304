package component

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/layc-lang/layc/lang/source"
)

// IgnoreFile names the file in the project's directory whose patterns, written
// as in .dockerignore, no copy of project files takes.
const IgnoreFile = ".layerignore"

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
		_, err = patternmatcher.New(x.graph.Ignore)
	}
	if err != nil {
		x.found.Errorf("E0322", source.Span{}, "%s: %s", IgnoreFile, cause(err)).
			Note("patterns are those of .dockerignore: *, ?, [a-z], ** for any directories, and ! for what is not ignored after all").
			Hint("mend the pattern")
	}
}

// selection is what a step takes from sources.
func (x *expander) selection(sources ...Source) *Selection {
	s := &Selection{Sources: sources, Ignore: x.graph.Ignore}
	for _, r := range slices.Backward(x.graph.Repositories) { // the longest first
		s.Mounts = append(s.Mounts, r.Mount)
	}
	return s
}

// taken completes a copy from the project: it adds up what is taken, notes
// where that goes and which of it is one file, and reports sources of which
// nothing is taken.
func (x *expander) taken(s *Copy) {
	var all []Taken
	for n, src := range s.Taken.Sources {
		some, left, err := s.Taken.gather(x.files, src, func() bool { return x.spend(s.Span) })
		if err != nil {
			x.unfit(err, s.Sources[n], s.Span)
			return
		}
		nothing := !slices.ContainsFunc(some, func(t Taken) bool { return !t.IsDir() })
		if nothing && left > 0 { // an empty directory is copied
			x.found.Errorf("E0324", s.Span, "nothing of %s is copied", s.Sources[n]).
				Note("what `include`, `exclude` and %s leave of it is empty", IgnoreFile).
				Hint("see whether a pattern takes more than it should")
		}
		all = append(all, some...)
	}
	if len(s.Sources) > 1 {
		var err error
		if all, err = united(all); err != nil {
			x.unfit(err, "", s.Span)
			return
		}
	}
	s.Taken.Links = x.links(all)
	s.tops = tops(s, all)
	for _, t := range all {
		if !x.targetName(path.Base(t.Path), t.Path, s.Span) {
			return
		}
		if t.IsDir() {
			continue
		}
		if k := t.Type(); k&(fs.ModeSocket|fs.ModeDevice|fs.ModeNamedPipe|fs.ModeIrregular) != 0 {
			x.found.Errorf("E0324", s.Span, "%s is not a file that can be copied", t.Name).
				Note("sockets, pipes and devices are of the machine that they are on").
				Hint("leave it out with `exclude`, or in %s", IgnoreFile)
		}
		info, err := t.Info()
		if err != nil {
			continue // the build will report it
		}
		s.Size += info.Size()
		if info.Mode().IsRegular() && info.Mode()&0o111 != 0 && capable(x.files, t.Name) {
			x.found.Errorf("E0352", s.Span, "%s has a capability, which a copy does not keep", t.Name).
				Note("Git does not keep it either, so a checkout elsewhere would give another image").
				Hint("give it where the image is built, such as `run \"setcap cap_net_bind_service+ep FILE\"`, and remove it here with `setcap -r`")
		}
	}
}

// unfit reports what keeps a source from being taken.
func (x *expander) unfit(err error, src string, at source.Span) {
	var unfit *UnfitError
	if errors.As(err, &unfit) {
		x.found.Errorf("E0352", at, "%s", unfit).Hint("%s", unfit.Help)
		return
	}
	name := src
	var of *fs.PathError
	if errors.As(err, &of) {
		name = of.Path
	}
	x.found.Errorf("E0324", at, "cannot read %s: %s", name, cause(err)).
		Hint("make it readable for you, or leave it out with `exclude`, or in %s", IgnoreFile)
}

// links is a text that differs for trees in which other names are one file, and
// empty if none are.
func (x *expander) links(all []Taken) string {
	names := map[[2]uint64][]string{}
	for _, t := range all {
		if !t.Type().IsRegular() {
			continue
		}
		if info, err := t.Info(); err == nil {
			if file, several := Inode(info); several {
				names[file] = append(names[file], t.Path)
			}
		}
	}
	var groups []string
	for _, g := range names {
		if len(g) > 1 {
			groups = append(groups, fmt.Sprintf("%q", g))
		}
	}
	if len(groups) == 0 {
		return ""
	}
	slices.Sort(groups)
	sum := sha256.Sum256([]byte(strings.Join(groups, "\n")))
	return hex.EncodeToString(sum[:8])
}

// tops is what a copy puts directly where it copies to.
func tops(s *Copy, all []Taken) []top {
	to, from := s.Target()
	if len(s.Sources) == 1 && !strings.HasSuffix(s.Sources[0], "/") && !s.Taken.Sources[0].Pattern {
		return []top{{to, from == ""}}
	}
	var out []top
	for _, t := range all {
		if !strings.Contains(t.Path, "/") {
			out = append(out, top{path.Join(to, t.Path), t.IsDir()})
		}
	}
	return out
}

// Target is where a copy of project files puts its tree: to is the directory
// that it fills with what lies in from, or if from is a file, that file's new
// path.
func (s *Copy) Target() (to, from string) {
	src := s.Taken.Sources[0]
	if len(s.Sources) > 1 || src.Pattern {
		return s.Path, ""
	}
	to = s.Path
	if strings.HasSuffix(to, "/") && !strings.HasSuffix(s.Sources[0], "/") {
		to += path.Base(src.Path)
	}
	if src.Contents {
		return to, ""
	}
	return to, path.Base(src.Path)
}

// NamesDirectory reports whether a copy of project files is of one directory
// with its name, not of what the directory holds.
func (s *Copy) NamesDirectory() bool {
	src := s.Taken.Sources[0]
	return len(s.Sources) == 1 && src.Contents && src.Path != "." && !strings.HasSuffix(s.Sources[0], "/")
}

// pattern reports whether a text may be a pattern for several files.
func pattern(src string) bool { return strings.ContainsAny(src, "*?[") }
