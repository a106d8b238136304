package registry

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/registry/access"
)

// basic is a registry with one user, who may pull everything and push to shop/….
func basic(w http.ResponseWriter, r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	if !ok || user != "bob" || password != "secret" {
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		return refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	}
	write := r.Method != http.MethodGet && r.Method != http.MethodHead
	return write && !strings.HasPrefix(r.URL.Path, "/v2/shop/") &&
		refuse(w, http.StatusForbidden, "DENIED", "requested access to the resource is denied")
}

// TestDenied pins what is told about a registry that denies something.
func TestDenied(t *testing.T) {
	host, _ := serve(t, basic)
	images := []string{"app:1"}
	check := func(prefix, want string) {
		t.Helper()
		for what, err := range map[string]error{
			"CheckPush": Client{}.CheckPush(t.Context(), images, below(prefix, images...)),
			"Push": func() error {
				_, err := Client{}.Push(t.Context(), shop(t), prefix, nil, PushOptions{})
				return err
			}(),
		} {
			var denied *access.DeniedError
			got, want := fmt.Sprint(err), want
			if what == "Push" { // it asks with a HEAD, whose answer has no text
				want = strings.ReplaceAll(want, ": authentication required", "")
				got = strings.ReplaceAll(strings.ReplaceAll(got, "/app1 ", "/app "), "/app2 ", "/app ")
			}
			if !errors.As(err, &denied) || got != want {
				t.Errorf("%s says\n%v\nwant\n%s", what, got, want)
			}
		}
	}
	pull := func(want string) {
		t.Helper()
		_, err := Client{}.Resolve(t.Context(), lock.ImageRef{Reference: host + "/team/base:1", Platform: "linux/amd64"})
		if fmt.Sprint(err) != want {
			t.Errorf("Resolve says\n%v\nwant\n%s", err, want)
		}
	}
	logins := fmt.Sprintf("log in with docker login %s or podman login %[1]s", host)
	home := login(t, "", "", "")
	none := fmt.Sprintf("no credentials were found: neither %s/.docker/config.json nor %[1]s/.config/containers/auth.json exists\n%s", home, logins)
	check(host+"/shop", host+" wants a login to push to shop/app (401 Unauthorized): authentication required\n"+none)
	pull(host + " wants a login to pull " + host + "/team/base:1 (401 Unauthorized): authentication required\n" + none)

	file := login(t, "other.example.com", "bob", "secret")
	check(host+"/shop", fmt.Sprintf("%s wants a login to push to shop/app (401 Unauthorized): authentication required\n%[2]s has no credentials for %[1]s\n%[3]s", host, file, logins))

	file = login(t, host, "bob", "wrong")
	check(host+"/shop", fmt.Sprintf("%s does not accept the login of bob to push to shop/app (401 Unauthorized): authentication required\n"+
		"the credentials are those in %s\nlog in again with docker login %[1]s or podman login %[1]s", host, file))

	file = login(t, host, "bob", "secret")
	check(host+"/team", fmt.Sprintf("%s does not allow bob to push to team/app (403 Forbidden): requested access to the resource is denied\n"+
		"the credentials are those in %s\nask for that permission, or log in as another user with docker login %[1]s or podman login %[1]s", host, file))
	if err := (Client{}).CheckPush(t.Context(), images, below(host+"/shop", images...)); err != nil {
		t.Errorf("a good login: %v", err)
	}
	if _, err := (Client{}).Push(t.Context(), shop(t), host+"/shop", nil, PushOptions{}); err != nil {
		t.Errorf("a good login: %v", err)
	}

	if hub := access.Denied("index.docker.io", "pull library/x", 401, ""); !strings.HasPrefix(hub.Error(), "docker.io does not accept") && !strings.HasPrefix(hub.Error(), "docker.io wants a login to pull library/x (401 Unauthorized)\n") ||
		!strings.HasSuffix(hub.Error(), "docker login or podman login docker.io") {
		t.Errorf("the error of Docker Hub is %v", hub)
	}
}

