// Package cache is what machines keep for each other: results of steps, in a registry, in a
// directory, or in the cache service of GitHub Actions.
//
// BuildKit exports the results of a build as one manifest, and reads them back from it. If all
// builds wrote to one name, each would replace what the others wrote. So a place has a name for
// each step: its key, which follows from everything that the step depends on (see [Keys]). The name
// leads to the manifest of a build that has the step's result. Builds only add names, and two that
// write the same name mean the same result, so builds of several branches at once lose nothing. A
// build looks up the keys of its own steps, and reads the few manifests that these lead to. It
// pulls a layer only if a step needs it, or if it is written into an image.
package cache

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/llb/registry"
	"github.com/layc-lang/layc/llb/registry/access"
)

// Place is where results are kept: a repository, a directory, or GitHub.
type Place struct {
	// Repository is a repository of a registry; "" if another one is the place. The names of results
	// are tags that begin with Prefix.
	Repository, Prefix string
	Client             registry.Client
	// Insecure: without TLS, also for the engine.
	Insecure bool
	// Dir is a directory with results; "" if another one is the place.
	Dir string
	// github is the cache service of GitHub Actions; nil if another one is the place.
	github *github
	// Attrs are BuildKit's attributes for writing to the place.
	Attrs map[string]string
	// Lenient: a build does not fail because it cannot write to the place.
	Lenient bool
}

// String is the place as users name it.
func (p Place) String() string {
	if p.github != nil {
		return p.github.String()
	}
	return cmp.Or(p.Dir, p.Repository)
}

// Check returns why the place cannot be used on this machine, as far as that is known without asking
// it.
func (p Place) Check() error {
	if p.github == nil {
		return nil
	}
	_, err := p.github.open()
	return err
}

// usualPrefix begins the tags of a repository that is given without one.
const usualPrefix = "layc"

// attributes are what a place takes, in the words of docker buildx, and its values. "": any.
var attributes = map[string]string{
	"type": "registry local gha", "ref": "", "dest": "", "src": "", "registry.insecure": "true false",
	"scope": "", "token": "", "url": "", "url_v2": "", "version": "1 2",
	"mode": "max min", "compression": "gzip zstd estargz uncompressed", "compression-level": "", "force-compression": "true false", "ignore-error": "true false",
}

// ofGitHub are the attributes of type=gha.
var ofGitHub = []string{"scope", "token", "url", "url_v2", "version"}

// forWriting are the attributes that reading does not take.
var forWriting = []string{"dest", "mode", "compression", "compression-level", "force-compression", "ignore-error"}

// Parse returns the place of a text such as "type=registry,ref=registry.example.com/cache" or
// "type=local,dest=DIR". A text without "=" is a repository. to: the place is written to.
func Parse(text string, to bool) (Place, error) {
	p := Place{Attrs: map[string]string{"mode": "max"}}
	got, err := fields(text, to)
	if err != nil {
		return p, err
	}
	dir, other := "src", "dest"
	if to {
		dir, other = other, dir
	}
	if _, ok := got[other]; ok {
		return p, fmt.Errorf("did you mean %s=%s?", dir, got[other])
	}
	own, ok := map[string][]string{"registry": {"ref", "registry.insecure"}, "local": {dir}, "gha": ofGitHub}[got["type"]]
	if !ok {
		return p, fmt.Errorf("expected type=registry,ref=REPOSITORY, type=local,%s=DIR or type=gha", dir)
	}
	if needs := own[0]; got[needs] == "" && got["type"] != "gha" {
		return p, fmt.Errorf("type=%s needs %s=…", got["type"], needs)
	}
	for _, name := range append([]string{"ref", "src", "dest", "registry.insecure"}, ofGitHub...) {
		if _, ok := got[name]; ok && !slices.Contains(own, name) {
			return p, fmt.Errorf("type=%s has no %s", got["type"], name)
		}
	}
	for _, name := range []string{"mode", "compression", "compression-level", "force-compression"} {
		if v, ok := got[name]; ok {
			p.Attrs[name] = v
		}
	}
	p.Lenient, p.Insecure = got["ignore-error"] == "true", got["registry.insecure"] == "true"
	switch got["type"] {
	case "gha":
		p.github = newGitHub(got, os.Getenv)
	case "local":
		p.Dir, err = filepath.Abs(got[dir])
	case "registry":
		switch ref := got["ref"]; {
		case strings.HasPrefix(ref, "/") || strings.HasPrefix(ref, ".") || strings.HasSuffix(ref, "/"):
			return p, fmt.Errorf("expected a repository; for a directory, write type=local,%s=%s", dir, ref)
		case !strings.Contains(ref, "/"):
			return p, fmt.Errorf("expected a repository and its registry, like registry.example.com/cache; for a directory, write type=local,%s=%s", dir, ref)
		}
		p.Repository, p.Prefix, err = registry.SplitTag(got["ref"])
		p.Prefix = cmp.Or(p.Prefix, usualPrefix)
		if host, _, ok := strings.Cut(p.Repository, "/"); ok && p.Insecure && err == nil {
			p.Client.Access, err = access.New(access.Options{Insecure: []string{host}})
		}
	}
	return p, err
}

// fields returns the attributes of a text.
func fields(text string, to bool) (map[string]string, error) {
	if !strings.Contains(text, "=") {
		return map[string]string{"type": "registry", "ref": text}, nil
	}
	list, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return nil, fmt.Errorf("not a list of NAME=VALUE")
	}
	got := map[string]string{}
	for _, field := range list {
		name, value, ok := strings.Cut(field, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		values, known := attributes[name]
		switch {
		case !known || !to && slices.Contains(forWriting[1:], name):
			var names []string
			for _, n := range slices.Sorted(maps.Keys(attributes)) {
				if to || !slices.Contains(forWriting, n) {
					names = append(names, n)
				}
			}
			return nil, fmt.Errorf("unknown attribute %s: expected one of %s", name, strings.Join(names, ", "))
		case !ok:
			return nil, fmt.Errorf("%s needs a value: %s=…", name, name)
		case values != "" && !slices.Contains(strings.Fields(values), value):
			return nil, fmt.Errorf("%s=%s: expected one of %s", name, value, strings.Join(strings.Fields(values), ", "))
		case name == "compression-level":
			if _, err := strconv.Atoi(value); err != nil {
				return nil, fmt.Errorf("%s=%s: expected a number", name, value)
			}
		}
		got[name] = value
	}
	return got, nil
}
