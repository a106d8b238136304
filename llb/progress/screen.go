package progress

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/layc-lang/layc/lang/term"
)

// screen shows progress on a terminal: a line for each step that took long, and below them lines that
// are drawn again and again, with what all parts are doing.
type screen struct {
	w       io.Writer
	columns int
	drawn   int // lines that are drawn again
	done    []string
	got     int64 // bytes of all downloads when the rate was computed
	at      time.Time
	rate    float64 // bytes per second
}

// maxRows is the maximal number of parts that are shown.
const maxRows = 10

func (s *screen) report(b *board, changes []change, now time.Time) {
	for _, c := range changes {
		if took := c.lasted(now); c.kind != hidden && c.kind != downloads && (c.finished && took >= soon || c.failed) {
			mark := "✓"
			if c.failed {
				mark = "✗"
			}
			s.done = append(s.done, fmt.Sprintf("%s %s  %s  %s", mark, c.part, c.text, clock(took)))
		}
	}
}

// tick draws the lines.
func (s *screen) tick(b *board, now time.Time) {
	var out strings.Builder
	s.clear(&out)
	for _, line := range s.done {
		out.WriteString(term.Cut(line, s.columns-1) + "\n")
	}
	s.done = nil
	for _, line := range s.lines(b, now) {
		out.WriteString(line + "\n")
		s.drawn++
	}
	_, _ = io.WriteString(s.w, out.String())
}

// clear removes the lines that are drawn again.
func (s *screen) clear(out *strings.Builder) {
	if s.drawn > 0 {
		fmt.Fprintf(out, "\x1b[%dA\r\x1b[J", s.drawn)
		s.drawn = 0
	}
}

// lines returns what is drawn.
func (s *screen) lines(b *board, now time.Time) []string {
	if b.begin.IsZero() {
		return []string{"starting"}
	}
	total, done, cached := b.count()
	head := fmt.Sprintf("building: %d of %s done", done, term.Count(total, "step"))
	if cached > 0 {
		head += fmt.Sprintf(" (%d cached)", cached)
	}
	rows := b.rows()
	head += ", " + clock(now.Sub(b.begin))
	if left, ok := s.left(rows, now); ok {
		head += ", downloads take about " + rough(left) + " more"
	} else if left, ok := b.left(now); ok {
		head += ", about " + rough(left) + " more"
	}
	out := []string{term.Cut(head, s.columns-1)}
	wide := 0
	for _, r := range rows[:min(len(rows), maxRows)] {
		wide = max(wide, min(term.Columns(r.part), s.columns/3))
	}
	for n, r := range rows {
		if n == maxRows {
			out = append(out, fmt.Sprintf("  and %d more", len(rows)-n))
			break
		}
		out = append(out, s.row(r, wide, now)...)
	}
	return out
}

// row returns the lines of a part.
func (s *screen) row(r row, wide int, now time.Time) []string {
	text := r.text
	if r.files > r.ready && strings.HasPrefix(text, "downloading ") {
		if r.files > 1 {
			text = fmt.Sprintf("downloading %d of %s", r.ready, term.Count(r.files, "file"))
		}
		text += parts("  ", r.got, r.bytes)
		if s.rate > 0 {
			text += fmt.Sprintf("  %s/s", size(int64(s.rate)))
		}
	}
	if r.more > 0 {
		text += fmt.Sprintf(" and %s", term.Count(r.more, "other step"))
	}
	took := clock(now.Sub(r.since)) + of(r.takes, now.Sub(r.since))
	end := "  " + took
	if len(r.waits) > 0 {
		end += "  " + waiting(r.waits)
	}
	name := term.Left(term.Cut(r.part, wide), wide)
	room := s.columns - 1 - 4 - wide - term.Columns(end)
	if room < term.Columns(text) && len(r.waits) > 1 {
		end = fmt.Sprintf("  %s  %d others wait", took, len(r.waits))
		room = s.columns - 1 - 4 - wide - term.Columns(end)
	}
	out := []string{"  " + name + "  " + term.Cut(text, max(room, 10)) + end}
	if r.last != "" {
		out = append(out, strings.Repeat(" ", 4+wide)+"\x1b[2m"+term.Cut(r.last, max(s.columns-6-wide, 10))+"\x1b[0m")
	}
	return out
}

// left estimates how long the downloads take, by the rate of the last seconds.
func (s *screen) left(rows []row, now time.Time) (time.Duration, bool) {
	var all, got int64
	for _, r := range rows {
		all, got = all+r.bytes, got+r.got
	}
	if since := now.Sub(s.at); s.at.IsZero() || since >= time.Second {
		if !s.at.IsZero() && got >= s.got {
			recent := float64(got-s.got) / since.Seconds()
			if s.rate == 0 {
				s.rate = recent
			}
			s.rate = 0.7*s.rate + 0.3*recent
		}
		s.got, s.at = got, now
	}
	if s.rate < 1 || got >= all {
		return 0, false
	}
	return time.Duration(float64(all-got) / s.rate * float64(time.Second)), true
}

// close removes what is drawn again.
func (s *screen) close(_ *board, _ time.Time) {
	var out strings.Builder
	s.clear(&out)
	for _, line := range s.done {
		out.WriteString(term.Cut(line, s.columns-1) + "\n")
	}
	s.done = nil
	_, _ = io.WriteString(s.w, out.String())
}
