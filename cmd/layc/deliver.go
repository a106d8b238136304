package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/naming"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/outputs"
	"github.com/layc-lang/layc/llb/registry"
	"github.com/layc-lang/layc/llb/revision"
)

// delivery is where the images of chosen plans go.
type delivery struct {
	apps      []outputs.App
	values    naming.Values
	labels    map[string]string
	output    engine.Output // without its directory
	loader    outputs.Loader
	loadNames map[string]string // of loaded images, by those in the layout
}

// delivered are the places that images went to.
type delivered struct {
	pushed  []registry.Pushed
	written []string
	loaded  []string
}

// deliver decides where the images go, and checks what can be checked before a build.
func (b *build) deliver(cmd *cobra.Command, targets []*compiler.Target, plans []*plan.Plan) (*delivery, error) {
	d := &b.destination
	out := &delivery{apps: appsOf(plans, b.selection)}
	out.values.Registry = d.registry
	if out.values.Registry == "" {
		out.values.Registry = targets[0].Graph.Fleet.Registry
	}
	fleet := targets[0].Graph.Fleet
	if d.prune && fleet.Identity == "" {
		return nil, usage(cmd, `--prune: the fleet has no identity, which tells its images from others; write identity "…" in fleet { … }`)
	}
	if err := d.byFleet(cmd, naming.Template(fleet.Naming)); err != nil {
		return nil, err
	}
	for _, o := range d.pushes {
		if o.Name == "" && out.values.Registry == "" {
			return nil, usage(cmd, `--push: the fleet has no registry; write registry "…" in fleet { … }, or pass --registry`)
		}
	}
	commit := sync.OnceValues(func() (revision.Commit, error) { return commitOf(cmd, b.dir) })
	if slices.ContainsFunc(append(slices.Concat(d.outputs, d.pushes), outputs.Output{Name: d.named}, outputs.Output{Name: d.loaded}), func(o outputs.Output) bool { return o.Name.Uses("revision") }) {
		c, err := commit()
		if err != nil {
			return nil, err
		}
		out.values.Revision = c.Name()
	}
	labels, annotations, err := b.labels.read(cmd, commit)
	if err != nil {
		return nil, err
	}
	if d.shared.MediaTypes == "docker" && len(annotations) > 0 {
		return nil, usage(cmd, "--annotation requires OCI media types; remove oci-mediatypes=false, or use --label")
	}
	if err := d.annotates(cmd, annotations); err != nil {
		return nil, err
	}
	out.labels = labels
	if out.output, err = b.output(targets, out.values); err != nil {
		return nil, usage(cmd, "%s", err)
	}
	out.output.Annotations = annotations
	for _, o := range slices.Concat(d.outputs, d.pushes) {
		if _, err := o.Name.Names(tagsOf(out.apps), out.values); err != nil {
			return nil, usage(cmd, "--output %s: name=%s: %s", o, o.Name, err)
		}
		var machine syscall.Errno
		switch err := o.Check(out.apps); {
		case errors.As(err, &machine):
			return nil, &fileError{fmt.Errorf("--output %w", err), true, ""}
		case err != nil:
			return nil, usage(cmd, "--output %s", err)
		}
	}
	claims, err := b.claims(out.apps)
	if err == nil {
		err = collide(cmd, claims)
	}
	if err != nil || d.load == "" {
		return out, err
	}
	if out.loadNames, err = d.loaded.Names(tagsOf(out.apps), out.values); err != nil {
		return nil, usage(cmd, "name=%s: %s", d.loaded, err)
	}
	name := d.load
	if name == anyLoader {
		name = ""
	}
	if out.loader, err = outputs.FindLoader(cmd.Context(), name); err != nil && cmd.Context().Err() == nil {
		return nil, &engine.UnavailableError{What: err.Error()}
	}
	return out, err
}

// output returns what the engine writes to a layout. Its names are those of the whole fleet.
func (b *build) output(targets []*compiler.Target, v naming.Values) (engine.Output, error) {
	d := &b.destination
	out := engine.Output{
		Fleet: targets[0].Graph.Fleet.Identity, Prune: d.prune, DockerTypes: d.shared.MediaTypes == "docker",
		Compression: compressionOf(d.shared),
	}
	var apps [][]string
	for _, t := range targets {
		for _, a := range slices.Concat(t.Graph.Apps, t.Graph.Published) {
			if refs := a.References(); !slices.ContainsFunc(apps, func(known []string) bool { return known[0] == refs[0] }) {
				apps = append(apps, refs)
			}
		}
	}
	var err error
	out.Names, err = d.named.Names(apps, v)
	return out, err
}

