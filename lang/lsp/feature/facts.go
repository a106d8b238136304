package feature

import (
	"fmt"
	"slices"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
	"github.com/layc-lang/layc/lang/term"
)

// Fact is a short text about a declaration's place in the plan.
type Fact struct {
	At   source.Span // of the declaration's name
	Text string
}

// Facts returns what the plan says about the apps and components of a file: "4 layers, 556MB", "in 5
// images, a spine layer of 157MB". There are none if the program has errors.
func Facts(p *Place) []Fact {
	out := p.Analysis.Planned(p.Done)
	if out == nil {
		return nil
	}
	shown := out.Targets[0].Plan
	components := map[source.Span][]*plan.Layer{}
	for _, l := range shown.Layers {
		for _, i := range slices.Concat(l.Members, l.Marks) {
			if i.Package == nil && !slices.Contains(components[i.Span], l) {
				components[i.Span] = append(components[i.Span], l)
			}
		}
	}
	var all []Fact
	for _, d := range p.File.Decls {
		switch d := d.(type) {
		case *syntax.Component:
			if layers := components[d.Name.At]; len(layers) > 0 {
				all = append(all, Fact{d.Name.At, placed(shown, layers)})
			}
		case *syntax.App:
			if text := ofApp(shown, d); text != "" {
				all = append(all, Fact{d.Name.At, text})
			}
		}
	}
	return all
}

// placed tells which layers a component is in.
func placed(p *plan.Plan, layers []*plan.Layer) string {
	images := 0
	for _, i := range p.Images {
		if slices.ContainsFunc(i.Layers, func(l *plan.Layer) bool { return slices.Contains(layers, l) }) {
			images++
		}
	}
	text := "in " + term.Count(images, "image") + ", "
	if len(layers) == 1 {
		return text + fmt.Sprintf("a %s layer of %s", layers[0].Kind, layers[0].Size)
	}
	var sum plan.Size
	for _, l := range layers {
		sum = sum.Plus(l.Size)
	}
	return text + fmt.Sprintf("%s of %s together", term.Count(len(layers), "layer"), sum)
}

// ofApp tells how many layers the images of an app have, and how large they are.
func ofApp(p *plan.Plan, d *syntax.App) string {
	images, most := 0, 0
	var least, largest plan.Size
	for _, i := range p.Images {
		if i.App.Span != d.Name.At {
			continue
		}
		s := size(i)
		if images == 0 || s.Bytes < least.Bytes {
			least = s
		}
		if s.Bytes > largest.Bytes {
			largest = s
		}
		images++
		most = max(most, len(i.Layers))
	}
	switch images {
	case 0:
		return ""
	case 1:
		return term.Count(most, "layer") + ", " + largest.String()
	}
	return fmt.Sprintf("%s, up to %s, %s", term.Count(images, "image"), term.Count(most, "layer"), plan.Range(least, largest))
}
