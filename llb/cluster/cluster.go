// Package cluster builds on several BuildKits as if they were one. Each builds a part of the images.
// Steps that several parts need are built once, on one of the engines. The engines pass results on
// through a registry: a place of llb/cache. In the end one of them writes all images from there.
// Definitions do not depend on where they are solved, and neither do bytes.
//
// If the connection to an engine is lost, others build what it had to build. What it has put into the
// registry by then is found there.
package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler/placement"
	"github.com/layc-lang/layc/llb/engine"
)

// Engine is an engine of a cluster.
type Engine interface {
	Platforms(context.Context) ([]ocispecs.Platform, error)
	Build(context.Context, engine.Request) (*engine.Result, error)
	Close() error
}

// Member is an engine with its name for users: its address.
type Member struct {
	Name string
	Engine
}

// Cluster builds on several engines. Requests need a place of a registry to read and to write.
type Cluster struct {
	members []Member
	notice  func(sentence string)

	mu   sync.Mutex
	lost map[int]*engine.Lost // by the number of a member
	ran  []ran
}

// ran is what a member has executed in a job.
type ran struct {
	member int
	steps  []engine.Step
}

// New returns the cluster of members, at least one. notice is called with sentences for the user.
func New(members []Member, notice func(sentence string)) *Cluster {
	return &Cluster{members: members, notice: notice, lost: map[int]*engine.Lost{}}
}

// Close closes all engines.
func (c *Cluster) Close() error {
	var errs []error
	for _, m := range c.members {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}

// Platforms returns the platforms of all engines, those of the first one first.
func (c *Cluster) Platforms(ctx context.Context) ([]ocispecs.Platform, error) {
	var all []ocispecs.Platform
	nodes, err := c.nodes(ctx)
	for _, n := range nodes {
		for _, p := range n.node.platforms {
			if !slices.ContainsFunc(all, func(o ocispecs.Platform) bool {
				return o.OS == p.OS && o.Architecture == p.Architecture && o.Variant == p.Variant
			}) {
				all = append(all, p)
			}
		}
	}
	return all, err
}

// live is a member that is not lost.
type live struct {
	number int
	node   node
}

// nodes returns the members that respond.
func (c *Cluster) nodes(ctx context.Context) ([]live, error) {
	var all []live
	var last error
	for i, m := range c.members {
		if c.isLost(i) {
			continue
		}
		p, err := m.Platforms(ctx)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			last = err
			c.lose(i, err)
			continue
		}
		all = append(all, live{i, node{m.Name, p}})
	}
	if len(all) == 0 {
		return nil, &engine.UnavailableError{What: "none of the engines responds", Help: "check that they run: layc engine try ADDRESS", Err: last}
	}
	return all, nil
}

func (c *Cluster) isLost(member int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost[member] != nil
}

// lose marks a member as lost, and tells the user once.
func (c *Cluster) lose(member int, err error) {
	c.mu.Lock()
	again := c.lost[member] != nil
	if !again {
		c.lost[member] = &engine.Lost{Engine: c.members[member].Name, Err: err}
	}
	c.mu.Unlock()
	if !again {
		first, _, _ := strings.Cut(err.Error(), "\n")
		c.notice(fmt.Sprintf("building without %s: %s", c.members[member].Name, first))
	}
}

// without notes that a lost member did not build images.
func (c *Cluster) without(member int, images []engine.LostImage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lost[member]
	l.Images = append(l.Images, images...)
}

// built notes which member has built an image that lost ones did not.
func (c *Cluster) built(image engine.Image, member int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.lost {
		for n := range l.Images {
			if i := &l.Images[n]; i.Name == image.Name && i.Platform.Architecture == image.Platform.Architecture && i.Platform.Variant == image.Platform.Variant {
				i.On = c.members[member].Name
			}
		}
	}
}

// allLost returns the lost members, with the steps that they have executed, in the order of the members.
func (c *Cluster) allLost() []engine.Lost {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []engine.Lost
	for _, member := range slices.Sorted(maps.Keys(c.lost)) {
		l := *c.lost[member]
		l.Images = slices.Clone(l.Images)
		for _, r := range c.ran {
			if r.member == member {
				l.Steps = append(l.Steps, r.steps...)
			}
		}
		all = append(all, l)
	}
	return all
}

// Build is like [engine.Engine.Build].
func (c *Cluster) Build(ctx context.Context, req engine.Request) (*engine.Result, error) {
	result, err := c.build(ctx, req)
	if lost := c.allLost(); len(lost) > 0 {
		if result == nil {
			result = &engine.Result{}
		}
		result.Lost = lost
	}
	return result, err
}

