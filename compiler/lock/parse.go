package lock

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// version is the version of the format, in the first line.
const version = "1"

// Error reports a fault of a line of a lock file.
type Error struct {
	File    string // as given to Parse
	Line    int    // from 1
	Message string
	Text    string // the wrong part of the line; empty: the whole line
	Help    string // what to do next
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
	if e.Help != "" {
		s += " (" + e.Help + ")"
	}
	return s
}

// ConflictError reports the markers of a merge conflict in the lock file.
type ConflictError struct {
	File string
	Line int // of the first marker, from 1
}

// ConflictHelp tells how to resolve a merge conflict; see [Merged].
const ConflictHelp = "run `layc lock`, which takes the lines of both sides and resolves again what differs"

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s:%d: unresolved merge conflict: %s", e.File, e.Line, ConflictHelp)
}

// Parse reads a lock file. It uses name only in errors. Empty text is the empty lock file. The error
// joins up to ten [Error] values, or is a [ConflictError]; then Parse returns no File.
func Parse(name string, text []byte) (*File, error) {
	p := &parser{name: name, seen: map[string]fact{}}
	lines := strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n")
	for i, line := range lines {
		if isConflictMarker(line) {
			return nil, &ConflictError{File: name, Line: i + 1}
		}
	}
	for i, line := range lines {
		p.parseLine(i+1, strings.TrimSuffix(line, "\r"))
	}
	p.join()
	switch {
	case p.foreign != nil: // all other errors follow from that one
		p.errs = []error{p.foreign}
	case p.headless != nil && !p.header:
		p.errs = []error{p.headless}
	case len(p.errs) > 10:
		p.errs = p.errs[:10]
	}
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	p.file.Sort()
	return &p.file, nil
}

func isConflictMarker(line string) bool {
	for _, marker := range []string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"} {
		if strings.HasPrefix(line, marker) {
			return true
		}
	}
	return false
}

// fact is a parsed line.
type fact struct {
	line int
	text string
}

type member struct {
	line            int
	layer, instance string
}

// part is a line about a base.
type part struct {
	digest  string
	link    BaseLink    // otherwise
	dir     BaseDir     // set if it has a path
	setting BaseSetting // set if it has a name
	user    BaseUser    // set if it has a name
	group   BaseGroup   // set if it has a name
}

type parser struct {
	name     string
	header   bool   // the version line was read
	headless *Error // a line before the version line
	foreign  *Error // the version line of another version
	seen     map[string]fact
	members  []member
	parts    []part
	file     File
	errs     []error
}

// errorf reports a fault of a line. text is the wrong part of the line, or empty.
func (p *parser) errorf(line int, text, format string, args ...any) *Error {
	e := &Error{File: p.name, Line: line, Message: fmt.Sprintf(format, args...), Text: text, Help: "delete the line and run `layc lock`, which pins it again"}
	p.errs = append(p.errs, e)
	return e
}

// forms describes each kind of line, also for errors. Fields before the bar identify the fact: two
// lines with equal keys are about the same thing.
var forms = map[string]struct {
	text string
	key  int // number of fields that identify the fact, including the kind
	min  int // minimum number of fields
	max  int
}{
	"index":    {"index DISTRIBUTION ARCH SUITE DIGEST [DATE] [url=URL] [components=NAME,…] [priority=NUMBER]", 4, 5, 9},
	"package":  {"package DISTRIBUTION ARCH NAME VERSION URL DIGEST size=BYTES installed=BYTES [minimal] [needs=NAME,…]", 4, 9, 11},
	"download": {"download DIGEST NAME", 3, 3, 3},
	"url":      {"url URL DIGEST BYTES", 2, 4, 4},
	"image":    {"image REFERENCE PLATFORM DIGEST", 3, 4, 4},
	"base":     {"base DIGEST LAYERS [configured]", 2, 3, 4},
	"config":   {"config DIGEST SETTING VALUE", 3, 4, 4},
	"user":     {"user DIGEST NAME UID:GID", 3, 4, 4},
	"group":    {"group DIGEST NAME GID", 3, 4, 4},
	"link":     {"link DIGEST PATH TO", 3, 4, 4},
	"dir":      {"dir DIGEST PATH UID:GID MODE", 3, 5, 5},
	"layer":    {"layer NAME KIND [parent=NAME]", 2, 3, 4},
	"member":   {"member LAYER INSTANCE", 3, 3, 3},
	"module":   {"module URL VERSION COMMIT DIGEST", 3, 5, 5},
	"size":     {"size INSTANCE BYTES", 2, 3, 3},
	"stack":    {"stack APP LAYER", 3, 3, 3},
	"update":   {"update COMPONENT DAY", 2, 3, 3},
}

