package importing

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/layc-lang/layc/lang/lazy"
)

// copying is COPY or ADD.
type copying struct {
	sources      instructions.SourcesAndDest
	from         string
	chown, chmod string
	exclude      []string
	parents      bool
	add          bool
	checksum     string
	unpack       *bool
}

// copy translates COPY and ADD.
func (s *stage) copy(i *instruction, c copying) {
	before := len(s.units)
	to := s.word(i, c.sources.DestPath)
	relative(s, i, to)
	to = s.destination(to)
	options, chown := s.copyOptions(i, c)
	var local, remote []string
	for _, src := range c.sources.SourcePaths {
		src = s.word(i, src)
		if c.add && (strings.HasPrefix(src, "http://") || strings.HasPrefix(src, "https://") || strings.HasPrefix(src, "git@")) {
			remote = append(remote, src)
		} else {
			local = append(local, src)
		}
	}
	if len(c.sources.SourcePaths)+len(c.sources.SourceContents) > 1 {
		to = strings.TrimSuffix(to, "/") + "/"
	}
	for _, content := range c.sources.SourceContents {
		data := content.Data
		if content.Expand {
			data = inlineText(s, i, data)
		}
		at := to
		if strings.HasSuffix(to, "/") {
			at += path.Base(content.Path)
		}
		if control(data) {
			s.ask(i, "", "the text has control characters; keep it in a file and copy that")
			continue
		}
		s.add(&unit{kind: step, text: "file " + quote(at) + " text " + blockText(data) + options, target: at, from: i})
	}
	for _, url := range remote {
		s.addURL(i, url, to, options, c)
	}
	if c.from != "" {
		s.copyFrom(i, c, s.word(i, c.from), local, to, options)
	} else if len(local) > 0 {
		s.copyLocal(i, c, local, to, options)
	}
	if chown != "" && len(s.units) > before && s.units[len(s.units)-1].kind == step {
		at := strings.TrimSuffix(s.units[len(s.units)-1].target, "/")
		s.runText(i, "chown -R "+chown+" "+shellWord(s.file.im.plainOf(at)), runOptions{user: "root"})
		i.atLeast(Run)
	}
}

// copyOptions returns the options of a step, and an owner that only a command can set.
func (s *stage) copyOptions(i *instruction, c copying) (options, chown string) {
	if c.chown != "" {
		owner, ok := s.owner(s.word(i, c.chown))
		if !ok {
			chown = s.file.im.plainOf(s.word(i, c.chown))
		}
		options += owner
	}
	if c.chmod != "" {
		mode := s.word(i, c.chmod)
		if octal().MatchString(mode) {
			options += " mode 0" + strings.TrimLeft(mode, "0")
		} else {
			options += " mode " + quote(mode)
		}
	}
	return options, chown
}

var octal = lazy.Regexp(`^0*[0-7]{3,4}$`)

// destination returns a target of the image. A final slash means a directory.
func (s *stage) destination(to string) string {
	at := absolute(s.workdir, to)
	if at == "/" {
		return "/"
	}
	last := to[strings.LastIndex(to, "/")+1:]
	if last == "" || last == "." || last == ".." || s.known[at] || standard[at] {
		return at + "/"
	}
	return at
}

// archive matches files that ADD unpacks.
var archive = lazy.Regexp(`\.(tar|tar\.gz|tgz|tar\.bz2|tbz2|tar\.xz|txz)$`)

// copyLocal copies from the context.
func (s *stage) copyLocal(i *instruction, c copying, sources []string, to, options string) {
	s.copyContext(i, c, s.file.build.Context, sources, to, options)
}

