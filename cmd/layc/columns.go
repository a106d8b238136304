package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// lineWidth is how wide text for people gets.
const lineWidth = 80

// columns prints rows so that their cells stand below each other, within
// lineWidth: the widest cells of the stretching column are cut to fit.
type columns struct {
	indent  string
	right   []int // columns that are aligned to the right
	stretch int
	rows    [][]string
}

// note adds a line of its own below the last row.
func (c *columns) note(text string) { c.rows = append(c.rows, []string{text}) }

func (c *columns) row(cells ...string) { c.rows = append(c.rows, cells) }

func (c *columns) print(w io.Writer) {
	var width []int
	for _, r := range c.rows {
		if len(r) == 1 {
			continue
		}
		for n, cell := range r {
			if n == len(width) {
				width = append(width, 0)
			}
			width[n] = max(width[n], utf8.RuneCountInString(cell))
		}
	}
	total := len(c.indent) + 2*(len(width)-1)
	for _, n := range width {
		total += n
	}
	if over := total - lineWidth; over > 0 {
		width[c.stretch] = max(width[c.stretch]-over, 12)
	}
	for _, r := range c.rows {
		line := c.indent
		if len(r) == 1 {
			fmt.Fprintln(w, shorten(line+"    "+r[0], lineWidth))
			continue
		}
		for n, cell := range r {
			if n > 0 {
				line += "  "
			}
			cell = shorten(cell, width[n])
			space := strings.Repeat(" ", width[n]-utf8.RuneCountInString(cell))
			if slices.Contains(c.right, n) {
				line += space + cell
			} else {
				line += cell + space
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// shorten cuts text to n characters.
func shorten(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// wrapped prints names with commas between them, as flow does.
func wrapped(w io.Writer, first, indent string, names []string) {
	words := slices.Clone(names)
	for n := range len(words) - 1 {
		words[n] += ","
	}
	flowWords(w, first, indent, words)
}

// flow prints text on lines of lineWidth that all but the first begin with the
// indent; first stands before the first word.
func flow(w io.Writer, first, indent, text string) {
	flowWords(w, first, indent, strings.Fields(text))
}

func flowWords(w io.Writer, first, indent string, words []string) {
	line := first
	for n, word := range words {
		switch {
		case n == 0:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > lineWidth:
			fmt.Fprintln(w, line)
			line = indent + word
		default:
			line += " " + word
		}
	}
	fmt.Fprintln(w, line)
}
