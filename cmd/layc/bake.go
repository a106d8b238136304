package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/naming"
	"github.com/layc-lang/layc/compiler/pin"
	"github.com/layc-lang/layc/lang/redact"
	"github.com/layc-lang/layc/llb/frontend"

	"github.com/layc-lang/layc/lang/lazy"
)

func (c *cli) bakeCommand() *cobra.Command {
	b := &bake{cli: c}
	cmd := &cobra.Command{
		Use:        "bake [APP… | --select EXPR]",
		SuggestFor: []string{"buildx", "hcl"},
		Short:      "Print a file for docker buildx bake",
		Long: `bake prints a file for docker buildx bake, in JSON: a target for each app, with
its tags and platforms. The group "default" has all of them; apps of one image
repository are a group, too. BuildKit then runs layc as its frontend, and builds
the layers that apps share once. See docs/frontend.md.

The frontend is the image that a .layer file of the module names in its first
line, "# syntax=IMAGE". Without such a file, pass --frontend.

The mirrors that the program needs are in the file, since the frontend does not
know this machine's.`,
		Example: `  layc bake | docker buildx bake -f - --push
  layc bake app1 > docker-bake.json
  layc bake --frontend registry.example.com/layc:1`,
		RunE: b.run,
	}
	b.program.flags(cmd)
	b.mirrors.flags(cmd)
	b.selection.flag(cmd, "print the apps")
	f := cmd.Flags()
	f.StringVar(&b.frontend, "frontend", "", "build with the frontend `IMAGE`")
	f.StringVar(&b.registry, "registry", "", "tag images with `PREFIX` instead of the fleet's registry")
	return cmd
}

// bake is one invocation of layc bake.
type bake struct {
	*cli
	program   program
	mirrors   mirrorFlags
	selection selection
	frontend  string
	registry  string
}

// jsonBake is a file for docker buildx bake.
type jsonBake struct {
	Group  map[string]jsonGroup  `json:"group"`
	Target map[string]jsonTarget `json:"target"`
}

type jsonGroup struct {
	Targets []string `json:"targets"`
}

type jsonTarget struct {
	Context    string            `json:"context"`
	Dockerfile string            `json:"dockerfile,omitempty"`
	Inline     string            `json:"dockerfile-inline,omitempty"`
	Target     string            `json:"target"`
	Tags       []string          `json:"tags"`
	Platforms  []string          `json:"platforms,omitempty"`
	Args       map[string]string `json:"args,omitempty"`
}

func (b *bake) run(cmd *cobra.Command, apps []string) error {
	if err := b.selection.take(cmd, apps); err != nil {
		return err
	}
	b.wants(cmd, apps)
	in, err := b.input(cmd, b.program)
	if err != nil {
		return err
	}
	out, err := b.compiled(in, compiler.Planned)
	if err != nil {
		return err
	}
	sets, err := b.chosen(cmd, out, b.selection)
	if err != nil {
		return err
	}
	all := jsonTarget{Context: b.dir}
	if all.Args, err = b.args(cmd, in, out); err != nil {
		return err
	}
	if b.frontend != "" {
		all.Inline = "# syntax=" + b.frontend + "\n"
	} else if all.Dockerfile, err = entry(in.Project); err != nil {
		return usage(cmd, "%s", err)
	}
	fleet := out.Targets[0].Graph.Fleet
	tags, err := b.tags(cmd, out.Targets)
	if err != nil {
		return err
	}
	return b.printJSON(b.file(out, sets, tags, all, len(b.program.platforms)+len(fleet.Platforms) > 0))
}

