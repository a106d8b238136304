package lsp

import (
	"unicode/utf16"

	"github.com/layc-lang/layc/lang/lsp/feature"
	"github.com/layc-lang/layc/lang/lsp/protocol"
	"github.com/layc-lang/layc/lang/source"
)

func (r *request) folding(p protocol.DocumentParams) (any, error) {
	all := []protocol.FoldingRange{}
	if place := r.place(p.TextDocument.URI, protocol.Position{}); place != nil {
		for _, f := range feature.Folds(place.File) {
			all = append(all, protocol.FoldingRange{StartLine: f.First - 1, EndLine: f.Last - 1, Kind: f.Kind})
		}
	}
	return all, nil
}

func (r *request) selection(p protocol.SelectionRangeParams) (any, error) {
	all := []protocol.SelectionRange{}
	for _, position := range p.Positions {
		one := protocol.SelectionRange{Range: protocol.Range{Start: position, End: position}}
		if place := r.place(p.TextDocument.URI, position); place != nil {
			var outer *protocol.SelectionRange
			spans := feature.Selection(place)
			for i := len(spans) - 1; i >= 0; i-- {
				outer = &protocol.SelectionRange{Range: r.rangeOf(spans[i]), Parent: outer}
			}
			one = *outer
		}
		all = append(all, one)
	}
	return all, nil
}

func (r *request) signatureHelp(p protocol.PositionParams) (any, error) {
	place := r.place(p.TextDocument.URI, p.Position)
	if place == nil {
		return nil, nil
	}
	h := feature.SignatureHelp(place)
	if h == nil {
		return nil, nil
	}
	info := protocol.SignatureInformation{Label: h.Label, Parameters: []protocol.ParameterInformation{}}
	if h.Doc != "" {
		info.Documentation = markdown(h.Doc)
	}
	units := func(n int) int { return len(utf16.Encode([]rune(h.Label[:n]))) }
	for _, at := range h.Params {
		info.Parameters = append(info.Parameters, protocol.ParameterInformation{Label: [2]int{units(at[0]), units(at[1])}})
	}
	return protocol.SignatureHelp{Signatures: []protocol.SignatureInformation{info}, ActiveParameter: h.Active}, nil
}

func (r *request) semanticTokens(p protocol.DocumentParams) (any, error) {
	out := protocol.SemanticTokens{Data: []int{}}
	place := r.place(p.TextDocument.URI, protocol.Position{})
	if place == nil {
		return out, nil
	}
	before := protocol.Position{}
	for _, t := range feature.Tokens(place.Out.Checked, place.File) {
		at := r.rangeOf(t.At)
		column := at.Start.Character
		if at.Start.Line == before.Line {
			column -= before.Character
		}
		out.Data = append(out.Data, at.Start.Line-before.Line, column, at.End.Character-at.Start.Character, t.Kind, 0)
		before = at.Start
	}
	return out, nil
}

func (r *request) formatting(p protocol.DocumentParams) (any, error) {
	place := r.place(p.TextDocument.URI, protocol.Position{})
	if place == nil {
		return []protocol.TextEdit{}, nil
	}
	return r.textEdits(feature.Format(place.File, source.Span{})), nil
}

func (r *request) rangeFormatting(p protocol.RangeParams) (any, error) {
	place := r.place(p.TextDocument.URI, p.Range.Start)
	if place == nil {
		return []protocol.TextEdit{}, nil
	}
	f := place.File.Source
	return r.textEdits(feature.Format(place.File, source.Span{File: f, Start: place.Offset, End: r.offset(f, p.Range.End)})), nil
}

func (r *request) onTypeFormatting(p protocol.OnTypeParams) (any, error) {
	place := r.place(p.TextDocument.URI, p.Position)
	if place == nil {
		return []protocol.TextEdit{}, nil
	}
	return r.textEdits(feature.OnType(place, p.Ch)), nil
}

func (r *request) textEdits(edits []feature.Edit) []protocol.TextEdit {
	all := []protocol.TextEdit{}
	for _, e := range edits {
		all = append(all, protocol.TextEdit{Range: r.rangeOf(e.Span), NewText: e.New})
	}
	return all
}
