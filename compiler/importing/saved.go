package importing

import (
	"slices"
	"strings"
)

// Measured is a layer of an image that a Dockerfile has made.
type Measured struct {
	Digest string
	Bytes  int64
	By     string // the instruction, as in the history of the image
}

// Saved compares images as they are with the module, as far as they were measured. What it has of the module
// is an estimate: what is equal is stored and pulled once.
type Saved struct {
	Images int `json:"images"`
	// The bytes of all different layers. A host that has none of them pulls as many to run all images.
	Stored  int64 `json:"stored"`
	Planned int64 `json:"planned"`
	// What hosts pull that have one image each.
	Alone        int64 `json:"alone"`
	PlannedAlone int64 `json:"plannedAlone"`
	// What these hosts pull again after a release of each image that changes what its Dockerfile copies last.
	Release        int64 `json:"release"`
	PlannedRelease int64 `json:"plannedRelease"`
}

// saved estimates what the module stores and what hosts pull. The layers of an image belong to the last
// instructions of its Dockerfile; those below are its base's. A layer of the module is as large as the layers
// of its instructions, and is there once. What the module leaves out, such as lists of packages that a later
// line removes, is not counted, and neither is what Debian's images have more than Debian's minimal system.
//
// After a change, a Dockerfile makes its layer and all later ones again. The module makes the component again
// that has the instruction, and those that run something on it.
func (im *importer) saved() *Saved {
	var out Saved
	stored, planned := map[string]int64{}, map[string]int64{} // by digest
	parts := map[*block]int64{}
	for _, t := range im.targets {
		members := []*target{t}
		if t.family != nil {
			members = t.family.members
		}
		for _, m := range members {
			for _, b := range m.builds {
				layers, ok := im.in.Measured[b.Name]
				if !ok {
					continue
				}
				out.Images++
				for _, l := range layers {
					stored[l.Digest] = l.Bytes
					out.Alone += l.Bytes
				}
				of, base := aligned(m.stage.history, layers)
				for _, l := range layers[:base] {
					planned[l.Digest] = l.Bytes
					out.PlannedAlone += l.Bytes
				}
				copied := lastCopy(m.stage.history)
				for _, i := range m.stage.history[copied:] {
					out.Release += of[place{i.File, i.Line}]
				}
				changed := t.changed(m, m.stage.history[copied:])
				for _, k := range t.blocks {
					n := k.measured(t, m, of)
					if out.PlannedAlone += n; changed[k] {
						out.PlannedRelease += n
					}
					if t.family != nil && (k.own || len(im.varsOf(k)) > 0) {
						out.Planned += n // each member has its own
						continue
					}
					parts[k] = max(parts[k], n)
				}
			}
		}
	}
	if out.Images == 0 {
		return nil
	}
	for _, n := range stored {
		out.Stored += n
	}
	for _, n := range planned {
		out.Planned += n
	}
	for _, n := range parts {
		out.Planned += n
	}
	return &out
}

// lastCopy returns the index of the last instruction that copies something; without one, the length.
func lastCopy(history []*instruction) int {
	for n := len(history) - 1; n >= 0; n-- {
		if verb, _, _ := strings.Cut(strings.ToUpper(history[n].Text), " "); verb == "COPY" || verb == "ADD" {
			return n
		}
	}
	return len(history)
}

// changed returns the blocks of a target that are made again if the first of some instructions of its member
// changes: those that have it, and those that run something on these.
func (t *target) changed(member *target, from []*instruction) map[*block]bool {
	out := map[*block]bool{}
	if len(from) == 0 {
		return out
	}
	ids := map[string]bool{}
	for k, u := range t.stage.units {
		if i := member.stage.units[k].from; i.File == from[0].File && i.Line == from[0].Line {
			ids[u.id] = true
		}
	}
	for _, b := range t.blocks {
		has := slices.ContainsFunc(b.units, func(u *unit) bool { return ids[u.id] })
		if !has && b.runs() {
			for below := range closure(b.needs) {
				has = has || out[below]
			}
		}
		out[b] = has
	}
	return out
}

// measured returns the bytes that the instructions of a block have made in the image of a target's member,
// whose units are the target's with other words. What is counted is removed: an instruction with parts in
// several blocks counts in the first one.
func (b *block) measured(t, member *target, of map[place]int64) (n int64) {
	ids := map[string]bool{}
	for _, u := range b.units {
		ids[u.id] = true
	}
	for k, u := range t.stage.units {
		if from := member.stage.units[k].from; ids[u.id] {
			at := place{from.File, from.Line}
			n += of[at]
			delete(of, at)
		}
	}
	return n
}

// aligned returns the bytes of the layers that instructions have made, by the places of these, and the number
// of layers below.
func aligned(history []*instruction, layers []Measured) (map[place]int64, int) {
	of := map[place]int64{}
	n := len(layers)
	for k := len(history) - 1; k >= 0 && n > 0; k-- {
		verb, _, _ := strings.Cut(strings.ToUpper(history[k].Text), " ")
		switch verb {
		case "RUN", "COPY", "ADD", "WORKDIR":
		default:
			continue
		}
		if made := verbOf(layers[n-1].By); made != verb {
			if verb == "WORKDIR" {
				continue // the directory was there
			}
			break
		}
		n--
		of[place{history[k].File, history[k].Line}] = layers[n].Bytes
	}
	return of, n
}

// verbOf returns the word of an instruction in the history of an image, which BuildKit and the older builder
// write in their own ways.
func verbOf(by string) string {
	by = strings.TrimSpace(strings.TrimPrefix(by, "/bin/sh -c #(nop)"))
	verb, _, _ := strings.Cut(by, " ")
	switch verb {
	case "COPY", "ADD", "WORKDIR", "RUN":
		return verb
	}
	return "RUN" // "/bin/sh -c make", "|1 A=b /bin/sh -c make"
}
