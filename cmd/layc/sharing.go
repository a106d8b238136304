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

// printSharing lists images and their layers: what they hold, and how many images of the fleet have each.
func printSharing(w io.Writer, plans []*plan.Plan, r *images.Result) {
	users, fleet := map[string]int{}, inFleet(plans, r.Images)
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
			if n := max(users[l.Digest.String()], fleet[l.Digest.String()]); n > 1 {
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

// inFleet returns the number of images of the fleet that have a layer, by its digest, also of images
// that were not built.
func inFleet(plans []*plan.Plan, built []engine.BuiltImage) map[string]int {
	type planned struct {
		layer  *plan.Layer
		digest string
	}
	counted, all := map[planned]bool{}, map[string]int{}
	for _, p := range plans {
		users := p.Users()
		for _, i := range p.Images {
			at := slices.IndexFunc(built, func(b engine.BuiltImage) bool {
				return b.Name == i.App.References()[0] && platforms.Format(b.Platform) == p.Graph.Platform.String()
			})
			if at < 0 {
				continue
			}
			for n, l := range built[at].Layers {
				one := planned{i.Holds(n, len(built[at].Layers)), l.Digest.String()}
				if one.layer != nil && !counted[one] {
					counted[one] = true
					all[one.digest] += users[one.layer]
				}
			}
		}
	}
	return all
}
