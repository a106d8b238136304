package registry

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/layc-lang/layc/llb/sign"
)

// newKey makes a key, and returns it with its public part.
func newKey(t *testing.T) (*sign.Key, *ecdsa.PublicKey) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := sign.Read(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil)
	if err != nil {
		t.Fatal(err)
	}
	return key, &private.PublicKey
}

// TestSign signs an image with two keys, and reads the signatures as cosign's documentation describes
// them.
func TestSign(t *testing.T) {
	s := newServer(t)
	tag, err := name.NewTag(s.host + "/shop/app:1")
	if err != nil {
		t.Fatal(err)
	}
	image, err := random.Image(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(tag, image); err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	pushed := []Pushed{
		{Name: "app:1", Reference: tag.Name(), Digest: digest.String()},
		{Name: "app:latest", Reference: s.host + "/shop/app:latest", Digest: digest.String()},
	}
	signatures := tag.Context().Tag("sha256-" + digest.Hex + ".sig")
	first, firstPublic := newKey(t)
	second, secondPublic := newKey(t)
	var digests []string
	for _, key := range []*sign.Key{first, first, second, first} {
		if err := (Client{}).Sign(t.Context(), pushed, key); err != nil {
			t.Fatal(err)
		}
		desc, err := remote.Get(signatures)
		if err != nil {
			t.Fatal(err)
		}
		if desc.MediaType != types.OCIManifestSchema1 {
			t.Errorf("the signatures have the media type %s", desc.MediaType)
		}
		digests = append(digests, desc.Digest.String())
	}
	if digests[0] != digests[1] || digests[1] == digests[2] || digests[2] != digests[3] {
		t.Errorf("signing with one, one, another and one key left %v", digests)
	}
	signed, err := remote.Image(signatures)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := signed.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Layers) != 2 {
		t.Fatalf("there are %d signatures, want 2", len(manifest.Layers))
	}
	for n, public := range []*ecdsa.PublicKey{firstPublic, secondPublic} {
		l := manifest.Layers[n]
		layer, err := signed.LayerByDigest(l.Digest)
		if err != nil {
			t.Fatal(err)
		}
		in, err := layer.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		in.Close()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := base64.StdEncoding.DecodeString(l.Annotations["dev.cosignproject.cosign/signature"])
		if sum := sha256.Sum256(text); err != nil || !ecdsa.VerifyASN1(public, sum[:], raw) {
			t.Errorf("signature %d is not valid: %v", n, err)
		}
		var says struct {
			Critical struct {
				Identity struct {
					Reference string `json:"docker-reference"`
				}
				Image struct {
					Digest string `json:"docker-manifest-digest"`
				}
				Type string
			}
		}
		if err := json.Unmarshal(text, &says); err != nil {
			t.Fatal(err)
		}
		if c := says.Critical; c.Identity.Reference != s.host+"/shop/app" || c.Image.Digest != digest.String() || c.Type != "cosign container image signature" {
			t.Errorf("signature %d is of %s", n, text)
		}
	}
	// Others may not sign.
	s.fail = "/manifests/"
	if err := (Client{}).Sign(t.Context(), pushed, newSigner(t)); err == nil || !strings.Contains(err.Error(), "sha256-"+digest.Hex+".sig") {
		t.Errorf("a refused signature is %v", err)
	}
}

// TestSignBeforeTags checks that a push signs an image before its tag moves, and that a signature that
// is refused leaves the tag where it was.
func TestSignBeforeTags(t *testing.T) {
	s := newServer(t)
	dir := shop(t)
	client, opts := Client{}, PushOptions{Sign: newSigner(t)}
	s.fail = ".sig"
	if _, err := client.Push(t.Context(), dir, s.host+"/shop", []string{"app1"}, opts); err == nil || !strings.Contains(err.Error(), ".sig") {
		t.Fatalf("a push whose signature is refused: %v", err)
	}
	tag, err := name.NewTag(s.host + "/shop/app1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Head(tag); err == nil {
		t.Error("the tag moved without a signature")
	}
	s.fail = ""
	for range 2 {
		pushed, err := client.Push(t.Context(), dir, s.host+"/shop", []string{"app1"}, opts)
		if err != nil {
			t.Fatal(err)
		}
		signature := tag.Context().Tag(strings.Replace(pushed[0].Digest, ":", "-", 1) + ".sig")
		if _, err := remote.Head(signature); err != nil || pushed[0].Signature != signature.Name() {
			t.Errorf("the signature is %q, want %s: %v", pushed[0].Signature, signature, err)
		}
	}
}

func newSigner(t *testing.T) Signer {
	key, _ := newKey(t)
	return key
}
