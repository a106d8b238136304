package importing

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/layc-lang/layc/lang/load"
)

// composeFile is what an import reads of a compose file.
type composeFile struct {
	name     string
	dir      string
	env      map[string]string // of the .env file next to it
	override *composeFile      // whose services are merged into these; nil: none
	Services yaml.Node         `yaml:"services"`
	Include  []includeFile     `yaml:"include"`
}

// includeFile is an entry of include: a path, or a mapping with one or several.
type includeFile struct{ paths []string }

// UnmarshalYAML reads both forms.
func (i *includeFile) UnmarshalYAML(n *yaml.Node) error {
	var long struct {
		Path yaml.Node `yaml:"path"`
	}
	n = resolved(n)
	if n.Kind == yaml.MappingNode {
		if err := n.Decode(&long); err != nil {
			return err
		}
		n = resolved(&long.Path)
	}
	if n.Kind == yaml.ScalarNode {
		i.paths = []string{n.Value}
		return nil
	}
	return n.Decode(&i.paths)
}

type composeService struct {
	Image   yaml.Node `yaml:"image"`
	Build   yaml.Node `yaml:"build"`
	Extends yaml.Node `yaml:"extends"`
}

type composeBuild struct {
	Context    string    `yaml:"context"`
	Dockerfile string    `yaml:"dockerfile"`
	Inline     string    `yaml:"dockerfile_inline"`
	Target     string    `yaml:"target"`
	Args       yaml.Node `yaml:"args"`
	Contexts   yaml.Node `yaml:"additional_contexts"`
	Labels     yaml.Node `yaml:"labels"`
	Platforms  []string  `yaml:"platforms"`
	Tags       []string  `yaml:"tags"`
}

// service is a service with everything that it extends. Its context is a path of the project.
type service struct {
	image, dockerfile, inline, target string
	context                           string
	builds, located                   bool // it has a build; this has a context
	args, contexts, labels            map[string]string
	platforms, tags                   []string
	cleared                           map[string]bool // what it does not take over from what it is merged into
}

// over merges a service into one that it extends or overrides, by the rules of compose: maps are merged, lists
// are appended, and others replaced.
func (s *service) over(below *service) *service {
	out := *below
	if s.cleared["image"] {
		out.image = ""
	}
	if s.cleared["build"] {
		out = service{image: out.image}
	}
	merge := func(of string, a, b map[string]string) map[string]string {
		m := map[string]string{}
		if !s.cleared[of] {
			maps.Copy(m, a)
		}
		maps.Copy(m, b)
		return m
	}
	out.args, out.contexts, out.labels = merge("args", out.args, s.args), merge("contexts", out.contexts, s.contexts), merge("labels", out.labels, s.labels)
	out.image, out.target = cmp.Or(s.image, out.image), cmp.Or(s.target, out.target)
	if s.located || s.builds && !out.builds {
		out.context = s.context
	}
	if s.dockerfile != "" || s.inline != "" {
		out.dockerfile, out.inline = s.dockerfile, s.inline
	}
	out.builds, out.located = out.builds || s.builds, out.located || s.located
	out.platforms, out.tags = append(slices.Clone(out.platforms), s.platforms...), append(slices.Clone(out.tags), s.tags...)
	return &out
}

// compose adds the builds of a compose file's services, and of the files that it includes. A service that
// cannot be read does not keep others from being imported.
func (f *finder) compose(name string, text []byte) error {
	file, err := f.composeFile(name, text)
	if err != nil {
		return err
	}
	f.overridden(file)
	for _, i := range file.Include {
		for _, p := range i.paths {
			if p = within(file.dir, p); !f.read[p] {
				f.project(p)
			}
		}
	}
	for _, key := range file.names() {
		s, err := f.service(file, key, 0)
		if err != nil {
			f.skip(key, name, err)
			continue
		}
		if !s.builds {
			if s.image != "" {
				f.running = append(f.running, running{key, name, s.image})
			}
			continue
		}
		b := Build{Name: appName(key), Context: s.context, Target: s.target, Args: s.args, Contexts: s.contexts, Labels: s.labels}
		if s.image != "" {
			b.Images = []string{s.image}
		}
		b.Images = append(b.Images, s.tags...)
		b.Names = append(slices.Clone(b.Images), key)
		b.platforms(s.platforms)
		f.add(name, b, s.dockerfile, s.inline)
	}
	return nil
}

// names returns the services in order.
func (c *composeFile) names() []string {
	var names []string
	for ; c != nil; c = c.override {
		services := resolved(&c.Services)
		for n := 0; services.Kind == yaml.MappingNode && n+1 < len(services.Content); n += 2 {
			if key := services.Content[n].Value; !slices.Contains(names, key) {
				names = append(names, key)
			}
		}
	}
	return names
}

// overrides are the files that compose merges into the file that it finds by itself.
var overrides = []string{"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"}

// overridden adds the override next to a compose file that compose finds by itself. One that cannot be read
// is left out, with the reason.
func (f *finder) overridden(file *composeFile) {
	if !f.looks || !slices.Contains(load.Projects, path.Base(file.name)) {
		return
	}
	for _, o := range overrides {
		name := path.Join(file.dir, o)
		text, err := fs.ReadFile(f.files, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			file.override, err = f.composeFile(name, text)
		}
		if err != nil {
			f.skip("", name, err)
		} else {
			file.Include = append(file.Include, file.override.Include...)
		}
		return
	}
}

// composeFile reads a file, with the variables of the .env file next to it.
func (f *finder) composeFile(name string, text []byte) (*composeFile, error) {
	file := &composeFile{name: name, dir: path.Dir(name)}
	var all yaml.Node
	if err := yaml.Unmarshal(text, &all); err != nil {
		return nil, plainYAML(err)
	}
	file.env = f.dotenv(path.Join(file.dir, ".env"))
	interpolate(&all, file.env)
	if all.Kind == 0 {
		return file, nil // an empty file
	}
	return file, plainYAML(all.Decode(file))
}

