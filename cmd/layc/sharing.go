package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/containerd/platforms"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/images"
)

// printSharing lists images and their layers: what they hold, and how many images share each.
func printSharing(w io.Writer, plans []*plan.Plan, r *images.Result) {
	users := map[string]int{}
	sizes := map[string]int64{}
	var total int64
	several := slices.ContainsFunc(r.Images, func(i engine.BuiltImage) bool {
		return platforms.Format(i.Platform) != platforms.Format(r.Images[0].Platform)
	})
	for _, i := range r.Images {
		for _, l := range i.Layers {
			users[l.Digest.String()]++
			sizes[l.Digest.String()] = l.Size
			total += l.Size
		}
	}
	for _, i := range r.Images {
		on := ""
		if several {
			on = "  " + platforms.Format(i.Platform)
		}
		fmt.Fprintf(w, "%s%s  %s\n    %s\n", i.Name, on, plan.Bytes(i.Size), i.Manifest)
		titles := held(plans, i)
		for n, l := range i.Layers {
			shared := "not shared"
			if n := users[l.Digest.String()]; n > 1 {
				shared = fmt.Sprintf("in %d images", n)
			}
			line := fmt.Sprintf("    %s  %9s  %-12s  %s", l.Digest.Encoded()[:12], plan.Bytes(l.Size), shared, titles[n])
			fmt.Fprintln(w, term.Cut(strings.TrimRight(line, " "), term.Width))
		}
	}
	if len(r.Images) > 1 {
		var stored int64
		for _, n := range sizes {
			stored += n
		}
		fmt.Fprintf(w, "%s stored for %s; each image on its own would be %s\n", plan.Bytes(stored), term.Count(len(r.Images), "image"), plan.Bytes(total))
	}
}

// held returns what the layers of a built image hold.
func held(plans []*plan.Plan, built engine.BuiltImage) []string {
	for _, p := range plans {
		for _, i := range slices.Concat(p.Images, p.Published) {
			if i.App.References()[0] == built.Name && p.Graph.Platform.String() == platforms.Format(built.Platform) {
				return i.Titles(len(built.Layers))
			}
		}
	}
	return make([]string, len(built.Layers))
}