func (s *stage) copyContext(i *instruction, c copying, context string, sources []string, to, options string) {
	if c.parents {
		c.keepParents(s, i, sources, func(root string) string { return path.Join(context, root) }, "", to, options)
		return
	}
	if slices.ContainsFunc(sources, func(src string) bool { return s.file.im.plainOf(src) == "" }) {
		s.ask(i, "", "a source has no value; give it one with --build-arg NAME=VALUE")
		return
	}
	var found []string
	many := len(sources) > 1
	for _, src := range sources {
		rel := path.Clean("/" + src)[1:]
		full := path.Join(context, rel)
		if symbolic(full) {
			many = many || strings.HasSuffix(to, "/")
			if _, ok := s.stat(s.file.im.plainOf(full)); !ok {
				s.ask(i, "", "the context has no %s", s.file.im.plainOf(rel))
				return
			}
			found = append(found, full)
			continue
		}
		if target, linked := linked(s.file.im.in.Files, full); linked && !(c.add && archive().MatchString(full)) {
			if len(sources) > 1 || strings.HasSuffix(to, "/") {
				s.copyContext(i, c, context, []string{src}, strings.TrimSuffix(to, "/")+"/"+path.Base(full), options)
				many = true
				continue
			}
			full = target
		}
		dir, ok := s.stat(full)
		if !ok && strings.ContainsAny(rel, "*?[") {
			matches := s.matches(full)
			if len(matches) == 0 { // optional
				i.guess("nothing matches %s, so nothing is copied", rel)
				continue
			}
			found, many = append(found, full), true
			continue
		}
		if !ok {
			s.ask(i, "copy "+quote(full)+" to "+quote(to)+options, "the context has no %s; build it first, or copy it from a component that builds it", rel)
			return
		}
		if c.add && !dir && archive().MatchString(full) && (c.unpack == nil || *c.unpack) {
			s.unpackLocal(i, c, full, to)
			continue
		}
		if dir {
			full += "/"
			if path.Clean(full) == "." {
				full = "./"
			}
			if !strings.HasSuffix(to, "/") {
				to += "/"
			}
		}
		found = append(found, full)
	}
	if len(found) == 0 {
		return
	}
	if many && !strings.HasSuffix(to, "/") {
		to += "/"
	}
	if len(found) == 1 && !strings.HasSuffix(to, "/") && path.Base(found[0]) != path.Base(to) && path.Ext(to) == "" && !strings.HasPrefix(to, "/usr/local/bin/") && !strings.HasPrefix(to, "/usr/bin/") && strings.Count(to, "/") > 1 {
		if path.Ext(found[0]) != "" {
			i.guess("%s is the name of the file, not a directory that the base has", to)
		}
	}
	if c.chmod == "" {
		unreadable(s, i, context, found)
	}
	text := "copy " + quotes(found) + " to " + quote(to) + options
	if len(c.exclude) > 0 {
		text += " exclude " + quotes(c.exclude)
	}
	s.above(i, to, options)
	s.placed(i, text, placedAt(found, to), nil)
}

// keepParents is COPY --parents: of a directory, the root or what is before /./, what matches a pattern.
func (c copying) keepParents(s *stage, i *instruction, sources []string, at func(root string) string, component, to, options string) {
	var roots []string
	include := map[string][]string{}
	for _, src := range sources {
		root, pattern, pivot := strings.Cut(src, "/./")
		if !pivot {
			root, pattern = "/", src
		}
		dir := at(path.Clean("/" + root))
		if pattern = path.Clean("/" + pattern)[1:]; pattern == "" {
			pattern = "**"
		}
		if component == "" && !symbolic(dir+pattern) && len(s.matches(path.Join(dir, pattern))) == 0 && !strings.Contains(pattern, "**") {
			s.ask(i, "", "the context has no %s; build it first, or copy it from a component that builds it", src)
			return
		}
		if include[dir] == nil {
			roots = append(roots, dir)
		}
		include[dir] = append(include[dir], pattern)
	}
	to = strings.TrimSuffix(to, "/") + "/"
	s.above(i, to, options)
	for _, dir := range roots {
		source := strings.TrimSuffix(dir, "/") + "/"
		if dir == "." {
			source = "./"
		}
		text := "copy " + quote(source)
		if component != "" {
			text += " from " + component
			options = rootOwner(s, i, c) + options
		}
		text += " to " + quote(to) + options + " include " + quotes(include[dir])
		if len(c.exclude) > 0 {
			text += " exclude " + quotes(c.exclude)
		}
		s.placed(i, text, to, nil)
		s.units[len(s.units)-1].taken = component
	}
}

// above creates the directories above a target as --chown does: they belong to the owner, too. Only a
// system made of packages is known well enough to say that it has no such directories.
func (s *stage) above(i *instruction, to, options string) {
	_, owner, ok := strings.Cut(options, " owner ")
	if !ok || s.base.release == "" || symbolic(to) {
		return
	}
	owner, _, moded := strings.Cut(owner, " mode ")
	if moded {
		i.guess("the directories that it creates have mode 0755")
	}
	var dirs []string
	for dir := path.Dir(to + "x"); !s.known[dir] && !standard[dir]; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	slices.Reverse(dirs)
	for _, dir := range dirs {
		s.add(&unit{kind: step, text: "dir " + quote(dir) + " owner " + owner, target: dir + "/", from: i})
	}
}

// placedAt returns the path that a copy places.
func placedAt(found []string, to string) string {
	if len(found) == 1 && strings.HasSuffix(to, "/") && !strings.HasSuffix(found[0], "/") && !strings.ContainsAny(found[0], "*?[") {
		return to + path.Base(found[0])
	}
	return to
}

// placed adds a step.
func (s *stage) placed(i *instruction, text, target string, params []*param) {
	s.add(&unit{kind: step, text: text, target: target, from: i, params: params})
}

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

