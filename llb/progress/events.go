package progress

import (
	"encoding/json"
	"io"
	"time"
)

// events shows progress as lines of JSON.
type events struct {
	w io.Writer
}

// event is a line. Fields are only added, never removed.
type event struct {
	Time  time.Time `json:"time"`
	Event string    `json:"event"` // started, output, finished, failed, stopped, cached, progress
	Part  string    `json:"part,omitempty"`
	Step  string    `json:"step,omitempty"`
	// Output is a line that the step has printed.
	Output  string  `json:"output,omitempty"`
	Seconds float64 `json:"seconds,omitempty"` // that the step took, or that a part has been at it
	// The numbers of a progress event.
	Steps  *counted `json:"steps,omitempty"`
	Left   float64  `json:"secondsLeft,omitempty"` // an estimate from earlier builds
	Active []active `json:"active,omitempty"`
}

type counted struct {
	Total  int `json:"total"`
	Done   int `json:"done"`
	Cached int `json:"cached"`
}

// active is a part with something that runs.
type active struct {
	Part           string   `json:"part"`
	Step           string   `json:"step"`
	Seconds        float64  `json:"seconds"`
	Expected       float64  `json:"expectedSeconds,omitempty"` // that the step took in an earlier build
	Output         string   `json:"output,omitempty"`          // the last line
	Files          int      `json:"files,omitempty"`           // to download
	FilesReady     int      `json:"filesReady,omitempty"`
	Bytes          int64    `json:"bytes,omitempty"` // of the downloads, as far as known
	BytesReady     int64    `json:"bytesReady,omitempty"`
	WaitingForThis []string `json:"waiting,omitempty"` // the parts that wait
}

// brief is how long a download takes at most that has no events.
const brief = 100 * time.Millisecond

func (e *events) print(ev event) {
	text, err := json.Marshal(ev)
	if err == nil {
		_, _ = e.w.Write(append(text, '\n'))
	}
}

func (e *events) report(_ *board, changes []change, now time.Time) {
	for _, c := range changes {
		if c.kind == hidden || c.kind == downloads && !c.failed && c.lasted(now) < brief {
			continue // BuildKit asks for each download whether it is there already
		}
		ev := event{Time: now.UTC(), Part: c.part, Step: c.text}
		if c.cached {
			ev.Event = "cached"
			e.print(ev)
			continue
		}
		if c.step.told = c.step.told || c.started; c.started {
			ev.Event, ev.Time = "started", c.step.started.UTC()
			e.print(ev)
		}
		for _, line := range c.lines {
			ev.Event, ev.Output, ev.Time = "output", line, now.UTC()
			e.print(ev)
		}
		ev.Output = ""
		if ended := c.outcome(); ended != "" {
			ev.Event, ev.Time, ev.Seconds = ended, c.completed.UTC(), c.lasted(now).Seconds()
			e.print(ev)
		}
	}
}

func (e *events) tick(b *board, now time.Time) {
	ev := event{Time: now.UTC(), Event: "progress", Steps: &counted{}}
	ev.Steps.Total, ev.Steps.Done, ev.Steps.Cached = b.count()
	if left, ok := b.left(now); ok {
		ev.Left = left.Seconds()
	}
	for _, r := range b.rows() {
		ev.Active = append(ev.Active, active{r.part, r.text, now.Sub(r.since).Seconds(), r.takes.Seconds(), r.last, r.files, r.ready, r.bytes, r.got, r.waits})
	}
	e.print(ev)
}

func (e *events) close(b *board, now time.Time) { e.tick(b, now) }
