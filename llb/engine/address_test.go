//go:build unix

package engine

import "testing"

func TestCheckAddress(t *testing.T) {
	for address, want := range map[string]bool{
		"": true, "unix:///run/buildkit/buildkitd.sock": true, "tcp://127.0.0.1:1234": true,
		"docker-container://buildx_buildkit_default": true, "kube-pod://buildkitd?namespace=ci": true,
		"nonsense": false, "http://example.com": false, "unix://": false, "tcp:1234": false, "/run/buildkitd.sock": false,
	} {
		if err := CheckAddress(address); (err == nil) != want {
			t.Errorf("%q: %v", address, err)
		}
	}
}
