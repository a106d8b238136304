// Package progress shows the progress of builds: on a terminal, as lines, as JSON, and in the groups that
// GitHub and GitLab fold.
package progress

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/progress/progressui"

	"github.com/layc-lang/layc/lang/visible"
)

// Modes are the ways to show progress. auto is github or gitlab where these run a job, else tty on a
// terminal, else plain. rawjson has BuildKit's own reports.
var Modes = [...]string{"auto", "tty", "plain", "quiet", "json", "github", "gitlab", "rawjson"}

// Choose returns the mode that auto means. getenv is os.Getenv.
func Choose(mode string, terminal bool, getenv func(string) string) string {
	switch {
	case mode != "auto":
		return mode
	case getenv("GITHUB_ACTIONS") == "true":
		return "github"
	case getenv("GITLAB_CI") == "true":
		return "gitlab"
	case terminal && getenv("TERM") != "dumb":
		return "tty"
	}
	return "plain"
}

// Display shows the progress of one build.
type Display struct {
	public  public
	streams map[string]*visible.Stream
	raw     chan *client.SolveStatus // reports for BuildKit's own display; nil: there is none
	rawDone chan struct{}
	err     error
	closing sync.Once

	mutex  sync.Mutex // guards all below
	closed bool
	board  *board
	show   shower
	stop   chan struct{}
	ended  chan struct{}
}

// shower shows changes of a board.
type shower interface {
	// report shows a report that the board has.
	report(b *board, changes []change, now time.Time)
	// tick shows that time passes.
	tick(b *board, now time.Time)
	// close shows the end.
	close(b *board, now time.Time)
}

// nothing shows nothing.
type nothing struct{}

func (nothing) report(*board, []change, time.Time) {}
func (nothing) tick(*board, time.Time)             {}
func (nothing) close(*board, time.Time)            {}

// New returns a display of a build of definitions, which writes to w. mode is one of Modes, but not auto.
// columns is the width of the terminal, earlier what estimates are from. Close it before anything else
// writes to w.
func New(w io.Writer, mode string, columns int, definitions []*pb.Definition, earlier Times) (*Display, error) {
	d := &Display{public: public{map[string]*output{}}, streams: map[string]*visible.Stream{}, show: nothing{}}
	d.board = newBoard(definitions)
	d.board.earlier = earlier
	every := time.Second
	switch mode {
	case "rawjson":
		ui, err := progressui.NewDisplay(w, progressui.RawJSONMode)
		if err != nil {
			return nil, fmt.Errorf("progress cannot be shown as %q: %w", mode, err)
		}
		d.raw, d.rawDone = make(chan *client.SolveStatus), make(chan struct{})
		go func() {
			defer close(d.rawDone)
			// Updates end with the channel, since a cancelled build still reports.
			_, d.err = ui.UpdateFrom(context.Background(), d.raw)
		}()
	case "tty":
		d.show, every = &screen{w: w, columns: columns}, 200*time.Millisecond
	case "plain":
		d.show = &lines{w: w}
	case "json":
		d.show = &events{w: w}
	case "github":
		d.show = &folds{lines: lines{w: w, held: true}, begin: githubBegin, end: githubEnd, line: githubLine}
	case "gitlab":
		d.show = &folds{lines: lines{w: w, held: true}, begin: gitlabBegin, end: gitlabEnd}
	}
	d.stop, d.ended = make(chan struct{}), make(chan struct{})
	go d.ticks(every)
	return d, nil
}

// ticks lets time pass for what is shown.
func (d *Display) ticks(every time.Duration) {
	defer close(d.ended)
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-d.stop:
			return
		case now := <-t.C:
			d.mutex.Lock()
			d.show.tick(d.board, now)
			d.mutex.Unlock()
		}
	}
}

// Status shows a report.
func (d *Display) Status(s *client.SolveStatus) {
	d.mutex.Lock()
	s = d.public.report(s)
	d.mutex.Unlock()
	d.add(s)
}

func (d *Display) add(s *client.SolveStatus) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.closed {
		return
	}
	if d.raw != nil {
		select {
		case d.raw <- s:
		case <-d.rawDone:
		}
	}
	changes := d.board.report(d.readable(s))
	d.show.report(d.board, changes, time.Now())
}

// readable returns a report that is safe for a terminal: the output of steps and servers cannot
// control it.
func (d *Display) readable(s *client.SolveStatus) *client.SolveStatus {
	out := *s
	out.Vertexes = each(s.Vertexes, func(v *client.Vertex) {
		v.Name, v.Error = visible.Line(v.Name), visible.Text(v.Error)
	})
	out.Logs = each(s.Logs, func(l *client.VertexLog) {
		key := fmt.Sprint(l.Vertex, l.Stream)
		if d.streams[key] == nil {
			d.streams[key] = &visible.Stream{}
		}
		l.Data = []byte(d.streams[key].Text(l.Data))
	})
	return &out
}

// Interrupt prints something between what is shown.
func (d *Display) Interrupt(print func()) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if s, ok := d.show.(*screen); ok && !d.closed {
		s.close(d.board, time.Now())
	}
	print()
}

// Close shows the final state. Later reports are not shown. Every call returns the result of the first.
func (d *Display) Close() error {
	d.closing.Do(d.end)
	return d.err
}

func (d *Display) end() {
	d.mutex.Lock()
	rest := d.public.rest(func(client.VertexLog) bool { return true })
	d.mutex.Unlock()
	if len(rest) > 0 {
		d.add(&client.SolveStatus{Logs: rest})
	}
	close(d.stop)
	<-d.ended
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.closed = true
	if last := d.board.ends(); len(last) > 0 {
		d.show.report(d.board, last, time.Now())
	}
	d.show.close(d.board, time.Now())
	if d.raw != nil {
		close(d.raw)
		<-d.rawDone
	}
}

// Slowest returns the step that took longest; false if none ran. Call it after Close.
func (d *Display) Slowest() (Part, bool) { return d.board.slowest() }

// Took returns how long the steps took that ran to their end. Call it after Close.
func (d *Display) Took() Times { return d.board.took() }
