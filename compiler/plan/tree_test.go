package plan_test

import (
	"slices"
	"testing"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
)

// trees tells which image the Dockerfile of an image begins with, for the examples that are trees
// of Dockerfiles elsewhere. The root begins with the base system.
var trees = map[string]map[string]string{
	"jupyter": {
		"docker-stacks-foundation": "",
		"base-notebook":            "docker-stacks-foundation",
		"minimal-notebook":         "base-notebook",
		"scipy-notebook":           "minimal-notebook",
		"r-notebook":               "minimal-notebook",
		"deno-notebook":            "minimal-notebook",
		"datascience-notebook":     "scipy-notebook",
		"litert-notebook":          "scipy-notebook",
		"onnx-notebook":            "scipy-notebook",
		"java-notebook":            "scipy-notebook",
		"all-java-notebook":        "java-notebook",
	},
	"selenium": {
		"base":                "",
		"hub":                 "base",
		"router":              "base",
		"distributor":         "base",
		"sessions":            "base",
		"session-queue":       "base",
		"event-bus":           "base",
		"node-base":           "base",
		"node-chromium":       "node-base",
		"node-firefox":        "node-base",
		"standalone-chromium": "node-chromium",
		"standalone-firefox":  "node-firefox",
	},
}

// TestTreesOfDockerfiles compares plans with the same images as a tree of Dockerfiles. Such a tree
// stores what each Dockerfile adds to the image that it begins with, once. The plan for the default
// limit stores no more bytes. It also costs no more, at all limits that the tree meets, because
// the tree is a plan, too: each Dockerfile is a layer.
func TestTreesOfDockerfiles(t *testing.T) {
	for dir, from := range trees {
		problem, _ := example(t, dir, plan.Options{Rebalance: true, Work: -1}).Problem()
		p := *problem
		p.Apps = slices.Clone(p.Apps)
		stored, stacks := tree(t, &p, from)
		depth := 0
		for _, layers := range stacks {
			depth = max(depth, len(layers)+1) // with a delta
		}
		for _, limit := range []int{search.DefaultLimit, 4, 6, 8, 12, 20} {
			if limit < depth {
				continue // the tree is not a plan for it
			}
			for a := range p.Apps {
				p.Apps[a].Limit, p.Apps[a].Own = limit, false
			}
			s, err := search.Solve(&p, search.Options{})
			if err != nil {
				t.Fatalf("%s: %v", dir, err)
			}
			var bytes int64
			for _, l := range s.Layers {
				bytes += l.Size
			}
			alike, err := search.Restack(&p, stacks)
			if err != nil {
				t.Fatalf("%s: %v", dir, err)
			}
			t.Logf("%s, %2d layers: %d MB, the tree %d MB; cost %.3f of the tree's", dir, limit, bytes>>20, stored>>20,
				float64(s.Cost.Total())/float64(alike.Cost.Total()))
			if limit == search.DefaultLimit && bytes > stored {
				t.Errorf("%s: the plan stores %d bytes, the tree of Dockerfiles %d", dir, bytes, stored)
			}
			if s.Cost.Total() > alike.Cost.Total() {
				t.Errorf("%s, %d layers: the plan costs %d, the tree of Dockerfiles %d", dir, limit, s.Cost.Total(), alike.Cost.Total())
			}
		}
	}
}

// tree returns the bytes that a tree of Dockerfiles stores, and the layers of each image as lists
// of items. Each Dockerfile is a layer.
func tree(t *testing.T, p *search.Problem, from map[string]string) (stored int64, stacks [][][]int) {
	t.Helper()
	apps := map[string]int{}
	for n, a := range p.Apps {
		apps[a.Name] = n
	}
	if len(apps) != len(from) {
		t.Fatalf("the tree has %d images, the program %d", len(from), len(apps))
	}
	// own returns what the Dockerfile of an image adds, each item after what it needs.
	own := func(name string) []int {
		var below []int
		if from[name] != "" {
			below = p.Apps[apps[from[name]]].Items
		}
		items := p.Apps[apps[name]].Items
		for _, i := range below {
			if !slices.Contains(items, i) {
				t.Fatalf("%s lacks %s, which %s has", name, p.Items[i].Name, from[name])
			}
		}
		return slices.DeleteFunc(slices.Clone(items), func(i int) bool { return slices.Contains(below, i) })
	}
	stacks = make([][][]int, len(p.Apps))
	for name, n := range apps {
		for _, i := range own(name) {
			stored += p.Items[i].Size
		}
		stored += p.Apps[n].Delta.Size
		for at := name; at != ""; at = from[at] {
			var base, layer []int
			for _, i := range own(at) {
				if p.Items[i].Base {
					base = append(base, i)
				} else {
					layer = append(layer, i)
				}
			}
			for _, items := range [][]int{layer, base} {
				if len(items) > 0 { // an image may have no more than its delta
					stacks[n] = slices.Insert(stacks[n], 0, items)
				}
			}
		}
	}
	return stored, stacks
}
