// Package show formats plans for people: each app's components, the layers of each image, the
// tree of all images, and the difference from another plan.
package show

import (
	"fmt"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/term"
)

// Page sets the limits of the text.
type Page struct {
	Width int    // columns; longer names are cut
	All   bool   // all rows and lines, and names at full length
	Hint  string // how to see what was left out; "" for no hint
}

// Terminal is the page for an ordinary terminal.
var Terminal = Page{Width: term.Width, Hint: "--all"}

// Limits of a page, unless All is set.
const (
	maxRows   = 24 // of the table
	maxColumn = 11 // runes, where there are many columns
	maxWide   = 32 // runes, where there is space
	maxChains = 12
	maxTree   = 60 // lines
	maxDeltas = 5  // apps side by side
	maxDiff   = 20 // lines
)

// endOf returns what the names of all apps end with, if they are too long for a page.
func (p Page) endOf(apps *plan.Plan) string {
	var names []string
	longest := 0
	for _, i := range apps.Images {
		names = append(names, i.App.Name)
		longest = max(longest, term.Columns(i.App.Name))
	}
	if p.All || longest <= maxColumn {
		return ""
	}
	return term.End(names)
}

// endNote is the line about such an end.
func endNote(end string) string {
	if end == "" {
		return ""
	}
	return "  " + term.EndNote(end) + "\n"
}

// more returns the line that says that a list was cut.
func (p Page) more(n int, one, many string) string {
	hint := ""
	if p.Hint != "" {
		hint = " (" + p.Hint + ")"
	}
	return fmt.Sprintf("… and %s%s\n", term.More(n, one, many), hint)
}
