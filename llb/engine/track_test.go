//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/opencontainers/go-digest"
)

func TestLogKeepsLastLines(t *testing.T) {
	id := digest.FromString("vertex")
	for _, c := range []struct {
		what   string
		chunks []string
		want   string
	}{
		{"nothing", nil, ""},
		{"one line", []string{"a\n"}, "a"},
		{"a line in pieces", []string{"a", "b", "c\nd"}, "abc|d"},
		{"line ends of a terminal", []string{"a\r\nb\r\n"}, "a|b"},
		{"an empty line at the end", []string{"a\n\n"}, "a|"},
		{"more lines than are kept", []string{numbered(1, 15), numbered(16, 30)}, strings.ReplaceAll(strings.TrimSpace(numbered(11, 30)), "\n", "|")},
	} {
		track := newTracker(nil)
		for _, chunk := range c.chunks {
			track.add(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: id, Data: []byte(chunk)}}})
		}
		_, log := track.describe(id)
		if got := strings.Join(log, "|"); got != c.want {
			t.Errorf("%s: the log is %q, want %q", c.what, got, c.want)
		}
	}
}

func numbered(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintln(&b, i)
	}
	return b.String()
}

func TestClassify(t *testing.T) {
	id := digest.FromString("vertex")
	track := newTracker(nil)
	track.add(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: id, Name: "[app1] run x"}}})
	fault := errors.New("no such file")

	err := classify(t.Context(), fmt.Errorf("failed to solve: %w", errdefs.WrapVertex(fault, id)), track)
	var step *StepError
	if !errors.As(err, &step) || step.Vertex != id {
		t.Fatalf("the error is %#v, want a StepError of the vertex", err)
	}
	if got, want := err.Error(), "[app1] run x: no such file"; got != want {
		t.Errorf("the error reads %q, want %q", got, want)
	}
	if !errors.Is(err, fault) {
		t.Error("the error does not wrap its cause")
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	if err := classify(ctx, errdefs.WrapVertex(fault, id), track); !errors.Is(err, stop) {
		t.Errorf("after the end of its context the error is %v, want the cause", err)
	}
}

// TestClassifyFullDisk checks that a full disk of the engine is not a step's fault unless the
// step's own error names it. The text of its command does not count.
func TestClassifyFullDisk(t *testing.T) {
	id := digest.FromString("vertex")
	for text, full := range map[string]bool{
		"failed to copy files: write /opt/a: no space left on device":                                             true,
		`process "/bin/sh -c x" did not complete successfully: write /state/config.json: no space left on device`: true,
		`process "/bin/sh -c echo no space left on device" did not complete successfully: exit code: 1`:           false,
		"write /state/cache.db: disk quota exceeded":                                                              true,
		"rename /state/a /state/b: file exists":                                                                   false,
	} {
		track := newTracker(nil)
		err := classify(t.Context(), errdefs.WrapVertex(errors.New(text), id), track)
		var unavailable *UnavailableError
		if got := errors.As(err, &unavailable) && unavailable.full; got != full {
			t.Errorf("%s: full is %t, want %t", text, got, full)
		}
	}
}
