//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/cache"
)

// TestMayWrite checks what is known of a cache before a build: whether the registry takes pushes to it.
// A cache that may fail, and a registry that does not respond, do not end a build.
func TestMayWrite(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(t.TempDir(), "auth.json"))
	t.Setenv("XDG_RUNTIME_DIR", "")
	answer := func(status int, body string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(status)
				fmt.Fprint(w, body)
			}
		}))
		t.Cleanup(server.Close)
		return strings.TrimPrefix(server.URL, "http://")
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	only, none, down := answer(403, `{"errors":[{"code":"DENIED","message":"only read"}]}`),
		answer(404, `{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}`), strings.TrimPrefix(closed.URL, "http://")
	for _, test := range []struct{ at, want string }{
		{only + "/ci/cache", "cannot write the cache AT: HOST does not allow you to push to ci/cache without a login (403 Forbidden): only read\n" +
			"no credentials were found: … exists\nlog in with docker login HOST or podman login HOST\nwith ignore-error=true in --cache-to, this is only a warning"},
		{none + "/ci/cache", "cannot write the cache AT: HOST has no repository ci/cache (404 Not Found): no such repository\n" +
			"create it: this registry does not do that on a push\nwith ignore-error=true in --cache-to, this is only a warning"},
		{"type=registry,ignore-error=true,ref=" + only + "/ci/cache", ""},
		{down + "/ci/cache", ""},
		{"type=local,dest=" + t.TempDir(), ""},
	} {
		place, err := cache.Parse(test.at, true)
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&Engine{}).readCaches(t.Context(), Request{CacheTo: []cache.Place{place}})
		got := ""
		var unavailable *UnavailableError
		if errors.As(err, &unavailable) {
			host, _, _ := strings.Cut(test.at, "/")
			got = strings.ReplaceAll(strings.ReplaceAll(unavailable.Error(), test.at, "AT"), host, "HOST")
			if before, after, ok := strings.Cut(got, "found: "); ok {
				_, after, _ = strings.Cut(after, " exists\n")
				got = before + "found: … exists\n" + after
			}
		}
		if got != test.want || (err == nil) != (test.want == "") {
			t.Errorf("%s: got %v\n%s\nwant\n%s", test.at, err, got, test.want)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	place, _ := cache.Parse(only+"/ci/cache", true)
	if err := mayWrite(ctx, []cache.Place{place}); !errors.Is(err, stopped) {
		t.Errorf("after the end of the context: %v", err)
	}
}

// TestToldPush checks how BuildKit's errors for a push to a cache are told.
func TestToldPush(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	place, err := cache.Parse("reg.example.com/ci/cache", true)
	if err != nil {
		t.Fatal(err)
	}
	const sent = "unexpected status from PUT request to https://reg.example.com/v2/ci/cache/blobs/uploads/56?digest=sha256%3A62: "
	for text, want := range map[string]string{
		"error writing config blob: denied: you may only read":                     "reg.example.com does not allow you to push to ci/cache without a login (403 Forbidden): you may only read|log in with docker login",
		"failed to solve: error writing layer blob: unauthorized":                  "reg.example.com wants a login to push to ci/cache (401 Unauthorized)|log in with docker login",
		"error writing layer blob: " + sent + "403 Forbidden":                      "reg.example.com does not allow you to push to ci/cache without a login (403 Forbidden)|log in with docker login",
		"error writing manifest blob: " + sent + "500 Internal Server Error: no\n": "the registry responded with 500 Internal Server Error: no|the registry is busy or failing: run the command again later",
		"error writing config blob: toomanyrequests: slow down":                    "the registry responded with toomanyrequests: slow down|the registry is busy or failing: run the command again later",
		"error writing config blob: manifest invalid: no":                          "the registry responded with manifest invalid: no|check its name, and whether the registry takes caches",
		"failed to solve: write /srv/cache/ingest/64/ref: no space left on device": "no space left on its disk|make room there",
		"something else": "something else|check its name and your right to write to it",
	} {
		got := unwritable(place, errors.New(text))
		note, help, _ := strings.Cut(want, "|")
		if fmt.Sprint(got.Err) != note || !strings.Contains(got.Help, help) {
			t.Errorf("%q:\n%v\n%s\nwant\n%s\n%s", text, got.Err, got.Help, note, help)
		}
	}
}
