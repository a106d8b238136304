package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/images"
	"github.com/layc-lang/layc/llb/registry"
	"github.com/layc-lang/layc/llb/world"
	"github.com/layc-lang/layc/llb/world/vendored"
)

// copies is the store of what the project has copies of.
func (c *cli) copies() vendored.Store { return vendored.Store{Dir: filepath.Join(c.dir, "vendor")} }

// vendored returns the copies that a build takes.
func (c *cli) vendored() images.Copies {
	if store := c.copies(); store.Exists() {
		return store
	}
	return nil
}

// inputs is what a build downloads.
type inputs struct {
	files  []vendored.File
	images []lock.Image
}

// inputs returns what a build of all apps downloads, tests included.
func (v *vendoring) inputs(out *compiler.Output) (inputs, error) {
	var all inputs
	for _, t := range out.Targets {
		g, err := llb.Lower(t.Plan, llb.Options{Build: here, Verify: true})
		if err != nil {
			return all, err
		}
		for _, d := range g.Downloads {
			n := slices.IndexFunc(all.files, func(f vendored.File) bool { return f.Digest == d.Digest })
			if n < 0 {
				n = len(all.files)
				all.files = append(all.files, vendored.File{Digest: d.Digest, Size: d.Size})
			}
			for _, u := range d.URLs {
				if f := &all.files[n]; !slices.Contains(f.Origins, u) {
					f.Origins = append(f.Origins, u)
				}
			}
		}
		for _, b := range g.Bases {
			if i := (lock.Image{Reference: b.Reference, Digest: b.Digest}); !slices.Contains(all.images, i) {
				all.images = append(all.images, i)
			}
		}
	}
	return all, nil
}

// everything copies what builds download.
func (v *vendoring) everything(cmd *cobra.Command, pins *lock.File) error {
	out, err := v.compile(cmd, v.program, compiler.Planned)
	if err != nil {
		return err
	}
	if err := v.mirrors.check(cmd, out.Targets); err != nil {
		return err
	}
	all, err := v.inputs(out)
	if err != nil {
		return err
	}
	if v.check {
		return v.missing(cmd.Context(), pins, all)
	}
	mirrors, err := v.mirrors.find(cmd)
	if err != nil {
		return err
	}
	client, err := v.registries.client(cmd)
	if err != nil {
		return err
	}
	mirrors = mirrors.With(out.Refs().Distributions...)
	release, err := v.hold(cmd.Context())
	if err != nil {
		return err
	}
	defer release()
	store := v.copies()
	progress := &downloads{to: v.err}
	resolver := world.NewResolver(world.Options{Mirrors: mirrors, Now: time.Now(), Progress: progress.step})
	filled, err := store.Fill(cmd.Context(), all.files, resolver.Content, progress.done)
	if err != nil {
		return v.unfilled(store, err)
	}
	if err := client.Copy(cmd.Context(), store.Images(), all.images, func(i lock.Image) {
		fmt.Fprintf(v.err, "copied the image %s\n", i.Reference)
	}); err != nil {
		return v.unfilled(store, err)
	}
	fmt.Fprintf(v.out, "%s has %s, %s: %d new (%s), %d removed\n", store.Dir,
		term.Count(filled.Files, "file"), plan.Bytes(filled.Bytes), filled.Added, plan.Bytes(filled.AddedBytes), filled.Removed)
	if n := len(all.images); n > 0 {
		fmt.Fprintf(v.out, "%s has %s\n", store.Images(), term.Count(n, "image"))
	}
	return nil
}

// unfilled returns the error for copies that could not be made.
func (v *vendoring) unfilled(store vendored.Store, err error) error {
	if file := pathOf(err); strings.HasPrefix(file, store.Dir) {
		return cannot("write", file, err)
	}
	return err
}

// missing fails, after it has listed them, if copies are missing or changed.
func (v *vendoring) missing(ctx context.Context, pins *lock.File, all inputs) error {
	store := v.copies()
	bad := 0
	tell := func(what, name string) {
		bad++
		fmt.Fprintf(v.out, "%s  %s\n", what, name)
	}
	repositories, err := v.modules()
	if err != nil {
		return err
	}
	repositories.Cache = filepath.Join(repositories.Cache, "none")
	for _, m := range pins.Modules {
		if _, err := repositories.Read(ctx, m, false); errors.Is(err, fs.ErrNotExist) {
			tell("missing", m.URL)
		} else if err != nil {
			tell("changed", m.URL)
		}
	}
	states, err := store.Look(ctx, all.files)
	if err != nil {
		return cannot("read", store.Dir, err)
	}
	lacking, err := registry.Copied(store.Images(), all.images)
	if err != nil {
		return err
	}
	for n, f := range all.files {
		switch states[n] {
		case vendored.Missing:
			tell("missing", f.Origins[0])
		case vendored.Changed:
			tell("changed", f.Origins[0])
		}
	}
	for _, i := range lacking {
		tell("missing", i.Reference)
	}
	if bad > 0 {
		return fmt.Errorf("%s lacks %d of %d copies; run layc vendor --all", store.Dir, bad, len(pins.Modules)+len(all.files)+len(all.images))
	}
	fmt.Fprintf(v.out, "%s has everything: %s, %s\n", store.Dir, term.Count(len(all.files), "file"), term.Count(len(all.images), "image"))
	return nil
}

// downloads prints the progress of downloads.
type downloads struct {
	to    io.Writer
	mutex sync.Mutex
	told  map[string]int64 // bytes, by name
}

// often is after how many bytes of a file its progress is printed.
const often = 50 << 20

// step is called with the progress of a download.
func (d *downloads) step(name string, done, total int64) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if done/often <= d.told[name]/often {
		return
	}
	if d.told == nil {
		d.told = map[string]int64{}
	}
	d.told[name] = done
	of := ""
	if total > 0 {
		of = " of " + plan.Bytes(total)
	}
	fmt.Fprintf(d.to, "%s  %s%s\n", shortName(name), plan.Bytes(done), of)
}

// done is called after a download.
func (d *downloads) done(f vendored.File, n, of int) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	fmt.Fprintf(d.to, "%d/%d %s  %s\n", n, of, shortName(f.Origins[0]), plan.Bytes(f.Size))
}

// shortName returns the last element of a name in a program or lock file.
func shortName(name string) string {
	if strings.HasPrefix(name, "maven:") {
		return name
	}
	return path.Base(name)
}
