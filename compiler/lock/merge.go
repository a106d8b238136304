package lock

import (
	"slices"
	"strings"
)

// Merged reads a lock file as [Parse] does, and also what a merge of two
// branches leaves behind. Markers of conflicts are passed over, and the lines of
// both sides are taken. If two pins of one thing differ, one of them is taken, and
// its name is in disputed, sorted, for [Update] to pin it again. A base whose links
// or directories differ is left out, and so counts as missing.
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

// merging is a lock file's lines while it is read. Those that are not taken
// become empty, so that errors have the right numbers.
type merging struct {
	lines    []string
	seen     map[string]int // what identifies a fact → its line
	disputed []string
	bases    map[string]bool // digests of bases with lines that differ
}

// dropMarkers empties markers, and what stands between ||||||| and =======:
// what both sides began with, and at least one of them has changed.
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

// preferred decides between two facts about one thing, whatever the order of their
// lines: of two indexes the later one, as going back behind it needs a flag.
func preferred(a, b []string) bool {
	if a[0] == "index" {
		// Dates are of one length; a fact of old has none.
		if dateA, dateB := strings.Join(a[5:], ""), strings.Join(b[5:], ""); dateA != dateB {
			return dateA > dateB
		}
	}
	return join(a) < join(b)
}

// compare compares a line with the one before it that speaks of the same thing.
// What Parse itself decides, and lines that it can't read, are left to it.
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
	case "base", "link", "dir":
		m.bases[fields[1]] = true
	}
}
