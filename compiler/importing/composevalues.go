package importing

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"go.yaml.in/yaml/v3"
)

// values returns a map, or a list of NAME=VALUE, as a map. A name without a value has the
// one of the environment, if there is one.
func values(n *yaml.Node, env map[string]string) map[string]string {
	out := map[string]string{}
	switch n = resolved(n); {
	case n.Tag == "!reset":
	case n.Kind == yaml.MappingNode:
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
				out[key.Value] = scalar(v)
			default:
				if value, ok := env[key.Value]; ok {
					out[key.Value] = value
				}
			}
		}
	case n.Kind == yaml.SequenceNode:
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

// labels returns a map, or a list of NAME=VALUE, as a map. A name without a value has the empty one.
func labels(n *yaml.Node) map[string]string {
	out := values(n, nil)
	n = resolved(n)
	for k, c := range n.Content {
		switch name, _, _ := strings.Cut(resolved(c).Value, "="); {
		case n.Kind == yaml.SequenceNode, n.Kind == yaml.MappingNode && k%2 == 0 && c.Tag != "!!merge":
			if _, ok := out[name]; !ok {
				out[name] = ""
			}
		}
	}
	return out
}

// scalar returns a value as compose prints it: numbers are read as such, so 1.10 is 1.1 and 010 is 8.
func scalar(n *yaml.Node) string {
	if n.Tag == "!!int" || n.Tag == "!!float" {
		var v any
		if err := n.Decode(&v); err == nil {
			return fmt.Sprint(v)
		}
	}
	return n.Value
}

// interpolate expands variables in all values. Names without a value are empty.
func interpolate(n *yaml.Node, env map[string]string) {
	if n.Kind == yaml.ScalarNode {
		n.Value = substituted(n.Value, env)
	}
	for _, c := range n.Content {
		interpolate(c, env)
	}
}

// substituted expands the variables of a text; $$ is a dollar.
func substituted(text string, env map[string]string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	lex := shell.NewLex('\\')
	lex.RawQuotes, lex.RawEscapes = true, true
	var pairs []string
	for k, v := range env {
		pairs = append(pairs, k+"="+v)
	}
	out, _, err := lex.ProcessWord(strings.ReplaceAll(text, "$$", "\uE000"), shell.EnvsFromSlice(pairs))
	if err != nil {
		return text
	}
	return strings.ReplaceAll(out, "\uE000", "$")
}

// dotenv reads the file with the variables of a compose file; none if there is no such file.
func (f *finder) dotenv(name string) map[string]string {
	env := map[string]string{}
	text, err := fs.ReadFile(f.files, name)
	if err != nil {
		return env
	}
	rest := strings.ReplaceAll(strings.TrimPrefix(string(text), "\uFEFF"), "\r\n", "\n")
	for rest != "" {
		line, more, _ := strings.Cut(rest, "\n")
		line = strings.TrimSpace(line)
		key, _, ok := strings.Cut(line, "=")
		if line == "" || line[0] == '#' || !ok {
			rest = more
			continue
		}
		_, rest, _ = strings.Cut(rest, "=")
		var value string
		value, rest = dotenvValue(strings.TrimLeft(rest, " \t"), env)
		env[strings.TrimSpace(strings.TrimPrefix(key, "export "))] = value
	}
	return env
}

// dotenvValue reads a value: in double quotes with variables and escapes, in single quotes as it is, each also on
// several lines; or up to a comment. It returns what is after the line.
func dotenvValue(text string, env map[string]string) (value, rest string) {
	if text != "" && (text[0] == '"' || text[0] == '\'') {
		for n := 1; n < len(text); n++ {
			switch {
			case text[n] == '\\':
				n++
			case text[n] == text[0]:
				value = text[1:n]
				_, rest, _ = strings.Cut(text[n:], "\n")
				if text[0] == '\'' {
					return strings.ReplaceAll(value, `\'`, `'`), rest
				}
				value = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t", `\"`, `"`, `\\`, `\`, `\$`, "$$").Replace(value)
				return substituted(value, env), rest
			}
		}
	}
	value, rest, _ = strings.Cut(text, "\n")
	for n := range len(value) {
		if value[n] == '#' && (n == 0 || value[n-1] == ' ' || value[n-1] == '\t') {
			value = value[:n]
			break
		}
	}
	return substituted(strings.TrimSpace(value), env), rest
}
