// Package term formats text for terminals: it measures, cuts, pads, counts and wraps text, and prints
// tables.
//
// Widths are columns by Unicode's East Asian widths: wide characters have two columns, combining marks
// none.
package term

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Width is the width of text where the actual terminal does not matter, so that equal input produces
// equal text.
const Width = 80

// RuneColumns returns the number of columns of a character.
func RuneColumns(r rune) int {
	if r < 0x300 { // Latin letters and similar
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

// Columns returns the number of columns of a text.
func Columns(s string) int {
	n := 0
	for _, r := range s {
		n += RuneColumns(r)
	}
	return n
}

// Cut cuts text to at most that many columns. A text that was cut ends in "…".
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

// CutAmong cuts text like Cut, but in the middle if another one of several would look the same: the text
// then has its beginning, and the place where it differs.
func CutAmong(s string, columns int, others []string) string {
	short := Cut(s, columns)
	if short == s || columns < 12 {
		return short
	}
	text, same := []rune(s), 0
	for _, o := range others {
		if o == s || Cut(o, columns) != short {
			continue
		}
		n := 0
		for _, r := range o {
			if n == len(text) || text[n] != r {
				break
			}
			n++
		}
		same = max(same, n)
	}
	if same == 0 {
		return short
	}
	head := Cut(s, columns/3)
	room := columns - Columns(head)
	from := min(same, len(text)-1)
	for from > 0 && Columns(string(text[from-1:])) <= room {
		from-- // the rest is shorter than the room
	}
	return head + Cut(string(text[from:]), room)
}

// leastEnd is how many columns a common end has at least that is shown once.
const leastEnd = 10

// End returns what several texts all end with, from a separator on, as in "-eu.example.com". It is empty
// if that is short, or all of a text.
func End(texts []string) string {
	if len(texts) < 2 {
		return ""
	}
	end := texts[0]
	for _, t := range texts[1:] {
		for !strings.HasSuffix(t, end) {
			end = end[1:]
		}
	}
	for _, t := range texts {
		if len(t) == len(end) && end != "" {
			end = end[1:]
		}
	}
	n := strings.IndexAny(end, "-._/: ")
	if n < 0 || Columns(end[n:]) < leastEnd {
		return ""
	}
	return end[n:]
}

// WithoutEnd returns a text without the end that it has in common with others; "…" stands for it.
func WithoutEnd(text, end string) string {
	if short, ok := strings.CutSuffix(text, end); ok && end != "" {
		return short + "…"
	}
	return text
}

// EndNote says what "…" stands for.
func EndNote(end string) string { return "… stands for " + end }

// Left pads text on the right to that many columns.
func Left(s string, columns int) string {
	return s + strings.Repeat(" ", max(0, columns-Columns(s)))
}

// Right pads text on the left to that many columns.
func Right(s string, columns int) string {
	return strings.Repeat(" ", max(0, columns-Columns(s))) + s
}

// More returns a number of further things: "1 more kind of app", "2 more kinds of apps".
func More(n int, one, many string) string {
	if n == 1 {
		return "1 more " + one
	}
	return fmt.Sprintf("%d more %s", n, many)
}

// Count returns a number of things: "1 image", "2 images".
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
