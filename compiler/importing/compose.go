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

	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"go.yaml.in/yaml/v3"
)

// composeFile is what an import reads of a compose file.
type composeFile struct {
	name     string
	dir      string
	env      map[string]string // of the .env file next to it
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
	Image   string    `yaml:"image"`
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
}

// service is a service with everything that it extends. Its context is a path of the project.
type service struct {
	image, dockerfile, inline, target string
	context                           string
	builds                            bool
	args, contexts                    map[string]string
}

// compose adds the builds of a compose file's services, and of the files that it includes. A service that
// cannot be read does not keep others from being imported.
func (f *finder) compose(name string, text []byte) error {
	file, err := f.composeFile(name, text)
	if err != nil {
		return err
	}
	for _, i := range file.Include {
		for _, p := range i.paths {
			if p = within(file.dir, p); !f.read[p] {
				f.project(p)
			}
		}
	}
	services := resolved(&file.Services)
	if services.Kind != yaml.MappingNode {
		return nil
	}
	for n := 0; n+1 < len(services.Content); n += 2 {
		key := services.Content[n].Value
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
		b := Build{Name: appName(key), Context: s.context, Target: s.target, Args: s.args, Contexts: s.contexts}
		if s.image != "" {
			b.Names, b.Images = append(b.Names, s.image), []string{s.image}
		}
		b.Names = append(b.Names, key)
		f.add(name, b, s.dockerfile, s.inline)
	}
	return nil
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

// service reads a service after what it extends.
func (f *finder) service(file *composeFile, name string, depth int) (*service, error) {
	var raw composeService
	node := entry(resolved(&file.Services), name)
	switch {
	case node == nil:
		return nil, fmt.Errorf("%s has no service %s", file.name, name)
	case depth > deepest:
		return nil, fmt.Errorf("service %s extends itself", name)
	}
	if err := node.Decode(&raw); err != nil {
		return nil, plainYAML(err)
	}
	s := &service{args: map[string]string{}, contexts: map[string]string{}}
	if raw.Extends.Kind != 0 {
		var err error
		if s, err = f.extended(file, &raw.Extends, depth); err != nil {
			return nil, err
		}
	}
	s.image = cmp.Or(raw.Image, s.image)
	build := resolved(&raw.Build)
	c := composeBuild{}
	switch {
	case build.Kind == 0 || build.Tag == "!!null":
		return s, nil
	case build.Kind == yaml.ScalarNode:
		c.Context = build.Value
	default:
		if err := build.Decode(&c); err != nil {
			return nil, plainYAML(err)
		}
	}
	if !s.builds || c.Context != "" {
		s.context = within(file.dir, c.Context)
	}
	s.builds = true
	if c.Dockerfile != "" || c.Inline != "" {
		s.dockerfile, s.inline = c.Dockerfile, c.Inline
	}
	s.target = cmp.Or(c.Target, s.target)
	maps.Copy(s.args, values(&c.Args, file.env))
	for k, v := range values(&c.Contexts, nil) {
		if !strings.Contains(v, ":") {
			v = within(file.dir, v)
		}
		s.contexts[k] = v
	}
	return s, nil
}

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

// values returns a map, or a list of NAME=VALUE, as a map. A name without a value has the
// one of the environment, if there is one.
func values(n *yaml.Node, env map[string]string) map[string]string {
	out := map[string]string{}
	switch n = resolved(n); n.Kind {
	case yaml.MappingNode:
		for k := 0; k+1 < len(n.Content); k += 2 {
			key, v := n.Content[k], resolved(n.Content[k+1])
			switch {
			case key.Tag == "!!merge":
				for name, value := range mergeKey(v, env) {
					if _, ok := out[name]; !ok && entry(n, name) == nil {
						out[name] = value
					}
				}
			case v.Tag != "!!null":
				out[key.Value] = v.Value
			default:
				if value, ok := env[key.Value]; ok {
					out[key.Value] = value
				}
			}
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			name, value, ok := strings.Cut(resolved(item).Value, "=")
			if !ok {
				value, ok = env[name]
			}
			if ok {
				out[name] = value
			}
		}
	}
	return out
}

// mergeKey returns the values of what a merge key names: a mapping, or a list of these.
func mergeKey(n *yaml.Node, env map[string]string) map[string]string {
	if n.Kind != yaml.SequenceNode {
		return values(n, env)
	}
	out := map[string]string{}
	for _, item := range slices.Backward(n.Content) {
		maps.Copy(out, values(item, env))
	}
	return out
}

// interpolate expands variables in all values. Names without a value are empty.
func interpolate(n *yaml.Node, env map[string]string) {
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "$") {
		lex := shell.NewLex('\\')
		lex.RawQuotes, lex.RawEscapes = true, true
		var pairs []string
		for k, v := range env {
			pairs = append(pairs, k+"="+v)
		}
		text := strings.ReplaceAll(n.Value, "$$", "\uE000")
		if out, _, err := lex.ProcessWord(text, shell.EnvsFromSlice(pairs)); err == nil {
			n.Value = strings.ReplaceAll(out, "\uE000", "$")
		}
	}
	for _, c := range n.Content {
		interpolate(c, env)
	}
}

// dotenv reads the file with the variables of a compose file; none if there is no such file.
func (f *finder) dotenv(name string) map[string]string {
	env := map[string]string{}
	text, err := fs.ReadFile(f.files, name)
	if err != nil {
		return env
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		key, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if ok && !strings.HasPrefix(line, "#") {
			env[strings.TrimSpace(key)] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return env
}