// linked returns the file or directory that a path leads to if it is a link within the project, which a COPY of
// its name follows.
func linked(files fs.FS, name string) (target string, ok bool) {
	target = name
	for range 40 {
		to, err := fs.ReadLink(files, target)
		if err != nil {
			return target, ok
		}
		if path.IsAbs(to) {
			return "", false
		}
		if target, ok = path.Join(path.Dir(target), to), true; strings.HasPrefix(target, "../") {
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

// unpackLocal is ADD of an archive of the context.
func (s *stage) unpackLocal(i *instruction, c copying, full, to string) {
	at := "/tmp/" + path.Base(full)
	dir := strings.TrimSuffix(to, "/")
	if dir == "" {
		dir = "/"
	}
	made := "mkdir -p " + shellWord(dir)
	text := "\ntar -xf " + shellWord(at) + " -C " + shellWord(dir)
	if c.chown != "" {
		owner := s.file.im.plainOf(s.word(i, c.chown))
		if !strings.Contains(owner, ":") && numeric().MatchString(owner) {
			owner += ":" + owner
		}
		made = "[ -d " + shellWord(dir) + " ] || { " + made + " && chown " + shellWord(owner) + " " + shellWord(dir) + "; }"
		text += "\ncd " + shellWord(dir) + "\ntar -tf " + shellWord(at) + " | while read -r f; do chown -h " + shellWord(owner) + ` "$f"; done`
	}
	if c.chmod != "" {
		i.guess("--chmod does not apply to what is unpacked")
	}
	s.runText(i, made+text, runOptions{user: "root", items: []string{"bind " + quote(full) + " to " + quote(at)}})
	i.atLeast(Idiom)
}

// addURL is ADD of a URL.
func (s *stage) addURL(i *instruction, url, to, options string, c copying) {
	plain := s.file.im.plainOf(url)
	if strings.HasPrefix(plain, "git@") || strings.Contains(plain, ".git#") || strings.HasSuffix(plain, ".git") {
		s.ask(i, "", "a repository of git; clone it in a run, or fetch an archive of the commit")
		return
	}
	text := "fetch " + quote(url)
	if sum, ok := strings.CutPrefix(s.word(i, c.checksum), "sha256:"); ok {
		text += " sha256 " + quote(sum)
	}
	if c.unpack != nil && *c.unpack {
		s.add(&unit{kind: step, text: text + " unpack to " + quote(to) + options, target: to, alone: true, from: i})
		return
	}
	if !strings.Contains(options, " mode ") {
		options += " mode 0600"
	}
	target := to
	if strings.HasSuffix(to, "/") {
		target += path.Base(plain)
	}
	s.add(&unit{kind: step, text: text + " to " + quote(to) + options, target: target, from: i})
}

// copyFrom copies from a stage or an image.
func (s *stage) copyFrom(i *instruction, c copying, from string, sources []string, to, options string) {
	if dir, ok := s.file.build.Contexts[from]; ok && s.file.find(from, s.number) < 0 && !strings.Contains(dir, ":") {
		s.copyContext(i, c, dir, sources, to, options)
		return
	}
	component, of, err := s.component(i, from)
	if err != nil {
		s.ask(i, "", "%s", err)
		return
	}
	if c.parents {
		c.keepParents(s, i, sources, func(root string) string { return path.Join("/", root) }, component, to, options)
		return
	}
	var plain []string
	content := map[string]bool{}
	for _, src := range sources {
		slash := strings.HasSuffix(src, "/")
		src = followed(of.units, absolute("/", src))
		content[src] = slash
		if !strings.ContainsAny(src, "*?[") {
			plain = append(plain, src)
			continue
		}
		if !strings.HasSuffix(to, "/") {
			s.copyRenamed(i, component, src, to, options)
			continue
		}
		plain = append(plain, src)
	}
	if len(plain) == 0 {
		return
	}
	for n, src := range plain {
		if src == "/" {
			plain[n] = "/"
			continue
		}
		if strings.HasSuffix(to, "/") && !strings.ContainsAny(src, "*?[") && (content[src] || of.isDirectory(src)) {
			plain[n] = src + "/"
		}
	}
	if strings.HasSuffix(to, "/") && len(plain) == 1 && !strings.HasSuffix(plain[0], "/") && !strings.ContainsAny(plain[0], "*?[") && !of.isFile(plain[0]) {
		i.guess("%s is a file, not a directory whose content is copied", plain[0])
	}
	if to == "/" && len(plain) == 1 && plain[0] == "/" {
		// A step that fills the root would have everything below it in common with every component.
		s.runText(i, "cp -a /run/source/. /", runOptions{user: "root", items: []string{"bind \"/\" from " + component + " to \"/run/source\""}})
		i.guess("a whole system is copied onto another one")
		return
	}
	text := "copy " + quotes(plain) + " from " + component + " to " + quote(to) + rootOwner(s, i, c) + options
	if len(c.exclude) > 0 {
		text += " exclude " + quotes(c.exclude)
	}
	s.above(i, to, options)
	s.placed(i, text, placedAt(plain, to), nil)
	s.units[len(s.units)-1].taken = component
}

// rootOwner is the option that gives root what is copied from a stage, which otherwise keeps its owner.
func rootOwner(s *stage, i *instruction, c copying) string {
	if c.chown == "" {
		return ""
	}
	if owner, ok := s.owner(s.word(i, c.chown)); !ok || owner != "" {
		return ""
	}
	return ` owner "0:0"`
}

// followed returns what a path leads to if units of its stage make it a link, since a COPY of its name follows links.
func followed(units []*unit, p string) string {
	for _, u := range slices.Backward(units) {
		if m := linkStep().FindStringSubmatch(u.text); m != nil && path.Clean(m[1]) == p {
			return absolute(path.Dir(p), m[2])
		}
	}
	return p
}

var linkStep = lazy.Regexp(`^link "([^"\\$]+)" to "([^"\\$]+)"$`)

// copyRenamed copies what matches a pattern to one name.
func (s *stage) copyRenamed(i *instruction, component, src, to, options string) {
	dir := src[:strings.IndexAny(src, "*?[")]
	dir = path.Dir(dir + "x")
	text := "mkdir -p " + shellWord(path.Dir(to)) + "\ncp -r /run/source" + strings.TrimPrefix(src, dir) + " " + shellWord(to)
	if dir == "/" {
		text = "mkdir -p " + shellWord(path.Dir(to)) + "\ncp -r /run/source" + src + " " + shellWord(to)
	}
	if m := regexp.MustCompile(` owner "?([^" ]+)"?`).FindStringSubmatch(options); m != nil && !symbolic(m[1]) {
		text += "\nchown -R " + m[1] + " " + shellWord(to)
	}
	s.runText(i, text, runOptions{user: "root", items: []string{"bind " + quote(dir) + " from " + component + " to \"/run/source\""}})
	i.atLeast(Idiom)
}

// component returns the expression for a stage or an image that something is copied from.
func (s *stage) component(i *instruction, from string) (string, *stage, error) {
	im := s.file.im
	plain := im.plainOf(from)
	var of *stage
	var err error
	switch n := s.file.find(plain, s.number); {
	case n >= 0:
		of, err = s.file.stage(n)
	default:
		if c, ok := s.file.build.Contexts[plain]; ok {
			if of, err = s.file.context(c); of == nil && err == nil {
				from = strings.TrimPrefix(c, "docker-image://")
			}
		} else if b := im.sibling(plain, s.file.build); b != nil {
			if of, _ = im.stageOf(b); of != nil {
				s.file.siblings[plain] = b.Name
			}
		}
	}
	if err != nil {
		return "", nil, err
	}
	if of == nil {
		if _, err := strconv.Atoi(plain); err == nil {
			return "", nil, errors.New("no stage " + plain)
		}
		b := im.base(from, i)
		return b.text, &stage{file: s.file, base: b, known: map[string]bool{}}, nil
	}
	if len(of.units) == 0 {
		return of.base.text, of, nil
	}
	t, err := im.target(of)
	if err != nil {
		return "", nil, err
	}
	t.from = true
	im.report.history(of)
	return reference('s', t.id), of, nil
}

// isDirectory reports whether a path of a stage is known to be a directory.
func (s *stage) isDirectory(name string) bool {
	if s.known[name] || standard[name] {
		return true
	}
	for _, u := range s.units {
		if u.target == name+"/" {
			return true
		}
	}
	base := path.Base(name)
	return directories[base] && !s.isFile(name)
}

// directories are names that the tools of languages give to directories.
var directories = map[string]bool{"dist": true, "build": true, "public": true, "node_modules": true, "site-packages": true, "lib": true, "static": true, "html": true, "www": true, "assets": true, "venv": true, ".venv": true, "vendor": true, "publish": true, ".next": true, "standalone": true, "wheels": true, "bundle": true, "conf": true, "config": true, "src": true, "classes": true, "BOOT-INF": true, "META-INF": true, "app": false}

// isFile reports whether a path of a stage looks like a file.
func (s *stage) isFile(name string) bool {
	for _, u := range s.units {
		if u.target == name || u.kind == run && strings.Contains(u.text, "-o "+name) {
			return true
		}
	}
	dir := path.Base(path.Dir(name))
	return path.Ext(name) != "" || dir == "bin" || dir == "sbin" || strings.HasSuffix(s.base.ref, "uv") || strings.Contains(name, "/bin/")
}

// shellWord quotes a word for the shell, if it needs quotes.
func shellWord(w string) string {
	if w != "" && strings.IndexFunc(w, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-", r)
	}) < 0 {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
