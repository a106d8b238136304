//go:build unix

// Package engine solves lowered images with BuildKit and writes them as an OCI layout.
//
// An Engine is one of three things with the same methods. With an address it is a client of a
// BuildKit that runs elsewhere. Without one it is BuildKit inside this process, on a state
// directory that exactly one process may own; that process also listens on a socket in the
// directory. A process that finds the directory owned attaches to that socket instead, and the
// owner closes only after the attached processes have finished. If an owner dies nevertheless,
// the attached processes open the directory themselves and build again, with everything built so
// far in the cache.
//
// The embedded engine of an ordinary user is a process of its own in a user namespace, which this
// process starts, owns and ends.
//
// Only this package and llb import BuildKit. Its log never goes to the terminal: an embedded
// engine writes it to engine.log in the state directory. While an embedded engine is open, the
// temporary directory (TMPDIR) of its process is there, too.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	control "github.com/moby/buildkit/api/services/control"
	"github.com/moby/buildkit/client"
	"github.com/sirupsen/logrus"
	"google.golang.org/grpc"

	"github.com/layc-lang/layc/llb/registry/access"
)

// Options select the engine to open.
type Options struct {
	// Address of a running BuildKit, such as "unix:///run/buildkit/buildkitd.sock" or
	// "tcp://host:1234". Empty: the embedded engine on State.
	Address string

	// Certificates is a directory with ca.pem, cert.pem and key.pem for an Address tcp://.
	Certificates string

	// State is the state directory of the embedded engine. It is created if it does not exist,
	// and is private to the user. With an Address, only the layers that this process has
	// compressed are there, so that they are compressed once; it may be empty then.
	State string

	// Runc is the program that runs the steps of the embedded engine. Empty: "layc-runc" next to
	// the executable, else "buildkit-runc" or "runc" in PATH.
	Runc string

	// Registries are the settings for the registries that the embedded engine pulls from. An
	// engine of another process has its own.
	Registries *access.Registries

	// Later makes the embedded engine start when it is needed, and close as soon as no build needs it any more.
	// Errors of the start are then those of the method that needs it.
	Later bool
	// Attached is called when an engine that starts later is another process's. It may be nil.
	Attached func()

	// Notice is called with a sentence for the user when the engine waits for another process, has
	// freed space on its disk, or has emptied a damaged state. It may be nil.
	Notice func(sentence string)
}

// Engine builds images. Its methods are safe for concurrent use.
type Engine struct {
	opts Options
	// ctx ends when the caller of Open gives up. Then Close does not wait for attached processes.
	ctx context.Context

	builds atomic.Int32 // that are running

	mu      sync.Mutex
	client  *client.Client
	owned   owned  // nil when another process owns the engine
	foreign string // the version of the BuildKit at an address
	told    bool   // that another process owns it
	closed  bool
	err     error // why it could not be closed; with closed, the result of the first Close

	starting atomic.Pointer[headStart] // nil: nobody has called Start
}

// owned is an embedded engine, in this process or in one that this process started.
type owned interface {
	// note records that a build failed, or created something.
	note(failed bool)
	// emptied reports whether the state was damaged when it was opened, and its cache is gone.
	emptied() bool
	// close waits for attached processes until ctx ends, and reports that through notice. Then it
	// waits for running requests, and releases the state directory.
	close(ctx context.Context, notice func(string)) error
}

// ownerPatience is how long to wait for a process that owns the state directory and neither
// responds nor releases it. It is far longer than opening or closing an engine takes.
var ownerPatience = 30 * time.Second

// Check reports why an engine cannot be opened, as far as that is known in advance. It changes
// nothing. An error is an *UnavailableError.
func Check(opts Options) error {
	if opts.Address != "" {
		return nil
	}
	if err := checkMachine(opts.Runc); err != nil {
		return err
	}
	return checkState(opts.State)
}

// Open returns an engine that is ready to build. An error is an *UnavailableError, or the cause
// of ctx's end. The caller must Close the engine. After ctx is cancelled, Close does not wait for
// attached processes, but disconnects them; they continue by themselves.
func Open(ctx context.Context, opts Options) (*Engine, error) {
	// The logger of BuildKit and containerd; layc does not use it.
	logrus.SetOutput(io.Discard)
	e := &Engine{opts: opts, ctx: ctx}
	if opts.Later && opts.Address == "" {
		return e, Check(opts)
	}
	if err := e.open(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

// Attached reports whether another process owns the engine.
func (e *Engine) Attached() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.owned == nil
}

// Close releases the engine. An owner first waits for the attached processes. Every call returns
// the result of the first.
func (e *Engine) Close() error {
	e.starting.Load().end()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return e.err
	}
	e.closed = true
	e.err = errors.Join(e.err, e.release())
	return e.err
}

// release closes whatever is open; the caller holds e.mu.
func (e *Engine) release() error {
	var errs []error
	if e.client != nil {
		errs = append(errs, e.client.Close())
	}
	if e.owned != nil {
		errs = append(errs, e.owned.close(e.ctx, e.opts.Notice))
	}
	e.client, e.owned = nil, nil
	return errors.Join(errs...)
}

// open connects e to an engine. The caller holds e.mu or is Open.
func (e *Engine) open(ctx context.Context) error {
	if e.opts.Address != "" {
		return e.openForeign(ctx)
	}
	return e.openState(ctx, e.opts.Notice)
}

// errBusy is the error for a state directory that another process has just locked.
var errBusy = errors.New("another process owns the state directory")

