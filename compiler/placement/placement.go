// Package placement decides which engine of several builds which image.
//
// Images with the same base and first spine layers belong together, so they are one group; a group
// that is too large for one engine is divided by its next spine layer. A group goes to the engine
// that rendezvous hashing ranks first for it, so the next build finds the layers there, and few
// groups move if an engine is added or lost. An engine that has its share already is passed over.
package placement

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
)

// Image is an image to place.
type Image struct {
	Name   string
	Spine  []string // the base and spine layers, bottom up
	Layers []Layer  // all layers
}

// Layer is a planned layer.
type Layer struct {
	ID   string
	Size int64
}

// Images returns the number of each image's engine. Engines have names, at least one.
func Images(images []Image, engines []string) []int {
	all := make([]int, len(images))
	for i := range all {
		all[i] = i
	}
	total := weight(images, all)
	place := make([]int, len(images))
	b := NewBalance(engines, total)
	for _, g := range divide(images, all, 0, total/int64(len(engines))) {
		n := b.Choose(g.key, g.weight)
		for _, i := range g.images {
			place[i] = n
		}
	}
	return place
}

// Balance places work on engines.
type Balance struct {
	engines []string
	share   int64
	load    []int64
}

// NewBalance returns a balance for engines, at least one, and the weight of all work.
func NewBalance(engines []string, total int64) *Balance {
	return &Balance{engines, total / int64(len(engines)), make([]int64, len(engines))}
}

// Choose returns the number of the engine for a key, and counts a weight as its load.
func (b *Balance) Choose(key string, weight int64) int {
	ranked := Rank(b.engines, key)
	best := ranked[0]
	fits := func(n int) bool { return b.load[n] == 0 || b.load[n]+weight <= b.share+b.share/4 }
	if i := slices.IndexFunc(ranked, fits); i >= 0 {
		best = ranked[i]
	} else {
		for _, n := range ranked {
			if b.load[n] < b.load[best] {
				best = n
			}
		}
	}
	b.load[best] += weight
	return best
}

// Rank returns the numbers of engines, the best for a key first.
func Rank(engines []string, key string) []int {
	scores, ranked := make([]uint64, len(engines)), make([]int, len(engines))
	for n, name := range engines {
		sum := sha256.Sum256([]byte(name + "\x00" + key))
		scores[n], ranked[n] = binary.BigEndian.Uint64(sum[:8]), n
	}
	slices.SortStableFunc(ranked, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return ranked
}

// group are images that are built on one engine.
type group struct {
	key    string
	images []int
	weight int64
}

// divide groups images by their first spine layers, so that no group weighs more than a limit if
// its layers allow it. The heaviest group is first.
func divide(images []Image, which []int, depth int, limit int64) []group {
	byKey := map[string][]int{}
	for _, i := range which {
		key := images[i].Name
		if spine := images[i].Spine; depth < len(spine) {
			key = spine[depth]
		}
		byKey[key] = append(byKey[key], i)
	}
	var groups []group
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		g := group{key, byKey[key], weight(images, byKey[key])}
		if g.weight > limit && len(g.images) > 1 {
			groups = append(groups, divide(images, g.images, depth+1, limit)...)
		} else {
			groups = append(groups, g)
		}
	}
	slices.SortStableFunc(groups, func(a, b group) int { return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.key, b.key)) })
	return groups
}

// perImage is the work for an image that does not depend on its size, in bytes.
const perImage = 5e6

// weight is the work for images, in bytes of layers.
func weight(images []Image, which []int) int64 {
	var sum int64
	seen := map[string]bool{}
	for _, i := range which {
		sum += perImage
		for _, l := range images[i].Layers {
			if !seen[l.ID] {
				seen[l.ID] = true
				sum += l.Size
			}
		}
	}
	return sum
}
