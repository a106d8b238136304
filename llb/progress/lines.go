package progress

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/docker/go-units"

	"github.com/layc-lang/layc/lang/term"

	"github.com/layc-lang/layc/lang/lazy"
)

// lines shows progress as lines: when a step begins, what it prints, and when it ends. Steps that end at
// once are not shown, and neither are downloads, which have one line per part now and then.
type lines struct {
	w      io.Writer
	cached map[string]bool         // parts that are told to be cached
	ready  map[string]downloaded   // what is told of the downloads of a part
	late   map[*step]time.Duration // when a running step is told again
	worked map[string]bool         // parts with a step that ran
	held   bool                    // what steps print is shown when they end
	called map[string]string       // parts as they are shown
	board  *board                  // with the parts
}

type downloaded struct {
	files int
	at    time.Time
}

const (
	// soon is how long a step may take without a line of its own.
	soon = time.Second
	// often is how often the downloads of a part get a line.
	often = 5 * time.Second
	// first is when a running step is told again; each time is twice as long after the last one.
	first = 10 * time.Second
)

// widest is how many columns the name of a part has at most, so that there is room for what it does.
const widest = 60

func (l *lines) print(part, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if part != "" {
		text = l.name(part) + ": " + text
	}
	fmt.Fprintln(l.w, text)
}

// name returns the name under which a part is shown, always the same.
func (l *lines) name(part string) string {
	if _, ok := l.called[part]; !ok {
		var all []string
		for _, s := range l.board.order {
			all = append(all, s.part)
		}
		l.called[part] = term.CutAmong(part, widest, all)
	}
	return l.called[part]
}

func (l *lines) init(b *board) {
	if l.cached == nil {
		l.cached, l.ready, l.late, l.worked = map[string]bool{}, map[string]downloaded{}, map[*step]time.Duration{}, map[string]bool{}
		l.called = map[string]string{}
	}
	l.board = b
}

func (l *lines) report(b *board, changes []change, now time.Time) {
	l.init(b)
	for _, c := range changes {
		l.change(b, c, now)
	}
}

// change prints what has happened to a step.
func (l *lines) change(b *board, c change, now time.Time) {
	if c.kind == hidden {
		return
	}
	if c.cached && c.kind == runs && c.part != "" && !l.cached[c.part] && !l.worked[c.part] {
		l.cached[c.part] = true
		l.print(c.part, "cached")
	}
	if c.kind == downloads {
		if c.finished {
			l.fetched(b, c.step, now)
		}
		if !c.failed {
			return
		}
	}
	if c.started {
		l.worked[c.part] = true
	}
	if c.started && c.kind == runs || len(c.lines) > 0 || c.failed {
		l.tell(b, c.step)
	}
	for _, line := range c.lines {
		l.print(c.part, "| %s", line)
	}
	switch took := c.lasted(now); {
	case (c.failed || c.stopped) && !c.told:
	case c.failed || c.stopped:
		l.print(c.part, "%s: %s after %s", c.text, c.outcome(), clock(took))
	case c.finished && (c.told || took >= soon):
		l.print(c.part, "%s: %s", c.text, clock(took))
	}
}

// tell prints that a step has begun, once.
func (l *lines) tell(b *board, s *step) {
	if s.told {
		return
	}
	s.told = true
	if takes := b.expected(s); takes >= often {
		l.print(s.part, "%s%s, about %s", s.text, s.whom, rough(takes))
	} else {
		l.print(s.part, "%s%s", s.text, s.whom)
	}
}

// fetched prints how many downloads of a part are there, now and then, and when all are. It leaves out
// what was there before, and what another build has downloaded.
func (l *lines) fetched(b *board, s *step, now time.Time) {
	var files, ready int
	var bytes, got int64
	var began time.Time
	for _, o := range b.order {
		if o.kind != downloads || o.part != s.part || o.cached {
			continue
		}
		files++
		bytes += o.bytes
		if !o.started.IsZero() && (began.IsZero() || o.started.Before(began)) {
			began = o.started
		}
		if !o.completed.IsZero() {
			ready, got = ready+1, got+o.bytes
		}
	}
	if began.IsZero() {
		return
	}
	told, ok := l.ready[s.part]
	switch took := now.Sub(began); {
	case took < soon, ok && told.files == files:
	case ready == files:
		l.print(s.part, "downloaded %s%s in %s%s", term.Count(files, "file"), sized(", ", bytes), clock(took), rated(bytes, took))
	case !ok || now.Sub(told.at) >= often:
		l.print(s.part, "downloading: %d of %s%s%s", ready, term.Count(files, "file"), parts(", ", got, bytes), rated(got, took))
	default:
		return
	}
	l.ready[s.part] = downloaded{ready, now}
}

// tick prints that steps still run, ever more seldom.
func (l *lines) tick(b *board, now time.Time) {
	l.init(b)
	for _, s := range b.order {
		if !s.running() || s.kind == hidden || s.kind == downloads {
			continue
		}
		next, ok := l.late[s]
		if !ok {
			next = first
		}
		if took := now.Sub(s.started); took >= next {
			l.late[s] = 2 * next
			l.tell(b, s)
			text := ""
			if waits := b.waiting(s.part); len(waits) > 0 {
				for n, part := range waits {
					waits[n] = l.name(part)
				}
				text = "; " + waiting(waits)
			}
			l.print(s.part, "%s: still running after %s%s%s", s.text, clock(took), of(b.expected(s), took), text)
			if l.held && s.last != "" {
				l.print(s.part, "| %s", s.last)
			}
		}
	}
}

