//go:build unix

package engine

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/lang/visible"
)

// DisplayModes are the ways to show progress: on a terminal, as lines, not at all, as JSON. auto
// is tty on a terminal and plain elsewhere.
var DisplayModes = [...]string{"auto", "tty", "plain", "quiet", "rawjson"}

// Display shows the progress of one build.
type Display struct {
	public  public
	hush    *hush // nil shows everything
	streams map[string]*visible.Stream
	reports chan *client.SolveStatus
	done    chan struct{}
	err     error
}

// NewDisplay returns a display that writes to w; mode is one of DisplayModes. Its Status is for a
// Request. Close it before anything else writes to w.
func NewDisplay(w io.Writer, mode string) (*Display, error) {
	ui, err := progressui.NewDisplay(w, progressui.DisplayMode(mode))
	if err != nil {
		return nil, fmt.Errorf("progress cannot be shown as %q: %w", mode, err)
	}
	d := &Display{public: public{map[string]*output{}}, streams: map[string]*visible.Stream{}, reports: make(chan *client.SolveStatus), done: make(chan struct{})}
	if mode != string(progressui.RawJSONMode) {
		d.hush = &hush{shown: map[digest.Digest]bool{}}
	}
	go func() {
		defer close(d.done)
		// Updates end with the channel, since a cancelled build still reports.
		_, d.err = ui.UpdateFrom(context.Background(), d.reports)
	}()
	return d, nil
}

// Status shows a report.
func (d *Display) Status(s *client.SolveStatus) {
	d.show(d.public.report(s))
}

func (d *Display) show(s *client.SolveStatus) {
	if d.hush != nil {
		s = d.readable(d.hush.filter(s))
	}
	select {
	case d.reports <- s:
	case <-d.done:
	}
}

// readable returns a report that is safe for a terminal: the output of steps and servers cannot
// control it.
func (d *Display) readable(s *client.SolveStatus) *client.SolveStatus {
	out := *s
	out.Vertexes = each(s.Vertexes, func(v *client.Vertex) {
		v.Name, v.Error = visible.Line(v.Name), visible.Text(v.Error)
	})
	out.Statuses = each(s.Statuses, func(v *client.VertexStatus) {
		v.ID, v.Name = visible.Line(v.ID), visible.Line(v.Name)
	})
	out.Logs = each(s.Logs, func(l *client.VertexLog) {
		key := fmt.Sprint(l.Vertex, l.Stream)
		if d.streams[key] == nil {
			d.streams[key] = &visible.Stream{}
		}
		l.Data = []byte(d.streams[key].Text(l.Data))
	})
	out.Warnings = each(s.Warnings, func(w *client.VertexWarning) {
		w.Short, w.URL = []byte(visible.Line(string(w.Short))), visible.Line(w.URL)
		w.Detail = slices.Clone(w.Detail)
		for i, line := range w.Detail {
			w.Detail[i] = []byte(visible.Text(string(line)))
		}
	})
	return &out
}

// Close shows the final state. Status must not be called afterwards.
func (d *Display) Close() error {
	if rest := d.public.rest(func(client.VertexLog) bool { return true }); len(rest) > 0 {
		d.show(&client.SolveStatus{Logs: rest})
	}
	close(d.reports)
	<-d.done
	return d.err
}
