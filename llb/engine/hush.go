//go:build unix

package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

// hush leaves downloads that take no time out of what is shown. A base system
// has one for each of its packages, and once they are in the cache they would
// be hundreds of lines about nothing.
type hush struct {
	shown map[digest.Digest]bool
}

// slow is the time from which on a download is worth a line.
const slow = time.Second

// filter returns a report without the downloads that are not to be shown, or
// not yet: those without an error that have not lasted long.
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
