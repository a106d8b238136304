package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/layc-lang/layc/llb/cluster"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/images"
)

// solve opens the engine and builds with it.
func (b *build) solve(ctx context.Context, in images.Input) (*images.Result, error) {
	e, err := b.openAll(ctx)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	if e.Attached() && b.engine.address == "" {
		b.notice("using the engine of another layc")
		if b.client.Access.FromFlags() {
			b.notice("--insecure and --registry-ca do not hold for the bases that it pulls, unless it has them, too")
		}
	}
	return images.Build(ctx, watched{e, b}, in)
}

// openAll opens the engine, or a cluster of those that respond.
func (b *build) openAll(ctx context.Context) (builder, error) {
	addresses, options := b.engine.all(b.caches.shared()), b.engine.options(b.notice)
	if len(addresses) == 1 {
		return b.open(ctx, options)
	}
	var members []cluster.Member
	var last error
	for _, address := range addresses {
		options.Address = address
		e, err := b.open(ctx, options)
		switch {
		case ctx.Err() != nil:
			return nil, errors.Join(context.Cause(ctx), cluster.New(members, b.notice).Close())
		case err != nil:
			last = err
			first, _, _ := strings.Cut(err.Error(), "\n")
			b.notice(fmt.Sprintf("building without %s: %s", address, first))
		default:
			members = append(members, cluster.Member{Name: address, Engine: e})
		}
	}
	if len(members) == 0 {
		return nil, last
	}
	return cluster.New(members, b.notice), nil
}

// notice prints a sentence for the user, who may want none.
func (b *build) notice(sentence string) {
	if b.progress != "quiet" {
		b.announce(sentence)
	}
}

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
