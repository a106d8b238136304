package term

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Table prints rows with aligned columns within Width. If the stretching column is too wide, the end that all of
// its cells have is below, once. Then it cuts the widest ones where they differ, to fit, or wraps
// them.
type Table struct {
	Right   []int // right-aligned columns
	Stretch int
	Wrap    bool // cells that are too wide stand above the rest of their rows
	rows    [][]string
}

// Row adds a row.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, cells) }

// Note adds a full line below the last row.
func (t *Table) Note(text string) { t.rows = append(t.rows, []string{text}) }

// Len returns the number of rows, including notes.
func (t *Table) Len() int { return len(t.rows) }

// Print writes the table.
func (t *Table) Print(w io.Writer) {
	widths := t.widths()
	if end := t.end(widths); end != "" {
		short := &Table{Right: t.Right, Stretch: t.Stretch, Wrap: t.Wrap}
		for n, r := range t.rows {
			if r = slices.Clone(r); len(r) > 1 && (n > 0 || !t.titled(end)) {
				r[t.Stretch] = WithoutEnd(r[t.Stretch], end)
			}
			short.rows = append(short.rows, r)
		}
		short.Note(EndNote(end))
		short.Print(w)
		return
	}
	for _, r := range t.rows {
		if len(r) == 1 {
			fmt.Fprintln(w, Cut("    "+r[0], Width))
			continue
		}
		if t.Wrap && Columns(r[t.Stretch]) > widths[t.Stretch] {
			Flow(w, "", "    ", r[t.Stretch])
			r = slices.Clone(r)
			r[t.Stretch] = ""
		}
		cells := make([]string, len(r))
		for n, cell := range r {
			align := Left
			if slices.Contains(t.Right, n) {
				align = Right
			}
			short := Cut(cell, widths[n])
			if n == t.Stretch && short != cell {
				short = CutAmong(cell, widths[n], t.column(n))
			}
			cells[n] = align(short, widths[n])
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "  "), " "))
	}
}

// end returns what the cells of the stretching column end with, if one is too wide. The first row may have
// the titles of the columns.
func (t *Table) end(widths []int) string {
	cells := t.column(t.Stretch)
	if !slices.ContainsFunc(cells, func(c string) bool { return Columns(c) > widths[t.Stretch] }) {
		return ""
	}
	if end := End(cells); end != "" {
		return end
	}
	return End(cells[1:])
}

// titled reports whether the first row has titles: it does not end as the others do.
func (t *Table) titled(end string) bool {
	return len(t.rows) > 0 && len(t.rows[0]) > 1 && !strings.HasSuffix(t.rows[0][t.Stretch], end)
}

// column returns the cells of a column.
func (t *Table) column(n int) []string {
	var cells []string
	for _, r := range t.rows {
		if n < len(r) && len(r) > 1 {
			cells = append(cells, r[n])
		}
	}
	return cells
}

func (t *Table) widths() []int {
	const least = 12 // minimum of the stretching column
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
