package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/solver/pb"
	terminal "golang.org/x/term"

	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/cluster"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/images"
	"github.com/layc-lang/layc/llb/progress"
)

// solve opens the engine and builds with it.
func (b *build) solve(ctx context.Context, in images.Input) (*images.Result, error) {
	b.works()
	e, err := b.openAll(ctx)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	if own, ok := e.(*engine.Engine); ok {
		in.Native = own.Native()
	}
	b.early = &early{}
	if b.tellsEarly() {
		b.early.tell = func(lines []string) {
			b.display.Interrupt(func() { fmt.Fprintln(b.err, strings.Join(lines, "\n")) })
		}
	}
	in.Found = b.early.add
	defer b.early.end()
	return images.Build(ctx, watched{e, b}, in)
}

// tellsEarly reports whether errors are told while the build goes on: to people, who watch it.
func (b *build) tellsEarly() bool {
	return !b.json && slices.Contains([]string{"tty", "plain", "github", "gitlab"}, b.progressMode())
}

// attached tells that the engine is another process's.
func (b *build) attached() {
	if !b.sharesEngine {
		b.notice("using the engine of another layc")
	}
	if b.client.Access.FromFlags() {
		b.notice("--insecure and --registry-ca do not hold for the bases that it pulls, unless it has them, too")
	}
}

// openAll opens the engine, or a cluster of those that respond.
func (b *build) openAll(ctx context.Context) (builder, error) {
	addresses, options := b.engine.all(ctx, b.caches.shared()), b.engine.options(b.notice)
	options.Later, options.Attached = true, b.attached
	switch {
	case len(addresses) == 1 && b.started != nil:
		return b.started, nil
	case len(addresses) == 1:
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
			last, b.missing = err, append(b.missing, engine.Lost{Engine: address, Err: err})
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
	var definitions []*pb.Definition
	for _, i := range request.Images {
		definitions = append(definitions, i.Definition)
	}
	for _, p := range request.Proofs {
		definitions = append(definitions, p.Definition)
	}
	display, err := progress.New(screen(w.b.err), w.b.progressMode(), columns(w.b.err), definitions, w.b.earlier())
	if err != nil {
		return nil, err
	}
	request.Status, w.b.display = display.Status, display
	if v := request.Visit; v != nil {
		own := *v
		own.Do = func(ctx context.Context, c *engine.Container) error {
			w.b.early.end()
			_ = display.Close() // the terminal is the container's
			return v.Do(ctx, c)
		}
		request.Visit = &own
	}
	began := time.Now()
	result, err := w.builder.Build(ctx, request)
	w.b.took += time.Since(began)
	if closing := display.Close(); err == nil && closing != nil && !errors.Is(closing, context.Canceled) {
		err = closing
	}
	w.b.remember(display.Took())
	if part, ok := display.Slowest(); ok && part.Took > w.b.slowest.Took {
		w.b.slowest = part
	}
	return result, err
}

// progressMode returns how to show progress: one of the modes, but not auto.
func (b *build) progressMode() string {
	if (b.json || b.quiet) && b.progress == "auto" {
		return "quiet"
	}
	return progress.Choose(b.progress, isTerminal(b.err), os.Getenv)
}

// columns returns the width of a terminal; of anything else the usual one.
func columns(w io.Writer) int {
	if f, ok := screen(w).(*os.File); ok {
		if wide, _, err := terminal.GetSize(int(f.Fd())); err == nil && wide > 20 {
			return wide
		}
	}
	return term.Width
}