func (c *Cluster) build(ctx context.Context, req engine.Request) (*engine.Result, error) {
	nodes, err := c.nodes(ctx)
	if err != nil {
		return nil, err
	}
	var names []node
	for _, n := range nodes {
		names = append(names, n.node)
	}
	jobs, err := spread(req, names)
	if err != nil {
		return nil, err
	}
	r := &running{cluster: c, req: req, nodes: nodes, proven: make([]engine.Proven, len(req.Proofs)), executed: map[digest.Digest]engine.Step{}, cached: map[digest.Digest]engine.Step{}}
	if err := r.all(ctx, jobs); err != nil {
		return &engine.Result{Steps: r.steps()}, err
	}
	if r.unproven {
		return &engine.Result{Steps: r.steps()}, &engine.UnprovenError{Proven: r.proven}
	}
	return r.collect(ctx)
}

// running is a build on a cluster.
type running struct {
	cluster *Cluster
	req     engine.Request
	nodes   []live

	mu       sync.Mutex // guards what follows, and the request's Status
	proven   []engine.Proven
	unproven bool
	executed map[digest.Digest]engine.Step
	cached   map[digest.Digest]engine.Step
}

// all runs jobs, each after those that it needs. The first error ends the others.
func (r *running) all(ctx context.Context, jobs []*job) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := map[*job]chan struct{}{}
	for _, j := range jobs {
		done[j] = make(chan struct{})
	}
	var running sync.WaitGroup
	for _, j := range jobs {
		running.Go(func() {
			defer close(done[j])
			for _, other := range j.needs {
				<-done[other]
			}
			if ctx.Err() != nil {
				return
			}
			if err := r.job(ctx, j); err != nil {
				cancel(err)
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

// job builds a job on its node, or on another one if that is lost.
func (r *running) job(ctx context.Context, j *job) error {
	key := ""
	for _, o := range slices.SortedFunc(maps.Keys(j.targets), compareOutputs) {
		key = cmp.Or(key, string(o.vertex))
	}
	for at := j.node; ; {
		member := r.nodes[at].number
		err := r.on(ctx, at, j)
		if err == nil {
			for _, i := range j.images {
				r.cluster.built(r.req.Images[i], member)
			}
		}
		if ctx.Err() != nil || !isLost(err) {
			return err
		}
		r.cluster.lose(member, err)
		var images []engine.LostImage
		for _, i := range j.images {
			images = append(images, engine.LostImage{Name: r.req.Images[i].Name, Platform: r.req.Images[i].Platform})
		}
		r.cluster.without(member, images)
		next := r.next(j, key)
		if next < 0 {
			return err
		}
		at = next
	}
}

// next returns the node that takes over a job; -1 if none is left.
func (r *running) next(j *job, key string) int {
	var left []node
	var numbers []int
	for n, l := range r.nodes {
		if !r.cluster.isLost(l.number) {
			left, numbers = append(left, l.node), append(numbers, n)
		}
	}
	if len(left) == 0 {
		return -1
	}
	var platform *pb.Platform
	if len(j.images) > 0 {
		p := r.req.Images[j.images[0]].Platform
		platform = &pb.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant}
	}
	s := &spreader{nodes: left}
	able := s.able(platform)
	return numbers[able[placement.Rank(s.names(able), key)[0]]]
}

// isLost reports whether an engine cannot be used any more.
func isLost(err error) bool {
	var unavailable *engine.UnavailableError
	return errors.As(err, &unavailable) && unavailable.Gone()
}

// on builds a job on a node.
func (r *running) on(ctx context.Context, at int, j *job) error {
	member := r.cluster.members[r.nodes[at].number]
	req := r.req
	req.Output = engine.Output{Compression: req.Output.Compression}
	req.Status = r.status(member.Name)
	if told := r.req.Unproven; told != nil {
		req.Unproven = func(n int, p engine.Proven) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if p.Failed != nil {
				p.Failed.Engine = member.Name
			}
			told(j.proofs[n], p)
		}
	}
	req.Images, req.Proofs = nil, nil
	for n, def := range j.shared {
		req.Images = append(req.Images, engine.Image{Name: fmt.Sprintf("shared step %d", n), Platform: r.req.Images[0].Platform, Definition: def})
	}
	for _, i := range j.images {
		req.Images = append(req.Images, r.req.Images[i])
	}
	for _, i := range j.proofs {
		req.Proofs = append(req.Proofs, r.req.Proofs[i])
	}
	result, err := member.Build(ctx, req)
	r.mu.Lock()
	defer r.mu.Unlock()
	if result != nil { // also of a failed build
		r.count(r.nodes[at].number, result.Steps)
	}
	var unproven *engine.UnprovenError
	var step *engine.StepError
	switch {
	case errors.As(err, &unproven):
		r.unproven = true
		r.prove(j, unproven.Proven, member.Name)
		return nil
	case errors.As(err, &step):
		step.Engine = member.Name
		return err
	case err != nil:
		return err
	case result.CacheErr != nil: // the others would not find what it has built
		return result.CacheErr
	}
	r.prove(j, result.Proven, member.Name)
	return nil
}

// prove records the results of a job's proofs. The caller holds r.mu.
func (r *running) prove(j *job, all []engine.Proven, name string) {
	for n, p := range all {
		if p.Failed != nil {
			p.Failed.Engine = name
		}
		r.proven[j.proofs[n]] = p
	}
}

// count records steps. The caller holds r.mu.
func (r *running) count(member int, steps engine.Steps) {
	for _, s := range steps.Executed {
		r.executed[s.Vertex] = s
	}
	for _, s := range steps.Cached {
		r.cached[s.Vertex] = s
	}
	r.cluster.mu.Lock()
	r.cluster.ran = append(r.cluster.ran, ran{member, steps.Executed})
	r.cluster.mu.Unlock()
}

// status passes on the progress of an engine, with its name. Engines work on equal vertices, which
// displays tell apart by their digests.
func (r *running) status(name string) func(*client.SolveStatus) {
	if r.req.Status == nil {
		return nil
	}
	id := func(d digest.Digest) digest.Digest { return digest.FromString(name + string(d)) }
	short := strings.TrimPrefix(strings.TrimPrefix(name, "unix://"), "tcp://")
	return func(s *client.SolveStatus) {
		out := &client.SolveStatus{}
		for _, v := range s.Vertexes {
			if v.Started == nil || v.Cached {
				continue // each engine would list all that it finds
			}
			named := *v
			named.Digest, named.Name, named.Inputs = id(v.Digest), short+" "+v.Name, nil
			out.Vertexes = append(out.Vertexes, &named)
		}
		for _, v := range s.Statuses {
			named := *v
			named.Vertex = id(v.Vertex)
			out.Statuses = append(out.Statuses, &named)
		}
		for _, v := range s.Logs {
			named := *v
			named.Vertex = id(v.Vertex)
			out.Logs = append(out.Logs, &named)
		}
		for _, v := range s.Warnings {
			named := *v
			named.Vertex = id(v.Vertex)
			out.Warnings = append(out.Warnings, &named)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.req.Status(out)
	}
}

// collect writes the images with one engine, which finds all of their layers in the registry.
func (r *running) collect(ctx context.Context) (*engine.Result, error) {
	out := &engine.Result{}
	if r.req.Output.Dir != "" {
		all := &job{targets: map[output]bool{}}
		for at := range r.nodes {
			if r.cluster.isLost(r.nodes[at].number) {
				continue
			}
			member := r.cluster.members[r.nodes[at].number]
			req := r.req
			req.Proofs, req.Status = nil, r.status(member.Name)
			result, err := member.Build(ctx, req)
			if err != nil && isLost(err) && ctx.Err() == nil && r.next(all, "") >= 0 {
				r.cluster.lose(r.nodes[at].number, err)
				continue
			}
			if err != nil {
				return nil, err
			}
			out.Images, out.Changes, out.CacheErr = result.Images, result.Changes, result.CacheErr
			r.mu.Lock()
			r.count(r.nodes[at].number, result.Steps)
			r.mu.Unlock()
			break
		}
	}
	out.Proven, out.Steps = r.proven, r.steps()
	return out, nil
}

// steps returns what all engines have executed, or found, by name.
func (r *running) steps() engine.Steps {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out engine.Steps
	for id, s := range r.executed {
		out.Executed = append(out.Executed, s)
		delete(r.cached, id)
	}
	for _, s := range r.cached {
		out.Cached = append(out.Cached, s)
	}
	for _, list := range [][]engine.Step{out.Executed, out.Cached} {
		slices.SortFunc(list, func(a, b engine.Step) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Vertex, b.Vertex))
		})
	}
	return out
}
