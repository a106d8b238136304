package main

import (
	"os"
	"slices"
	"strings"
)

// mountPoint is one line of /proc/self/mountinfo.
type mountPoint struct {
	path   string
	kind   string   // of file system: "overlay"
	lowers []string // of an overlay: its lower directories, the topmost first
}

// mountPoints returns all mounts that this process sees, in the order of mounting. The device of
// a file does not distinguish mounts: native snapshots share one.
func mountPoints() ([]mountPoint, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	return parseMounts(string(text)), nil
}

func parseMounts(text string) []mountPoint {
	var out []mountPoint
	for line := range strings.Lines(text) {
		mount, source, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		m, s := strings.Fields(mount), strings.Fields(source)
		if !ok || len(m) < 5 || len(s) < 3 {
			continue
		}
		p := mountPoint{path: unescape(m[4]), kind: s[0]}
		for option := range strings.SplitSeq(s[2], ",") {
			if dirs, ok := strings.CutPrefix(option, "lowerdir="); ok {
				p.lowers = append(p.lowers, strings.Split(dirs, ":")...)
			} else if dir, ok := strings.CutPrefix(option, "lowerdir+="); ok {
				p.lowers = append(p.lowers, dir)
			}
		}
		out = append(out, p)
	}
	return out
}

// unescape reverts the kernel's escaping of blanks, line ends and backslashes.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace

// mountsBelow returns the paths of mounts below a directory.
func mountsBelow(mounts []mountPoint, dir string) map[string]bool {
	out := map[string]bool{}
	for _, m := range mounts {
		if strings.HasPrefix(m.path, strings.TrimSuffix(dir, "/")+"/") && m.path != dir {
			out[m.path] = true
		}
	}
	return out
}

// shareLayers reports whether two directories are overlays with the same lowest layer.
func shareLayers(mounts []mountPoint, a, b string) bool {
	lowest := func(dir string) string {
		for _, m := range slices.Backward(mounts) { // a later mount hides an earlier one
			if m.path != dir {
				continue
			}
			if m.kind != "overlay" || len(m.lowers) == 0 {
				return ""
			}
			return m.lowers[len(m.lowers)-1]
		}
		return ""
	}
	one := lowest(a)
	return one != "" && one == lowest(b)
}
