package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/registry"
	"github.com/layc-lang/layc/llb/replace"
)

// destination are the flags that say where a build writes its images.
type destination struct {
	dir      string // the OCI layout
	prune    bool
	push     bool
	registry string // the prefix of pushed images
}

func (d *destination) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&d.dir, "output", "o", "", "write an OCI layout to `DIR`")
	f.BoolVar(&d.prune, "prune", false, "remove images from DIR that the fleet no longer has")
	f.BoolVar(&d.push, "push", false, "push to the fleet's registry, or to --registry")
	f.StringVar(&d.registry, "registry", "", "push to `PREFIX` instead of the fleet's registry")
}

// check checks the flags before anything is read.
func (d *destination) check(cmd *cobra.Command) error {
	if d.registry != "" && !d.push {
		return usage(cmd, "--registry requires --push")
	}
	if d.prune && d.dir == "" {
		return usage(cmd, "--prune requires -o DIR")
	}
	return engine.CheckOutput(d.dir)
}

// choose sets what the flags leave to the fleet.
func (d *destination) choose(cmd *cobra.Command, fleet model.Fleet) error {
	if d.registry == "" {
		d.registry = fleet.Registry
	}
	if d.push && d.registry == "" {
		return usage(cmd, `--push: the fleet has no registry; write registry "…" in fleet { … }, or pass --registry`)
	}
	return nil
}

// layout returns the directory for the images: the output, or a temporary one if they are only
// pushed; "" if they are not written.
func (d *destination) layout() (dir string, clean func(), err error) {
	if d.dir != "" || !d.push {
		return d.dir, func() {}, nil
	}
	// The layout is a subdirectory: the engine locks it, and replace locks the temporary
	// directory.
	in, clean, err := replace.Temporary(os.TempDir())
	return filepath.Join(in, "layout"), clean, err
}

// output returns what the engine writes to the directory of the layout.
func (b *build) output(layout string, targets []*compiler.Target) (engine.Output, error) {
	dir, err := filepath.Abs(b.dir)
	if err != nil {
		return engine.Output{}, err
	}
	out := engine.Output{Dir: layout, Prune: b.destination.prune, Fleet: filepath.Base(dir)}
	if at := targets[0].Graph.Fleet.Registry; at != "" {
		out.Fleet += " of " + at
	}
	for _, t := range targets {
		for _, a := range slices.Concat(t.Graph.Apps, t.Graph.Published) {
			out.Names = append(out.Names, a.References()...)
		}
	}
	return out, nil
}

// imageNames returns the names of the plans' images in the layout.
func imageNames(plans []*plan.Plan) []string {
	var names []string
	for _, p := range plans {
		for _, i := range slices.Concat(p.Images, p.Published) {
			names = append(names, i.App.References()...)
		}
	}
	return names
}

// upload pushes images of the layout.
func (b *build) upload(ctx context.Context, layout string, names []string) ([]registry.Pushed, error) {
	var progress func(registry.Progress)
	if !b.json && !b.quiet {
		progress = func(p registry.Progress) {
			fmt.Fprintf(b.err, "pushed %d/%d %s %s\n", p.Done, p.Total, p.What, p.Reference)
		}
	}
	pushed, err := registry.Client{}.Push(ctx, layout, b.destination.registry, names, registry.PushOptions{Progress: progress})
	if err != nil {
		return nil, &engine.UnavailableError{What: "cannot push to " + b.destination.registry, Err: err}
	}
	return pushed, nil
}
