package progress

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/llb"
)

// A board has what a build has done so far, by the parts of the program. BuildKit reports vertices; a
// board makes them steps of components and apps:
//
// - The name of a vertex begins with the part that it belongs to. A download belongs to what takes it.
// - What layc adds, such as the merging of layers, is "writing files" or "checking files".
// - A step is done if it is completed, or if all steps that take its result are: BuildKit does not even
//   report what it does not need.
//
// A board has no clock: reports have times, and rows are asked for at a time.

// kind is what a step does.
type kind int

const (
	hidden    kind = iota // it takes no time that a user should know of
	writes                // layc writes the files of a part
	checks                // layc checks something
	runs                  // a program of the user runs
	downloads             // a file is downloaded
	exports               // BuildKit writes images
)

// step is a vertex.
type step struct {
	id     digest.Digest
	part   string // the component or the app; "": none
	text   string // what it does
	whom   string // of packages: " for" what the build makes with them
	kind   kind
	bytes  int64 // of a download; 0: unknown
	inputs []digest.Digest
	takers []*step // that take its result

	started, completed time.Time // zero: not yet
	cached             bool
	failed             bool   // by itself, or since the build ends: it was stopped
	at                 int64  // bytes that were transferred
	last               string // line of output
	rest               string // output without the end of its line
	told               bool   // its start is printed
}

func (s *step) running() bool { return !s.started.IsZero() && s.completed.IsZero() }

// lasted returns how long a step ran.
func (s *step) lasted(now time.Time) time.Duration {
	switch {
	case s.started.IsZero():
		return 0
	case s.completed.IsZero():
		return now.Sub(s.started)
	}
	return s.completed.Sub(s.started)
}

// board has the steps of one build.
type board struct {
	steps map[digest.Digest]*step
	order []*step // inputs first, then what BuildKit adds
	begin time.Time

	earlier Times
}

// newBoard returns the board of a build before its first report.
func newBoard(definitions []*pb.Definition) *board {
	b := &board{steps: map[digest.Digest]*step{}}
	for _, d := range definitions {
		for _, raw := range d.Def {
			id := digest.FromBytes(raw)
			var op pb.Op
			if b.steps[id] != nil || op.UnmarshalVT(raw) != nil || op.Op == nil {
				continue // the last op only selects the output
			}
			about := d.Metadata[string(id)].GetDescription()
			s := b.add(id, about["llb.customname"])
			s.bytes, _ = strconv.ParseInt(about[llb.SizeKey], 10, 64)
			if op.GetSource() != nil && s.kind == runs {
				s.kind = downloads
			}
			for _, in := range op.Inputs {
				s.inputs = append(s.inputs, digest.Digest(in.Digest))
				if from := b.steps[digest.Digest(in.Digest)]; from != nil && !slices.Contains(from.takers, s) {
					from.takers = append(from.takers, s)
				}
			}
		}
	}
	for _, s := range b.order {
		if s.part == "" && s.kind == downloads && len(s.takers) > 0 {
			s.part = s.takers[0].part
		}
		if s.kind == runs && strings.HasPrefix(s.text, "install ") {
			s.whom = " for " + listed(s.makes())
		}
	}
	return b
}

// makes returns the parts that the last steps on the ways from a step belong to: mostly apps.
func (s *step) makes() []string {
	var list []string
	seen := map[*step]bool{}
	var visit func(s *step)
	visit = func(s *step) {
		if seen[s] {
			return
		}
		seen[s] = true
		for _, t := range s.takers {
			visit(t)
		}
		if len(s.takers) == 0 && !slices.Contains(list, s.part) {
			list = append(list, s.part)
		}
	}
	visit(s)
	slices.Sort(list)
	return list
}

func (b *board) add(id digest.Digest, name string) *step {
	s := &step{id: id}
	s.part, s.text, s.kind = words(name)
	b.steps[id] = s
	b.order = append(b.order, s)
	return s
}