func (p *parser) parseLine(line int, text string) {
	text = strings.TrimSpace(text)
	if text == "" || strings.HasPrefix(text, "#") {
		return
	}
	if !p.header && p.headless == nil && !strings.HasPrefix(text, "layc-lock") {
		p.headless = p.errorf(line, "", "missing first line `layc-lock %s`", version)
		p.headless.Help = "if this is a lock file, add that line at the top"
	}
	fields, err := split(text)
	if err != nil {
		p.errorf(line, "", "%v", err)
		return
	}
	if slices.ContainsFunc(fields, func(f string) bool { return !utf8.ValidString(f) }) {
		p.errorf(line, "", "the line is not valid UTF-8")
		return
	}
	kind := fields[0]
	if kind == "layc-lock" {
		if len(fields) != 2 || fields[1] != version {
			p.foreign = p.errorf(line, strings.Join(fields[1:], " "), "unsupported version: this layc reads lock files of version %s", version)
			p.foreign.Help = "use the version of layc that wrote the file, or a newer one"
		}
		p.header = true
		return
	}
	form, ok := forms[kind]
	if !ok {
		p.errorf(line, kind, "unknown entry %q", kind).Help = "use the version of layc that wrote the file, or delete the line and run `layc lock`"
		return
	}
	if len(fields) < form.min || len(fields) > form.max {
		p.errorf(line, "", "malformed entry; expected: %s", form.text)
		return
	}
	if kind == "url" {
		fields[1] = WithoutUser(fields[1])
	}
	key := join(fields[:form.key])
	if before, ok := p.seen[key]; ok {
		switch text := join(fields); {
		case text == before.text:
		case kind == "update":
			p.later(line, fields)
		case kind != "layer" && kind != "size":
			p.errorf(line, "", "%s is pinned twice, differently (first in line %d)", key, before.line).Help = "delete one of the two lines, or run `layc lock`, which pins it again"
		case text < before.text:
			// A merge leaves this. Both plans are valid, and planning repairs them, so take one,
			// whatever the order of lines.
			p.file.Layers = slices.DeleteFunc(p.file.Layers, func(l PlanLayer) bool { return kind == "layer" && l.Name == fields[1] })
			p.file.Sizes = slices.DeleteFunc(p.file.Sizes, func(s Size) bool { return kind == "size" && s.Instance == fields[1] })
			p.seen[key] = fact{line, text}
			p.fact(line, fields)
		}
		return
	}
	p.seen[key] = fact{line, join(fields)}
	p.fact(line, fields)
}

// fact reads a line with the right number of fields.
func (p *parser) fact(line int, f []string) {
	switch f[0] {
	case "index":
		p.index(line, f)
	case "package":
		p.pkg(line, f)
	case "url":
		p.file.URLs = append(p.file.URLs, URL{f[1], p.digest(line, f[2]), p.bytes(line, f[3])})
	case "download":
		p.file.Downloads = append(p.file.Downloads, Download{p.digest(line, f[1]), f[2]})
	case "image":
		p.file.Images = append(p.file.Images, Image{f[1], f[2], p.digest(line, f[3])})
	case "base":
		base := Base{Digest: p.digest(line, f[1]), Layers: p.number(line, f[2], "number of layers"), Configured: len(f) == 4}
		if base.Configured && f[3] != "configured" {
			p.errorf(line, f[3], "malformed entry; expected: %s", forms["base"].text)
		}
		p.file.Bases = append(p.file.Bases, base)
	case "config":
		p.parts = append(p.parts, part{digest: p.digest(line, f[1]), setting: p.setting(line, f[2], f[3])})
	case "user":
		uid, gid := p.owner(line, f[3])
		p.parts = append(p.parts, part{digest: p.digest(line, f[1]), user: BaseUser{f[2], uid, gid}})
	case "group":
		gid, err := strconv.Atoi(f[3])
		if err != nil || gid < 0 || strconv.Itoa(gid) != f[3] {
			p.errorf(line, f[3], "not a valid group ID: %q", f[3])
		}
		p.parts = append(p.parts, part{digest: p.digest(line, f[1]), group: BaseGroup{f[2], gid}})
	case "link":
		p.parts = append(p.parts, part{digest: p.digest(line, f[1]), link: BaseLink{p.path(line, f[2]), p.path(line, f[3])}})
	case "dir":
		p.parts = append(p.parts, part{digest: p.digest(line, f[1]), dir: p.dir(line, f)})
	case "module":
		p.file.Modules = append(p.file.Modules, Module{f[1], f[2], p.commit(line, f[3]), p.digest(line, f[4])})
	case "layer":
		layer := PlanLayer{Name: f[1], Kind: f[2]}
		if len(f) == 4 {
			layer.Parent = p.labelled(line, f[3], "parent")
		}
		p.file.Layers = append(p.file.Layers, layer)
	case "member":
		p.members = append(p.members, member{line, f[1], f[2]})
	case "stack":
		p.file.Stacks = append(p.file.Stacks, Stack{f[1], f[2]})
	case "size":
		p.file.Sizes = append(p.file.Sizes, Size{f[1], p.bytes(line, f[2])})
	case "update":
		p.file.Updates = append(p.file.Updates, UpdateKey{f[1], p.key(line, f[2])})
	}
}

