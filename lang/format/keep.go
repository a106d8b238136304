package format

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// Keep returns edits of a file that leave it in canonical form if it is in that: the same edits if they
// do. It also returns them unchanged if the edited text has errors.
func Keep(file *source.File, edits []diag.Edit) []diag.Edit {
	if text, list := Source(file); list.HasErrors() || text != file.Text() {
		return edits
	}
	edited := diag.Apply(file, edits)
	text, list := Source(source.New(file.Name(), edited))
	if list.HasErrors() || text == edited {
		return edits
	}
	return Changed(source.Span{File: file, End: len(file.Text())}, text)
}

// Changed returns the edit that replaces the lines of a span that differ from a new text; nil if none do.
func Changed(at source.Span, text string) []diag.Edit {
	old, now := strings.SplitAfter(at.Text(), "\n"), strings.SplitAfter(text, "\n")
	start, end := at.Start, at.End
	for len(old) > 0 && len(now) > 0 && old[0] == now[0] {
		start += len(old[0])
		old, now = old[1:], now[1:]
	}
	for len(old) > 0 && len(now) > 0 && old[len(old)-1] == now[len(now)-1] {
		end -= len(old[len(old)-1])
		old, now = old[:len(old)-1], now[:len(now)-1]
	}
	if len(old) == 0 && len(now) == 0 {
		return nil
	}
	return []diag.Edit{{Span: source.Span{File: at.File, Start: start, End: end}, New: strings.Join(now, "")}}
}
