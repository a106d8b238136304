package llb

import (
	"context"
	"slices"
	"strconv"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/lang/source"
)

// BuildKit's State.Marshal marshals everything below a state each time it is called. A fleet's
// images share most vertices, so here each vertex is marshalled once, with one set of constraints
// for all. An image's definition is assembled on request.

// vertex is one marshalled vertex.
type vertex struct {
	op       []byte
	inputs   []digest.Digest
	metadata *pb.OpMetadata

	// The place in the program that the vertex was lowered from, which every BuildKit client
	// shows. Nil for a vertex that layc adds.
	file *pb.SourceInfo
	span *pb.Range
}

// place sets the place of a vertex. files has the files so far.
func (v *vertex) place(at source.Span, files map[*source.File]*pb.SourceInfo) {
	if at.IsZero() {
		return
	}
	if files[at.File] == nil {
		files[at.File] = &pb.SourceInfo{Filename: at.File.Name(), Data: []byte(at.File.Text()), Language: "layer"}
	}
	v.file = files[at.File]
	v.span = &pb.Range{Start: position(at.File, at.Start), End: position(at.File, at.End)}
}

// position returns a place in a file as BuildKit counts: lines from 1, bytes of a line from 0.
func position(f *source.File, offset int) *pb.Position {
	at := f.Position(offset)
	return &pb.Position{Line: int32(at.Line), Character: int32(at.Column - 1)}
}

// marshaller marshals vertices.
type marshaller struct {
	constraints *llb.Constraints
	vertices    map[digest.Digest]*vertex
	digests     map[llb.Vertex]digest.Digest
}

func newMarshaller(o ...llb.ConstraintsOpt) *marshaller {
	return &marshaller{
		constraints: llb.NewConstraints(o...),
		vertices:    map[digest.Digest]*vertex{},
		digests:     map[llb.Vertex]digest.Digest{},
	}
}

// state marshals everything below a state and returns the state's output; nil for scratch.
func (m *marshaller) state(s llb.State) (*pb.Input, error) {
	ctx := context.Background() // BuildKit needs one; nothing here waits
	out := s.Output()
	if out == nil {
		return nil, nil
	}
	v := out.Vertex(ctx, m.constraints)
	if v == nil {
		return nil, nil
	}
	if _, err := m.vertex(ctx, v); err != nil {
		return nil, err
	}
	return out.ToInput(ctx, m.constraints)
}

// vertex marshals a vertex after its inputs. Two vertices with equal bytes become one, with the
// description of the first.
func (m *marshaller) vertex(ctx context.Context, v llb.Vertex) (digest.Digest, error) {
	if d, ok := m.digests[v]; ok {
		return d, nil
	}
	var inputs []digest.Digest
	for _, in := range v.Inputs() {
		d, err := m.vertex(ctx, in.Vertex(ctx, m.constraints))
		if err != nil {
			return "", err
		}
		inputs = append(inputs, d)
	}
	d, op, metadata, _, err := v.Marshal(ctx, m.constraints)
	if err != nil {
		return "", err
	}
	m.digests[v] = d
	if _, ok := m.vertices[d]; !ok {
		m.vertices[d] = &vertex{op: op, inputs: inputs, metadata: metadata}
	}
	return d, nil
}

// collect sets the origins of all vertices, and removes the numbers from their descriptions.
func (l *lowerer) collect(vertices map[digest.Digest]*vertex) map[digest.Digest]Origin {
	origins := make(map[digest.Digest]Origin, len(vertices))
	files := map[*source.File]*pb.SourceInfo{}
	for d, v := range vertices {
		n, err := strconv.Atoi(v.metadata.GetDescription()[originKey])
		if err != nil {
			continue
		}
		delete(v.metadata.Description, originKey)
		origins[d] = l.origins[n]
		if l.options.Text {
			v.place(l.origins[n].Span, files)
		}
	}
	return origins
}

// solvable is something that an engine solves: an image, or a proof.
type solvable struct {
	output   *pb.Input // nil: nothing
	terminal []byte
	vertices map[digest.Digest]*vertex // of the whole graph
}

// solvable marshals everything below a state.
func (m *marshaller) solvable(s llb.State) (solvable, error) {
	out, err := m.state(s)
	if err != nil {
		return solvable{}, err
	}
	last, err := terminal(out)
	return solvable{out, last, m.vertices}, err
}

// terminal returns the last op of a definition, which selects the output.
func terminal(out *pb.Input) ([]byte, error) {
	if out == nil {
		return nil, nil
	}
	return (&pb.Op{Inputs: []*pb.Input{out}}).MarshalVT()
}

// Definition returns what BuildKit solves: vertices, each after its inputs, then the selected
// output. The definition of an empty image has no vertices. It shares memory with the graph's
// other definitions.
func (s solvable) Definition() *pb.Definition {
	def := &pb.Definition{Metadata: map[string]*pb.OpMetadata{}, Source: &pb.Source{Locations: map[string]*pb.Locations{}}}
	if s.output == nil {
		return def
	}
	assemble(def, s.vertices, digest.Digest(s.output.Digest))
	caps := map[string]bool{string(pb.CapConstraints): true, string(pb.CapPlatform): true}
	for _, m := range def.Metadata {
		caps[string(pb.CapMetaDescription)] = caps[string(pb.CapMetaDescription)] || m.Description != nil
		if m.IgnoreCache {
			caps[string(pb.CapMetaIgnoreCache)] = true
		}
	}
	def.Def = append(def.Def, s.terminal)
	def.Metadata[string(digest.FromBytes(s.terminal))] = &pb.OpMetadata{Caps: caps}
	return def
}

// assemble appends a vertex after everything below it, if it is missing.
func assemble(def *pb.Definition, vertices map[digest.Digest]*vertex, d digest.Digest) {
	if _, ok := def.Metadata[string(d)]; ok {
		return
	}
	v := vertices[d]
	for _, in := range v.inputs {
		assemble(def, vertices, in)
	}
	def.Def = append(def.Def, v.op)
	def.Metadata[string(d)] = v.metadata
	if v.file != nil {
		locate(def.Source, d, v)
	}
}

// locate adds the place of a vertex.
func locate(s *pb.Source, d digest.Digest, v *vertex) {
	file := slices.Index(s.Infos, v.file)
	if file < 0 {
		file = len(s.Infos)
		s.Infos = append(s.Infos, v.file)
	}
	s.Locations[string(d)] = &pb.Locations{Locations: []*pb.Location{{SourceIndex: int32(file), Ranges: []*pb.Range{v.span}}}}
}
