package plan

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
)

// Measures holds measured sizes of instances, by ID.
type Measures map[string]int64

// Built is a built image: its name in a registry, and the compressed sizes of its layers, bottom
// up.
type Built struct {
	Name, Platform string
	Layers         []int64
}

// ErrNotBuilt means that none of the built images is in the plans.
var ErrNotBuilt = errors.New("none of the program's images was built")

// OtherImageError means that an image was built from another plan.
type OtherImageError struct {
	App             string
	Layers, Planned int // number of layers
}

func (e *OtherImageError) Error() string {
	return fmt.Sprintf("the image of %s has %d layers, its plan has %d", e.App, e.Layers, e.Planned)
}

// Measured measures the built images of plans. It skips images that are not in the plans; if none
// is, the error is [ErrNotBuilt].
func Measured(plans []*Plan, built []Built) (Measures, error) {
	m := Measures{}
	err := eachBuilt(plans, built, m.Measure)
	if err == nil && len(m) == 0 {
		err = ErrNotBuilt
	}
	return m, err
}

// eachBuilt visits the images that were built, with the sizes of their blobs.
func eachBuilt(plans []*Plan, built []Built, visit func(i *Image, blobs []int64) error) error {
	for _, p := range plans {
		for _, i := range p.Images {
			at := slices.IndexFunc(built, func(b Built) bool {
				return b.Name == i.App.References()[0] && b.Platform == p.Graph.Platform.String()
			})
			if at < 0 {
				continue
			}
			if err := visit(i, built[at].Layers); err != nil {
				return err
			}
		}
	}
	return nil
}

// Surprise is a layer with another size than planned.
type Surprise struct {
	Layer *Layer
	Built int64
	// Assumed: the planned size is a default, as nothing tells the size of what is in the layer.
	Assumed bool
}

// Surprises returns the layers of built images that are larger or smaller than planned by more than
// half of the planned size and at least a megabyte, the largest differences first.
func Surprises(plans []*Plan, built []Built) []Surprise {
	const least = 1e6
	var list []Surprise
	seen := map[*Layer]bool{}
	difference := func(s Surprise) int64 { return max(s.Built-s.Layer.Size.Bytes, s.Layer.Size.Bytes-s.Built) }
	_ = eachBuilt(plans, built, func(i *Image, blobs []int64) error {
		sizes, err := i.sizes(blobs)
		for n, size := range sizes {
			s := Surprise{Layer: i.Layers[n], Built: size}
			if d := difference(s); !seen[s.Layer] && d >= least && d > s.Layer.Size.Bytes/2 {
				for _, m := range s.Layer.Members {
					s.Assumed = s.Assumed || s.Layer.Size.Estimated && assumed(m)
				}
				list = append(list, s)
			}
			seen[s.Layer] = true
		}
		return err
	})
	slices.SortStableFunc(list, func(a, b Surprise) int { return cmp.Compare(difference(b), difference(a)) })
	return list
}

// Holds returns the planned layer that the blob of an index is of, if the built image has a number of
// blobs; nil if that does not fit the plan. The base may have several.
func (i *Image) Holds(blob, blobs int) *Layer {
	at := blob + len(i.Layers) - blobs
	switch {
	case len(i.Layers) == 0 || at >= len(i.Layers):
		return nil
	case at <= 0 && i.Layers[0].Kind == Base:
		return i.Layers[0]
	case at < 0:
		return nil
	}
	return i.Layers[at]
}

// sizes returns the sizes of the image's layers. The layers of its base are added up; a base may
// have none. The error is an [*OtherImageError].
func (i *Image) sizes(blobs []int64) ([]int64, error) {
	sizes := make([]int64, len(i.Layers))
	above := len(i.Layers)
	if above > 0 && i.Layers[0].Kind == Base {
		above--
	}
	base := len(blobs) - above
	switch {
	case base < 0, base > 0 && above == len(i.Layers), base == 0 && above < len(i.Layers) && !mayBeEmpty(i.Layers[0]):
		return nil, &OtherImageError{i.App.Name, len(blobs), len(i.Layers)}
	}
	for _, b := range blobs[:base] {
		sizes[0] += b
	}
	copy(sizes[len(sizes)-above:], blobs[base:])
	return sizes, nil
}

// Titles returns the titles of the image's layers as it was built, with a number of layers. The base has
// the ones that the plan does not have.
func (i *Image) Titles(layers int) []string {
	titles := make([]string, layers)
	for n := range min(len(i.Layers), layers) {
		titles[layers-1-n] = i.Layers[len(i.Layers)-1-n].Title()
	}
	for n := range layers - len(i.Layers) {
		titles[n] = i.Layers[0].Title()
	}
	return titles
}

// mayBeEmpty reports whether images may have no layer of a base.
func mayBeEmpty(base *Layer) bool {
	s := base.Members[0].System
	return s != nil && (s.Scratch || s.Image != "" || s.Layout != "")
}

// Measure records the sizes of an image's layers. blobs are the compressed sizes of all layers of
// the built image, bottom up; the layers of the base are added up. The size of a layer is divided
// among its members in proportion to their estimates. The error is an [*OtherImageError].
func (s Measures) Measure(i *Image, blobs []int64) error {
	sizes, err := i.sizes(blobs)
	if err != nil {
		return err
	}
	for n, l := range i.Layers {
		size := sizes[n]
		if size == 0 {
			continue // a base without layers
		}
		var sum int64
		for _, m := range l.Members {
			sum += estimate(m).Bytes
		}
		for _, m := range l.Members {
			// Floating point, since the product may overflow.
			s[m.ID] = max(1, int64(float64(size)*(float64(estimate(m).Bytes)/float64(sum))))
		}
	}
	return nil
}

// estimate returns an instance's declared or estimated size.
func estimate(i *model.Instance) Size { return sizeOf(i, &lock.File{}) }

// Sizes returns the lock file with size facts for the measured instances. It keeps the facts of
// other instances that are still in the graphs. A component that declares nearly that size gets no
// fact, and neither does a package with a good estimate, since there are many.
func (s Measures) Sizes(l *lock.File, graphs []*model.Graph) *lock.File {
	out := *l
	out.Sizes = nil
	done := map[string]bool{}
	for _, g := range graphs {
		for _, i := range g.Instances {
			if done[i.ID] {
				continue
			}
			done[i.ID] = true
			size, measured := s[i.ID]
			if old := l.Size(i.ID); !measured && old > 0 {
				out.Sizes = append(out.Sizes, lock.Size{Instance: i.ID, Bytes: old})
			}
			if measured && !knownWell(i, size) {
				out.Sizes = append(out.Sizes, lock.NewSize(i.ID, size))
			}
		}
	}
	out.Sort()
	return &out
}

// knownWell reports whether a measured size is close to what is known without it: within a tenth
// of the declared size, or within a quarter of a package's estimate.
func knownWell(i *model.Instance, size int64) bool {
	known := estimate(i)
	off := max(size-known.Bytes, known.Bytes-size)
	if i.Package != nil {
		return off <= known.Bytes/4
	}
	return !known.Estimated && off <= known.Bytes/10
}
