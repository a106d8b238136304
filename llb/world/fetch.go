package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/layc-lang/layc/llb/world/transport"
)

const (
	attempts   = 4                      // for each download, first one included
	firstPause = 500 * time.Millisecond // before the second attempt; doubles
	maxPause   = time.Minute            // that a server may ask for
)

// NetworkError says that a server could not be reached, or that its answer is not
// the program's fault: trying again later may help, changing the program will not.
type NetworkError struct {
	URL string
	Err error
}

func (e *NetworkError) Error() string {
	return fmt.Sprintf("cannot download %s: %v (check the network, the proxy settings and the mirror)", e.URL, e.Err)
}

func (e *NetworkError) Unwrap() error { return e.Err }

// StatusError is the error for a server that refuses a request: it has no such file,
// or denies access to it.
type StatusError struct {
	URL    string
	Status int // HTTP's
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("cannot download %s: the server responded with %d %s", e.URL, e.Status, http.StatusText(e.Status))
	if e.Status == http.StatusNotFound {
		text += " (check the name, and whether the mirror has it)"
	}
	return text
}

// notFound says whether err is a server's answer that there is no such file.
func notFound(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusForbidden)
}

// Ask downloads the beginning of what a URL serves, and returns why that fails.
func Ask(ctx context.Context, url string) error {
	f := fetcher{client: &http.Client{Transport: transport.New(transport.Usual)}, pause: firstPause}
	return f.get(ctx, url, url, func(io.Reader) error { return nil })
}

// Progress is told of downloads as they go on; total is -1 where the server
// doesn't say. It may be called from several goroutines at once.
type Progress func(name string, done, total int64)

// fetcher downloads files.
type fetcher struct {
	client   *http.Client
	pause    time.Duration
	progress Progress
}

// get downloads url and hands its body to read, again from the start after an
// attempt that failed half-way. name is what progress reports.
func (f *fetcher) get(ctx context.Context, name, url string, read func(io.Reader) error) error {
	pause := f.pause
	for attempt := 1; ; attempt++ {
		err := f.try(ctx, name, url, read)
		var network *NetworkError
		if err == nil || !errors.As(err, &network) || attempt == attempts {
			return err
		}
		wait := pause
		var status *transport.StatusError
		if errors.As(err, &status) {
			if wait = max(pause, status.After); wait > maxPause || !status.Transient() {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			pause *= 2
		}
	}
}

func (f *fetcher) try(ctx context.Context, name, url string, read func(io.Reader) error) error {
	// An outer cancellation is no trouble of the network.
	failed := func(err error) error {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return &NetworkError{URL: url, Err: withoutURL(err)}
	}

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("%q is not a valid URL: %w", url, err)
	}
	response, err := f.client.Do(request)
	if err != nil {
		return failed(err)
	}
	defer response.Body.Close()
	if !transport.Served(request, response) {
		status := transport.NewStatusError(response)
		if code := status.Status; code >= 400 && code < 500 && !status.Transient() {
			return &StatusError{URL: url, Status: code}
		}
		return failed(status)
	}
	body := &watchedBody{in: response.Body, read: func(n int64) {
		if f.progress != nil {
			f.progress(name, n, response.ContentLength)
		}
	}}
	err = read(body)
	if body.err != nil {
		return failed(body.err) // whatever the reader made of it
	}
	return err
}

// withoutURL strips what net/http puts around an error, as NetworkError says
// the URL already.
func withoutURL(err error) error {
	var status *transport.StatusError
	if errors.As(err, &status) {
		return status
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns
	}
	if inner := errors.Unwrap(err); inner != nil {
		var operation *net.OpError
		if errors.As(err, &operation) {
			return operation
		}
		return inner
	}
	return err
}

// watchedBody reports progress and remembers an error of the connection.
type watchedBody struct {
	in   io.Reader
	n    int64
	err  error
	read func(n int64)
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	b.n += int64(n)
	b.read(b.n)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
