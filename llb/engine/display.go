//go:build unix

package engine

import (
	"context"
	"fmt"
	"io"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/opencontainers/go-digest"
)

// DisplayModes are the ways to show progress: on a terminal, as lines, not at
// all, as JSON; auto is tty on a terminal and plain elsewhere.
var DisplayModes = [...]string{"auto", "tty", "plain", "quiet", "rawjson"}

// Display shows the progress of one build.
type Display struct {
	hush    *hush // nil shows everything
	reports chan *client.SolveStatus
	done    chan struct{}
	err     error
}

// NewDisplay returns a display that writes to w; mode is one of DisplayModes.
// Its Status is the one for a Request, and it must be closed before anything
// else writes to w.
func NewDisplay(w io.Writer, mode string) (*Display, error) {
	ui, err := progressui.NewDisplay(w, progressui.DisplayMode(mode))
	if err != nil {
		return nil, fmt.Errorf("progress cannot be shown as %q: %w", mode, err)
	}
	d := &Display{reports: make(chan *client.SolveStatus), done: make(chan struct{})}
	if mode != string(progressui.RawJSONMode) {
		d.hush = &hush{shown: map[digest.Digest]bool{}}
	}
	go func() {
		defer close(d.done)
		// It ends with the channel: a cancelled build still reports.
		_, d.err = ui.UpdateFrom(context.Background(), d.reports)
	}()
	return d, nil
}

// Status shows a report.
func (d *Display) Status(s *client.SolveStatus) {
	s = public(s)
	if d.hush != nil {
		s = d.hush.filter(s)
	}
	select {
	case d.reports <- s:
	case <-d.done:
	}
}

// Close shows the final state. No Status may follow.
func (d *Display) Close() error {
	close(d.reports)
	<-d.done
	return d.err
}
