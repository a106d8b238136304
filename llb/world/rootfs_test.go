package world

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/archive"
	"github.com/layc-lang/layc/llb/world/transport"
)

// TestRootfsBounds checks that an archive that unpacks to more than the limit is not read to its
// end.
func TestRootfsBounds(t *testing.T) {
	const size = 8 << 20
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	w.WriteHeader(&tar.Header{Name: "file", Size: size, Typeflag: tar.TypeReg})
	io.CopyN(w, zeroReader{}, size)
	w.WriteHeader(&tar.Header{Name: "srv", Mode: 0o700, Typeflag: tar.TypeDir})
	w.Close()
	a := newArchive(t)
	text := compressed(t, &plain)
	a.files["/root.tar.gz"] = text
	ref := lock.BaseRef{Kind: "rootfs", Name: a.URL + "/root.tar.gz", Digest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))}
	o := a.options()
	base, err := resolver(o).Base(context.Background(), ref)
	if err != nil || len(base.Dirs) != 1 {
		t.Errorf("got %+v, %v", base, err)
	}
	other := ref
	other.Digest = fmt.Sprintf("sha256:%064x", 1)
	if _, err := resolver(o).Base(context.Background(), other); err == nil || !strings.Contains(err.Error(), "has the digest "+ref.Digest+", expected "+other.Digest) {
		t.Errorf("an archive that is not the pinned one: %v", err)
	}
	o.UnpackLimit = size / 2
	_, err = resolver(o).Base(context.Background(), ref)
	var limit *archive.LimitError
	if !errors.As(err, &limit) || !strings.HasPrefix(err.Error(), ref.Name+": ") || !strings.Contains(err.Error(), "the archive unpacks to more than") {
		t.Errorf("got %v", err)
	}
}

// TestRootfsEmpty checks that an archive without entries and an empty file are errors.
func TestRootfsEmpty(t *testing.T) {
	a := newArchive(t)
	for name, plain := range map[string][]byte{"/tar": make([]byte, 1024), "/nothing": nil} {
		text := compressed(t, bytes.NewBuffer(plain))
		a.files[name] = text
		ref := lock.BaseRef{Kind: "rootfs", Name: a.URL + name, Digest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))}
		if _, err := resolver(a.options()).Base(context.Background(), ref); err == nil || !strings.Contains(err.Error(), name+": the archive is empty") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestHangingMirror checks that each download from a hanging mirror fails with its URL.
func TestHangingMirror(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	root := "http://" + silent.Addr().String()
	o := newArchive(t).options()
	o.Mirrors = Mirrors{"debian": root, "maven": root}
	o.Client = &http.Client{Transport: transport.New(transport.Patience{Connect: time.Hour, Header: 50 * time.Millisecond, Idle: time.Hour})}
	r := resolver(o)
	for what, ask := range map[string]func() error{
		"Packages": func() error {
			_, _, err := r.Packages(context.Background(), lock.Distribution{ID: "debian/bookworm", Arch: "amd64"}, lock.Pinned{})
			return err
		},
		"URL": func() error { _, err := r.URL(context.Background(), "maven:g:a:1"); return err },
		"Base": func() error {
			_, err := r.Base(context.Background(), lock.BaseRef{Kind: "rootfs", Name: root + "/root.tar"})
			return err
		},
	} {
		err := ask()
		var network *NetworkError
		if !errors.As(err, &network) || !strings.Contains(err.Error(), "cannot download "+root+"/") || !strings.Contains(err.Error(), "timeout awaiting response headers") {
			t.Errorf("%s: got %v", what, err)
		}
	}
}
