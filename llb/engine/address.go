//go:build unix

package engine

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	// Imported for dialing addresses with docker, podman, nerdctl, kubectl or ssh.
	_ "github.com/moby/buildkit/client/connhelper/dockercontainer"
	_ "github.com/moby/buildkit/client/connhelper/kubepod"
	_ "github.com/moby/buildkit/client/connhelper/nerdctlcontainer"
	_ "github.com/moby/buildkit/client/connhelper/podmancontainer"
	_ "github.com/moby/buildkit/client/connhelper/ssh"
)

// schemes are the kinds of addresses of engines.
var schemes = []string{"unix", "tcp", "docker-container", "podman-container", "nerdctl-container", "kube-pod", "ssh"}

// CheckAddress checks the form of an [Options].Address without dialing it. The empty address is
// valid.
func CheckAddress(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || !slices.Contains(schemes, u.Scheme) || u.Host == "" && u.Path == "" {
		return fmt.Errorf("expected unix:///PATH, tcp://HOST:PORT, docker-container://NAME, or one that begins with %s", strings.Join(schemes[3:], ", "))
	}
	return nil
}
