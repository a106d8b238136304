// Package transport speaks HTTP with servers that may hang: whatever is asked of
// them ends, in an answer or in an error.
package transport

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Patience is how long is waited for a server.
type Patience struct {
	Connect time.Duration // for a connection, and for TLS on it
	Header  time.Duration // for the beginning of an answer to a request
	Idle    time.Duration // for the next byte of a request or an answer
	Rate    int           // bytes of an answer per second, over each time of Idle; 0 is no limit
}

// Usual is the patience for servers that send files. The rate is the one that layc
// sets for git, too.
var Usual = Patience{Connect: 10 * time.Second, Header: 30 * time.Second, Idle: time.Minute, Rate: 1000}

// StalledError is the error for a server that no longer receives or sends anything.
type StalledError struct{ For time.Duration }

func (e *StalledError) Error() string { return fmt.Sprintf("no data for %s", e.For) }

// Timeout implements [net.Error].
func (e *StalledError) Timeout() bool { return true }

// Temporary implements [net.Error].
func (e *StalledError) Temporary() bool { return true }

// SlowError is the error for a server that sends so little that its answer may never
// end.
type SlowError struct {
	Bytes int64
	In    time.Duration
	Least int64 // bytes in that time
}

func (e *SlowError) Error() string {
	return fmt.Sprintf("too slow: %d bytes in %s; at least %d are expected", e.Bytes, e.In, e.Least)
}

// Timeout implements [net.Error].
func (e *SlowError) Timeout() bool { return true }

// Temporary implements [net.Error].
func (e *SlowError) Temporary() bool { return true }

// New returns a transport that waits no longer than that. Proxies come from the
// environment.
func New(p Patience) http.RoundTripper {
	return &transport{idle: p.Idle, least: int64(float64(p.Rate) * p.Idle.Seconds()), next: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: p.Connect}).DialContext,
		TLSHandshakeTimeout:   p.Connect,
		ResponseHeaderTimeout: p.Header,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   16,
		ForceAttemptHTTP2:     true,
		// A file is what the server has, byte by byte: what it is compressed with on
		// the way would be taken off, and its checksum be that of something else.
		DisableCompression: true,
	}}
}

type transport struct {
	idle  time.Duration
	least int64 // bytes of an answer in that time
	next  http.RoundTripper
}

func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(request.Context())
	request = request.Clone(ctx)
	stalled := &StalledError{t.idle}
	if request.Body != nil && request.Body != http.NoBody {
		request.Body = watch(request.Body, t.idle, func() { cancel(stalled) }, nil)
	}
	response, err := t.next.RoundTrip(request)
	if err != nil {
		if context.Cause(ctx) == stalled {
			err = stalled
		}
		cancel(nil)
		return nil, err
	}
	body := watch(response.Body, t.idle, func() { cancel(stalled) }, func() { cancel(nil) })
	body.least = t.least
	response.Body = body
	return response, nil
}

// watch returns a body that calls stalled if nothing is read of it for too long, and
// then fails; and closed, if it is not nil, when it is closed.
func watch(in io.ReadCloser, idle time.Duration, stalled, closed func()) *body {
	b := &body{in: in, idle: idle, closed: closed}
	b.timer = time.AfterFunc(idle, func() {
		b.late.Store(true)
		stalled()
	})
	return b
}

type body struct {
	in     io.ReadCloser
	idle   time.Duration
	timer  *time.Timer
	late   atomic.Bool
	closed func()
	least  int64         // bytes while idle passes
	got    int64         // bytes
	waited time.Duration // for them
}

func (b *body) Read(p []byte) (int, error) {
	start := time.Now()
	n, err := b.in.Read(p)
	// What counts is the time that the server takes, not the reader's.
	b.got, b.waited = b.got+int64(n), b.waited+time.Since(start)
	if b.waited >= b.idle {
		if err == nil && b.got < b.least {
			return n, &SlowError{b.got, b.waited.Round(b.idle / 100), b.least}
		}
		b.got, b.waited = 0, 0
	}
	switch {
	case err == io.EOF:
		b.timer.Stop()
	case b.late.Load():
		return n, &StalledError{b.idle}
	default:
		b.timer.Reset(b.idle)
	}
	return n, err
}

func (b *body) Close() error {
	b.timer.Stop()
	if b.closed != nil {
		b.closed()
	}
	return b.in.Close()
}
