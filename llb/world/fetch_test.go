package world

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/world/transport"
)

// TestRetryAfter checks that a request is repeated after the time that the server sends, but not
// if that is an hour.
func TestRetryAfter(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Retry-After", map[string]string{"/soon": "0", "/late": "3600"}[r.URL.Path])
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	f := fetcher{client: server.Client(), pause: 1}
	for path, want := range map[string]int{"/soon": attempts, "/late": 1} {
		asked = 0
		err := f.get(t.Context(), path, server.URL+path, func(io.Reader) error { return nil })
		var status *transport.StatusError
		if !errors.As(err, &status) || status.Status != http.StatusTooManyRequests || asked != want {
			t.Errorf("%s: %v after %d requests, want %d", path, err, asked, want)
		}
	}
}

// TestStatus downloads from servers that respond with each status: only a complete file is valid.
// A missing or forbidden file is the program's fault, other errors are the network's.
func TestStatus(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		status, _ := strconv.Atoi(r.URL.Path[1:])
		w.WriteHeader(status)
		if status != 204 && status != 304 {
			fmt.Fprint(w, "text")
		}
	}))
	defer server.Close()
	f := fetcher{client: server.Client(), pause: 1}
	for status, want := range map[int]struct {
		fault string
		asked int
	}{
		200: {"", 1},
		201: {"network", 1}, 203: {"network", 1}, 204: {"network", 1}, 206: {"network", 1},
		300: {"network", 1}, 301: {"network", 1}, 304: {"network", 1}, 308: {"network", 1},
		401: {"program", 1}, 403: {"program", 1}, 404: {"program", 1}, 410: {"program", 1}, 418: {"program", 1},
		408: {"network", attempts}, 429: {"network", attempts}, 500: {"network", attempts}, 501: {"network", 1}, 503: {"network", attempts},
	} {
		asked = 0
		err := f.get(t.Context(), "x", fmt.Sprintf("%s/%d", server.URL, status), func(io.Reader) error { return nil })
		got := ""
		var network *NetworkError
		var refused *StatusError
		switch {
		case errors.As(err, &network):
			got = "network"
		case errors.As(err, &refused):
			got = "program"
		}
		if got != want.fault || asked != want.asked {
			t.Errorf("%d: %v after %d requests, want a fault of the %s after %d", status, err, asked, want.fault, want.asked)
		}
		if text := fmt.Sprintf("the server responded with %d %s", status, http.StatusText(status)); err != nil && !strings.Contains(err.Error(), text) {
			t.Errorf("got %q, want %q", err, text)
		}
	}
}
