package llb

import (
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/pb"

	"github.com/layc-lang/layc/compiler/model"
)

// Inputs is what an image is built from.
type Inputs struct {
	Digests []string // of downloads and bases, sorted
	// Selections are the files of the project and of git repositories.
	Selections []*model.Selection
}

// Inputs returns what the definition of an image reads.
func (g *Graph) Inputs(i Image) (Inputs, error) {
	digests, dirs := map[string]bool{}, map[string]bool{}
	// In the local source, each selection is a directory.
	reads := func(file string) {
		if dir, _, _ := strings.Cut(strings.TrimPrefix(file, "/"), "/"); g.Selections[dir] != nil {
			dirs[dir] = true
		}
	}
	for _, text := range i.Definition().Def {
		var op pb.Op
		if err := op.UnmarshalVT(text); err != nil {
			return Inputs{}, err
		}
		for _, a := range op.GetFile().GetActions() {
			reads(a.GetCopy().GetSrc())
		}
		for _, m := range op.GetExec().GetMounts() {
			reads(m.Selector)
		}
		source := op.GetSource()
		if checksum := source.GetAttrs()[pb.AttrHTTPChecksum]; checksum != "" {
			digests[checksum] = true
		} else if _, digest, ok := strings.Cut(source.GetIdentifier(), "@"); ok {
			digests[digest] = true
		}
	}
	in := Inputs{Digests: slices.Sorted(maps.Keys(digests))}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		in.Selections = append(in.Selections, g.Selections[dir])
	}
	return in, nil
}
