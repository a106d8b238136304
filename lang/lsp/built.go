package lsp

import (
	"encoding/json"
	"path"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/lsp/wire"
	"github.com/layc-lang/layc/lang/lsp/workspace"
	"github.com/layc-lang/layc/lang/source"
)

// What only a build finds. The server builds nothing: an editor, or a command of it, runs `layc build`,
// and passes on the result. It is shown with what the compiler finds, in files that are as they were.

// showBuilt is the command that shows the errors and warnings of a build: those of the build before it
// in the same directory are forgotten.
const showBuilt = "layc.built"

// buildResult is the part of what `layc build --json` prints that editors show.
type buildResult struct {
	Findings []json.RawMessage
	Files    map[string]string // digests, by the names of files
}

// built takes the URI of the directory of a build, and its result.
func (r *request) built(arguments []json.RawMessage) (any, error) {
	var uri string
	var result buildResult
	if len(arguments) != 2 || json.Unmarshal(arguments[0], &uri) != nil || json.Unmarshal(arguments[1], &result) != nil {
		return nil, wire.Errorf(wire.InvalidParams, "%s needs the URI of a directory, and what `layc build --json` printed there", showBuilt)
	}
	dir, ok := workspace.Path(uri)
	if !ok {
		return nil, wire.Errorf(wire.InvalidParams, "%s: not the URI of a directory: %s", showBuilt, clean(uri))
	}
	for _, text := range result.Findings {
		if _, err := diag.Read(text, func(string) *source.File { return nil }); err != nil {
			return nil, wire.Errorf(wire.InvalidParams, "%s: not the JSON of an error or a warning: %s", showBuilt, err)
		}
	}
	r.publishing.Lock()
	r.builds[dir] = result
	r.publishing.Unlock()
	view := r.server.view.Load()
	for _, root := range view.Roots() {
		a := view.Analysis(root)
		_, list := a.Checked()
		if !list.HasErrors() {
			_, list = a.Bound()
		}
		if !a.Superseded() { // otherwise the worker of the root publishes
			r.publish(a, list)
		}
	}
	return nil, nil
}

// builtIn returns what builds have found in files that an analysis has unchanged. The caller holds
// publishing.
func (s *server) builtIn(a *workspace.Analysis) diag.List {
	var all diag.List
	for dir, result := range s.builds {
		files := map[string]*source.File{}
		for _, f := range a.Own() {
			at, _ := workspace.Path(a.URI(f.Source))
			for name, digest := range result.Files {
				if path.Join(dir, name) == at && f.Source.Digest() == digest {
					files[name] = f.Source
				}
			}
		}
		for _, text := range result.Findings {
			d, err := diag.Read(text, func(name string) *source.File { return files[name] })
			if err == nil && !d.Span.IsZero() {
				all = append(all, d)
			}
		}
	}
	return all.Sorted()
}
