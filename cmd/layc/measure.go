package main

import (
	"fmt"
	"slices"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/llb/registry"
)

// measures reads the sizes of layers from an OCI layout. Images that it lacks
// are passed over.
func measures(dir string, plans []*plan.Plan) (plan.Measures, error) {
	m := plan.Measures{}
	images, err := registry.Sizes(dir)
	if err != nil {
		return nil, err
	}
	for _, p := range plans {
		for _, i := range p.Images {
			platform := p.Graph.Platform.String()
			at := slices.IndexFunc(images, func(s registry.ImageSize) bool {
				return s.Name == i.App.References()[0] && s.Platform == platform
			})
			if at < 0 {
				continue
			}
			if err := m.Measure(i, images[at].Layers); err != nil {
				return nil, fmt.Errorf("%s was not built by this plan: %w; run layc build -o %s again", dir, err, dir)
			}
		}
	}
	if len(m) == 0 {
		return nil, fmt.Errorf("%s has none of the program's images; run layc build -o %s", dir, dir)
	}
	return m, nil
}