func (l *lines) close(*board, time.Time) {}

// waiting says who waits.
func waiting(parts []string) string {
	if len(parts) == 1 {
		return parts[0] + " waits"
	}
	return listed(parts) + " wait"
}

// listed names the first ones of some parts, and how many more there are.
func listed(parts []string) string {
	const most = 2
	if more := len(parts) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(parts[:most], ", "), more)
	}
	return strings.Join(parts, " and ")
}

// of is how long a step probably takes, if it is known and not over yet.
func of(takes, took time.Duration) string {
	if takes < soon || takes < took {
		return ""
	}
	return " of about " + rough(takes)
}

func size(n int64) string { return units.HumanSizeWithPrecision(float64(n), 3) }

// sized is a number of bytes, if it is known.
func sized(before string, n int64) string {
	if n == 0 {
		return ""
	}
	return before + size(n)
}

// parts is how many bytes of all are there, if it is known.
func parts(before string, got, all int64) string {
	if all == 0 {
		return sized(before, got)
	}
	return before + size(got) + " of " + size(all)
}

// rated is a rate, if it is known.
func rated(n int64, took time.Duration) string {
	if n == 0 || took < soon {
		return ""
	}
	return fmt.Sprintf(", %s/s", size(int64(float64(n)/took.Seconds())))
}

// folds shows progress in groups, which the log of a service of CI folds. Groups cannot be nested, so a
// group has what one part has printed while nothing else did: it is written when a step of the part ends.
type folds struct {
	lines
	begin func(w io.Writer, title string, at time.Time, n int)
	end   func(w io.Writer, at time.Time, n int)
	line  func(line string) string // a line of output as the service shows it; nil: unchanged
	text  map[*step][]string
	count int
}

func (f *folds) report(b *board, changes []change, now time.Time) {
	f.init(b)
	if f.text == nil {
		f.text = map[*step][]string{}
	}
	for _, c := range changes {
		if c.kind != runs {
			f.change(b, c, now)
			continue
		}
		f.text[c.step] = append(f.text[c.step], c.lines...)
		c.lines = nil
		took := c.lasted(now)
		if c.outcome() == "" {
			f.change(b, c, now)
			continue
		}
		title := fmt.Sprintf("%s: %s: %s", f.name(c.part), c.text, clock(took))
		if c.failed || c.stopped {
			title = fmt.Sprintf("%s: %s: %s after %s", f.name(c.part), c.text, c.outcome(), clock(took))
		}
		if f.worked[c.part] = true; len(f.text[c.step]) == 0 {
			fmt.Fprintln(f.w, title)
			continue
		}
		f.count++
		f.begin(f.w, title, c.step.started, f.count)
		for _, line := range f.text[c.step] {
			if f.line != nil {
				line = f.line(line)
			}
			fmt.Fprintln(f.w, line)
		}
		f.end(f.w, now, f.count)
		delete(f.text, c.step)
	}
}

// close prints what steps have printed that did not end.
func (f *folds) close(b *board, now time.Time) {
	for _, s := range b.order {
		for n, line := range f.text[s] {
			if n == 0 {
				f.tell(b, s)
			}
			f.print(s.part, "| %s", line)
		}
	}
}

// githubBegin and githubEnd write a group as GitHub Actions fold it: ::group::TITLE and ::endgroup::, each a
// line. Of a title, as of all values of such commands, the runner reads %25 as a %.
func githubBegin(w io.Writer, title string, _ time.Time, _ int) {
	fmt.Fprintf(w, "::group::%s\n", strings.ReplaceAll(title, "%", "%25"))
}
func githubEnd(w io.Writer, _ time.Time, _ int) { fmt.Fprintln(w, "::endgroup::") }

// githubCommand matches the beginning of a line that GitHub's runner takes for a command, which a program of a
// step must not give: it ignores blanks before the colons.
var githubCommand = lazy.Regexp(`^\s*::`)

// githubLine returns a line of output so that the runner does not take it for a command.
func githubLine(line string) string {
	if githubCommand().MatchString(line) {
		return "| " + line
	}
	return line
}

// gitlabBegin and gitlabEnd write a section as GitLab folds it. The marker of a beginning has the time in
// seconds since 1970, a name of letters, digits, "_", "." and "-", and options in brackets; the end has the same
// name. "ESC [0K" and the carriage return keep the markers out of view:
//
//	ESC[0Ksection_start:TIME:NAME[collapsed=true]CR ESC[0K TITLE
//	ESC[0Ksection_end:TIME:NAME CR ESC[0K
//
// Output cannot end a section, as it has no escape characters; see package visible.
func gitlabBegin(w io.Writer, title string, at time.Time, n int) {
	fmt.Fprintf(w, "\x1b[0Ksection_start:%d:layc_%d[collapsed=true]\r\x1b[0K%s\n", at.Unix(), n, title)
}

func gitlabEnd(w io.Writer, at time.Time, n int) {
	fmt.Fprintf(w, "\x1b[0Ksection_end:%d:layc_%d\r\x1b[0K\n", at.Unix(), n)
}
