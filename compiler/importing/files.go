package importing

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// could reports whether files would translate a command after a run, without translating it.
func (t *translation) could(c command) bool {
	probe := *t
	copied := *t.stage
	copied.known = map[string]bool{}
	for k, v := range t.stage.known {
		copied.known[k] = v
	}
	copied.units = append(slices.Clone(t.stage.units), &unit{kind: run})
	probe.stage = &copied
	silent := *t.i
	probe.i = &silent
	return probe.files(c)
}

// files translates a command that only places or changes files: mkdir, ln, chown, chmod, touch, echo.
func (t *translation) files(c command) bool {
	s := t.stage
	if len(c.words) == 0 || slices.ContainsFunc(c.words, func(w string) bool { return strings.ContainsAny(w, "*?[") }) {
		return false
	}
	if c.writes != nil {
		return t.writes(c)
	}
	var flags, operands []string
	for _, w := range c.words[1:] {
		if strings.HasPrefix(w, "-") && len(w) > 1 {
			flags = append(flags, w)
		} else {
			operands = append(operands, w)
		}
	}
	ok := false
	switch c.words[0] {
	case "mkdir":
		ok = t.mkdir(c.words[1:])
	case "ln":
		ok = t.link(flags, operands)
	case "chown":
		ok = t.chown(flags, operands)
	case "chmod":
		ok = t.chmod(flags, operands)
	case "touch":
		ok = len(flags) == 0 && len(operands) > 0
		for _, p := range operands {
			ok = ok && !s.written(absolute(t.directory(), p)) && strings.HasPrefix(p, "/") && s.owned(p)
		}
		for _, p := range operands {
			if ok {
				s.add(&unit{kind: step, text: "file " + quote(absolute(t.directory(), p)) + ` text ""`, target: absolute(t.directory(), p), from: t.i})
			}
		}
	}
	if ok {
		t.i.atLeast(Idiom)
	}
	return ok
}

// owned reports whether a path is in a directory that the stage makes, so that the base has no file
// there.
func (s *stage) owned(p string) bool {
	dir := path.Dir(p)
	return s.known[dir] && !s.base.has(dir)
}

func (t *translation) directory() string {
	if t.options.dir == "" {
		return "/"
	}
	return t.options.dir
}

// mkdir makes directories: mkdir [-p] [-m MODE] DIR….
func (t *translation) mkdir(words []string) bool {
	mode := ""
	var dirs []string
	for n := 0; n < len(words); n++ {
		w := words[n]
		switch {
		case w == "-p" || w == "--parents" || w == "-v" || w == "-pv" || w == "-vp":
		case w == "-m" || w == "--mode" || w == "-pm":
			n++
			if n == len(words) {
				return false
			}
			mode = words[n]
		case strings.HasPrefix(w, "--mode="):
			mode = strings.TrimPrefix(w, "--mode=")
		case strings.HasPrefix(w, "-"):
			return false
		default:
			dirs = append(dirs, absolute(t.directory(), w))
		}
	}
	if len(dirs) == 0 || mode != "" && !octal().MatchString(mode) {
		return false
	}
	for _, d := range dirs {
		if strings.Contains(d, "{") {
			return false
		}
		d = usual(t.stage, d)
		if t.stage.known[d] && mode == "" {
			continue
		}
		text := "dir " + quote(d)
		if mode != "" {
			text += " mode 0" + strings.TrimLeft(mode, "0")
		}
		t.stage.add(&unit{kind: step, text: text, target: d + "/", from: t.i})
		t.stage.known[d] = true
	}
	return true
}

// usual returns a path without the links that today's systems have, as far as the base is known to have them.
func usual(s *stage, p string) string {
	links := [][2]string{{"/var/run/", "/run/"}, {"/var/lock/", "/run/lock/"}}
	if s.base.release != "" {
		links = append(links, [2]string{"/bin/", "/usr/bin/"}, [2]string{"/sbin/", "/usr/sbin/"}, [2]string{"/lib/", "/usr/lib/"}, [2]string{"/lib64/", "/usr/lib64/"})
	}
	for _, l := range links {
		if rest, ok := strings.CutPrefix(p, l[0]); ok && s.base.id != "scratch" {
			return l[1] + rest
		}
	}
	return p
}

