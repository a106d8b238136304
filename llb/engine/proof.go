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

// Proof is a definition that is solved together with the images for its result. It is in no
// image, but in the engine's cache.
type Proof struct {
	Definition *pb.Definition
	// Report is the path of a file in the definition's result with the proof's findings. Empty:
	// the proof has no report; it either succeeds or fails.
	Report string
	// Holds decides from the report whether the images may be written. Nil: they may, whatever
	// the report is.
	Holds func(report []byte) bool
}

// Proven is the result of a proof.
type Proven struct {
	Report []byte
	Failed *StepError // nil: all its steps succeeded
}

// UnprovenError is the error for images that were built but not written, because proofs failed.
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

// proving is the proofs of one build. A failed proof does not stop the others, since all failures
// are reported.
type proving struct {
	proofs []Proof
	// failing is called when the outcome of a proof may be known.
	failing func()

	mu      sync.Mutex // guards the fields below
	reports [][]byte
	errs    []error
	told    []bool
}

func newProving(proofs []Proof) *proving {
	return &proving{proofs: proofs, failing: func() {}, reports: make([][]byte, len(proofs)), errs: make([]error, len(proofs)), told: make([]bool, len(proofs))}
}

// tell calls to with each proof that does not hold, once, as soon as it is known why. What a failed step
// has printed arrives with the reports of progress, which may be later than its error.
func (p *proving) tell(ctx context.Context, t *tracker, to func(n int, proven Proven)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, proof := range p.proofs {
		proven := Proven{Report: p.reports[i]}
		switch err := p.errs[i]; {
		case p.told[i]:
			continue
		case err == nil:
			if proof.Holds == nil || proven.Report == nil || proof.Holds(proven.Report) {
				continue
			}
		default:
			if id, _ := t.failure(proof.Definition); id == "" || ctx.Err() != nil {
				continue
			}
			failed := proven.Failed
			if !errors.As(classify(ctx, err, t, proof.Definition), &failed) || t.ops[failed.Vertex].GetSource() != nil || failed.ExitCode != 0 && len(failed.Log) == 0 {
				continue
			}
			proven.Failed = failed
		}
		p.told[i] = true
		to(i, proven)
	}
}

// errUnproven ends a build before the export.
var errUnproven = errors.New("a proof does not hold")

// start solves all proofs, each in a goroutine of the group. The group fails only if ctx ends.
func (p *proving) start(ctx context.Context, g gateway.Client, eg *errgroup.Group, imports []gateway.CacheOptionsEntry) {
	for i, proof := range p.proofs {
		eg.Go(func() error {
			report, err := proof.solve(ctx, g, imports)
			p.mu.Lock()
			p.reports[i], p.errs[i] = report, err
			p.mu.Unlock()
			p.failing()
			return ctx.Err()
		})
	}
}

func (p Proof) solve(ctx context.Context, g gateway.Client, imports []gateway.CacheOptionsEntry) ([]byte, error) {
	r, err := g.Solve(ctx, gateway.SolveRequest{Definition: p.Definition, Evaluate: true, CacheImports: imports})
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

// results returns the results of the proofs. Unless an error is a failed step's, the build fails
// with it.
func (p *proving) results(ctx context.Context, t *tracker) ([]Proven, error) {
	var out []Proven
	for i, proof := range p.proofs {
		proven := Proven{Report: p.reports[i]}
		if p.errs[i] != nil {
			err := classify(ctx, p.errs[i], t, proof.Definition)
			if !errors.As(err, &proven.Failed) {
				return nil, err
			}
			if t.ops[proven.Failed.Vertex].GetSource() != nil {
				return nil, proven.Failed // its inputs are missing, so it proves nothing
			}
		}
		out = append(out, proven)
	}
	return out, nil
}
