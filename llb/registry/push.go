package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	hub "github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"golang.org/x/sync/errgroup"

	"github.com/layc-lang/layc/llb/registry/access"
	"github.com/layc-lang/layc/llb/world/transport"
)

// PushOptions are the options of a push. The zero value is valid.
type PushOptions struct {
	// Sign signs what the tags name, before any of them moves; see [Client.Sign]. May be nil.
	Sign Signer
	// Progress is called after each blob, manifest and tag, and while a blob is sent, from one
	// goroutine at a time. May be nil.
	Progress func(Progress)
	// Places are where the images go. Each has references by the images' names in the layout. An
	// image without one is named by the prefix. Without places there is one with only that.
	Places []map[string]string
}

// State is what a push did to a tag.
type State string

// The states.
const (
	Unchanged State = "unchanged"  // it named the image already
	Moved     State = "pushed"     // it names the image now
	Refused   State = "refused"    // the registry refused it
	NotMoved  State = "not pushed" // the push ended before
)

// Pushed is a tag of an image in a registry.
type Pushed struct {
	Name      string // the image's name in the layout
	Reference string // its name in the registry, with the tag
	Digest    string // of its manifest, or of its index
	State     State
	Err       error  // why it was refused
	Signature string // the reference of what it is signed with; "": it is not
}

// There reports whether the tag names the image.
func (p Pushed) There() bool { return p.State == Moved || p.State == Unchanged }

// NameError is the error for an image whose name no registry accepts.
type NameError struct {
	Name string // of the image in the layout
	Err  error
}

func (e *NameError) Error() string {
	return fmt.Sprintf("the name of the image %s is not valid in a registry: %v", e.Name, e.Err)
}

func (e *NameError) Unwrap() error { return e.Err }

const (
	maxUploads  = 8  // blobs that are sent at once
	maxRequests = 32 // small requests at once
)

// Push pushes the named images of the layout, or all images if there are no names, to all places. It
// returns them by place, in the order of the layout's index, also with an error, with what happened
// to each. An image's reference is its name below the prefix, "registry.example.com/shop" + "/" +
// "app1". Without a prefix it is the name; without a tag, the tag is latest.
//
// A tag that names the image already is not pushed again, and nothing of that image is looked at.
// Of the others, all blobs come first, then all manifests by digest, then all tags. So a pull of a
// tag always gets a complete image, and a failed push moves no tag unless all images are complete in
// all places and, with a signer, signed.
// A tag that is refused does not hold back the others. A blob that several images share is
// uploaded once to each registry, and mounted into the other repositories if the registry
// supports that.
func (c Client) Push(ctx context.Context, dir, prefix string, names []string, opts PushOptions) ([]Pushed, error) {
	entries, err := read(dir, names)
	if err != nil {
		return nil, err
	}
	options := c.usual(ctx)
	p := &push{progress: reporter{show: opts.Progress}, homes: map[string]name.Repository{}}
	places := opts.Places
	if len(places) == 0 {
		places = []map[string]string{nil}
	}
	type one struct{ image, tag string }
	listed := map[one]bool{} // places may be equal
	for _, place := range places {
		for _, e := range entries {
			tag, err := reference(prefix, e.name, place[e.name])
			if err != nil {
				return nil, err
			}
			if listed[one{e.name, tag.Name()}] {
				continue
			}
			listed[one{e.name, tag.Name()}] = true
			p.tags = append(p.tags, &tagged{entry: e, tag: tag})
			p.pushed = append(p.pushed, Pushed{Name: e.name, Reference: tag.Name(), Digest: e.desc.Digest.String(), State: NotMoved})
		}
	}
	if p.puller, err = remote.NewPuller(options...); err != nil {
		return p.pushed, err
	}
	if p.pusher, err = remote.NewPusher(append(options, remote.WithRetryPredicate(transient))...); err != nil {
		return p.pushed, err
	}
	if opts.Sign != nil {
		p.sign = func(ctx context.Context) error { return c.Sign(ctx, p.pushed, opts.Sign) }
	}
	return p.pushed, p.run(ctx)
}

// reference returns the tag of an image: its full name, or else its name below a prefix.
func reference(prefix, image, full string) (name.Tag, error) {
	switch {
	case full != "":
	case prefix == "":
		full = image
	default:
		full = strings.TrimSuffix(prefix, "/") + "/" + image
	}
	tag, err := name.NewTag(full)
	if err != nil {
		return tag, &NameError{image, err}
	}
	return tag, nil
}

// CheckPrefix returns why no image can be pushed below a prefix.
func CheckPrefix(prefix string) error {
	if _, err := name.NewRepository(strings.TrimSuffix(prefix, "/") + "/image"); err != nil || strings.Contains(prefix, "://") {
		return errors.New("expected a host, such as registry.example.com, with an optional path in lower case, and without a protocol")
	}
	return nil
}

