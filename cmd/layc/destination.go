package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/naming"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/outputs"
	"github.com/layc-lang/layc/llb/registry"
)

// destination are the flags that say where a build writes its images.
type destination struct {
	values   []string // of --output
	prune    bool
	push     bool
	registry string // the prefix of image names
	name     string // their template
	load     string // the program to load with; "": none

	// What check makes of the flags.
	dir     string           // the OCI layout; "": none
	named   naming.Template  // the names of the layout's images
	loaded  naming.Template  // the names of loaded images
	loads   bool             // an output is loaded
	outputs []outputs.Output // what is written from a layout
	pushes  []outputs.Output
	shared  outputs.Output // what all outputs of a build have alike: media types, compression
	made    []string       // directories above the outputs that are not there yet
	stdout  io.Writer      // of an output to "-"
}

// anyLoader is the value of --load without a program.
const anyLoader = "auto"

// docker is the program that loads into Docker.
const docker = "docker"

func (d *destination) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&d.values, "output", "o", nil, "write an OCI layout to `DIR`, or type=TYPE,dest=FILE; repeatable")
	f.BoolVar(&d.prune, "prune", false, "remove images from DIR that the fleet no longer has")
	f.BoolVar(&d.push, "push", false, "push to the fleet's registry, or to --registry")
	f.StringVar(&d.registry, "registry", "", "push to `PREFIX` instead of the fleet's registry")
	f.StringVar(&d.name, "name", "", "name images by `TEMPLATE`, like {registry}/{app}:{tag}")
	f.StringVar(&d.load, "load", "", "load images with `PROGRAM`: docker, podman, nerdctl or ctr")
	f.Lookup("load").NoOptDefVal = anyLoader
}

// check checks the flags before anything is read. address is the engine's.
func (d *destination) check(cmd *cobra.Command, address string) error {
	if d.load != "" && d.load != anyLoader && !slices.Contains(outputs.Loaders(), d.load) {
		if near := diag.Nearest(d.load, outputs.Loaders()); near != "" {
			return usage(cmd, "--load=%s: did you mean %s?", d.load, near)
		}
		return usage(cmd, "--load=%s: %s", d.load, expected(outputs.Loaders()))
	}
	if _, err := naming.Parse(d.name); err != nil {
		return usage(cmd, "--name %s: %s", d.name, err)
	}
	d.named, d.loaded = naming.Template(d.name), naming.Template(d.name)
	for _, value := range d.values {
		if err := d.add(value, address); err != nil {
			return usage(cmd, "--output %s: %s", value, err)
		}
	}
	if d.push {
		d.pushTo(outputs.Output{Type: outputs.Registry, Name: naming.Template(d.name)})
	}
	if d.registry != "" {
		if err := registry.CheckPrefix(d.registry); err != nil {
			return usage(cmd, "--registry %s: %s", d.registry, err)
		}
	}
	switch {
	case d.registry != "" && len(d.pushes) == 0 && len(d.outputs) == 0 && d.dir == "" && d.load == "":
		return usage(cmd, "--registry requires --push")
	case d.prune && d.dir == "":
		return usage(cmd, "--prune requires -o DIR")
	}
	for _, name := range d.files() {
		if dir := missingAbove(name); dir != "" && !slices.Contains(d.made, dir) {
			d.made = append(d.made, dir)
		}
	}
	return engine.CheckOutput(d.dir)
}

// missingAbove returns the first directory above a path that does not exist; "" if all do. A build makes
// these, as Docker's tools do, but people who have mistyped one want to know.
func missingAbove(name string) string {
	missing := ""
	for at := filepath.Dir(filepath.Clean(name)); name != ""; at = filepath.Dir(at) {
		if _, err := os.Lstat(at); err == nil || at == filepath.Dir(at) {
			break
		}
		missing = at
	}
	return missing
}

// pushTo adds a place to push to, once: --push is -o type=registry.
func (d *destination) pushTo(o outputs.Output) {
	if !slices.ContainsFunc(d.pushes, func(p outputs.Output) bool { return p.Name == o.Name }) {
		d.pushes = append(d.pushes, o)
	}
}

// add adds one --output. The image store of Docker is the only one of an engine.
func (d *destination) add(value, address string) error {
	o, err := outputs.Parse(value)
	if err != nil {
		return err
	}
	if o.Name == "" {
		o.Name = naming.Template(d.name)
	}
	if err := d.share(o); err != nil {
		return err
	}
	switch {
	case o.Type == outputs.Docker && o.Dest == "", o.Type == outputs.Image && strings.TrimSuffix(address, "://") == "docker":
		return d.loadIntoDocker(o)
	case o.Type == outputs.Image:
		return errors.New("the engine has no image store; write push=true to push, or use --load")
	case o.Type == outputs.Registry:
		d.pushTo(o)
	case o.Type == outputs.OCI && !o.Archive && d.dir != "":
		return fmt.Errorf("a build writes one OCI layout, and %s is one already; copy that with cp -r", d.dir)
	case o.Type == outputs.OCI && !o.Archive:
		d.dir, d.named = o.Dest, o.Name
	case o.Dest == "-" && d.toStdout():
		return errors.New("another output goes to the standard output, too")
	default:
		d.outputs = append(d.outputs, o)
	}
	return nil
}

// loadIntoDocker takes an output that is loaded into Docker.
func (d *destination) loadIntoDocker(o outputs.Output) error {
	switch {
	case d.load != "" && d.load != anyLoader && d.load != docker:
		return fmt.Errorf("%s loads into Docker, and --load=%s loads elsewhere; a build loads into one store", o, d.load)
	case d.loads && d.loaded != o.Name:
		return fmt.Errorf("the images are loaded once, and another output names them %s", cmp.Or(d.loaded, "as the fleet does"))
	}
	d.load, d.loaded, d.loads = docker, o.Name, true
	return nil
}

