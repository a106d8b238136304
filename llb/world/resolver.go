package world

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/world/transport"
)

// Options configure a Resolver. Mirrors and Now are required, the other fields are optional.
type Options struct {
	Mirrors Mirrors
	// Keys returns the trusted keys for an index of Debian.
	Keys func(debian.Suite) (openpgp.EntityList, error)
	// Image pins image references.
	Image func(ctx context.Context, ref lock.ImageRef) (lock.Image, error)
	// Base inspects base systems that are images or layouts.
	Base     func(ctx context.Context, ref lock.BaseRef) (lock.Base, error)
	Now      time.Time    // to check the validity of signatures and indexes
	Progress Progress     // of downloads
	Client   *http.Client // nil for a client with layc's timeouts

	UnpackLimit    int64 // bytes that an archive may unpack to; 0 for a default for its size
	AllowExpired   bool  // accept expired indexes
	AllowDowngrade bool  // accept indexes and packages that are older than the pinned ones
}

// Resolver requests what the lock file lacks from mirrors. It implements [lock.Resolver]. Its
// errors wrap a [NetworkError] if a server cannot be reached.
type Resolver struct {
	options Options
	fetch   fetcher
}

var _ lock.Resolver = (*Resolver)(nil)

// NewResolver returns a Resolver that downloads from o.Mirrors.
func NewResolver(o Options) *Resolver {
	client := o.Client
	if client == nil {
		client = &http.Client{Transport: transport.New(transport.Usual)}
	}
	return &Resolver{options: o, fetch: fetcher{client: client, pause: firstPause, progress: o.Progress}}
}

// URL downloads a URL's content and computes its checksum. For a Maven artifact it also compares
// the checksum that the repository publishes.
func (r *Resolver) URL(ctx context.Context, name string) (lock.URL, error) {
	url, err := r.options.Mirrors.URL(name)
	if err != nil {
		return lock.URL{}, err
	}
	var pin lock.URL
	sums := map[string]hash.Hash{}
	err = r.fetch.get(ctx, name, url, func(body io.Reader) error {
		sums["sha256"], sums["sha1"] = sha256.New(), sha1.New()
		n, err := io.Copy(io.MultiWriter(sums["sha256"], sums["sha1"]), body)
		pin = lock.URL{URL: name, Digest: "sha256:" + hexOf(sums["sha256"]), Size: n}
		return err
	})
	if err != nil {
		return lock.URL{}, err
	}
	if !strings.HasPrefix(name, "maven:") {
		return pin, nil
	}
	for _, algorithm := range []string{"sha256", "sha1"} {
		var published []byte
		err := r.fetch.get(ctx, name+" "+algorithm, url+"."+algorithm, func(body io.Reader) (err error) {
			published, err = io.ReadAll(io.LimitReader(body, 1<<10))
			return err
		})
		if notFound(err) {
			continue
		}
		if err != nil {
			return lock.URL{}, err
		}
		want, _, _ := strings.Cut(string(bytes.TrimSpace(published)), " ") // some repositories append the file's name
		if got := hexOf(sums[algorithm]); !strings.EqualFold(got, want) {
			return lock.URL{}, fmt.Errorf("%s has %s %s, but %s.%s has %s; the repository or a proxy serves corrupt content", name, algorithm, got, url, algorithm, want)
		}
		break
	}
	return pin, nil
}

// Content downloads what has a name in a program or lock file, and passes it to read, again from the
// start after a failed attempt.
func (r *Resolver) Content(ctx context.Context, name string, read func(io.Reader) error) error {
	url, err := r.options.Mirrors.URL(name)
	if err != nil {
		return err
	}
	return r.fetch.get(ctx, name, url, read)
}

// Base inspects a base system. For images and layouts it calls the function in the options.
func (r *Resolver) Base(ctx context.Context, ref lock.BaseRef) (lock.Base, error) {
	if ref.Kind == "rootfs" {
		return r.rootfs(ctx, ref)
	}
	if r.options.Base == nil {
		return lock.Base{}, errors.New("no registry to read images from")
	}
	return r.options.Base(ctx, ref)
}

// Now returns the time in the options.
func (r *Resolver) Now() time.Time { return r.options.Now }

// Image pins an image with the function in the options.
func (r *Resolver) Image(ctx context.Context, ref lock.ImageRef) (lock.Image, error) {
	if r.options.Image == nil {
		return lock.Image{}, errors.New("no registry to resolve images")
	}
	return r.options.Image(ctx, ref)
}

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
