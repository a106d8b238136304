package images

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// TestServed checks that layc requests a download from its server again if the engine reports
// only a wrong digest.
func TestServed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/gone") {
			w.WriteHeader(http.StatusGone)
		}
	}))
	defer server.Close()
	mismatch := func(path string) error {
		return &engine.StepError{Name: "fetch", Remote: server.URL + path, Err: fmt.Errorf("digest mismatch sha256:%064d: sha256:%064d", 1, 2)}
	}
	var unavailable *engine.UnavailableError
	for path, help := range map[string]string{
		"/gone":     "the file is gone or the URL is wrong: correct the URL; if layc.lock pins it, run `layc update`",
		"/gone.deb": "the archive has a newer version now: run `layc update`, or name a mirror that keeps old versions, such as a snapshot, with --mirror",
	} {
		err := served(t.Context(), mismatch(path))
		if want := "cannot fetch " + server.URL + path + ": the server responded with 410 Gone\n" + help; !errors.As(err, &unavailable) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if err := mismatch("/there"); served(t.Context(), err) != err {
		t.Error("a server that responds is reported as unavailable")
	}
}
