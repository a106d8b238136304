package registry

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/sync/errgroup"

	"github.com/layc-lang/layc/llb/world/transport"
)

// PushOptions are the options of a push. The zero value is valid.
type PushOptions struct {
	// Progress is called after each blob, manifest and tag, from one goroutine
	// at a time. May be nil.
	Progress func(Progress)
}

// Progress is the progress of a push.
type Progress struct {
	What        string // "blob", "manifest" or "tag"
	Reference   string // the reference in the registry
	Size        int64  // in bytes
	Done, Total int    // number of blobs, manifests and tags
}

// Pushed is an image in a registry.
type Pushed struct {
	Name      string // its name in the layout
	Reference string // its name in the registry, with the tag
	Digest    string // of its manifest, or of its index
}

// patient has a long timeout for responses, since a registry reads a whole blob before it
// responds.
var patient = transport.Patience{Connect: transport.Usual.Connect, Header: 5 * time.Minute, Idle: transport.Usual.Idle, Rate: transport.Usual.Rate}

// maxUploads is the number of concurrent uploads.
const maxUploads = 4

// Push pushes the named images of the layout, or all images if there are no names. It returns
// them in the order of the layout's index. An image's reference is its name below the prefix,
// "registry.example.com/shop" + "/" + "app1". Without a prefix it is the name; without a tag, the
// tag is latest.
//
// All blobs come first, then all manifests by digest, then all tags. So a pull of a tag always
// gets a complete image, and a failed push moves no tag unless all images are complete. A blob
// that several images share is uploaded once to each registry, and mounted into the other
// repositories if the registry supports that.
//
// Credentials come from the user's Docker or Podman configuration. Push uses no TLS for
// registries on the loopback interface.
func Push(ctx context.Context, dir, prefix string, names []string, opts PushOptions) ([]Pushed, error) {
	entries, err := read(dir, names)
	if err != nil {
		return nil, err
	}
	p := &push{opts: opts}
	for _, e := range entries {
		if err := p.add(e, prefix); err != nil {
			return nil, err
		}
	}
	p.remote, err = remote.NewPusher(append(usual(ctx), remote.WithTransport(transport.New(patient)), remote.WithJobs(maxUploads))...)
	if err != nil {
		return nil, err
	}
	if err := p.pushBlobs(ctx); err != nil {
		return nil, err
	}
	if err := p.pushManifests(ctx, p.manifests); err != nil {
		return nil, err
	}
	if err := p.pushManifests(ctx, p.tags); err != nil {
		return nil, err
	}
	return p.pushed, nil
}

// push has everything to push, in order.
type push struct {
	opts      PushOptions
	remote    *remote.Pusher
	blobs     []*blob
	manifests []manifest // parts of an index come before it
	tags      []manifest
	pushed    []Pushed

	mu   sync.Mutex // guards done and calls of Progress
	done int
}

// blob is a layer or configuration, with the repositories that need it in one registry.
type blob struct {
	layer v1.Layer
	repos []name.Repository
}

// manifest is a manifest or index with its reference.
type manifest struct {
	what string
	ref  name.Reference
	part remote.Taggable
	size int64
}

// add adds one image.
func (p *push) add(e entry, prefix string) error {
	full := e.name
	if prefix != "" {
		full = strings.TrimSuffix(prefix, "/") + "/" + e.name
	}
	tag, err := name.NewTag(full)
	if err != nil {
		return fmt.Errorf("the name of the image %s is not valid in a registry: %w", e.name, err)
	}
	images, err := e.images()
	if err != nil {
		return err
	}
	for _, image := range images {
		if err := p.addBlobs(tag.Repository, image); err != nil {
			return fmt.Errorf("reading the image %s: %w", e.name, err)
		}
		if err := p.addManifest(tag.Repository, image); err != nil {
			return fmt.Errorf("reading the image %s: %w", e.name, err)
		}
	}
	var part remote.Taggable = e.image
	if e.index != nil {
		part = e.index
		if err := p.addManifest(tag.Repository, e.index); err != nil {
			return fmt.Errorf("reading the image %s: %w", e.name, err)
		}
	}
	p.tags = append(p.tags, manifest{"tag", tag, part, e.desc.Size})
	p.pushed = append(p.pushed, Pushed{Name: e.name, Reference: tag.Name(), Digest: e.desc.Digest.String()})
	return nil
}

// addManifest adds a manifest or index by its digest, once.
func (p *push) addManifest(repo name.Repository, part interface {
	remote.Taggable
	partial.Describable
}) error {
	id, err := part.Digest()
	if err != nil {
		return err
	}
	size, err := part.Size()
	if err != nil {
		return err
	}
	ref := repo.Digest(id.String())
	for _, m := range p.manifests {
		if m.ref.Name() == ref.Name() {
			return nil
		}
	}
	p.manifests = append(p.manifests, manifest{"manifest", ref, part, size})
	return nil
}

// addBlobs adds the image's layers and configuration.
func (p *push) addBlobs(repo name.Repository, image v1.Image) error {
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	config, err := partial.ConfigLayer(image)
	if err != nil {
		return err
	}
	for _, layer := range append(layers, config) {
		if err := p.addBlob(repo, layer); err != nil {
			return err
		}
	}
	return nil
}

func (p *push) addBlob(repo name.Repository, layer v1.Layer) error {
	id, err := layer.Digest()
	if err != nil {
		return err
	}
	for _, b := range p.blobs {
		known, err := b.layer.Digest()
		if err != nil {
			return err
		}
		if known != id || b.repos[0].RegistryStr() != repo.RegistryStr() {
			continue
		}
		for _, r := range b.repos {
			if r.Name() == repo.Name() {
				return nil
			}
		}
		b.repos = append(b.repos, repo)
		return nil
	}
	p.blobs = append(p.blobs, &blob{layer: layer, repos: []name.Repository{repo}})
	return nil
}

// pushBlobs uploads each blob to its first repository and mounts it from
// there into the others.
func (p *push) pushBlobs(ctx context.Context) error {
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(maxUploads)
	for _, b := range p.blobs {
		eg.Go(func() error {
			id, err := b.layer.Digest()
			if err != nil {
				return err
			}
			size, err := b.layer.Size()
			if err != nil {
				return err
			}
			first := b.repos[0].Digest(id.String())
			for i, repo := range b.repos {
				layer := b.layer
				if i > 0 {
					layer = &remote.MountableLayer{Layer: layer, Reference: first}
				}
				if err := p.remote.Upload(ctx, repo, layer); err != nil {
					return failed(repo.RegistryStr(), fmt.Errorf("pushing blob %s to %s: %w", id, repo, err))
				}
				p.report("blob", repo.Digest(id.String()).Name(), size)
			}
			return nil
		})
	}
	return eg.Wait()
}

// pushManifests pushes the manifests in sequence: each is small, and an index must come after its
// parts.
func (p *push) pushManifests(ctx context.Context, manifests []manifest) error {
	for _, m := range manifests {
		if err := p.remote.Put(ctx, m.ref, m.part); err != nil {
			return failed(m.ref.Context().RegistryStr(), fmt.Errorf("pushing %s: %w", m.ref, err))
		}
		p.report(m.what, m.ref.Name(), m.size)
	}
	return nil
}

func (p *push) report(what, ref string, size int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if p.opts.Progress == nil {
		return
	}
	total := len(p.manifests) + len(p.tags)
	for _, b := range p.blobs {
		total += len(b.repos)
	}
	p.opts.Progress(Progress{What: what, Reference: ref, Size: size, Done: p.done, Total: total})
}
