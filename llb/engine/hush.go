//go:build unix

package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

// hush hides downloads that take no time. A base system has one for each of its packages; with a
// warm cache that would be hundreds of useless lines.
type hush struct {
	shown map[digest.Digest]bool
}

// slow is the duration from which a download is shown.
const slow = time.Second

// filter returns a report without downloads that are finished quickly or too new, unless they
// have an error.
func (h *hush) filter(s *client.SolveStatus) *client.SolveStatus {
	out := *s
	out.Vertexes = slices.DeleteFunc(slices.Clone(s.Vertexes), func(v *client.Vertex) bool {
		if !strings.HasPrefix(v.Name, "download ") || h.shown[v.Digest] {
			return false
		}
		lasted := v.Started != nil && v.Completed != nil && v.Completed.Sub(*v.Started) >= slow
		h.shown[v.Digest] = lasted || v.Error != ""
		return !h.shown[v.Digest]
	})
	return &out
}
