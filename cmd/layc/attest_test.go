package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	images "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/llb/registry"
)

// attests builds the shop again, with attestations. Its images stay the same: their names lead to
// indexes, in a layout and in a registry, which have the statements too.
func (s *shop) attests(first jsonResult) {
	server := httptest.NewServer(images.New(images.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	prefix := strings.TrimPrefix(server.URL, "http://") + "/shop"
	out, key := filepath.Join(s.TempDir(), "out"), filepath.Join(s.TempDir(), "key.pem")
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		s.Fatal(err)
	}
	s.write(filepath.Dir(key), "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	var result jsonResult
	text := s.layc("build", "-C", s.dir, "--state", s.state, "-o", out, "--push", "--registry", prefix, "--sbom", "--attest", "type=provenance,builder-id=https://ci.example.com/1", "--sign", key, "--json")
	if err := json.Unmarshal([]byte(text), &result); err != nil {
		s.Fatal(err)
	}
	if err := registry.Validate(out); err != nil {
		s.Error(err)
	}
	for _, i := range first.Images {
		if got := result.image(i.Name).Digest; got != i.Digest {
			s.Errorf("with attestations %s is %s, want %s", i.Name, got, i.Digest)
		}
		statements := attached(s.T, prefix+"/"+i.Name, i.Digest)
		hasSignature(s.T, prefix+"/"+i.Name)
		if got := []string{statements[0].PredicateType, statements[1].PredicateType}; !slices.Equal(got, []string{"https://spdx.dev/Document", "https://slsa.dev/provenance/v1"}) {
			s.Errorf("%s has the statements %v", i.Name, got)
		}
		bill, made := string(statements[0].Predicate), string(statements[1].Predicate)
		for text, want := range map[string]string{
			"pkg:maven/io.openliberty/openliberty-runtime@26.0.0.3": bill, "NOASSERTION": bill, `"id":"https://ci.example.com/1"`: made,
			"pkg:deb/debian/openjdk-17-jdk-headless@": made, `"name":"shop.layer"`: made, `"name":"` + i.Name + `/server.xml"`: made,
		} {
			if !strings.Contains(want, text) {
				s.Errorf("a statement of %s lacks %s", i.Name, text)
			}
		}
		if strings.Contains(made, s.dir) || strings.Contains(made, s.state) {
			s.Errorf("the provenance of %s has paths of this machine", i.Name)
		}
	}
}

// hasSignature checks that what a tag names has a signature.
func hasSignature(t *testing.T, reference string) {
	t.Helper()
	tag, err := name.NewTag(reference)
	if err != nil {
		t.Fatal(err)
	}
	desc, err := remote.Head(tag)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Head(tag.Context().Tag("sha256-" + desc.Digest.Hex + ".sig")); err != nil {
		t.Errorf("%s has no signature: %v", reference, err)
	}
}

// stated is a statement about an image.
type stated struct {
	PredicateType string
	Predicate     json.RawMessage
	Subject       []struct{ Digest map[string]string }
}

// attached pulls the statements about an image whose tag names an index.
func attached(t *testing.T, reference, digest string) (statements []stated) {
	t.Helper()
	tag, err := name.NewTag(reference)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(tag)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 2 || manifest.Manifests[0].Digest.String() != digest || manifest.Manifests[1].Annotations["vnd.docker.reference.digest"] != digest {
		t.Fatalf("the index of %s is %+v", reference, manifest.Manifests)
	}
	if image, err := remote.Image(tag, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"})); err != nil {
		t.Error(err)
	} else if got, err := image.Digest(); err != nil || got.String() != digest {
		t.Errorf("a pull of %s gets %s, want %s", reference, got, digest)
	}
	of, err := index.Image(manifest.Manifests[1].Digest)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := of.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		in, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		var s stated
		err = json.NewDecoder(in).Decode(&s)
		in.Close()
		if err != nil || "sha256:"+s.Subject[0].Digest["sha256"] != digest {
			t.Fatalf("a statement of %s is about %v: %v", reference, s.Subject, err)
		}
		statements = append(statements, s)
	}
	return statements
}

// TestParameters checks that provenance has the parameters and the labels of the command line.
func TestParameters(t *testing.T) {
	a := &attester{build: &build{program: program{set: []string{"size=3"}}}, labels: map[string]string{"team": "ops"}}
	app := attested{app: &model.App{Name: "a"}, graph: &model.Graph{Platform: here}}
	made, err := a.made(app)
	if want := map[string]string{"size": "3", "label:team": "ops"}; err != nil || !maps.Equal(made.Parameters, want) {
		t.Errorf("the parameters are %v, want %v, %v", made.Parameters, want, err)
	}
	a.attests.minimal = true
	if made, err := a.made(app); err != nil || made.Parameters != nil {
		t.Errorf("with mode=min the parameters are %v, %v", made.Parameters, err)
	}
}
