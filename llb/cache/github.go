package cache

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	actionscache "github.com/tonistiigi/go-actions-cache"
	"golang.org/x/sync/errgroup"

	"github.com/layc-lang/layc/llb/world/transport"

	"github.com/layc-lang/layc/lang/lazy"
)

// The cache service of GitHub has entries that nobody can change, at most a few hundred a minute, and
// it belongs to branches: a job reads the entries of its branch, of the branch that a pull request
// goes to, and of the default branch, and writes those of its own branch. So steps have no entries of
// their own there. Each branch has an index, which leads from keys to manifests. A build adds its keys
// to those of the last index, and writes the result as an entry with the next number. Two builds of a
// branch that write at once want the same number; the second one reads what the first has written,
// and tries again. Manifests and layers are entries named by their digests.
//
// Only this process talks to the service. Engines read and write through the session of their build,
// so that they need neither the token nor a way to GitHub.

// github is the cache service of GitHub Actions, as a place.
type github struct {
	scope   string // separates what several fleets of one repository keep
	url     string
	token   string
	second  bool   // version 2 of the protocol
	missing string // the variable of the environment that is missing; "" if none is
	pause   time.Duration

	mu      sync.Mutex // guards what follows
	service *actionscache.Cache
	memory  map[digest.Digest][]byte              // manifests and configurations
	sizes   map[digest.Digest]int64               // of blobs that manifests name
	entries map[digest.Digest]*actionscache.Entry // of blobs that exist
}

// newGitHub returns the service of attributes. What they lack is in variables of the environment, as
// for docker buildx.
func newGitHub(attrs map[string]string, getenv func(string) string) *github {
	g := &github{
		scope: cmp.Or(attrs["scope"], usualPrefix), token: cmp.Or(attrs["token"], getenv("ACTIONS_RUNTIME_TOKEN")), pause: time.Second,
		memory: map[digest.Digest][]byte{}, sizes: map[digest.Digest]int64{}, entries: map[digest.Digest]*actionscache.Entry{},
	}
	version := attrs["version"]
	if on, err := strconv.ParseBool(getenv("ACTIONS_CACHE_SERVICE_V2")); version == "" && err == nil && on {
		version = "2"
	}
	v1, v2 := cmp.Or(attrs["url"], getenv("ACTIONS_CACHE_URL")), attrs["url_v2"]
	if version == "2" {
		v2 = cmp.Or(v2, getenv("ACTIONS_RESULTS_URL"))
	}
	g.url, g.second = v1, false
	if v2 != "" && version != "1" {
		g.url, g.second = v2, true
	}
	switch {
	case g.token == "":
		g.missing = "ACTIONS_RUNTIME_TOKEN"
	case g.url == "" && version == "2":
		g.missing = "ACTIONS_RESULTS_URL"
	case g.url == "":
		g.missing = "ACTIONS_CACHE_URL"
	}
	return g
}

func (g *github) String() string {
	if g.scope == usualPrefix {
		return "type=gha"
	}
	return "type=gha,scope=" + g.scope
}

