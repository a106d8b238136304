// Package transport makes HTTP requests to servers that may hang: every request ends, with a
// response or with an error.
package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Patience has the timeouts for a server.
type Patience struct {
	Connect time.Duration // to connect, and for the TLS handshake
	Header  time.Duration // for the header of a response
	Idle    time.Duration // for the next byte of a request or a response
	Rate    int           // bytes of a response per second, over each period of Idle; 0 means no limit
}

// Usual is the patience for file servers. layc uses the same rate for git.
var Usual = Patience{Connect: 10 * time.Second, Header: 30 * time.Second, Idle: time.Minute, Rate: 1000}

// StalledError is the error for a server that stopped receiving or sending.
type StalledError struct{ For time.Duration }

func (e *StalledError) Error() string { return fmt.Sprintf("no data for %s", e.For) }

// Timeout implements [net.Error].
func (e *StalledError) Timeout() bool { return true }

// Temporary implements [net.Error].
func (e *StalledError) Temporary() bool { return true }

// SlowError is the error for a server that sends so slowly that its response may never end.
type SlowError struct {
	Bytes int64
	In    time.Duration
	Least int64 // minimal number of bytes in that time
}

func (e *SlowError) Error() string {
	return fmt.Sprintf("too slow: %d bytes in %s; at least %d are expected", e.Bytes, e.In, e.Least)
}

// Timeout implements [net.Error].
func (e *SlowError) Timeout() bool { return true }

// Temporary implements [net.Error].
func (e *SlowError) Temporary() bool { return true }

// New returns a transport with these timeouts. It uses the proxies from the environment.
func New(p Patience) http.RoundTripper { return NewTLS(p, nil) }

// NewTLS returns a transport like New that connects with a TLS configuration; nil is the usual one.
func NewTLS(p Patience, config *tls.Config) http.RoundTripper {
	return &transport{idle: p.Idle, least: int64(float64(p.Rate) * p.Idle.Seconds()), next: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: p.Connect}).DialContext,
		TLSClientConfig:       config.Clone(), // a transport changes its own
		TLSHandshakeTimeout:   p.Connect,
		ResponseHeaderTimeout: p.Header,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   16,
		ForceAttemptHTTP2:     true,
		// A file must arrive byte by byte. Otherwise the transport would remove compression, and
		// the checksum would not match.
		DisableCompression: true,
	}}
}

type transport struct {
	idle  time.Duration
	least int64 // minimal number of bytes of a response in that time
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

// watch returns a body that calls stalled and fails if nothing is read from it for too long. It
// calls closed, if that is not nil, when it is closed.
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
	least  int64         // minimal number of bytes per idle
	got    int64         // bytes so far
	waited time.Duration // time waited for them
}

func (b *body) Read(p []byte) (int, error) {
	start := time.Now()
	n, err := b.in.Read(p)
	// Only the server's time counts, not the reader's.
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
