package importing

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// A stage's component owns the paths that others take from it, where this is true for sure. Then what layc
// keeps of the build is what the images need, a build that does not create it fails in the component, and
// copies depend on this content alone, not on the system below.
//
// What is taken from below an owned path is only what the component itself has there. So it must be alone:
// nothing may be there on the base, or from what the component needs. The rules:
//
//   - the component is one block that runs commands, all of them as root, and nothing else needs it;
//   - the base is Debian's or one of the images whose files are known, and has nothing at the path;
//   - what the component needs places nothing at or below the path, and runs only package managers and
//     downloads of Go, which write elsewhere;
//   - the component's own steps place nothing over the path, which would be placed again after the runs; if
//     they do, the directory above is owned;
//   - all that is taken is below owned paths. Certificates and zones of the base are, too, left as they are
//     by the commands of Go.

// own decides what the components of stages own.
func (im *importer) own() {
	for n, t := range im.targets {
		b := im.stageBlock(n)
		if b == nil || !b.runs() || len(b.targets) > 1 || len(t.builds) > 0 || im.needed(b) {
			continue
		}
		taken, ok := im.takenFrom(t)
		if !ok || len(taken) == 0 || !t.ownable(b) {
			continue
		}
		var owns []string
		for _, p := range taken {
			at := t.ownedAt(b, p)
			switch {
			case at != "":
				owns = append(owns, at)
			case !t.untouched(b, p):
				ok = false
			}
		}
		if ok {
			b.owns = outermost(owns)
		}
	}
}

// stageBlock returns the block that is the component of a stage, or nil.
func (im *importer) stageBlock(n int) *block {
	t := im.targets[n]
	if !t.from {
		return nil
	}
	k := slices.IndexFunc(t.blocks, func(b *block) bool { return !b.own && b.name == t.name })
	if k < 0 {
		return nil
	}
	return t.blocks[k]
}

// needed reports whether another component needs a block.
func (im *importer) needed(b *block) bool {
	return slices.ContainsFunc(im.blocks, func(x *block) bool { return slices.Contains(x.needs, b) })
}

// taking matches what a clause takes from a component: paths, and the reference to the component.
var taking = lazy.Regexp(`((?:"(?:[^"\\]|\\.)*"|[^\s",]+)(?:, (?:"(?:[^"\\]|\\.)*"|[^\s",]+))*) from ` + "(\uE000[sf][^\uE001]*\uE001) to ")

