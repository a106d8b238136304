// Package digests records which images a deployment uses, in the formats of deployment tools:
//
//	FILE.json            {"app1": "registry.example.com/app1@sha256:…"}
//	FILE.yaml            values for Helm: images.app1.repository and images.app1.digest
//	kustomization.yaml   images: [{name: app1, newName: registry.example.com/app1, digest: sha256:…}]
//
// Entries of other images, and everything else in a file, stay.
package digests

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Image is an image that a registry has.
type Image struct {
	App        string // the name of the app
	Repository string // with the registry, without a tag
	Digest     string // "sha256:…"
}

// Known reports whether a file's name tells its format.
func Known(file string) bool { return formatOf(file) != nil }

// formatOf returns the update of a file's format; nil if the format is not known.
func formatOf(file string) func(text []byte, images []Image) ([]byte, error) {
	base := strings.ToLower(filepath.Base(file))
	switch ext := filepath.Ext(base); {
	case ext == ".json":
		return inJSON
	case base == "kustomization" || strings.TrimSuffix(base, ext) == "kustomization" && (ext == ".yaml" || ext == ".yml"):
		return inKustomization
	case ext == ".yaml" || ext == ".yml":
		return inValues
	}
	return nil
}

// Update returns the text of a file with the digests of images. The text is unchanged if it has
// them. An empty text is a new file. The file's format is [Known].
func Update(file string, text []byte, images []Image) ([]byte, error) {
	images = slices.Clone(images)
	slices.SortFunc(images, func(a, b Image) int { return strings.Compare(a.App, b.App) })
	return formatOf(file)(text, images)
}

func inJSON(text []byte, images []Image) ([]byte, error) {
	all := map[string]string{}
	if len(bytes.TrimSpace(text)) > 0 {
		if err := json.Unmarshal(text, &all); err != nil {
			return nil, fmt.Errorf("not a JSON object with strings: %w", err)
		}
		if all == nil {
			all = map[string]string{}
		}
	}
	same := len(text) > 0
	for _, i := range images {
		reference := i.Repository + "@" + i.Digest
		same = same && all[i.App] == reference
		all[i.App] = reference
	}
	if same {
		return text, nil
	}
	out, err := json.MarshalIndent(all, "", "  ")
	return append(out, '\n'), err
}

func inValues(text []byte, images []Image) ([]byte, error) {
	return edited(text, func(top *yaml.Node) (bool, error) {
		list, changed, err := child(top, "images", yaml.MappingNode)
		if err != nil {
			return false, err
		}
		for _, i := range images {
			image, _, err := child(list, i.App, yaml.MappingNode)
			if err != nil {
				return false, err
			}
			changed = set(image, "repository", i.Repository) || changed
			changed = set(image, "digest", i.Digest) || changed
		}
		return changed, nil
	})
}

func inKustomization(text []byte, images []Image) ([]byte, error) {
	return edited(text, func(top *yaml.Node) (bool, error) {
		list, changed, err := child(top, "images", yaml.SequenceNode)
		if err != nil {
			return false, err
		}
		for _, i := range images {
			at := slices.IndexFunc(list.Content, func(n *yaml.Node) bool {
				name := value(n, "name")
				return name == i.App || name == i.Repository
			})
			if at < 0 {
				at = len(list.Content)
				list.Content = append(list.Content, &yaml.Node{Kind: yaml.MappingNode})
				list.Style = 0
				set(list.Content[at], "name", i.App)
			}
			image := list.Content[at]
			if value(image, "name") != i.Repository {
				changed = set(image, "newName", i.Repository) || changed
			}
			changed = set(image, "digest", i.Digest) || changed
			changed = remove(image, "newTag") || changed
		}
		return changed, nil
	})
}

// edited returns a YAML text after a change of its mapping. Comments, and the ends of
// lines of other systems, stay.
func edited(text []byte, edit func(top *yaml.Node) (changed bool, err error)) ([]byte, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var file yaml.Node
	err := decoder.Decode(&file)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("not valid YAML: %w", err)
	}
	if err == nil && !errors.Is(decoder.Decode(&yaml.Node{}), io.EOF) {
		return nil, errors.New("it has several YAML documents; name a file with one")
	}
	if file.Kind == 0 || file.Content[0].Kind == yaml.ScalarNode && file.Content[0].Tag == "!!null" {
		file = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}, HeadComment: file.HeadComment, FootComment: file.FootComment}
	}
	top := file.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, errors.New("not a mapping")
	}
	changed, err := edit(top)
	if err != nil || !changed {
		return text, err
	}
	plainMerges(&file)
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(&file), encoder.Close()); err != nil {
		return nil, err
	}
	if lines := bytes.Count(text, []byte("\n")); lines > 0 && lines == bytes.Count(text, []byte("\r\n")) {
		return bytes.ReplaceAll(out.Bytes(), []byte("\n"), []byte("\r\n")), nil
	}
	return out.Bytes(), nil
}

// plainMerges removes the tags of merge keys, which the encoder would write: !!merge <<.
func plainMerges(n *yaml.Node) {
	if n.Tag == "!!merge" {
		n.Tag = ""
	}
	for _, c := range n.Content {
		plainMerges(c)
	}
}

// child returns the value of a key of a mapping. It is added if it is missing or null, and must be
// of a kind.
func child(mapping *yaml.Node, key string, kind yaml.Kind) (node *yaml.Node, added bool, err error) {
	n := find(mapping, key)
	if n < 0 {
		mapping.Style = 0
		mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key, Tag: "!!str"}, &yaml.Node{Kind: kind})
		return mapping.Content[len(mapping.Content)-1], true, nil
	}
	node = mapping.Content[n]
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		*node = yaml.Node{Kind: kind, HeadComment: node.HeadComment, LineComment: node.LineComment, FootComment: node.FootComment}
		return node, true, nil
	}
	if node.Kind != kind {
		what := map[yaml.Kind]string{yaml.MappingNode: "mapping", yaml.SequenceNode: "list"}[kind]
		return nil, false, fmt.Errorf("line %d: `%s` is not a %s", node.Line, key, what)
	}
	if len(node.Content) == 0 {
		node.Style = 0 // not {} or []
	}
	return node, false, nil
}

// find returns the index of the value of a key, or -1.
func find(mapping *yaml.Node, key string) int {
	if mapping.Kind != yaml.MappingNode {
		return -1
	}
	for n := 0; n+1 < len(mapping.Content); n += 2 {
		if mapping.Content[n].Value == key {
			return n + 1
		}
	}
	return -1
}

// value returns the string at a key, or "".
func value(mapping *yaml.Node, key string) string {
	if n := find(mapping, key); n >= 0 {
		return mapping.Content[n].Value
	}
	return ""
}

// set sets a string, and reports whether it was another one.
func set(mapping *yaml.Node, key, to string) bool {
	n := find(mapping, key)
	if n < 0 {
		mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key, Tag: "!!str"}, &yaml.Node{})
		n = len(mapping.Content) - 1
	}
	node := mapping.Content[n]
	if node.Kind == yaml.ScalarNode && node.Value == to {
		return false
	}
	*node = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: to, HeadComment: node.HeadComment, LineComment: node.LineComment, FootComment: node.FootComment}
	return true
}

// remove removes a key, and reports whether it was there.
func remove(mapping *yaml.Node, key string) bool {
	n := find(mapping, key)
	if n < 0 {
		return false
	}
	mapping.Content = slices.Delete(mapping.Content, n-1, n+1)
	return true
}
