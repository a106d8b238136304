package redact

import "strings"

// Stream is a text that comes in pieces, which may end within a URL. What it returns,
// joined, is Text of the whole. The zero value is ready.
type Stream struct {
	held   string // the beginning of what may be a URL with a password
	before string // the last characters that were returned: of ssh the scheme counts
}

// Text is the next piece as Text, without the end of which the next one decides.
func (s *Stream) Text(piece string) string {
	all := s.held + piece
	n := undecided(all)
	s.held = all[n:]
	return s.pass(all[:n])
}

// End is what is left when no further piece comes.
func (s *Stream) End() string {
	rest := s.pass(s.held)
	*s = Stream{}
	return rest
}

func (s *Stream) pass(text string) string {
	all := s.before + text
	shown := Text(all)[len(s.before):]
	s.before = all[max(0, len(all)-len("ssh")):]
	return shown
}

// undecided is where a URL begins, behind its scheme, whose user and password may go
// on behind the end of a text; its length if none does.
func undecided(text string) int {
	const mark = "://"
	if n := strings.LastIndex(text, mark); n >= 0 && !strings.ContainsAny(text[n+len(mark):], authorityEnds) {
		return n
	}
	for n := len(mark) - 1; n > 0; n-- {
		if strings.HasSuffix(text, mark[:n]) {
			return len(text) - n
		}
	}
	return len(text)
}
