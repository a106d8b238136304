// Package visible makes text from outside safe for a terminal: names of files, output of steps, responses
// of servers. It replaces characters that move the cursor, change colours or reverse the direction of
// writing with visible ones.
package visible

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns text as one line: it also replaces line ends and tabs.
func Line(s string) string { return strings.Map(Rune, s) }

// Text returns text with its line ends and tabs.
func Text(s string) string { return strings.Map(kept, s) }

func kept(r rune) rune {
	if r == '\n' || r == '\t' {
		return r
	}
	return Rune(r)
}

// Rune returns a printable character for one that is not.
func Rune(r rune) rune {
	switch {
	case r < 0x20:
		return 0x2400 + r
	case r == 0x7f:
		return 0x2421
	case r >= 0x80 && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c:
		return unicode.ReplacementChar
	}
	return r
}

// Writer writes Text to w. Each Write must end with a whole character.
func Writer(w io.Writer) io.Writer { return writer{w} }

type writer struct{ to io.Writer }

func (w writer) Write(text []byte) (int, error) {
	if _, err := io.WriteString(w.to, Text(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// Stream converts the output of a program, which comes in pieces that may end within a character. It keeps
// carriage returns, with which programs draw a line again: what shows the result must know what they do.
// The zero value is ready to use.
type Stream struct {
	rest []byte // the beginning of a character
}

// Text returns the next piece in visible form, without a character that is not complete yet.
func (s *Stream) Text(piece []byte) string {
	all := append(s.rest, piece...)
	whole := len(all)
	for n := 1; n < utf8.UTFMax && n <= len(all); n++ {
		if last := all[len(all)-n:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				whole -= n
			}
			break
		}
	}
	text := string(all[:whole])
	s.rest = append([]byte(nil), all[whole:]...)
	return strings.Map(drawn, text)
}

func drawn(r rune) rune {
	if r == '\r' {
		return r
	}
	return kept(r)
}