// plainYAML removes what an error says about itself.
func plainYAML(err error) error {
	if err == nil {
		return nil
	}
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:")
	return errors.New(strings.Join(strings.Fields(text), " "))
}

// resolved returns the node that an alias stands for.
func resolved(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// service reads a service after what it extends, and merges what overrides it.
func (f *finder) service(file *composeFile, name string, depth int) (*service, error) {
	node := entry(resolved(&file.Services), name)
	switch {
	case node == nil && file.override != nil:
		return f.service(file.override, name, depth)
	case node == nil:
		return nil, fmt.Errorf("%s has no service %s", file.name, name)
	case depth > deepest:
		return nil, fmt.Errorf("service %s extends itself", name)
	}
	var raw composeService
	if err := node.Decode(&raw); err != nil {
		return nil, plainYAML(err)
	}
	s, err := raw.service(file)
	if err != nil {
		return nil, err
	}
	if raw.Extends.Kind != 0 {
		below, err := f.extended(file, &raw.Extends, depth)
		if err != nil {
			return nil, err
		}
		s = s.over(below)
	}
	if file.override != nil && entry(resolved(&file.override.Services), name) != nil {
		above, err := f.service(file.override, name, depth)
		if err != nil {
			return nil, err
		}
		s = above.over(s)
	}
	return s, nil
}

// service returns what the service itself has.
func (raw *composeService) service(file *composeFile) (*service, error) {
	s := &service{cleared: map[string]bool{}}
	image, build := resolved(&raw.Image), resolved(&raw.Build)
	s.cleared["image"], s.cleared["build"] = clears(image), clears(build)
	if given(image) {
		s.image = image.Value
	}
	if !given(build) {
		return s, nil
	}
	s.builds = true
	c := composeBuild{}
	if build.Kind == yaml.ScalarNode {
		c.Context = build.Value
	} else {
		if build.Tag == "!override" {
			build.Tag = ""
		}
		if err := build.Decode(&c); err != nil {
			return nil, plainYAML(err)
		}
	}
	s.context, s.located = within(file.dir, c.Context), c.Context != ""
	s.dockerfile, s.inline, s.target, s.platforms, s.tags = c.Dockerfile, c.Inline, c.Target, c.Platforms, c.Tags
	s.args, s.contexts = values(&c.Args, file.env), values(&c.Contexts, nil)
	s.labels = labels(&c.Labels)
	s.cleared["args"], s.cleared["contexts"], s.cleared["labels"] = clears(&c.Args), clears(&c.Contexts), clears(&c.Labels)
	for k, v := range s.contexts {
		if !strings.Contains(v, ":") {
			s.contexts[k] = within(file.dir, v)
		}
	}
	return s, nil
}

// clears reports whether a value replaces what is below it instead of being merged.
func clears(n *yaml.Node) bool { return n.Tag == "!reset" || n.Tag == "!override" }

// given reports whether there is a value.
func given(n *yaml.Node) bool { return n.Kind != 0 && n.Tag != "!!null" && n.Tag != "!reset" }

// extended returns the service that an extends names: by its name, or in another file.
func (f *finder) extended(file *composeFile, extends *yaml.Node, depth int) (*service, error) {
	var from struct {
		File    string `yaml:"file"`
		Service string `yaml:"service"`
	}
	if extends = resolved(extends); extends.Kind == yaml.ScalarNode {
		from.Service = extends.Value
	} else if err := extends.Decode(&from); err != nil {
		return nil, plainYAML(err)
	}
	if from.File != "" {
		name := within(file.dir, from.File)
		text, err := fs.ReadFile(f.files, name)
		if err != nil {
			return nil, fmt.Errorf("extends %s, which cannot be read: %w", from.File, errors.Unwrap(err))
		}
		if file, err = f.composeFile(name, text); err != nil {
			return nil, fmt.Errorf("extends %s: %w", from.File, err)
		}
	}
	return f.service(file, from.Service, depth+1)
}

// entry returns the value of a key; nil if there is none.
func entry(n *yaml.Node, key string) *yaml.Node {
	for k := 0; n.Kind == yaml.MappingNode && k+1 < len(n.Content); k += 2 {
		if n.Content[k].Value == key {
			return n.Content[k+1]
		}
	}
	return nil
}

// add adds the build of a compose file or a bake file, or says why it is left out.
func (f *finder) add(from string, b Build, dockerfile, inline string) {
	switch {
	case strings.Contains(b.Context, "://") || strings.HasPrefix(b.Context, "git@"):
		f.skip(b.Name, from, fmt.Errorf("its context %s is not in the project", b.Context))
		return
	case strings.HasPrefix(b.Context, "..") || strings.HasPrefix(b.Context, "/"):
		f.skip(b.Name, from, fmt.Errorf("its context %s is outside of the module's directory", b.Context))
		return
	}
	b.File, b.Text = from, inline
	if inline == "" {
		b.File = within(b.Context, cmp.Or(dockerfile, "Dockerfile"))
		text, err := fs.ReadFile(f.files, b.File)
		if err != nil {
			f.skip(b.Name, from, fmt.Errorf("%s does not exist", b.File))
			return
		}
		b.Text = string(text)
	}
	f.named[b.File] = true
	f.found.Builds = append(f.found.Builds, b)
}

// within returns a path that is relative to a directory.
func within(dir, name string) string {
	if strings.Contains(name, "://") {
		return name
	}
	return path.Join(dir, name)
}
