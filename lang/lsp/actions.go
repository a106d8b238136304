package lsp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/lsp/feature"
	"github.com/layc-lang/layc/lang/lsp/protocol"
	"github.com/layc-lang/layc/lang/lsp/workspace"
	"github.com/layc-lang/layc/lang/term"
)

// mostFixed limits the errors whose fixes are returned at once: each fix may be tried.
const mostFixed = 50

// codeAction returns the fixes of what was found in a range, and what can be moved from it.
func (r *request) codeAction(p protocol.CodeActionParams) (any, error) {
	actions := []protocol.CodeAction{}
	a := r.view.Of(p.TextDocument.URI)
	if a == nil {
		return actions, nil
	}
	if wants(p.Context.Only, "refactor.extract") {
		actions = r.extractions(p)
	}
	actions = append(actions, r.checksums(p)...)
	if !wants(p.Context.Only, "quickfix") {
		return actions, nil
	}
	_, list := a.Bound()
	r.publishing.Lock()
	built := r.builtIn(a)
	r.publishing.Unlock()
	left := mostFixed
	for _, d := range append(list.Sorted(), built...) {
		if d.Span.IsZero() || workspace.Canonical(a.URI(d.Span.File)) != workspace.Canonical(p.TextDocument.URI) {
			continue
		}
		at := r.rangeOf(d.Span)
		if before(at.End, p.Range.Start) || before(p.Range.End, at.Start) {
			continue
		}
		if left--; left < 0 {
			break
		}
		actions = append(actions, r.imports(a, p.TextDocument.URI, d)...)
		if len(d.Edits) == 0 || r.vain(d, p.TextDocument.URI) {
			continue
		}
		edit, ok := r.edits(a, d.Edits)
		if !ok {
			continue
		}
		actions = append(actions, protocol.CodeAction{
			Title: fixTitle(d), Kind: "quickfix", IsPreferred: true, Edit: edit,
			Diagnostics: []protocol.Diagnostic{r.diagnostic(a, d, d.Span)},
		})
	}
	return actions, nil
}

// extractions offers to move what several apps have in common into a component.
func (r *request) extractions(p protocol.CodeActionParams) []protocol.CodeAction {
	place := r.place(p.TextDocument.URI, p.Range.Start)
	if place == nil {
		return []protocol.CodeAction{}
	}
	x := feature.Extract(place)
	if x == nil {
		return []protocol.CodeAction{}
	}
	title := fmt.Sprintf("Move %s of %s into a component", term.Count(x.Steps, "equal step"), term.Count(x.Apps, "app"))
	return []protocol.CodeAction{{Title: title, Kind: "refactor.extract", Edit: r.changes(place.Analysis, x.Edits)}}
}

// imports returns the imports of modules that an unknown name may mean, and the members of a module
// whose name is not a value.
func (r *request) imports(a *workspace.Analysis, uri string, d *diag.Diagnostic) []protocol.CodeAction {
	place := r.place(uri, r.rangeOf(d.Span).Start)
	if d.Code != diag.UnknownName && d.Code != diag.NotAValue || place == nil {
		return nil
	}
	var all []protocol.CodeAction
	add := func(title string, edits []feature.Edit) {
		all = append(all, protocol.CodeAction{
			Title: clean(title), Kind: "quickfix", Edit: r.changes(a, edits), Diagnostics: []protocol.Diagnostic{r.diagnostic(a, d, d.Span)},
		})
	}
	if d.Code == diag.UnknownName {
		found := feature.MissingImports(place, d.Span)
		for _, m := range slices.Sorted(maps.Keys(found)) {
			add("Import "+m, []feature.Edit{found[m]})
		}
	}
	if len(all) == 0 && (d.Code == diag.UnknownName || len(d.Edits) == 0) && !strings.HasPrefix(d.Span.File.Text()[d.Span.End:], ".") {
		for _, m := range feature.Members(place, d.Span) {
			if feature.Takes(place, d.Span, m.Name, m.Edits) {
				add("Replace by "+m.Name, m.Edits)
			}
		}
	}
	return all
}

// vain reports whether the fix of an unknown name is an import that does not declare it, or the fix of a
// module's name is a member of another type.
func (r *request) vain(d *diag.Diagnostic, uri string) bool {
	place := r.place(uri, r.rangeOf(d.Span).Start)
	if d.Code == diag.NotAValue && len(d.Edits) == 1 && place != nil {
		return !feature.Takes(place, d.Span, d.Edits[0].New, d.Edits)
	}
	imports := d.Code == diag.UnknownName && len(d.Edits) == 1 && strings.HasPrefix(strings.TrimSpace(d.Edits[0].New), "import ")
	return imports && place != nil && !feature.Explains(place, d.Span, d.Edits[0])
}

// wants reports whether a request with these kinds asks for actions of a kind.
func wants(only []string, kind string) bool {
	for _, o := range only {
		if kind == o || strings.HasPrefix(kind, o+".") {
			return true
		}
	}
	return len(only) == 0
}

func before(a, b protocol.Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}

// fixTitle returns the title of a fix: the last help, which describes it on a terminal, too.
func fixTitle(d *diag.Diagnostic) string {
	switch {
	case len(d.Help) > 0:
		help := strings.ReplaceAll(d.Help[len(d.Help)-1], "`", "")
		if name, ok := strings.CutPrefix(help, "did you mean "); ok {
			return clean("Replace by " + strings.TrimSuffix(name, "?"))
		}
		return clean(strings.ToUpper(help[:1]) + help[1:])
	case d.Edits[0].New == "":
		return "Remove it"
	}
	return clean("Write " + strings.TrimSpace(d.Edits[0].New))
}

// edits converts edits; false if one is in a file that is not the project's own.
func (r *request) edits(a *workspace.Analysis, all []diag.Edit) (*protocol.WorkspaceEdit, bool) {
	if slices.ContainsFunc(all, func(e diag.Edit) bool { return !a.Editable(e.Span.File) }) {
		return nil, false
	}
	return r.changes(a, all), true
}
