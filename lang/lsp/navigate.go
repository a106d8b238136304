package lsp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/lsp/feature"
	"github.com/layc-lang/layc/lang/lsp/protocol"
	"github.com/layc-lang/layc/lang/lsp/wire"
	"github.com/layc-lang/layc/lang/lsp/workspace"
	"github.com/layc-lang/layc/lang/source"
)

// symbolKinds are the protocol's kinds of declarations.
var symbolKinds = map[feature.Kind]int{
	feature.KindComponent: 5, feature.KindSlot: 11, feature.KindUser: 13, feature.KindValue: 14, feature.KindParam: 13, feature.KindApp: 2, feature.KindFleet: 4,
}

func (r *request) hover(p protocol.PositionParams) (any, error) {
	place := r.place(p.TextDocument.URI, p.Position)
	if place == nil {
		return nil, nil
	}
	text, at := feature.Hover(place)
	if text == "" {
		return nil, nil
	}
	where := r.rangeOf(at)
	return protocol.Hover{Contents: *markdown(text), Range: &where}, nil
}

func (r *request) definition(p protocol.PositionParams) (any, error) {
	all := []protocol.Location{}
	place := r.place(p.TextDocument.URI, p.Position)
	if place == nil {
		return all, nil
	}
	if at, ok := feature.Definition(place); ok {
		if l, ok := r.location(place.Analysis, at); ok {
			all = append(all, l)
		}
	}
	return all, nil
}

func (r *request) references(p protocol.ReferenceParams) (any, error) {
	all := []protocol.Location{}
	place := r.place(p.TextDocument.URI, p.Position)
	if place == nil {
		return all, nil
	}
	here := feature.Occurrences(place)
	if len(here) == 0 {
		return all, nil
	}
	for _, place := range r.everywhere(place, feature.Declared(here[len(here)-1])) {
		for _, o := range feature.References(place) {
			if o.Declares && !p.Context.IncludeDeclaration {
				continue
			}
			if l, ok := r.location(place.Analysis, o.At); ok {
				all = append(all, l)
			}
		}
	}
	return sorted(all), nil
}

// everywhere returns a place with an object, and the declaration of the object, if it has one, in each
// other root that has that.
func (r *request) everywhere(p *feature.Place, at source.Span) []*feature.Place {
	all := []*feature.Place{p}
	if at.IsZero() {
		return all
	}
	uri := p.Analysis.URI(at.File)
	for _, root := range r.view.Roots() {
		if a := r.view.Analysis(root); a != p.Analysis {
			if there := r.placeIn(a, uri, r.rangeOf(at).Start); there != nil {
				all = append(all, there)
			}
		}
	}
	return all
}

func (r *request) highlight(p protocol.PositionParams) (any, error) {
	all := []protocol.DocumentHighlight{}
	place := r.place(p.TextDocument.URI, p.Position)
	if place == nil {
		return all, nil
	}
	for _, o := range feature.Highlights(place) {
		kind := 2
		if o.Declares {
			kind = 3
		}
		all = append(all, protocol.DocumentHighlight{Range: r.rangeOf(o.At), Kind: kind})
	}
	return all, nil
}

func (r *request) prepareRename(p protocol.PositionParams) (any, error) {
	place := r.place(p.TextDocument.URI, p.Position)
	if place == nil {
		return nil, nil
	}
	o, err := feature.Renamable(place)
	if err != nil {
		return nil, wire.Errorf(wire.RequestFailed, "%s", err)
	}
	return protocol.PrepareRenameResult{Range: r.rangeOf(o.At), Placeholder: o.Object.Ident().Name}, nil
}

func (r *request) rename(p protocol.RenameParams) (any, error) {
	place := r.place(p.TextDocument.URI, p.Position)
	if place == nil {
		return nil, nil
	}
	out := &protocol.WorkspaceEdit{Changes: map[string][]protocol.TextEdit{}}
	o, err := feature.Renamable(place)
	if err != nil {
		return nil, wire.Errorf(wire.RequestFailed, "%s", err)
	}
	for n, there := range r.everywhere(place, feature.Declared(o)) {
		edits, err := feature.Rename(there, p.NewName)
		if err != nil && n > 0 {
			err = fmt.Errorf("in %s: %w", there.Analysis.Root, err)
		}
		if err != nil {
			return nil, wire.Errorf(wire.RequestFailed, "%s", err)
		}
		for uri, edits := range r.changes(there.Analysis, edits).Changes {
			for _, e := range edits {
				if !slices.Contains(out.Changes[uri], e) {
					out.Changes[uri] = append(out.Changes[uri], e)
				}
			}
		}
	}
	return out, nil
}

// changes converts edits of several documents.
func (r *request) changes(a *workspace.Analysis, edits []feature.Edit) *protocol.WorkspaceEdit {
	out := &protocol.WorkspaceEdit{Changes: map[string][]protocol.TextEdit{}}
	for _, e := range edits {
		uri := a.URI(e.Span.File)
		out.Changes[uri] = append(out.Changes[uri], protocol.TextEdit{Range: r.rangeOf(e.Span), NewText: e.New})
	}
	return out
}

