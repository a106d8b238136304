package registry

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/registry/access"
)

// TestCheckPush checks one repository of each path, and each one that does not exist yet.
func TestCheckPush(t *testing.T) {
	host, requests := serve(t, nil)
	if _, err := (Client{}).Push(t.Context(), shop(t), host+"/shop", nil, PushOptions{}); err != nil {
		t.Fatal(err)
	}
	names := []string{"app1", "app2", "team/tool1", "team/tool2"}
	requests()
	if err := (Client{}).CheckPush(t.Context(), names, below(host+"/shop", names...)); err != nil {
		t.Fatal(err)
	}
	if got := requests(); got["POST upload"] != 3 || got["GET greeting"] != 1 {
		t.Errorf("the requests are %v, want 3 uploads in one session", got)
	}
	err := Client{}.CheckPush(t.Context(), []string{"app:1", "App:1"}, below(host+"/shop", "app:1", "App:1"))
	var invalid *NameError
	if !errors.As(err, &invalid) || invalid.Name != "App:1" {
		t.Errorf("an invalid name: %v", err)
	}
}

// TestCheckPushUnfit asks registries that take no pushes, for several reasons.
func TestCheckPushUnfit(t *testing.T) {
	login(t, "", "", "")
	there := map[string]bool{"shop/app1": true}
	uploads := func(r *http.Request) (string, bool) {
		repo, _, found := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/blobs/uploads/")
		return repo, found && r.Method == http.MethodPost
	}
	var self string
	token := func(answer http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				answer(w, r)
				return true
			}
			if r.Header.Get("Authorization") != "" {
				return false
			}
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="registry"`, self))
			return refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
		}
	}
	for name, test := range map[string]struct {
		before func(http.ResponseWriter, *http.Request) bool
		want   string // "": no error
		unfit  bool
		denied bool
	}{
		"repositories must exist": {before: func(w http.ResponseWriter, r *http.Request) bool {
			repo, upload := uploads(r)
			return upload && !there[repo] && refuse(w, http.StatusNotFound, "NAME_UNKNOWN", "The repository with name '"+repo+"' does not exist in the registry with id '1'")
		}, unfit: true, want: "HOST has no repositories shop/app2, shop/app3 (404 Not Found)\ncreate them: this registry does not do that on a push"},
		"read-only": {before: func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method == http.MethodPost && refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "The operation is unsupported.")
		}, unfit: true, want: "HOST takes no pushes to shop/app1 (405 Method Not Allowed): The operation is unsupported.\nthe registry may be a mirror, or read-only: name another one"},
		"a path without rights": {before: func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method == http.MethodPost && refuse(w, http.StatusForbidden, "DENIED", "not yours")
		}, denied: true, want: "HOST does not allow you to push to shop/app1 without a login (403 Forbidden): not yours"},
		"not a repository name": {before: func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method == http.MethodPost && refuse(w, http.StatusBadRequest, "NAME_INVALID", "too many components")
		}, want: "NAME_INVALID: too many components"},
		"a token": {before: token(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"token":"a"}`) })},
		"no token": {before: token(func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusForbidden, "DENIED", "no account") }),
			denied: true, want: "HOST does not allow you to push to shop/app1 without a login (403 Forbidden): no account"},
		"an empty token":     {before: token(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) }), want: "no token in bearer response"},
		"a page for a token": {before: token(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `<html>`) }), want: "invalid character '<'"},
	} {
		t.Run(name, func(t *testing.T) {
			host, _ := serve(t, test.before)
			self = host
			names := []string{"app3", "app1", "app2"}
			if name != "repositories must exist" {
				names = []string{"app1"}
			}
			err := Client{}.CheckPush(t.Context(), names, below(host+"/shop", names...))
			var unfit *UnfitError
			var denied *access.DeniedError
			if errors.As(err, &unfit) != test.unfit || errors.As(err, &denied) != test.denied {
				t.Errorf("the error is %#v", err)
			}
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(strings.ReplaceAll(err.Error(), host, "HOST"), test.want) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
		})
	}
}

// TestCheckPushGreeting checks what is told about servers on loopback that do not greet: one cause, and not
// what was tried before it.
func TestCheckPushGreeting(t *testing.T) {
	a := newAuthority(t)
	answers := func(status int, header, value, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(header, value)
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	for what, c := range map[string]struct {
		server *httptest.Server
		want   string // HOST is the host
	}{
		"busy": {httptest.NewServer(answers(503, "Retry-After", "3600", "")), `Get "http://HOST/v2/": the server responded with 503 Service Unavailable; retry in 1h (it is busy or failing: run the command again later, or check the registry name HOST)`},
		"failing": {httptest.NewServer(answers(502, "Content-Type", "text/html", "<html>")),
			`GET http://HOST/v2/: unexpected status code 502 Bad Gateway: <html> (it is busy or failing: run the command again later, or check the registry name HOST)`},
		"a page":                {httptest.NewServer(answers(200, "Content-Type", "text/html", "<html>")), `Get "http://HOST/v2/": not a registry: the server answers with a web page (check the registry name, and whether a proxy with a login page answers for HOST)`},
		"no such page":          {httptest.NewServer(answers(404, "Content-Type", "text/html", "<html>")), `Get "http://HOST/v2/": not a registry: the server answers with a web page (check the registry name, and whether a proxy with a login page answers for HOST)`},
		"something else":        {httptest.NewServer(answers(404, "Content-Type", "text/plain", "no")), `GET http://HOST/v2/: unexpected status code 404 Not Found: no`},
		"another's certificate": {serveTLS(a), `Get "https://HOST/v2/": tls: failed to verify certificate: x509: certificate is valid for 127.0.0.2, not 127.0.0.1 (pass the certificate of its authority with --registry-ca, or put it into a directory of certs.d; or check the registry name HOST)`},
		"nothing":               {closed, `Get "https://HOST/v2/": dial tcp HOST: connect: connection refused (check the network, the proxy settings, and the registry name HOST)`},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			defer c.server.Close()
			host := c.server.Listener.Addr().String()
			err := Client{}.CheckPush(t.Context(), []string{"app1"}, below(host+"/shop", "app1"))
			if want := strings.ReplaceAll(c.want, "HOST", host); err == nil || err.Error() != want {
				t.Errorf("the error is\n%v, want\n%s", err, want)
			}
		})
	}
}

// serveTLS serves nothing, with a certificate for another address.
func serveTLS(a *authority) *httptest.Server {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{Certificates: []tls.Certificate{a.pair}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	return s
}
