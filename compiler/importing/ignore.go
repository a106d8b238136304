package importing

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// A module has one .layerignore, and each context of a build an ignore file of its own: the one of its Dockerfile,
// NAME.dockerignore, or else the context's .dockerignore. The patterns of a context are in .layerignore unless
// they match a file that another context takes. Then its copies exclude what they match.

// ignores are the ignore files of all contexts.
type ignores struct {
	of     map[string]*ignoring // by ignoreKey
	global []*ignoring          // whose patterns are in .layerignore
}

// ignoring is what a context lacks because of an ignore file.
type ignoring struct {
	context  string
	patterns []string // as [ignorefile.ReadAll] returns them
	matcher  *patternmatcher.PatternMatcher
	dirs     map[string]patternmatcher.MatchInfo // relative to the context
	excludes bool                                // .layerignore does not match all that it matches
}

// ignoreKey is a context, with the Dockerfile that is built with it; "" for a named context.
func ignoreKey(context, dockerfile string) string { return path.Clean(context) + "\x00" + dockerfile }

// readIgnores reads the ignore files of all builds.
func readIgnores(in Input) *ignores {
	all := &ignores{of: map[string]*ignoring{}}
	var views []*ignoring
	add := func(context, dockerfile string) {
		key := ignoreKey(context, dockerfile)
		if all.of[key] != nil {
			return
		}
		v := readIgnore(in.Files, context, dockerfile)
		if n := slices.IndexFunc(views, func(o *ignoring) bool { return o.context == v.context && slices.Equal(o.patterns, v.patterns) }); n >= 0 {
			v = views[n]
		} else {
			views = append(views, v)
		}
		all.of[key] = v
	}
	for n := range in.Builds {
		b := &in.Builds[n]
		add(b.Context, b.File)
		for _, c := range sorted(b.Contexts) {
			if dir := b.Contexts[c]; !strings.Contains(dir, ":") {
				add(dir, "")
			}
		}
	}
	slices.SortFunc(views, func(a, b *ignoring) int {
		if n := strings.Compare(a.context, b.context); n != 0 {
			return n
		}
		return slices.Compare(a.patterns, b.patterns)
	})
	all.divide(in.Files, views)
	return all
}

// readIgnore reads the ignore file of a context. One that is not valid matches nothing.
func readIgnore(files fs.FS, context, dockerfile string) *ignoring {
	v := &ignoring{context: path.Clean(context)}
	names := []string{path.Join(context, ".dockerignore")}
	if dockerfile != "" {
		names = append([]string{dockerfile + ".dockerignore"}, names...)
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			continue
		}
		if private(string(text)) {
			return v
		}
		patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
		if err != nil {
			return v
		}
		matcher, err := patternmatcher.New(patterns)
		if err == nil && len(patterns) > 0 {
			v.patterns, v.matcher = patterns, matcher
		}
		return v
	}
	return v
}

// mostFiles is the maximum number of files that decide where patterns are.
const mostFiles = 20_000

// divide decides whose patterns are in .layerignore. Files that the project does not have yet decide nothing.
func (all *ignores) divide(files fs.FS, views []*ignoring) {
	below := map[string][]string{}
	for _, v := range views {
		overlaps := func(o *ignoring) bool {
			return o != v && (inside(o.context, v.context) || inside(v.context, o.context))
		}
		if slices.ContainsFunc(views, overlaps) && below[v.context] == nil {
			below[v.context] = filesBelow(files, v.context)
		}
	}
	for _, v := range views {
		if len(v.patterns) == 0 {
			continue
		}
		with := combined(append(slices.Clone(all.global), v))
		takes := func(name string) bool { // what the patterns must leave
			return slices.ContainsFunc(views, func(o *ignoring) bool { return o != v && inside(name, o.context) && !o.lacks(name) })
		}
		if !slices.ContainsFunc(below[v.context], func(name string) bool { return with.lacks(name) && takes(name) }) {
			all.global = append(all.global, v)
		}
	}
	with := combined(all.global)
	for _, v := range views {
		missed := func(name string) bool { return v.lacks(name) && !with.lacks(name) }
		v.excludes = len(v.patterns) > 0 && (!slices.Contains(all.global, v) || slices.ContainsFunc(below[v.context], missed))
	}
}

// inside reports whether a path is a directory or below it.
func inside(name, dir string) bool {
	return dir == "." || name == dir || strings.HasPrefix(name, dir+"/")
}

// filesBelow returns the files below a directory of the project, up to a maximum.
func filesBelow(files fs.FS, dir string) []string {
	var out []string
	// What cannot be read is not copied either.
	_ = fs.WalkDir(files, dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir() && d.Name() == ".git":
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir():
			if out = append(out, name); len(out) == mostFiles {
				return fs.SkipAll
			}
		}
		return nil
	})
	return out
}

// combined returns what the patterns of several contexts match in the project, in order.
func combined(views []*ignoring) *ignoring {
	v := &ignoring{context: "."}
	for _, o := range views {
		v.patterns = append(v.patterns, o.below()...)
	}
	// Each pattern is valid already.
	v.matcher, _ = patternmatcher.New(v.patterns)
	return v
}

// below returns the patterns relative to the project.
func (v *ignoring) below() []string {
	var out []string
	for _, p := range v.patterns {
		p, not := strings.CutPrefix(p, "!")
		if p = path.Clean("/" + p)[1:]; p == "" {
			continue
		}
		if v.context != "." {
			p = literal(v.context) + "/" + p
		}
		if not {
			p = "!" + p
		}
		out = append(out, p)
	}
	return out
}