// open returns the client of the service. It sends nothing.
func (g *github) open() (*actionscache.Cache, error) {
	if g.missing != "" {
		return nil, fmt.Errorf("%s is not set; GitHub sets it only for actions: add the action crazy-max/ghaction-github-runtime as a step before this one", g.missing)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.service != nil {
		return g.service, nil
	}
	service, err := actionscache.New(g.token, g.url, g.second, actionscache.Opt{
		Client: &http.Client{Transport: transport.New(transport.Usual)}, Timeout: patience, UserAgent: "layc",
	})
	if err != nil {
		return nil, fmt.Errorf("ACTIONS_RUNTIME_TOKEN is not a token for the cache: %w", err)
	}
	g.service = service
	return service, nil
}

// patience is how long a request waits for a service that wants fewer requests.
const patience = 2 * time.Minute

// signature is what follows the path of a URL that the service has signed: who has it needs no token.
var signature = lazy.Regexp(`\?[^\s"']*`)

// told returns an error without signatures, and without the stack of a foreign library.
func told(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return errors.New(signature().ReplaceAllString(err.Error(), ""))
}

// index leads from keys to manifests, the newest first.
type index struct {
	Manifests []indexed `json:"manifests"`
}

type indexed struct {
	Digest digest.Digest `json:"digest"`
	Keys   []string      `json:"keys"`
}

// maxIndexed limits the manifests of an index. GitHub removes blobs that nobody has read for a week.
const maxIndexed = 1000

// add makes keys lead to a manifest.
func (i *index) add(manifest digest.Digest, keys []string) {
	old := i.Manifests
	i.Manifests = []indexed{{manifest, keys}}
	for _, m := range old {
		if m.Digest == manifest {
			i.Manifests[0].Keys = slices.Compact(slices.Sorted(slices.Values(slices.Concat(keys, m.Keys))))
			continue
		}
		m.Keys = slices.DeleteFunc(m.Keys, func(k string) bool { return slices.Contains(keys, k) })
		if len(m.Keys) > 0 && len(i.Manifests) < maxIndexed {
			i.Manifests = append(i.Manifests, m)
		}
	}
}

// indexKey is the key of the entries with the index of a branch, without a number.
func (g *github) indexKey(branch string) string {
	return fmt.Sprintf("layc-1-%s-steps-%s#", g.scope, digest.FromString(branch).Encoded()[:16])
}

// blobKey is the key of the entry of a blob.
func blobKey(d digest.Digest) string { return "layc-1-blob-" + d.String() }

// readIndex returns the last index of a branch, and its number.
func (g *github) readIndex(ctx context.Context, s *actionscache.Cache, branch string) (i index, number int, err error) {
	key := g.indexKey(branch)
	entry, err := s.Load(ctx, key)
	if err != nil || entry == nil {
		return i, 0, err
	}
	if number, err = strconv.Atoi(strings.TrimPrefix(entry.Key, key)); err != nil {
		return i, 0, fmt.Errorf("unknown entry %s", entry.Key)
	}
	var text bytes.Buffer
	if err := entry.WriteTo(ctx, &text); err != nil {
		return i, number, err
	}
	return i, number, json.Unmarshal(text.Bytes(), &i)
}

func (g *github) find(ctx context.Context, keys []string) (Found, error) {
	s, err := g.open()
	if err != nil {
		return nil, err
	}
	branches := s.Scopes()
	// The job's own branch is the one that it may write to, and has the newest results.
	slices.SortStableFunc(branches, func(a, b actionscache.Scope) int { return cmp.Compare(b.Permission, a.Permission) })
	all := make([]index, len(branches))
	eg, reading := errgroup.WithContext(ctx)
	for n, b := range branches {
		eg.Go(func() (err error) {
			all[n], _, err = g.readIndex(reading, s, b.Scope)
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		return nil, told(err)
	}
	wanted := map[string]bool{}
	for _, key := range keys {
		wanted[key] = true
	}
	found := Found{}
	for _, i := range all {
		for _, m := range i.Manifests {
			for _, key := range m.Keys {
				if wanted[key] && found[key] == "" && m.Digest.Validate() == nil {
					found[key] = m.Digest
				}
			}
		}
	}
	return found, nil
}

// tries is how often an index is written while other jobs write one, with a pause between.
const tries = 20

func (g *github) name(ctx context.Context, manifest digest.Digest, keys []string) error {
	s, err := g.open()
	if err != nil {
		return err
	}
	n := slices.IndexFunc(s.Scopes(), func(b actionscache.Scope) bool { return b.Permission&actionscache.PermissionWrite != 0 })
	if n < 0 {
		return errors.New("the token of this job may only read")
	}
	branch := s.Scopes()[n].Scope
	for try := 1; ; try++ {
		i, number, err := g.readIndex(ctx, s, branch)
		if err != nil && number == 0 {
			return told(err)
		}
		i.add(manifest, keys) // without what cannot be read
		text, err := json.Marshal(i)
		if err != nil {
			return err
		}
		// A job that was killed while it wrote leaves a number that no entry gets.
		number += 1 + try/(tries/2)
		err = s.Save(ctx, g.indexKey(branch)+strconv.Itoa(number), actionscache.NewBlob(text))
		if err == nil || !occupied(err) || try == tries {
			return told(err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(g.pause):
		}
	}
}

// occupied reports whether an entry could not be written because there is one with its key.
func occupied(err error) bool {
	return errors.Is(err, os.ErrExist) || strings.Contains(err.Error(), "failed to reserve cache")
}

// entry returns the entry of a blob; nil if there is none.
func (g *github) entry(ctx context.Context, d digest.Digest) (*actionscache.Entry, error) {
	g.mu.Lock()
	entry := g.entries[d]
	g.mu.Unlock()
	if entry != nil {
		return entry, nil
	}
	s, err := g.open()
	if err != nil {
		return nil, err
	}
	entry, err = s.Load(ctx, blobKey(d))
	if err != nil || entry == nil || entry.Key != blobKey(d) {
		return nil, told(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entries[d] = entry
	return entry, nil
}

// errGone is the error for a blob that the service has removed.
var errGone = errors.New("the service has removed it")

func (g *github) blob(ctx context.Context, d digest.Digest, _ bool) ([]byte, error) {
	if raw := g.remembered(d); raw != nil {
		return raw, nil
	}
	entry, err := g.entry(ctx, d)
	if err != nil {
		return nil, err
	}
	if entry == nil {
		return nil, errGone
	}
	var raw bytes.Buffer
	if err := entry.WriteTo(ctx, &raw); err != nil {
		return nil, told(err)
	}
	if digest.FromBytes(raw.Bytes()) != d {
		return nil, errGone // a blob that was cut, for example
	}
	g.remember(d, raw.Bytes())
	return raw.Bytes(), nil
}

func (g *github) remembered(d digest.Digest) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.memory[d]
}

func (g *github) remember(d digest.Digest, raw []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.memory[d] = raw
}

// put keeps a manifest for this build: it only has what others have.
func (g *github) put(_ context.Context, manifest, config []byte) error {
	g.remember(digest.FromBytes(manifest), manifest)
	g.remember(digest.FromBytes(config), config)
	return nil
}

// sound removes from found what leads to manifests or layers that the service has removed.
func (g *github) sound(ctx context.Context, found Found) error {
	gone := map[digest.Digest]bool{}
	for _, d := range found.Manifests() {
		raw, err := g.blob(ctx, d, true)
		var manifest ocispecs.Manifest
		if err == nil && json.Unmarshal(raw, &manifest) == nil {
			if _, err = g.blob(ctx, manifest.Config.Digest, false); err == nil {
				err = g.have(ctx, manifest.Layers)
			}
		}
		if err != nil && !errors.Is(err, errGone) {
			return err
		}
		gone[d] = err != nil
	}
	for key, d := range found {
		if gone[d] {
			delete(found, key)
		}
	}
	return nil
}

// have returns an error if a layer is missing, and remembers the sizes of all.
func (g *github) have(ctx context.Context, layers []ocispecs.Descriptor) error {
	eg, asking := errgroup.WithContext(ctx)
	eg.SetLimit(16)
	for _, l := range layers {
		g.mu.Lock()
		g.sizes[l.Digest] = l.Size
		g.mu.Unlock()
		eg.Go(func() error {
			entry, err := g.entry(asking, l.Digest)
			if err == nil && entry == nil {
				err = errGone
			}
			return err
		})
	}
	return eg.Wait()
}
