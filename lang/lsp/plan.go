package lsp

import (
	"encoding/json"

	"github.com/layc-lang/layc/lang/lsp/feature"
	"github.com/layc-lang/layc/lang/lsp/protocol"
	"github.com/layc-lang/layc/lang/lsp/wire"
)

// showPlan is the command that shows the page of a plan.
const showPlan = "layc.plan"

// codeLenses returns a line above each declaration with its place in the plan, if the user has set
// that.
func (r *request) codeLenses(p protocol.DocumentParams) (any, error) {
	all := []protocol.CodeLens{}
	if !r.settings.CodeLens {
		return all, nil
	}
	if place := r.place(p.TextDocument.URI, protocol.Position{}); place != nil {
		for _, f := range feature.Facts(place) {
			c := &protocol.Command{Title: clean(f.Text)}
			if r.Page != nil {
				c.Command, c.Arguments = showPlan, []any{p.TextDocument.URI}
			}
			all = append(all, protocol.CodeLens{Range: r.rangeOf(f.At), Command: c})
		}
	}
	return all, nil
}

// inlayHints returns the same at the ends of lines.
func (r *request) inlayHints(p protocol.RangeParams) (any, error) {
	all := []protocol.InlayHint{}
	if !r.settings.InlayHints {
		return all, nil
	}
	if place := r.place(p.TextDocument.URI, p.Range.Start); place != nil {
		for _, f := range feature.Facts(place) {
			file := f.At.File
			line := f.At.Position().Line
			at := r.position(file, file.LineStart(line)+len(file.Line(line)))
			if !before(at, p.Range.Start) && !before(p.Range.End, at) {
				all = append(all, protocol.InlayHint{Position: at, Label: clean(f.Text), PaddingLeft: true})
			}
		}
	}
	return all, nil
}

// commands are the commands that the editor can execute.
var commands = map[string]func(*request, []json.RawMessage) (any, error){
	showPlan:    (*request).showPlan,
	pinChecksum: (*request).pin,
	showBuilt:   (*request).built,
}

func (r *request) executeCommand(p protocol.ExecuteCommandParams) (any, error) {
	if run := commands[p.Command]; run != nil {
		return run(r, p.Arguments)
	}
	return nil, wire.Errorf(wire.InvalidParams, "unknown command: %s", p.Command)
}

// showPlan shows the page of the plan of a document's module, and returns its address.
func (r *request) showPlan(arguments []json.RawMessage) (any, error) {
	var uri string
	if len(arguments) != 1 || json.Unmarshal(arguments[0], &uri) != nil || uri == "" {
		return nil, wire.Errorf(wire.InvalidParams, "%s needs one argument: the URI of an open document, as a string", showPlan)
	}
	if r.Page == nil {
		return nil, wire.Errorf(wire.RequestFailed, "no page can be shown here")
	}
	a := r.view.Of(uri)
	if a == nil {
		return nil, wire.Errorf(wire.RequestFailed, "the document is not open")
	}
	out := a.Planned(r.search.Done())
	for out == nil && a.Superseded() && r.search.Err() == nil { // a change came in between
		next := r.server.view.Load().Of(uri)
		if next == nil || next == a {
			break
		}
		a = next
		out = a.Planned(r.search.Done())
	}
	if r.search.Err() != nil {
		return nil, wire.Errorf(wire.RequestCancelled, "cancelled")
	}
	if out == nil {
		return nil, wire.Errorf(wire.RequestFailed, "no plan: the module has errors or no apps")
	}
	address, err := r.Page(r.search, a.Root, out)
	if r.search.Err() != nil {
		return nil, wire.Errorf(wire.RequestCancelled, "cancelled")
	}
	if err != nil {
		return nil, err
	}
	r.publishing.Lock()
	r.pages[a.Root] = true
	r.publishing.Unlock()
	if r.client.Capabilities.Window.ShowDocument.Support {
		r.ask("window/showDocument", protocol.ShowDocumentParams{URI: address, External: true}, nil)
	}
	return address, nil
}

// refreshPages updates the pages that were shown, after a document was saved.
func (s *server) refreshPages() {
	view := s.workspace.View()
	s.publishing.Lock()
	defer s.publishing.Unlock()
	for root := range s.pages {
		a := view.Analysis(root)
		if a == nil {
			delete(s.pages, root)
			continue
		}
		s.running.Go(func() {
			s.protected(func() {
				if out := a.Planned(s.searching.Done()); out != nil && !a.Superseded() {
					_, _ = s.Page(s.searching, root, out) // the page that is shown stays as it is
				}
			})
		})
	}
}
