package plan

import (
	"errors"
	"fmt"
	"slices"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
)

// Measures are measured sizes of instances, by ID.
type Measures map[string]int64

// Built is an image that was built: its name in a registry, and the compressed sizes
// of its layers, bottom up.
type Built struct {
	Name, Platform string
	Layers         []int64
}

// ErrNotBuilt says that none of the images that were built is one of the plans'.
var ErrNotBuilt = errors.New("none of the program's images was built")

// OtherImageError says that an image was built by another plan.
type OtherImageError struct {
	App             string
	Layers, Planned int // how many
}

func (e *OtherImageError) Error() string {
	return fmt.Sprintf("the image of %s has %d layers, its plan has %d", e.App, e.Layers, e.Planned)
}

// Measured measures the images of plans that were built. The others are skipped; if
// that is all, the error is [ErrNotBuilt].
func Measured(plans []*Plan, built []Built) (Measures, error) {
	m := Measures{}
	for _, p := range plans {
		for _, i := range p.Images {
			at := slices.IndexFunc(built, func(b Built) bool {
				return b.Name == i.App.References()[0] && b.Platform == p.Graph.Platform.String()
			})
			if at < 0 {
				continue
			}
			if err := m.Measure(i, built[at].Layers); err != nil {
				return nil, err
			}
		}
	}
	if len(m) == 0 {
		return nil, ErrNotBuilt
	}
	return m, nil
}

// Measure notes the sizes of an image's layers: blobs are the compressed sizes
// of all layers of the built image, bottom up. Those of its base count
// together. The size of a layer is attributed to its members in proportion to
// their estimates. The error is an [*OtherImageError].
func (s Measures) Measure(i *Image, blobs []int64) error {
	if len(blobs) < len(i.Layers) || len(blobs) > len(i.Layers) && i.Layers[0].Kind != Base {
		return &OtherImageError{i.App.Name, len(blobs), len(i.Layers)}
	}
	base := len(blobs) - len(i.Layers)
	for n, l := range i.Layers {
		size := blobs[base+n]
		if n == 0 {
			for _, b := range blobs[:base] {
				size += b
			}
		}
		var sum int64
		for _, m := range l.Members {
			sum += estimate(m)
		}
		for _, m := range l.Members {
			// In floating point, since the product may exceed an integer.
			s[m.ID] = max(1, int64(float64(size)*(float64(estimate(m))/float64(sum))))
		}
	}
	return nil
}

// estimate is an instance's size as long as nobody has measured it.
func estimate(i *model.Instance) int64 { return sizeOf(i, &lock.File{}) }

// Sizes returns the lock file with facts for what was measured and for what
// had one before, as far as the plans' graphs still have it. What is estimated
// well, as packages mostly are, needs no fact.
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
			if measured && !estimatedWell(i, size) {
				out.Sizes = append(out.Sizes, lock.NewSize(i.ID, size))
			}
		}
	}
	out.Sort()
	return &out
}

// estimatedWell says that a measured size is not worth a line: within a tenth
// of the estimate, or within a quarter for packages, since there are many.
func estimatedWell(i *model.Instance, size int64) bool {
	e := estimate(i)
	off := max(size-e, e-size)
	if i.Package != nil {
		return off <= e/4
	}
	return off <= e/10
}
