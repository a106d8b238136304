//go:build linux

package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	images "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layc-lang/layc/llb/registry"
)

// TestVendoredBase copies an image that is a base from a registry, and builds on it with a new engine in
// a network namespace without network. The image is the one that is built with network.
func TestVendoredBase(t *testing.T) {
	p := newSharing(t)
	server := httptest.NewServer(images.New(images.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	ref, err := name.ParseReference(host + "/base:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, imageOf(t, system(t, "first", 0o755), system(t, "second", 0o700))); err != nil {
		t.Fatal(err)
	}
	p.write("a.layer", `component image {
    image "`+host+`/base:1"
}

app based {
    base image
    file "/based" text "on an image"
}
`)
	layc := func(alone bool, args ...string) (string, error) {
		cmd := exec.Command(p.bin, append(args, "-C", p.dir)...)
		cmd.Env = append(os.Environ(), "TMPDIR="+p.temp)
		if alone {
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		}
		var problems strings.Builder
		cmd.Stderr = &problems
		text, err := cmd.Output()
		return string(text) + problems.String(), err
	}
	must := func(alone bool, args ...string) string {
		t.Helper()
		text, err := layc(alone, args...)
		if err != nil {
			t.Fatalf("layc %q: %v\n%s", args, err, text)
		}
		return text
	}
	out := t.TempDir()
	build := func(state, dir string) []string {
		return []string{"build", "--state", filepath.Join(t.TempDir(), state), "-o", filepath.Join(out, dir), "--json"}
	}
	read := func(text string) (r jsonResult) {
		t.Helper()
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		return r
	}

	must(false, "lock")
	want := read(must(false, build("online", "online")...)).image("based")
	if text, err := layc(true, build("alone", "none")...); err == nil {
		t.Fatalf("a build without network and copies succeeded:\n%s", text)
	}
	if text := must(false, "vendor", "--all"); !strings.Contains(text, host+"/base:1") {
		t.Errorf("layc vendor --all printed\n%s", text)
	}
	server.Close()
	must(true, "vendor", "--all", "--check")
	got := read(must(true, build("offline", "offline")...)).image("based")
	if got.Digest != want.Digest || len(got.Layers) != 3 {
		t.Errorf("without network the image is %+v, want %+v", got, want)
	}
	if err := registry.Validate(filepath.Join(out, "offline")); err != nil {
		t.Error(err)
	}
}
