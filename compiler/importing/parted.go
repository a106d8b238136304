package importing

import (
	"slices"
	"strings"
)

// A shared component sees what all of its images have below it. What an image has before the component in its
// Dockerfile is below it only if it is in a component that all of them share, too. So each image has runs of
// its own
//
//   - after something that all of them have, but each in a component of its own;
//   - after files that only some of them have, which the text of the run mentions, or which are where it runs.
//
// What other commands do to a run is not known. Then it is a guess that the run is the same in all images.

// parted divides the targets of a shared block with runs that need what is not in a component which all of these
// targets share. It returns nil if there is nothing to divide.
func parted(im *importer, b *block, uses [][]use, sets map[string][]int) map[int]string {
	if !b.runs() {
		return nil
	}
	for _, n := range b.targets {
		for _, u := range uses[n] {
			if slices.ContainsFunc(b.units, func(x *unit) bool { return x.id == u.id }) {
				break
			}
			if !b.sees(u.unit) || subset(b.targets, sets[u.set]) || !b.mentions(u.unit) && !im.everywhere(u, b.targets) {
				continue
			}
			// Those that share it may share the block, too.
			out := map[int]string{}
			for _, m := range b.targets {
				if k := slices.IndexFunc(uses[m], func(x use) bool { return x.id == u.id }); k >= 0 {
					out[m] = uses[m][k].set
				}
			}
			return out
		}
	}
	return nil
}

// sees reports whether a run of the block could be different without an earlier unit.
func (b *block) sees(u *unit) bool {
	switch u.kind {
	case run, needs, uses, login:
		return true
	case step:
		return !strings.HasPrefix(u.text, "dir ")
	}
	return false
}

// mentions reports whether a run of the block names the files that a step places, or runs where they are.
func (b *block) mentions(u *unit) bool {
	if u.kind != step {
		return false
	}
	at := strings.TrimSuffix(u.target, "/")
	return at != "" && slices.ContainsFunc(b.units, func(x *unit) bool {
		if x.kind != run {
			return false
		}
		in := strings.TrimSuffix(x.dir, "/")
		return in != "" && (in == at || strings.HasPrefix(at, in+"/") || strings.HasPrefix(in, at+"/")) || mentionsPath(x.text, at)
	})
}

// mentionsPath reports whether a text has a path, or one below it.
func mentionsPath(text, p string) bool {
	for rest := text; ; {
		n := strings.Index(rest, p)
		if n < 0 {
			return false
		}
		before, after := rest[:n], rest[n+len(p):]
		if (before == "" || !pathByte(before[len(before)-1])) && (after == "" || after[0] == '/' || !pathByte(after[0])) {
			return true
		}
		rest = after
	}
}
