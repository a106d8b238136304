package lsp

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/lsp/feature"
	"github.com/layc-lang/layc/lang/lsp/protocol"
	"github.com/layc-lang/layc/lang/lsp/wire"
	"github.com/layc-lang/layc/lang/lsp/workspace"
	"github.com/layc-lang/layc/lang/source"
)

// settings are what a user can set in the editor, below "layc".
type settings struct {
	CodeLens   bool `json:"codeLens"`
	InlayHints bool `json:"inlayHints"`
}

// initialize begins the session.
func (s *server) initialize(text json.RawMessage) (any, error) {
	if err := decode(text, &s.client); err != nil {
		return nil, err
	}
	s.state = initialized
	encoding := "utf-16"
	if slices.Contains(s.client.Capabilities.General.PositionEncodings, "utf-8") {
		encoding, s.utf16 = "utf-8", false
	}
	s.readSettings(s.client.InitializationOptions)
	folders := s.client.WorkspaceFolders
	if len(folders) == 0 {
		switch {
		case s.client.RootURI != nil:
			folders = []protocol.WorkspaceFolder{{URI: *s.client.RootURI}}
		case s.client.RootPath != nil:
			folders = []protocol.WorkspaceFolder{{URI: workspace.URI(*s.client.RootPath)}}
		}
	}
	s.workspace.SetFolders(pathsOf(folders))
	return protocol.InitializeResult{
		Capabilities: capabilities(encoding),
		ServerInfo:   protocol.ServerInfo{Name: "layc", Version: s.Version},
	}, nil
}

type object = map[string]any

func capabilities(encoding string) object {
	return object{
		"positionEncoding": encoding,
		"textDocumentSync": object{"openClose": true, "change": 2, "save": object{"includeText": false}},
		"workspace": object{
			"workspaceFolders": object{"supported": true, "changeNotifications": true},
		},
		"completionProvider":         object{"triggerCharacters": []string{".", "\"", "$", "{", "(", "/", ":"}},
		"codeActionProvider":         object{"codeActionKinds": []string{"quickfix", "refactor.extract", "refactor.rewrite"}},
		"hoverProvider":              true,
		"definitionProvider":         true,
		"referencesProvider":         true,
		"documentHighlightProvider":  true,
		"renameProvider":             object{"prepareProvider": true},
		"documentSymbolProvider":     true,
		"workspaceSymbolProvider":    true,
		"callHierarchyProvider":      true,
		"foldingRangeProvider":       true,
		"selectionRangeProvider":     true,
		"signatureHelpProvider":      object{"triggerCharacters": []string{"(", ","}},
		"documentFormattingProvider": true, "documentRangeFormattingProvider": true,
		"documentOnTypeFormattingProvider": object{"firstTriggerCharacter": "\n", "moreTriggerCharacter": []string{"}"}},
		"codeLensProvider":                 object{},
		"inlayHintProvider":                true,
		"executeCommandProvider":           object{"commands": slices.Sorted(maps.Keys(commands))},
		"semanticTokensProvider": object{
			"legend": object{"tokenTypes": feature.TokenKinds, "tokenModifiers": []string{}}, "full": true,
		},
	}
}

// handlers are the requests that the server answers.
var handlers = map[string]handler{
	"textDocument/codeAction":           on((*request).codeAction),
	"textDocument/completion":           on((*request).completion),
	"textDocument/hover":                on((*request).hover),
	"textDocument/definition":           on((*request).definition),
	"textDocument/references":           on((*request).references),
	"textDocument/documentHighlight":    on((*request).highlight),
	"textDocument/prepareRename":        on((*request).prepareRename),
	"textDocument/rename":               on((*request).rename),
	"textDocument/documentSymbol":       on((*request).documentSymbols),
	"workspace/symbol":                  on((*request).workspaceSymbols),
	"textDocument/prepareCallHierarchy": on((*request).prepareCalls),
	"callHierarchy/incomingCalls":       on((*request).incomingCalls),
	"callHierarchy/outgoingCalls":       on((*request).outgoingCalls),
	"textDocument/foldingRange":         on((*request).folding),
	"textDocument/selectionRange":       on((*request).selection),
	"textDocument/signatureHelp":        on((*request).signatureHelp),
	"textDocument/semanticTokens/full":  on((*request).semanticTokens),
	"textDocument/formatting":           on((*request).formatting),
	"textDocument/rangeFormatting":      on((*request).rangeFormatting),
	"textDocument/onTypeFormatting":     on((*request).onTypeFormatting),
	"textDocument/codeLens":             on((*request).codeLenses),
	"textDocument/inlayHint":            on((*request).inlayHints),
	"workspace/executeCommand":          on((*request).executeCommand),
}

