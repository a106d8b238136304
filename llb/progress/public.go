package progress

import (
	"fmt"
	"maps"
	"slices"

	"github.com/moby/buildkit/client"

	"github.com/layc-lang/layc/lang/redact"
)

// public removes passwords of URLs from reports: in the names of BuildKit's downloads, and in the
// output of steps, which comes in pieces.
type public struct {
	printed map[string]*output // by vertex and stream
}

// output is a step's output to one stream.
type output struct {
	redact.Stream
	last client.VertexLog // without its text
}

func (p *public) report(s *client.SolveStatus) *client.SolveStatus {
	out := *s
	out.Vertexes = each(s.Vertexes, func(v *client.Vertex) {
		v.Name, v.Error = redact.Text(v.Name), redact.Text(v.Error)
	})
	out.Statuses = each(s.Statuses, func(v *client.VertexStatus) {
		v.ID, v.Name = redact.Text(v.ID), redact.Text(v.Name)
	})
	out.Logs = each(s.Logs, func(l *client.VertexLog) {
		key := fmt.Sprint(l.Vertex, l.Stream)
		o := p.printed[key]
		if o == nil {
			o = &output{}
			p.printed[key] = o
		}
		o.last = *l
		o.last.Data = nil
		l.Data = []byte(o.Text(string(l.Data)))
	})
	out.Logs = append(out.Logs, p.rest(func(l client.VertexLog) bool {
		return slices.ContainsFunc(s.Vertexes, func(v *client.Vertex) bool { return v.Digest == l.Vertex && v.Completed != nil })
	})...)
	return &out
}

// rest returns the pending output of steps that have ended.
func (p *public) rest(ended func(client.VertexLog) bool) []*client.VertexLog {
	var logs []*client.VertexLog
	for _, key := range slices.Sorted(maps.Keys(p.printed)) {
		o := p.printed[key]
		if !ended(o.last) {
			continue
		}
		if rest := o.End(); rest != "" {
			l := o.last
			l.Data = []byte(rest)
			logs = append(logs, &l)
		}
		delete(p.printed, key)
	}
	return logs
}

// each returns a list of changed copies.
func each[T any](list []*T, change func(*T)) []*T {
	list = slices.Clone(list)
	for i, old := range list {
		fresh := *old
		change(&fresh)
		list[i] = &fresh
	}
	return list
}
