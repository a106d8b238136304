package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/source"
)

// NewImport returns the edit that imports a module, as the empty span and the text to insert there:
// after the last import, or below the header of the file. The header is a comment at the start with a
// blank line after it. A blank line is between the imports and what follows.
func (f *File) NewImport(module string) (source.Span, string) {
	file, end := f.Source, LineEnd(f.Source)
	text := `import "` + module + `"`
	if n := len(f.Imports); n > 0 {
		line := file.Position(f.Imports[n-1].At.End).Line
		at := file.LineStart(line + 1)
		if line == file.Lines() {
			return source.Span{File: file, Start: at, End: at}, end + text
		}
		return source.Span{File: file, Start: at, End: at}, text + end
	}
	at := 0
	if strings.HasPrefix(file.Text(), "\ufeff") {
		at = len("\ufeff")
	}
	n := 1
	for n < file.Lines() && strings.HasPrefix(strings.TrimPrefix(file.Line(n), "\ufeff"), "#") {
		n++
	}
	if n > 1 && n < file.Lines() && strings.TrimSpace(file.Line(n)) == "" {
		at = file.LineStart(n + 1)
	}
	text += end
	if next := file.Line(file.Position(at).Line); len(f.Decls) > 0 && strings.Trim(next, "\ufeff \t\r") != "" {
		text += end
	}
	return source.Span{File: file, Start: at, End: at}, text
}

// Removal returns the span of an import that the file does without, with the comments directly above it
// and on its line, and one of two blank lines that would meet; false if something else is on its line.
func (f *File) Removal(i *Import) (source.Span, bool) {
	file := f.Source
	line := func(n int) string { return strings.Trim(file.Line(n), "\ufeff \t\r") }
	blank := func(n int) bool { return n < 1 || n > file.Lines() || line(n) == "" }
	first, last := file.Position(i.At.Start).Line, file.Position(i.At.End).Line
	before := file.Text()[file.LineStart(first):i.At.Start]
	after := strings.TrimSpace(file.Text()[i.At.End : file.LineStart(last)+len(file.Line(last))])
	if strings.Trim(before, "\ufeff \t") != "" || after != "" && !strings.HasPrefix(after, "#") {
		return source.Span{}, false
	}
	for first > 1 && strings.HasPrefix(line(first-1), "#") {
		first--
	}
	if blank(first-1) && last < file.Lines() && blank(last+1) {
		last++
	}
	at := source.Span{File: file, Start: file.LineStart(first), End: len(file.Text())}
	if last < file.Lines() {
		at.End = file.LineStart(last + 1)
	}
	if strings.HasPrefix(file.Text()[at.Start:], "\ufeff") {
		at.Start += len("\ufeff")
	}
	return at, true
}

// LineEnd returns the line end that a text uses.
func LineEnd(f *source.File) string {
	if strings.Contains(f.Text(), "\r\n") {
		return "\r\n"
	}
	return "\n"
}
