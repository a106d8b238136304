package cluster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler/placement"
	"github.com/layc-lang/layc/llb/engine"
)

// A build is spread in two steps. First each image gets an engine: see package placement.
//
// Then each step that the images of several engines need gets one engine, which builds it before
// they do: the last such steps, with all that is below them. These may have steps in common again,
// so this repeats, and jobs are in stages. Merges are not steps here, as they move no data, and
// neither is what runs nothing.

// node is an engine, as far as it matters for spreading.
type node struct {
	name string
	// platforms are those whose programs it runs, its own first.
	platforms []ocispecs.Platform
}

// runs reports whether a node runs programs of a platform, and whether it is the node's own.
func (n node) runs(p *pb.Platform) (able, own bool) {
	for i, has := range n.platforms {
		if p == nil || has.OS == p.OS && has.Architecture == p.Architecture && (p.Variant == "" || has.Variant == p.Variant) {
			return true, i == 0 || p == nil
		}
	}
	return false, false
}

// job is what one engine solves at once.
type job struct {
	node    int
	stage   int              // jobs of a later stage need those of earlier ones
	shared  []*pb.Definition // steps that other jobs need
	images  []int            // of the request
	proofs  []int
	needs   []*job
	targets map[output]bool
}

// output is an output of a vertex.
type output struct {
	vertex digest.Digest
	index  int64
}

// vertex is a vertex of the request's definitions.
type vertex struct {
	op   *pb.Op
	raw  []byte
	meta *pb.OpMetadata
	// heavy: a step that is worth building once, since it or something below it runs a program.
	heavy bool
}

// spreader spreads one request.
type spreader struct {
	nodes    []node
	vertices map[digest.Digest]*vertex
	jobs     []*job
}

// spread divides a request among nodes. It is a pure function of the request and the nodes.
func spread(req engine.Request, nodes []node) ([]*job, error) {
	s := &spreader{nodes: nodes, vertices: map[digest.Digest]*vertex{}}
	for _, i := range req.Images {
		if err := s.add(i.Definition); err != nil {
			return nil, err
		}
	}
	for _, p := range req.Proofs {
		if err := s.add(p.Definition); err != nil {
			return nil, err
		}
	}
	last := s.images(req)
	for stage := 0; ; stage-- {
		for _, j := range last {
			j.stage = stage
		}
		s.jobs = append(s.jobs, last...)
		shared := s.shared(last)
		if len(shared) == 0 {
			break
		}
		last = s.steps(shared)
	}
	slices.SortStableFunc(s.jobs, func(a, b *job) int { return cmp.Or(cmp.Compare(a.stage, b.stage), cmp.Compare(a.node, b.node)) })
	s.order()
	return s.jobs, nil
}

// add adds the vertices of a definition.
func (s *spreader) add(def *pb.Definition) error {
	for _, raw := range def.Def {
		id := digest.FromBytes(raw)
		if s.vertices[id] != nil {
			continue
		}
		op := &pb.Op{}
		if err := op.UnmarshalVT(raw); err != nil {
			return fmt.Errorf("a definition does not decode: %w", err)
		}
		v := &vertex{op: op, raw: raw, meta: def.Metadata[string(id)], heavy: op.GetExec() != nil}
		for _, in := range op.Inputs { // inputs come before what needs them
			v.heavy = v.heavy || s.vertices[digest.Digest(in.Digest)].heavy
		}
		s.vertices[id] = v
	}
	return nil
}

// isStep reports whether a vertex may be built on its own.
func (v *vertex) isStep() bool {
	return v.heavy && (v.op.GetExec() != nil || v.op.GetFile() != nil)
}

