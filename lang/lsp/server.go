// Package lsp is the language server of layc: it speaks the Language Server Protocol with an editor.
//
// # How it works
//
// One goroutine reads messages. It applies notifications to the [workspace.Workspace] at once, and
// gives each request the view of that time and a goroutine of its own. So a request is answered from
// the texts that it was made for, and nothing waits for a check. Answers are pure functions of a
// view; they are in package feature.
//
// Each root has a worker that analyses the newest view and publishes what it finds: after each change
// what the checker finds, and once the editor is idle what binding all apps finds. If binding is fast,
// both come at once. A key is answered by the root of its document first: other roots with the file wait
// until the editor is idle. Before it publishes, the worker takes the lock under which views change, so
// that nothing about an older text follows a change that was read.
//
// The server builds nothing, but shows what builds have found. It asks the network only for a download whose checksum the user wants.
package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/lang/lsp/protocol"
	"github.com/layc-lang/layc/lang/lsp/wire"
	"github.com/layc-lang/layc/lang/lsp/workspace"
)

// Options are what a server needs from outside.
type Options struct {
	Source  workspace.Source
	Version string
	// Page shows the plan of a directory on a page, or replaces what that page shows, and returns its
	// address, unless ctx is done before; nil if there are no pages.
	Page func(ctx context.Context, dir string, out *compiler.Output) (string, error)
	// Checksum downloads a file from the first of its URLs that works, and returns its digest,
	// "sha256:…". One goroutine calls report, with a total of -1 if it is unknown. Errors are shown to
	// the user. Nil if nothing can be downloaded.
	Checksum func(ctx context.Context, urls []string, report func(done, total int64)) (string, error)
	// Idle is how long the editor must be idle before slow analyses begin; 0: a default.
	Idle time.Duration
	// Panicked is called with what a handler panicked with; nil: the user is told.
	Panicked func(any)
}

// ErrNoShutdown is the error for an editor that ends the server without asking for a shutdown first.
var ErrNoShutdown = errors.New("the editor ended the server without a shutdown")

// server is one session.
type server struct {
	Options
	out   *outbox
	ctx   context.Context
	state state
	// searching is done when the editor wants the session to end: no plan is searched any more.
	searching context.Context
	endSearch context.CancelFunc

	utf16    bool // columns count UTF-16 code units, not bytes
	client   protocol.InitializeParams
	settings settings

	workspace *workspace.Workspace // of the reading goroutine
	later     chan func()          // what the reading goroutine is to do
	scanning  bool                 // of the reading goroutine; see scan
	scanAgain bool
	view      atomic.Pointer[workspace.View]
	// publishing is held while diagnostics are sent, and while the view changes.
	publishing sync.Mutex
	published  map[string]map[string]published // found by the roots; by root and canonical URI; guarded by publishing
	told       map[string]map[string]published // to the editor; by canonical URI and URI; guarded by publishing
	workers    map[string]*worker
	pages      map[string]bool        // roots whose plan is shown on a page; guarded by publishing
	builds     map[string]buildResult // by directory; guarded by publishing
	running    sync.WaitGroup
	answering  sync.WaitGroup // requests

	requests  sync.Mutex
	pending   map[string]context.CancelFunc // by request ID
	asked     map[string]func(*wire.Message)
	sent      int                 // requests
	downloads map[string]download // by token of their progress
	slots     chan struct{}
}

// state is how far a session is.
type state int

const (
	starting state = iota
	initialized
	stopped
)

