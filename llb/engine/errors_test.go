//go:build unix

package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestPlain(t *testing.T) {
	for in, want := range map[error]string{
		errors.New("anything else"): "anything else",
		fmt.Errorf("making it: %w", &fs.PathError{Op: "mkdir", Path: "/x", Err: fs.ErrPermission}):                                                                   "permission denied",
		errors.New(`failed to call info: Unavailable: connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:9: connect: connection refused"`): "dial tcp 127.0.0.1:9: connect: connection refused",
		errors.New(`rpc error: code = Unavailable desc = error reading server preface: EOF`):                                                                         "EOF",
	} {
		if got := plain(in).Error(); got != want {
			t.Errorf("%v: got %q, want %q", in, got, want)
		}
	}
}

// TestNetworkFailure checks what counts as a failure of the network: what a server
// does wrong does, a wrong checksum does not.
func TestNetworkFailure(t *testing.T) {
	for message, want := range map[string]bool{
		`Get "http://example.com/a": EOF`:                                                true,
		`Get "http://example.com/a": stopped after 10 redirects`:                         true,
		`Get "http://example.com/a": net/http: HTTP/1.x transport: malformed HTTP reply`: true,
		`Get "https://example.com/a": http: server gave HTTP response to HTTPS client`:   true,
		`Get "http://example.com/a": dial tcp 127.0.0.1:9: connect: connection refused`:  true,
		`digest mismatch sha256:00: sha256:11`:                                           false,
	} {
		if got := isNetworkFailure(errors.New(message)); got != want {
			t.Errorf("%s: %t, want %t", message, got, want)
		}
	}
}

// TestReachHelp pins the help for registries that cannot be reached for reasons that settings remove.
func TestReachHelp(t *testing.T) {
	const image = "docker-image://registry.example.com:5000/base:1"
	for text, want := range map[string]string{
		"tls: failed to verify certificate: x509: certificate signed by unknown authority": "pass the certificate of its authority with --registry-ca, or put it into a directory of certs.d",
		"http: server gave HTTP response to HTTPS client":                                  "it does not speak TLS: if that is right, pass --insecure registry.example.com:5000",
		"connection refused": "check the network and proxy settings, and run the command again",
	} {
		if got := reachHelp(image, errors.New(text)); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
