//go:build unix

package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

func TestHush(t *testing.T) {
	h := &hush{shown: map[digest.Digest]bool{}}
	begin := time.Unix(1, 0)
	soon, late := begin.Add(time.Millisecond), begin.Add(time.Minute)
	vertex := func(name string, end *time.Time, problem string) *client.Vertex {
		return &client.Vertex{Digest: digest.FromString(name), Name: name, Started: &begin, Completed: end, Error: problem}
	}
	report := &client.SolveStatus{Vertexes: []*client.Vertex{
		vertex("download quick", nil, ""), vertex("download quick", &soon, ""),
		vertex("download slow", nil, ""), vertex("download slow", &late, ""),
		vertex("download broken", &soon, "no such file"), vertex("download broken", &soon, "no such file"),
		vertex("[app] layer", nil, ""), vertex("[app] layer", &soon, ""),
	}}
	var shown []string
	for _, v := range h.filter(report).Vertexes {
		shown = append(shown, v.Name)
	}
	want := "download slow, download broken, download broken, [app] layer, [app] layer"
	if got := strings.Join(shown, ", "); got != want {
		t.Errorf("shown are\n%s\nwant\n%s", got, want)
	}
	if len(report.Vertexes) != 8 {
		t.Error("the report itself was changed")
	}
}
