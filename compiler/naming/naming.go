// Package naming makes the names of images in registries and image stores.
package naming

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/redact"

	"github.com/layc-lang/layc/lang/lazy"
)

// Template makes the names of images in registries and image stores. It has placeholders: {registry}
// is the fleet's registry, {app} the name of the app, {tag} each of its tags or latest, and
// {revision} the git commit of the project. Without {app} it is a prefix: REGISTRY/TEAM means
// REGISTRY/TEAM/{app}:{tag}. The empty template is {registry}, or no prefix if the fleet has none.
type Template string

// placeholders are what a template may have.
var placeholders = []string{"registry", "app", "tag", "revision"}

var placeholder = lazy.Regexp(`\{([^{}]*)\}`)

// tagged matches a prefix that ends in a tag: the colon is not the port's.
var tagged = lazy.Regexp(`/[^/]*:[^/]*$|^[^/:]*:[^/]*[^/0-9][^/]*$`)

// Parse checks a template.
func Parse(text string) (Template, error) {
	if err := Placeholders(text, placeholders); err != nil {
		return "", err
	}
	if t := Template(text); !t.Uses("app") && tagged().MatchString(text) {
		return "", errors.New("one name for all apps; write {app} in it, or a prefix without a tag")
	}
	return Template(text), nil
}

// Placeholders returns an error unless a text has only known placeholders, like {app}.
func Placeholders(text string, known []string) error {
	for _, m := range placeholder().FindAllStringSubmatch(text, -1) {
		if !slices.Contains(known, m[1]) {
			var braced []string
			for _, k := range known {
				braced = append(braced, "{"+k+"}")
			}
			if near := diag.Nearest(m[0], braced); near != "" {
				return fmt.Errorf("unknown placeholder: %s; did you mean %s?", m[0], near)
			}
			return fmt.Errorf("unknown placeholder: %s; expected one of %s", m[0], strings.Join(braced, ", "))
		}
	}
	if rest := placeholder().ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}") {
		return errors.New("unbalanced braces")
	}
	return nil
}

// Uses reports whether the template has a placeholder.
func (t Template) Uses(name string) bool { return strings.Contains(string(t), "{"+name+"}") }

// Values are the values of placeholders.
type Values struct{ Registry, Revision string }

// Name returns the full name of an image of a layout, "app" or "app:tag", in the form of registries:
// with a host, and with a tag.
func (t Template) Name(image string, v Values) (string, error) {
	app, tag, _ := strings.Cut(image, ":")
	tag = cmp.Or(tag, "latest")
	text := string(t)
	if text == "" {
		text = "{registry}"
		if v.Registry == "" {
			text = "{app}:{tag}"
		}
	}
	if !t.Uses("app") && text != "{app}:{tag}" {
		text = strings.TrimSuffix(text, "/") + "/{app}:{tag}"
	}
	if v.Registry == "" && strings.Contains(text, "{registry}") {
		return "", errors.New("the fleet has no registry for {registry}; write registry \"…\" in fleet { … }")
	}
	name := strings.NewReplacer("{registry}", strings.TrimSuffix(v.Registry, "/"), "{app}", app, "{tag}", tag, "{revision}", v.Revision).Replace(text)
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return "", fmt.Errorf("not a valid name of an image: %s: %w", redact.Text(name), err)
	}
	if _, pinned := named.(reference.Digested); pinned {
		return "", fmt.Errorf("not a valid name of an image: %s has a digest", name)
	}
	return reference.TagNameOnly(named).String(), nil
}

// Names returns the full name of each image of a layout. The images of one app are its tags, and may
// get one name; images of different apps may not.
func (t Template) Names(apps [][]string, v Values) (map[string]string, error) {
	names, owner := map[string]string{}, map[string]int{}
	for n, tags := range apps {
		for _, image := range tags {
			name, err := t.Name(image, v)
			if err != nil {
				return nil, err
			}
			if other, taken := owner[name]; taken && other != n {
				return nil, fmt.Errorf("%s and %s both get the name %s; write {app}:{tag} in the template", apps[other][0], image, Familiar(name))
			}
			names[image], owner[name] = name, n
		}
	}
	return names, nil
}

// Familiar returns a full name as people write it, without Docker Hub's host.
func Familiar(name string) string {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return name
	}
	return reference.FamiliarString(named)
}

// Tag returns the tag of a full name.
func Tag(name string) string {
	if named, err := reference.ParseNormalizedNamed(name); err == nil {
		if tagged, ok := named.(reference.Tagged); ok {
			return tagged.Tag()
		}
	}
	return "latest"
}
