//go:build unix

package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
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

// TestReachHelp pins the help for registries that an image does not come from, on the built-in engine and
// on another one.
func TestReachHelp(t *testing.T) {
	const image, file = "docker-image://registry.example.com:5000/base:1", "https://example.com/a"
	const own = "that BuildKit has settings of its own for registries: "
	const again = "check the network and proxy settings, and run the command again"
	for _, c := range []struct{ remote, text, here, elsewhere string }{
		{
			image, "tls: failed to verify certificate: x509: certificate signed by unknown authority",
			"pass the certificate of its authority with --registry-ca, or put it into a directory of certs.d",
			own + "name the certificate of the authority in its buildkitd.toml, as ca of the registry registry.example.com:5000",
		},
		{
			image, "http: server gave HTTP response to HTTPS client", "it does not speak TLS: if that is right, pass --insecure registry.example.com:5000",
			own + "if the registry has no TLS, write http = true in its buildkitd.toml, for the registry registry.example.com:5000",
		},
		{image, "connection refused", again, again},
		{file, "x509: certificate signed by unknown authority", again, again},
		{
			image, "failed to solve: unexpected status from HEAD request to https://registry.example.com:5000/v2/base/manifests/1: 503 Service Unavailable",
			"the registry is busy or failing: run the command again later", "the registry is busy or failing: run the command again later",
		},
		{
			image, "unexpected status from GET request to https://registry.example.com:5000/v2/base/manifests/1: 418 I'm a teapot",
			"check that registry.example.com:5000 is a registry that has the image, and run the command again",
			"check that registry.example.com:5000 is a registry that has the image, and run the command again",
		},
		{
			image, "failed to solve: registry.example.com:5000/base:1: not found",
			"the registry does not have the image any more: correct its name, or run `layc update`", "the registry does not have the image any more: correct its name, or run `layc update`",
		},
		{
			image, "failed to copy: httpReadSeeker: read past expected size 480: failed precondition",
			"the server sends something else than the image: check its name, and whether a proxy answers for it",
			"the server sends something else than the image: check its name, and whether a proxy answers for it",
		},
		{
			image, "unexpected media type text/html for sha256:00: not found",
			"the server sends something else than the image: check its name, and whether a proxy answers for it",
			"the server sends something else than the image: check its name, and whether a proxy answers for it",
		},
	} {
		for elsewhere, want := range map[bool]string{false: c.here, true: c.elsewhere} {
			if got := reachHelp(c.remote, errors.New(c.text), elsewhere); got != want {
				t.Errorf("%s, elsewhere %t: got %q, want %q", c.text, elsewhere, got, want)
			}
		}
	}
}

// TestUnserved checks what is told of a registry's response, in words of layc's own transport and of
// BuildKit.
func TestUnserved(t *testing.T) {
	const image = "docker-image://registry.example.com/base:1@sha256:00"
	for text, want := range map[string]string{
		`Get "https://registry.example.com/v2/": the server responded with 429 Too Many Requests; retry in 2h30m: x`: "the server responded with 429 Too Many Requests; retry in 2h30m",
		`Get "https://registry.example.com/v2/": the server responded with 503 Service Unavailable, 4 times`:         "the server responded with 503 Service Unavailable, 4 times",
	} {
		if got := serverSays().FindString(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	got := Unserved("", image, errors.New("the server responded with 429 Too Many Requests; retry in 2h"))
	if want := "cannot pull registry.example.com/base:1@sha256:00: the server responded with 429 Too Many Requests; retry in 2h\n" +
		"the registry is busy or failing: run the command again later"; got.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for text, want := range map[string]string{
		"failed to solve: unexpected status from HEAD request to http://h/v2/a/manifests/1: 500 Internal Server Error\n": "the server responded with 500 Internal Server Error",
		"short read: expected 349 bytes but got 100: unexpected EOF":                                                     "short read: expected 349 bytes but got 100: unexpected EOF",
	} {
		if got := pullCause(errors.New(text)).Error(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestSaid checks that a program's own words are told, and not its log.
func TestSaid(t *testing.T) {
	const log = "E1127 06:48:48.884190    3832 memcache.go:265] \"Unhandled Error\" err=\"x\"\n"
	for text, want := range map[string]string{
		"command [kubectl] has exited, make sure x: stderr=" + log + log + "The connection was refused\nsee above\n": "The connection was refused see above",
		"command [kubectl] has exited, make sure x: stderr=" + log:                                                   strings.TrimSpace(strings.ReplaceAll(log, "    ", " ")),
		"command [ssh] has exited: stderr=ssh: no route to host":                                                     "ssh: no route to host",
	} {
		if got := said(errors.New(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