// push is one push.
type push struct {
	puller   *remote.Puller
	pusher   *remote.Pusher
	sign     func(context.Context) error // nil: nothing is signed
	progress reporter

	tags      []*tagged
	pushed    []Pushed                   // of each tag
	homes     map[string]name.Repository // by registry and digest: a repository that has the blob
	manifests []*manifest                // parts of an index come before it
	blobs     []*blob
}

// tagged is a named image with its tag in the registry.
type tagged struct {
	entry entry
	tag   name.Tag
}

// manifest is a manifest or index with its reference by digest.
type manifest struct {
	ref   name.Digest
	part  part
	image v1.Image // nil for an index
	there bool     // the repository has it
}

// part is what both images and indexes are.
type part interface {
	remote.Taggable
	partial.Describable
}

// blob is a layer or configuration, with the repositories that need it in one registry.
type blob struct {
	layer v1.Layer
	id    v1.Hash
	size  int64
	repos []name.Repository
	home  *name.Repository // a repository that has it; nil: none is known
}

func (p *push) run(ctx context.Context) error {
	changed, err := p.compare(ctx)
	if err == nil && len(changed) > 0 {
		err = p.send(ctx, changed)
	}
	if err == nil && p.sign != nil {
		err = p.sign(ctx)
	}
	if err != nil || len(changed) == 0 {
		return err
	}
	return p.move(ctx, changed)
}

// send pushes everything that changed tags lead to.
func (p *push) send(ctx context.Context, changed []int) error {
	if err := p.collect(ctx, changed); err != nil {
		return err
	}
	p.progress.begin(p.blobs, p.manifests, len(changed))
	if err := p.pushBlobs(ctx); err != nil {
		return err
	}
	// An index must come after its parts.
	for _, indexes := range []bool{false, true} {
		if err := p.pushManifests(ctx, indexes); err != nil {
			return err
		}
	}
	return nil
}

// compare asks what the tags name. It returns the indexes of the tags that name something else.
func (p *push) compare(ctx context.Context) (changed []int, err error) {
	err = each(ctx, len(p.tags), maxRequests, func(ctx context.Context, n int) error {
		same, err := p.has(ctx, p.tags[n].tag, p.tags[n].entry.desc.Digest)
		if same {
			p.pushed[n].State = Unchanged
		}
		return err
	})
	for n, t := range p.tags {
		if p.pushed[n].State != Unchanged {
			changed = append(changed, n)
			continue
		}
		if err == nil {
			err = p.settle(t)
		}
	}
	return changed, err
}

// settle notes which blobs the repository of an unchanged tag has.
func (p *push) settle(t *tagged) error {
	images, err := t.entry.images()
	if err != nil {
		return unreadable(t.entry.name, err)
	}
	for _, image := range images {
		m, err := image.Manifest()
		if err != nil {
			return unreadable(t.entry.name, err)
		}
		for _, l := range append(slices.Clone(m.Layers), m.Config) {
			p.homes[home(t.tag.Repository, l.Digest)] = t.tag.Repository
		}
	}
	return nil
}

func home(repo name.Repository, id v1.Hash) string { return repo.RegistryStr() + " " + id.String() }

func unreadable(image string, err error) error {
	return fmt.Errorf("reading the image %s: %w", image, err)
}

// has reports whether a reference names a manifest with the digest. A registry that does not tell
// is taken not to have it: the push tells why.
func (p *push) has(ctx context.Context, ref name.Reference, want v1.Hash) (bool, error) {
	desc, err := p.puller.Head(ctx, ref)
	if err == nil {
		return desc.Digest == want, nil
	}
	if err = failed(ref.Context().Registry, "read "+ref.Context().RepositoryStr(), err); ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	var down *UnreachableError
	if errors.As(err, &down) {
		return false, err
	}
	return false, nil
}

// collect collects the manifests and blobs of changed tags that the registry lacks.
func (p *push) collect(ctx context.Context, changed []int) error {
	seen := map[string]bool{}
	add := func(repo name.Repository, of part, image v1.Image) error {
		id, err := of.Digest()
		if ref := repo.Digest(id.String()); err == nil && !seen[ref.Name()] {
			seen[ref.Name()] = true
			p.manifests = append(p.manifests, &manifest{ref: ref, part: of, image: image})
		}
		return err
	}
	for _, n := range changed {
		t := p.tags[n]
		images, err := t.entry.images()
		for _, image := range images {
			if err == nil {
				err = add(t.tag.Repository, image, image)
			}
		}
		if err == nil && t.entry.index != nil {
			err = add(t.tag.Repository, t.entry.index, nil)
		}
		if err != nil {
			return unreadable(t.entry.name, err)
		}
	}
	err := each(ctx, len(p.manifests), maxRequests, func(ctx context.Context, n int) error {
		m := p.manifests[n]
		id, err := m.part.Digest()
		if err == nil {
			m.there, err = p.has(ctx, m.ref, id)
		}
		return err
	})
	if err != nil {
		return err
	}
	p.manifests = slices.DeleteFunc(p.manifests, func(m *manifest) bool { return m.there })
	known := map[string]*blob{}
	for _, m := range p.manifests {
		if m.image == nil {
			continue
		}
		if err := p.addBlobs(m.ref.Repository, m.image, known); err != nil {
			return unreadable(m.ref.Name(), err)
		}
	}
	return nil
}

