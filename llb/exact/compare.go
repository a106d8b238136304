//go:build linux

package exact

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Compare describes the differences of a tree from the wanted one, one per line, sorted by path.
// It returns none for equal trees. Modification times count only if times is true.
func Compare(want, got Tree, times bool) []string {
	var lines []string
	paths := slices.Concat(slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)))
	slices.Sort(paths)
	for _, p := range slices.Compact(paths) {
		w, wanted := want[p]
		g, there := got[p]
		switch {
		case !there:
			lines = append(lines, fmt.Sprintf("%q is missing: %s", p, kind(w.Mode)))
		case !wanted:
			lines = append(lines, fmt.Sprintf("%q should not be there: %s", p, kind(g.Mode)))
		default:
			for _, d := range differences(w, g, times) {
				lines = append(lines, fmt.Sprintf("%q has %s", p, d))
			}
		}
	}
	return lines
}

// differences describes the differences of two entries, such as "mode 0644, want 0755".
func differences(want, got Entry, times bool) []string {
	if kind(want.Mode) != kind(got.Mode) {
		return []string{fmt.Sprintf("type %s, want %s", kind(got.Mode), kind(want.Mode))}
	}
	var out []string
	differ := func(what, format string, got, want any) {
		if got != want {
			out = append(out, fmt.Sprintf("%s "+format+", want "+format, what, got, want))
		}
	}
	differ("mode", "%04o", got.Mode&0o7777, want.Mode&0o7777)
	differ("owner", "%s", fmt.Sprintf("%d:%d", got.UID, got.GID), fmt.Sprintf("%d:%d", want.UID, want.GID))
	differ("device", "%s", device(got.Rdev), device(want.Rdev))
	differ("size", "%d", got.Size, want.Size)
	if got.Size == want.Size {
		differ("content", "%.12s", got.Sum, want.Sum)
	}
	differ("target", "%q", got.Target, want.Target)
	differ("first name", "%q", got.Same, want.Same)
	names := slices.Concat(slices.Collect(maps.Keys(want.Xattrs)), slices.Collect(maps.Keys(got.Xattrs)))
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		w, wanted := want.Xattrs[n]
		g, there := got.Xattrs[n]
		switch {
		case !there:
			out = append(out, "no attribute "+n)
		case !wanted:
			out = append(out, "an attribute "+n+", want none")
		default:
			differ("attribute "+n, "%q", g, w)
		}
	}
	if times {
		differ("time", "%s", when(got.Mtime), when(want.Mtime))
	}
	return out
}

func kind(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "file"
	case unix.S_IFDIR:
		return "directory"
	case unix.S_IFLNK:
		return "link"
	case unix.S_IFIFO:
		return "pipe"
	case unix.S_IFCHR:
		return "character device"
	case unix.S_IFBLK:
		return "block device"
	case unix.S_IFSOCK:
		return "socket"
	}
	return fmt.Sprintf("type %o", mode&unix.S_IFMT)
}

func device(rdev uint64) string { return fmt.Sprintf("%d:%d", unix.Major(rdev), unix.Minor(rdev)) }

func when(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }
