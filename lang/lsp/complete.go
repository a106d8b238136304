package lsp

import (
	"fmt"

	"github.com/layc-lang/layc/lang/lsp/feature"
	"github.com/layc-lang/layc/lang/lsp/protocol"
)

// completionKinds are the protocol's kinds of proposals.
var completionKinds = map[feature.Kind]int{
	feature.KindKeyword: 14, feature.KindClause: 14, feature.KindOption: 14, feature.KindComponent: 7, feature.KindSlot: 8, feature.KindUser: 21,
	feature.KindValue: 6, feature.KindParam: 10, feature.KindModule: 9, feature.KindFile: 17, feature.KindPackage: 18, feature.KindType: 25, feature.KindWord: 20,
}

// completion returns what can be written at a place.
func (r *request) completion(p protocol.PositionParams) (any, error) {
	out := protocol.CompletionList{Items: []protocol.CompletionItem{}}
	place := r.place(p.TextDocument.URI, p.Position)
	if place == nil {
		return out, nil
	}
	snippets := r.client.Capabilities.TextDocument.Completion.CompletionItem.SnippetSupport
	found := feature.Complete(place)
	out.IsIncomplete = found.Limit
	for n, o := range found.All {
		text, format := o.Insert, 1
		if o.Snippet {
			if format = 2; !snippets {
				text, format = o.Label, 1
			}
		}
		item := protocol.CompletionItem{
			Label: o.Label, Kind: completionKinds[o.Kind], Detail: o.Detail, SortText: fmt.Sprintf("%04d", n), FilterText: o.Label,
			InsertTextFormat: format, TextEdit: &protocol.TextEdit{Range: r.rangeOf(found.At), NewText: text},
		}
		for _, e := range o.Also {
			item.AdditionalTextEdits = append(item.AdditionalTextEdits, protocol.TextEdit{Range: r.rangeOf(e.Span), NewText: e.New})
		}
		if o.Doc != "" {
			item.Documentation = markdown(o.Doc)
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

func markdown(text string) *protocol.MarkupContent {
	return &protocol.MarkupContent{Kind: "markdown", Value: clean(text)}
}
