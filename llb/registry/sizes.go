package registry

import "fmt"

// ImageSize has the sizes of an image's layers.
type ImageSize struct {
	Name     string  // in the layout
	Platform string  // "linux/amd64"
	Layers   []int64 // compressed bytes, bottom up
}

// Sizes returns the sizes of all named images of an OCI layout, in its order.
func Sizes(dir string) ([]ImageSize, error) {
	entries, err := read(dir, nil)
	if err != nil {
		return nil, err
	}
	var sizes []ImageSize
	for _, e := range entries {
		images, err := e.images()
		if err != nil {
			return nil, fmt.Errorf("reading the image %s of %s: %w", e.name, dir, err)
		}
		for _, image := range images {
			manifest, err := image.Manifest()
			if err != nil {
				return nil, fmt.Errorf("reading the image %s of %s: %w", e.name, dir, err)
			}
			config, err := image.ConfigFile()
			if err != nil {
				return nil, fmt.Errorf("reading the image %s of %s: %w", e.name, dir, err)
			}
			if config.OS == "unknown" { // attestations
				continue
			}
			s := ImageSize{Name: e.name, Platform: config.Platform().String()}
			for _, l := range manifest.Layers {
				s.Layers = append(s.Layers, l.Size)
			}
			sizes = append(sizes, s)
		}
	}
	return sizes, nil
}
