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
	attempts   = 4                      // for each download, including the first one
	firstPause = 500 * time.Millisecond // before the second attempt; doubles
	maxPause   = time.Minute            // maximal pause that a server may request
)

// NetworkError is the error for a server that cannot be reached, or whose response is not the
// program's fault. Trying again later may help; changing the program does not.
type NetworkError struct {
	URL string
	Err error
}

func (e *NetworkError) Error() string {
	note, help := e.Advice()
	return fmt.Sprintf("cannot download %s: %s (%s)", e.URL, note, help)
}

// Advice returns the reason, and what to do next.
func (e *NetworkError) Advice() (note, help string) {
	return e.Err.Error(), "check the network; if this machine needs a proxy, set http_proxy and https_proxy"
}

// From returns the URL.
func (e *NetworkError) From() string { return e.URL }

func (e *NetworkError) Unwrap() error { return e.Err }

// StatusError is the error for a request that a server refuses: the file does not exist, or
// access is denied.
type StatusError struct {
	URL    string
	Status int // HTTP status
}

func (e *StatusError) Error() string {
	note, help := e.Advice()
	if e.Status != http.StatusNotFound {
		return fmt.Sprintf("cannot download %s: %s", e.URL, note)
	}
	return fmt.Sprintf("cannot download %s: %s (%s)", e.URL, note, help)
}

// Advice returns the reason, and what to do next.
func (e *StatusError) Advice() (note, help string) {
	note = fmt.Sprintf("the server responded with %d %s", e.Status, http.StatusText(e.Status))
	if e.Status == http.StatusNotFound {
		return note, "check the name, and whether the mirror has it"
	}
	return note, "check the URL, and whether the server wants credentials"
}

// Missing reports whether the server does not have the file.
func (e *StatusError) Missing() bool { return e.Status == http.StatusNotFound }

// From returns the URL.
func (e *StatusError) From() string { return e.URL }

// noSuiteError is the error for a repository that does not have what the program names.
type noSuiteError struct{ *StatusError }

func (e *noSuiteError) Error() string {
	note, help := e.Advice()
	return fmt.Sprintf("cannot download %s: %s (%s)", e.URL, note, help)
}

// Advice returns the reason, and what to do next.
func (e *noSuiteError) Advice() (note, help string) {
	note, _ = e.StatusError.Advice()
	return note, "check `from` and `suite` of the repository"
}

// notFound reports whether err is a server's response that the file does not exist.
func notFound(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusForbidden)
}

// Ask downloads the start of a URL's content, and returns the error if that fails.
func Ask(ctx context.Context, url string) error {
	f := fetcher{client: &http.Client{Transport: transport.New(transport.Usual)}, pause: firstPause}
	return f.get(ctx, url, url, func(io.Reader) error { return nil })
}

// Progress reports the progress of downloads; total is -1 if the server doesn't send it. It must
// be safe for concurrent use.
type Progress func(name string, done, total int64)

// fetcher downloads files.
type fetcher struct {
	client   *http.Client
	pause    time.Duration
	progress Progress
}

// get downloads url and passes its body to read, again from the start after a failed attempt.
// name identifies the download in progress reports.
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
	// If the caller's context is done, it is not an error of the network.
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
		return failed(body.err) // whatever error the reader made of it
	}
	return err
}

// withoutURL removes net/http's wrapping of an error, since NetworkError has the URL already.
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

// watchedBody reports progress and remembers a connection error.
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
