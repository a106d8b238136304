package progress

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

// TestDisplayEscapes checks that the output and the names of steps cannot control the terminal,
// even in pieces.
func TestDisplayEscapes(t *testing.T) {
	var out bytes.Buffer
	d, err := New(&out, "plain", 80, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	id, now := digest.FromString("x"), time.Now()
	d.Status(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: id, Name: "[app] make\x1b[31m", Started: &now}}})
	for _, piece := range []string{"one\x1b", "[2Jtw\xc3", "\xb6\x9b\nthree\a\n4 %\r5 %\r"} {
		d.Status(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: id, Stream: 1, Data: []byte(piece), Timestamp: now}}})
	}
	d.Status(&client.SolveStatus{
		Vertexes: []*client.Vertex{{Digest: id, Name: "[app] make\x1b[31m", Started: &now, Completed: &now, Error: "no"}},
		Warnings: []*client.VertexWarning{{Vertex: id, Short: []byte("short\x1b"), Detail: [][]byte{[]byte("detail\x1b")}}},
	})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.ContainsAny(got, "\x1b\a\r") {
		t.Errorf("the output has escape sequences: %q", got)
	}
	for _, want := range []string{"app: make␛[31m", "one␛[2Jtwö�", "three␇\n", "app: | 5 %\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not shown: %q", want, out.String())
		}
	}
}

// TestDisplayRedacts splits a step's output at every place: no password is shown and nothing is
// missing, even if the output ends within a URL.
func TestDisplayRedacts(t *testing.T) {
	const text = "get https://me:secret@h/x\nend https://me:secret@h"
	const want = "get https://***@h/x\nend https://***@h"
	for _, mode := range []string{"plain", "rawjson"} {
		for cut := range len(text) {
			for _, completes := range []bool{true, false} {
				var out bytes.Buffer
				d, err := New(&out, mode, 80, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				id, now := digest.FromString("x"), time.Now()
				d.Status(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: id, Name: "[app] make", Started: &now}}})
				for _, piece := range []string{text[:cut], text[cut:]} {
					d.Status(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: id, Stream: 1, Data: []byte(piece), Timestamp: now}}})
				}
				if completes {
					d.Status(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: id, Name: "[app] make", Started: &now, Completed: &now}}})
				}
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
				got := out.String()
				if mode == "rawjson" {
					got = ""
					for dec := json.NewDecoder(&out); dec.More(); {
						var s client.SolveStatus
						if err := dec.Decode(&s); err != nil {
							t.Fatal(err)
						}
						for _, l := range s.Logs {
							got += string(l.Data)
						}
					}
				}
				for line := range strings.Lines(want) {
					if !strings.Contains(got, strings.TrimSpace(line)) {
						t.Fatalf("%s, cut at %d: %q is missing: %q", mode, cut, line, got)
					}
				}
				if strings.Contains(got, "cret") || strings.Contains(got, "me:") {
					t.Fatalf("%s, cut at %d: %q", mode, cut, got)
				}
			}
		}
	}
}

// TestInterrupt prints something between what is shown: on a terminal the lines that are drawn again are
// gone before, and lines that stay are shown once.
func TestInterrupt(t *testing.T) {
	for _, mode := range []string{"plain", "tty"} {
		var out bytes.Buffer
		d, err := New(&out, mode, 80, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now().Add(-time.Minute)
		ended := began.Add(30 * time.Second)
		d.Status(&client.SolveStatus{Vertexes: []*client.Vertex{
			{Digest: "a", Name: "[app] make", Started: &began, Completed: &ended}, {Digest: "b", Name: "[app] wait", Started: &began},
		}})
		d.mutex.Lock()
		d.show.tick(d.board, time.Now())
		d.mutex.Unlock()
		d.Interrupt(func() { out.WriteString("error\n") })
		before, _, ok := strings.Cut(out.String(), "error\n")
		if want := "\r\x1b[J"; !ok || mode == "tty" && !strings.HasSuffix(before, want) {
			t.Errorf("%s: before the error: %q", mode, before)
		}
		d.Status(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: "b", Name: "[app] wait", Started: &began, Completed: &ended}}})
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		after := out.String()[len(before):]
		if n := strings.Count(before+after, "make"); n < 1 || strings.Contains(after, "make") {
			t.Errorf("%s: %q", mode, out.String())
		}
	}
}
