package transport

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// Persistent returns a transport for the API of a registry. It repeats a request if the server is
// busy or failing, or if the connection breaks, with pauses as long as the server asks for. It
// returns the last response unchanged, since its body may tell why. If the server asks for a
// longer pause than a minute, the error is a *StatusError.
//
// It never sends the body of a PATCH again, a part of a blob: the caller has to start that
// upload again, after the pause.
func Persistent(next http.RoundTripper) http.RoundTripper {
	return &persistent{next: next, pause: firstPause}
}

// PersistentReads does that for requests that only read, GET and HEAD.
func PersistentReads(next http.RoundTripper) http.RoundTripper {
	return &persistent{next: next, pause: firstPause, reads: true}
}

type persistent struct {
	next  http.RoundTripper
	pause time.Duration
	reads bool // only these
}

func (p *persistent) RoundTrip(request *http.Request) (*http.Response, error) {
	d := &download{retrying: &retrying{next: p.next, pause: p.pause}, request: request}
	writes := request.Method != http.MethodGet && request.Method != http.MethodHead
	if writes && p.reads {
		return p.next.RoundTrip(request)
	}
	for {
		response, err := p.next.RoundTrip(request)
		if err != nil {
			if writes {
				return nil, err
			}
			if err := d.again(err); err != nil {
				return nil, err
			}
			continue
		}
		status := NewStatusError(response)
		if !status.Transient() {
			return response, nil
		}
		if status.After > maxPause {
			_ = response.Body.Close()
			return nil, status
		}
		once := request.Method == http.MethodPatch || request.Body != nil && request.Body != http.NoBody && request.GetBody == nil
		if once && status.After == 0 {
			return response, nil
		}
		if err := d.again(status); err != nil {
			if errors.Is(err, status) && request.Context().Err() == nil {
				return response, nil
			}
			_ = response.Body.Close()
			return nil, err
		}
		if once {
			return response, nil
		}
		_, _ = io.CopyN(io.Discard, response.Body, 1<<16) // so that the connection can be reused
		_ = response.Body.Close()
		if request, err = repeat(request); err != nil {
			return nil, err
		}
	}
}

// repeat returns the same request with a new body.
func repeat(request *http.Request) (*http.Request, error) {
	again := request.Clone(request.Context())
	if request.GetBody == nil {
		return again, nil
	}
	body, err := request.GetBody()
	again.Body = body
	return again, err
}
