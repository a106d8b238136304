package diag

import (
	"cmp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/redact"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/lang/visible"
)

// Apply returns the text of a file after edits of that file. It applies the first one of edits that
// overlap.
func Apply(file *source.File, edits []Edit) string {
	text := file.Text()
	var b strings.Builder
	last := 0
	for _, e := range sortedEdits(edits) {
		if e.Span.File != file || e.Span.Start < last {
			continue
		}
		b.WriteString(text[last:e.Span.Start])
		b.WriteString(e.New)
		last = e.Span.End
	}
	b.WriteString(text[last:])
	return b.String()
}

func sortedEdits(edits []Edit) []Edit {
	s := slices.Clone(edits)
	slices.SortStableFunc(s, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Span.End, b.Span.End))
	})
	return s
}

// patch is a line after edits, with a row that marks new text.
type patch struct {
	number int
	text   string
	marks  string
	sign   rune // '-' or '+' if the whole line is removed or added; else 0
}

// wholeLines reports whether an offset is where a line ends for an edit of whole lines.
func wholeLines(file *source.File, end int) bool {
	return end == len(file.Text()) || file.Position(end).Column == 1
}

// patched returns the lines that edits change, without blank ones that they add or remove. It returns nil
// for edits that are neither of whole lines nor within single lines of one file, or too long to display.
func (r *renderer) patched(edits []Edit) []patch {
	var lines []patch
	edits = sortedEdits(edits)
	add := func(sign rune, number int, text string) {
		if text = strings.TrimSuffix(text, "\r"); text != "" {
			lines = append(lines, patch{number: number, text: clean(text), sign: sign})
		}
	}
lines:
	for len(edits) > 0 {
		file := edits[0].Span.File
		n := file.Position(edits[0].Span.Start).Line
		start, line := file.LineStart(n), redact.SameLength(file.Line(n))
		if len(line) > r.Width || edits[0].Span.Start > start+len(line) { // an edit in the line break has no place
			return nil
		}
		var text, marks strings.Builder
		put := func(s, under string) {
			for _, c := range s {
				if c == '\t' {
					c = ' '
				}
				c = visible.Rune(c)
				text.WriteRune(c)
				marks.WriteString(strings.Repeat(under, term.RuneColumns(c)))
			}
		}
		last := 0
		for len(edits) > 0 && edits[0].Span.File == file && edits[0].Span.Start <= start+len(line) {
			e := edits[0]
			from, to := e.Span.Start-start, e.Span.End-start
			if from == 0 && to > len(line) && e.New == "" && wholeLines(file, e.Span.End) {
				for i := range strings.Count(strings.TrimSuffix(file.Text()[start:e.Span.End], "\n"), "\n") + 1 {
					add('-', n+i, redact.SameLength(file.Line(n+i)))
				}
				edits = edits[1:]
				continue lines
			}
			if from == 0 && to == 0 && strings.HasSuffix(e.New, "\n") {
				for i, text := range strings.Split(strings.TrimSuffix(e.New, "\n"), "\n") {
					add('+', n+i, text)
				}
				edits = edits[1:]
				continue lines
			}
			if to > len(line) || from < last || strings.Contains(e.New, "\n") {
				return nil
			}
			put(strings.ReplaceAll(line[last:from], "\t", "    "), " ")
			under := "~"
			if from == to {
				under = "+"
			}
			put(e.New, under)
			last, edits = to, edits[1:]
		}
		put(strings.ReplaceAll(line[last:], "\t", "    "), " ")
		lines = append(lines, patch{number: n, text: text.String(), marks: marks.String()})
	}
	return lines
}
