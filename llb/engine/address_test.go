//go:build unix

package engine

import "testing"

func TestCheckAddress(t *testing.T) {
	const all = "expected one of buildx:NAME, docker://, docker-container://NAME, kube-deployment://NAME, kube-pod://NAME, nerdctl-container://NAME, podman-container://NAME, ssh://USER@HOST, tcp://HOST:PORT, unix:///PATH"
	for address, want := range map[string]string{
		"": "", "unix:///run/buildkit/buildkitd.sock": "", "tcp://127.0.0.1:1234": "", "ssh://me@example.com": "",
		"docker-container://buildx_buildkit_default": "", "podman-container://b": "", "kube-pod://buildkitd?namespace=ci": "",
		"docker:": "", "docker://": "", "buildx:ci": "", "buildx://ci": "",
		"nonsense": all, "http://example.com": all, "unix://": "expected unix:///PATH", "unix://run/b": "expected unix:///PATH",
		"tcp:1234": "expected tcp://HOST:PORT", "tcp://h": "expected tcp://HOST:PORT", "tcp://:1234": "expected tcp://HOST:PORT", "tcp://[::1]:1234": "", "docker://b": "expected docker://", "buildx:": "expected buildx:NAME", "buildx": "expected buildx:NAME", "docker": "",
		"tcp://a:1,tcp://b:1": "expected one address; layc build takes several with --engine",
		"/run/buildkitd.sock": "did you mean unix:///run/buildkitd.sock?", "tpc://h:1": "did you mean tcp://h:1?", "docker-contianer://b": "did you mean docker-container://b?",
	} {
		got := ""
		if err := CheckAddress(address); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
