// Package attest makes attestations of images: statements in the format of in-toto about what is in
// an image and how it was built, and manifests that attach statements to an image.
//
// Everything is a function of what it is given, so equal builds have equal attestations. There is no
// time of day in them, no name of a machine and no secret.
package attest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/moby/buildkit/util/attestation"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// The types of predicates.
const (
	SPDX       = "https://spdx.dev/Document"
	Provenance = "https://slsa.dev/provenance/v1"
)

// The media type of statements, and the annotation of a layer with the type of its predicate.
const (
	mediaType     = "application/vnd.in-toto+json"
	predicateType = "in-toto.io/predicate-type"
)

// Statement says something about images.
type Statement struct {
	PredicateType string
	Text          []byte // JSON
}

// Subject is an image with its names.
type Subject struct {
	Names  []string // package URLs
	Digest digest.Digest
}

// State makes a statement about an image. The predicate is JSON.
func State(kind string, about Subject, predicate []byte) (Statement, error) {
	var content structpb.Struct
	if err := protojson.Unmarshal(predicate, &content); err != nil {
		return Statement{}, err
	}
	s := &intoto.Statement{Type: intoto.StatementTypeUri, PredicateType: kind, Predicate: &content}
	for _, name := range about.Names {
		s.Subject = append(s.Subject, &intoto.ResourceDescriptor{Name: name, Digest: digests(about.Digest)})
	}
	if err := s.Validate(); err != nil {
		return Statement{}, err
	}
	text, err := marshal(s)
	return Statement{kind, text}, err
}

// digests returns a digest in in-toto's form.
func digests(id digest.Digest) map[string]string {
	return map[string]string{id.Algorithm().String(): id.Encoded()}
}

// marshal returns a message as JSON. It removes the spaces that protojson inserts at random, so that
// nobody relies on its bytes.
func marshal(m proto.Message) ([]byte, error) {
	text, err := protojson.Marshal(m)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Compact(&out, text)
	return out.Bytes(), err
}

// IsManifest reports whether a manifest in an index only has attestations of another one.
func IsManifest(desc ocispecs.Descriptor) bool {
	return desc.Annotations[attestation.DockerAnnotationReferenceType] != ""
}

// Attachment is a manifest with statements about an image.
type Attachment struct {
	Descriptor ocispecs.Descriptor // for the index that has the image, too
	Blobs      [][]byte            // the manifest, and all that it refers to
}

// Attach makes the manifest that attaches statements to an image in the same index. It has the form
// of BuildKit's attestations.
func Attach(image digest.Digest, statements []Statement) (Attachment, error) {
	var a Attachment
	add := func(kind string, text []byte) ocispecs.Descriptor {
		a.Blobs = append(a.Blobs, text)
		return ocispecs.Descriptor{MediaType: kind, Digest: digest.FromBytes(text), Size: int64(len(text))}
	}
	manifest := ocispecs.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageManifest}
	config := ocispecs.Image{Platform: unknown, RootFS: ocispecs.RootFS{Type: "layers"}}
	for _, s := range statements {
		layer := add(mediaType, s.Text)
		layer.Annotations = map[string]string{predicateType: s.PredicateType}
		manifest.Layers = append(manifest.Layers, layer)
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, layer.Digest)
	}
	text, err := json.Marshal(config)
	if err != nil {
		return a, err
	}
	manifest.Config = add(ocispecs.MediaTypeImageConfig, text)
	if text, err = json.Marshal(manifest); err != nil {
		return a, err
	}
	a.Descriptor = add(ocispecs.MediaTypeImageManifest, text)
	a.Descriptor.Platform = &unknown
	a.Descriptor.Annotations = map[string]string{
		attestation.DockerAnnotationReferenceType:   attestation.DockerAnnotationReferenceTypeDefault,
		attestation.DockerAnnotationReferenceDigest: image.String(),
	}
	return a, nil
}

// unknown is the platform of manifests without an image, so that nothing runs them.
var unknown = ocispecs.Platform{OS: "unknown", Architecture: "unknown"}

// sorted returns the keys of a map.
func sorted(m map[string]string) []string { return slices.SortedFunc(maps.Keys(m), strings.Compare) }
