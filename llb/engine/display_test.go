//go:build unix

package engine

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

// TestDisplayEscapes checks that what steps print, and what they are called, does
// not reach the terminal's controls, even cut into pieces.
func TestDisplayEscapes(t *testing.T) {
	var out bytes.Buffer
	d, err := NewDisplay(&out, "plain")
	if err != nil {
		t.Fatal(err)
	}
	id, now := digest.FromString("x"), time.Now()
	d.Status(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: id, Name: "make\x1b[31m", Started: &now}}})
	for _, piece := range []string{"one\x1b", "[2Jtw\xc3", "\xb6\x9b\rthree\a\n"} {
		d.Status(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: id, Stream: 1, Data: []byte(piece), Timestamp: now}}})
	}
	d.Status(&client.SolveStatus{
		Vertexes: []*client.Vertex{{Digest: id, Name: "make\x1b[31m", Started: &now, Completed: &now, Error: "no\x1b[0m"}},
		Warnings: []*client.VertexWarning{{Vertex: id, Short: []byte("short\x1b"), Detail: [][]byte{[]byte("detail\x1b")}}},
	})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.ContainsAny(got, "\x1b\a\r") {
		t.Errorf("escapes reach the terminal: %q", got)
	}
	for _, want := range []string{"make␛[31m", "one␛[2Jtwö�", "three␇", "no␛[0m"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not shown: %q", want, out.String())
		}
	}
}