func (p *parser) index(line int, f []string) {
	index := Index{Distribution: f[1], Arch: f[2], Suite: f[3], Digest: p.digest(line, f[4])}
	rest := f[5:]
	option := func(label string) string {
		if len(rest) == 0 || !strings.HasPrefix(rest[0], label+"=") {
			return ""
		}
		value := p.labelled(line, rest[0], label)
		rest = rest[1:]
		return value
	}
	if len(rest) > 0 && !strings.Contains(rest[0], "=") {
		index.Date = p.date(line, rest[0])
		rest = rest[1:]
	}
	index.URL = WithoutUser(option("url"))
	if names := option("components"); names != "" {
		index.Components = strings.Split(names, ",")
	}
	if priority := option("priority"); priority != "" {
		index.Priority = p.number(line, priority, "priority")
	}
	if len(rest) > 0 {
		p.errorf(line, rest[0], "malformed entry; expected: %s", forms["index"].text)
	}
	p.file.Indexes = append(p.file.Indexes, index)
}

func (p *parser) pkg(line int, f []string) {
	pkg := Package{Distribution: f[1], Arch: f[2], Name: f[3], Version: f[4], URL: f[5], Digest: p.digest(line, f[6])}
	pkg.Size = p.bytes(line, p.labelled(line, f[7], "size"))
	pkg.Installed = p.bytes(line, p.labelled(line, f[8], "installed"))
	rest := f[9:]
	if len(rest) > 0 && rest[0] == "minimal" {
		pkg.Minimal = true
		rest = rest[1:]
	}
	if len(rest) > 0 {
		pkg.Needs = strings.Split(p.labelled(line, rest[0], "needs"), ",")
		slices.Sort(pkg.Needs)
		if pkg.Needs[0] == "" || len(slices.Compact(slices.Clone(pkg.Needs))) != len(pkg.Needs) {
			p.errorf(line, rest[0], "an empty or repeated name in needs=")
		}
		rest = rest[1:]
	}
	if len(rest) > 0 {
		p.errorf(line, "", "malformed entry; expected: %s", forms["package"].text)
	}
	p.file.Packages = append(p.file.Packages, pkg)
}

// join puts members into their layers, and links and directories into their bases. After a merge,
// members may have no layer: they are skipped, since planning repairs layers. Links and directories
// may have no base, which then counts as not pinned.
func (p *parser) join() {
	layers := map[string]*PlanLayer{}
	for i := range p.file.Layers {
		layers[p.file.Layers[i].Name] = &p.file.Layers[i]
	}
	for _, m := range p.members {
		if layer := layers[m.layer]; layer != nil {
			layer.Members = append(layer.Members, m.instance)
		}
	}
	bases := map[string]*Base{}
	for i := range p.file.Bases {
		bases[p.file.Bases[i].Digest] = &p.file.Bases[i]
	}
	for _, x := range p.parts {
		switch base := bases[x.digest]; {
		case base == nil:
		case x.dir.Path != "":
			base.Dirs = append(base.Dirs, x.dir)
		case x.setting.Name != "":
			base.Config = append(base.Config, x.setting)
		case x.user.Name != "":
			base.Users = append(base.Users, x.user)
		case x.group.Name != "":
			base.Groups = append(base.Groups, x.group)
		default:
			base.Links = append(base.Links, x.link)
		}
	}
}

// setting reads a setting of a base's configuration.
func (p *parser) setting(line int, name, value string) BaseSetting {
	s := BaseSetting{Name: name}
	known := s.Listed() || slices.Contains([]string{"user", "workdir", "stopsignal"}, name) || strings.HasPrefix(name, "env ")
	if !known || s.set(value) != nil {
		p.errorf(line, name, "not a valid setting of an image: %s %q", name, value)
	}
	return s
}

