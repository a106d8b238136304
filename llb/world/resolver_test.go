package world

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
)

var now = time.Date(2024, 6, 1, 10, 0, 0, 0, time.UTC)

// mirror is a web server with a small Debian archive, its security archive and a Maven
// repository.
type mirror struct {
	*httptest.Server
	key *openpgp.Entity

	mu    sync.Mutex
	files map[string]string // by URL path
	fail  map[string]int    // URL path → how many requests fail before one succeeds
	asked map[string]int
}

func newArchive(t *testing.T) *mirror {
	t.Helper()
	key, err := openpgp.NewEntity("archive", "", "archive@example.com", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return now.Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	a := &mirror{key: key, files: map[string]string{}, fail: map[string]int{}, asked: map[string]int{}}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.asked[r.URL.Path]++
		if a.fail[r.URL.Path] > 0 {
			a.fail[r.URL.Path]--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		text, ok := a.files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if before, ok := strings.CutSuffix(text, "CUT"); ok {
			w.Header().Set("Content-Length", fmt.Sprint(len(before)+100))
			w.Write([]byte(before))
			return
		}
		w.Write([]byte(text))
	}))
	t.Cleanup(a.Close)
	a.suite(t, "debian", "bookworm", "Package: libc\nVersion: 2\nArchitecture: amd64\nEssential: yes\nFilename: pool/libc.deb\nSHA256: 1\n\n"+
		"Package: jq\nVersion: 1\nArchitecture: amd64\nDepends: libc\nFilename: pool/jq.deb\nSHA256: 2\n", "")
	a.suite(t, "debian", "bookworm-updates", "", "")
	a.suite(t, "debian-security", "bookworm-security", "Package: jq\nVersion: 2\nArchitecture: amd64\nDepends: libc\nFilename: pool/updates/jq.deb\nSHA256: 3\n", "")
	return a
}

// suite publishes an index; more is inserted before the checksums of its Release file.
func (a *mirror) suite(t *testing.T, archive, suite, packages, more string) {
	t.Helper()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(packages))
	z.Close()
	dir := "/" + archive + "/dists/" + suite
	release := fmt.Sprintf("Codename: %s\nAcquire-By-Hash: yes\n%sSHA256:\n %x %d main/binary-amd64/Packages.gz\n",
		suite, more, sha256.Sum256(zipped.Bytes()), zipped.Len())
	a.files[dir+"/InRelease"] = a.sign(t, release)
	a.files[dir+"/main/binary-amd64/Packages.gz"] = zipped.String()
}

func (a *mirror) sign(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w, err := clearsign.Encode(&out, a.key.PrivateKey, &packet.Config{Time: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte(text))
	w.Close()
	return out.String()
}

func (a *mirror) options() Options {
	return Options{
		Mirrors: Mirrors{"debian": a.URL + "/debian", "debian-security": a.URL + "/debian-security", "maven": a.URL + "/m2"},
		Keys:    func(debian.Suite) (openpgp.EntityList, error) { return openpgp.EntityList{a.key}, nil },
		Now:     now,
	}
}

// resolver returns a Resolver that doesn't wait between attempts.
func resolver(o Options) *Resolver {
	r := NewResolver(o)
	r.fetch.pause = 0
	return r
}

var bookworm = lock.Distribution{ID: "debian/bookworm+updates+security", Arch: "amd64", Packages: []string{"jq"}}

func TestPackages(t *testing.T) {
	a := newArchive(t)
	a.fail["/debian/dists/bookworm/InRelease"] = 2 // temporary failures
	a.suite(t, "debian", "bookworm-updates", "", "Date: Fri, 31 May 2024 00:00:00 UTC\nValid-Until: Sat, 08 Jun 2024 00:00:00 UTC\n")
	indexes, packages, err := resolver(a.options()).Packages(context.Background(), bookworm, lock.Pinned{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, index := range indexes {
		got = append(got, strings.TrimSpace(index.Suite+" "+date(index)))
	}
	for _, p := range packages {
		got = append(got, fmt.Sprint(p.Name, " ", p.Version, " ", p.URL, " ", p.Minimal))
	}
	want := "debian:bookworm\ndebian:bookworm-updates 2024-05-31\ndebian-security:bookworm-security\n" +
		"jq 2 debian-security:pool/updates/jq.deb false\nlibc 2 debian:pool/libc.deb true"
	if got := strings.Join(got, "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func date(index lock.Index) string {
	if index.Date.IsZero() {
		return ""
	}
	return index.Date.Format(time.DateOnly)
}

func TestByHashComesFirst(t *testing.T) {
	a := newArchive(t)
	path := "/debian/dists/bookworm/main/binary-amd64/"
	index := a.files[path+"Packages.gz"]
	a.files[path+fmt.Sprintf("by-hash/SHA256/%x", sha256.Sum256([]byte(index)))] = index
	a.files[path+"Packages.gz"] = "the next version, which the mirror has already"
	if _, _, err := resolver(a.options()).Packages(context.Background(), bookworm, lock.Pinned{}); err != nil {
		t.Error(err)
	}
}

func TestPackagesErrors(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, a *mirror, o *Options)
		want  string // URL stands for the server's
	}{
		{"changed index", func(t *testing.T, a *mirror, o *Options) {
			path := "/debian/dists/bookworm/main/binary-amd64/Packages.gz"
			a.files[path] = a.files["/debian-security/dists/bookworm-security/main/binary-amd64/Packages.gz"]
		}, "debian:bookworm: the list of packages does not match InRelease: it has "},
		{"unknown key", func(t *testing.T, a *mirror, o *Options) {
			other := newArchive(t)
			o.Keys = other.options().Keys
		}, "URL/debian/dists/bookworm/InRelease: not signed by a known key (it is signed by "},
		{"no keys at all", func(t *testing.T, a *mirror, o *Options) {
			o.Keys = Host{Root: t.TempDir()}.FindKeys
		}, "no keys to verify the package index of debian; install the package debian-archive-keyring, or name a keyring with --keyring"},
		{"another suite", func(t *testing.T, a *mirror, o *Options) {
			a.files["/debian/dists/bookworm/InRelease"] = a.files["/debian/dists/bookworm-updates/InRelease"]
		}, "debian:bookworm: URL/debian/dists/bookworm/InRelease: the index is for bookworm-updates (), not for bookworm; check the mirror"},
		{"no such suite", func(t *testing.T, a *mirror, o *Options) {
			delete(a.files, "/debian/dists/bookworm/InRelease")
		}, "debian:bookworm: cannot download URL/debian/dists/bookworm/InRelease: the server responded with 404 Not Found (check the name, and whether the mirror has it)"},
		{"no security mirror", func(t *testing.T, a *mirror, o *Options) {
			delete(o.Mirrors, "debian-security")
		}, "debian-security:bookworm-security: no mirror for debian-security (checked apt's sources); name one with --mirror debian-security=URL"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := newArchive(t)
			o := a.options()
			test.spoil(t, a, &o)
			_, _, err := resolver(o).Packages(context.Background(), bookworm, lock.Pinned{})
			if err == nil {
				t.Fatal("no error")
			}
			if got := strings.ReplaceAll(err.Error(), a.URL, "URL"); !strings.Contains(got, test.want) {
				t.Errorf("got:  %s\nwant: %s", got, test.want)
			}
			var network *NetworkError
			if errors.As(err, &network) {
				t.Error("the error is a NetworkError")
			}
		})
	}
}

func TestAnotherArchitecture(t *testing.T) {
	a := newArchive(t)
	_, _, err := resolver(a.options()).Packages(context.Background(), lock.Distribution{ID: "debian/bookworm", Arch: "arm64"}, lock.Pinned{})
	if want := "has no list of packages; check that this release supports arm64"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want … %s", err, want)
	}
}

