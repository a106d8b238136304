// Package show formats plans for people: each app's components, the layers of each image, the
// tree of all images, and the difference from another plan.
package show

import (
	"fmt"

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

// more returns the line that says that a list was cut.
func (p Page) more(n int, what string) string {
	hint := ""
	if p.Hint != "" {
		hint = " (" + p.Hint + ")"
	}
	return fmt.Sprintf("… and %d more %s%s\n", n, what, hint)
}
