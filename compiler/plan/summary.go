package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/term"
)

// Title returns a short name of the layer for people: its components and users, and the number of
// other OS packages.
func (l *Layer) Title() string {
	var names []string
	packages := 0
	for _, i := range l.Marks {
		if !slices.Contains(names, i.Title) { // equal ones differ in what their needs are in their apps
			names = append(names, i.Title)
		}
	}
	for _, i := range l.Members {
		if i.Package != nil && i.Package.Account == nil {
			packages += len(i.Package.Packages)
		} else {
			names = append(names, i.Title)
		}
	}
	if len(names) > 4 {
		names = append(names[:3:3], fmt.Sprintf("%d more", len(names)-3))
	}
	switch {
	case packages == 1 && len(names) == 0:
		return l.Members[0].Title
	case packages == 1:
		names = append(names, "1 package")
	case packages > 1:
		names = append(names, fmt.Sprintf("%d packages", packages))
	}
	return strings.Join(names, " + ")
}

// Totals sums up the plan's layers and images.
type Totals struct {
	Stored Size // each layer once
	Alone  Size // each image on its own
}

// Totals adds up the plan.
func (p *Plan) Totals() Totals {
	var t Totals
	for _, l := range p.Layers {
		t.Stored = t.Stored.Plus(l.Size)
	}
	for _, i := range p.Images {
		for _, l := range i.Layers {
			t.Alone = t.Alone.Plus(l.Size)
		}
	}
	return t
}

// Gap is the distance of the plan's cost from the lower bound, as a fraction.
func (p *Plan) Gap() float64 {
	bound := p.Bound()
	if bound <= 0 {
		return 0
	}
	return float64(p.Cost.Total()-bound) / float64(bound)
}

// Summary describes the plan's cost in one line.
func (p *Plan) Summary() string { return p.Storage() + "; " + p.Quality() }

// Storage describes the size of the plan's images, with and without sharing.
func (p *Plan) Storage() string {
	t := p.Totals()
	return fmt.Sprintf("%s, %s: %s stored, %s if each image were alone",
		term.Count(len(p.Images), "image"), term.Count(len(p.Layers), "layer"), t.Stored, t.Alone)
}

// Quality tells what is known about the cost of the whole fleet's plan.
func (p *Plan) Quality() string {
	switch gap := p.Gap(); {
	case gap <= exactGap:
		return "no plan costs less"
	case gap <= knownGap:
		return fmt.Sprintf("costs at most %s more than the best possible plan", percent(gap))
	}
	found := "the cheapest plan found"
	if !p.anew {
		found = "planned as " + lock.Name + " has it" // a new plan may be cheaper
	}
	return found + "; how much cheaper a plan can be is not known"
}

const (
	exactGap = 1e-4 // a difference that rates and sizes are not known well enough for
	knownGap = 0.25 // above it, the lower bound tells more about itself than about the plan
)

// percent rounds up, so that it never understates the gap.
func percent(f float64) string {
	n := int64(f*1000 + 0.999)
	return fmt.Sprintf("%d.%d %%", n/10, n%10)
}