// link makes a link: ln -s TARGET LINK.
func (t *translation) link(flags, operands []string) bool {
	if len(flags) == 0 || len(operands) != 2 {
		return false
	}
	for _, f := range flags {
		if strings.Trim(strings.TrimPrefix(f, "-"), "sfnv") != "" && f != "--symbolic" && f != "--force" && f != "--no-dereference" {
			return false
		}
	}
	if !strings.Contains(strings.Join(flags, ""), "s") {
		return false
	}
	at := absolute(t.directory(), operands[1])
	if strings.HasSuffix(operands[1], "/") || t.stage.has(at) {
		at = path.Join(at, path.Base(operands[0]))
	}
	at = usual(t.stage, at)
	t.stage.add(&unit{kind: step, text: "link " + quote(at) + " to " + quote(operands[0]), target: at, from: t.i})
	return true
}

// chown changes the owner of directories and files that earlier steps place.
func (t *translation) chown(flags, operands []string) bool {
	s := t.stage
	recursive := false
	for _, f := range flags {
		switch f {
		case "-R", "-Rf", "-fR", "--recursive", "-hR", "-Rh", "-RH":
			recursive = true
		case "-v", "-f", "-h", "-c":
		default:
			return false
		}
	}
	if len(operands) < 2 {
		return false
	}
	who := operands[0]
	login, group, grouped := strings.Cut(who, ":")
	switch {
	case !grouped:
		// The group stays, which is root's where no step has an owner yet.
		if symbolic(login) {
			who += ":0"
		} else if uid, _, ok := s.numbers(login); ok {
			who = strconv.Itoa(uid) + ":0"
		}
		for _, p := range operands[1:] {
			if hasOwner(s, usual(s, absolute(t.directory(), p))) {
				return false
			}
		}
	case group == "":
		who = login
	}
	owner, ok := s.owner(who)
	return ok && t.change(operands[1:], recursive, " owner ", owner)
}

// hasOwner reports whether a step gives an owner to what is at or below a path.
func hasOwner(s *stage, p string) bool {
	return slices.ContainsFunc(s.units, func(u *unit) bool {
		at := strings.TrimSuffix(u.target, "/")
		return strings.Contains(u.text, " owner ") && (at == p || strings.HasPrefix(at, p+"/"))
	})
}

// chmod changes the modes of directories and files that earlier steps place.
func (t *translation) chmod(flags, operands []string) bool {
	recursive := false
	for _, f := range flags {
		switch f {
		case "-R", "--recursive":
			recursive = true
		case "-v", "-f":
		default:
			return false
		}
	}
	if len(operands) < 2 {
		return false
	}
	mode := operands[0]
	switch {
	case octal().MatchString(mode):
		mode = " mode 0" + strings.TrimLeft(mode, "0")
	case mode == "+x" || mode == "a+x" || mode == "ugo+x":
		mode = ` mode "a+x"`
	case mode == "u+x" || mode == "g+w" || mode == "g=u" || mode == "g+rw" || mode == "a+rX" || mode == "g+rwX":
		mode = " mode " + quote(mode)
	default:
		return false
	}
	if recursive && !strings.Contains(mode, "X") && !strings.Contains(mode, `"`) {
		return false // an octal mode is for files or for directories, not for both
	}
	return t.change(operands[1:], recursive, " mode ", mode)
}

