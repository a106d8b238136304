package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/images"
	"github.com/layc-lang/layc/llb/outputs"
	"github.com/layc-lang/layc/llb/registry"
)

// pushedApps returns the apps of the plans' images, by the images' names in the layout.
func pushedApps(plans []*plan.Plan) map[string]*model.App {
	apps := map[string]*model.App{}
	for _, p := range plans {
		for _, i := range slices.Concat(p.Images, p.Published) {
			for _, name := range i.App.References() {
				apps[name] = i.App
			}
		}
	}
	return apps
}

// pushError is the error of a push to a place.
type pushError struct {
	to  string // registries with paths, or templates of names
	err error
}

func (e *pushError) Error() string { return "cannot push to " + e.to }
func (e *pushError) Unwrap() error { return e.err }

// pushesTo returns the names of the images that an output pushes, and where they go.
func pushesTo(o outputs.Output, d *delivery) (names map[string]string, to string, err error) {
	names, err = o.Name.Names(tagsOf(d.apps), d.values)
	return names, cmp.Or(string(o.Name), d.values.Registry), err
}

// mayPush fails if the images cannot be pushed, as far as that is known before they are built. It asks all
// places at once and reports each that refuses.
func (b *build) mayPush(cmd *cobra.Command, plans []*plan.Plan, d *delivery) error {
	names := slices.Concat(tagsOf(d.apps)...)
	failed := make([]*pushError, len(b.destination.pushes))
	var all sync.WaitGroup
	for n, o := range b.destination.pushes {
		full, to, err := pushesTo(o, d)
		if err != nil {
			return err
		}
		for _, i := range names {
			b.unmoved = append(b.unmoved, jsonPush{Image: i, Reference: cmp.Or(full[i], i), State: string(registry.NotMoved)})
		}
		all.Go(func() {
			if err := b.client.CheckPush(cmd.Context(), names, full); err != nil {
				failed[n] = &pushError{to, err}
			}
		})
	}
	all.Wait()
	if err := context.Cause(cmd.Context()); err != nil {
		return err
	}
	var unnamed, denied diag.List
	for _, f := range failed {
		var invalid *registry.NameError
		switch {
		case f == nil:
		case errors.As(f.err, &invalid):
			unnamed.Errorf(diag.InvalidImageName, pushedApps(plans)[invalid.Name].Span, "no registry accepts the name of the image %s", invalid.Name).
				Note("%s", invalid.Err)
		default:
			denied = append(denied, notPushed(nil, nil, f)...)
		}
	}
	if len(unnamed) > 0 {
		return b.findings(unnamed)
	}
	if len(denied) == 0 {
		return nil
	}
	return b.ended(exitUnavailable, b.unpushed(denied), emptyJSON())
}

// upload pushes the images of the layout to all places, as one push: no tag moves anywhere unless all
// places have all images. Its error is a *pushError.
func (b *build) upload(ctx context.Context, layout string, d *delivery) ([]registry.Pushed, error) {
	shown := b.pushProgress()
	defer shown.close()
	options := registry.PushOptions{Progress: shown.show}
	var all []string
	for _, o := range b.destination.pushes {
		names, to, err := pushesTo(o, d)
		if err != nil {
			return nil, &pushError{to, err}
		}
		options.Places = append(options.Places, names)
		if !slices.Contains(all, to) {
			all = append(all, to)
		}
	}
	if b.signs.key != nil {
		options.Sign = b.signs.key
	}
	pushed, err := b.client.Push(ctx, layout, "", slices.Concat(tagsOf(d.apps)...), options)
	if err != nil {
		err = &pushError{strings.Join(all, " and "), err}
	}
	return pushed, err
}

