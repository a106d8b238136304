package llb

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/pb"

	"github.com/layc-lang/layc/compiler/model"
)

// Inputs is what an image is built from.
type Inputs struct {
	Digests []string // of downloads and bases, sorted
	// Selections are the files of the project and of git repositories, by the names of their sources.
	Selections []*model.Selection
}

// Inputs returns what the definition of an image reads.
func (g *Graph) Inputs(i Image) (Inputs, error) {
	digests, selections := map[string]bool{}, map[string]*model.Selection{}
	for _, text := range i.Definition().Def {
		var op pb.Op
		if err := op.UnmarshalVT(text); err != nil {
			return Inputs{}, err
		}
		source := op.GetSource()
		if source == nil {
			continue
		}
		scheme, name, _ := strings.Cut(source.Identifier, "://")
		switch {
		case scheme == "local":
			if s := g.Selections[name]; s != nil {
				selections[name] = s
			}
		case source.Attrs[pb.AttrHTTPChecksum] != "":
			digests[source.Attrs[pb.AttrHTTPChecksum]] = true
		default:
			if _, digest, ok := strings.Cut(name, "@"); ok {
				digests[digest] = true
			}
		}
	}
	in := Inputs{Digests: slices.SortedFunc(maps.Keys(digests), cmp.Compare)}
	for _, name := range slices.Sorted(maps.Keys(selections)) {
		in.Selections = append(in.Selections, selections[name])
	}
	return in, nil
}