// change is what a report says about a step.
type change struct {
	*step
	lines                                      []string // complete lines of its output
	started, finished, cached, failed, stopped bool
}

// outcome tells how the step ended, in a word; "" if it did not.
func (c change) outcome() string {
	switch {
	case c.finished:
		return "finished"
	case c.failed:
		return "failed"
	case c.stopped:
		return "stopped"
	}
	return ""
}

// report adds a report, and returns what it changes.
func (b *board) report(r *client.SolveStatus) []change {
	var changes []change
	at := map[*step]int{}
	of := func(s *step) *change {
		n, ok := at[s]
		if !ok {
			n = len(changes)
			at[s] = n
			changes = append(changes, change{step: s})
		}
		return &changes[n]
	}
	for _, v := range r.Vertexes {
		s := b.steps[v.Digest]
		if s == nil {
			s = b.add(v.Digest, v.Name)
			s.inputs = v.Inputs
		}
		if v.Started != nil && (b.begin.IsZero() || v.Started.Before(b.begin)) {
			b.begin = *v.Started
		}
		switch {
		case v.Cached:
			of(s).cached = !s.cached
			s.cached = true
			if v.Completed != nil {
				s.started, s.completed = *v.Completed, *v.Completed
			}
		case v.Started != nil && v.Completed == nil && !s.started.Equal(*v.Started):
			s.started, s.completed, s.cached = *v.Started, time.Time{}, false
			of(s).started = true
		}
		if v.Completed != nil && !v.Cached && !s.completed.Equal(*v.Completed) {
			if v.Started != nil {
				of(s).started = of(s).started || s.started.IsZero()
				s.started = *v.Started
			}
			s.completed, s.failed = *v.Completed, v.Error != ""
			// Interrupted, or another step has failed.
			stopped := strings.HasSuffix(v.Error, context.Canceled.Error())
			of(s).finished, of(s).failed, of(s).stopped = !s.failed, s.failed && !stopped, stopped
		}
	}
	for _, t := range r.Statuses {
		if s := b.steps[t.Vertex]; s != nil {
			s.at = max(s.at, t.Current)
		}
	}
	for _, l := range r.Logs {
		s := b.steps[l.Vertex]
		if s == nil {
			continue
		}
		s.rest += string(l.Data)
		whole, rest := "", s.rest
		if n := strings.LastIndexByte(s.rest, '\n'); n >= 0 {
			whole, rest = s.rest[:n], s.rest[n+1:]
		}
		if at := strings.LastIndexByte(strings.TrimRight(rest, "\r"), '\r'); at > 0 {
			rest = rest[at:] // what was drawn before is gone
		}
		s.rest = rest
		if lines := s.shown(printed(whole)); len(lines) > 0 {
			of(s).lines = append(of(s).lines, lines...)
			s.last = lines[len(lines)-1]
		}
		if lines := s.shown(printed(rest)); len(lines) > 0 {
			s.last = lines[0]
		}
	}
	for n := range changes {
		if c := &changes[n]; c.outcome() != "" {
			c.lines = append(c.lines, c.step.end()...)
		}
	}
	return changes
}

// printed returns the lines of a text. Of a line that is drawn again and again it takes the last state.
func printed(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, "\r")
		if at := strings.LastIndexByte(line, '\r'); at >= 0 {
			line = line[at+1:]
		}
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// shown leaves out what layc's helper says to layc about a check or a written layer, such as the list of all
// programs of an image. The finding that layc makes of it has the same in words.
func (s *step) shown(lines []string) []string {
	if s.kind != checks && s.kind != writes {
		return lines
	}
	return slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "layc-helper: ") })
}

// end returns the last line of a step if the step did not end it.
func (s *step) end() []string {
	lines := s.shown(printed(s.rest))
	s.rest = ""
	return lines
}

