package source

import (
	"strings"
	"testing"
)

func TestPosition(t *testing.T) {
	f := New("a.layer", "one\ntwo\r\nд𝄞x\n")
	for _, c := range []struct {
		offset int
		want   Position
	}{
		{-1, Position{1, 1, 0}},
		{0, Position{1, 1, 0}},
		{3, Position{1, 4, 3}},
		{4, Position{2, 1, 0}},
		{9, Position{3, 1, 0}},
		{11, Position{3, 3, 1}},
		{15, Position{3, 7, 3}},
		{17, Position{4, 1, 0}},
		{99, Position{4, 1, 0}},
	} {
		if got := f.Position(c.offset); got != c.want {
			t.Errorf("Position(%d) = %v, want %v", c.offset, got, c.want)
		}
	}
}

func TestLine(t *testing.T) {
	f := New("a.layer", "one\ntwo\r\n\nlast")
	if got, want := f.Lines(), 4; got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
	for n, want := range []string{"", "one", "two", "", "last", ""} {
		if got := f.Line(n); got != want {
			t.Errorf("Line(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range []int{14, 0, 4, 9, 10, 14} {
		if got := f.LineStart(n); got != want {
			t.Errorf("LineStart(%d) = %d, want %d", n, got, want)
		}
	}
	if got, want := New("b.layer", "one\ntwo\r").Line(2), "two\r"; got != want {
		t.Errorf("last line: got %q, want %q", got, want)
	}
}

func TestSpan(t *testing.T) {
	f := New("a.layer", "one two three")
	a, b := Span{f, 0, 3}, Span{f, 8, 13}
	if got, want := a.Cover(b).Text(), "one two three"; got != want {
		t.Errorf("Cover: %q, want %q", got, want)
	}
	if a.Cover(Span{}) != a || (Span{}).Cover(b) != b {
		t.Error("Cover: the zero span changes the result")
	}
	if (Span{}).Text() != "" || !(Span{}).IsZero() || a.IsZero() {
		t.Error("the zero span is not zero")
	}
	if a.Compare(b) >= 0 || b.Compare(a) <= 0 || a.Compare(a) != 0 || (Span{}).Compare(a) >= 0 {
		t.Error("spans are out of order")
	}
}

func TestOffset(t *testing.T) {
	f := New("a", "ab\r\n\tä€😀x\xffy\n\nend")
	for offset := 0; offset <= len(f.Text()); offset++ {
		if r := f.Text()[offset:]; strings.HasPrefix(r, "\n") && offset > 0 && f.Text()[offset-1] == '\r' || r != "" && r[0] >= 0x80 && r[0] < 0xC0 {
			continue // within a line's end, or within a character
		}
		p := f.Position(offset)
		if got := f.Offset(p.Line, p.UTF16, true); got != offset {
			t.Errorf("offset %d: UTF-16 %d:%d is %d", offset, p.Line, p.UTF16, got)
		}
		if got := f.Offset(p.Line, p.Column-1, false); got != offset {
			t.Errorf("offset %d: bytes %d:%d is %d", offset, p.Line, p.Column, got)
		}
	}
	for _, c := range []struct {
		line, units int
		utf16       bool
		want        int
	}{{1, 9, true, 2}, {1, -1, true, 0}, {2, 4, true, 10}, {2, 7, false, 10}, {0, 1, true, 1}, {9, 3, true, 22}, {2, 99, false, 17}} {
		if got := f.Offset(c.line, c.units, c.utf16); got != c.want {
			t.Errorf("%d:%d is %d, want %d", c.line, c.units, got, c.want)
		}
	}
}

// TestLongLines checks that places in lines that are long enough to have marks are those that counting
// from the start of the line gives.
func TestLongLines(t *testing.T) {
	line := strings.Repeat("ab€😀\xff\té", longLine/8) + "x"
	f := New("a", "short\n"+line+"\r\n"+strings.Repeat("y", 3*longLine)+"\n"+line)
	if len(f.marks) < 10 {
		t.Fatalf("%d marks", len(f.marks))
	}
	for n := 1; n <= f.Lines(); n++ {
		start, units := f.LineStart(n), 0
		for at, r := range f.Line(n) {
			want := Position{Line: n, Column: at + 1, UTF16: units}
			if got := f.Position(start + at); got != want {
				t.Fatalf("offset %d: got %v, want %v", start+at, got, want)
			}
			for _, utf16 := range []bool{true, false} {
				distance := units
				if !utf16 {
					distance = at
				}
				if got := f.Offset(n, distance, utf16); got != start+at {
					t.Fatalf("%d:%d, UTF-16 %v: got %d, want %d", n, distance, utf16, got, start+at)
				}
			}
			units += utf16Len(string(r))
		}
		if got := f.Offset(n, 1<<30, true); got != start+len(f.Line(n)) {
			t.Errorf("line %d ends at %d", n, got)
		}
	}
}
