package placement

import (
	"fmt"
	"testing"
)

// fleet returns images on spines that stand on one base.
func fleet(images, spines int) []Image {
	var all []Image
	for i := range images {
		spine := fmt.Sprintf("spine%d", i%spines)
		name := fmt.Sprintf("app%d", i)
		all = append(all, Image{name, []string{"base", spine}, []Layer{{"base", 50e6}, {spine, 100e6}, {name, 5e6}}})
	}
	return all
}

func engines(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("tcp://10.0.0.%d:1234", i))
	}
	return all
}

// TestImages checks that images of one spine stay together if they can, and that no engine has much
// more than its share.
func TestImages(t *testing.T) {
	for _, c := range []struct{ images, spines, engines int }{{1, 1, 3}, {60, 20, 4}, {1000, 40, 10}, {300, 1, 6}} {
		images := fleet(c.images, c.spines)
		place := Images(images, engines(c.engines))
		load, homes := map[int]int{}, map[string]map[int]bool{}
		for i, n := range place {
			load[n]++
			if homes[images[i].Spine[1]] == nil {
				homes[images[i].Spine[1]] = map[int]bool{}
			}
			homes[images[i].Spine[1]][n] = true
		}
		for n, got := range load {
			if share := c.images/c.engines + 1; got > 2*share {
				t.Errorf("%v: engine %d has %d images, its share is %d", c, n, got, share)
			}
		}
		for spine, at := range homes {
			if len(at) > 1 && c.spines >= c.engines {
				t.Errorf("%v: the images of %s are on %d engines", c, spine, len(at))
			}
		}
	}
}

// TestImagesStay checks that the loss of an engine moves its images, and few others.
func TestImagesStay(t *testing.T) {
	images, all := fleet(60, 20), engines(4)
	before, after := Images(images, all), Images(images, all[:3])
	moved, had := 0, 0
	for i := range images {
		if before[i] == 3 {
			had++
		} else if before[i] != after[i] {
			moved++
		}
	}
	// Engines that have their share are passed over, so a few more may move.
	if had == 0 || moved > had {
		t.Errorf("%d images were on the lost engine, and %d others moved", had, moved)
	}
}
