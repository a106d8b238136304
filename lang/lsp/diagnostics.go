package lsp

import (
	"reflect"
	"slices"
	"time"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/lsp/protocol"
	"github.com/layc-lang/layc/lang/lsp/workspace"
	"github.com/layc-lang/layc/lang/redact"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/visible"
)

// published is what the editor knows about a document.
type published struct {
	version     *int
	diagnostics []protocol.Diagnostic
}

// worker analyses a root whenever it is woken.
type worker struct {
	wake chan struct{}
	slow bool // binding takes longer than a user notices
}

// noticed is how long binding may take to be part of the answer to each key.
const noticed = 5 * time.Millisecond

// wake lets the worker of a root analyse the newest view.
func (s *server) wake(root string) {
	w := s.workers[root]
	if w == nil {
		w = &worker{wake: make(chan struct{}, 1)}
		s.workers[root] = w
		s.running.Go(func() {
			for {
				select {
				case <-w.wake:
					s.protected(func() { s.analyse(w, root) })
				case <-s.ctx.Done():
					return
				}
			}
		})
	}
	w.again()
}

// again makes the worker analyse the newest view once more.
func (w *worker) again() {
	select {
	case w.wake <- struct{}{}:
	default: // it will
	}
}

// analyse publishes what is found in a root. It ends early if the root changes meanwhile.
func (s *server) analyse(w *worker, root string) {
	a := s.view.Load().Analysis(root)
	if a == nil {
		s.forget(root)
		return
	}
	_, list := a.Checked()
	if list.HasErrors() || w.slow {
		s.publish(a, list)
	}
	if list.HasErrors() {
		return
	}
	if w.slow {
		select {
		case <-time.After(s.Idle):
		case <-w.wake:
			w.again()
			return
		case <-s.ctx.Done():
			return
		}
	}
	start := time.Now()
	_, all := a.Bound()
	if a.Superseded() {
		return
	}
	w.slow = time.Since(start) > noticed
	s.publish(a, all)
}

// publish sends what was found by an analysis, and by builds, to the editor, unless the root has a newer
// analysis.
func (s *server) publish(a *workspace.Analysis, list diag.List) {
	byURI := map[string][]protocol.Diagnostic{}
	for _, f := range a.Own() {
		byURI[a.URI(f.Source)] = []protocol.Diagnostic{}
	}
	for _, d := range list.Sorted() {
		at := d.Span
		if at.IsZero() {
			own := a.Own()
			if len(own) == 0 {
				continue
			}
			at = source.Span{File: own[0].Source}
		}
		if uri := a.URI(at.File); uri != "" {
			byURI[uri] = append(byURI[uri], s.diagnostic(a, d, at))
		}
	}
	s.publishing.Lock()
	defer s.publishing.Unlock()
	if s.view.Load().Analysis(a.Root) != a {
		return
	}
	for _, d := range s.builtIn(a) {
		uri := a.URI(d.Span.File)
		byURI[uri] = append(byURI[uri], s.diagnostic(a, d, d.Span))
	}
	known := s.published[a.Root]
	if known == nil {
		known = map[string]published{}
		s.published[a.Root] = known
	}
	for uri, all := range byURI {
		now := published{diagnostics: all}
		if v, open := a.Version(uri); open {
			now.version = &v
		}
		if before, ok := known[uri]; !ok && len(all) == 0 && now.version == nil || ok && reflect.DeepEqual(before, now) {
			continue
		}
		known[uri] = now
		s.notify("textDocument/publishDiagnostics", protocol.PublishDiagnosticsParams{URI: uri, Version: now.version, Diagnostics: all})
	}
	for uri := range known {
		if _, still := byURI[uri]; !still {
			s.clear(a.Root, uri)
		}
	}
}

// forget removes the diagnostics of a root that is no longer there.
func (s *server) forget(root string) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	if s.view.Load().Analysis(root) != nil {
		return
	}
	for uri := range s.published[root] {
		s.clear(root, uri)
	}
	delete(s.published, root)
}

// clear removes the diagnostics of a document in a root, unless another root has it now. The caller
// holds publishing.
func (s *server) clear(root, uri string) {
	delete(s.published[root], uri)
	for other, known := range s.published {
		if _, has := known[uri]; has && other != root {
			return
		}
	}
	s.notify("textDocument/publishDiagnostics", protocol.PublishDiagnosticsParams{URI: uri, Diagnostics: []protocol.Diagnostic{}})
}

// diagnostic converts an error or a warning, with the place where it is shown.
func (s *server) diagnostic(a *workspace.Analysis, d *diag.Diagnostic, at source.Span) protocol.Diagnostic {
	out := protocol.Diagnostic{
		Range: s.rangeOf(at), Severity: protocol.SeverityError, Code: string(d.Code), Source: "layc",
	}
	if d.Severity == diag.Warning {
		out.Severity = protocol.SeverityWarning
	}
	if entry, ok := diag.Explain(d.Code); ok {
		out.CodeDescription = &protocol.CodeDescription{Href: entry.Link()}
	}
	if slices.Contains([]diag.Code{diag.UnusedImport, diag.UnusedParameter}, d.Code) {
		out.Tags = []int{protocol.TagUnnecessary}
	}
	out.Message = clean(d.Message)
	if d.Label != "" {
		out.Message += "\n" + clean(d.Label)
	}
	for _, n := range d.Notes {
		out.Message += "\nnote: " + clean(n)
	}
	for _, h := range d.Help {
		out.Message += "\nhelp: " + clean(h)
	}
	for _, l := range d.Labels {
		if uri := a.URI(l.Span.File); uri != "" {
			out.RelatedInformation = append(out.RelatedInformation, protocol.RelatedInformation{
				Location: protocol.Location{URI: uri, Range: s.rangeOf(l.Span)}, Message: clean(l.Text),
			})
		}
	}
	return out
}

// clean makes a line of a message safe to show: it may quote foreign text.
func clean(text string) string { return visible.Text(redact.Text(text)) }
