package main

import (
	"context"
	"errors"

	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/images"
)

// solve opens the engine and builds with it.
func (b *build) solve(ctx context.Context, in images.Input) (*images.Result, error) {
	e, err := b.open(ctx, b.engine.options(b.notice))
	if err != nil {
		return nil, err
	}
	defer e.Close()
	if e.Attached() && b.engine.address == "" {
		b.notice("using the engine of another layc")
	}
	return images.Build(ctx, watched{e, b}, in)
}

// notice prints a sentence for the user.
func (b *build) notice(sentence string) { b.announce(sentence) }

// watched is an engine that shows the progress of builds.
type watched struct {
	builder
	b *build
}

func (w watched) Build(ctx context.Context, request engine.Request) (*engine.Result, error) {
	display, err := engine.NewDisplay(screen(w.b.err), w.b.progressMode())
	if err != nil {
		return nil, err
	}
	request.Status = display.Status
	result, err := w.builder.Build(ctx, request)
	if closing := display.Close(); err == nil && closing != nil && !errors.Is(closing, context.Canceled) {
		err = closing
	}
	return result, err
}

func (b *build) progressMode() string {
	if (b.json || b.quiet) && b.progress == "auto" {
		return "quiet"
	}
	return b.progress
}
