package llb

import (
	"context"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"

	"github.com/layc-lang/layc/compiler/model"
)

// Tool returns the definition of the file system with layc's helper that is mounted at [helper.Dir]. Its
// source is one of [helper.Sources].
func Tool(on model.Platform) (*pb.Definition, error) {
	state, err := debianHelper(nil, on.Arch, nil)
	if err != nil {
		return nil, err
	}
	def, err := state.Marshal(context.Background(), llb.Platform(ociPlatform(on)))
	if err != nil {
		return nil, err
	}
	return def.ToPB(), nil
}
