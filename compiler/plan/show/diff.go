package show

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/term"
)

// Diff formats a difference for people: layers first, then images and what their hosts pull. It
// is empty if the plans are equal.
func Diff(d *plan.Diff, page Page) string {
	var lines []string
	for _, l := range d.Added {
		lines = append(lines, fmt.Sprintf("+ %s (%s, %s)", l.Title(), l.Kind, l.Size))
	}
	for _, c := range d.Changed {
		line := "~ " + c.Was.Name + ":"
		for _, m := range []struct {
			sign  string
			names []string
		}{{"−", c.Lost}, {"+", c.New}} {
			switch n := len(m.names); {
			case n > 3:
				line += fmt.Sprintf(" %s%d members", m.sign, n)
			case n > 0:
				line += " " + m.sign + strings.Join(m.names, " "+m.sign)
			}
		}
		if c.Moved {
			line += " on another layer"
		}
		lines = append(lines, line)
	}
	for _, f := range d.Gone {
		names := f.Members
		if len(names) > 3 {
			names = append(slices.Clone(names[:2]), fmt.Sprintf("%d more", len(names)-2))
		}
		lines = append(lines, fmt.Sprintf("− %s: %s", f.Name, strings.Join(names, ", ")))
	}
	hidden := 0
	if !page.All && len(lines) > maxDiff {
		hidden, lines = len(lines)-maxDiff, lines[:maxDiff]
	}
	var b strings.Builder
	for _, l := range lines {
		if !page.All {
			l = term.Cut(l, page.Width)
		}
		b.WriteString(l + "\n")
	}
	if hidden > 0 {
		b.WriteString(page.more(hidden, "layer", "layers"))
	}
	for n, i := range d.Images {
		if !page.All && n == maxDeltas && len(d.Images) > maxDeltas+1 {
			b.WriteString(page.more(len(d.Images)-n, "image", "images"))
			break
		}
		fmt.Fprintf(&b, "  %s: %s, %s for each host\n", i.App.Name, term.Count(len(i.Layers), "new layer"), i.Pull)
	}
	if len(d.Images) > 0 {
		fmt.Fprintf(&b, "hosts pull %s in all\n", d.Pull)
	}
	return b.String()
}
