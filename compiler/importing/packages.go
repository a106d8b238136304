package importing

import (
	"maps"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// aptWords returns the verb of a call of apt, and its operands.
func aptWords(words []string) (verb string, operands []string) {
	for n := 1; n < len(words); n++ {
		w := words[n]
		switch {
		case w == "-o" || w == "--option" || w == "-t" || w == "--target-release" || w == "-c":
			n++
		case strings.HasPrefix(w, "-"):
		case verb == "":
			verb = w
		default:
			operands = append(operands, w)
		}
	}
	return verb, operands
}

func apt(c command) bool {
	return len(c.words) > 1 && (c.words[0] == "apt-get" || c.words[0] == "apt" || c.words[0] == "aptitude")
}

var packageName = lazy.Regexp(`^[a-z0-9][a-z0-9+.-]+$`)

// untranslated is why an image of Debian stays one.
const untranslated = "apt, used in a way that has no translation"

// packages translates apt-get install on a base that is made of packages. What it cannot translate makes
// the base stay an image.
func (t *translation) packages(c command) bool {
	s := t.stage
	if s.base.release == "" {
		return false
	}
	if !apt(c) {
		if aptSomewhere().MatchString(c.text) {
			s.file.im.stay(s, untranslated)
		}
		return false
	}
	verb, operands := aptWords(c.words)
	switch verb {
	case "install":
	case "remove", "purge", "autoremove", "autopurge":
		if slices.ContainsFunc(operands, func(p string) bool { return !slices.Contains(t.purged, p) }) {
			s.file.im.stay(s, untranslated)
			return false
		}
		t.i.atLeast(Idiom)
		return true
	default:
		s.file.im.stay(s, untranslated)
		return false
	}
	u := &unit{kind: needs, from: t.i}
	for _, p := range operands {
		name, version, pinned := strings.Cut(p, "=")
		name, release, back := strings.Cut(name, "/")
		name, _, _ = strings.Cut(name, ":")
		if plain := s.file.im.plainOf(name); !packageName().MatchString(plain) || strings.HasSuffix(plain, "-") {
			s.file.im.stay(s, untranslated)
			return false
		}
		if pinned {
			t.i.guess("layc.lock has the version of %s, which is not %s forever", s.file.im.plainOf(name), s.file.im.plainOf(version))
		}
		if back {
			t.i.guess("%s is from the release, not from %s", s.file.im.plainOf(name), release)
		}
		if slices.Contains(t.purged, p) {
			u.building = append(u.building, name)
		} else {
			u.packages = append(u.packages, name)
		}
	}
	if !slices.Contains(c.words, "--no-install-recommends") && !strings.Contains(strings.ToLower(c.text), "install-recommends") {
		t.i.guess("packages that these recommend are left out")
	}
	if t.configured {
		t.i.guess("the packages are installed before what earlier lines configure for dpkg; write `install` in their component if it matters to them")
	}
	t.i.atLeast(Idiom)
	slices.Sort(u.packages)
	slices.Sort(u.building)
	u.packages, u.building = slices.Compact(u.packages), slices.Compact(u.building)
	s.add(u)
	return true
}

// configures matches what decides how dpkg installs packages.
var configures = lazy.Regexp(`/etc/dpkg/|/etc/apt/(apt\.conf|preferences)|debconf-set-selections|policy-rc\.d|dpkg-divert|dpkg-statoverride`)

var aptSomewhere = lazy.Regexp(`\b(apt-get|apt|aptitude|apt-mark|dpkg -i|dpkg --install|gdebi|apt-key|apt-cache|add-apt-repository)\b`)

// purges remembers the packages that a command removes again: only the run needs them.
func (t *translation) purges(all []command) {
	for _, c := range all {
		if verb, operands := aptWords(c.words); apt(c) && (verb == "purge" || verb == "remove" || verb == "autoremove" || verb == "autopurge") {
			t.purged = append(t.purged, operands...)
		}
	}
}

// user translates a command that adds a user or a group.
func (t *translation) user(c command) bool {
	if len(c.words) < 2 || c.writes != nil {
		return false
	}
	switch c.words[0] {
	case "useradd", "adduser", "groupadd", "addgroup":
	default:
		return false
	}
	if slices.ContainsFunc(c.words, symbolic) {
		return false
	}
	groups := maps.Clone(t.groups)
	if !t.stage.accountCommand(t.i, c.words, groups) {
		return false
	}
	t.groups = groups
	t.i.atLeast(Idiom)
	return true
}

// own reports whether a command adds a group that is the group of a user of the same name, which a later
// command adds. Other groups stay commands.
func (t *translation) own(c command, later []command) bool {
	if len(c.words) < 2 || c.words[0] != "groupadd" && c.words[0] != "addgroup" {
		return true
	}
	name := c.words[len(c.words)-1]
	for _, l := range later {
		if len(l.words) > 1 && (l.words[0] == "useradd" || l.words[0] == "adduser") && slices.Contains(l.words, name) {
			silent, probe := *t.i, *t.stage
			probe.accounts, probe.units, probe.known = slices.Clone(probe.accounts), slices.Clone(probe.units), maps.Clone(probe.known)
			groups := maps.Clone(t.groups)
			return probe.accountCommand(&silent, c.words, groups) && probe.accountCommand(&silent, l.words, groups) && probe.accounts[len(probe.accounts)-1].login == name
		}
	}
	return false
}

// addsGroup remembers a group that a command adds which stays one.
func (t *translation) addsGroup(c command) {
	if len(c.words) < 2 || c.words[0] != "groupadd" && c.words[0] != "addgroup" {
		return
	}
	silent, groups := *t.i, map[string]int{}
	if !t.stage.accountCommand(&silent, c.words, groups) {
		groups[c.words[len(c.words)-1]] = -1
	}
	if t.stage.added == nil {
		t.stage.added = map[string]int{}
	}
	maps.Copy(t.stage.added, groups)
}
