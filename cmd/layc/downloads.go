package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/pin"
	"github.com/layc-lang/layc/llb/transport"
)

// served is why a build failed. Of a download that has other content than it
// should, an engine that layc does not bring with it does not tell whether it is
// a server's error page: then layc asks the server itself.
func (b *build) served(ctx context.Context, err error) error {
	var step *engine.StepError
	if b.engine == "" || !errors.As(err, &step) || !strings.Contains(step.Remote, "://") || !otherContent.MatchString(fmt.Sprint(step.Err)) {
		return err
	}
	answer := pin.Ask(ctx, step.Remote)
	var status *pin.StatusError
	var network *pin.NetworkError
	switch {
	case errors.As(answer, &status):
		return engine.Unserved(step.Vertex, step.Remote, &transport.StatusError{Status: status.Status})
	case errors.As(answer, &network):
		return engine.Unserved(step.Vertex, step.Remote, network.Err)
	}
	return err
}

// notFetched is the finding of a download that cannot be fetched; nil if it is
// none of a step's.
func notFetched(graphs []*llb.Graph, failed *engine.UnavailableError) *diag.Diagnostic {
	for _, g := range graphs {
		origin := g.Origins[failed.Vertex]
		if failed.Vertex == "" || origin.Span.IsZero() {
			continue
		}
		var list diag.List
		d := list.Errorf("E0515", origin.Span, "%s", failed.What)
		if failed.Err != nil {
			d.Note("%s", failed.Err)
		}
		if failed.Help != "" {
			d.Hint("%s", failed.Help)
		}
		return d
	}
	return nil
}

// unpacking is how the helper begins what it says about an archive.
const unpacking = "layc-helper: unpacking the archive: "

// notUnpacked is the finding of an archive that the helper does not unpack; nil
// if a step failed for something else.
func notUnpacked(step *engine.StepError, origin llb.Origin) *diag.Diagnostic {
	if len(step.Log) == 0 {
		return nil
	}
	why, ok := strings.CutPrefix(step.Log[len(step.Log)-1], unpacking)
	if !ok {
		return nil
	}
	var list diag.List
	return list.Errorf("E0516", origin.Span, "the archive of %s cannot be unpacked", origin.Component).
		Note("%s", why).
		Hint("if the archive is right, fetch it as a file, and unpack it with a program in a `run`")
}
