// Package deb822 reads files of "Field: value" lines, in which Debian describes packages,
// archives and sources. Empty lines separate stanzas. A line that begins with a space or a tab
// continues the field above it.
package deb822

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Kind is the kind of a line.
type Kind uint8

// The kinds.
const (
	Field Kind = iota // Name and Value
	More              // Value continues the field above
	End               // of a stanza: an empty line, or the end of the file
)

// maxLine is the maximum length of a line in bytes.
const maxLine = 1 << 24

// Scanner reads a file line by line. Each stanza with fields ends with one End.
type Scanner struct {
	Kind  Kind
	Name  []byte // as written; valid, like Value, until the next Scan
	Value []byte // without surrounding space
	Colon bool   // of a Field: whether the line has a colon, as it should
	Line  int    // from 1

	in     *bufio.Reader
	inside bool // a stanza
	done   bool
	err    error
}

// NewScanner returns a scanner at the start of a file.
func NewScanner(r io.Reader) *Scanner {
	return &Scanner{in: bufio.NewReaderSize(r, 1<<16)}
}

// Err returns the error that stopped Scan; nil at the end of the file.
func (s *Scanner) Err() error { return s.err }

// Scan reads the next line, and reports whether there is one.
func (s *Scanner) Scan() bool {
	for !s.done {
		text, err := s.readLine()
		s.done = err != nil
		s.Line++
		if err != nil && err != io.EOF {
			s.err = fmt.Errorf("line %d: %w", s.Line, err)
			return false
		}
		s.Value = bytes.TrimSpace(text)
		switch {
		case len(s.Value) == 0:
			if s.inside {
				s.Kind, s.inside = End, false
				return true
			}
		case text[0] == ' ' || text[0] == '\t':
			s.Kind = More
			return true
		default:
			s.Kind, s.inside = Field, true
			s.Name, s.Value, s.Colon = bytes.Cut(text, []byte(":"))
			s.Value = bytes.TrimSpace(s.Value)
			return true
		}
	}
	if s.inside {
		s.Kind, s.inside = End, false
		return true
	}
	return false
}

// readLine returns the next line without its end. The line is valid until the next call. The
// last line comes with io.EOF.
func (s *Scanner) readLine() ([]byte, error) {
	text, err := s.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := bytes.Clone(text)
		rest, restErr := s.in.ReadBytes('\n')
		text, err = append(long, rest...), restErr
		if len(text) > maxLine {
			return nil, errors.New("line is too long")
		}
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r")), err
}
