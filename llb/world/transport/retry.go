package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	tries      = 4                      // of a request, including the first one
	silences   = 2                      // tries that may end without the beginning of a response
	firstPause = 500 * time.Millisecond // before the second try; doubles
	maxPause   = time.Minute            // maximal pause that a server may request, at once or in parts
	progress   = 1 << 20                // bytes after which the count of tries restarts
)

// StatusError is the error for a response without the requested content.
type StatusError struct {
	Status int
	After  time.Duration // time until it accepts another request; 0 if unknown
	Tries  int           // number of requests so far
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("the server responded with %d %s", e.Status, http.StatusText(e.Status))
	if e.After > maxPause {
		return text + "; retry in " + inWords(e.After)
	}
	if e.Tries > 1 {
		text += fmt.Sprintf(", %d times", e.Tries)
	}
	return text
}

// inWords returns a duration of minutes or more without parts that are zero: "2h", "1h30m".
func inWords(d time.Duration) string {
	text := d.Round(time.Second).String()
	text = strings.Replace(text, "m0s", "m", 1)
	return strings.Replace(text, "h0m", "h", 1)
}

// Transient reports whether the same request may succeed later.
func (e *StatusError) Transient() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// Served reports whether a response has the content that a GET request asks for: 204 has none,
// 206 a part, and 300 offers a choice. A redirection counts as served, since the client follows
// it.
func Served(request *http.Request, response *http.Response) bool {
	asked := request.Header
	switch response.StatusCode {
	case http.StatusOK:
		return true
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return response.Header.Get("Location") != ""
	case http.StatusPartialContent:
		return asked.Get("Range") != ""
	case http.StatusNotModified:
		return asked.Get("If-None-Match") != "" || asked.Get("If-Modified-Since") != ""
	}
	return false
}

// NewStatusError returns the error for a response without the requested content.
func NewStatusError(response *http.Response) *StatusError {
	return &StatusError{Status: response.StatusCode, After: retryAfter(response.Header.Get("Retry-After"), time.Now())}
}

// retryAfter parses a number of seconds or a date; 0 if it is neither or in the past.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		return max(0, time.Duration(min(n, 1<<30))*time.Second)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return max(0, at.Sub(now).Round(time.Second))
}

// Retrying returns a transport for downloads. After a server error or a broken connection, it
// repeats the request with pauses, and continues a truncated body. A response without the content
// is a *StatusError; see [Served]. It does not change requests other than GET.
func Retrying(next http.RoundTripper) http.RoundTripper {
	return &retrying{next: next, pause: firstPause}
}

type retrying struct {
	next  http.RoundTripper
	pause time.Duration
}

func (r *retrying) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet || request.Body != nil && request.Body != http.NoBody {
		return r.next.RoundTrip(request)
	}
	d := &download{retrying: r, request: request}
	response, err := d.ask(request)
	if err != nil {
		return nil, err
	}
	d.first = response
	answer := *response
	answer.Body = &resuming{d: d, body: response.Body}
	return &answer, nil
}

// download is one request with its retries.
type download struct {
	*retrying
	request *http.Request
	first   *http.Response
	failed  int           // failed tries
	silent  int           // the tries of these without any response in time
	asked   int           // the tries of these after which the server requested a pause
	waited  time.Duration // these pauses, together
}

// ask sends a request until there is a response.
func (d *download) ask(request *http.Request) (*http.Response, error) {
	for {
		response, err := d.next.RoundTrip(request)
		if err == nil && Served(request, response) {
			return response, nil
		}
		if err == nil {
			_, _ = io.CopyN(io.Discard, response.Body, 1<<16) // so that the connection can be reused
			_ = response.Body.Close()
			err = NewStatusError(response)
		}
		if err := d.again(err); err != nil {
			return nil, err
		}
	}
}

// again waits before the next try, or returns why there is none. A server that requests pauses limits
// its clients, and many of them may wait: then the time counts, and not the tries.
func (d *download) again(failed error) error {
	ctx := d.request.Context()
	d.failed++
	if strings.Contains(failed.Error(), "timeout awaiting response headers") {
		d.silent++
	}
	pause := d.pause << max(0, d.failed-d.asked-1)
	var status *StatusError
	if errors.As(failed, &status) {
		status.Tries = d.failed
		if status.After > 0 {
			pause = max(pause, status.After)
			d.asked++
			d.waited += pause
		}
	}
	if ctx.Err() != nil || d.failed-d.asked >= tries || d.silent >= silences || max(pause, d.waited) > maxPause || !transient(failed) {
		return failed
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// transient reports whether another try may succeed. An unknown host and an untrusted certificate
// do not change.
func transient(err error) bool {
	var status *StatusError
	var name *net.DNSError
	switch {
	case errors.As(err, &status):
		return status.Transient()
	case errors.As(err, &name):
		return !name.IsNotFound
	}
	return !strings.Contains(err.Error(), "x509:") && !strings.Contains(err.Error(), "tls:")
}

// resuming is a body that continues with another response if it is truncated.
type resuming struct {
	d    *download
	body io.ReadCloser
	at   int64 // bytes read
	good int64 // bytes read since the last failure
}

func (b *resuming) Read(p []byte) (int, error) {
	for {
		n, err := b.body.Read(p)
		b.at += int64(n)
		if b.good += int64(n); b.good >= progress {
			b.d.failed, b.d.silent = 0, 0
		}
		if n > 0 && err != io.EOF {
			return n, nil // the next read returns the error again
		}
		if err == nil || err == io.EOF {
			return n, err
		}
		b.good = 0
		if err := b.d.again(err); err != nil {
			return 0, err
		}
		if err := b.reopen(); err != nil {
			return 0, err
		}
	}
}

// reopen requests the remaining content. If the server identifies the content, it requests only
// the missing part; otherwise it requests everything and skips the start.
func (b *resuming) reopen() error {
	_ = b.body.Close()
	request, first := b.d.request.Clone(b.d.request.Context()), b.d.first
	if tag := validator(first); tag != "" && !first.Uncompressed {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", b.at))
		request.Header.Set("If-Range", tag)
	}
	response, err := b.d.ask(request)
	if err != nil {
		b.body = failing{err}
		return err
	}
	b.body = response.Body
	if response.StatusCode == http.StatusPartialContent && strings.HasPrefix(response.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", b.at)) {
		return nil
	}
	if _, err := io.CopyN(io.Discard, response.Body, b.at); err != nil {
		if err := b.d.again(err); err != nil {
			b.body = failing{err}
			return err
		}
		return b.reopen()
	}
	return nil
}

func (b *resuming) Close() error { return b.body.Close() }

// validator returns the identifier of a response's content; "" if there is none.
func validator(response *http.Response) string {
	if tag := response.Header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return response.Header.Get("Last-Modified")
}

// failing is a body that only fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
func (f failing) Close() error             { return nil }