// images assigns images and proofs to nodes.
func (s *spreader) images(req engine.Request) []*job {
	byNode := map[int]*job{}
	at := func(n int) *job {
		if byNode[n] == nil {
			byNode[n] = &job{node: n, targets: map[output]bool{}}
		}
		return byNode[n]
	}
	needed := map[digest.Digest]map[int]bool{} // the nodes that need a step
	for _, platform := range platformsOf(req.Images) {
		able := s.able(&pb.Platform{OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant})
		var all []int
		for i, im := range req.Images {
			if platforms.Format(im.Platform) == platforms.Format(platform) {
				all = append(all, i)
			}
		}
		var planned []placement.Image
		for _, i := range all {
			planned = append(planned, plannedImage(req.Images[i]))
		}
		for k, place := range placement.Images(planned, s.names(able)) {
			i, n := all[k], able[place]
			j := at(n)
			j.images = append(j.images, i)
			s.target(j, req.Images[i].Definition)
			for id := range s.below(outputOf(req.Images[i].Definition)) {
				if needed[id] == nil {
					needed[id] = map[int]bool{}
				}
				needed[id][n] = true
			}
		}
	}
	for i, p := range req.Proofs {
		// Where most of what it needs is.
		votes := map[int]int{}
		for id := range s.below(outputOf(p.Definition)) {
			for n := range needed[id] {
				votes[n]++
			}
		}
		best := 0
		for n := range s.nodes {
			if votes[n] > votes[best] {
				best = n
			}
		}
		j := at(best)
		j.proofs = append(j.proofs, i)
		s.target(j, p.Definition)
	}
	var out []*job
	for _, n := range slices.Sorted(maps.Keys(byNode)) {
		slices.Sort(byNode[n].images)
		out = append(out, byNode[n])
	}
	return out
}

func platformsOf(images []engine.Image) []ocispecs.Platform {
	var all []ocispecs.Platform
	for _, i := range images {
		if !slices.ContainsFunc(all, func(p ocispecs.Platform) bool { return platforms.Format(p) == platforms.Format(i.Platform) }) {
			all = append(all, i.Platform)
		}
	}
	return all
}

// able returns the nodes for a platform: those whose own it is, else those that can run its programs,
// else all.
func (s *spreader) able(p *pb.Platform) []int {
	var able, own, all []int
	for n, node := range s.nodes {
		all = append(all, n)
		can, is := node.runs(p)
		if can {
			able = append(able, n)
		}
		if is {
			own = append(own, n)
		}
	}
	switch {
	case len(own) > 0:
		return own
	case len(able) > 0:
		return able
	}
	return all
}

// names returns the names of nodes.
func (s *spreader) names(nodes []int) []string {
	var all []string
	for _, n := range nodes {
		all = append(all, s.nodes[n].name)
	}
	return all
}

// plannedImage returns what matters for the place of an image.
func plannedImage(i engine.Image) placement.Image {
	image := placement.Image{Name: i.Name, Spine: i.Spine}
	for _, l := range i.Planned {
		image.Layers = append(image.Layers, placement.Layer(l))
	}
	return image
}

// outputOf returns the output of a definition; a zero one if it is empty.
func outputOf(def *pb.Definition) output {
	if len(def.Def) == 0 {
		return output{}
	}
	var last pb.Op
	if last.UnmarshalVT(def.Def[len(def.Def)-1]) != nil || len(last.Inputs) == 0 {
		return output{}
	}
	return output{digest.Digest(last.Inputs[0].Digest), last.Inputs[0].Index}
}

func (s *spreader) target(j *job, def *pb.Definition) {
	if o := outputOf(def); o.vertex != "" {
		j.targets[o] = true
	}
}

// below returns the vertices that an output needs, with its own.
func (s *spreader) below(o output) map[digest.Digest]bool {
	seen := map[digest.Digest]bool{}
	var walk func(id digest.Digest)
	walk = func(id digest.Digest) {
		v := s.vertices[id]
		if v == nil || seen[id] {
			return
		}
		seen[id] = true
		for _, in := range v.op.Inputs {
			walk(digest.Digest(in.Digest))
		}
	}
	walk(o.vertex)
	return seen
}

