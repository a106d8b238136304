package llb

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"

	"github.com/layc-lang/layc/llb/helper"
)

// TestLookIsTheRunWithMounts compares a run that looks at trees with BuildKit's own definition of
// it.
func TestLookIsTheRunWithMounts(t *testing.T) {
	ctx := context.Background()
	c := llb.NewConstraints(llb.LinuxArm64)
	for _, n := range []int{0, 1, 2, 11, 120} {
		var trees []mountedTree
		var mounts []llb.RunOption
		for k := range n {
			// Some trees are mounted twice.
			tree := llb.Scratch().File(llb.Mkfile(fmt.Sprint("/", k/2*2), 0o644, nil))
			dir := fmt.Sprint(treeDir, k)
			trees = append(trees, mountedTree{dir, tree.Output()})
			mounts = append(mounts, llb.AddMount(dir, tree, llb.Readonly, byDefinition))
		}
		opts := func() []llb.RunOption {
			tool := llb.Scratch().File(llb.Mkfile("/tool", 0o755, nil))
			return []llb.RunOption{
				llb.Args([]string{"/tool", "kept"}), llb.AddMount(helper.Dir, tool, llb.Readonly),
				llb.Network(pb.NetMode_NONE), llb.Hostname("localhost"), llb.WithCustomName("look"),
			}
		}
		got, want := looking(llb.Scratch().Run(opts()...).Root(), trees), llb.Scratch().Run(append(opts(), mounts...)...).Root()
		d, _, metadata, _, err := got.Output().Vertex(ctx, c).Marshal(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		wantDigest, _, wantMetadata, _, err := want.Output().Vertex(ctx, c).Marshal(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		if d != wantDigest {
			t.Errorf("%d trees: the definition differs from BuildKit's", n)
		}
		if n > 0 && !maps.Equal(metadata.Caps, wantMetadata.Caps) {
			t.Errorf("%d trees: the capabilities are %v, want %v", n, metadata.Caps, wantMetadata.Caps)
		}
		a, err := got.Output().ToInput(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := want.Output().ToInput(ctx, c); err != nil || !a.EqualVT(b) {
			t.Errorf("%d trees: the output is %v, want %v (%v)", n, a, b, err)
		}
		if got, want := len(got.Output().Vertex(ctx, c).Inputs()), len(want.Output().Vertex(ctx, c).Inputs()); got != want {
			t.Errorf("%d trees: %d inputs, want %d", n, got, want)
		}
	}
}
