// Package source has the text of .layer files and the places in it.
//
// Offsets are bytes from the start of the text, so spans are small and exact. Lines and columns are only
// computed for people.
package source

import (
	"crypto/sha256"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// File is a source text. It never changes after [New], and is safe for concurrent use.
type File struct {
	name  string
	text  string
	lines []int // the offset of each line's first byte
	marks []mark
}

// mark is a place in a long line. Long lines have marks at least every markBytes bytes, so that the
// place of each token of a line takes the same time.
type mark struct {
	offset int
	units  int // UTF-16 code units from the start of the line
}

const (
	longLine  = 4096
	markBytes = 1024
)

// measure returns the bytes from the start of the line to the mark, or the UTF-16 code units.
func (m mark) measure(start int, utf16 bool) int {
	if utf16 {
		return m.units
	}
	return m.offset - start
}

// markLine adds the marks of a line, if it is long.
func (f *File) markLine(start, end int) {
	if end-start < longLine {
		return
	}
	last := mark{offset: start}
	for at := range f.text[start:end] {
		if at += start; at-last.offset >= markBytes {
			last = mark{at, last.units + utf16Len(f.text[last.offset:at])}
			f.marks = append(f.marks, last)
		}
	}
}

// New returns a file with a name (slash-separated, relative to the module root if there is one) and a
// text.
func New(name, text string) *File {
	f := &File{name: name, text: text, lines: make([]int, 1, 1+len(text)/32)}
	for i := 0; ; {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			f.markLine(i, len(text))
			return f
		}
		f.markLine(i, i+n)
		i += n + 1
		f.lines = append(f.lines, i)
	}
}

// Name returns the name that was passed to New.
func (f *File) Name() string { return f.name }

// Text returns the whole text.
func (f *File) Text() string { return f.text }

// Digest returns the digest of the file's text, "sha256:…".
func (f *File) Digest() string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(f.text)))
}

// Lines returns the number of lines. A text that ends in a newline has an empty last line.
func (f *File) Lines() int { return len(f.lines) }

// Line returns line n, 1-based, without its end (\n or \r\n). It is empty if the file does not have that
// line.
func (f *File) Line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	if n == len(f.lines) {
		return f.text[f.lines[n-1]:]
	}
	return strings.TrimSuffix(f.text[f.lines[n-1]:f.lines[n]-1], "\r")
}

// LineStart returns the offset of the first byte of line n, 1-based. It returns the end of the text if
// the file does not have that line.
func (f *File) LineStart(n int) int {
	if n < 1 || n > len(f.lines) {
		return len(f.text)
	}
	return f.lines[n-1]
}

// Position is a human-readable place.
type Position struct {
	Line   int // 1-based
	Column int // 1-based, in bytes
	UTF16  int // 0-based, in UTF-16 code units, as in the Language Server Protocol
}

// Position returns the line and columns of a byte offset. It clamps offsets outside the text.
func (f *File) Position(offset int) Position {
	offset = max(0, min(offset, len(f.text)))
	line := sort.SearchInts(f.lines, offset+1)
	start := f.lines[line-1]
	from := mark{offset: start}
	if n := sort.Search(len(f.marks), func(i int) bool { return f.marks[i].offset > offset }); n > 0 && f.marks[n-1].offset > start {
		from = f.marks[n-1]
	}
	return Position{Line: line, Column: offset - start + 1, UTF16: from.units + utf16Len(f.text[from.offset:offset])}
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF && r != utf8.RuneError {
			n++
		}
	}
	return n
}

// Offset returns the byte offset of a place on a line, 1-based, that is a number of bytes, or of UTF-16
// code units, after the line's start. It clamps places outside the line, and those within a character
// to its start.
func (f *File) Offset(line, units int, utf16 bool) int {
	start := f.LineStart(max(1, line))
	text := f.Line(max(1, line))
	end := start + len(text)
	if n := sort.Search(len(f.marks), func(i int) bool {
		m := f.marks[i]
		return m.offset >= end || m.offset > start && m.measure(start, utf16) > units
	}); n > 0 && f.marks[n-1].offset > start {
		m := f.marks[n-1]
		text, units, start = text[m.offset-start:], units-m.measure(start, utf16), m.offset
	}
	for at, r := range text {
		if units <= 0 {
			return start + at
		}
		n := utf8.RuneLen(r)
		switch {
		case r == utf8.RuneError:
			_, n = utf8.DecodeRuneInString(text[at:])
			if utf16 {
				n = 1
			}
		case utf16:
			n = 1 + n/4
		}
		if units < n {
			return start + at
		}
		units -= n
	}
	return start + len(text)
}

// Span is the half-open range of bytes [Start, End) of a file. The zero Span is not a place.
type Span struct {
	File       *File
	Start, End int
}

// IsZero reports whether the span is not a place.
func (s Span) IsZero() bool { return s.File == nil }

// Text returns the text of the span.
func (s Span) Text() string {
	if s.File == nil {
		return ""
	}
	return s.File.text[s.Start:s.End]
}

// Position returns the position of the span's first byte.
func (s Span) Position() Position { return s.File.Position(s.Start) }

// Cover returns the smallest span that contains both spans, which must be in the same file. It ignores a
// zero span.
func (s Span) Cover(t Span) Span {
	switch {
	case s.File == nil:
		return t
	case t.File == nil:
		return s
	}
	return Span{s.File, min(s.Start, t.Start), max(s.End, t.End)}
}

// Compare orders spans by file name, start and end, the order of errors and warnings. Zero spans come
// first.
func (s Span) Compare(t Span) int {
	if s.File != t.File {
		switch {
		case s.File == nil:
			return -1
		case t.File == nil:
			return 1
		}
		if c := strings.Compare(s.File.name, t.File.name); c != 0 {
			return c
		}
	}
	if s.Start != t.Start {
		return s.Start - t.Start
	}
	return s.End - t.End
}
