package engine

import (
	"slices"

	"github.com/moby/buildkit/client"

	"github.com/layc-lang/layc/lang/redact"
)

// public is a report without passwords of URLs: of those that BuildKit downloads,
// and those that steps print.
func public(s *client.SolveStatus) *client.SolveStatus {
	out := *s
	out.Vertexes = each(s.Vertexes, func(v *client.Vertex) {
		v.Name, v.Error = redact.Text(v.Name), redact.Text(v.Error)
	})
	out.Statuses = each(s.Statuses, func(v *client.VertexStatus) {
		v.ID, v.Name = redact.Text(v.ID), redact.Text(v.Name)
	})
	out.Logs = each(s.Logs, func(l *client.VertexLog) {
		l.Data = []byte(redact.Text(string(l.Data)))
	})
	return &out
}

// each is a list of copies that are changed.
func each[T any](list []*T, change func(*T)) []*T {
	list = slices.Clone(list)
	for i, old := range list {
		fresh := *old
		change(&fresh)
		list[i] = &fresh
	}
	return list
}
