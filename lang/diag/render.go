package diag

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/term"
)

// Options control the display of findings. The zero value is plain text of the default width.
type Options struct {
	Color bool // ANSI colours
	// Width is the terminal's width in columns. Longer source lines are cut, longer remarks
	// wrapped. 0 means no terminal: lines are cut at 120, remarks wrapped at 80.
	Width int
}

// Render writes the findings, sorted by place, in the form
//
//	error[E0022]: a component `needs`, only an app `uses`
//	 --> shop.layer:3:5
//	  |
//	3 |     uses java
//	  |     ^^^^
//	help: write `needs`
//	  |
//	3 |     needs java
//	  |     ~~~~~
//
// with an empty line between two. It shows control characters of the source as visible ones. It returns
// the error of w.
func Render(w io.Writer, list List, o Options) error {
	r := renderer{Options: o, remarks: o.Width}
	if o.Width <= 0 {
		r.Width, r.remarks = 120, 80
	}
	for i, d := range list.Sorted() {
		if i > 0 {
			r.out.WriteByte('\n')
		}
		r.diagnostic(d)
	}
	_, err := w.Write(r.out.Bytes())
	return err
}

// Summary counts findings without duplicates: "2 errors and 1 warning", "" for none.
func Summary(list List) string {
	var parts []string
	for _, s := range []Severity{Error, Warning} {
		n := 0
		for _, d := range list.Sorted() {
			if d.Severity == s {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, term.Count(n, s.String()))
		}
	}
	return strings.Join(parts, " and ")
}

const (
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	blue   = "\x1b[1;34m"
	green  = "\x1b[1;32m"
	bold   = "\x1b[1m"
	plain  = "\x1b[0m"
)

type renderer struct {
	Options
	out     bytes.Buffer
	remarks int // columns of notes and help
	gutter  int // columns of line numbers
}

func (r *renderer) paint(color, text string) {
	if r.Color && text != "" {
		text = color + text + plain
	}
	r.out.WriteString(text)
}

func (r *renderer) diagnostic(d *Diagnostic) {
	color := red
	if d.Severity == Warning {
		color = yellow
	}
	head := d.Severity.String()
	if d.Code != "" {
		head += "[" + string(d.Code) + "]"
	}
	r.paint(color, head)
	r.paint(bold, ": "+clean(d.Message))
	r.out.WriteByte('\n')

	files := annotate(d)
	r.gutter = 1
	for _, f := range files {
		r.gutter = max(r.gutter, len(fmt.Sprint(f.marks[len(f.marks)-1].line)))
	}
	for i, f := range files {
		arrow := "--> "
		if i > 0 {
			arrow = "::: "
		}
		r.paint(blue, strings.Repeat(" ", r.gutter)+arrow)
		if f.first.File.Text() == "" { // the finding is about the whole file, or the file was not read
			fmt.Fprintf(&r.out, "%s\n", clean(f.first.File.Name()))
			continue
		}
		at := f.first.Position()
		fmt.Fprintf(&r.out, "%s:%d:%d\n", clean(f.first.File.Name()), at.Line, at.Column)
		r.bar("\n")
		r.lines(f, color)
	}
	r.footer(d, len(files) > 0)
}

// bar writes an empty gutter with its bar, and rest.
func (r *renderer) bar(rest string) {
	r.paint(blue, strings.Repeat(" ", r.gutter)+" |")
	r.out.WriteString(rest)
}

// footer writes notes, help and edits.
func (r *renderer) footer(d *Diagnostic, source bool) {
	help := d.Help
	title := ""
	if patched := r.patched(d.Edits); patched != nil {
		title = "write this instead"
		if len(help) > 0 {
			title, help = help[len(help)-1], help[:len(help)-1]
		}
		defer func() {
			r.paint(green, "help")
			r.paint(bold, ": "+strings.Join(term.Wrap(clean(title), r.remarks-len("help: ")), "\n      "))
			r.out.WriteByte('\n')
			r.bar("\n")
			for _, l := range patched {
				if l.sign != 0 {
					r.paint(map[rune]string{'-': red, '+': green}[l.sign], fmt.Sprintf("%*d %c %s", r.gutter, l.number, l.sign, l.text))
					r.out.WriteByte('\n')
					continue
				}
				r.numbered(l.number, l.text)
				if marks := strings.TrimRight(l.marks, " "); marks != "" {
					r.bar(" ")
					r.paint(green, marks)
					r.out.WriteByte('\n')
				}
			}
		}()
	}
	if source && len(d.Notes)+len(help) > 0 {
		r.bar("\n")
	}
	for _, n := range d.Notes {
		r.remark("note", n)
	}
	for _, h := range help {
		r.remark("help", h)
	}
}

func (r *renderer) remark(kind, text string) {
	indent := strings.Repeat(" ", r.gutter+len(" = ")+len(kind)+len(": "))
	r.paint(blue, strings.Repeat(" ", r.gutter)+" = ")
	r.paint(bold, kind)
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, term.Wrap(clean(strings.TrimSuffix(line, "\n")), r.remarks-len(indent))...)
	}
	r.out.WriteString(": " + strings.Join(lines, "\n"+indent) + "\n")
}

func (r *renderer) numbered(n int, text string) {
	r.paint(blue, fmt.Sprintf("%*d |", r.gutter, n))
	if text = strings.TrimRight(text, " "); text != "" {
		r.out.WriteString(" " + text)
	}
	r.out.WriteByte('\n')
}