// ready analyses the modules of the folders, and asks the editor to report changed files.
func (s *server) ready() {
	s.scan()
	if s.client.Capabilities.Workspace.DidChangeWatchedFiles.DynamicRegistration {
		s.ask("client/registerCapability", object{"registrations": []object{{
			"id": "files", "method": "workspace/didChangeWatchedFiles",
			"registerOptions": object{"watchers": []object{{"globPattern": "**/*"}}},
		}}}, nil)
	}
	if s.client.Capabilities.Workspace.DidChangeConfiguration.DynamicRegistration {
		s.ask("client/registerCapability", object{"registrations": []object{{
			"id": "settings", "method": "workspace/didChangeConfiguration", "registerOptions": object{"section": "layc"},
		}}}, nil)
	}
	s.askSettings()
}

// askSettings asks the editor for its settings.
func (s *server) askSettings() {
	if !s.client.Capabilities.Workspace.Configuration {
		return
	}
	s.ask("workspace/configuration", object{"items": []object{{"section": "layc"}}}, func(m *wire.Message) {
		var all []json.RawMessage
		if json.Unmarshal(m.Result, &all) == nil && len(all) == 1 {
			s.readSettings(all[0])
		}
	})
}

// readSettings reads settings, which may be below "layc" or not.
func (s *server) readSettings(text json.RawMessage) {
	var outer struct {
		Layc json.RawMessage `json:"layc"`
	}
	if json.Unmarshal(text, &outer) == nil && len(outer.Layc) > 0 {
		text = outer.Layc
	}
	read := s.settings
	if len(text) == 0 || string(text) == "null" || json.Unmarshal(text, &read) != nil || read == s.settings {
		return
	}
	s.settings = read
	if s.client.Capabilities.Workspace.CodeLens.RefreshSupport {
		s.ask("workspace/codeLens/refresh", nil, nil)
	}
	if s.client.Capabilities.Workspace.InlayHint.RefreshSupport {
		s.ask("workspace/inlayHint/refresh", nil, nil)
	}
}

// notifications are the notifications that the server handles.
var notifications = map[string]func(*server, json.RawMessage){
	"initialized":                      func(s *server, _ json.RawMessage) { s.ready() },
	"textDocument/didOpen":             told((*server).didOpen),
	"textDocument/didChange":           told((*server).didChange),
	"textDocument/didClose":            told((*server).didClose),
	"textDocument/didSave":             told((*server).didSave),
	"window/workDoneProgress/cancel":   told((*server).cancelProgress),
	"workspace/didChangeWatchedFiles":  told((*server).didChangeFiles),
	"workspace/didChangeConfiguration": told((*server).didChangeConfiguration),
	"workspace/didChangeWorkspaceFolders": told(func(s *server, p protocol.DidChangeFoldersParams) {
		removed := pathsOf(p.Event.Removed)
		folders := slices.DeleteFunc(slices.Clone(s.workspace.Folders()), func(f string) bool { return slices.Contains(removed, f) })
		s.change(func(w *workspace.Workspace) {
			w.SetFolders(append(folders, pathsOf(p.Event.Added)...))
			w.Refresh()
		})
		s.scan()
	}),
}

func pathsOf(folders []protocol.WorkspaceFolder) []string {
	var all []string
	for _, f := range folders {
		if p, ok := workspace.Path(f.URI); ok {
			all = append(all, p)
		}
	}
	return all
}

func (s *server) didChangeConfiguration(p protocol.DidChangeConfigurationParams) {
	s.readSettings(p.Settings)
	s.askSettings()
}

// didChangeFiles analyses the roots with changed files again. Modules can only come or go with files or
// directories.
func (s *server) didChangeFiles(p protocol.DidChangeFilesParams) {
	var files []string
	moved := false
	for _, c := range p.Changes {
		name, ok := workspace.Path(c.URI)
		if !ok || slices.ContainsFunc(strings.Split(path.Dir(name), "/"), workspace.Ignored) {
			continue
		}
		files = append(files, name)
		moved = moved || c.Type != protocol.FileChanged && (path.Ext(name) == ".layer" || s.isDirectory(name))
	}
	if len(files) > 0 {
		s.change(func(w *workspace.Workspace) { w.Refresh(files...) })
	}
	if moved {
		s.scan()
	}
}

// isDirectory reports whether a directory has this path, or had it when its modules were found.
func (s *server) isDirectory(name string) bool {
	info, err := fs.Stat(s.Source.Files(path.Dir(name)), path.Base(name))
	return err == nil && info.IsDir() || s.workspace.View().HasModules(name)
}

