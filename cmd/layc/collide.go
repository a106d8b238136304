package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/llb/outputs"
)

// claim is a path that a build writes to.
type claim struct {
	flag string // with its value
	path string
	tree bool // a directory, in which nothing else may write
}

// claims returns what a build writes to, besides the engine's state and caches.
func (b *build) claims(apps []outputs.App) ([]claim, error) {
	var all []claim
	if dir := b.destination.dir; dir != "" {
		all = append(all, claim{"--output " + dir, dir, true})
	}
	for _, o := range b.destination.outputs {
		dests, err := o.Places(apps)
		if err != nil {
			return nil, err
		}
		for _, dest := range dests {
			all = append(all, claim{"--output " + o.Dest, dest, !o.Archive})
		}
	}
	if b.jsonFile != "" {
		all = append(all, claim{"--json-file " + b.jsonFile, b.jsonFile, false})
	}
	for _, file := range b.digests.files {
		all = append(all, claim{"--digests " + file, file, false})
	}
	return all, nil
}

// collide returns a usage error if two of them write to one place. Devices and pipes take several
// outputs.
func collide(cmd *cobra.Command, all []claim) error {
	for n, c := range all {
		if info, err := os.Stat(c.path); err == nil && info.Mode()&(fs.ModeDevice|fs.ModeNamedPipe) != 0 {
			continue
		}
		for _, other := range all[:n] {
			switch one, two := realPath(other.path), realPath(c.path); {
			case one == two:
				return usage(cmd, "%s: %s writes to the same place; name another one", c.flag, other.flag)
			case other.tree && inside(two, one):
				return usage(cmd, "%s: inside of the directory of %s; name another place", c.flag, other.flag)
			case c.tree && inside(one, two):
				return usage(cmd, "%s: inside of the directory of %s; name another place", other.flag, c.flag)
			}
		}
	}
	return nil
}

func inside(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

// realPath returns the absolute path without links, as far as it exists.
func realPath(path string) string {
	at, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	for above := at; ; above = filepath.Dir(above) {
		if real, err := filepath.EvalSymlinks(above); err == nil {
			return filepath.Join(real, strings.TrimPrefix(at, above))
		}
		if above == filepath.Dir(above) {
			return at
		}
	}
}