func (p *parser) dir(line int, f []string) BaseDir {
	d := BaseDir{Path: p.path(line, f[2]), Mode: f[4]}
	d.UID, d.GID = p.owner(line, f[3])
	if m, err := strconv.ParseUint(f[4], 8, 32); err != nil || m > 0o7777 || fmt.Sprintf("%#o", m) != f[4] {
		p.errorf(line, f[4], "not a valid mode: %q; expected an octal number such as 0700", f[4])
	}
	return d
}

// owner reads UID:GID.
func (p *parser) owner(line int, field string) (uid, gid int) {
	user, group, _ := strings.Cut(field, ":")
	uid, err1 := strconv.Atoi(user)
	gid, err2 := strconv.Atoi(group)
	if err1 != nil || err2 != nil || uid < 0 || gid < 0 || fmt.Sprintf("%d:%d", uid, gid) != field {
		p.errorf(line, field, "not a valid owner: %q; expected UID:GID", field)
	}
	return uid, gid
}

func (p *parser) path(line int, field string) string {
	if !path.IsAbs(field) || path.Clean(field) != field {
		p.errorf(line, field, "not a valid path: %q; expected an absolute path without . and ..", field)
	}
	return field
}

// number reads a number from 1 to 1000.
func (p *parser) number(line int, field, what string) int {
	n, err := strconv.Atoi(field)
	if err != nil || n < 1 || n > 1000 || strconv.Itoa(n) != field {
		p.errorf(line, field, "not a valid %s: %q", what, field)
	}
	return n
}

func (p *parser) labelled(line int, field, label string) string {
	value, ok := strings.CutPrefix(field, label+"=")
	if !ok || value == "" {
		p.errorf(line, field, "expected %s=…, found %q", label, field)
	}
	return value
}

func (p *parser) digest(line int, field string) string {
	hex, ok := strings.CutPrefix(field, "sha256:")
	if !ok || len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		p.errorf(line, field, "not a valid digest: %q; expected sha256: and 64 hexadecimal digits", field)
	}
	return field
}

func (p *parser) commit(line int, field string) string {
	if len(field) != 40 || strings.Trim(field, "0123456789abcdef") != "" {
		p.errorf(line, field, "not a valid commit: %q; expected 40 hexadecimal digits", field)
	}
	return field
}

func (p *parser) date(line int, field string) time.Time {
	t, err := time.Parse(time.RFC3339, field)
	if err != nil || t.UTC().Format(time.RFC3339) != field {
		p.errorf(line, field, "not a valid date: %q; expected one such as 2026-11-14T09:30:00Z", field)
	}
	return t.UTC()
}

func (p *parser) key(line int, field string) string {
	if _, _, ok := parseKey(field); !ok {
		p.errorf(line, field, "not a valid update key: %q; expected a day such as 2026-11-23", field)
	}
	return field
}

// later reads another key of a component. If two branches have refreshed the component, the later
// key covers both refreshes.
func (p *parser) later(line int, f []string) {
	key := p.key(line, f[2])
	for i := range p.file.Updates {
		if u := &p.file.Updates[i]; u.Component == f[1] && laterKey(key, u.Key) {
			u.Key = key
		}
	}
}

func (p *parser) bytes(line int, field string) int64 {
	n, err := strconv.ParseInt(field, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != field {
		p.errorf(line, field, "not a valid number of bytes: %q", field)
	}
	return n
}

// split splits a line into its fields, and unquotes them.
func split(text string) ([]string, error) {
	var fields []string
	for {
		text = strings.TrimLeft(text, " \t")
		if text == "" {
			return fields, nil
		}
		if text[0] != '"' {
			end := strings.IndexAny(text, " \t")
			if end < 0 {
				end = len(text)
			}
			fields = append(fields, text[:end])
			text = text[end:]
			continue
		}
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return nil, fmt.Errorf("unterminated string: %s", text)
		}
		text = text[len(quoted):]
		if text != "" && text[0] != ' ' && text[0] != '\t' {
			return nil, fmt.Errorf("missing space after %s", quoted)
		}
		field, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, fmt.Errorf("not a valid string: %s", quoted)
		}
		fields = append(fields, field)
	}
}

// join writes fields as one line. It is the inverse of split.
func join(fields []string) string {
	quoted := make([]string, len(fields))
	for i, field := range fields {
		quoted[i] = quote(field)
	}
	return strings.Join(quoted, " ")
}

func quote(field string) string {
	bare := field != "" && field[0] != '"' && utf8.ValidString(field) &&
		!strings.ContainsFunc(field, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) })
	if bare {
		return field
	}
	return strconv.Quote(field)
}
