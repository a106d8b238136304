package frontend

import (
	"context"
	"errors"
	"fmt"
	"strings"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/images"
	"github.com/layc-lang/layc/llb/world"
)

// failed returns errors of the program, as layc check shows them.
func failed(list diag.List) error {
	return fmt.Errorf("%s\n\n%s", diag.Summary(list), rendered(list))
}

// rendered returns errors and warnings as text. A user sets parameters with --build-arg.
func rendered(list diag.List) string {
	var b strings.Builder
	_ = diag.Render(&b, list, diag.Options{}) // a Builder does not fail
	return strings.ReplaceAll(strings.TrimRight(b.String(), "\n"), "--set ", "--build-arg ")
}

// told returns the error of a build in terms of the program, and of the flags of docker build.
func told(err error) error {
	var step *images.StepError
	var machine *images.MachineError
	var unproven *images.UnprovenError
	var layout *images.LayoutError
	var mirror *world.NoMirrorError
	switch {
	case errors.As(err, &step):
		return failed(diag.List{step.Diagnostic})
	case errors.As(err, &machine):
		return failed(diag.List{machine.Diagnostic})
	case errors.As(err, &unproven):
		var list diag.List
		for _, o := range unproven.Outcomes {
			for _, f := range o.Findings {
				list = append(list, f.Diagnostic)
			}
		}
		return failed(list)
	case errors.As(err, &layout):
		return fmt.Errorf("%w, which BuildKit cannot read for a frontend\nbuild with `layc build`, or push the base to a registry", err)
	case errors.As(err, &mirror):
		return fmt.Errorf("no mirror for %s\nname one with --build-arg %s=URL", mirror.Archive, MirrorArgument(mirror.Archive))
	}
	return err
}

// warnings passes on what the proofs of a build warn of.
func (b *build) warnings(ctx context.Context, vertex digest.Digest, outcomes []images.Outcome) {
	for _, o := range outcomes {
		for _, f := range o.Findings {
			b.finding(ctx, vertex, f.Diagnostic)
		}
	}
}

// finding passes on a warning.
func (b *build) finding(ctx context.Context, vertex digest.Digest, d *diag.Diagnostic) {
	b.warn(ctx, vertex, rendered(diag.List{d}))
}

// warn passes on text for the user: its first line, and details. It has no effect on the build, so
// an error is ignored.
func (b *build) warn(ctx context.Context, vertex digest.Digest, text string) {
	first, rest, _ := strings.Cut(text, "\n")
	var details [][]byte
	for line := range strings.Lines(rest) {
		details = append(details, []byte(strings.TrimRight(line, "\n")))
	}
	_ = b.client.Warn(ctx, vertex, first, gateway.WarnOpts{Level: 1, Detail: details})
}
