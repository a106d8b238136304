package importing

import (
	"cmp"
	"strings"
)

// A stage FROM --platform=$BUILDPLATFORM is executed on the platform of the machine that builds, for the
// platform of the image. So are components that build cross, on the platform that the fleet names as its
// builder. An image is for its own platform, so a stage that becomes one cannot be such a component.

// crossed returns a stage that continues another one, after a FROM that says where it is built. If it
// does not, the stage is built where the other one is.
func crossed(s *stage, from *instruction) *stage {
	if from != nil {
		s.cross = from
	}
	return s
}

// cross reports whether a component builds cross: if it has the files of stages that all do.
func (im *importer) cross(b *block) bool {
	for _, n := range b.targets {
		t := im.targets[n]
		if !t.from || t.name != b.name || t.stage.cross == nil || len(t.builds) > 0 {
			return false
		}
	}
	return !b.own && len(b.targets) > 0
}

// crossing finds out whether the fleet needs a builder, and what in stages for the builder's platform is
// a guess.
func (im *importer) crossing() {
	for _, t := range im.targets {
		if from := t.stage.cross; from != nil && len(t.builds) > 0 {
			im.report.at(from).guess("the stage becomes an image, which is built on its own platform")
		}
	}
	for _, b := range im.blocks {
		if !im.cross(b) {
			continue
		}
		im.builder = cmp.Or(im.in.Builder, "linux/amd64")
		// What a component needs in its build is there for the builder's platform.
		for below := range closure(b.needs) {
			for _, u := range below.units {
				if u.kind == run && strings.Contains(u.text, "$TARGET") {
					im.report.at(u.from).guess("it is executed for the platform of the builder, in a component of its own; move it to the component that builds cross")
				}
			}
		}
	}
}
