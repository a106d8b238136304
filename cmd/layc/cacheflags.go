package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/llb/cache"
	"github.com/layc-lang/layc/llb/registry"
)

// cacheFlags are the flags that say where a build finds what other machines have built.
type cacheFlags struct {
	both, fromText, toText []string
	from, to               []cache.Place
}

func (c *cacheFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&c.both, "cache", nil, "read and write the cache in `REPOSITORY` of a registry, or in GitHub's service with type=gha")
	f.StringArrayVar(&c.fromText, "cache-from", nil, "read the cache at `PLACE`, such as type=local,src=DIR")
	f.StringArrayVar(&c.toText, "cache-to", nil, "write the cache at `PLACE`, such as type=registry,ref=REPOSITORY")
}

// check checks the flags before anything is read, and sets the places.
func (c *cacheFlags) check(cmd *cobra.Command) error {
	for _, f := range []struct {
		name  string
		texts []string
		from  bool
		to    bool
	}{{"cache", c.both, true, true}, {"cache-from", c.fromText, true, false}, {"cache-to", c.toText, false, true}} {
		for _, text := range f.texts {
			if f.from && f.to && strings.Contains(text, "type=local") {
				return usage(cmd, "--cache %s: expected a repository or type=gha; for a directory, pass --cache-from and --cache-to", text)
			}
			place, err := cache.Parse(text, f.to)
			if err != nil {
				return usage(cmd, "--%s %s: %s", f.name, text, err)
			}
			if info, err := os.Stat(place.Dir); place.Dir != "" && err == nil && !info.IsDir() {
				return usage(cmd, "--%s %s: not a directory", f.name, text)
			}
			if err := place.Check(); err != nil && f.to && !place.Lenient {
				return usage(cmd, "--%s %s: %s", f.name, text, err)
			}
			if f.from {
				c.from = append(c.from, place)
			}
			if f.to {
				c.to = append(c.to, place)
			}
		}
	}
	return nil
}

// readable removes the places that cannot be read, which it tells.
func (c *cacheFlags) readable(notice func(string)) {
	c.from = slices.DeleteFunc(c.from, func(place cache.Place) bool {
		why := place.Check()
		if _, err := os.Stat(place.Dir); place.Dir != "" && err != nil && !slices.ContainsFunc(c.to, func(to cache.Place) bool { return to.Dir == place.Dir }) {
			why = errors.New("no such directory")
		}
		if why != nil {
			notice(fmt.Sprintf("building without the cache %s: %v", place, why))
		}
		return why != nil
	})
}

// reach sets how the registries of the places are reached, where they do not tell it themselves.
func (c *cacheFlags) reach(client registry.Client) {
	for _, places := range [][]cache.Place{c.from, c.to} {
		for n := range places {
			if places[n].Client.Access == nil {
				places[n].Client = client
			}
		}
	}
}

// dirs returns the places that are directories.
func (c *cacheFlags) dirs() []string {
	var all []string
	for _, place := range slices.Concat(c.from, c.to) {
		if place.Dir != "" {
			all = append(all, place.Dir)
		}
	}
	return all
}

// shared reports whether several engines can pass results on: there is a registry that they read and
// write.
func (c *cacheFlags) shared() bool {
	return slices.ContainsFunc(c.to, func(to cache.Place) bool {
		return to.Repository != "" && slices.ContainsFunc(c.from, func(from cache.Place) bool { return from.Repository == to.Repository && from.Prefix == to.Prefix })
	})
}