func (r *request) documentSymbols(p protocol.DocumentParams) (any, error) {
	all := []protocol.DocumentSymbol{}
	if place := r.place(p.TextDocument.URI, protocol.Position{}); place != nil {
		for _, s := range feature.Symbols(place.File) {
			all = append(all, r.symbol(s))
		}
	}
	if !r.client.Capabilities.TextDocument.DocumentSymbol.Hierarchical {
		return flat(p.TextDocument.URI, "", all), nil
	}
	return all, nil
}

// flat returns symbols and their parts as a list, each with the name of what it is part of.
func flat(uri, container string, symbols []protocol.DocumentSymbol) []protocol.SymbolInformation {
	all := []protocol.SymbolInformation{}
	for _, s := range symbols {
		all = append(all, protocol.SymbolInformation{
			Name: s.Name, Kind: s.Kind, Location: protocol.Location{URI: uri, Range: s.Range}, ContainerName: container,
		})
		all = append(all, flat(uri, s.Name, s.Children)...)
	}
	return all
}

func (r *request) symbol(s feature.Symbol) protocol.DocumentSymbol {
	out := protocol.DocumentSymbol{Name: clean(s.Name), Kind: symbolKinds[s.Kind], Range: r.rangeOf(s.At), SelectionRange: r.rangeOf(s.NameAt)}
	for _, part := range s.Parts {
		out.Children = append(out.Children, r.symbol(part))
	}
	return out
}

// workspaceSymbols returns the declarations of all modules whose names contain the letters of a query,
// in their order, each once.
func (r *request) workspaceSymbols(p protocol.WorkspaceSymbolParams) (any, error) {
	const most = 500
	all := []protocol.SymbolInformation{}
	met := map[protocol.Location]bool{}
	query := strings.ToLower(p.Query)
	for _, root := range r.view.Roots() {
		a := r.view.Analysis(root)
		for _, f := range a.Own() {
			for _, s := range feature.Symbols(f) {
				if l, ok := r.location(a, s.NameAt); ok && contains(strings.ToLower(s.Name), query) && !met[l] && len(all) < most {
					met[l] = true
					all = append(all, protocol.SymbolInformation{Name: clean(s.Name), Kind: symbolKinds[s.Kind], Location: l, ContainerName: f.Source.Name()})
				}
			}
		}
	}
	return all, nil
}

func contains(name, letters string) bool {
	for _, r := range letters {
		at := strings.IndexRune(name, r)
		if at < 0 {
			return false
		}
		name = name[at+len(string(r)):]
	}
	return true
}

func (r *request) prepareCalls(p protocol.PositionParams) (any, error) {
	place := r.place(p.TextDocument.URI, p.Position)
	if place == nil {
		return nil, nil
	}
	s, ok := feature.Around(place)
	if at, found := feature.Definition(place); found {
		if m, f := place.Analysis.File(place.Analysis.URI(at.File)); f != nil {
			there := *place
			there.Module, there.File, there.Offset = m, f, at.Start
			if declared, known := feature.Around(&there); known {
				s, ok = declared, true
			}
		}
	}
	if !ok {
		return nil, nil
	}
	return []protocol.CallHierarchyItem{r.callItem(place.Analysis, s)}, nil
}

func (r *request) callItem(a *workspace.Analysis, s feature.Symbol) protocol.CallHierarchyItem {
	return protocol.CallHierarchyItem{
		Name: clean(s.Name), Kind: symbolKinds[s.Kind], Detail: clean(s.Detail), URI: a.URI(s.At.File), Range: r.rangeOf(s.At), SelectionRange: r.rangeOf(s.NameAt),
	}
}

// calls adds each call of an item, of all roots that have it.
func (r *request) calls(p protocol.CallHierarchyParams, of func(*feature.Place) []feature.Call, add func(protocol.CallHierarchyItem, []protocol.Range)) {
	met := map[protocol.Location]bool{}
	for _, root := range r.view.Roots() {
		a := r.view.Analysis(root)
		place := r.placeIn(a, p.Item.URI, p.Item.SelectionRange.Start)
		if place == nil {
			continue
		}
		for _, c := range of(place) {
			item := r.callItem(a, c.Symbol)
			if at := (protocol.Location{URI: item.URI, Range: item.Range}); met[at] {
				continue
			} else {
				met[at] = true
			}
			ranges := []protocol.Range{}
			for _, at := range c.At {
				ranges = append(ranges, r.rangeOf(at))
			}
			add(item, ranges)
		}
	}
}

func (r *request) incomingCalls(p protocol.CallHierarchyParams) (any, error) {
	all := []protocol.CallHierarchyIncomingCall{}
	r.calls(p, feature.Callers, func(i protocol.CallHierarchyItem, at []protocol.Range) {
		all = append(all, protocol.CallHierarchyIncomingCall{From: i, FromRanges: at})
	})
	return all, nil
}

func (r *request) outgoingCalls(p protocol.CallHierarchyParams) (any, error) {
	all := []protocol.CallHierarchyOutgoingCall{}
	r.calls(p, feature.Callees, func(i protocol.CallHierarchyItem, at []protocol.Range) {
		all = append(all, protocol.CallHierarchyOutgoingCall{To: i, FromRanges: at})
	})
	return all, nil
}
