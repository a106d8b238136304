package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/containerd/platforms"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/images"
	"github.com/layc-lang/layc/llb/outputs"
	"github.com/layc-lang/layc/llb/progress"
)

// finish tells what was built and delivered, and the error that ended the delivery. The images are
// where they should be if there is none, so a cache that could not be written is told last.
func (b *build) finish(ctx context.Context, plans []*plan.Plan, result *images.Result, to *delivery, done delivered, ended error) error {
	err := errors.Join(ended, result.CacheErr)
	if ctx.Err() != nil && err != nil {
		return err
	}
	told := resultJSON(result, done, b.destination.dir)
	var code int
	code, told.Error = exitOf(ctx, err)
	if telling := b.tell(code, told); telling != nil {
		return telling
	}
	switch {
	case b.json || ended != nil:
	case b.quiet:
		b.references(to, result, done)
	default:
		b.summary(plans, result, to, done)
		if b.verify {
			fmt.Fprintln(b.out, verified(result.Outcomes))
		}
	}
	return err
}

// references prints the references of the images, one a line: with the digest if it is known.
func (b *build) references(to *delivery, r *images.Result, done delivered) {
	switch {
	case len(done.pushed) > 0:
		for _, p := range done.pushed {
			if p.There() {
				fmt.Fprintf(b.out, "%s@%s\n", p.Reference, p.Digest)
			}
		}
	case len(done.loaded) > 0:
		for _, name := range done.loaded {
			fmt.Fprintln(b.out, name)
		}
	case len(r.Images) > 0 && b.destination.dir != "":
		written, _ := outputs.Digests(b.destination.dir) // if they cannot be read, the names are printed
		for _, name := range slices.Concat(tagsOf(to.apps)...) {
			if id := written[name]; id != "" {
				name += "@" + id
			}
			fmt.Fprintln(b.out, name)
		}
	default:
		for _, name := range slices.Concat(tagsOf(to.apps)...) {
			fmt.Fprintln(b.out, name)
		}
	}
}

// summary prints the location of the images and what they share.
func (b *build) summary(plans []*plan.Plan, r *images.Result, to *delivery, done delivered) {
	printSharing(b.out, plans, r)
	if len(r.Pruned) > 0 {
		fmt.Fprintf(b.out, "\nremoved %s from %s, which the fleet no longer has\n", strings.Join(r.Pruned, ", "), b.destination.dir)
	}
	var places []string
	if dir := b.destination.dir; dir != "" {
		places = append(places, "wrote the images to "+dir+" (an OCI layout)")
	}
	for _, name := range done.written {
		if name != "-" {
			places = append(places, "wrote "+name)
		}
	}
	if made := b.destination.made; len(made) > 0 && (b.destination.dir != "" || len(done.written) > 0) {
		places = append(places, "made "+strings.Join(made, ", ")+", which did not exist")
	}
	for _, name := range done.loaded {
		places = append(places, "loaded "+name+" into "+to.loader.String())
	}
	for _, p := range done.pushed {
		places = append(places, string(p.State)+" "+p.Reference+"@"+p.Digest)
	}
	if len(places) == 0 && !b.destination.toStdout() {
		places = []string{"built, but not written; pass -o DIR, --load or --push"}
	}
	fmt.Fprintf(b.out, "\n%s\n", strings.Join(places, "\n"))
	b.surprises(plans, r.Images)
	fmt.Fprintf(b.out, "%s executed, %d cached%s\n", term.Count(len(r.Steps.Executed), "step"), len(r.Steps.Cached), b.times())
}

// surprises tells which layers have sizes that the plan did not expect.
func (b *build) surprises(plans []*plan.Plan, built []engine.BuiltImage) {
	var sizes []plan.Built
	for _, i := range built {
		one := plan.Built{Name: i.Name, Platform: platforms.Format(i.Platform)}
		for _, l := range i.Layers {
			one.Layers = append(one.Layers, l.Size)
		}
		sizes = append(sizes, one)
	}
	list := plan.Surprises(plans, sizes)
	if len(list) == 0 {
		return
	}
	where, verb := cmp.Or(b.destination.dir, "DIR"), "differs"
	if len(list) > 1 {
		verb = "differ"
	}
	planned := "planned"
	if list[0].Assumed {
		planned = "assumed, since nothing tells its size"
	}
	term.Flow(b.out, "", "", fmt.Sprintf("%s %s from the planned size by more than half, such as %s: %s built, %s %s",
		term.Count(len(list), "layer"), verb, list[0].Layer.Title(), plan.Bytes(list[0].Built), list[0].Layer.Size, planned))
	fmt.Fprintf(b.out, "to record sizes for better plans, run: layc lock --measure %s\n", where)
}

// times tells how long a build took that took long, and which step took longest.
func (b *build) times() string {
	if b.took < time.Second {
		return ""
	}
	text := ", in " + progress.Clock(b.took)
	if p := b.slowest; p.Took >= time.Second {
		text += fmt.Sprintf("\nthe slowest step: %s, %s, %s", p.Name, p.Step, progress.Clock(p.Took))
	}
	return text
}
