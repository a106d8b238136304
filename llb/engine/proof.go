//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"golang.org/x/sync/errgroup"
)

// Proof is a definition that is solved beside the images to see what comes of
// it. It is in no image, and the engine's cache knows it again.
type Proof struct {
	Definition *pb.Definition
	// Report is the path of a file in what the definition makes: what the proof
	// has found. Empty: it reports nothing, and either succeeds or fails.
	Report string
	// Holds tells from the report whether the images may be written. Nil: they
	// may, whatever it says.
	Holds func(report []byte) bool
}

// Proven is what came of a proof.
type Proven struct {
	Report []byte
	Failed *StepError // nil: all its steps succeeded
}

// UnprovenError is the error for images that were built but not written, because
// proofs failed.
type UnprovenError struct {
	Proven []Proven // of all proofs, in the request's order
}

func (e *UnprovenError) Error() string {
	failed := 0
	for _, p := range e.Proven {
		if p.Failed != nil {
			failed++
		}
	}
	return fmt.Sprintf("%d of %d proofs failed", failed, len(e.Proven))
}

// proving is the proofs of one build. One that fails lets the others go on:
// people want to see all of them.
type proving struct {
	proofs []Proof

	mu      sync.Mutex // guards what follows
	reports [][]byte
	errs    []error
}

func newProving(proofs []Proof) *proving {
	return &proving{proofs: proofs, reports: make([][]byte, len(proofs)), errs: make([]error, len(proofs))}
}

// errUnproven ends a build before anything is exported.
var errUnproven = errors.New("a proof does not hold")

// start solves all proofs, each in a goroutine of the group. Only the end of
// ctx is an error of the group.
func (p *proving) start(ctx context.Context, g gateway.Client, eg *errgroup.Group) {
	for i, proof := range p.proofs {
		eg.Go(func() error {
			report, err := proof.solve(ctx, g)
			p.mu.Lock()
			defer p.mu.Unlock()
			p.reports[i], p.errs[i] = report, err
			return ctx.Err()
		})
	}
}

func (p Proof) solve(ctx context.Context, g gateway.Client) ([]byte, error) {
	r, err := g.Solve(ctx, gateway.SolveRequest{Definition: p.Definition, Evaluate: true})
	if err != nil || p.Report == "" {
		return nil, err
	}
	ref, err := r.SingleRef()
	if err != nil {
		return nil, err
	}
	return ref.ReadFile(ctx, gateway.ReadRequest{Filename: p.Report})
}

// check returns errUnproven unless all proofs hold.
func (p *proving) check() error {
	for i, proof := range p.proofs {
		if p.errs[i] != nil || proof.Holds != nil && !proof.Holds(p.reports[i]) {
			return errUnproven
		}
	}
	return nil
}

// results are what came of the proofs. An error that is not a failed step's is
// the build's own.
func (p *proving) results(ctx context.Context, t *tracker) ([]Proven, error) {
	var out []Proven
	for i, proof := range p.proofs {
		proven := Proven{Report: p.reports[i]}
		if p.errs[i] != nil {
			err := classify(ctx, p.errs[i], t)
			if !errors.As(err, &proven.Failed) && !t.lost(proof.Definition, err, &proven.Failed) {
				return nil, err
			}
			if t.ops[proven.Failed.Vertex].GetSource() != nil {
				return nil, proven.Failed // what it would be built from is not there: that proves nothing
			}
		}
		out = append(out, proven)
	}
	return out, nil
}

// lost finds the failed step of a definition where BuildKit lost it: where two
// steps that share an input fail in one build, it answers the second with an
// error of its own. False if the network or the end of ctx is to blame.
func (t *tracker) lost(def *pb.Definition, err error, step **StepError) bool {
	var unavailable *UnavailableError
	id, why := t.failure(def)
	if id == "" || errors.As(err, &unavailable) || errors.Is(err, context.Canceled) {
		return false
	}
	name, log := t.describe(id)
	*step = &StepError{Vertex: id, Name: name, Log: log, Err: rootCause(errors.New(why))}
	return true
}
