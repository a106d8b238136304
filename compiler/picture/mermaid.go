package picture

import (
	"fmt"
	"strings"
)

// Mermaid returns the picture as a Mermaid flowchart; see Dot for the meaning of arrows.
func (pic *Picture) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	names := map[string]string{}
	for n := range pic.Layers {
		l := &pic.Layers[n]
		names[l.ID] = fmt.Sprintf("l%d", n)
		fmt.Fprintf(&b, "    %s[\"%s<br>%s\"]\n", names[l.ID], entities(l.Title()), entities(l.facts()))
	}
	for n := range pic.Stacks {
		s := &pic.Stacks[n]
		names[s.id()] = fmt.Sprintf("a%d", n)
		fmt.Fprintf(&b, "    %s([\"%s<br>%s\"])\n", names[s.id()], entities(s.Names(4)), entities(s.facts()))
	}
	pic.arrows(func(from, to string, images int, solid bool) {
		line := "-.->"
		if solid {
			line = "-->"
		}
		if images > 1 {
			line += fmt.Sprintf("|%d|", images)
		}
		fmt.Fprintf(&b, "    %s %s %s\n", names[from], line, names[to])
	})
	for n := range pic.Layers {
		fmt.Fprintf(&b, "    style l%d fill:%s,color:#fff\n", n, Colour(pic.Layers[n].Rate))
	}
	return b.String()
}

// entities escapes text for Mermaid's quotes.
func entities(s string) string {
	return strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "&", "#amp;").Replace(s)
}
