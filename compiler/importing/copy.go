package importing

import (
	"errors"
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
	link         bool
	named        bool // the target is the name of the file for sure
}

// copy translates COPY and ADD.
func (s *stage) copy(i *instruction, c copying) {
	before := len(s.units)
	to := s.word(i, c.sources.DestPath)
	relative(s, i, to)
	to = s.destination(to)
	options, chown := s.copyOptions(i, c)
	for at := path.Dir(to + "x"); c.link && options != "" && at != "/"; at = path.Dir(at) {
		if s.has(at) {
			i.guess("--link gives its owner and mode to %s, too", at)
			break
		}
	}
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
	if chown != "" && s.base.id == "scratch" {
		i.guess("the owner %q is not known, so it is root", chown)
	} else if chown != "" && len(s.units) > before && s.units[len(s.units)-1].kind == step {
		at := strings.TrimSuffix(s.units[len(s.units)-1].target, "/")
		if !strings.Contains(chown, ":") {
			chown += ":" // the user's own group
		}
		if slices.ContainsFunc(s.units[:before], func(u *unit) bool { return u.target == at+"/" || strings.HasPrefix(u.target, at+"/") }) {
			i.guess("the number of %s is not known, so a command gives it all of %s, not only what is copied", strings.Trim(chown, ":"), at)
		}
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
	at := usual(s, absolute(s.workdir, to))
	if at == "/" {
		return "/"
	}
	last := to[strings.LastIndex(to, "/")+1:]
	if dir, ok := placedKind(s, at); last == "" || last == "." || last == ".." || s.has(at) || ok && dir {
		return usual(s, at+"/")
	}
	return at
}

// keepParents is COPY --parents: of a directory, the root or what is before /./, what matches a pattern.
func (c copying) keepParents(s *stage, i *instruction, context string, sources []string, at func(root string) string, component, to, options string) {
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
		exclude := c.exclude
		if component == "" {
			exclude = append(excluding(s, context, []string{source})[0].patterns, exclude...)
		}
		s.placed(i, text+excludeOption(exclude), to, nil)
		s.units[len(s.units)-1].taken = component
	}
}

// above creates the directories above a target as --chown and an octal --chmod do: they have the owner and the
// mode, too. Only scratch and a system made of packages are known well enough to say that they have no such
// directories.
func (s *stage) above(i *instruction, to, options string) {
	if s.base.release == "" && s.base.id != "scratch" || symbolic(to) {
		return
	}
	given := ownerOption().FindString(options) + octalOption().FindString(options)
	if given == "" {
		return
	}
	var dirs []string
	for dir := path.Dir(to + "x"); !s.has(dir); dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	slices.Reverse(dirs)
	for _, dir := range dirs {
		s.add(&unit{kind: step, text: "dir " + quote(dir) + given, target: dir + "/", from: i})
	}
}

var (
	ownerOption = lazy.Regexp(` owner (?:"[^"]*"|[^ "]+)`)
	octalOption = lazy.Regexp(` mode 0[0-7]+`)
)

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
		c.keepParents(s, i, "", sources, func(root string) string { return path.Join("/", root) }, component, to, options)
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
		switch {
		case !strings.HasSuffix(to, "/"):
			s.copyRenamed(i, component, src, to, options)
		case filesAlone(of, src):
			plain = append(plain, src)
		default:
			copyMatches(s, i, c, component, src, to, options)
		}
	}
	if len(plain) == 0 {
		return
	}
	for n, src := range plain {
		if src != "/" && strings.HasSuffix(to, "/") {
			plain[n] = taken(of, i, src, content[src], to)
		}
	}
	if to == "/" && len(plain) == 1 && plain[0] == "/" {
		// A step that fills the root would have everything below it in common with every component.
		s.runText(i, "cp -a /run/source/. /", runOptions{user: "root", items: []string{"bind \"/\" from " + component + " to \"/run/source\""}})
		i.guess("a whole system is copied onto another one")
		return
	}
	text := "copy " + quotes(plain) + " from " + component + " to " + quote(to) + rootOwner(s, i, c) + options + excludeOption(c.exclude)
	s.above(i, to, options)
	s.placed(i, text, placedAt(plain, to), nil)
	s.units[len(s.units)-1].taken = component
	adopt(s, of, plain, to)
}