// addBlobs adds an image's layers and configuration. known has the blobs so far, by registry and
// digest.
func (p *push) addBlobs(repo name.Repository, image v1.Image, known map[string]*blob) error {
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	config, err := partial.ConfigLayer(image)
	if err != nil {
		return err
	}
	for _, layer := range append(layers, config) {
		id, err := layer.Digest()
		if err != nil {
			return err
		}
		key := home(repo, id)
		b := known[key]
		if b == nil {
			size, err := layer.Size()
			if err != nil {
				return err
			}
			b = &blob{layer: layer, id: id, size: size}
			if at, ok := p.homes[key]; ok {
				b.home = &at
			}
			known[key] = b
			p.blobs = append(p.blobs, b)
		}
		if !slices.ContainsFunc(b.repos, func(r name.Repository) bool { return r.Name() == repo.Name() }) {
			b.repos = append(b.repos, repo)
		}
	}
	return nil
}

// pushBlobs uploads each blob to its first repository, unless another one has it, and mounts it from
// there into the others.
func (p *push) pushBlobs(ctx context.Context) error {
	return each(ctx, len(p.blobs), maxUploads, func(ctx context.Context, n int) error {
		b := p.blobs[n]
		for _, repo := range b.repos {
			layer := v1.Layer(&counted{Layer: b.layer, report: &p.progress})
			if b.home != nil && b.home.Name() != repo.Name() {
				layer = &remote.MountableLayer{Layer: layer, Reference: b.home.Digest(b.id.String())}
			}
			if err := p.pusher.Upload(ctx, repo, layer); err != nil {
				return refused(ctx, repo, fmt.Errorf("pushing blob %s to %s: %w", b.id, repo, err))
			}
			p.progress.done("blob", repo.Digest(b.id.String()).Name(), b.size)
			b.home = &repo
		}
		return nil
	})
}

// pushManifests pushes the manifests of images, or those of indexes.
func (p *push) pushManifests(ctx context.Context, indexes bool) error {
	return each(ctx, len(p.manifests), maxRequests, func(ctx context.Context, n int) error {
		m := p.manifests[n]
		if (m.image == nil) != indexes {
			return nil
		}
		if err := p.pusher.Put(ctx, m.ref, m.part); err != nil {
			return refused(ctx, m.ref.Context(), fmt.Errorf("pushing %s: %w", m.ref, err))
		}
		size, err := m.part.Size()
		p.progress.done("manifest", m.ref.Name(), size)
		return err
	})
}

// move moves the changed tags. It tries all of them, unless a registry cannot be reached any more,
// and returns the first error.
func (p *push) move(ctx context.Context, changed []int) error {
	err := each(ctx, len(changed), maxRequests, func(ctx context.Context, i int) error {
		n := changed[i]
		t := p.tags[n]
		var of remote.Taggable = t.entry.image
		if t.entry.index != nil {
			of = t.entry.index
		}
		err := p.pusher.Put(ctx, t.tag, of)
		if err == nil {
			p.pushed[n].State = Moved
			p.progress.done("tag", t.tag.Name(), t.entry.desc.Size)
			return nil
		}
		err = refused(ctx, t.tag.Repository, fmt.Errorf("pushing %s: %w", t.tag, err))
		var down *UnreachableError
		if errors.As(err, &down) || ctx.Err() != nil {
			return err
		}
		p.pushed[n].State, p.pushed[n].Err = Refused, err
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range p.pushed {
		if t.Err != nil {
			return t.Err
		}
	}
	return nil
}

// refused returns the error of a request that pushes to a repository.
func refused(ctx context.Context, repo name.Repository, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return unfit(repo, failed(repo.Registry, "push to "+repo.RepositoryStr(), err))
}

// transient reports whether an upload may succeed if it starts again.
func transient(err error) bool {
	var response *hub.Error
	var status *transport.StatusError
	var denied *access.DeniedError // of another request, which has ended this one
	var down *UnreachableError     // likewise
	var unfit *UnfitError          // likewise
	switch {
	case err == nil, errors.As(err, &denied), errors.As(err, &down), errors.As(err, &unfit):
		return false
	case errors.As(err, &response):
		return response.Temporary()
	case errors.As(err, &status), errors.Is(err, context.Canceled), strings.Contains(err.Error(), "x509:"), strings.Contains(err.Error(), "tls:"):
		return false
	}
	return isNetwork(err)
}

// each calls do for all numbers below count, at most limit at once, until one fails.
func each(ctx context.Context, count, limit int, do func(context.Context, int) error) error {
	eg, within := errgroup.WithContext(ctx)
	eg.SetLimit(limit)
	for n := range count {
		if within.Err() != nil {
			break
		}
		eg.Go(func() error { return do(within, n) })
	}
	if err := eg.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}
