package compiler

import (
	"errors"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// LockFindings turns an error of [lock.Parse] into errors at their places in the text of the
// lock file. name is the file's name in them.
func LockFindings(name string, text []byte, err error) diag.List {
	file := source.New(name, string(text))
	var list diag.List
	for _, err := range flat(err) {
		var line *lock.Error
		var conflict *lock.ConflictError
		switch {
		case errors.As(err, &conflict):
			mergeConflict(file, conflict, &list)
		case errors.As(err, &line):
			list.Errorf(diag.InvalidLockFile, lineSpan(file, line.Line, line.Text), "%s", line.Message).
				Hint("%s", line.Help)
		default:
			list.Errorf(diag.InvalidLockFile, source.Span{}, "%s", err).
				Hint("delete the file and run `layc lock`, which pins everything again")
		}
	}
	return list
}

// flat returns the errors that are joined in err.
func flat(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// mergeConflict reports the first conflict of a merge with all its markers.
func mergeConflict(file *source.File, at *lock.ConflictError, list *diag.List) {
	d := list.Errorf(diag.InvalidLockFile, lineSpan(file, at.Line, ""), "unresolved merge conflict").
		At("one side begins here")
	labels := map[string]string{"=======": "the other side begins here", ">>>>>>>": "it ends here", "|||||||": "the common ancestor begins here"}
	for n := at.Line + 1; n <= strings.Count(file.Text(), "\n")+1 && !strings.HasPrefix(file.Line(n), "<<<<<<<"); n++ {
		for marker, text := range labels {
			if strings.HasPrefix(file.Line(n), marker) {
				d.See(lineSpan(file, n, ""), "%s", text)
				delete(labels, marker)
			}
		}
	}
	d.Note("a lock file has one entry per line, in any order").
		Hint("%s", lock.ConflictHelp)
}

// lineSpan returns the span of text in a line; without text, the line without surrounding
// spaces.
func lineSpan(file *source.File, n int, text string) source.Span {
	line := file.Line(n)
	start := file.LineStart(n)
	if i := strings.Index(line, text); text != "" && i >= 0 {
		return source.Span{File: file, Start: start + i, End: start + i + len(text)}
	}
	trimmed := strings.TrimSpace(line)
	start += strings.Index(line, trimmed)
	return source.Span{File: file, Start: start, End: start + len(trimmed)}
}