// fileMarks are the underlined parts of one file, by line.
type fileMarks struct {
	first source.Span // the place in the heading
	marks []mark      // by line, then by start
}

// mark is an underlined part of one line.
type mark struct {
	line       int
	start, end int // offsets in the file
	primary    bool
	text       string
}

// annotate returns the marks of a finding. The file of its own place is first.
func annotate(d *Diagnostic) []*fileMarks {
	var files []*fileMarks
	add := func(at source.Span, text string, primary bool) {
		if at.IsZero() {
			return
		}
		i := slices.IndexFunc(files, func(f *fileMarks) bool { return f.first.File == at.File })
		if i < 0 {
			i = len(files)
			files = append(files, &fileMarks{first: at})
		}
		files[i].marks = append(files[i].marks, split(at, text, primary)...)
	}
	add(d.Span, d.Label, true)
	for _, l := range d.Labels {
		add(l.Span, l.Text, false)
	}
	for _, f := range files {
		slices.SortStableFunc(f.marks, func(a, b mark) int {
			return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.start, b.start))
		})
	}
	return files
}

// split returns one mark for a span within a line, and marks at the start and the end of a longer one.
func split(at source.Span, text string, primary bool) []mark {
	size := len(at.File.Text())
	at.Start, at.End = min(at.Start, size), min(at.End, size)
	first, last := at.File.Position(at.Start), at.File.Position(max(at.Start, at.End-1))
	m := mark{line: first.Line, start: at.Start, end: at.End, primary: primary, text: text}
	if first.Line == last.Line {
		return []mark{m}
	}
	line := at.File.Line(first.Line)
	m.end, m.text = at.Start-first.Column+1+len(line), ""
	tail := m
	tail.line, tail.end, tail.text = last.Line, at.End, text
	line = at.File.Line(last.Line)
	tail.start = at.End - last.Column + len(line) - len(strings.TrimLeft(line, " \t"))
	if tail.start >= tail.end {
		tail.start = tail.end - 1
	}
	return []mark{m, tail}
}

// lines writes the marked lines of a file. It abbreviates gaps of more than one line.
func (r *renderer) lines(f *fileMarks, color string) {
	last := 0
	for len(f.marks) > 0 {
		n := f.marks[0].line
		count := 1
		for count < len(f.marks) && f.marks[count].line == n {
			count++
		}
		switch {
		case last > 0 && n == last+2:
			r.numbered(n-1, newView(f.first.File, n-1, nil, r.Width-r.gutter-3).shown())
		case last > 0 && n > last+2:
			r.paint(blue, "...\n")
		}
		r.line(f.first.File, n, f.marks[:count], color)
		f.marks, last = f.marks[count:], n
	}
}

// line writes a line with its underlined parts and, below it, their labels from right to left.
func (r *renderer) line(file *source.File, n int, marks []mark, color string) {
	v := newView(file, n, marks, r.Width-r.gutter-3)
	r.numbered(n, v.shown())

	colors := map[bool]string{true: color, false: blue}
	type cell struct {
		r       rune
		primary bool
	}
	row := []cell{}
	put := func(column int, c rune, primary bool) {
		for len(row) <= column {
			row = append(row, cell{' ', false})
		}
		row[column] = cell{c, primary}
	}
	write := func(tail string, primary bool) {
		r.bar(" ")
		for i := 0; i < len(row); {
			j, s := i, ""
			for ; j < len(row) && row[j].primary == row[i].primary && (row[j].r == ' ') == (row[i].r == ' '); j++ {
				s += string(row[j].r)
			}
			if row[i].r == ' ' {
				r.out.WriteString(s)
			} else {
				r.paint(colors[row[i].primary], s)
			}
			i = j
		}
		r.paint(colors[primary], tail)
		r.out.WriteByte('\n')
		row = row[:0]
	}

	// Draw primary marks last, over the others.
	rightmost := 0
	for _, primary := range []bool{false, true} {
		for i, m := range marks {
			if m.primary != primary {
				continue
			}
			c := '-'
			if primary {
				c = '^'
			}
			from, to := v.columns(m)
			for ; from < to; from++ {
				put(from, c, primary)
			}
			if from, _ := v.columns(m); from >= first(v.columns(marks[rightmost])) {
				rightmost = i
			}
		}
	}
	// The rightmost label is next to its underline, if nothing else is there.
	_, end := v.columns(marks[rightmost])
	beside := ""
	if m := marks[rightmost]; m.text != "" && len(row) == end {
		beside = " " + clean(m.text)
	} else {
		rightmost = -1
	}
	write(beside, rightmost >= 0 && marks[rightmost].primary)

	var below []mark
	for i, m := range marks {
		if i != rightmost && m.text != "" {
			below = append(below, m)
		}
	}
	for i := len(below) - 1; i >= 0; i-- {
		if i == len(below)-1 {
			for _, m := range below[:i+1] {
				put(first(v.columns(m)), '|', m.primary)
			}
			write("", false)
		}
		for _, m := range below[:i] {
			if c := first(v.columns(m)); c < first(v.columns(below[i])) {
				put(c, '|', m.primary)
			}
		}
		if c := first(v.columns(below[i])); c > 0 {
			put(c-1, ' ', false)
			row[c-1] = cell{' ', false}
		}
		write(clean(below[i].text), below[i].primary)
	}
}

func first(a, _ int) int { return a }
