package importing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// A third party's repository of packages is a clause of the base: apt resolves the packages of all
// repositories together, and so does layc. So a stage that adds one is on a base of its own. The key is
// what the packages are trusted by. A key that the Dockerfile copies from the project is taken from there.
// A key that it downloads is a question: somebody has to look whether it is the right one.

// suites are the names of Debian's releases.
var suites = map[string]string{"11": "bullseye", "12": "bookworm", "13": "trixie"}

// thirdParty is a repository of packages.
type thirdParty struct {
	name, url, suite string
	components       []string
	key              string // a file of the project
	from             string // the URL of the key
}

var sourceLine = lazy.Regexp(`^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+\S+)*)$`)

// repositories translates the commands that add a third party's repository of packages: the key, and
// the line of apt's sources.
func (t *translation) repositories(all *[]command) bool {
	if t.stage.base.release == "" {
		return false
	}
	found := false
	for n, c := range *all {
		if r := nodeSource(c); r != nil {
			t.add(r)
			// What else the script does is the business of apt.
			(*all)[n] = command{text: "true", words: []string{"true"}}
			found = true
			continue
		}
		line, file := c.line()
		if !strings.HasPrefix(file, "/etc/apt/sources.list") {
			continue
		}
		m := sourceLine().FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		r := &thirdParty{name: stemOf(file, m[2]), url: m[2], suite: m[3]}
		if list := strings.Fields(m[4]); !strings.HasSuffix(r.suite, "/") {
			r.components = list
		}
		if signed := signedBy().FindStringSubmatch(m[1]); signed != nil {
			r.key = copied(t.stage, signed[1])
		}
		if r.key == "" {
			r.from = t.key(*all)
		}
		t.add(r)
		found = true
	}
	if found {
		*all = slices.DeleteFunc(*all, func(c command) bool { return t.aboutRepository(c) || c.text == "true" })
	}
	return found
}

var signedBy = lazy.Regexp(`signed-by=([^\s\]]+)`)

// copied returns the file of the project that a step has placed at a path; "" if none has.
func copied(s *stage, at string) string {
	for _, u := range s.units {
		if m := copiedFile().FindStringSubmatch(u.text); u.target == at && m != nil {
			return m[1]
		}
	}
	return ""
}

var copiedFile = lazy.Regexp(`^copy "([^"$\\*?\[]+)" to `)

// nodeSource is the script of NodeSource, or of a mirror, which adds the repository of one version of Node.
// What it adds is next to the script.
func nodeSource(c command) *thirdParty {
	m := nodeScript().FindStringSubmatch(c.text)
	if m == nil {
		return nil
	}
	host, version := m[1], m[2]
	return &thirdParty{
		name: "nodesource", url: host + "/node_" + version, suite: "nodistro", components: []string{"main"},
		from: host + "/gpgkey/nodesource-repo.gpg.key",
	}
}

var nodeScript = lazy.Regexp(`^curl\s[^|]*(https://[^\s/|]+)/setup_(\d+\.x)\s*\|\s*(?:sudo\s+)?(?:-E\s+)?bash\b`)

// add adds a repository to the base of the stage.
func (t *translation) add(r *thirdParty) {
	key := r.key
	clause := ""
	if key == "" {
		key = "keys/" + r.name + ".asc"
	}
	text := "repository " + quote(r.name) + " from " + quote(r.url) + " suite " + quote(r.suite)
	if len(r.components) > 0 && !slices.Equal(r.components, []string{"main"}) {
		text += " components " + quotes(r.components)
	}
	text += " key " + quote(key)
	t.i.atLeast(Repository)
	if r.key != "" {
		clause = text
		t.i.Why = cmp.Or(t.i.Why, "its key is the file "+r.key)
	} else {
		why := fmt.Sprintf("nobody has looked at the key of this repository yet: write it to %s, and compare its fingerprint (gpg --show-keys %[1]s) with the one that its publisher names", key)
		if r.from != "" {
			why = fmt.Sprintf("nobody has looked at the key of this repository yet: run curl -fsSL --create-dirs %s -o %s, and compare its fingerprint (gpg --show-keys %[2]s) with the one that its publisher names", r.from, key)
		}
		if t.i.Why == "" {
			t.i.Why = why + "; then remove the # before the clause"
		}
		todo := fmt.Sprintf("# TODO(import): %s:%d: %s; then remove the # before the clause:", t.i.File, t.i.Line, why)
		clause = strings.Join(wrap(todo), "\n    # ") + "\n    # " + text
	}
	t.stage.base = t.stage.base.with(t.stage.file.im, r.name, clause)
}

// with returns a base that has a repository, too.
func (b *base) with(im *importer, name, clause string) *base {
	if slices.Contains(b.repositories, clause) {
		return b
	}
	c := &base{id: b.id + " " + clause, release: b.release, ref: b.ref, system: b.system, names: slices.Clone(b.names)}
	c.repositories = append(slices.Clone(b.repositories), clause)
	c.text = reference('b', c.id)
	if c.stem = b.stem; c.stem == "" {
		c.stem = "debian_" + b.release
	}
	c.stem += "_" + identifier(name)
	c.clause = fmt.Sprintf("distribution \"debian\" suite %q with \"updates\", \"security\"\n    changes 6/year\n    %s", suites[b.release], strings.Join(c.repositories, "\n    "))
	return im.known(c)
}

func stemOf(file, url string) string {
	name := strings.TrimSuffix(file[strings.LastIndex(file, "/")+1:], ".list")
	if name == "sources" || name == "" {
		_, name, _ = strings.Cut(url, "://")
		name, _, _ = strings.Cut(name, "/")
	}
	return strings.ReplaceAll(identifier(name), "_", "-")
}

// line returns the text that a command writes, and the file.
func (c command) line() (text, file string) {
	echo := c
	switch {
	case c.writes != nil:
		file = c.writes.file
	case len(c.pipe) == 2 && len(c.pipe[1].words) > 1 && c.pipe[1].words[0] == "tee":
		echo, file = c.pipe[0], c.pipe[1].words[len(c.pipe[1].words)-1]
	default:
		return "", ""
	}
	if len(echo.words) < 2 || echo.words[0] != "echo" && echo.words[0] != "printf" {
		return "", file
	}
	words := echo.words[1:]
	for len(words) > 1 && strings.HasPrefix(words[0], "-") {
		words = words[1:]
	}
	return strings.TrimSuffix(strings.Join(words, " "), `\n`), file
}

var addresses = lazy.Regexp(`https?://[^\s"'|;]+`)

// key returns the URL of the key that some commands download; "" if none does.
func (t *translation) key(all []command) string {
	for _, c := range all {
		if url := addresses().FindString(c.text); url != "" && !strings.HasPrefix(strings.TrimSpace(c.text), "echo") && (strings.Contains(c.text, "key") || strings.Contains(c.text, "gpg") || strings.Contains(c.text, ".asc")) && !strings.ContainsAny(url, "$`") {
			return url
		}
	}
	return ""
}

// aboutRepository reports whether a command only prepares a repository.
func (t *translation) aboutRepository(c command) bool {
	text := c.text
	if _, file := c.line(); strings.HasPrefix(file, "/etc/apt/") {
		return true
	}
	first, _, _ := strings.Cut(text, " ")
	switch first {
	case "curl", "wget", "gpg", "apt-key", "chmod", "mkdir", "install", "rm":
		return strings.Contains(text, "keyring") || strings.Contains(text, "gpg") || strings.Contains(text, "apt-key") || strings.Contains(text, "trusted.gpg") || strings.Contains(text, "/etc/apt/")
	}
	return false
}
