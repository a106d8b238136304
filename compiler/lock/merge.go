package lock

import (
	"slices"
	"strings"
)

// Merged reads a lock file like [Parse], and also one with the traces of a merge of two branches. It
// skips conflict markers, and takes the lines of both sides. If two pins of one thing differ, it
// takes one of them and adds its name to disputed, which is sorted, for [Update] to pin it again. It
// omits a base with conflicting links or directories, which then counts as missing.
func Merged(name string, text []byte) (f *File, disputed []string, err error) {
	m := merging{lines: strings.Split(string(text), "\n"), seen: map[string]int{}, bases: map[string]bool{}}
	m.dropMarkers()
	for n := range m.lines {
		m.compare(n)
	}
	if f, err = Parse(name, []byte(strings.Join(m.lines, "\n"))); err != nil {
		return nil, nil, err
	}
	f.Bases = slices.DeleteFunc(f.Bases, func(b Base) bool { return m.bases[b.Digest] })
	slices.Sort(m.disputed)
	return f, slices.Compact(m.disputed), nil
}

// merging is the lines of a lock file during a merge. Lines that are not taken become empty, so that
// errors have the right line numbers.
type merging struct {
	lines    []string
	seen     map[string]int // identifying fields of a fact → its line
	disputed []string
	bases    map[string]bool // digests of bases with conflicting lines
}

// dropMarkers empties conflict markers, and the lines between ||||||| and =======: the common
// ancestor, which at least one side has changed.
func (m *merging) dropMarkers() {
	before := false
	for n, line := range m.lines {
		switch {
		case strings.HasPrefix(line, "|||||||"):
			before = true
		case isConflictMarker(line):
			before = false
		case !before:
			continue
		}
		m.lines[n] = ""
	}
}

// preferred chooses between two facts about one thing, whatever the order of their lines. It
// prefers the later of two indexes, since going back requires a flag.
func preferred(a, b []string) bool {
	if a[0] == "index" {
		// Dates have one length; a fact of an old lock file has none.
		if dateA, dateB := strings.Join(a[5:], ""), strings.Join(b[5:], ""); dateA != dateB {
			return dateA > dateB
		}
	}
	return join(a) < join(b)
}

// compare compares a line with the previous line about the same thing. It leaves to Parse the
// conflicts that Parse itself decides, and malformed lines.
func (m *merging) compare(n int) {
	fields, err := split(strings.TrimSpace(m.lines[n]))
	if err != nil || len(fields) == 0 {
		return
	}
	form, ok := forms[fields[0]]
	if !ok || len(fields) < form.min {
		return
	}
	switch fields[0] {
	case "layer", "member", "stack", "size", "update":
		return
	}
	if fields[0] == "url" {
		fields[1] = WithoutUser(fields[1])
	}
	key := join(fields[:form.key])
	before, ok := m.seen[key]
	if !ok {
		m.seen[key] = n
		return
	}
	other, _ := split(strings.TrimSpace(m.lines[before]))
	if slices.Equal(fields, other) {
		return
	}
	if preferred(other, fields) {
		m.lines[n] = ""
	} else {
		m.lines[before], m.seen[key] = "", n
	}
	switch fields[0] {
	case "package":
		m.disputed = append(m.disputed, fields[3])
	case "url", "image":
		m.disputed = append(m.disputed, fields[1])
	case "module":
		m.disputed = append(m.disputed, fields[1]+"@"+fields[2])
	case "base", "link", "dir", "config", "user", "group":
		m.bases[fields[1]] = true
	}
}
