package lsp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/lsp"
	"github.com/layc-lang/layc/lang/lsp/workspace"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/visible"
)

// client is an editor: it knows the protocol from its specification, and shares nothing with the
// server.
type client struct {
	testing.TB
	out     io.WriteCloser
	writing sync.Mutex
	mutex   sync.Mutex
	last    int                         // ID
	wait    map[int]chan message        // responses
	shown   map[string]shown            // diagnostics by URI
	sent    map[string]int              // newest version of a document that was sent
	news    chan struct{}               // new diagnostics came
	asked   map[string][]map[string]any // requests and notifications of the server
	ended   chan error
	caps    map[string]any // of the server
}

type message struct {
	ID     any             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *struct {
		Code    int
		Message string
	} `json:"error,omitempty"`
}

// shown are the diagnostics of a document.
type shown struct {
	version int // -1: none
	items   []item
}

type item struct {
	Range struct {
		Start, End position
	}
	Severity int
	Code     string
	Message  string
	Tags     []int

	RelatedInformation []struct {
		Message  string
		Location struct{ URI string }
	}
}

type position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

// project is the directory of the files of a test.
const project = "/work/project"

// start starts a server on files, by absolute path, and a client of it. The session ends with the
// test.
func start(t testing.TB, files fstest.MapFS, capabilities map[string]any) *client {
	t.Helper()
	c := startWith(t, options(t, files), capabilities)
	t.Cleanup(func() {
		c.call("shutdown", nil, nil)
		c.finish()
	})
	return c
}

// finish ends a session after its shutdown.
func (c *client) finish() {
	c.notify("exit", nil)
	if err := <-c.ended; err != nil {
		c.Errorf("the server ended with: %v", err)
	}
}

// startWith starts a server with options, and a client that must end the session.
func startWith(t testing.TB, o lsp.Options, capabilities map[string]any) *client {
	t.Helper()
	c := &client{
		TB: t, wait: map[int]chan message{}, shown: map[string]shown{}, sent: map[string]int{},
		news: make(chan struct{}, 1), asked: map[string][]map[string]any{}, ended: make(chan error, 1),
	}
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	c.out = fromClient
	go func() {
		c.ended <- lsp.Serve(context.Background(), toServer, fromServer, o)
		fromServer.Close()
	}()
	go c.read(bufio.NewReader(toClient))
	var result struct{ Capabilities map[string]any }
	c.call("initialize", map[string]any{
		"capabilities": capabilities, "workspaceFolders": []any{map[string]any{"uri": uri(""), "name": "project"}},
	}, &result)
	c.caps = result.Capabilities
	c.notify("initialized", map[string]any{})
	return c
}

// pages counts the pages of plans that were made.
var pages atomic.Int32

// downloads counts the downloads of files for their checksums. Those from some URLs end when arrived
// allows it.
var (
	downloads atomic.Int32
	arrived   = make(chan struct{})
)

func options(t testing.TB, files fstest.MapFS) lsp.Options {
	return lsp.Options{
		Page: func(_ context.Context, dir string, out *compiler.Output) (string, error) {
			return fmt.Sprintf("page of %s, %d", dir, pages.Add(1)), nil
		},
		Checksum: func(ctx context.Context, urls []string, report func(done, total int64)) (string, error) {
			downloads.Add(1)
			time.Sleep(150 * time.Millisecond)
			report(5_000_000, 10_000_000)
			switch path.Base(urls[0]) {
			case "new", "gone":
				<-arrived
			case "slow":
				<-ctx.Done()
				return "", ctx.Err()
			case "missing":
				return "", fmt.Errorf("cannot download %s", urls[0])
			}
			return "sha256:" + strings.Repeat("ab", 32), nil
		},
		Version: "test", Idle: time.Millisecond, Panicked: func(p any) { t.Errorf("panic: %v", p) },
		Source: workspace.Source{
			Files: func(dir string) fs.FS {
				sub, err := fs.Sub(files, strings.TrimPrefix(dir, "/"))
				if err != nil {
					t.Error(err)
				}
				return sub
			},
			Repository: func(string, lock.Module) (string, bool) { return "", false },
			Std:        func() (string, error) { return "/std", nil },
			Platform:   model.Platform{OS: "linux", Arch: "amd64"},
		},
	}
}

