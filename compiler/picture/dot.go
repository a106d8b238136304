package picture

import (
	"fmt"
	"strings"
)

// Dot returns the picture in the language of Graphviz. Arrows point upwards, with the number of
// images if there are several. A solid arrow means that the upper content depends on the lower
// one; a dashed arrow only shows the order.
func (pic *Picture) Dot() string {
	var b strings.Builder
	b.WriteString("digraph layers {\n\trankdir=LR\n\tnode [shape=box style=filled fontname=\"sans-serif\" fontcolor=white]\n\tedge [color=gray40 fontname=\"sans-serif\"]\n")
	for n := range pic.Layers {
		l := &pic.Layers[n]
		fmt.Fprintf(&b, "\t%s [label=%s fillcolor=%q]\n", quote(l.ID), quote(l.Title()+"\n"+l.facts()), Colour(l.Rate))
	}
	for n := range pic.Stacks {
		s := &pic.Stacks[n]
		_, rate := s.deltas()
		fmt.Fprintf(&b, "\t%s [label=%s shape=box style=rounded fontcolor=black color=%q]\n", quote(s.id()), quote(s.Names(4)+"\n"+s.facts()), Colour(rate))
	}
	pic.arrows(func(from, to string, images int, solid bool) {
		var attributes []string
		if images > 1 {
			attributes = append(attributes, fmt.Sprintf("label=%d", images))
		}
		if !solid {
			attributes = append(attributes, "style=dashed")
		}
		fmt.Fprintf(&b, "\t%s -> %s", quote(from), quote(to))
		if len(attributes) > 0 {
			fmt.Fprintf(&b, " [%s]", strings.Join(attributes, " "))
		}
		b.WriteString("\n")
	})
	b.WriteString("}\n")
	return b.String()
}

// arrows visits pairs of a layer and the one directly above it, in the picture's order.
func (pic *Picture) arrows(visit func(from, to string, images int, solid bool)) {
	ribbons, _ := pic.Ribbons()
	for _, r := range ribbons {
		from, to := pic.Layers[r.From].Layer, pic.Layers[r.To].Layer
		solid := to.Parent == from
		for _, o := range to.On {
			solid = solid || o == from
		}
		visit(from.ID, to.ID, r.Images, solid)
	}
	for n := range pic.Stacks {
		s := &pic.Stacks[n]
		if len(s.Layers) > 0 {
			visit(pic.Layers[s.Layers[len(s.Layers)-1]].ID, s.id(), len(s.Apps), false)
		}
	}
}

// id identifies a stack among layers and stacks.
func (s *Stack) id() string { return "app-" + s.Apps[0].Name }

// facts describes a layer in a line: kind, size, pace.
func (l *Layer) facts() string {
	return fmt.Sprintf("%s, %s, %s", l.Kind, l.Size, Pace(l.Rate))
}

// facts describes the apps' own layers in a line.
func (s *Stack) facts() string {
	size, rate := s.deltas()
	if size.Bytes == 0 {
		return "no layer of its own"
	}
	if len(s.Apps) > 1 {
		return fmt.Sprintf("up to %s each, %s", size, Pace(rate))
	}
	return fmt.Sprintf("%s, %s", size, Pace(rate))
}

// quote quotes a string for Graphviz; lines are centred.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
