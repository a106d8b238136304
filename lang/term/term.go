// Package term is text for terminals: how wide it is, how it is cut and filled,
// counted, wrapped, and put into tables.
//
// Widths are columns, which a terminal gives to characters by Unicode's East Asian
// widths: two to wide ones, none to marks that combine with what is before them.
package term

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Width is how wide text for people gets where the terminal does not matter, so
// that equal input gives equal text.
const Width = 80

// RuneColumns is how many columns a terminal gives a character.
func RuneColumns(r rune) int {
	if r < 0x300 { // Latin letters and their like
		if r == 0xad { // a soft hyphen
			return 0
		}
		return 1
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	return 1
}

// Columns is how many columns text takes.
func Columns(s string) int {
	n := 0
	for _, r := range s {
		n += RuneColumns(r)
	}
	return n
}

// Cut is text in at most that many columns: what is longer ends in "…".
func Cut(s string, columns int) string {
	if Columns(s) <= columns {
		return s
	}
	left := columns - 1 // the ellipsis takes one
	for i, r := range s {
		if left -= RuneColumns(r); left < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// Left is text at the left of so many columns.
func Left(s string, columns int) string {
	return s + strings.Repeat(" ", max(0, columns-Columns(s)))
}

// Right is text at the right of so many columns.
func Right(s string, columns int) string {
	return strings.Repeat(" ", max(0, columns-Columns(s))) + s
}

// Count is a number of things: "1 image", "2 images".
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
