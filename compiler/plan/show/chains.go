package show

import (
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/term"
)

// Chains lists the image's layers, bottom up, for each group of similar apps.
func Chains(p *plan.Plan, page Page) string {
	end := page.endOf(p)
	kinds := kinds(p, end, func(i *plan.Image) string {
		var ids []string
		for _, l := range i.Layers {
			if l.Kind != plan.Delta {
				ids = append(ids, l.ID)
			}
		}
		return strings.Join(ids, "\n")
	})
	hidden := 0
	if !page.All && len(kinds) > maxChains {
		hidden, kinds = len(kinds)-maxChains, kinds[:maxChains]
	}
	width := 0
	for _, k := range kinds {
		width = max(width, term.Columns(k.title(20, kinds)))
	}
	var b strings.Builder
	for _, k := range kinds {
		line := term.Left(k.title(20, kinds), width) + "  "
		for n, l := range layersOf(p, k.apps[0]) {
			title := l.Title()
			if l.Kind == plan.Delta {
				title = term.WithoutEnd(title, end)
			}
			title = term.Cut(title, page.Width-width-4) // fits on a line of its own
			if l.Kind == plan.Delta && len(k.apps) > 1 {
				title = "its own"
			}
			if n > 0 {
				title = "→ " + title
			}
			if n > 0 && term.Columns(line+title) >= page.Width {
				b.WriteString(strings.TrimRight(line, " ") + "\n")
				line = strings.Repeat(" ", width+2)
			}
			line += title + " "
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if hidden > 0 {
		b.WriteString(page.more(hidden, "chain", "chains"))
	}
	return b.String() + endNote(end)
}

// layersOf returns the layers of an app's image.
func layersOf(p *plan.Plan, a *model.App) []*plan.Layer {
	for _, i := range p.Images {
		if i.App == a {
			return i.Layers
		}
	}
	return nil
}
