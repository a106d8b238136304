package deb822_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler/deb822"
)

func TestScan(t *testing.T) {
	long := strings.Repeat("x", 1<<17)
	for text, want := range map[string][]string{
		"":                                nil,
		"\n\n":                            nil,
		"A: 1":                            {"A=1", "end"},
		"A: 1\r\nB:2\r\n":                 {"A=1", "B=2", "end"},
		"\nA: 1\n\n\nB: x: y \n b\n\tc\n": {"A=1", "end", "B=x: y", "+b", "+c", "end"},
		"A:\n":                            {"A=", "end"},
		"A\n":                             {"A without a colon", "end"},
		": 1\n":                           {"=1", "end"},
		" a\n":                            {"+a"},
		"A: " + long + "\nB: 2":           {"A=" + long, "B=2", "end"},
	} {
		var got []string
		s := deb822.NewScanner(strings.NewReader(text))
		for s.Scan() {
			switch {
			case s.Kind == deb822.End:
				got = append(got, "end")
			case s.Kind == deb822.More:
				got = append(got, "+"+string(s.Value))
			case !s.Colon:
				got = append(got, fmt.Sprintf("%s without a colon", s.Name))
			default:
				got = append(got, fmt.Sprintf("%s=%s", s.Name, s.Value))
			}
		}
		if s.Err() != nil || !slices.Equal(got, want) {
			t.Errorf("%.40q: got %.80q, %v, want %.80q", text, got, s.Err(), want)
		}
	}
}

func TestTooLong(t *testing.T) {
	s := deb822.NewScanner(strings.NewReader("A: 1\nB: " + strings.Repeat("x", 1<<24)))
	for s.Scan() {
	}
	if want := "line 2: line is too long"; s.Err() == nil || s.Err().Error() != want {
		t.Errorf("got %v, want %s", s.Err(), want)
	}
}