// takenFrom returns the paths that all units take from a stage's component; ok is false if one is not a
// plain path.
func (im *importer) takenFrom(t *target) (taken []string, ok bool) {
	for _, user := range im.targets {
		for _, u := range user.stage.units {
			for _, m := range taking().FindAllStringSubmatch(u.text, -1) {
				of := im.byID(references().FindStringSubmatch(m[2])[2])
				if of == nil || of != t && (of.family == nil || im.wholeOf(of.family) != t) {
					continue
				}
				if strings.HasPrefix(m[2], string(openRef)+"s") && of.family != nil {
					return nil, false // of one member, while others may not have it
				}
				for _, p := range strings.Split(m[1], ", ") {
					p = im.defaults(strings.Trim(p, `"`))
					if symbolic(p) || strings.Contains(p, `\`) || !strings.HasPrefix(p, "/") {
						return nil, false
					}
					if k := strings.IndexAny(p, "*?["); k >= 0 {
						p = path.Dir(p[:k] + "x")
					}
					taken = append(taken, path.Clean(p))
				}
			}
		}
	}
	return taken, true
}

// defaults returns a path with the values of params. With others, what is taken is not owned, so that the
// build finds what is missing.
func (im *importer) defaults(p string) string {
	return interpolated().ReplaceAllStringFunc(p, func(ref string) string {
		m := references().FindStringSubmatch(ref)
		if known := im.params[m[2]]; m[1] == "p" && known != nil {
			return known.value
		}
		return ref
	})
}

var interpolated = lazy.Regexp(`\$\{` + "\uE000[^\uE001]*\uE001" + `\}|` + "\uE000[^\uE001]*\uE001")

// ownable reports whether a block of a stage can own anything.
func (t *target) ownable(b *block) bool {
	for _, u := range t.stage.units {
		switch {
		case u.kind == run && !slices.Contains(b.units, u) && !runsOnly(u, elsewhere()), strings.Contains(u.target, string(openRef)+"v"):
			return false
		case u.kind == question, u.kind == run && (runsAs().MatchString(u.text) || linking().MatchString(u.text)):
			return false // a human may add anything; owned paths of other users exist before runs; links lead elsewhere
		}
	}
	return true
}

var (
	runsAs  = lazy.Regexp(`" as [^"]*$|" as "`)
	linking = lazy.Regexp(`\bln |--symbolic|symlink`)
)

// ownedAt returns the path to own so that a block has what is taken, or "".
func (t *target) ownedAt(b *block, p string) string {
	// A run may create the directories above with a command that fails if they are there. So those belong
	// to the owned path unless steps before the first run make them.
	made := map[string]bool{}
	for _, u := range t.stage.units {
		if u.kind == run && slices.Contains(b.units, u) {
			break
		}
		if u.target == "" {
			continue
		}
		dir := path.Dir(t.stage.file.im.plainOf(u.target)) // of a directory, itself
		for ; dir != "/" && dir != "."; dir = path.Dir(dir) {
			made[dir] = true
		}
	}
	best := ""
	for ; t.fresh(p); p = path.Dir(p) {
		if (best == "" || !made[p]) && t.alone(b, p) {
			best = p
		} else if !made[p] {
			best = ""
		}
	}
	return best
}

// alone reports whether everything at a path is a block's, and in the result of its runs.
func (t *target) alone(b *block, p string) bool {
	for _, u := range t.stage.units {
		placed := path.Clean(t.stage.file.im.plainOf(u.target))
		within := placed == p || strings.HasPrefix(placed, p+"/")
		switch {
		case u.target == "":
		case within && !slices.Contains(b.units, u):
			return false
		case strings.HasPrefix(u.text, "link ") && (placed == p || strings.HasPrefix(p, placed+"/")):
			return false // what is there is elsewhere
		case !within && !strings.HasPrefix(u.text, "dir ") && (placed == "/" || strings.HasPrefix(p, placed+"/")):
			if mayPlace(t.stage, u, strings.TrimPrefix(strings.TrimPrefix(p, placed), "/")) {
				return false
			}
		}
	}
	return true
}

// mayPlace reports whether a step that fills a directory may place a path in it.
func mayPlace(s *stage, u *unit, rest string) bool {
	m := copiedPaths().FindStringSubmatch(u.text)
	if m == nil {
		return true
	}
	for _, src := range strings.Split(m[1], ", ") {
		src = strings.Trim(src, `"`)
		if symbolic(src) || strings.ContainsAny(src, `*?[\`) {
			return true
		}
		if !strings.HasSuffix(src, "/") {
			if first, _, _ := strings.Cut(rest, "/"); path.Base(src) == first {
				return true
			}
			continue
		}
		if _, there := s.stat(path.Join(src, rest)); there {
			return true
		}
	}
	return false
}

// copiedPaths matches a copy of the project's files, with its sources.
var copiedPaths = lazy.Regexp(`^copy ("(?:[^"\\]|\\.)*"(?:, "(?:[^"\\]|\\.)*")*) to `)

// untouched reports whether a block leaves a path of the base as it is: certificates and zones, while it
// runs only Go.
func (t *target) untouched(b *block, p string) bool {
	if !slices.ContainsFunc([]string{"/etc/ssl/certs", "/usr/share/zoneinfo", "/etc/passwd", "/etc/group"}, func(dir string) bool {
		return p == dir || strings.HasPrefix(p, dir+"/")
	}) {
		return false
	}
	for _, u := range t.stage.units {
		if at := path.Clean(t.stage.file.im.plainOf(u.target)); u.target != "" && (at == "/" || at == p || strings.HasPrefix(at, p+"/") || strings.HasPrefix(p, at+"/")) {
			return false
		}
		if u.kind == run && slices.Contains(b.units, u) && !runsOnly(u, goCommand()) {
			return false
		}
	}
	return true
}

// runsOnly reports whether all commands of a run match.
func runsOnly(u *unit, commands *regexp.Regexp) bool {
	m := script().FindStringSubmatch(u.text)
	if m == nil {
		return false
	}
	for line := range strings.Lines(strings.ReplaceAll(m[1]+m[2], "\\\n", " ")) {
		if line = strings.TrimSpace(line); line != "" && !commands.MatchString(line) {
			return false
		}
	}
	return true
}

var (
	script    = lazy.Regexp(`(?s)^run (?:"""\n(.*?)"""|"((?:[^"\\]|\\.)*)")`)
	goCommand = lazy.Regexp(`^([A-Z_0-9a-z]+=[^\s;&|<>` + "`" + `]* )*go (build|mod|get|vet|test|generate|version|env)\b[^;&|<>` + "`" + `]*$`)
	elsewhere = lazy.Regexp(`^(apk (--[a-z-]+ )*(add|update|upgrade)|apt-get (-[a-z-]+ )*(update|install|upgrade)|go mod (download|verify)|(micro)?dnf (-[a-z-]+ )*(install|update)|yum (-[a-z-]+ )*(install|update))\b[^;&|<>` + "`" + `]*$`)
)

// outermost leaves out paths below others.
func outermost(paths []string) []string {
	slices.Sort(paths)
	var out []string
	for _, p := range slices.Compact(paths) {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.HasPrefix(p, o+"/") }) {
			out = append(out, p)
		}
	}
	return out
}

