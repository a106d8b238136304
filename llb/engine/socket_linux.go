package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// socket accepts and counts attached processes.
type socket struct {
	net.Listener

	mu     sync.Mutex
	conns  int
	met    bool // a process was attached
	closed bool
	change chan struct{} // has a token after conns fell to 0
}

// listenSocket listens in the state directory. The caller holds its lock, so an existing socket
// is stale. The directory is private, so no other user can connect, not even for a moment.
func listenSocket(state string) (*socket, error) {
	if err := os.Remove(filepath.Join(state, socketName)); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	l, err := withSocket(state, func(path string) (net.Listener, error) { return net.Listen("unix", path) })
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(filepath.Join(state, socketName), 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	// Its path may refer to a closed descriptor. The next owner removes the file.
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	return &socket{Listener: l, change: make(chan struct{}, 1)}, nil
}

// Accept counts the connection until it is closed.
func (s *socket) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return nil, net.ErrClosed
	}
	s.conns++
	s.met = true
	return &attachedConn{Conn: c, done: sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.conns--; s.conns == 0 {
			select {
			case s.change <- struct{}{}:
			default:
			}
		}
	})}, nil
}

// used reports whether a process was ever attached.
func (s *socket) used() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.met
}

// closeWhenIdle stops listening as soon as no process is attached or ctx ends. A process whose
// connection is not accepted by then finds no engine and becomes the next owner. If closeWhenIdle
// must wait, it calls notice once, but not for a connection that is being closed.
func (s *socket) closeWhenIdle(ctx context.Context, notice func(string)) {
	late := time.After(time.Second)
	for {
		s.mu.Lock()
		if s.conns == 0 || ctx.Err() != nil {
			s.closed = true
			s.mu.Unlock()
			s.Listener.Close()
			return
		}
		n := s.conns
		s.mu.Unlock()
		select {
		case <-s.change:
		case <-ctx.Done():
		case <-late:
			if notice != nil {
				notice(fmt.Sprintf("waiting for other builds that use this engine (%d)", n))
			}
		}
	}
}

type attachedConn struct {
	net.Conn
	done func()
}

func (c *attachedConn) Close() error {
	defer c.done()
	return c.Conn.Close()
}