// adopt makes the users of another stage known that a copy of its /etc/passwd brings.
func adopt(s, of *stage, sources []string, to string) {
	if to != "/etc/" && to != "/etc/passwd" || !slices.ContainsFunc(sources, func(src string) bool { return src == "/etc/passwd" || src == "/etc/" }) {
		return
	}
	for _, a := range of.accounts {
		if !slices.ContainsFunc(s.accounts, func(b *account) bool { return b.login == a.login }) {
			plain := *a
			plain.declared = false
			s.accounts = append(s.accounts, &plain)
		}
	}
}

// taken returns what a copy takes of a source of the stage into a directory: the content of a directory, or a
// file by its name.
func taken(s *stage, i *instruction, src string, slash bool, to string) string {
	if strings.ContainsAny(src, "*?[") {
		return src
	}
	if slash {
		return src + "/"
	}
	dir, sure := s.isDirectory(s.file.im.plainOf(src))
	if !sure && path.Base(src) == path.Base(to) {
		dir = true
	}
	switch {
	case dir && !sure:
		i.guess("%s is a directory, whose content is copied, not a file", src)
	case !sure:
		i.guess("%s is a file, not a directory whose content is copied", src)
	}
	if dir {
		return src + "/"
	}
	return src
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

// filesAlone reports whether a pattern matches no directories of a stage, whose content Docker would copy.
func filesAlone(s *stage, src string) bool {
	if last := path.Base(src); symbolic(last) || strings.HasPrefix(path.Ext(last), ".") && last != "*.*" {
		return true
	}
	// All that a stage without a system has is known, unless something runs there.
	if s.base.id != "scratch" {
		return false
	}
	return !slices.ContainsFunc(s.units, func(u *unit) bool {
		if u.kind == run || u.taken != "" {
			return true
		}
		at := strings.TrimSuffix(u.target, "/")
		for dir := at; u.target != "" && dir != "/"; dir = path.Dir(dir) {
			if ok, err := path.Match(src, dir); ok || err != nil {
				return dir != at || strings.HasSuffix(u.target, "/")
			}
		}
		m := copiedPaths().FindStringSubmatch(u.text)
		return strings.HasSuffix(u.target, "/") && strings.HasPrefix(src, at+"/") && m != nil && (symbolic(m[1]) || strings.Contains(m[1], `/"`))
	})
}

// copyMatches copies what matches a pattern of a stage: files by their names, and of directories the content. Only
// a command can tell them apart.
func copyMatches(s *stage, i *instruction, c copying, component, src, to, options string) {
	dir, pattern := path.Split(src)
	clause := "copy " + quote(src) + " from " + component + " to " + quote(to) + rootOwner(s, i, c) + options
	if !s.base.shell() || symbolic(src) || symbolic(to) || strings.ContainsAny(dir, "*?[") || options != "" || c.chown != "" || len(c.exclude) > 0 {
		s.ask(i, clause, "the content of directories that match is copied, not the directories; name them with a final /, if there are any")
		return
	}
	at := shellWord(strings.TrimSuffix(to, "/") + "/")
	s.runText(i, "mkdir -p "+at+"\n"+
		"find /run/source -mindepth 1 -maxdepth 1 -name "+shellWord(pattern)+" | while IFS= read -r f; do\n"+
		"    if [ -d \"$f\" ]; then cp -a \"$f/.\" "+at+"; else cp -aH \"$f\" "+at+"; fi\n"+
		"done", runOptions{user: "root", items: []string{"bind " + quote(path.Clean(dir)) + " from " + component + " to \"/run/source\""}})
	i.atLeast(Run)
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

// shellWord quotes a word for the shell, if it needs quotes.
func shellWord(w string) string {
	if w != "" && strings.IndexFunc(w, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-", r)
	}) < 0 {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
