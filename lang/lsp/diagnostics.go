package lsp

import (
	"maps"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/lsp/protocol"
	"github.com/layc-lang/layc/lang/lsp/workspace"
	"github.com/layc-lang/layc/lang/redact"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/visible"
)

// published is what a root finds in a version of a document, or what the editor is told about it.
type published struct {
	version     *int
	diagnostics []protocol.Diagnostic
}

// worker analyses a root whenever it is woken.
type worker struct {
	wake   chan struct{}
	slow   bool        // binding takes longer than a user notices
	behind atomic.Bool // the user types in another root
}

// noticed is how long binding may take to be part of the answer to each key.
const noticed = 5 * time.Millisecond

// wake lets the worker of a root analyse the newest view, once the editor is idle if the root is behind.
func (s *server) wake(root string, behind bool) {
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
	w.behind.Store(behind)
	w.again()
}

// idle waits until the editor is idle; false if the worker is woken before, or the session ends.
func (s *server) idle(w *worker) bool {
	select {
	case <-time.After(s.Idle):
		return true
	case <-w.wake:
		w.again()
	case <-s.ctx.Done():
	}
	return false
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
	if w.behind.Load() && !s.idle(w) {
		return
	}
	_, list := a.Checked()
	if list.HasErrors() || w.slow {
		s.publish(a, list)
	}
	select {
	case s.later <- func() { s.change(func(w *workspace.Workspace) { w.Reached(a) }) }:
	case <-s.ctx.Done():
		return
	}
	if list.HasErrors() || w.slow && !s.idle(w) {
		return
	}
	start := time.Now()
	_, all := a.Bound()
	if a.Superseded() {
		return
	}
	w.slow = time.Since(start) > noticed
	s.publish(a, all)
}

// publish takes note of what was found by an analysis, and by builds, and tells the editor, unless the
// root has a newer analysis.
func (s *server) publish(a *workspace.Analysis, list diag.List) {
	byURI := map[string][]protocol.Diagnostic{}
	for _, f := range a.Own() {
		byURI[workspace.Canonical(a.URI(f.Source))] = []protocol.Diagnostic{}
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
		if uri := workspace.Canonical(a.URI(at.File)); uri != "" {
			byURI[uri] = append(byURI[uri], s.diagnostic(a, d, at))
		}
	}
	s.publishing.Lock()
	defer s.publishing.Unlock()
	if s.view.Load().Analysis(a.Root) != a {
		return
	}
	for _, d := range s.builtIn(a) {
		uri := workspace.Canonical(a.URI(d.Span.File))
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
		s.tell(uri)
	}
	for uri := range known {
		if _, still := byURI[uri]; !still {
			delete(known, uri)
			s.tell(uri)
		}
	}
}

// tell sends what all roots have found in the newest version of a document, by its canonical URI, to each
// URI by which the editor has it open, unless the editor knows it. The caller holds publishing.
func (s *server) tell(uri string) {
	view := s.view.Load()
	all, found := s.foundIn(uri, view.Newest(uri))
	now := map[string]published{}
	for _, d := range view.Spellings(uri) {
		now[d.URI] = published{&d.Version, all}
	}
	if len(now) == 0 {
		now[uri] = published{diagnostics: all}
	}
	before := s.told[uri]
	for u := range before {
		if _, still := now[u]; !still {
			s.notify("textDocument/publishDiagnostics", protocol.PublishDiagnosticsParams{URI: u, Diagnostics: []protocol.Diagnostic{}})
		}
	}
	for u, p := range now {
		known, ok := before[u]
		if !ok && len(all) == 0 && p.version == nil || ok && reflect.DeepEqual(known, p) {
			continue
		}
		s.notify("textDocument/publishDiagnostics", protocol.PublishDiagnosticsParams{URI: u, Version: p.version, Diagnostics: all})
	}
	if s.told[uri] = now; !found {
		delete(s.told, uri)
	}
}

// foundIn returns what roots have found in a document, each finding once, and whether a root has the
// document. It leaves out what was found in versions that are not newest; nil if the document is not
// open.
func (s *server) foundIn(uri string, newest *workspace.Document) ([]protocol.Diagnostic, bool) {
	all, found := []protocol.Diagnostic{}, false
	var version *int
	if newest != nil {
		version = &newest.Version
	}
	for _, root := range slices.Sorted(maps.Keys(s.published)) {
		one, has := s.published[root][uri]
		if found = found || has; !has || !reflect.DeepEqual(one.version, version) {
			continue
		}
		for _, d := range one.diagnostics {
			if !slices.ContainsFunc(all, func(o protocol.Diagnostic) bool { return same(o, d) }) {
				all = append(all, d)
			}
		}
	}
	return all, found
}

// same reports whether a user would take two diagnostics of a document for one.
func same(a, b protocol.Diagnostic) bool {
	return a.Range == b.Range && a.Severity == b.Severity && a.Code == b.Code && a.Message == b.Message
}

// forget removes the diagnostics of a root that is no longer there.
func (s *server) forget(root string) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	if s.view.Load().Analysis(root) != nil {
		return
	}
	known := s.published[root]
	delete(s.published, root)
	for uri := range known {
		s.tell(uri)
	}
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
