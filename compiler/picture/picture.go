// Package picture draws plans: as DOT, Mermaid, SVG, and as an HTML page for exploring.
//
// A drawing lays the stacks of all images over each other, from the base on the left to the apps
// on the right. Each image is a lane; images with the same layers are neighbours. Each layer is a
// box in one column. Its height is its number of images and its width its size, so its area is
// what all images together pull of it. No image has two layers in one column, so lanes run
// through boxes from left to right, and the columns of an image are an order in which its layers
// can be stacked. The colour shows how often a layer changes.
//
// Everything here is a pure function of plans.
package picture

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
)

// Picture is the layout of a plan.
type Picture struct {
	Layers  []Layer // all but deltas, by column, then from top to bottom
	Stacks  []Stack // from top to bottom
	Columns int     // columns of layers; apps are to the right
	Height  float64 // in lanes
}

// Layer is a layer that images can share.
type Layer struct {
	*plan.Layer
	Images int // number of images with it
	Column int
	Top    float64 // in lanes
	Height float64 // in lanes
}

// Stack is the apps whose images have the same layers below their deltas.
type Stack struct {
	Apps   []App // by name
	Layers []int // of Picture.Layers, by column
	Top    float64
	Height float64 // in lanes
}

// App is one app, with its image's own layer.
type App struct {
	*model.App
	Delta *plan.Layer // nil without one
}

// Lane selects what gets a lane of its own.
type Lane bool

// The lanes.
const (
	PerStack Lane = false // apps with equal stacks share one
	PerApp   Lane = true
)

// gap is the space between two neighbours in a column, in lanes.
const gap = 0.5

// New lays out a plan.
func New(p *plan.Plan, lane Lane) *Picture {
	pic := &Picture{}
	index := map[*plan.Layer]int{}
	for _, l := range p.Layers {
		if l.Kind != plan.Delta {
			index[l] = len(pic.Layers)
			pic.Layers = append(pic.Layers, Layer{Layer: l})
		}
	}
	pic.stack(p, index)
	for n := range pic.Stacks {
		s := &pic.Stacks[n]
		s.Height = 1
		if lane == PerApp {
			s.Height = float64(len(s.Apps))
		}
		for _, l := range s.Layers {
			pic.Layers[l].Images += len(s.Apps)
			pic.Layers[l].Height += s.Height
		}
	}
	pic.columns(index)
	pic.lanes()
	pic.boxes()
	pic.sort()
	return pic
}

// stack groups the apps whose images have the same layers.
func (pic *Picture) stack(p *plan.Plan, index map[*plan.Layer]int) {
	known := map[string]int{}
	for _, i := range p.Images {
		a := App{App: i.App}
		var layers []int
		for _, l := range i.Layers {
			if l.Kind == plan.Delta {
				a.Delta = l
			} else {
				layers = append(layers, index[l])
			}
		}
		slices.Sort(layers)
		key := ""
		for _, l := range layers {
			key += strconv.Itoa(l) + " "
		}
		n, ok := known[key]
		if !ok {
			n = len(pic.Stacks)
			known[key] = n
			pic.Stacks = append(pic.Stacks, Stack{Layers: layers})
		}
		pic.Stacks[n].Apps = append(pic.Stacks[n].Apps, a)
	}
	for _, s := range pic.Stacks {
		slices.SortFunc(s.Apps, func(a, b App) int { return cmp.Compare(a.Name, b.Name) })
	}
}

// sort numbers the layers by their places.
func (pic *Picture) sort() {
	order := make([]int, len(pic.Layers))
	for n := range order {
		order[n] = n
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &pic.Layers[a], &pic.Layers[b]
		return cmp.Or(cmp.Compare(x.Column, y.Column), cmp.Compare(x.Top, y.Top), strings.Compare(x.ID, y.ID))
	})
	layers := make([]Layer, len(order))
	to := make([]int, len(order))
	for n, o := range order {
		layers[n], to[o] = pic.Layers[o], n
	}
	pic.Layers = layers
	for _, s := range pic.Stacks {
		for n, l := range s.Layers {
			s.Layers[n] = to[l]
		}
		slices.Sort(s.Layers)
	}
}

// Names lists a stack's apps: all of them, or the first ones and the number of others.
func (s *Stack) Names(most int) string {
	var names []string
	for _, a := range s.Apps {
		names = append(names, a.Name)
	}
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most-1], ", ") + " and " + strconv.Itoa(len(names)-most+1) + " more"
}

// deltas returns the largest size and rate of the apps' own layers.
func (s *Stack) deltas() (size plan.Size, rate float64) {
	for _, a := range s.Apps {
		if a.Delta != nil {
			if a.Delta.Size.Bytes > size.Bytes {
				size = a.Delta.Size
			}
			rate = max(rate, a.Delta.Rate)
		}
	}
	return size, rate
}
