package importing

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// copyLocal copies from the context.
func (s *stage) copyLocal(i *instruction, c copying, sources []string, to, options string) {
	s.copyContext(i, c, s.file.build.Context, sources, to, options)
}

func (s *stage) copyContext(i *instruction, c copying, context string, sources []string, to, options string) {
	if c.parents {
		c.keepParents(s, i, context, sources, func(root string) string { return path.Join(context, root) }, "", to, options)
		return
	}
	if slices.ContainsFunc(sources, func(src string) bool { return s.file.im.plainOf(src) == "" }) {
		s.ask(i, "", "a source has no value; give it one with --build-arg NAME=VALUE")
		return
	}
	var paths []string
	for _, src := range sources {
		found, ok := c.inContext(s, i, context, path.Clean("/" + src)[1:], to, options)
		if !ok {
			return
		}
		paths = append(paths, found...)
	}
	if len(sources)+len(paths) > 2 {
		to = strings.TrimSuffix(to, "/") + "/"
	}
	var files []string
	for _, full := range paths {
		plain := s.file.im.plainOf(full)
		dir, there := s.stat(plain)
		target, link := linked(s.file.im.in.Files, context, plain)
		if link {
			dir, there = s.stat(target)
		}
		switch {
		case !there: // a pattern
			to = strings.TrimSuffix(to, "/") + "/"
		case !dir && c.unpacks(s.file.im.in.Files, plain):
			s.unpackLocal(i, c, full, to)
			continue
		case link && !dir && strings.HasSuffix(to, "/"):
			named := c
			named.named = true
			named.files(s, i, context, []string{target}, to+path.Base(full), options)
			continue
		case link:
			full = target
		}
		if dir {
			full = strings.TrimSuffix(full, "/") + "/"
			to = strings.TrimSuffix(to, "/") + "/"
			if path.Clean(full) == "." {
				full = "./"
			}
		}
		files = append(files, full)
	}
	if len(files) > 0 {
		c.files(s, i, context, files, to, options)
	}
}

// inContext returns the paths of the project that a source of the context is: one, a pattern, or what matches a
// pattern, if a copy has to name directories, links and archives, which Docker does not just copy by their
// names. It asks, and returns false, if there is nothing.
func (c copying) inContext(s *stage, i *instruction, context, rel, to, options string) ([]string, bool) {
	full := path.Join(context, rel)
	plain := s.file.im.plainOf(full)
	if _, ok := s.stat(plain); ok {
		return []string{full}, true
	}
	if _, ok := linked(s.file.im.in.Files, context, plain); ok {
		return []string{full}, true
	}
	if !strings.ContainsAny(plain, "*?[") {
		clause := ""
		if !symbolic(full) {
			clause = "copy " + quote(full) + " to " + quote(to) + options
		}
		s.ask(i, clause, "the context has no %s; build it first, or copy it from a component that builds it", s.file.im.plainOf(rel))
		return nil, false
	}
	ignoring := ignoringOf(s, context)
	byName := true
	var found []string
	for _, m := range s.matches(plain) {
		dir, ok := s.stat(m)
		if !dir && ignoring.lacks(m) || dir && ignoring.lacksAll(m) {
			continue
		}
		_, link := linked(s.file.im.in.Files, context, m)
		byName = byName && !dir && !link && ok && !c.unpacks(s.file.im.in.Files, m)
		found = append(found, m)
	}
	switch {
	case len(found) == 0: // optional
		i.guess("nothing matches %s, so nothing is copied", s.file.im.plainOf(rel))
		return nil, true
	case byName && (len(found) > 1 || strings.HasSuffix(to, "/")):
		return []string{full}, true
	}
	return found, true
}

// files copies files, patterns, and the contents of directories, which end with a slash.
func (c copying) files(s *stage, i *instruction, context string, files []string, to, options string) {
	if c.chmod == "" {
		unreadable(s, i, context, files)
	}
	if len(files) == 1 && !strings.HasSuffix(to, "/") {
		switch first := files[0]; {
		case path.Ext(to) == ".d" && path.Ext(first) != ".d" && s.base.id != "scratch":
			to += "/"
			i.guess("%s is a directory", to)
		case c.named, s.base.id == "scratch": // what it has is known
		case path.Ext(to) == "" && path.Ext(first) != "" && path.Base(first) != path.Base(to) && !strings.HasPrefix(to, "/usr/local/bin/") && !strings.HasPrefix(to, "/usr/bin/") && strings.Count(to, "/") > 1:
			i.guess("%s is the name of the file, not a directory that the base has", to)
		}
	}
	sources := make([]string, len(files))
	for n, f := range files {
		sources[n] = f
		if _, ok := s.stat(strings.TrimSuffix(f, "/")); ok && strings.ContainsAny(f, "*?[") { // not a pattern
			sources[n] = escapePattern.Replace(f)
		}
	}
	s.above(i, to, options)
	for _, part := range excluding(s, context, sources) {
		text := "copy " + quotes(part.sources) + " to " + quote(to) + options + excludeOption(append(part.patterns, c.exclude...))
		s.placed(i, text, placedAt(sources, to), nil)
	}
}

// excludeOption is the option of a copy that excludes what matches some patterns.
func excludeOption(patterns []string) string {
	if len(patterns) == 0 {
		return ""
	}
	return " exclude " + quotes(patterns)
}

// escapePattern makes a name a pattern that matches only this name.
var escapePattern = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// stat reports whether the project has a path, and whether it is a directory.
func (s *stage) stat(name string) (dir, ok bool) {
	if name == "" {
		name = "."
	}
	info, err := fs.Stat(s.file.im.in.Files, name)
	if err != nil {
		return false, false
	}
	return info.IsDir(), true
}

// linked returns the file or directory that a path leads to if it is a link within a context, which a COPY of
// its name follows. The context is the root for absolute links.
func linked(files fs.FS, context, name string) (target string, ok bool) {
	target = name
	for range 40 {
		to, err := fs.ReadLink(files, target)
		if err != nil {
			return target, ok
		}
		if path.IsAbs(to) {
			to = path.Join(context, to)
		} else {
			to = path.Join(path.Dir(target), to)
		}
		if target, ok = to, true; strings.HasPrefix(target, "../") {
			return "", false
		}
	}
	return "", false
}

// matches returns the paths of the project that match a pattern.
func (s *stage) matches(pattern string) []string {
	found, err := fs.Glob(s.file.im.in.Files, pattern)
	if errors.Is(err, path.ErrBadPattern) {
		return nil
	}
	return found
}