// appsOf returns the apps of plans, and the published images that are built with them. With a selection,
// those that it does not name are only contained in the apps.
func appsOf(plans []*plan.Plan, s selection) []outputs.App {
	var apps []outputs.App
	for _, p := range plans {
		platform := p.Graph.Platform.String()
		for _, i := range slices.Concat(p.Images, p.Published) {
			n := slices.IndexFunc(apps, func(a outputs.App) bool { return a.Name == i.App.Name })
			if n < 0 {
				n, apps = len(apps), append(apps, outputs.App{
					Name: i.App.Name, Images: i.App.References(),
					Contained: i.App.Published != nil && s.selects() && !s.isNamed(i.App),
				})
			}
			apps[n].Platforms = append(apps[n].Platforms, platform)
		}
	}
	return apps
}

// tagsOf returns the names of apps' images in a layout.
func tagsOf(apps []outputs.App) [][]string {
	var out [][]string
	for _, a := range apps {
		out = append(out, a.Images)
	}
	return out
}

// send pushes, writes and loads the layout's images.
func (b *build) send(ctx context.Context, layout string, d *delivery) (done delivered, err error) {
	for _, o := range b.destination.outputs {
		names, err := o.Name.Names(tagsOf(d.apps), d.values)
		if err != nil {
			return done, err
		}
		written, err := outputs.Write(ctx, layout, d.apps, o, names, b.destination.stdout)
		if done.written = append(done.written, written...); err != nil {
			return done, &fileError{err, true, ""}
		}
	}
	if b.destination.load != "" {
		if done.loaded, err = d.loader.Load(ctx, layout, d.apps, d.loadNames); err != nil {
			return done, &engine.UnavailableError{What: "cannot load images into " + d.loader.String(), Err: err}
		}
	}
	if len(b.destination.pushes) == 0 {
		return done, nil
	}
	if done.pushed, err = b.upload(ctx, layout, d); err != nil {
		return done, err
	}
	b.tellSigned(done.pushed)
	return done, nil
}

// warnHealth says that Podman ignores health checks of OCI images, unless the user has chosen the
// media types.
func (b *build) warnHealth(plans []*plan.Plan) {
	d := &b.destination
	oci := slices.ContainsFunc(d.outputs, func(o outputs.Output) bool { return o.Type == outputs.OCI })
	if d.shared.MediaTypes != "" || d.dir == "" && len(d.pushes) == 0 && !oci {
		return
	}
	for _, p := range plans {
		for _, i := range p.Images {
			if !checksHealth(i.App) {
				continue
			}
			b.notice("Podman ignores health checks in OCI images, such as " + i.App.Name + "'s. For Podman, write\n" +
				"-o type=docker,dest=FILE, or push with -o type=registry,oci-mediatypes=false;\n" +
				"oci-mediatypes=true omits this notice")
			return
		}
	}
}

// warnAnnotations says that images with Docker's media types lack the annotations of the program.
func (b *build) warnAnnotations(plans []*plan.Plan) {
	d := &b.destination
	archive := slices.ContainsFunc(d.outputs, func(o outputs.Output) bool { return o.Type == outputs.Docker && o.MediaTypes != "oci" })
	if d.shared.MediaTypes != "docker" && !archive {
		return
	}
	for _, p := range plans {
		if slices.ContainsFunc(p.Images, func(i *plan.Image) bool { return len(i.App.Config.Annotations) > 0 }) {
			b.notice("Docker's media types have no annotations, so the images have none; write oci-mediatypes=true for OCI's")
			return
		}
	}
}

func checksHealth(a *model.App) bool {
	return a.Config.Healthcheck != nil && len(a.Config.Healthcheck.Command) > 0
}

// pushing prints the progress of a push: a line for each part that is finished, and for large parts
// one whenever more has been sent.
func pushing(w io.Writer) func(registry.Progress) {
	const more = 50_000_000
	var told int64
	return func(p registry.Progress) {
		switch {
		case p.What != "":
			fmt.Fprintf(w, "pushed %d/%d %s %s\n", p.Done, p.Total, p.What, p.Reference)
		case p.Sent-told >= more:
			told = p.Sent
			fmt.Fprintf(w, "pushed %d/%d, %s sent\n", p.Done, p.Total, plan.Bytes(p.Sent))
		}
	}
}