// uri returns the URI of a file of the project.
func uri(name string) string {
	if strings.HasPrefix(name, "/") || strings.Contains(name, ":") {
		return strings.TrimPrefix("file://"+name, "file://untitled:")
	}
	return "file://" + path.Join(project, name)
}

// memory returns files of a directory, or of a map, beneath the project.
func memory(t testing.TB, files fs.FS) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		out[path.Join(project, name)[1:]] = &fstest.MapFile{Data: text, Mode: 0o644}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func testdata(t testing.TB, dir string) fstest.MapFS {
	return memory(t, os.DirFS(filepath.Join("../../testdata", dir)))
}

func (c *client) send(m map[string]any) {
	m["jsonrpc"] = "2.0"
	text, err := json.Marshal(m)
	if err != nil {
		c.Fatal(err)
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if _, err := fmt.Fprintf(c.out, "Content-Length: %d\r\n\r\n%s", len(text), text); err != nil {
		c.Errorf("cannot write: %v", err)
	}
}

func (c *client) notify(method string, params any) {
	c.send(map[string]any{"method": method, "params": params})
}

// begin sends a request, and returns its ID and where its response comes.
func (c *client) begin(method string, params any) (int, chan message) {
	done := make(chan message, 1)
	c.mutex.Lock()
	c.last++
	id := c.last
	c.wait[id] = done
	c.mutex.Unlock()
	c.send(map[string]any{"id": id, "method": method, "params": params})
	return id, done
}

// call sends a request and reads its result, which must not be an error.
func (c *client) call(method string, params, into any) {
	c.Helper()
	m := c.try(method, params)
	if m.Error != nil {
		c.Fatalf("%s: %s", method, m.Error.Message)
	}
	if into != nil {
		if err := json.Unmarshal(m.Result, into); err != nil {
			c.Fatalf("%s: %v: %s", method, err, m.Result)
		}
	}
}

// try sends a request and returns its response.
func (c *client) try(method string, params any) message {
	c.Helper()
	_, done := c.begin(method, params)
	select {
	case m := <-done:
		return m
	case <-time.After(3 * time.Minute):
		c.Fatalf("%s: no response", method)
		return message{}
	}
}

// read reads what the server sends.
func (c *client) read(in *bufio.Reader) {
	for {
		size := 0
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if line = strings.TrimSpace(line); line == "" {
				break
			}
			fmt.Sscanf(line, "Content-Length: %d", &size)
		}
		text := make([]byte, size)
		if _, err := io.ReadFull(in, text); err != nil {
			return
		}
		var m message
		if err := json.Unmarshal(text, &m); err != nil {
			c.Errorf("the server sent %s: %v", text, err)
			return
		}
		c.receive(m)
	}
}

func (c *client) receive(m message) {
	switch {
	case m.Method == "":
		id, _ := m.ID.(float64)
		c.mutex.Lock()
		done := c.wait[int(id)]
		delete(c.wait, int(id))
		c.mutex.Unlock()
		if done == nil {
			c.Errorf("a response to no request: %+v", m)
			return
		}
		done <- m
	case m.ID != nil:
		var params map[string]any
		_ = json.Unmarshal(m.Params, &params)
		c.mutex.Lock()
		c.asked[m.Method] = append(c.asked[m.Method], params)
		c.mutex.Unlock()
		var result any
		if m.Method == "workspace/applyEdit" {
			result = map[string]any{"applied": true}
		}
		go c.send(map[string]any{"id": m.ID, "result": result})
	case m.Method == "textDocument/publishDiagnostics":
		var p struct {
			URI         string
			Version     *int
			Diagnostics []item
		}
		if err := json.Unmarshal(m.Params, &p); err != nil || p.Diagnostics == nil {
			c.Errorf("not valid diagnostics: %s", m.Params)
		}
		now := shown{-1, p.Diagnostics}
		if p.Version != nil {
			now.version = *p.Version
		}
		c.mutex.Lock()
		if before := c.shown[p.URI]; now.version >= 0 && before.version > now.version {
			c.Errorf("%s: diagnostics of version %d after those of version %d", p.URI, now.version, before.version)
		}
		c.shown[p.URI] = now
		c.mutex.Unlock()
		select {
		case c.news <- struct{}{}:
		default:
		}
	default:
		var params map[string]any
		_ = json.Unmarshal(m.Params, &params)
		c.mutex.Lock()
		c.asked[m.Method] = append(c.asked[m.Method], params)
		c.mutex.Unlock()
		c.Logf("%s: %s", m.Method, m.Params)
	}
}

