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
	"github.com/moby/buildkit/solver/pb"
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

// TestClassifyLost checks that the progress tells which step failed if BuildKit returns another
// error for it. A step of another definition, or one that was stopped, is not the cause.
func TestClassifyLost(t *testing.T) {
	var definitions []*pb.Definition
	var ids []digest.Digest
	for _, name := range []string{"stopped", "bad", "other"} {
		def := []byte(name)
		definitions = append(definitions, &pb.Definition{Def: [][]byte{def}})
		ids = append(ids, digest.FromBytes(def))
	}
	track := newTracker(definitions)
	track.add(&client.SolveStatus{Vertexes: []*client.Vertex{
		{Digest: ids[0], Name: "stopped", Error: `process "x" did not complete successfully: context canceled`},
		{Digest: ids[1], Name: "bad", Error: `process "exit code: 8" did not complete successfully: exit code: 7`},
		{Digest: ids[2], Name: "other", Error: `process "y" did not complete successfully: exit code: 9`},
	}})
	lost := errors.New("failed to solve: releasing already released reference k5py0")
	var step *StepError
	if err := classify(t.Context(), lost, track, definitions[:2]...); !errors.As(err, &step) || step.Vertex != ids[1] || step.ExitCode != 7 || err.Error() != "bad: exit code 7" {
		t.Errorf("the error is %v, want that of the bad step", err)
	}
	if err := classify(t.Context(), lost, track, definitions[0]); err != lost {
		t.Errorf("without a failed step the error is %v, want BuildKit's", err)
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
