package llb

import (
	"context"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// look is a run that looks at trees. Its definition has the same bytes as the definition of the
// run with a mount for each tree, but BuildKit's client takes a microsecond and ten allocations
// for a mount, and a fleet's proofs have tens of thousands.
type look struct {
	run   llb.Vertex // without the trees
	trees []mountedTree

	// What Marshal returned, once it was called.
	digest   digest.Digest
	op       []byte
	metadata *pb.OpMetadata
	places   []*llb.SourceLocation
}

// mountedTree is a tree and the directory where the run finds it, which comes after all other
// mounts of the run.
type mountedTree struct {
	dir  string
	tree llb.Output
}

// looking returns the root file system after a run that looks at trees.
func looking(run llb.State, trees []mountedTree) llb.State {
	slices.SortFunc(trees, func(a, b mountedTree) int { return strings.Compare(a.dir, b.dir) })
	return llb.NewState(looked{&look{run: run.Output().Vertex(context.Background(), nil), trees: trees}})
}

// looked is the output of a look: the root file system.
type looked struct{ *look }

// Vertex returns the vertex that the output is of.
func (o looked) Vertex(context.Context, *llb.Constraints) llb.Vertex { return o.look }

// ToInput returns the output as an input of another vertex.
func (o looked) ToInput(ctx context.Context, c *llb.Constraints) (*pb.Input, error) {
	d, _, _, _, err := o.Marshal(ctx, c)
	return &pb.Input{Digest: string(d)}, err
}

// Output returns the only output.
func (l *look) Output() llb.Output { return looked{l} }

// Validate checks the run.
func (l *look) Validate(ctx context.Context, c *llb.Constraints) error { return l.run.Validate(ctx, c) }

// Inputs returns the inputs of the run, then the trees.
func (l *look) Inputs() []llb.Output {
	list := l.run.Inputs()
	for _, t := range l.trees {
		if !slices.Contains(list, t.tree) {
			list = append(list, t.tree)
		}
	}
	return list
}

// Marshal marshals the run with its mounts. All calls have the same constraints.
func (l *look) Marshal(ctx context.Context, c *llb.Constraints) (digest.Digest, []byte, *pb.OpMetadata, []*llb.SourceLocation, error) {
	if l.op != nil {
		return l.digest, l.op, l.metadata, l.places, nil
	}
	_, run, metadata, places, err := l.run.Marshal(ctx, c)
	if err != nil {
		return "", nil, nil, nil, err
	}
	var op pb.Op
	if err := op.UnmarshalVT(run); err != nil {
		return "", nil, nil, nil, err
	}
	exec := op.GetExec()
	for _, t := range l.trees {
		in, err := t.tree.ToInput(ctx, c)
		if err != nil {
			return "", nil, nil, nil, err
		}
		at := slices.IndexFunc(op.Inputs, in.EqualVT)
		if at < 0 {
			at = len(op.Inputs)
			op.Inputs = append(op.Inputs, in)
		}
		exec.Mounts = append(exec.Mounts, &pb.Mount{
			Input: int64(at), Dest: t.dir, Readonly: true, Output: int64(pb.SkipOutput), ContentCache: pb.MountContentCache_OFF,
		})
	}
	metadata.Caps[string(pb.CapExecMountBind)], metadata.Caps[string(pb.CapExecMountContentCache)] = true, true
	dt, err := op.MarshalVT()
	if err != nil {
		return "", nil, nil, nil, err
	}
	l.digest, l.op, l.metadata, l.places = digest.FromBytes(dt), dt, metadata, places
	return l.digest, l.op, l.metadata, l.places, nil
}