// file returns the file with the selected apps.
func (b *bake) file(out *compiler.Output, sets []map[string]bool, tags map[string][]string, all jsonTarget, platforms bool) jsonBake {
	file := jsonBake{Group: map[string]jsonGroup{"default": {[]string{}}}, Target: map[string]jsonTarget{}}
	names := map[string]string{} // of the targets, by app
	groups := map[string][]string{}
	for n, t := range out.Targets {
		for _, a := range slices.Concat(t.Graph.Apps, t.Graph.Published) {
			if !sets[n][a.Name] {
				continue
			}
			name, ok := names[a.Name]
			if !ok {
				name = unused(file.Target, a.Name)
				names[a.Name] = name
				one := all
				one.Target, one.Tags = a.Name, tags[a.Name]
				file.Target[name] = one
				file.Group["default"] = jsonGroup{append(file.Group["default"].Targets, name)}
				groups[a.Repository] = append(groups[a.Repository], name)
			}
			if platforms {
				one := file.Target[name]
				one.Platforms = append(slices.Clone(one.Platforms), t.Platform.String())
				file.Target[name] = one
			}
		}
	}
	for repository, members := range groups {
		name := identifier(repository)
		if _, taken := file.Target[name]; len(members) > 1 && !taken && name != "default" {
			file.Group[name] = jsonGroup{append(file.Group[name].Targets, members...)}
		}
	}
	return file
}

// tags returns the names of the images, by app.
func (b *bake) tags(cmd *cobra.Command, targets []*compiler.Target) (map[string][]string, error) {
	fleet := targets[0].Graph.Fleet
	template, values := naming.Template(fleet.Naming), naming.Values{Registry: cmp.Or(b.registry, fleet.Registry)}
	if b.registry != "" && template != "" && !template.Uses("registry") {
		return nil, usage(cmd, "--registry %s: `naming` of the fleet has no {registry}", b.registry)
	}
	if template.Uses("revision") {
		c, err := commitOf(cmd, b.dir)
		if err != nil {
			return nil, err
		}
		values.Revision = c.Name()
	}
	tags := map[string][]string{}
	for _, t := range targets {
		for _, a := range slices.Concat(t.Graph.Apps, t.Graph.Published) {
			if tags[a.Name] != nil {
				continue
			}
			for _, image := range a.References() {
				name := image
				if template != "" {
					full, err := template.Name(image, values)
					if err != nil {
						return nil, usage(cmd, "%s", err)
					}
					name = naming.Familiar(full)
				} else if values.Registry != "" {
					name = strings.TrimSuffix(values.Registry, "/") + "/" + image
				}
				tags[a.Name] = append(tags[a.Name], name)
			}
		}
	}
	return tags, nil
}

// odd is what names of bake's targets do not have.
var odd = lazy.Regexp(`[^a-zA-Z0-9_-]+`)

func identifier(name string) string { return odd().ReplaceAllString(name, "_") }

// unused returns the name of an app's target.
func unused(targets map[string]jsonTarget, app string) string {
	name := identifier(app)
	for n := 2; ; n++ {
		if _, taken := targets[name]; !taken && name != "default" {
			return name
		}
		name = fmt.Sprintf("%s_%d", identifier(app), n)
	}
}

// args returns the build arguments: parameters, and the mirrors of the archives that the program
// uses. A URL with a password is left out, since the file may be shown to others.
func (b *bake) args(cmd *cobra.Command, in compiler.Input, out *compiler.Output) (map[string]string, error) {
	args := map[string]string{}
	for name, value := range in.Set {
		args[name] = value
	}
	if err := b.mirrors.check(cmd, out.Targets); err != nil {
		return nil, err
	}
	mirrors, err := b.mirrors.find(cmd)
	if err != nil {
		return nil, err
	}
	for _, archive := range pin.Archives(out.Targets, out.Lock) {
		url, ok := mirrors[archive]
		name := frontend.MirrorArgument(archive)
		switch {
		case !ok:
		case redact.Text(url) != url:
			b.announce(fmt.Sprintf("the mirror of %s has a password and is left out: pass --set '*.args.%s=URL' to docker buildx bake", archive, name))
		default:
			args[name] = url
		}
	}
	return args, nil
}

// entry returns the .layer file of a module whose first line names a frontend.
func entry(project fs.FS) (string, error) {
	files, err := fs.Glob(project, "*.layer")
	if err != nil {
		return "", err
	}
	for _, name := range files {
		text, err := fs.ReadFile(project, name)
		if err != nil {
			return "", err
		}
		if _, _, _, ok := parser.DetectSyntax(text); ok {
			return path.Base(name), nil
		}
	}
	return "", fmt.Errorf("no .layer file names a frontend; write \"# syntax=IMAGE\" as the first line of one, or pass --frontend IMAGE")
}
