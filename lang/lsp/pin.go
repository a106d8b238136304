package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/lsp/feature"
	"github.com/layc-lang/layc/lang/lsp/protocol"
	"github.com/layc-lang/layc/lang/lsp/wire"
)

// pinChecksum is the command that downloads what is at a position of a document, and inserts its
// checksum there. The editor gets its response when the download has begun.
const pinChecksum = "layc.pin"

// download is a file that is being downloaded for its checksum.
type download struct {
	url    string
	cancel context.CancelFunc
}

// checksums returns the action that declares the checksum of a download: from the lock file or, only
// when the user chooses that, from the network.
func (r *request) checksums(p protocol.CodeActionParams) []protocol.CodeAction {
	place := r.place(p.TextDocument.URI, p.Range.Start)
	if place == nil || !place.Analysis.Editable(place.File.Source) {
		return nil
	}
	d := feature.DownloadAt(place)
	if d == nil {
		return nil
	}
	action := protocol.CodeAction{Kind: "refactor.rewrite"}
	_, list := place.Analysis.Bound()
	for _, f := range list {
		if f.Code == diag.NotPinned && f.Span == d.At {
			action.Kind = "quickfix"
			action.Diagnostics = []protocol.Diagnostic{r.diagnostic(place.Analysis, f, f.Span)}
		}
	}
	switch {
	case !wants(p.Context.Only, action.Kind):
		return nil
	case d.Pinned != "":
		action.Title = "Declare the checksum that layc.lock pins"
		action.Edit = r.changes(place.Analysis, d.Declare(d.Pinned))
	case r.Checksum != nil && r.client.Capabilities.Workspace.ApplyEdit:
		action.Title = "Download the file and declare its checksum"
		action.Command = &protocol.Command{Title: action.Title, Command: pinChecksum, Arguments: []any{p.TextDocument.URI, p.Range.Start}}
	default:
		return nil
	}
	return []protocol.CodeAction{action}
}

// pin begins the download at a position. A download from the same URL that is under way is enough.
func (r *request) pin(arguments []json.RawMessage) (any, error) {
	var uri string
	var at protocol.Position
	if r.Checksum == nil || len(arguments) != 2 || json.Unmarshal(arguments[0], &uri) != nil || json.Unmarshal(arguments[1], &at) != nil {
		return nil, wire.Errorf(wire.InvalidParams, "%s needs a document and a position", pinChecksum)
	}
	var d *feature.Download
	if place := r.place(uri, at); place != nil {
		d = feature.DownloadAt(place)
	}
	if d == nil {
		return nil, wire.Errorf(wire.RequestFailed, "no download without a checksum here")
	}
	ctx, cancel := context.WithCancel(r.server.ctx)
	r.requests.Lock()
	defer r.requests.Unlock()
	for _, other := range r.downloads {
		if other.url == d.URLs[0] {
			cancel()
			return nil, nil
		}
	}
	r.sent++
	token := fmt.Sprintf("layc-%d", r.sent)
	r.downloads[token] = download{d.URLs[0], cancel}
	r.running.Go(func() {
		r.protected(func() { r.server.pinned(ctx, token, uri, at, d.URLs) })
		r.requests.Lock()
		delete(r.downloads, token)
		r.requests.Unlock()
		cancel()
	})
	return nil, nil
}

// pinned downloads a file, and inserts its checksum where the document declares the download now.
func (s *server) pinned(ctx context.Context, token, uri string, at protocol.Position, urls []string) {
	report, end := s.progress(ctx, token, "Downloading "+clean(urls[0]))
	digest, err := s.Checksum(ctx, urls, report)
	end()
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		s.show(err.Error())
		return
	}
	r := &request{server: s, ctx: ctx, search: ctx, view: s.view.Load()}
	var d *feature.Download
	place := r.place(uri, at)
	if place != nil {
		d = feature.DownloadOf(place, urls[0])
	}
	if d == nil {
		s.show(fmt.Sprintf("cannot insert the checksum: the file no longer has a download of %s without one; it is %s", urls[0], digest))
		return
	}
	edit := r.changes(place.Analysis, d.Declare(digest))
	if version, open := place.Analysis.Version(uri); open && s.client.Capabilities.Workspace.WorkspaceEdit.DocumentChanges {
		edit = &protocol.WorkspaceEdit{DocumentChanges: []protocol.TextDocumentEdit{{
			TextDocument: protocol.VersionedDocument{URI: uri, Version: version}, Edits: edit.Changes[uri],
		}}}
	}
	s.ask("workspace/applyEdit", protocol.ApplyEditParams{Label: "Declare the checksum", Edit: edit}, func(m *wire.Message) {
		var result protocol.ApplyEditResult
		if m.Error != nil || json.Unmarshal(m.Result, &result) != nil || !result.Applied {
			s.show(fmt.Sprintf("the editor did not insert the checksum of %s: %s", urls[0], digest))
		}
	})
}

// show shows an error to the user.
func (s *server) show(text string) {
	s.notify("window/showMessage", protocol.ShowMessageParams{Type: 1, Message: clean(text)})
}

// reportEach is how often the progress of a download is reported.
const reportEach = 100 * time.Millisecond

// progress shows that a download runs, if the editor can: report reports bytes, of a total that is -1
// if it is unknown.
func (s *server) progress(ctx context.Context, token, title string) (report func(done, total int64), end func()) {
	none := func(int64, int64) {}
	if !s.client.Capabilities.Window.WorkDoneProgress {
		return none, func() {}
	}
	created := make(chan bool, 1)
	s.ask("window/workDoneProgress/create", object{"token": token}, func(m *wire.Message) { created <- m.Error == nil })
	select {
	case ok := <-created:
		if !ok {
			return none, func() {}
		}
	case <-ctx.Done():
		return none, func() {}
	}
	tell := func(value object) { s.notify("$/progress", object{"token": token, "value": value}) }
	tell(object{"kind": "begin", "title": title, "cancellable": true, "percentage": 0})
	last := time.Now()
	return func(done, total int64) {
			if time.Since(last) < reportEach {
				return
			}
			last = time.Now()
			value := object{"kind": "report", "message": fmt.Sprintf("%.1fMB", float64(done)/1e6)}
			if total > 0 {
				value["percentage"] = min(done*100/total, 100)
			}
			tell(value)
		}, func() {
			tell(object{"kind": "end"})
		}
}

// cancelProgress ends a download that the user does not want any more.
func (s *server) cancelProgress(p protocol.ProgressParams) {
	s.requests.Lock()
	defer s.requests.Unlock()
	if d, ok := s.downloads[p.Token]; ok {
		d.cancel()
	}
}
