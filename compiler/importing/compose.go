package importing

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"go.yaml.in/yaml/v3"
)

// composeFile is what an import reads of a compose file.
type composeFile struct {
	Services yaml.Node `yaml:"services"`
}

type composeService struct {
	Image string    `yaml:"image"`
	Build yaml.Node `yaml:"build"`
}

type composeBuild struct {
	Context    string    `yaml:"context"`
	Dockerfile string    `yaml:"dockerfile"`
	Inline     string    `yaml:"dockerfile_inline"`
	Target     string    `yaml:"target"`
	Args       yaml.Node `yaml:"args"`
	Contexts   yaml.Node `yaml:"additional_contexts"`
}

// compose adds the builds of a compose file's services.
func (f *finder) compose(name string, text []byte) error {
	var file composeFile
	if err := yaml.Unmarshal(text, &file); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	dir := path.Dir(name)
	env := f.dotenv(path.Join(dir, ".env"))
	services := file.Services
	if services.Kind != yaml.MappingNode {
		return nil
	}
	interpolate(&services, env)
	for n := 0; n+1 < len(services.Content); n += 2 {
		var s composeService
		if err := services.Content[n+1].Decode(&s); err != nil {
			return fmt.Errorf("%s: service %s: %w", name, services.Content[n].Value, err)
		}
		if s.Build.Kind == 0 {
			continue
		}
		c := composeBuild{}
		if s.Build.Kind == yaml.ScalarNode {
			c.Context = s.Build.Value
		} else if err := s.Build.Decode(&c); err != nil {
			return fmt.Errorf("%s: service %s: %w", name, services.Content[n].Value, err)
		}
		b := Build{Name: appName(services.Content[n].Value), Context: within(dir, c.Context), Target: c.Target, Args: values(&c.Args), Contexts: values(&c.Contexts)}
		for k, v := range b.Contexts {
			if !strings.Contains(v, ":") {
				b.Contexts[k] = within(dir, v)
			}
		}
		if s.Image != "" {
			b.Names = append(b.Names, s.Image)
		}
		b.Names = append(b.Names, services.Content[n].Value)
		f.add(name, b, c.Dockerfile, c.Inline)
	}
	return nil
}

// add adds the build of a compose file or a bake file.
func (f *finder) add(from string, b Build, dockerfile, inline string) {
	if strings.Contains(b.Context, "://") || strings.HasPrefix(b.Context, "..") {
		return // a context elsewhere
	}
	b.File, b.Text = from, inline
	if inline == "" {
		if dockerfile == "" {
			dockerfile = "Dockerfile"
		}
		b.File = within(b.Context, dockerfile)
		text, err := fs.ReadFile(f.files, b.File)
		if err != nil {
			return // what is not there is of another directory, or made by a script
		}
		b.Text = string(text)
	}
	f.named[b.File] = true
	f.builds = append(f.builds, b)
}

// within returns a path that is relative to a directory.
func within(dir, name string) string {
	if strings.Contains(name, "://") {
		return name
	}
	return path.Join(dir, name)
}

// values returns a map, or a list of NAME=VALUE, as a map. A name without a value has none.
func values(n *yaml.Node) map[string]string {
	out := map[string]string{}
	switch n.Kind {
	case yaml.MappingNode:
		for k := 0; k+1 < len(n.Content); k += 2 {
			if n.Content[k+1].Tag != "!!null" {
				out[n.Content[k].Value] = n.Content[k+1].Value
			}
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if name, value, ok := strings.Cut(item.Value, "="); ok {
				out[name] = value
			}
		}
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