// literal returns the pattern that matches a path alone.
func literal(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// lacks reports whether the context lacks a file of the project that is in its directory, as a walk downwards
// finds it.
func (v *ignoring) lacks(name string) bool {
	if v.matcher == nil {
		return false
	}
	if v.context != "." {
		name = strings.TrimPrefix(name, v.context+"/")
	}
	matched, _ := v.match(name)
	return matched
}

// match matches a path of the context, and remembers its directories.
func (v *ignoring) match(name string) (matched bool, info patternmatcher.MatchInfo) {
	var above patternmatcher.MatchInfo
	if dir := path.Dir(name); dir != "." {
		known, ok := v.dirs[dir]
		if !ok {
			_, known = v.match(dir)
			if v.dirs == nil {
				v.dirs = map[string]patternmatcher.MatchInfo{}
			}
			v.dirs[dir] = known
		}
		above = known
	}
	matched, info, err := v.matcher.MatchesUsingParentResults(name, above)
	return matched && err == nil, info
}

// lacksAll reports whether the context lacks a directory with all that is in it.
func (v *ignoring) lacksAll(dir string) bool {
	return v.lacks(dir) && !v.matcher.Exclusions()
}

// text returns .layerignore; it is empty if no file is needed.
func (all *ignores) text(root bool) string {
	var lines []string
	for _, v := range all.global {
		lines = append(lines, v.below()...)
	}
	if root {
		lines = append(lines, "fleet.layer", "layc.lock", ".layerignore")
	}
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// takesRoot reports whether something copies the directory of the module itself.
func (im *importer) takesRoot() bool {
	return slices.ContainsFunc(im.blocks, func(b *block) bool {
		return slices.ContainsFunc(b.units, func(u *unit) bool { return strings.Contains(u.text, ` "./"`) })
	})
}

// ignoringOf returns what a context of the stage's Dockerfile lacks.
func ignoringOf(s *stage, context string) *ignoring {
	b := s.file.build
	if v := s.file.im.ignores.of[ignoreKey(context, b.File)]; v != nil && path.Clean(context) == path.Clean(b.Context) {
		return v
	}
	if v := s.file.im.ignores.of[ignoreKey(context, "")]; v != nil {
		return v
	}
	return &ignoring{context: path.Clean(context)}
}

// excluded is sources of a copy, and what the copy excludes of them.
type excluded struct{ sources, patterns []string }

// excluding divides the sources of a copy by what the context's ignore file leaves out of them, as far as
// .layerignore does not.
func excluding(s *stage, context string, sources []string) []excluded {
	v := ignoringOf(s, context)
	if !v.excludes {
		return []excluded{{sources: sources}}
	}
	var out []excluded
	for _, src := range sources {
		var patterns []string
		switch plain := s.file.im.plainOf(src); {
		case strings.HasSuffix(plain, "/"):
			patterns = v.from(path.Clean(plain))
		case strings.ContainsAny(plain, "*?["):
			for _, name := range s.matches(plain) {
				if v.lacks(name) && !slices.Contains(patterns, literal(path.Base(name))) {
					patterns = append(patterns, literal(path.Base(name)))
				}
			}
		}
		if n := len(out) - 1; n >= 0 && slices.Equal(out[n].patterns, patterns) {
			out[n].sources = append(out[n].sources, src)
			continue
		}
		out = append(out, excluded{[]string{src}, patterns})
	}
	return out
}

// from returns the patterns relative to a directory of the context: those that match something in it.
func (v *ignoring) from(dir string) []string {
	if v.context != "." {
		dir = strings.TrimPrefix(strings.TrimPrefix(dir, v.context), "/")
	}
	all := make([]descent, len(v.patterns))
	for n, p := range v.patterns {
		p, all[n].not = strings.CutPrefix(p, "!")
		all[n].rests = [][]string{strings.Split(path.Clean("/" + p)[1:], "/")}
	}
	if dir != "" && dir != "." {
		for name := range strings.SplitSeq(dir, "/") {
			matched := false
			for n := range all {
				d := &all[n]
				// As in BuildKit, a pattern that would change nothing about the directory does not count below it.
				if whole := d.enter(name); whole && d.not == matched {
					d.whole = true
				}
				if d.whole {
					matched = !d.not
				}
			}
		}
	}
	var out []string
	for _, d := range all {
		for _, rest := range d.patterns() {
			switch {
			case d.not && (rest == "**" || len(out) == 0): // nothing before it counts
				out = nil
			case d.not:
				out = append(out, "!"+rest)
			case rest == "**":
				out = []string{"**"}
			default:
				out = append(out, rest)
			}
		}
	}
	return out
}

// descent is a pattern on the way down to a directory.
type descent struct {
	not   bool
	whole bool       // it matches the directory, or one above
	rests [][]string // what is left of it, by elements; with ** there may be several
}

// enter goes down to a directory, and reports whether the pattern matches it.
func (d *descent) enter(name string) (whole bool) {
	var next [][]string
	for todo := d.rests; len(todo) > 0; {
		s := todo[0]
		todo = todo[1:]
		if s[0] == "**" {
			next = append(next, s)
			if len(s) == 1 {
				whole = true
			} else {
				todo = append(todo, s[1:])
			}
			continue
		}
		switch ok, err := path.Match(s[0], name); {
		case err != nil || !ok:
		case len(s) == 1:
			whole = true
		default:
			next = append(next, s[1:])
		}
	}
	d.rests = next
	return whole
}

// patterns returns the patterns for what is in the directory.
func (d *descent) patterns() []string {
	if d.whole {
		return []string{"**"}
	}
	var out []string
	for _, s := range d.rests {
		if text := strings.Join(s, "/"); text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}
