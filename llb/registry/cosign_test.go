package registry

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layc-lang/layc/llb/sign"
)

// TestCosign signs with a key that cosign made, and has cosign verify the signature.
func TestCosign(t *testing.T) {
	if os.Getenv("LAYC_REQUIRE_COSIGN") == "" {
		t.Skip("needs cosign: run make cosign")
	}
	cosign := func(args ...string) (string, error) {
		text, err := exec.Command("../../bin/layc-cosign", args...).CombinedOutput()
		return string(text), err
	}
	keys, others := t.TempDir(), t.TempDir()
	for _, dir := range []string{keys, others} {
		if text, err := cosign("generate", dir, "secret"); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	private, err := os.ReadFile(filepath.Join(keys, "cosign.key"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := sign.Read(private, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t)
	var pushed []Pushed
	for _, app := range []string{"signed", "unsigned"} {
		tag, err := name.NewTag(s.host + "/shop/" + app + ":1")
		if err != nil {
			t.Fatal(err)
		}
		index, err := random.Index(10, 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.WriteIndex(tag, index); err != nil {
			t.Fatal(err)
		}
		digest, err := index.Digest()
		if err != nil {
			t.Fatal(err)
		}
		pushed = append(pushed, Pushed{Name: app, Reference: tag.Name(), Digest: digest.String()})
	}
	if err := (Client{}).Sign(t.Context(), pushed[:1], key); err != nil {
		t.Fatal(err)
	}
	text, err := cosign("verify", filepath.Join(keys, "cosign.pub"), pushed[0].Reference)
	if err != nil || !strings.Contains(text, pushed[0].Digest) {
		t.Errorf("cosign does not verify the signature: %v: %s", err, text)
	}
	if text, err := cosign("verify", filepath.Join(others, "cosign.pub"), pushed[0].Reference); err == nil {
		t.Errorf("cosign verifies the signature with another key: %s", text)
	}
	if text, err := cosign("verify", filepath.Join(keys, "cosign.pub"), pushed[1].Reference); err == nil {
		t.Errorf("cosign verifies an image without a signature: %s", text)
	}
}
