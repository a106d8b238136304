package world

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/deb822"
	"github.com/layc-lang/layc/compiler/lock"
)

// aptSource is one URI and suite in the host's apt sources.
type aptSource struct {
	file       string // base name of its file
	uri, suite string
	components []string
	signedBy   []string // keyring files, and fingerprints of keys
	inlineKey  string   // armored key in the source
}

// aptMirrors finds the roots of the archives of distributions. A source is a distribution's if
// it is signed by the keyring of that, or if the host runs it and the source looks like one of
// the release. In the latter case, files of the distribution's installer have precedence over
// others, since third parties name their suites after the distribution's.
func (h Host) aptMirrors() map[string]string {
	runs, codename := h.release()
	best := map[string]int{}
	roots := map[string]string{}
	for _, s := range h.aptSources() {
		at, err := lock.Locate(s.uri)
		if err != nil || at.URL == "" {
			continue
		}
		for _, family := range lock.Families() {
			signed := slices.ContainsFunc(s.signedBy, func(file string) bool {
				return strings.HasPrefix(filepath.Base(file), lock.FamilyNamed(family).Keys)
			})
			ofRelease := runs == family && slices.Contains(s.components, "main") && isSuite(s.suite, codename)
			rank := 0
			switch {
			case signed:
				rank = 3
			case ofRelease && (s.file == "sources.list" || s.file == family+".sources"):
				rank = 2
			case ofRelease:
				rank = 1
			}
			if archive := archiveOf(family, s.suite, at.URL); archive != "" && rank > best[archive] {
				best[archive] = rank
				roots[archive] = at.URL
			}
		}
	}
	return roots
}

// archiveOf returns the name of the archive that a source of a distribution is for; "" if layc does
// not use it.
func archiveOf(family, suite, root string) string {
	security := strings.HasSuffix(suite, "-security") || strings.HasSuffix(suite, "/updates")
	switch {
	case family == "debian" && security:
		return "debian-security"
	case family == "ubuntu" && security: // it may be a server without anything else
		return ""
	case family == "ubuntu" && path.Base(root) == "ubuntu-ports":
		return "ubuntu-ports"
	}
	return family
}

func isSuite(suite, codename string) bool {
	base, _, _ := strings.Cut(suite, "-")
	base, _, _ = strings.Cut(base, "/")
	return base == codename || slices.Contains([]string{"stable", "oldstable", "testing", "unstable", "sid"}, base)
}

// release returns the distribution that the host runs, as os-release names it, and the codename
// of its release.
func (h Host) release() (family, codename string) {
	text, _ := os.ReadFile(filepath.Join(h.Root, "etc/os-release"))
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			family = value
		case "VERSION_CODENAME":
			codename = value
		}
	}
	return family, codename
}

// aptSources reads all sources, in apt's order. It skips unreadable files.
func (h Host) aptSources() []aptSource {
	dir := filepath.Join(h.Root, "etc/apt")
	files := []string{filepath.Join(dir, "sources.list")}
	more, _ := filepath.Glob(filepath.Join(dir, "sources.list.d", "*"))
	slices.Sort(more)
	var list []aptSource
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		var found []aptSource
		switch filepath.Ext(file) {
		case ".list":
			found = parseOneLineSources(string(text))
		case ".sources":
			found = parseDeb822Sources(string(text))
		}
		for _, s := range found {
			s.file = filepath.Base(file)
			list = append(list, s)
		}
	}
	return list
}

// parseOneLineSources reads "deb [option=value …] URI SUITE COMPONENT…".
func parseOneLineSources(text string) []aptSource {
	var list []aptSource
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if kind != "deb" {
			continue
		}
		rest = strings.TrimSpace(rest)
		var s aptSource
		if strings.HasPrefix(rest, "[") {
			options, after, ok := strings.Cut(rest[1:], "]")
			if !ok {
				continue
			}
			for _, option := range strings.Fields(options) {
				if value, ok := strings.CutPrefix(option, "signed-by="); ok {
					s.signedBy = strings.Split(value, ",")
				}
			}
			rest = after
		}
		fields := strings.Fields(rest)
		if len(fields) < 2 {
			continue
		}
		s.uri, s.suite, s.components = fields[0], fields[1], fields[2:]
		list = append(list, s)
	}
	return list
}

// parseDeb822Sources reads stanzas of "Field: value" lines.
func parseDeb822Sources(text string) []aptSource {
	var list []aptSource
	stanza := map[string]string{}
	finish := func() {
		if slices.Contains(strings.Fields(stanza["types"]), "deb") && !strings.EqualFold(strings.TrimSpace(stanza["enabled"]), "no") {
			for _, uri := range strings.Fields(stanza["uris"]) {
				for _, suite := range strings.Fields(stanza["suites"]) {
					s := aptSource{uri: uri, suite: suite, components: strings.Fields(stanza["components"])}
					if key := stanza["signed-by"]; strings.Contains(key, "BEGIN PGP") {
						s.inlineKey = key
					} else {
						s.signedBy = strings.FieldsFunc(key, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
					}
					list = append(list, s)
				}
			}
		}
		stanza = map[string]string{}
	}
	field := ""
	lines := deb822.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		value := string(lines.Value)
		switch {
		case lines.Kind == deb822.End:
			finish()
		case lines.Kind == deb822.More:
			if value == "." { // an empty line of an armored key
				value = ""
			}
			stanza[field] += "\n" + value
		case !bytes.HasPrefix(lines.Name, []byte("#")):
			field = strings.ToLower(strings.TrimSpace(string(lines.Name)))
			stanza[field] = value
		}
	}
	return list
}
