package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	hub "github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"
)

// maxLookups is the number of concurrent requests for tags.
const maxLookups = 32

// SplitTag returns the repository and the tag of a reference, "" without a tag.
func SplitTag(ref string) (repository, tag string, err error) {
	if strings.Contains(ref, "@") {
		return "", "", errors.New("expected a repository, not an image with a digest")
	}
	t, err := name.NewTag(ref)
	if err != nil {
		return "", "", errors.New("not the name of a repository")
	}
	if strings.HasSuffix(ref, ":"+t.TagStr()) {
		tag = t.TagStr()
	}
	return t.Repository.Name(), tag, nil
}

// reader returns a repository, and what pulls from it.
func (c Client) reader(ctx context.Context, repository string) (name.Repository, *remote.Puller, error) {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return repo, nil, err
	}
	puller, err := remote.NewPuller(c.usual(ctx)...)
	return repo, puller, err
}

// Digests returns the digests of the manifests that tags name, by tag. A tag that does not exist is
// left out.
func (c Client) Digests(ctx context.Context, repository string, tags []string) (map[string]string, error) {
	repo, puller, err := c.reader(ctx, repository)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex // guards found
	found := map[string]string{}
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(maxLookups)
	for _, tag := range tags {
		eg.Go(func() error {
			desc, err := puller.Head(ctx, repo.Tag(tag))
			var answer *hub.Error
			if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
				return nil
			}
			if err != nil {
				return failed(repo.Registry, "pull "+repo.Name(), err)
			}
			mu.Lock()
			defer mu.Unlock()
			found[tag] = desc.Digest.String()
			return nil
		})
	}
	return found, eg.Wait()
}

// Tag makes tags name a manifest of the repository.
func (c Client) Tag(ctx context.Context, repository, manifest string, tags []string) error {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return err
	}
	puller, err := remote.NewPuller(c.usual(ctx)...)
	if err != nil {
		return err
	}
	pusher, err := remote.NewPusher(append(c.usual(ctx), remote.WithJobs(maxLookups))...)
	if err != nil {
		return err
	}
	desc, err := puller.Get(ctx, repo.Digest(manifest))
	var answer *hub.Error
	switch {
	case errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound:
		return lost(repo, manifest, err)
	case err != nil:
		return failed(repo.Registry, "push to "+repo.Name(), err)
	}
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(maxLookups)
	for _, tag := range tags {
		eg.Go(func() error {
			return failed(repo.Registry, "push to "+repo.Name(), pusher.Put(ctx, repo.Tag(tag), desc))
		})
	}
	return eg.Wait()
}

// Content returns a manifest or a blob of a repository, whose digest is verified.
func (c Client) Content(ctx context.Context, repository, digest string, manifest bool) ([]byte, error) {
	repo, puller, err := c.reader(ctx, repository)
	if err != nil {
		return nil, err
	}
	if manifest {
		desc, err := puller.Get(ctx, repo.Digest(digest))
		if err != nil {
			return nil, failed(repo.Registry, "pull "+repo.Name(), err)
		}
		return desc.RawManifest()
	}
	layer, err := puller.Layer(ctx, repo.Digest(digest))
	if err != nil {
		return nil, failed(repo.Registry, "pull "+repo.Name(), err)
	}
	r, err := layer.Compressed()
	if err != nil {
		return nil, failed(repo.Registry, "pull "+repo.Name(), err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	return text, failed(repo.Registry, "pull "+repo.Name(), err)
}

// PutManifest writes a manifest by its digest, after its configuration. What else it refers to is
// there.
func (c Client) PutManifest(ctx context.Context, repository string, manifest, config []byte, configType string) error {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return err
	}
	pusher, err := remote.NewPusher(c.usual(ctx)...)
	if err != nil {
		return err
	}
	if err := pusher.Upload(ctx, repo, static.NewLayer(config, types.MediaType(configType))); err != nil {
		return failed(repo.Registry, "push to "+repo.Name(), err)
	}
	sum, _, err := v1.SHA256(bytes.NewReader(manifest))
	if err != nil {
		return err
	}
	return failed(repo.Registry, "push to "+repo.Name(), pusher.Put(ctx, repo.Digest(sum.String()), rawManifest(manifest)))
}

// rawManifest is a manifest to put as it is.
type rawManifest []byte

func (m rawManifest) RawManifest() ([]byte, error)        { return m, nil }
func (m rawManifest) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
