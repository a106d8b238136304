package attest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

var image = digest.FromString("image")

// statement is in-toto's form, as a reader without its library knows it.
type statement struct {
	Type    string `json:"_type"`
	Subject []struct {
		Name   string
		Digest map[string]string
	}
	PredicateType string
	Predicate     struct {
		BuildDefinition struct {
			BuildType            string
			ExternalParameters   map[string]any
			ResolvedDependencies []struct {
				Name, URI string
				Digest    map[string]string
			}
		}
		RunDetails struct {
			Builder struct {
				ID      string
				Version map[string]string
			}
		}
	}
}

func build() Build {
	return Build{
		Builder: DefaultBuilder, Versions: map[string]string{"layc": "1.0", "buildkit": "v0.34.2"}, App: "app", Platform: "linux/amd64",
		Parameters: map[string]string{"mirror": "https://user:hunter2@example.com/", "b": "2"},
		Materials: []Material{
			{Name: "fleet.layer", Digest: digest.FromString("fleet")},
			{URI: GitURI("https://user:hunter2@git.example.com/layers.git", "v1"), Commit: strings.Repeat("3f", 20)},
			{URI: "pkg:deb/debian/jq@1.6", Digest: digest.FromString("jq")},
		},
	}
}

func TestProvenance(t *testing.T) {
	predicate, err := build().Predicate()
	if err != nil {
		t.Fatal(err)
	}
	s, err := State(Provenance, Subject{[]string{"pkg:docker/app@1", "pkg:docker/app@latest"}, image}, predicate)
	if err != nil {
		t.Fatal(err)
	}
	var got statement
	if err := json.Unmarshal(s.Text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "https://in-toto.io/Statement/v1" || got.PredicateType != Provenance || s.PredicateType != Provenance {
		t.Errorf("the types are %s, %s, %s", got.Type, got.PredicateType, s.PredicateType)
	}
	if len(got.Subject) != 2 || got.Subject[1].Name != "pkg:docker/app@latest" || got.Subject[1].Digest["sha256"] != image.Encoded() {
		t.Errorf("the subject is %v", got.Subject)
	}
	of := got.Predicate.BuildDefinition
	want := map[string]any{"app": "app", "platform": "linux/amd64", "set": map[string]any{"mirror": "https://***@example.com/", "b": "2"}}
	if !reflect.DeepEqual(of.ExternalParameters, want) {
		t.Errorf("the parameters are %v", of.ExternalParameters)
	}
	if m := of.ResolvedDependencies; len(m) != 3 || m[0].Name != "fleet.layer" || m[0].Digest["sha256"] != digest.FromString("fleet").Encoded() ||
		m[1].URI != "git+https://***@git.example.com/layers.git@v1" || m[1].Digest["gitCommit"] != strings.Repeat("3f", 20) || m[2].URI != "pkg:deb/debian/jq@1.6" {
		t.Errorf("the materials are %v", m)
	}
	if b := got.Predicate.RunDetails.Builder; b.ID != DefaultBuilder || b.Version["buildkit"] != "v0.34.2" {
		t.Errorf("the builder is %v", b)
	}
	if again, err := build().Predicate(); err != nil || !bytes.Equal(again, predicate) {
		t.Errorf("the same build has two predicates: %v", err)
	}
	if bytes.Contains(s.Text, []byte("hunter2")) || bytes.Contains(s.Text, []byte(" ")) {
		t.Errorf("the statement has a password or spaces:\n%s", s.Text)
	}
}

// TestAttach checks the form in which BuildKit attaches attestations.
func TestAttach(t *testing.T) {
	bill := Statement{SPDX, []byte(`{"a":1}`)}
	a, err := Attach(image, []Statement{bill, {Provenance, []byte(`{"b":2}`)}})
	if err != nil {
		t.Fatal(err)
	}
	d := a.Descriptor
	if !IsManifest(d) || d.Annotations["vnd.docker.reference.type"] != "attestation-manifest" || d.Annotations["vnd.docker.reference.digest"] != image.String() ||
		d.Platform.OS != "unknown" || d.Platform.Architecture != "unknown" || d.MediaType != ocispecs.MediaTypeImageManifest {
		t.Errorf("the descriptor is %+v", d)
	}
	blobs := map[digest.Digest][]byte{}
	for _, b := range a.Blobs {
		blobs[digest.FromBytes(b)] = b
	}
	var manifest ocispecs.Manifest
	if err := json.Unmarshal(blobs[d.Digest], &manifest); err != nil {
		t.Fatal(err)
	}
	if int64(len(blobs[d.Digest])) != d.Size || len(manifest.Layers) != 2 || len(blobs) != 4 {
		t.Fatalf("the manifest is %s of %d blobs", blobs[d.Digest], len(blobs))
	}
	first := manifest.Layers[0]
	if !bytes.Equal(blobs[first.Digest], bill.Text) || first.MediaType != "application/vnd.in-toto+json" || first.Annotations["in-toto.io/predicate-type"] != SPDX {
		t.Errorf("the first layer is %+v", first)
	}
	var config ocispecs.Image
	if err := json.Unmarshal(blobs[manifest.Config.Digest], &config); err != nil || config.OS != "unknown" || len(config.RootFS.DiffIDs) != 2 || config.RootFS.DiffIDs[0] != first.Digest {
		t.Errorf("the configuration is %s, %v", blobs[manifest.Config.Digest], err)
	}
	if IsManifest(ocispecs.Descriptor{Digest: image}) {
		t.Error("an image is taken for attestations")
	}
}

func TestNotJSON(t *testing.T) {
	if _, err := State(SPDX, Subject{[]string{"a"}, image}, []byte("no")); err == nil {
		t.Error("a predicate that is not JSON was accepted")
	}
}