// Serve runs a session until the editor ends it, the input ends, or ctx is done.
func Serve(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	if o.Idle == 0 {
		o.Idle = 200 * time.Millisecond
	}
	s := &server{
		Options: o, out: newOutbox(), ctx: ctx, utf16: true,
		published: map[string]map[string]published{}, told: map[string]map[string]published{}, workers: map[string]*worker{}, pages: map[string]bool{}, builds: map[string]buildResult{},
		pending: map[string]context.CancelFunc{}, asked: map[string]func(*wire.Message){}, downloads: map[string]download{},
		slots: make(chan struct{}, 8), later: make(chan func()),
	}
	s.searching, s.endSearch = context.WithCancel(ctx)
	s.workspace = workspace.New(o.Source, nil)
	s.view.Store(s.workspace.View())
	conn := wire.New(in, out)
	ended, sent := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sent)
		s.out.send(conn, ended)
	}()
	defer func() {
		cancel()
		s.workspace.End()
		s.running.Wait()
		close(ended)
		<-sent
	}()
	type read struct {
		message *wire.Message
		err     error
	}
	messages := make(chan read)
	go func() {
		for {
			m, err := conn.Read()
			select {
			case messages <- read{m, err}:
			case <-ctx.Done():
				return
			}
			var one *wire.Error
			if err != nil && !errors.As(err, &one) {
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f := <-s.later:
			f()
		case r := <-messages:
			var one *wire.Error
			switch {
			case errors.As(r.err, &one):
				s.write(&wire.Message{Error: one})
			case errors.Is(r.err, io.EOF):
				return nil
			case r.err != nil:
				return r.err
			case r.message.Method == "exit":
				if s.state != stopped {
					return ErrNoShutdown
				}
				return nil
			default:
				s.handle(r.message)
			}
		}
	}
}

// write sends a message. If that fails, the input ends soon, too.
func (s *server) write(m *wire.Message) { s.out.put(m) }

// handle handles a message.
func (s *server) handle(m *wire.Message) {
	switch {
	case m.Method == "":
		s.answered(m)
	case len(m.ID) == 0:
		if m.Method == "$/cancelRequest" {
			s.cancelRequest(m)
		} else if f := notifications[m.Method]; f != nil && s.state == initialized {
			s.protected(func() { f(s, m.Params) })
		}
	case s.state == starting && m.Method != "initialize":
		s.fail(m, wire.Errorf(wire.NotInitialized, "the session has not begun: %s before initialize", m.Method))
	case s.state == stopped:
		s.fail(m, wire.Errorf(wire.InvalidRequest, "the session has ended: %s after shutdown", m.Method))
	case m.Method == "initialize":
		if s.state != starting {
			s.fail(m, wire.Errorf(wire.InvalidRequest, "the session has begun already"))
			return
		}
		result, err := s.initialize(m.Params)
		s.reply(m, result, err)
	case m.Method == "shutdown":
		s.state = stopped
		s.endSearch()
		s.answering.Wait()
		s.reply(m, nil, nil)
	default:
		s.request(m)
	}
}

