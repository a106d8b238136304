package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestLockDenied pins a base of a registry that denies it, which is not the program's fault.
func TestLockDenied(t *testing.T) {
	var status atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		w.WriteHeader(int(status.Load()))
		fmt.Fprint(w, `{"errors":[{"code":"DENIED","message":"no"}]}`)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	dir, config := t.TempDir(), t.TempDir()
	t.Setenv("DOCKER_CONFIG", config)
	if err := os.WriteFile(filepath.Join(config, "config.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	program := fmt.Sprintf("component base {\n    image \"%s/base:1\"\n}\n\nfleet {\n    base base\n}\n\napp a {\n    file \"/a\" text \"a\"\n}\n", host)
	if err := os.WriteFile(filepath.Join(dir, "a.layer"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	for denied, want := range map[int]string{
		http.StatusUnauthorized: "HOST wants a login to pull HOST/base:1 (401 Unauthorized): no",
		http.StatusForbidden:    "HOST does not allow you to pull HOST/base:1 without a login (403 Forbidden): no",
	} {
		status.Store(int32(denied))
		var out, problems bytes.Buffer
		c := &cli{out: &out, err: &problems, ready: readyFake, open: openFake}
		code := c.run(t.Context(), []string{"lock", "-C", dir, "--platform", "linux/amd64"})
		// Lines are wrapped, and the directory's name has any length.
		got := strings.Join(strings.Fields(problems.String()), " ")
		got = strings.ReplaceAll(strings.ReplaceAll(got, host, "HOST"), config, "CONFIG")
		want = "= note: " + want + " = note: CONFIG/config.json has no credentials for HOST = help: log in with docker login HOST or podman login HOST"
		if code != exitUnavailable || !strings.Contains(got, "error[E0515]: cannot pull HOST/base:1 --> a.layer:2:5") || !strings.Contains(got, want) {
			t.Errorf("%d: exit code %d\n%s", denied, code, &problems)
		}
	}
}