// change gives the steps at some paths an owner or a mode. It returns false, and changes nothing, if a
// run may have placed something there, or if the steps place other things, too.
func (t *translation) change(paths []string, recursive bool, option, value string) bool {
	s := t.stage
	units := slices.Clone(s.units)
	for _, p := range paths {
		p = usual(s, absolute(t.directory(), p))
		hit := false
		for n := len(units) - 1; n >= 0; n-- {
			u := units[n]
			at := strings.TrimSuffix(u.target, "/")
			if u.kind == run && (recursive || !hit) {
				return false
			}
			if u.kind != step || u.target == "" {
				continue
			}
			inside := at == p || recursive && strings.HasPrefix(at, p+"/")
			content := strings.HasSuffix(u.target, "/") && !strings.HasPrefix(u.text, "dir ")
			switch {
			case inside && content && at == p && !recursive:
				return false // the directory alone changes, but the step has its content
			case inside && value == "" && strings.Contains(u.text, option):
				return false
			case inside && strings.Contains(u.text, value):
				hit = true
			case inside && !strings.HasPrefix(u.text, "link ") && !strings.Contains(u.text, option):
				changed := *u
				changed.text, changed.key = u.text+value, u.key+value
				units[n], hit = &changed, true
			case inside && strings.HasPrefix(u.text, "dir ") && strings.Contains(u.text, option):
				// An earlier owner is replaced.
				at := strings.Index(u.text, option)
				rest := u.text[at+len(option):]
				end := strings.IndexByte(rest, ' ')
				changed := *u
				changed.text = u.text[:at] + value
				if end >= 0 {
					changed.text += rest[end:]
				}
				changed.key = changed.text
				units[n], hit = &changed, true
			case inside:
				return false
			case content && strings.HasPrefix(p, at+"/") && u.alone:
				return false // somewhere in an archive
			case content && strings.HasPrefix(p, at+"/"):
				return false
			}
			if hit && at == p && strings.HasPrefix(u.text, "dir ") {
				break
			}
		}
		if !hit {
			return false
		}
		if recursive && value != "" {
			var ok bool
			if units, ok = t.between(units, p, value); !ok {
				return false
			}
		}
	}
	s.units = units
	return true
}

// between gives directories an owner or a mode that have no step of their own: those between a path and what
// steps place below it. It returns false if the base may have them.
func (t *translation) between(units []*unit, p, value string) ([]*unit, bool) {
	own, missing := map[string]bool{}, map[string]bool{}
	first := -1
	for n, u := range units {
		at := strings.TrimSuffix(u.target, "/")
		if u.kind != step || at != p && !strings.HasPrefix(at, p+"/") {
			continue
		}
		if first < 0 {
			first = n
		}
		own[at] = own[at] || strings.HasSuffix(u.target, "/")
		for dir := path.Dir(at); dir == p || strings.HasPrefix(dir, p+"/"); dir = path.Dir(dir) {
			missing[dir] = true
		}
	}
	var added []*unit
	for _, dir := range sorted(missing) {
		if own[dir] {
			continue
		}
		if standard[dir] || t.stage.base.release == "" || symbolic(dir) {
			return nil, false
		}
		text := "dir " + quote(dir) + value
		added = append(added, &unit{kind: step, text: text, key: "dir " + text, target: dir + "/", from: t.i, stage: t.stage.name})
	}
	if len(added) == 0 {
		return units, true
	}
	return slices.Insert(units, first, added...), true
}

// written reports whether an earlier step may have written a file.
func (s *stage) written(p string) bool {
	return slices.ContainsFunc(s.units, func(u *unit) bool {
		return u.kind == run || u.target == p || strings.HasSuffix(u.target, "/") && strings.HasPrefix(p, u.target)
	})
}

// writes translates echo and printf into a file that nothing else writes.
func (t *translation) writes(c command) bool {
	s := t.stage
	if len(c.words) < 2 || !strings.HasPrefix(c.writes.file, "/") || c.writes.append {
		return false
	}
	words, end := c.words[1:], "\n"
	switch c.words[0] {
	case "echo":
		if words[0] == "-n" {
			words, end = words[1:], ""
		} else if strings.HasPrefix(words[0], "-") {
			return false
		}
	case "printf":
		if len(words) != 1 || strings.Contains(words[0], "%") {
			return false
		}
		end = ""
	default:
		return false
	}
	text := strings.Join(words, " ") + end
	if strings.Contains(text, `\`) {
		// The echo of Debian's shell replaces \n; others do not.
		if c.words[0] == "echo" && (s.base.release == "" || t.options.shell) {
			return false
		}
		if strings.Contains(strings.ReplaceAll(text, `\n`, ""), `\`) {
			return false
		}
		text = strings.ReplaceAll(text, `\n`, "\n")
	}
	at := usual(s, c.writes.file)
	if s.written(at) {
		return false
	}
	s.add(&unit{kind: step, text: "file " + quote(at) + " text " + blockText(text), target: at, from: t.i})
	t.i.atLeast(Idiom)
	return true
}