// TestTokens pushes to a registry whose tokens are for the repositories and actions that they name.
func TestTokens(t *testing.T) {
	var host string
	var counted func() map[string]int
	host, counted = serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			user, password, _ := r.BasicAuth()
			if user != "" && password != "secret" {
				return refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "wrong password")
			}
			var granted []string
			for _, scope := range r.URL.Query()["scope"] {
				if user == "bob" || !strings.Contains(scope, "push") {
					granted = append(granted, scope)
				}
			}
			_ = json.NewEncoder(w).Encode(map[string]string{"token": url.QueryEscape("for " + strings.Join(granted, " "))})
			return true
		}
		token, _ := url.QueryUnescape(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		repo, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/blobs/")
		repo, _, _ = strings.Cut(repo, "/manifests/")
		write := r.Method != http.MethodGet && r.Method != http.MethodHead
		for scope := range strings.FieldsSeq(token) {
			of, actions, _ := strings.Cut(strings.TrimPrefix(scope, "repository:"), ":")
			if of == repo && (!write || strings.Contains(actions, "push")) {
				return false
			}
		}
		challenge := fmt.Sprintf(`Bearer realm="http://%s/token",service="registry"`, host)
		if repo != "" {
			challenge += fmt.Sprintf(`,scope="repository:%s:pull,push"`, repo)
		}
		w.Header().Set("WWW-Authenticate", challenge)
		return refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	})
	dir := shop(t)
	login(t, "", "", "")
	err := Client{}.CheckPush(t.Context(), []string{"app1"}, below(host+"/shop", "app1"))
	var denied *access.DeniedError
	if !errors.As(err, &denied) || denied.Status != http.StatusUnauthorized {
		t.Errorf("without a login: %v", err)
	}
	login(t, host, "bob", "secret")
	if err := (Client{}).CheckPush(t.Context(), []string{"app1"}, below(host+"/shop", "app1")); err != nil {
		t.Errorf("with a login: %v", err)
	}
	for range 2 {
		counted()
		if _, err := (Client{}).Push(t.Context(), dir, host+"/shop", nil, PushOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := counted(); got["HEAD tag"] != 2 || got["GET token"] != 2 || len(got) != 3 {
		t.Errorf("a push without changes sends %v", got)
	}
	login(t, host, "bob", "wrong")
	if err := (Client{}).CheckPush(t.Context(), []string{"app1"}, below(host+"/shop", "app1")); err == nil || !strings.Contains(err.Error(), "does not accept the login of bob") {
		t.Errorf("with a wrong password: %v", err)
	}
}

// authority is a certificate authority, with files for its certificate, and a key pair that it has
// signed for 127.0.0.2 and for clients.
type authority struct {
	file, cert, key string
	pool            *x509.CertPool
	pair            tls.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	sign := func(of, by *x509.Certificate, with *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
		if with == nil {
			with = key
		}
		raw, err := x509.CreateCertificate(rand.Reader, of, by, &key.PublicKey, with)
		must(err)
		return raw, key
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	rootRaw, rootKey := sign(root, root, nil)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP("127.0.0.2")}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	raw, key := sign(leaf, root, rootKey)
	der, err := x509.MarshalECPrivateKey(key)
	must(err)
	dir := t.TempDir()
	a := &authority{file: filepath.Join(dir, "ca.crt"), cert: filepath.Join(dir, "client.cert"), key: filepath.Join(dir, "client.key"), pool: x509.NewCertPool()}
	for file, block := range map[string]*pem.Block{
		a.file: {Type: "CERTIFICATE", Bytes: rootRaw}, a.cert: {Type: "CERTIFICATE", Bytes: raw}, a.key: {Type: "EC PRIVATE KEY", Bytes: der},
	} {
		must(os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	}
	ca, err := os.ReadFile(a.file)
	must(err)
	a.pool.AppendCertsFromPEM(ca)
	a.pair, err = tls.LoadX509KeyPair(a.cert, a.key)
	must(err)
	return a
}

// TestCertificates pushes to a registry with a private authority, which also wants a certificate of
// the client, with the settings from each place.
func TestCertificates(t *testing.T) {
	a := newAuthority(t)
	start := func(clients tls.ClientAuthType) string {
		handler, _ := countingRegistry(nil)
		server := listenElsewhere(t, handler)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{a.pair}, ClientAuth: clients, ClientCAs: a.pool}
		server.StartTLS()
		return strings.TrimPrefix(server.URL, "https://")
	}
	open, closed := start(tls.NoClientCert), start(tls.RequireAndVerifyClientCert)
	dir := shop(t)
	push := func(host string, o access.Options) error {
		t.Helper()
		if o.Directories == nil {
			o.Directories = []string{}
		}
		r, err := access.New(o)
		if err != nil {
			t.Fatal(err)
		}
		c := Client{Access: r}
		if err := c.CheckPush(t.Context(), []string{"app1"}, below(host+"/shop", "app1")); err != nil {
			return err
		}
		_, err = c.Push(t.Context(), dir, host+"/shop", nil, PushOptions{})
		return err
	}
	certs := func(host string, files map[string]string) string {
		t.Helper()
		root := t.TempDir()
		at := filepath.Join(root, host)
		if err := os.Mkdir(at, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, from := range files {
			text := []byte(from)
			if filepath.IsAbs(from) {
				var err error
				if text, err = os.ReadFile(from); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(at, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return root
	}
	underscored := strings.ReplaceAll(open, ":", "_") + "_"
	toml := func(host, settings string) map[string]string {
		return map[string]string{"hosts.toml": fmt.Sprintf("server = %q\n[host.%q]\n%s\n", "https://"+host, "https://"+host, settings)}
	}
	for what, c := range map[string]struct {
		host string
		o    access.Options
		want string // in the error; "": none
	}{
		"nothing":                 {open, access.Options{}, "x509: certificate signed by unknown authority (pass the certificate of its authority with --registry-ca, or put it into a directory of certs.d; or check the registry name " + open + ")"},
		"a flag":                  {open, access.Options{Authorities: []string{a.file}}, ""},
		"a flag of the host":      {open, access.Options{Authorities: []string{open + "=" + a.file}}, ""},
		"a flag of its name":      {open, access.Options{Authorities: []string{"127.0.0.2=" + a.file}}, ""},
		"a flag of another host":  {open, access.Options{Authorities: []string{"example.com=" + a.file}}, "x509:"},
		"insecure":                {open, access.Options{Insecure: []string{open}}, ""},
		"insecure, another host":  {open, access.Options{Insecure: []string{"127.0.0.2:1"}}, "x509:"},
		"Docker's directory":      {open, access.Options{Directories: []string{t.TempDir(), certs(open, map[string]string{"ca.crt": a.file})}}, ""},
		"no client's certificate": {closed, access.Options{Authorities: []string{a.file}}, "certificate required"},
		"a client's certificate":  {closed, access.Options{Directories: []string{certs(closed, map[string]string{"ca.crt": a.file, "client.cert": a.cert, "client.key": a.key})}}, ""},
		"containerd's directory":  {open, access.Options{Directories: []string{certs(underscored, toml(open, fmt.Sprintf("ca = %q", a.file)))}}, ""},
		"containerd's client":     {closed, access.Options{Directories: []string{certs(closed, toml(closed, fmt.Sprintf("ca = %q\nclient = [[%q, %q]]", a.file, a.cert, a.key)))}}, ""},
		"containerd, unverified":  {open, access.Options{Directories: []string{certs(open, toml(open, "skip_verify = true"))}}, ""},
		"a broken hosts.toml":     {open, access.Options{Directories: []string{certs(open, map[string]string{"hosts.toml": "server = \"", "ca.crt": a.file})}}, "hosts.toml: toml: "},
		"a lost certificate":      {open, access.Options{Directories: []string{certs(open, toml(open, `ca = "/nowhere/ca.crt"`))}}, "reading the certificates of the registry " + open},
	} {
		err := push(c.host, c.o)
		if c.want == "" && err != nil || c.want != "" && !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}

// TestPlain pushes without TLS, where that is allowed for the registry.
func TestPlain(t *testing.T) {
	handler, _ := countingRegistry(nil)
	server := listenElsewhere(t, handler)
	server.Start()
	host, dir := strings.TrimPrefix(server.URL, "http://"), shop(t)
	_, err := Client{}.Push(t.Context(), dir, host+"/shop", nil, PushOptions{})
	if err == nil || !strings.Contains(err.Error(), "(it does not speak TLS: if that is right, pass --insecure "+host+")") {
		t.Errorf("not allowed: %v", err)
	}
	toml := t.TempDir()
	if err := os.Mkdir(filepath.Join(toml, host), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(toml, host, "hosts.toml"), fmt.Appendf(nil, "server = %q\n", "http://"+host), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, o := range map[string]access.Options{
		"the host": {Insecure: []string{host}}, "the name": {Insecure: []string{"127.0.0.2"}}, "hosts.toml": {Directories: []string{toml}},
	} {
		r, err := access.New(o)
		if err != nil {
			t.Fatal(err)
		}
		c := Client{Access: r}
		if err := c.CheckPush(t.Context(), []string{"app1"}, below(host+"/shop", "app1")); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := c.Push(t.Context(), dir, host+"/shop", nil, PushOptions{}); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		ref, err := name.ParseReference(host+"/shop/app1", name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		desc, err := remote.Get(ref)
		if err != nil {
			t.Fatal(err)
		}
		image, err := desc.Image()
		if err != nil {
			t.Fatal(err)
		}
		id, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Base(t.Context(), "", lock.BaseRef{Kind: "image", Name: host + "/shop/app1", Digest: id.String()}, 0); err != nil {
			t.Errorf("%s: as a base: %v", what, err)
		}
	}
}

// TestOptions pins what is told about options that are not valid.
func TestOptions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]access.Options{
		"--insecure http://a: expected the host of a registry, such as registry.example.com:5000": {Insecure: []string{"http://a"}},
		"--registry-ca /nowhere: no such file or directory":                                       {Authorities: []string{"/nowhere"}},
		"--registry-ca a=/nowhere: no such file or directory":                                     {Authorities: []string{"a=/nowhere"}},
		"--registry-ca " + file + ": the file has no certificates in PEM":                         {Authorities: []string{file}},
	} {
		if _, err := access.New(o); fmt.Sprint(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