func TestPinURL(t *testing.T) {
	a := newArchive(t)
	a.files["/m2/g/a/1/a-1.zip"] = "content"
	a.files["/m2/g/a/1/a-1.zip.sha1"] = fmt.Sprintf("%X  a-1.zip\n", sha1.Sum([]byte("content")))
	a.files["/m2/g/bad/1/bad-1.jar"] = "content"
	a.files["/m2/g/bad/1/bad-1.jar.sha256"] = strings.Repeat("0", 64)
	a.files["/m2/g/bare/1/bare-1.jar"] = ""
	want := lock.URL{URL: "maven:g:a:1:zip", Digest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte("content"))), Size: 7}
	var progress []string
	o := a.options()
	o.Progress = func(name string, done, total int64) {
		progress = append(progress, fmt.Sprint(name, " ", done, "/", total))
	}
	got, err := resolver(o).URL(context.Background(), "maven:g:a:1:zip")
	if err != nil || got != want {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	if len(progress) == 0 || progress[0] != "maven:g:a:1:zip 7/7" {
		t.Errorf("progress is %q", progress)
	}
	if _, err := resolver(o).URL(context.Background(), "maven:g:bare:1"); err != nil {
		t.Errorf("without a published checksum: %v", err)
	}
	_, err = resolver(o).URL(context.Background(), "maven:g:bad:1")
	if want := "serves corrupt content"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want … %s", err, want)
	}
	_, err = resolver(o).URL(context.Background(), a.URL+"/gone")
	var status *StatusError
	if !errors.As(err, &status) || status.Status != 404 || a.asked["/gone"] != 1 {
		t.Errorf("got %v after %d requests, want a 404 after one", err, a.asked["/gone"])
	}
}

func TestNetworkErrors(t *testing.T) {
	a := newArchive(t)
	a.files["/cut"] = "half of itCUT"
	a.fail["/busy"] = 100
	for name, want := range map[string]string{
		"/cut":  "unexpected EOF",
		"/busy": "the server responded with 503 Service Unavailable",
	} {
		_, err := resolver(a.options()).URL(context.Background(), a.URL+name)
		var network *NetworkError
		if !errors.As(err, &network) || !strings.Contains(err.Error(), want) || a.asked[name] != attempts {
			t.Errorf("%s: got %v after %d requests, want a NetworkError with %q after %d", name, err, a.asked[name], want, attempts)
		}
	}
	a.Close()
	_, err := resolver(a.options()).URL(context.Background(), a.URL+"/x")
	var network *NetworkError
	if !errors.As(err, &network) || !strings.Contains(err.Error(), "connection refused (check the network; if this machine needs a proxy, set http_proxy and https_proxy)") {
		t.Errorf("got %v, want a NetworkError", err)
	}
}

func TestCancel(t *testing.T) {
	a := newArchive(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := resolver(a.options()).URL(ctx, a.URL+"/x")
	var network *NetworkError
	if !errors.Is(err, context.Canceled) || errors.As(err, &network) {
		t.Errorf("got %v, want the context's error", err)
	}
}
