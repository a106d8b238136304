package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/source"
)

// NewImport returns the edit that imports a module, as the empty span and the text to insert there:
// after the last import, or below the header of the file. The header is a comment at the start with a
// blank line after it.
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
	return source.Span{File: file, Start: at, End: at}, text + end
}

// LineEnd returns the line end that a text uses.
func LineEnd(f *source.File) string {
	if strings.Contains(f.Text(), "\r\n") {
		return "\r\n"
	}
	return "\n"
}