// emptied are the standard directories in which a base has nothing but what occupied names, as in its root.
var emptied = []string{"/home", "/opt", "/srv", "/usr/src"}

// occupied are what images have in these directories besides the standard directories, by their names.
// Images that are not here may have anything anywhere.
var occupied = map[string][]string{
	"scratch": nil, "debian": nil, "alpine": nil, "busybox": nil, "buildpack-deps": nil,
	"golang": {"/go"}, "node": {"/home/node", "/opt/yarn"}, "python": nil, "rust": nil, "ruby": nil,
	"eclipse-temurin": {"/opt/java", "/home/ubuntu"}, "maven": {"/opt/java", "/home/ubuntu"},
	"gradle": {"/home/gradle", "/opt/gradle", "/opt/java", "/home/ubuntu"}, "ubuntu": {"/home/ubuntu"},
	"mcr.microsoft.com/dotnet/sdk": {"/home/app", "/home/ubuntu"},
}

// fresh reports whether the base and its packages certainly have nothing at a path and in the directories
// that lead to it, except in the standard ones.
func (t *target) fresh(p string) bool {
	b, name := t.stage.base, "debian"
	switch {
	case b.id == "scratch":
		name = "scratch"
	case b.release == "":
		name = hubName(b.ref)
	}
	has, ok := occupied[name]
	if !ok || standard[p] || top[p] {
		return false
	}
	if slices.ContainsFunc(has, func(o string) bool { return p == o || strings.HasPrefix(p, o) || strings.HasPrefix(o, p+"/") }) {
		return false
	}
	for dir := path.Dir(p); ; dir = path.Dir(dir) {
		if standard[dir] || top[dir] {
			return dir == "/" || slices.Contains(emptied, dir) && !t.packaged()
		}
	}
}

// packaged reports whether a stage has packages of third parties, which may be below /opt, /home and /srv.
func (t *target) packaged() bool {
	return len(t.stage.base.repositories) > 0 || slices.ContainsFunc(t.stage.units, func(u *unit) bool {
		return u.kind == run && packaging().MatchString(u.text)
	})
}

var packaging = lazy.Regexp(`\b(apk|apt|apt-get|dnf|microdnf|yum|zypper|dpkg|rpm)\b`)

// top are what systems have in their roots besides the standard directories.
var top = map[string]bool{"/boot": true, "/lib32": true, "/lib64": true, "/libx32": true, "/.dockerenv": true, "/lost+found": true, "/selinux": true}

// hubName returns the name of an image without its tag and digest, as short as Docker Hub has it.
func hubName(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(ref, "docker.io/"), "library/"), ":")
	return name
}