// notPushed returns the errors of a push: one for each refused tag, or the one that ended it.
func notPushed(apps map[string]*model.App, pushed []registry.Pushed, failed *pushError) diag.List {
	var list diag.List
	for _, p := range pushed {
		if p.Err != nil {
			d := list.Errorf(diag.PushFailed, apps[p.Name].Span, "cannot push %s", p.Reference)
			if !explainPush(d, p.Err) {
				d.Hint("if the tag is immutable, set another `tag`, or delete it from the registry")
			}
		}
	}
	if len(list) == 0 {
		d := &diag.Diagnostic{Code: diag.PushFailed, Message: failed.Error()}
		explainPush(d, failed.err)
		list = append(list, d)
	}
	return list
}

// explainPush adds the reason, and for some errors what to do.
func explainPush(d *diag.Diagnostic, err error) (helps bool) {
	var advised load.Advised
	if !errors.As(err, &advised) {
		d.Note("%s", registry.Cause(err))
		if strings.Contains(err.Error(), "DIGEST_INVALID") {
			d.Hint("if a layer is damaged on this machine, run `layc engine prune` and build again")
			return true
		}
		return false
	}
	note, help := advised.Advice()
	for line := range strings.Lines(note) {
		d.Note("%s", strings.TrimSpace(line))
	}
	d.Hint("%s", help)
	return true
}

// unpushed prints the errors of a push.
func (b *build) unpushed(list diag.List) error {
	b.found = list
	return diag.Render(screen(b.err), list, rendering(b.err))
}

// partlyPushed ends a build whose push failed: it prints what was pushed and what was not.
func (b *build) partlyPushed(ctx context.Context, plans []*plan.Plan, result *images.Result, d *delivery, done delivered, failed *pushError) error {
	count := map[registry.State]int{}
	for _, p := range done.pushed {
		count[p.State]++
	}
	moved := fmt.Sprintf("%s pushed, %d unchanged, %d not pushed", term.Count(count[registry.Moved], "tag"),
		count[registry.Unchanged], count[registry.Refused]+count[registry.NotMoved])
	if ctx.Err() != nil {
		if count[registry.Moved] > 0 {
			fmt.Fprintln(b.err, moved)
		}
		return failed
	}
	if err := b.unpushed(notPushed(pushedApps(plans), done.pushed, failed)); err != nil {
		return err
	}
	fmt.Fprintf(b.err, "\n%s\n", moved)
	switch {
	case b.quiet:
		b.references(d, result, done)
	case !b.json:
		b.summary(plans, result, d, done)
	}
	told := resultJSON(result, done, b.destination.dir)
	if err := errors.Join(b.writeDigests(plans, done.pushed), result.CacheErr); err != nil {
		_, told.Error = exitOf(ctx, err)
		fmt.Fprintln(b.err, told.Error)
	}
	return b.ended(exitUnavailable, nil, told)
}

// pushProgress shows the progress of a push: as lines, as one line of a terminal, or not at all.
type pushProgress struct {
	to       io.Writer               // nil: nowhere
	line     func(registry.Progress) // prints a line
	terminal bool
	last     time.Time
	shown    bool // the line is on the terminal
}

func (b *build) pushProgress() *pushProgress {
	p := &pushProgress{to: b.err, line: pushing(b.err)}
	if b.quiet {
		p.to = nil
	}
	switch b.progressMode() {
	case "quiet", "json", "rawjson":
		p.to = nil
	case "tty":
		p.terminal = true
	}
	return p
}

// show shows a report. It rewrites the line of a terminal ten times a second at most.
func (p *pushProgress) show(r registry.Progress) {
	switch {
	case p.to == nil:
	case !p.terminal:
		p.line(r)
	case r.Done == r.Total || time.Since(p.last) > 100*time.Millisecond:
		p.last, p.shown = time.Now(), true
		fmt.Fprintf(screen(p.to), "\r\x1b[Kpushing: %d of %d, %s sent", r.Done, r.Total, plan.Bytes(r.Sent))
	}
}

// close removes the line of a terminal.
func (p *pushProgress) close() {
	if p.shown {
		fmt.Fprint(screen(p.to), "\r\x1b[K")
	}
}
