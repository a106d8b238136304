package images

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// TestServed asks a server what it says, where an engine tells only that the
// content is another one.
func TestServed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusGone)
		}
	}))
	defer server.Close()
	mismatch := func(path string) error {
		return &engine.StepError{Name: "fetch", Remote: server.URL + path, Err: fmt.Errorf("digest mismatch sha256:%064d: sha256:%064d", 1, 2)}
	}
	var unavailable *engine.UnavailableError
	err := served(t.Context(), mismatch("/gone"))
	if want := server.URL + "/gone cannot be fetched: the server says 410 Gone\nthe file is gone, or the URL is wrong: write another URL; what layc.lock pins, `layc update` renews"; !errors.As(err, &unavailable) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := mismatch("/there"); served(t.Context(), err) != err {
		t.Error("another file is told as something else")
	}
}
