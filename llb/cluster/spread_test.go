//go:build linux

package cluster

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/engine"
)

var arm64 = ocispecs.Platform{OS: "linux", Architecture: "arm64"}

func nodesOf(platforms ...ocispecs.Platform) []node {
	var all []node
	for i, p := range platforms {
		all = append(all, node{fmt.Sprintf("tcp://10.0.0.%d:1234", i), []ocispecs.Platform{p}})
	}
	return all
}

// TestSpread checks that each image is built on one engine, and each step that several need on
// exactly one, before they do.
func TestSpread(t *testing.T) {
	req := engine.Request{Images: apps(t)}
	jobs, err := spread(req, nodesOf(amd64, amd64, amd64))
	if err != nil {
		t.Fatal(err)
	}
	built := map[int]int{}
	nodes := map[int]bool{}
	where := map[digest.Digest]map[int]bool{} // steps, by the nodes that execute them
	for _, j := range jobs {
		nodes[j.node] = true
		for _, i := range j.images {
			built[i]++
		}
		for _, other := range j.needs {
			if other.stage >= j.stage {
				t.Errorf("a job of stage %d needs one of stage %d", j.stage, other.stage)
			}
		}
		definitions := slices.Clone(j.shared)
		for _, i := range j.images {
			definitions = append(definitions, req.Images[i].Definition)
		}
		for id := range executes(definitions, j) {
			if where[id] == nil {
				where[id] = map[int]bool{}
			}
			where[id][j.node] = true
		}
	}
	for i := range req.Images {
		if built[i] != 1 {
			t.Errorf("image %d is built %d times", i, built[i])
		}
	}
	if len(nodes) != 3 {
		t.Errorf("%d engines have work, want three", len(nodes))
	}
	for id, on := range where {
		if len(on) != 1 {
			t.Errorf("%s is executed on %d engines", id, len(on))
		}
	}
	again, err := spread(req, nodesOf(amd64, amd64, amd64))
	if err != nil || shape(again) != shape(jobs) {
		t.Errorf("the jobs are\n%s\nand then\n%s", shape(jobs), shape(again))
	}
}

// executes returns the programs that a job runs: what earlier jobs have built, with all below it, it
// finds.
func executes(definitions []*pb.Definition, j *job) map[digest.Digest]bool {
	ready := map[digest.Digest]bool{}
	for _, other := range j.needs {
		for _, def := range other.shared {
			for _, raw := range def.Def {
				ready[digest.FromBytes(raw)] = true
			}
		}
	}
	out, seen := map[digest.Digest]bool{}, map[digest.Digest]bool{}
	for _, def := range definitions {
		ops := map[digest.Digest]*pb.Op{}
		for _, raw := range def.Def {
			op := &pb.Op{}
			if op.UnmarshalVT(raw) == nil {
				ops[digest.FromBytes(raw)] = op
			}
		}
		var walk func(id digest.Digest)
		walk = func(id digest.Digest) {
			if ready[id] || seen[id] {
				return
			}
			seen[id] = true
			if ops[id].GetExec() != nil {
				out[id] = true
			}
			for _, in := range ops[id].GetInputs() {
				walk(digest.Digest(in.Digest))
			}
		}
		walk(outputOf(def).vertex)
	}
	return out
}

// shape describes jobs.
func shape(jobs []*job) string {
	var out strings.Builder
	for _, j := range jobs {
		fmt.Fprintln(&out, j.stage, j.node, j.images, len(j.shared), len(j.needs))
	}
	return out.String()
}

// TestSpreadPlatforms checks that images and steps are built where their programs run.
func TestSpreadPlatforms(t *testing.T) {
	cross := llb.Scratch().Run(llb.Args([]string{"/compile"}), llb.WithCustomName("compile"), llb.LinuxAmd64).AddMount("/out", llb.Scratch())
	var images []engine.Image
	for _, p := range []ocispecs.Platform{amd64, arm64} {
		state := cross.Run(llb.Args([]string{"/run"}), llb.Platform(p)).Root()
		def, err := state.Marshal(t.Context(), llb.Platform(p))
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, engine.Image{Name: "app", Platform: p, Definition: def.ToPB()})
	}
	nodes := nodesOf(arm64, amd64, arm64)
	jobs, err := spread(engine.Request{Images: images}, nodes)
	if err != nil {
		t.Fatal(err)
	}
	shared := 0
	for _, j := range jobs {
		for _, i := range j.images {
			if got, want := nodes[j.node].platforms[0].Architecture, images[i].Platform.Architecture; got != want {
				t.Errorf("the image for %s is built on %s", want, got)
			}
		}
		if len(j.shared) > 0 {
			shared++
			if j.node != 1 {
				t.Errorf("the program for amd64 runs on node %d", j.node)
			}
		}
	}
	if shared != 1 {
		t.Errorf("%d jobs build shared steps, want one", shared)
	}
}
