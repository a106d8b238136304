package diag

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/redact"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/lang/visible"
)

// tabWidth is the maximum number of columns of a tab.
const tabWidth = 4

// view is a line of source on a terminal: with expanded tabs and visible control characters, cut to a
// width around its marks.
type view struct {
	text    string // the displayed text
	start   int    // offset in the file of its first byte
	column  []int  // column of each byte from start, and of the end
	leading bool   // text before it was cut off
	more    bool   // text after it was cut off
}

// newView returns a line in at most that many columns, with the first of the marks in it.
func newView(file *source.File, n int, marks []mark, columns int) *view {
	line := redact.SameLength(file.Line(n))
	start := file.LineStart(n)
	columns = max(columns, 20)
	v := &view{start: start}
	if len(line) > columns {
		// Examine only the text near the mark: a line may be a megabyte.
		from := 0
		if len(marks) > 0 {
			m := marks[0]
			if i := slices.IndexFunc(marks, func(m mark) bool { return m.primary }); i >= 0 {
				m = marks[i]
			}
			if end := min(m.end, m.start+columns/2) - start; end > columns*3/4 {
				from = max(0, m.start-start-columns/3)
			}
		}
		to := min(len(line), from+columns-2)
		from, to = runeStart(line, from), runeStart(line, to)
		v.leading, v.more = from > 0, to < len(line)
		v.start += from
		line = line[from:to]
	}
	column := 0
	if v.leading {
		column = 1
	}
	var b strings.Builder
	v.column = make([]int, 0, len(line)+1)
	for i, r := range line {
		for len(v.column) <= i {
			v.column = append(v.column, column)
		}
		if r == '\t' {
			n := tabWidth - column%tabWidth
			b.WriteString(strings.Repeat(" ", n))
			column += n
			continue
		}
		r = visible.Rune(r)
		b.WriteRune(r)
		column += term.RuneColumns(r)
	}
	for len(v.column) <= len(line) {
		v.column = append(v.column, column)
	}
	v.text = b.String()
	return v
}

// runeStart moves an offset back to the start of a character.
func runeStart(s string, i int) int {
	for i > 0 && i < len(s) && s[i]&0xC0 == 0x80 {
		i--
	}
	return i
}

func (v *view) shown() string {
	s := v.text
	if v.leading {
		s = "…" + s
	}
	if v.more {
		s += "…"
	}
	return s
}

// columns returns the columns at which a mark begins and ends; it is at least one column wide.
func (v *view) columns(m mark) (from, to int) {
	last := len(v.column) - 1
	from = v.column[min(max(m.start-v.start, 0), last)]
	to = v.column[min(max(m.end-v.start, 0), last)]
	return from, max(to, from+1)
}

// clean makes text safe to print on one line.
func clean(s string) string {
	return visible.Line(redact.Text(s))
}
