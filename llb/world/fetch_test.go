package world

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/layc-lang/layc/llb/world/transport"
)

// TestRetryAfter asks a server again when it says, but not in an hour.
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
