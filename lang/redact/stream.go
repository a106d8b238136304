package redact

import "strings"

// Stream redacts text that comes in pieces, which may end within a URL. Its results, joined, equal Text
// of the whole. The zero value is ready to use.
type Stream struct {
	held   string // the beginning of a possible URL with a password
	before string // the last characters that were returned: the scheme matters for ssh
}

// Text returns the redacted next piece, without an end that depends on the piece after it.
func (s *Stream) Text(piece string) string {
	all := s.held + piece
	n := undecided(all)
	s.held = all[n:]
	return s.pass(all[:n])
}

// End returns the rest after the last piece.
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

// undecided returns the index after the scheme of a URL with a user and password that may continue after
// the end of a text; the length of the text if there is none.
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
