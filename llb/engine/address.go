//go:build unix

package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	// Imported for dialing addresses with docker, podman, nerdctl, kubectl or ssh.
	_ "github.com/moby/buildkit/client/connhelper/dockercontainer"
	_ "github.com/moby/buildkit/client/connhelper/kubepod"
	_ "github.com/moby/buildkit/client/connhelper/nerdctlcontainer"
	_ "github.com/moby/buildkit/client/connhelper/podmancontainer"
	_ "github.com/moby/buildkit/client/connhelper/ssh"

	"github.com/layc-lang/layc/lang/diag"
)

// forms are the kinds of addresses, each with the rest of an example.
var forms = map[string]string{
	"unix": "///PATH", "tcp": "//HOST:PORT", "ssh": "//USER@HOST", "docker": "//", "docker-container": "//NAME",
	"podman-container": "//NAME", "nerdctl-container": "//NAME", "kube-pod": "//NAME", "kube-deployment": "//NAME", "buildx": "NAME",
}

// Addresses lists the forms of addresses.
func Addresses() []string {
	var all []string
	for _, form := range slices.Sorted(maps.Keys(forms)) {
		all = append(all, form+":"+forms[form])
	}
	return all
}

// CheckAddress checks the form of an [Options].Address without dialing it. The empty address is
// valid.
func CheckAddress(address string) error {
	if address == "" {
		return nil
	}
	_, _, err := splitAddress(address)
	return err
}

// splitAddress returns the kind of an address, and what follows it without slashes.
func splitAddress(address string) (kind, rest string, err error) {
	if strings.Contains(address, ",") {
		return "", "", errors.New("expected one address; layc build takes several with --engine")
	}
	kind, rest, _ = strings.Cut(address, ":")
	rest = strings.TrimPrefix(rest, "//")
	if _, ok := forms[kind]; !ok {
		if near := diag.Nearest(kind, slices.Sorted(maps.Keys(forms))); near != "" && kind != address {
			return "", "", fmt.Errorf("did you mean %s:%s?", near, address[len(kind)+1:])
		}
		if filepath.IsAbs(address) {
			return "", "", fmt.Errorf("did you mean unix://%s?", address)
		}
		return "", "", fmt.Errorf("expected one of %s", strings.Join(Addresses(), ", "))
	}
	switch {
	case kind == "docker" && rest != "", kind != "docker" && rest == "":
	case kind == "buildx" || kind == "docker":
		return kind, rest, nil
	case kind == "kube-deployment" && strings.HasPrefix(address, kind+"://"):
		_, err := parseDeployment(address)
		return kind, rest, err
	case strings.HasPrefix(address, kind+"://"):
		u, err := url.Parse(address)
		if err == nil && (kind != "unix" || filepath.IsAbs(rest)) && (kind != "tcp" || u.Hostname() != "" && u.Port() != "") {
			return kind, rest, nil
		}
	}
	return "", "", fmt.Errorf("expected %s:%s", kind, forms[kind])
}

// way is how to connect to an engine elsewhere.
type way struct {
	address string // "" for the one in Docker
	options []client.ClientOpt
	// secured: with TLS. anonymous: with TLS, but without a certificate of the user's.
	secured, anonymous bool
}

// find returns the way to an address. certs is a directory with ca.pem, cert.pem and key.pem for a
// server that wants TLS; "" if it does not. An error is an *UnavailableError, or the cause of ctx's end.
func find(ctx context.Context, address, certs string) (way, error) {
	kind, rest, err := splitAddress(address)
	if err != nil {
		return way{}, &UnavailableError{What: fmt.Sprintf("%s is not the address of a BuildKit", address), Help: err.Error()}
	}
	switch kind {
	case "docker":
		return way{options: []client.ClientOpt{client.WithContextDialer(dialDocker)}}, nil
	case "buildx":
		name, node, _ := strings.Cut(rest, "/")
		builder, err := buildxBuilder(name)
		if err != nil {
			return way{}, err
		}
		return builder.way(ctx, node)
	case "kube-deployment":
		d, err := parseDeployment(address)
		if err != nil {
			return way{}, err
		}
		return d.way(ctx)
	}
	w := way{address: address}
	if certs == "" {
		return w, nil
	}
	if kind != "tcp" {
		return way{}, &UnavailableError{What: fmt.Sprintf("only tcp:// has certificates, not %s", address), Help: "omit --tlsdir"}
	}
	err = w.secure(filepath.Join(certs, "ca.pem"), filepath.Join(certs, "cert.pem"), filepath.Join(certs, "key.pem"), "")
	return w, err
}

// usable returns why files of certificates cannot be used; "": there is none. It names each that cannot be
// read.
func usable(ca, cert, key string) error {
	var lost []string
	texts := map[string][]byte{}
	for _, file := range []string{ca, cert, key} {
		if file == "" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			lost = append(lost, fmt.Sprintf("%s: %v", file, plain(err)))
		}
		texts[file] = text
	}
	switch {
	case len(lost) > 0:
		return errors.New(strings.Join(lost, "; "))
	case ca != "" && !x509.NewCertPool().AppendCertsFromPEM(texts[ca]):
		return fmt.Errorf("%s has no certificates in PEM", ca)
	case cert == "":
		return nil
	}
	if _, err := tls.X509KeyPair(texts[cert], texts[key]); err != nil {
		return fmt.Errorf("%s and %s are not a certificate and its key in PEM: %w", cert, key, err)
	}
	return nil
}

// secure adds TLS with the files of certificates; "": without that one.
func (w *way) secure(ca, cert, key, server string) error {
	if err := usable(ca, cert, key); err != nil {
		return &UnavailableError{
			What: "cannot read the certificates for " + w.address, Help: "name a directory with ca.pem, cert.pem and key.pem with --tlsdir", Err: err,
		}
	}
	if server == "" {
		if u, err := url.Parse(w.address); err == nil {
			server = u.Hostname()
		}
	}
	w.secured, w.anonymous = true, cert == ""
	w.options = append(w.options, client.WithServerConfig(server, ca))
	if cert != "" {
		w.options = append(w.options, client.WithCredentials(cert, key))
	}
	return nil
}