// shared returns what has to be built before jobs, each the last of its kind: steps that several of
// the jobs need, and steps that run programs which the job's node cannot run.
func (s *spreader) shared(jobs []*job) []output {
	needs := map[digest.Digest]int{}
	elsewhere := map[digest.Digest]bool{}
	for _, j := range jobs {
		all := map[digest.Digest]bool{}
		for o := range j.targets {
			maps.Copy(all, s.below(o))
		}
		for id := range all {
			v := s.vertices[id]
			if !v.isStep() {
				continue
			}
			needs[id]++
			if able, _ := s.nodes[j.node].runs(v.op.Platform); !able && v.op.GetExec() != nil && len(s.able(v.op.Platform)) < len(s.nodes) {
				elsewhere[id] = true
			}
		}
	}
	early := map[digest.Digest]bool{}
	for id, n := range needs {
		early[id] = n > 1 || elsewhere[id]
	}
	// What an early step is made of comes with it.
	last := map[output]bool{}
	covered := map[digest.Digest]bool{}
	for id, v := range s.vertices {
		if early[id] {
			for _, in := range v.op.Inputs {
				for below := range s.through(digest.Digest(in.Digest)) {
					covered[below] = true
				}
			}
		}
	}
	for _, v := range s.vertices {
		for _, in := range v.op.Inputs {
			if id := digest.Digest(in.Digest); early[id] && !covered[id] {
				last[output{id, in.Index}] = true
			}
		}
	}
	for _, j := range jobs {
		for o := range j.targets {
			if early[o.vertex] && !covered[o.vertex] {
				last[o] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(last), compareOutputs)
}

// through returns a vertex, or the steps that it merges.
func (s *spreader) through(id digest.Digest) map[digest.Digest]bool {
	v := s.vertices[id]
	if v.isStep() {
		return map[digest.Digest]bool{id: true}
	}
	out := map[digest.Digest]bool{}
	for _, in := range v.op.Inputs {
		maps.Copy(out, s.through(digest.Digest(in.Digest)))
	}
	return out
}

func compareOutputs(a, b output) int {
	return cmp.Or(cmp.Compare(a.vertex, b.vertex), cmp.Compare(a.index, b.index))
}

// steps assigns outputs to nodes.
func (s *spreader) steps(all []output) []*job {
	byNode := map[int]*job{}
	placed := map[digest.Digest]int{}
	balances := map[string]*placement.Balance{} // by the nodes
	for _, o := range all {
		n, ok := placed[o.vertex]
		if !ok {
			able := s.able(s.vertices[o.vertex].op.Platform)
			balance := balances[fmt.Sprint(able)]
			if balance == nil {
				balance = placement.NewBalance(s.names(able), int64(len(all)))
				balances[fmt.Sprint(able)] = balance
			}
			n = able[balance.Choose(string(o.vertex), 1)]
			placed[o.vertex] = n
		}
		if byNode[n] == nil {
			byNode[n] = &job{node: n, targets: map[output]bool{}}
		}
		byNode[n].targets[o] = true
		byNode[n].shared = append(byNode[n].shared, s.definition(o))
	}
	var out []*job
	for _, n := range slices.Sorted(maps.Keys(byNode)) {
		out = append(out, byNode[n])
	}
	return out
}

// definition returns the definition of an output.
func (s *spreader) definition(o output) *pb.Definition {
	def := &pb.Definition{Metadata: map[string]*pb.OpMetadata{}}
	var add func(id digest.Digest)
	add = func(id digest.Digest) {
		if _, ok := def.Metadata[string(id)]; ok {
			return
		}
		v := s.vertices[id]
		for _, in := range v.op.Inputs {
			add(digest.Digest(in.Digest))
		}
		def.Def = append(def.Def, v.raw)
		def.Metadata[string(id)] = v.meta
	}
	add(o.vertex)
	// It encodes: it has an input and nothing else.
	last, _ := (&pb.Op{Inputs: []*pb.Input{{Digest: string(o.vertex), Index: o.index}}}).MarshalVT()
	def.Def = append(def.Def, last)
	def.Metadata[string(digest.FromBytes(last))] = &pb.OpMetadata{Caps: map[string]bool{string(pb.CapConstraints): true, string(pb.CapPlatform): true}}
	return def
}

// order sets what each job needs: the jobs that build the steps below its targets. A step is built by
// the earliest job that has it; jobs of one stage have no steps in common, except those of earlier
// stages.
func (s *spreader) order() {
	builder := map[digest.Digest]*job{}
	for _, j := range s.jobs {
		needs := map[*job]bool{}
		for o := range j.targets {
			for id := range s.below(o) {
				switch by := builder[id]; {
				case !s.vertices[id].isStep():
				case by == nil:
					builder[id] = j
				case by.stage < j.stage:
					needs[by] = true
				}
			}
		}
		for _, other := range s.jobs {
			if needs[other] {
				j.needs = append(j.needs, other)
			}
		}
	}
}