// openState becomes the owner of the state directory or attaches to it. Sentences for the user go to notice,
// which may be nil.
func (e *Engine) openState(ctx context.Context, notice func(string)) error {
	if err := Check(e.opts); err != nil {
		return err
	}
	state, err := prepareState(e.opts.State)
	if err != nil {
		return err
	}
	lock := flock.New(filepath.Join(state, lockName), flock.SetPermissions(0o600))
	opts, waiting := e.opts, notice
	opts.Notice = notice
	for start := time.Now(); ; {
		got, err := lock.TryLock()
		if err != nil {
			return noState("cannot be locked", err)
		}
		if got {
			owned, c, err := startOwned(ctx, state, opts, lock)
			if err == nil {
				e.owned, e.client = owned, c
				return nil
			}
			if err = errors.Join(err, lock.Close()); !errors.Is(err, errBusy) {
				return err
			}
		}
		if c, err := attach(ctx, state); err == nil {
			e.client = c
			return errors.Join(lock.Close())
		}
		if time.Since(start) > ownerPatience {
			pid, _ := os.ReadFile(filepath.Join(state, lockName))
			return &UnavailableError{
				What: fmt.Sprintf("%s is in use by process %s, which does not respond", state, strings.TrimSpace(string(pid))),
				Help: "end that process, or name another state directory with --state",
			}
		}
		if waiting != nil && time.Since(start) > time.Second {
			waiting("waiting for another layc to close its engine")
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// largestMessage is the size of messages to a built-in engine. One has the definitions of all images, about
// 10 KB for each; BuildKit's own limit is 16 MB.
const largestMessage = 1 << 30

// newClient returns a client of a built-in engine.
func newClient(ctx context.Context, dial func(context.Context) (net.Conn, error)) (*client.Client, error) {
	return client.New(ctx, "", client.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return dial(ctx) }),
		client.WithGRPCDialOption(grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largestMessage), grpc.MaxCallSendMsgSize(largestMessage))),
		client.WithGRPCDialOption(grpc.WithChainUnaryInterceptor(unasked)))
}

// asked is the key of contexts in which somebody wants to know the workers of a built-in engine.
type asked struct{}

// unasked answers for a built-in engine that it has no workers, unless somebody wants to know. BuildKit's
// client asks for them before each build, and the engine then looks which platforms the machine
// emulates, by ten programs.
func unasked(ctx context.Context, method string, request, reply any, c *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if method == control.Control_ListWorkers_FullMethodName && ctx.Value(asked{}) == nil {
		return nil
	}
	return call(ctx, method, request, reply, c, opts...)
}

// attach connects to the owner of the state directory.
func attach(ctx context.Context, state string) (*client.Client, error) {
	c, err := newClient(ctx, func(ctx context.Context) (net.Conn, error) { return dialSocket(ctx, state) })
	if err != nil {
		return nil, err
	}
	if err := probe(ctx, c, 2*time.Second); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// probe returns an error if c's engine does not respond within the limit.
func probe(ctx context.Context, c *client.Client, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := c.Info(ctx)
	return err
}

// current returns the client for builds. It starts an engine that waits for the first.
func (e *Engine) current() (*client.Client, error) {
	if err := e.starting.Load().wait(e.notice); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errors.New("the engine is closed")
	}
	if e.client == nil && e.opts.Later {
		if err := e.open(e.ctx); err != nil {
			return nil, err
		}
	}
	if e.owned == nil && e.opts.Attached != nil && e.opts.Later && !e.told {
		e.told = true
		e.opts.Attached()
	}
	return e.client, nil
}

// notice passes a sentence to the user.
func (e *Engine) notice(sentence string) {
	if e.opts.Notice != nil {
		e.opts.Notice(sentence)
	}
}

// rest closes an engine that starts later, in the background, if only the build that calls it is running. Another
// one that begins meanwhile starts it again.
func (e *Engine) rest() {
	if !e.opts.Later || e.opts.Address != "" {
		return
	}
	e.mu.Lock()
	if e.builds.Load() > 1 {
		e.mu.Unlock()
		return
	}
	go func() {
		defer e.mu.Unlock()
		e.err = errors.Join(e.err, e.release())
	}()
}

// noteWork records for the embedded engine that a build failed or created something.
func (e *Engine) noteWork(failed bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.owned != nil {
		e.owned.note(failed)
	}
}

// reopen replaces the connection to a dead owner.
func (e *Engine) reopen(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return errors.New("the engine is closed")
	}
	if e.client != nil && probe(ctx, e.client, 2*time.Second) == nil {
		return nil // another build has replaced it
	}
	// The connection is dead: an error when closing it is irrelevant.
	_ = e.release()
	return e.openState(ctx, e.opts.Notice)
}

// The path of a unix socket is limited to about 100 bytes, but the path of a state directory is
// not. So the path refers to the directory by an open descriptor.
func withSocket[T any](state string, use func(path string) (T, error)) (T, error) {
	dir, err := os.Open(state)
	if err != nil {
		var zero T
		return zero, err
	}
	defer dir.Close()
	path := filepath.Join(state, socketName)
	if len(path) > 100 {
		path = fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), socketName)
	}
	return use(path)
}

// Files in the state directory: the owner's socket, and the file of its lock.
const (
	socketName = "engine.sock"
	lockName   = "lock"
)

func dialSocket(ctx context.Context, state string) (net.Conn, error) {
	return withSocket(state, func(path string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	})
}
