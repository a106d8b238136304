package evaluate

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

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
)

// tree is the files of the project and of repositories.
type tree struct {
	*Findings
	Files        fs.FS
	Repositories model.Repositories
	Ignore       []string // patterns of IgnoreFile
}

func newTree(in Input, found *Findings) *tree {
	x := &tree{Findings: found, Files: in.Files}
	for _, m := range in.Program.Modules {
		if (m.Git != load.Repository{}) {
			pin, _ := in.Lock.Module(m.Git.URL, m.Git.Version)
			x.Repositories = append(x.Repositories, model.Repository{Mount: m.Git.Mount(), Digest: pin.Digest})
		}
	}
	slices.SortFunc(x.Repositories, func(a, b model.Repository) int { return strings.Compare(a.Mount, b.Mount) })
	x.Repositories = slices.Compact(x.Repositories)
	x.readIgnore()
	return x
}

// readIgnore reads the ignore file, if it exists. It reports a line that is not a valid
// pattern, and skips it.
func (x *tree) readIgnore() {
	text, err := fs.ReadFile(x.Files, model.IgnoreFile)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var lines []string
	if err == nil {
		lines, err = ignorefile.ReadAll(bytes.NewReader(text))
	}
	if err != nil {
		x.Found.Errorf(diag.InvalidPattern, source.Span{}, "cannot read %s: %s", model.IgnoreFile, cause(err)).
			Hint("make it a readable text file, or remove it")
		return
	}
	for _, line := range lines {
		if _, err := patternmatcher.New([]string{line}); err == nil {
			x.Ignore = append(x.Ignore, line)
			continue
		}
		d := x.Found.Errorf(diag.InvalidPattern, source.Span{}, "%s: not a valid pattern: %q", model.IgnoreFile, line).
			Note("patterns are as in .dockerignore: *, ?, [a-z], ** for any directories, and ! for exceptions")
		if line == "!" {
			d.Hint("write a pattern after the `!`, such as `!keep.txt`")
		} else {
			d.Hint("%s", strings.ReplaceAll(fixPattern(line), `\\`, `\`))
		}
	}
}

// selection returns what a step takes from sources.
func (x *tree) selection(sources ...model.Source) *model.Selection {
	s := &model.Selection{Sources: sources, Ignore: x.Ignore}
	for _, r := range slices.Backward(x.Repositories) { // the longest mount first
		s.Mounts = append(s.Mounts, r.Mount)
	}
	return s
}

// taken completes a copy from the project: it adds up the sizes of the files, notes their
// targets and which names are one file, and reports sources without files to copy.
func (x *tree) taken(s *model.Copy) {
	var all []model.Taken
	for n, src := range s.Taken.Sources {
		some, left, err := s.Taken.Gather(x.Files, src, func() bool { return x.Spend(s.Span) })
		if err != nil {
			x.unfit(err, s.Sources[n], s.Span)
			return
		}
		nothing := !slices.ContainsFunc(some, func(t model.Taken) bool { return !t.IsDir() })
		if nothing && left > 0 { // an empty directory is copied
			x.Found.Errorf(diag.NoSuchFile, s.Span, "no files to copy from %s", s.Sources[n]).
				Note("`include`, `exclude` and %s exclude all of its files", model.IgnoreFile).
				Hint("check these patterns")
		}
		all = append(all, some...)
	}
	if len(s.Sources) > 1 {
		var err error
		if all, err = model.Unite(all); err != nil {
			x.unfit(err, "", s.Span)
			return
		}
	}
	s.Taken.Links = x.links(all)
	s.Tops = tops(s, all)
	for _, t := range all {
		if !x.targetName(path.Base(t.Path), t.Path, s.Span) {
			return
		}
		if t.IsDir() {
			continue
		}
		if k := t.Type(); k&(fs.ModeSocket|fs.ModeDevice|fs.ModeNamedPipe|fs.ModeIrregular) != 0 {
			x.Found.Errorf(diag.NoSuchFile, s.Span, "cannot copy %s: it is not a file or a directory", t.Name).
				Note("sockets, pipes and devices belong to one machine").
				Hint("exclude it with `exclude` or in %s", model.IgnoreFile)
		}
		info, err := t.Info()
		if err != nil {
			continue // the build reports it
		}
		s.Size += info.Size()
		if info.Mode().IsRegular() && info.Mode()&0o111 != 0 && capable(x.Files, t.Name) {
			x.Found.Errorf(diag.UncopyableFiles, s.Span, "%s has a file capability, which `copy` does not keep", t.Name).
				Note("git does not keep it either, so another checkout would produce another image").
				Hint("set it in the build: `run \"setcap cap_net_bind_service+ep FILE\"`, and remove it here with `setcap -r`")
		}
	}
}

// unfit reports why a source cannot be taken.
func (x *tree) unfit(err error, src string, at source.Span) {
	var unfit *model.UnfitError
	if errors.As(err, &unfit) {
		x.Found.Errorf(diag.UncopyableFiles, at, "%s", unfit).Hint("%s", unfit.Help)
		return
	}
	name := src
	var of *fs.PathError
	if errors.As(err, &of) {
		name = of.Path
	}
	x.Found.Errorf(diag.NoSuchFile, at, "cannot read %s: %s", name, cause(err)).
		Hint("make it readable, or exclude it with `exclude` or in %s", model.IgnoreFile)
}

// links returns a string that identifies which names of a tree are one file; "" if each
// name is a file of its own.
func (x *tree) links(all []model.Taken) string {
	names := map[[2]uint64][]string{}
	for _, t := range all {
		if !t.Type().IsRegular() {
			continue
		}
		if info, err := t.Info(); err == nil {
			if file, several := model.Inode(info); several {
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

// tops returns what a copy puts directly into its target.
func tops(s *model.Copy, all []model.Taken) []model.Top {
	to, from := s.Target()
	if len(s.Sources) == 1 && !strings.HasSuffix(s.Sources[0], "/") && !s.Taken.Sources[0].Pattern {
		return []model.Top{{Path: to, Tree: from == ""}}
	}
	var out []model.Top
	for _, t := range all {
		if !strings.Contains(t.Path, "/") {
			out = append(out, model.Top{Path: path.Join(to, t.Path), Tree: t.IsDir()})
		}
	}
	return out
}
