package progress

import (
	"fmt"
	"strings"
	"time"
)

// internal maps the beginnings of names of vertices that layc adds to what users see.
var internal = []struct {
	begins string
	text   string
	kind   kind
}{
	{"layer", "writing files", writes},
	{"merge", "writing files", hidden},
	{"set file times", "writing files", writes},
	{"prepare", "writing files", hidden},
	{"copy from ", "writing files", writes},
	{"select files from ", "writing files", writes},
	{"write text for ", "writing files", writes},
	{"add users and files", "writing files", writes},
	{"remove deleted files", "writing files", writes},
	{"cache of user ", "writing files", hidden},
	{"read ", "reading files of the project", hidden},
	{"load layc's helper", "starting", hidden},
	{"check ", "checking files", checks},
	{"look for ", "checking files", checks},
	{"verify ", "checking files", checks},
	{"compare with ", "comparing with a second build", checks},
	{"run again", "running again, to compare", runs},
	{"from its packages: one layer", "writing files", writes},
	{"from its packages", "installing packages", runs},
	{"unpack", "unpacking", runs},
	{"exporting to ", "writing images", exports},
	{"importing cache", "reading caches", hidden},
	{"exporting cache", "writing caches", exports},
}

// words splits the name of a vertex into its part and what it does.
func words(name string) (part, text string, k kind) {
	part, text = split(name)
	if rest, ok := strings.CutPrefix(text, "download "); ok && part == "" {
		return "", "downloading " + rest, downloads
	}
	if rest, ok := strings.CutPrefix(text, "fetch "); ok && part != "" {
		return part, "downloading " + rest, downloads
	}
	for _, i := range internal {
		if strings.HasPrefix(text, i.begins) && (part != "" || i.kind == hidden || i.kind == exports) {
			return part, i.text, i.kind
		}
	}
	if part == "" {
		return "", text, hidden // a vertex of BuildKit
	}
	return part, text, runs
}

// split splits "[PART] TEXT". A part can contain brackets.
func split(name string) (part, text string) {
	if !strings.HasPrefix(name, "[") {
		return "", name
	}
	depth, quoted := 0, false
	for n, r := range name {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '[':
			depth++
		case r == ']':
			if depth--; depth == 0 {
				return name[1:n], strings.TrimSpace(name[n+1:])
			}
		}
	}
	return "", name
}

// clock formats a duration for people: 0.4s, 12s, 1m05s, 2h03m.
func clock(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// rough formats an estimate: 4s, 1m05s.
func rough(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.0fs", d.Seconds())
	}
	return clock(d)
}

// Clock formats a duration for people.
func Clock(d time.Duration) string { return clock(d) }
