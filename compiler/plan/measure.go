package plan

import (
	"fmt"

	"github.com/layc-lang/layc/compiler/component"
	"github.com/layc-lang/layc/compiler/lock"
)

// Measure notes the measured sizes of an image's layers in a lock file: blobs
// are the compressed sizes of all layers of the built image, bottom up. Layers
// that the base brought count together. What a layer's size is more or less
// than estimated is attributed to its members in proportion to the estimates.
//
// Instances that are estimated well, as packages mostly are, need no fact: a
// measure within a tenth of the estimate is not noted. An error says that the
// image is not of this plan.
func (i *Image) Measure(l *lock.File, blobs []int64) error {
	if len(blobs) < len(i.Layers) || len(blobs) > len(i.Layers) && i.Layers[0].Kind != Base {
		return fmt.Errorf("the image of %s has %d layers, its plan %d", i.App.Name, len(blobs), len(i.Layers))
	}
	inBase := len(blobs) - len(i.Layers) + 1
	sizes := blobs[inBase-1:]
	for _, n := range blobs[:inBase-1] {
		sizes[0] += n
	}
	for n, y := range i.Layers {
		y.measure(l, sizes[n])
	}
	return nil
}

// measure attributes a layer's size to its members.
func (y *Layer) measure(l *lock.File, size int64) {
	estimates := make([]int64, len(y.Members))
	var sum int64
	for n, m := range y.Members {
		estimates[n] = sizeOf(m, &lock.File{})
		sum += estimates[n]
	}
	if sum == 0 {
		return
	}
	for n, m := range y.Members {
		// Sizes may be terabytes: their products need more than an integer.
		share := int64(float64(size) * (float64(estimates[n]) / float64(sum)))
		note(l, m, share, estimates[n])
	}
}

// note replaces the fact on an instance's size.
func note(l *lock.File, i *component.Instance, size, estimate int64) {
	var kept []lock.Size
	for _, s := range l.Sizes {
		if s.Instance != i.ID {
			kept = append(kept, s)
		}
	}
	if diff := size - estimate; diff > estimate/10 || diff < -estimate/10 {
		kept = append(kept, lock.NewSize(i.ID, max(size, 1)))
	}
	l.Sizes = kept
	l.Sort()
}