// request answers a request in a goroutine of its own.
func (s *server) request(m *wire.Message) {
	handler := handlers[m.Method]
	if handler == nil {
		s.fail(m, wire.Errorf(wire.MethodNotFound, "unknown method: %s", m.Method))
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	id := string(m.ID)
	s.requests.Lock()
	_, twice := s.pending[id]
	if !twice {
		s.pending[id] = cancel
	}
	s.requests.Unlock()
	if twice {
		cancel()
		s.fail(m, wire.Errorf(wire.InvalidRequest, "the id %s is in use", id))
		return
	}
	search, end := context.WithCancel(s.searching)
	context.AfterFunc(ctx, end)
	r := &request{server: s, ctx: ctx, search: search, view: s.workspace.View(), settings: s.settings}
	s.answering.Add(1)
	s.running.Go(func() {
		defer s.answering.Done()
		defer cancel()
		type answer struct {
			result any
			err    error
		}
		answers := make(chan answer, 1)
		s.running.Go(func() { // goes on, unheard, if the request is cancelled meanwhile
			select {
			case s.slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			defer func() { <-s.slots }()
			a := answer{err: wire.Errorf(wire.InternalError, "layc failed to answer %s", m.Method)}
			s.protected(func() { a.result, a.err = handler(r, m.Params) })
			answers <- a
		})
		var a answer
		select {
		case a = <-answers:
		case <-ctx.Done():
			a.err = wire.Errorf(wire.RequestCancelled, "cancelled")
		}
		s.requests.Lock()
		delete(s.pending, id)
		s.requests.Unlock()
		s.reply(m, a.result, a.err)
	})
}

// protected calls f. If f panics, it reports that and goes on: an editor must not lose its server
// because of one file.
func (s *server) protected(f func()) {
	defer func() {
		if p := recover(); p != nil {
			if s.Panicked != nil {
				s.Panicked(fmt.Sprintf("%v\n%s", p, debug.Stack()))
				return
			}
			s.notify("window/logMessage", protocol.ShowMessageParams{Type: 1, Message: fmt.Sprintf("layc: internal error: %v\n%s", p, debug.Stack())})
		}
	}()
	f()
}

func (s *server) reply(m *wire.Message, result any, err error) {
	if err != nil {
		var coded *wire.Error
		if !errors.As(err, &coded) {
			coded = wire.Errorf(wire.RequestFailed, "%s", err)
		}
		s.fail(m, coded)
		return
	}
	text, err := json.Marshal(result)
	if err != nil {
		s.fail(m, wire.Errorf(wire.InternalError, "%s", err))
		return
	}
	s.write(&wire.Message{ID: m.ID, Result: text})
}

func (s *server) fail(m *wire.Message, err *wire.Error) {
	s.write(&wire.Message{ID: m.ID, Error: err})
}

// notify sends a notification.
func (s *server) notify(method string, params any) {
	if text, err := json.Marshal(params); err == nil {
		s.write(&wire.Message{Method: method, Params: text})
	}
}

// ask sends a request to the editor. then gets the response; it may be nil.
func (s *server) ask(method string, params any, then func(*wire.Message)) {
	text, err := json.Marshal(params)
	if err != nil {
		return
	}
	s.requests.Lock()
	s.sent++
	id := fmt.Sprintf(`"layc-%d"`, s.sent)
	s.asked[id] = then
	s.requests.Unlock()
	s.write(&wire.Message{ID: json.RawMessage(id), Method: method, Params: text})
}

// answered handles the response to a request of the server.
func (s *server) answered(m *wire.Message) {
	s.requests.Lock()
	then := s.asked[string(m.ID)]
	delete(s.asked, string(m.ID))
	s.requests.Unlock()
	if then != nil {
		s.protected(func() { then(m) })
	}
}

func (s *server) cancelRequest(m *wire.Message) {
	var p protocol.CancelParams
	if json.Unmarshal(m.Params, &p) != nil {
		return
	}
	s.requests.Lock()
	defer s.requests.Unlock()
	if cancel := s.pending[string(p.ID)]; cancel != nil {
		cancel()
	}
}

// request is a request with the state of the workspace when it came.
type request struct {
	*server
	ctx      context.Context
	search   context.Context // of plans; done with ctx, and when the session is to end
	view     *workspace.View
	settings settings
}

// handler answers a request.
type handler func(*request, json.RawMessage) (any, error)

// on returns the handler of a request with parameters of type P.
func on[P any](f func(*request, P) (any, error)) handler {
	return func(r *request, text json.RawMessage) (any, error) {
		var params P
		if err := decode(text, &params); err != nil {
			return nil, err
		}
		return f(r, params)
	}
}

// told returns the handler of a notification with parameters of type P. It ignores malformed ones.
func told[P any](f func(*server, P)) func(*server, json.RawMessage) {
	return func(s *server, text json.RawMessage) {
		var params P
		if decode(text, &params) == nil {
			f(s, params)
		}
	}
}

func decode(text json.RawMessage, into any) error {
	if len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return wire.Errorf(wire.InvalidParams, "not valid parameters: %s", err)
	}
	return nil
}

// change applies a change to the workspace, and wakes the workers of all roots with a new analysis.
func (s *server) change(apply func(*workspace.Workspace)) { s.changeIn("", apply) }

// changeIn applies a change that the user has typed in a root. The other roots wait until the editor is
// idle, unless the root is "".
func (s *server) changeIn(typed string, apply func(*workspace.Workspace)) {
	before := s.workspace.View()
	s.publishing.Lock()
	apply(s.workspace)
	now := s.workspace.View()
	s.view.Store(now)
	s.publishing.Unlock()
	for _, root := range now.Roots() {
		if now.Analysis(root) != before.Analysis(root) {
			s.wake(root, typed != "" && root != typed)
		}
	}
	for _, root := range before.Roots() {
		if !slices.Contains(now.Roots(), root) {
			s.wake(root, false)
		}
	}
}
