package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	hub "github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/sigstore/sigstore/pkg/signature/payload"
)

// The form of signatures in registries, as cosign reads and writes it.
const (
	signedType          = "application/vnd.dev.cosign.simplesigning.v1+json"
	signatureAnnotation = "dev.cosignproject.cosign/signature"
)

// Signer returns the signature of a text.
type Signer interface {
	Sign(text []byte) (string, error)
}

// Sign signs what tags name in registries. The signatures of an image or index are layers of the image
// with the tag sha256-HEX.sig in the same repository, where HEX is the digest. Signatures of others
// stay. What is signed already is not signed again. Sign notes the signature of each tag in pushed,
// also if others are refused.
func (c Client) Sign(ctx context.Context, pushed []Pushed, by Signer) error {
	var all []name.Digest
	tags := map[string][]int{} // indexes in pushed, by what they name
	for n, p := range pushed {
		tag, err := name.NewTag(p.Reference)
		if err != nil {
			return &NameError{p.Name, err}
		}
		id := tag.Context().Digest(p.Digest)
		if tags[id.Name()] == nil {
			all = append(all, id)
		}
		tags[id.Name()] = append(tags[id.Name()], n)
	}
	options := c.usual(ctx)
	puller, err := remote.NewPuller(options...)
	if err != nil {
		return err
	}
	pusher, err := remote.NewPusher(append(options, remote.WithRetryPredicate(transient))...)
	if err != nil {
		return err
	}
	return each(ctx, len(all), maxRequests, func(ctx context.Context, n int) error {
		id := all[n]
		tag := id.Context().Tag(strings.ReplaceAll(id.DigestStr(), ":", "-") + ".sig")
		old, err := signatures(ctx, puller, tag)
		if err != nil {
			return failed(tag.Registry, "pull "+tag.Name(), fmt.Errorf("reading the signatures %s: %w", tag, err))
		}
		signed, err := signedBy(old, id, by)
		if err != nil {
			return err
		}
		if signed != nil {
			if err := pusher.Push(ctx, tag, signed); err != nil {
				return failed(tag.Registry, "push "+tag.Name(), fmt.Errorf("pushing the signature %s: %w", tag, err))
			}
		}
		for _, of := range tags[id.Name()] {
			pushed[of].Signature = tag.Name()
		}
		return nil
	})
}

// signatures returns the image with the signatures of a tag; an empty one if there is none.
func signatures(ctx context.Context, puller *remote.Puller, tag name.Tag) (v1.Image, error) {
	desc, err := puller.Get(ctx, tag)
	if err == nil {
		return desc.Image()
	}
	var answer *hub.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
		return mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), nil
	}
	return nil, err
}

// signedBy adds a signature to others; nil if it is among them.
func signedBy(old v1.Image, id name.Digest, by Signer) (v1.Image, error) {
	text, err := payload.Cosign{Image: id}.MarshalJSON()
	if err != nil {
		return nil, err
	}
	signature, err := by.Sign(text)
	if err != nil {
		return nil, err
	}
	manifest, err := old.Manifest()
	if err != nil {
		return nil, err
	}
	for _, l := range manifest.Layers {
		if l.Annotations[signatureAnnotation] == signature {
			return nil, nil
		}
	}
	return mutate.Append(old, mutate.Addendum{
		Layer:       static.NewLayer(text, signedType),
		Annotations: map[string]string{signatureAnnotation: signature},
	})
}