// ends returns the last lines of all steps that did not end them.
func (b *board) ends() []change {
	var changes []change
	for _, s := range b.order {
		if lines := s.end(); len(lines) > 0 {
			changes = append(changes, change{step: s, lines: lines})
		}
	}
	return changes
}

// count returns the number of steps that a user should know of, and how many of them are done and were
// cached.
func (b *board) count() (total, done, cached int) {
	finished := map[*step]bool{}
	for n := len(b.order) - 1; n >= 0; n-- { // takers first
		s := b.order[n]
		finished[s] = !s.completed.IsZero() || len(s.takers) > 0 && !slices.ContainsFunc(s.takers, func(t *step) bool { return !finished[t] })
		if s.kind == hidden || s.kind == exports {
			continue
		}
		total++
		if finished[s] && !s.running() {
			done++
			if s.cached || s.completed.IsZero() || s.kind == downloads && s.lasted(s.completed) < brief {
				cached++
			}
		}
	}
	return total, done, cached
}

// row is what a part is doing.
type row struct {
	part  string
	text  string // what it does; of several steps the one that began first
	since time.Time
	takes time.Duration // how long it took in an earlier build; 0: unknown
	last  string        // its last line of output
	waits []string      // the parts that wait for it
	// files is the number of downloads, ready the number of those that are done.
	files, ready int
	bytes, got   int64 // of the downloads, as far as known
	more         int   // other steps of the part that run
}

// rows returns what the parts do that do something, those first that began first.
func (b *board) rows() []row {
	var out []row
	at := map[string]int{}
	for _, s := range b.order {
		if !s.running() || s.kind == hidden {
			continue
		}
		n, ok := at[s.part]
		if !ok {
			n = len(out)
			at[s.part] = n
			out = append(out, row{part: s.part, since: s.started})
		}
		r := &out[n]
		switch {
		case s.kind == downloads && r.text == "":
			r.text = s.text
		case s.kind != downloads && (r.text == "" || r.more == 0 && r.last == "" || s.started.Before(r.since)):
			r.text, r.since, r.last, r.takes = s.text+s.whom, s.started, s.last, b.expected(s)
		}
		if s.kind != downloads {
			r.more++
		} else if s.started.Before(r.since) {
			r.since = s.started
		}
	}
	for n := range out {
		r := &out[n]
		r.more = max(0, r.more-1)
		for _, s := range b.order {
			if s.kind == downloads && s.part == r.part {
				r.files++
				r.bytes += s.bytes
				switch {
				case !s.completed.IsZero():
					r.ready++
					r.got += s.bytes
				default:
					r.got += min(s.at, max(s.bytes, s.at))
				}
			}
		}
		r.waits = b.waiting(r.part)
	}
	slices.SortStableFunc(out, func(x, y row) int { return x.since.Compare(y.since) })
	return out
}

// waiting returns the other parts that wait for a step of a part that runs.
func (b *board) waiting(part string) []string {
	var list []string
	seen := map[*step]bool{}
	var visit func(s *step)
	visit = func(s *step) {
		for _, t := range s.takers {
			if seen[t] || !t.completed.IsZero() || t.running() {
				continue
			}
			seen[t] = true
			if t.part != part && t.part != "" && !slices.Contains(list, t.part) {
				list = append(list, t.part)
			}
			visit(t)
		}
	}
	for _, s := range b.order {
		if s.part == part && s.running() {
			visit(s)
		}
	}
	return list
}

// Part is how long a step took.
type Part struct {
	Name string // of the component or the app
	Step string
	Took time.Duration
}

// slowest returns the step that took longest; false if none ran.
func (b *board) slowest() (Part, bool) {
	var best *step
	for _, s := range b.order {
		if s.kind != hidden && s.part != "" && !s.completed.IsZero() && !s.cached && (best == nil || s.lasted(s.completed) > best.lasted(best.completed)) {
			best = s
		}
	}
	if best == nil {
		return Part{}, false
	}
	return Part{best.part, best.text, best.lasted(best.completed)}, true
}
