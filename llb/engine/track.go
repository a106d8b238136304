//go:build unix

package engine

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// maxLogLines is the number of a step's last lines in an error.
const maxLogLines = 20

// tracker records from progress reports what happened to the vertices of the definitions, and the
// end of each step's output.
type tracker struct {
	ops map[digest.Digest]*pb.Op // read-only
	all []Step                   // read-only: the definitions' steps, in the order of dependencies
	// foreign: the engine is one elsewhere. Read-only.
	foreign bool

	mu    sync.Mutex
	order []digest.Digest // vertices of the definitions, as first reported
	seen  map[digest.Digest]*tracked
}

type tracked struct {
	name   string
	ran    map[time.Time]bool // start times of completed uncached intervals
	found  map[time.Time]bool // start times of cached intervals
	failed string             // error message, or ""
	lines  [][]byte           // the last one may be incomplete
}

func newTracker(definitions []*pb.Definition) *tracker {
	t := &tracker{ops: map[digest.Digest]*pb.Op{}, seen: map[digest.Digest]*tracked{}}
	for _, d := range definitions {
		for _, def := range d.Def {
			id := digest.FromBytes(def)
			if t.ops[id] != nil {
				continue
			}
			var op pb.Op
			// The engine reports a definition that does not decode; here it merely has no
			// description.
			if op.UnmarshalVT(def) != nil {
				continue
			}
			t.ops[id] = &op
			// The last op of a definition only selects the output.
			if op.Op != nil && !isRead(&op) {
				t.all = append(t.all, Step{Vertex: id, Name: d.Metadata[string(id)].GetDescription()["llb.customname"]})
			}
		}
	}
	return t
}

func (t *tracker) vertex(id digest.Digest) *tracked {
	v := t.seen[id]
	if v == nil {
		v = &tracked{ran: map[time.Time]bool{}, found: map[time.Time]bool{}}
		t.seen[id] = v
		t.order = append(t.order, id)
	}
	return v
}

func (t *tracker) add(s *client.SolveStatus) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, u := range s.Vertexes {
		v := t.vertex(u.Digest)
		v.name = u.Name
		if v.failed = u.Error; u.Cached && u.Started != nil {
			v.found[*u.Started] = u.Error == "" // an error: the result was lost
		} else if u.Started != nil && u.Completed != nil && u.Error == "" {
			v.ran[*u.Started] = true
		}
	}
	for _, l := range s.Logs {
		t.vertex(l.Vertex).print(l.Data)
	}
}

// print appends output and keeps only the last lines.
func (v *tracked) print(data []byte) {
	for i, part := range bytes.Split(data, []byte("\n")) {
		if i > 0 || len(v.lines) == 0 {
			v.lines = append(v.lines, nil)
		}
		last := len(v.lines) - 1
		v.lines[last] = append(v.lines[last], part...)
	}
	if extra := len(v.lines) - maxLogLines - 1; extra > 0 {
		v.lines = append([][]byte(nil), v.lines[extra:]...)
	}
}

// describe returns the vertex's name and the last lines of its output.
func (t *tracker) describe(id digest.Digest) (name string, log []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.seen[id]
	if v == nil {
		if at := slices.IndexFunc(t.all, func(s Step) bool { return s.Vertex == id }); at >= 0 {
			return t.all[at].Name, nil
		}
		return id.String(), nil
	}
	for _, l := range v.lines {
		log = append(log, strings.TrimRight(string(l), "\r"))
	}
	if n := len(log); n > 0 && log[n-1] == "" {
		log = log[:n-1] // the last line is complete
	}
	if extra := len(log) - maxLogLines; extra > 0 {
		log = log[extra:]
	}
	return v.name, log
}

// failure returns the first vertex of a definition that has failed, and its error; "" if none
// has. Steps that BuildKit stopped because another one failed do not count.
func (t *tracker) failure(def *pb.Definition) (id digest.Digest, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, op := range def.Def {
		id := digest.FromBytes(op)
		if v := t.seen[id]; v != nil && v.failed != "" && !strings.HasSuffix(v.failed, context.Canceled.Error()) {
			return id, v.failed
		}
	}
	return "", ""
}

// remote returns the URL that the vertex fetches, or "".
func (t *tracker) remote(id digest.Digest) string {
	src := t.ops[id].GetSource().GetIdentifier()
	if strings.HasPrefix(src, "local://") || strings.HasPrefix(src, "oci-layout://") {
		return ""
	}
	return src
}

// executed reports whether the vertex was executed. For a vertex without inputs, BuildKit also
// reports an uncached interval for computing the cache key. For one whose result it has found in a
// cache elsewhere, the intervals from then on are pulls of the result.
func (v *tracked) executed(op *pb.Op) bool {
	n := 0
	for start := range v.ran {
		pulled := false
		for found, ok := range v.found {
			pulled = pulled || ok && !start.Before(found)
		}
		if !pulled {
			n++
		}
	}
	if len(op.Inputs) == 0 {
		return n > 1
	}
	return n > 0
}

// isRead reports whether every build reads the source to compute its key.
func isRead(op *pb.Op) bool {
	src := op.GetSource().GetIdentifier()
	return strings.HasPrefix(src, "local://") || strings.HasPrefix(src, "oci-layout://") || strings.HasPrefix(src, "docker-image://")
}

// reached summarizes a build that failed: steps that it did not come to are in neither list, nor are
// those that failed.
func (t *tracker) reached() Steps {
	s := t.steps()
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Cached = slices.DeleteFunc(s.Cached, func(step Step) bool {
		v := t.seen[step.Vertex]
		return v == nil || !slices.Contains(slices.Collect(maps.Values(v.found)), true)
	})
	return s
}

// steps summarizes a successful build: steps that were not executed were cached.
func (t *tracker) steps() Steps {
	t.mu.Lock()
	defer t.mu.Unlock()
	var s Steps
	for _, id := range t.order {
		if v, op := t.seen[id], t.ops[id]; op != nil && !isRead(op) && v.executed(op) {
			s.Executed = append(s.Executed, Step{Vertex: id, Name: v.name})
		}
	}
	for _, step := range t.all {
		if v := t.seen[step.Vertex]; v == nil || !v.executed(t.ops[step.Vertex]) {
			s.Cached = append(s.Cached, step)
		}
	}
	return s
}
