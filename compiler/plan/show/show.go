// Package show is plans as text for people: what each app needs, the layers of each
// image, the tree of all, and what differs from another plan.
package show

import (
	"fmt"

	"github.com/layc-lang/layc/lang/term"
)

// Page is what a text is to fit.
type Page struct {
	Width int    // columns, where names can be cut
	All   bool   // all rows and lines, however many, and names as long as they are
	Hint  string // how to see what was left out, "" for no word about that
}

// Terminal is an ordinary terminal.
var Terminal = Page{Width: term.Width, Hint: "--all"}

// What a page shows at most, unless all is asked for.
const (
	maxRows   = 24 // of the table
	maxColumn = 11 // runes, where there are many columns
	maxWide   = 32 // where there is room
	maxChains = 12
	maxTree   = 60 // lines
	maxDeltas = 5  // apps side by side
	maxDiff   = 20 // lines
)

// more says that a list was cut.
func (p Page) more(n int, what string) string {
	hint := ""
	if p.Hint != "" {
		hint = " (" + p.Hint + ")"
	}
	return fmt.Sprintf("… and %d more %s%s\n", n, what, hint)
}