// share takes the options that all outputs of a build have alike. An output for Docker has its own
// media types.
func (d *destination) share(o outputs.Output) error {
	if o.Type == outputs.Docker {
		o.MediaTypes = ""
	}
	d.shared.Force = d.shared.Force || o.Force
	if err := compressionOf(o).Check(); err != nil {
		return err
	}
	return errors.Join(
		agree("compression", &d.shared.Compression, o.Compression),
		agree("compression-level", &d.shared.Level, o.Level),
		agree("kind of media types", &d.shared.MediaTypes, o.MediaTypes),
	)
}

func compressionOf(o outputs.Output) engine.Compression {
	return engine.Compression{Type: o.Compression, Level: o.Level, Force: o.Force}
}

func agree[T comparable](what string, all *T, own T) error {
	var unset T
	switch {
	case own == unset:
	case *all == unset:
		*all = own
	case *all != own:
		return fmt.Errorf("all outputs of a build have one %s, and another output has %v", what, *all)
	}
	return nil
}

// byFleet names the images of outputs without a template of their own as the fleet does.
func (d *destination) byFleet(cmd *cobra.Command, fleet naming.Template) error {
	all := []*naming.Template{&d.named, &d.loaded}
	for _, list := range [][]outputs.Output{d.outputs, d.pushes} {
		for n := range list {
			all = append(all, &list[n].Name)
		}
	}
	used := false
	for _, t := range all {
		if *t == "" {
			*t = fleet
		}
		used = used || *t == "" || t.Uses("registry")
	}
	if d.registry != "" && !used {
		return usage(cmd, "--registry %s: the names of the images have no {registry}; write it in --name, or in `naming` of the fleet", d.registry)
	}
	return nil
}

// annotates returns an error if an archive cannot have the annotations: those for Docker have its media
// types.
func (d *destination) annotates(cmd *cobra.Command, annotations map[string]string) error {
	for _, o := range d.outputs {
		if len(annotations) > 0 && o.Type == outputs.Docker && o.MediaTypes != "oci" {
			return usage(cmd, "--annotation: %s is an archive with Docker's media types, which has no annotations; use --label, or write type=docker,oci-mediatypes=true or type=oci", o)
		}
	}
	return nil
}

func (d *destination) toStdout() bool {
	return slices.ContainsFunc(d.outputs, func(o outputs.Output) bool { return o.Dest == "-" })
}

// files returns the paths that the outputs write to, as far as they are known.
func (d *destination) files() []string {
	names := []string{d.dir}
	for _, o := range d.outputs {
		if !strings.Contains(o.Dest, "{") && o.Dest != "-" {
			names = append(names, o.Dest)
		}
	}
	return names
}

// writes hides a file or directory that the build writes from the program. It ignores an empty name.
func (b *build) writes(cmd *cobra.Command, name string) error {
	if info, err := os.Stat(name); filepath.Ext(name) == ".layer" && err == nil && info.Mode().IsRegular() {
		return usage(cmd, "%s is a file of a program; name another file to write to", name)
	}
	if name != "" {
		b.own = append(b.own, within(b.dir, name)...)
	}
	return nil
}

// hideOutputs hides the files and directories that outputs with placeholders write, which only the
// program tells: those of all its apps.
func (b *build) hideOutputs(cmd *cobra.Command, in compiler.Input) (compiler.Input, error) {
	split := slices.DeleteFunc(slices.Clone(b.destination.outputs), func(o outputs.Output) bool { return !strings.Contains(o.Dest, "{") })
	if len(split) == 0 {
		return in, nil
	}
	program, _ := compiler.Compile(in, compiler.Bound) // errors are found again
	var apps []outputs.App
	for _, t := range program.Targets {
		if t.Graph == nil {
			continue
		}
		for _, a := range slices.Concat(t.Graph.Apps, t.Graph.Published) {
			apps = append(apps, outputs.App{Name: a.Name, Platforms: []string{t.Platform.String()}})
		}
	}
	for _, o := range split {
		for _, name := range o.Paths(apps) {
			if err := b.writes(cmd, name); err != nil {
				return in, err
			}
		}
	}
	in.Project, in.Before = b.source().Project, program.Program
	return in, nil
}

// divert keeps the standard output free for an output that goes there: all else goes to standard
// error.
func (b *build) divert(cmd *cobra.Command) error {
	if !b.destination.toStdout() {
		return nil
	}
	to := screen(b.out)
	if f, ok := to.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return usage(cmd, "--output: the standard output is a terminal; redirect it, or write dest=FILE")
	}
	if b.json {
		return usage(cmd, "--json and an output both go to the standard output; use --json-file")
	}
	// A reader that goes away is an error like others, after which the build cleans up.
	signal.Ignore(syscall.SIGPIPE)
	b.destination.stdout, b.out = to, b.err
	return nil
}

// layout returns where the engine writes the images: the output, or a temporary directory if they are
// only pushed or converted; no directory if they are not written.
func (b *build) layout() (dir string, temporary bool, clean func(), err error) {
	d := &b.destination
	if d.dir != "" || len(d.pushes) == 0 && len(d.outputs) == 0 && d.load == "" {
		return d.dir, false, func() {}, nil
	}
	dir, clean, err = engine.TemporaryLayout(b.engine.options(nil))
	if err != nil {
		err = cannot("write", "a temporary directory", err)
	}
	return dir, true, clean, err
}
