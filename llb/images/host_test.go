package images

import "testing"

// TestThisHost checks that an engine elsewhere gets the network settings of this machine only if
// that is wanted.
func TestThisHost(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
	t.Setenv("SSH_AUTH_SOCK", "/agent")
	own, other := ThisHost(true), ThisHost(false)
	if got := string(own.Network["layc.HTTPS_PROXY"]); got != "http://proxy.example.com:3128" {
		t.Errorf("the proxy is %q", got)
	}
	if len(other.Network) > 0 || other.SSHAgent != "/agent" {
		t.Errorf("another engine gets %d settings, and the agent %q", len(other.Network), other.SSHAgent)
	}
}
