package term

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Table prints rows so that their cells stand below each other, within Width: the
// widest cells of the stretching column are cut to fit.
type Table struct {
	Right   []int // columns that are aligned to the right
	Stretch int
	rows    [][]string
}

// Row adds a row.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, cells) }

// Note adds a line of its own below the last row.
func (t *Table) Note(text string) { t.rows = append(t.rows, []string{text}) }

// Len is how many rows there are, notes counted.
func (t *Table) Len() int { return len(t.rows) }

// Print writes the table.
func (t *Table) Print(w io.Writer) {
	widths := t.widths()
	for _, r := range t.rows {
		if len(r) == 1 {
			fmt.Fprintln(w, Cut("    "+r[0], Width))
			continue
		}
		cells := make([]string, len(r))
		for n, cell := range r {
			align := Left
			if slices.Contains(t.Right, n) {
				align = Right
			}
			cells[n] = align(Cut(cell, widths[n]), widths[n])
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "  "), " "))
	}
}

// widths are how wide the columns are.
func (t *Table) widths() []int {
	const least = 12 // of the stretching column
	var widths []int
	for _, r := range t.rows {
		if len(r) == 1 {
			continue
		}
		for n, cell := range r {
			if n == len(widths) {
				widths = append(widths, 0)
			}
			widths[n] = max(widths[n], Columns(cell))
		}
	}
	total := 2 * (len(widths) - 1)
	for _, n := range widths {
		total += n
	}
	if over := total - Width; over > 0 {
		widths[t.Stretch] = max(widths[t.Stretch]-over, least)
	}
	return widths
}