// scan looks for the modules in the folders, beside all else. Only one scan runs at a time: when it ends,
// another one follows if something has changed meanwhile.
func (s *server) scan() {
	if s.scanAgain = s.scanning; s.scanning {
		return
	}
	s.scanning = true
	folders := slices.Clone(s.workspace.Folders())
	s.running.Go(func() {
		found := workspace.Scan(s.ctx, s.Source, folders)
		done := func() {
			s.scanning = false
			if s.scanAgain {
				s.scan()
				return
			}
			s.change(func(w *workspace.Workspace) { w.Found(found) })
		}
		select {
		case s.later <- done:
		case <-s.ctx.Done():
		}
	})
}

func (s *server) didOpen(p protocol.DidOpenParams) {
	d := p.TextDocument
	s.change(func(w *workspace.Workspace) {
		w.Open(workspace.Document{URI: d.URI, Version: d.Version, Text: d.Text})
	})
	s.tellSpellings(d.URI)
}

func (s *server) didSave(p protocol.DocumentParams) {
	if name, ok := workspace.Path(p.TextDocument.URI); ok {
		s.change(func(w *workspace.Workspace) { w.Refresh(name) })
	}
	s.refreshPages()
}

func (s *server) didClose(p protocol.DocumentParams) {
	s.change(func(w *workspace.Workspace) { w.Close(p.TextDocument.URI) })
	s.tellSpellings(p.TextDocument.URI)
}

// tellSpellings sends what is known about a file if the editor has it open by another URI.
func (s *server) tellSpellings(uri string) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	docs := s.view.Load().Spellings(uri)
	if slices.ContainsFunc(docs, func(d *workspace.Document) bool { return d.URI != uri }) {
		s.tell(workspace.Canonical(uri))
	}
}

func (s *server) didChange(p protocol.DidChangeParams) {
	doc := s.workspace.View().Document(p.TextDocument.URI)
	if doc == nil {
		return
	}
	text := doc.Text
	for _, c := range p.ContentChanges {
		if c.Range == nil {
			text = c.Text
			continue
		}
		f := source.New("", text)
		start, end := s.offset(f, c.Range.Start), s.offset(f, c.Range.End)
		text = text[:min(start, end)] + c.Text + text[max(start, end):]
	}
	s.changeIn(s.workspace.View().RootOf(doc.URI), func(w *workspace.Workspace) { w.Change(doc.URI, p.TextDocument.Version, text) })
}

// offset returns the place of a position in a file.
func (s *server) offset(f *source.File, p protocol.Position) int {
	return f.Offset(p.Line+1, p.Character, s.utf16)
}

// position returns the position of a place in a file.
func (s *server) position(f *source.File, offset int) protocol.Position {
	p := f.Position(offset)
	if s.utf16 {
		return protocol.Position{Line: p.Line - 1, Character: p.UTF16}
	}
	return protocol.Position{Line: p.Line - 1, Character: p.Column - 1}
}

// rangeOf returns the range of a span.
func (s *server) rangeOf(at source.Span) protocol.Range {
	return protocol.Range{Start: s.position(at.File, at.Start), End: s.position(at.File, at.End)}
}

// place returns a position of a document as the compiler sees it; nil if the document is in no module.
func (r *request) place(uri string, p protocol.Position) *feature.Place {
	if a := r.view.Of(uri); a != nil {
		return r.placeIn(a, uri, p)
	}
	return nil
}

// placeIn returns a position of a document in an analysis; nil if that does not have the document.
func (r *request) placeIn(a *workspace.Analysis, uri string, p protocol.Position) *feature.Place {
	m, f := a.File(uri)
	if f == nil {
		return nil
	}
	out, _ := a.Checked()
	return &feature.Place{Analysis: a, Done: r.search.Done(), Out: out, Module: m, File: f, Offset: r.offset(f.Source, p)}
}

// location returns the location of a span; false if no document has it.
func (r *request) location(a *workspace.Analysis, at source.Span) (protocol.Location, bool) {
	if at.IsZero() {
		return protocol.Location{}, false
	}
	uri := a.URI(at.File)
	return protocol.Location{URI: uri, Range: r.rangeOf(at)}, uri != ""
}

// sorted orders locations.
func sorted(all []protocol.Location) []protocol.Location {
	slices.SortFunc(all, func(a, b protocol.Location) int {
		return cmp.Or(strings.Compare(a.URI, b.URI), cmp.Compare(a.Range.Start.Line, b.Range.Start.Line), cmp.Compare(a.Range.Start.Character, b.Range.Start.Character))
	})
	return slices.Compact(all)
}