func (c *client) open(name, text string) {
	c.sent[name] = 1
	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{
		"uri": uri(name), "languageId": "layc", "version": 1, "text": text,
	}})
}

// replace changes the whole text of a document.
func (c *client) replace(name, text string) {
	c.change(name, map[string]any{"text": text})
}

func (c *client) change(name string, changes ...any) {
	c.sent[name]++
	c.notify("textDocument/didChange", map[string]any{
		"textDocument": map[string]any{"uri": uri(name), "version": c.sent[name]}, "contentChanges": changes,
	})
}

func (c *client) close(name string) {
	c.notify("textDocument/didClose", document(name))
}

func document(name string) map[string]any {
	return map[string]any{"textDocument": map[string]any{"uri": uri(name)}}
}

// at returns the parameters of a request about an offset of a text.
func at(name, text string, offset int) map[string]any {
	p := document(name)
	p["position"] = positionIn(text, offset)
	return p
}

func positionIn(text string, offset int) position {
	p := source.New("", text).Position(offset)
	return position{p.Line - 1, p.UTF16}
}

// findings returns what the client shows: "file:line: code message", sorted.
func (c *client) findings() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var all []string
	for _, u := range slices.Sorted(maps.Keys(c.shown)) {
		for _, i := range c.shown[u].items {
			first, _, _ := strings.Cut(i.Message, "\n")
			all = append(all, fmt.Sprintf("%s:%d: %s %s", strings.TrimPrefix(u, uri("")+"/"), i.Range.Start.Line+1, i.Code, first))
		}
	}
	slices.Sort(all)
	return all
}

// check returns what `layc check` finds in the files, with some of them replaced.
func check(files fstest.MapFS, texts map[string]string) []string {
	all := maps.Clone(files)
	for name, text := range texts {
		all[path.Join(project, name)[1:]] = &fstest.MapFile{Data: []byte(text)}
	}
	dir, _ := fs.Sub(all, project[1:])
	_, list := compiler.Compile(compiler.Input{Project: dir, Dir: ".", Name: project, Platform: model.Platform{OS: "linux", Arch: "amd64"}}, compiler.Bound)
	return lines(list)
}

func lines(list diag.List) []string {
	var out []string
	for _, d := range list.Sorted() {
		out = append(out, fmt.Sprintf("%s:%d: %s %s", d.Span.File.Name(), d.Span.Position().Line, d.Code, visible.Line(d.Message)))
	}
	slices.Sort(out)
	return out
}

// await waits until the client shows what is wanted.
func (c *client) await(want []string) {
	c.Helper()
	c.awaitUntil(func() bool { return slices.Equal(c.findings(), want) }, func() string {
		return fmt.Sprintf("shown:\n%s\nwant:\n%s", strings.Join(c.findings(), "\n"), strings.Join(want, "\n"))
	})
}

func (c *client) awaitUntil(done func() bool, describe func() string) {
	c.Helper()
	timeout := time.After(3 * time.Minute)
	for !done() {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-c.news:
		case <-timeout:
			c.Fatal(describe())
		}
	}
}
