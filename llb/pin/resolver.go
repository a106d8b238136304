package pin

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/klauspost/compress/gzip"
	"github.com/ulikunitz/xz"

	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
)

// Options say how a Resolver reaches the world. Mirrors and Now are needed,
// the rest may be left out.
type Options struct {
	Mirrors Mirrors
	// Keys returns the keys that vouch for Debian's indexes. It is called when
	// the first index is read.
	Keys func() (openpgp.EntityList, error)
	// Image pins image references.
	Image func(ctx context.Context, ref lock.ImageRef) (lock.Image, error)
	// Base looks into base systems that are images or layouts.
	Base     func(ctx context.Context, ref lock.BaseRef) (lock.Base, error)
	Now      time.Time         // for the validity of signatures
	Progress Progress          // of downloads
	Warn     func(text string) // told of what is odd, but no error
	Client   *http.Client      // nil for one with layc's timeouts
}

// Resolver asks mirrors for what the lock file lacks. It implements
// [lock.Resolver]. Its errors wrap a [NetworkError] where a server could not
// be reached.
type Resolver struct {
	options Options
	fetch   fetcher
}

var _ lock.Resolver = (*Resolver)(nil)

// NewResolver returns a Resolver that downloads from o.Mirrors.
func NewResolver(o Options) *Resolver {
	client := o.Client
	if client == nil {
		client = newClient()
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	return &Resolver{options: o, fetch: fetcher{client: client, pause: firstPause, progress: o.Progress}}
}

// Packages reads and verifies the indexes of all suites of a distribution,
// and resolves the wanted packages.
func (r *Resolver) Packages(ctx context.Context, want lock.Distribution, keep []lock.Package) ([]lock.Index, []lock.Package, error) {
	suites, err := debian.Suites(want.ID)
	if err != nil {
		return nil, nil, err
	}
	if r.options.Keys == nil {
		return nil, nil, errors.New("there are no keys to verify package indexes with")
	}
	keys, err := r.options.Keys()
	if err != nil {
		return nil, nil, err
	}
	pins := make([]lock.Index, len(suites))
	indexes := make([][]debian.Package, len(suites))
	failed := make([]error, len(suites))
	var group sync.WaitGroup
	for i, suite := range suites {
		group.Go(func() {
			digest, packages, err := r.suite(ctx, suite, want.Arch, keys)
			if err != nil {
				failed[i] = fmt.Errorf("%s: %w", suite, err)
				return
			}
			pins[i] = lock.Index{Distribution: want.ID, Arch: want.Arch, Suite: suite.String(), Digest: digest}
			indexes[i] = packages
		})
	}
	group.Wait()
	// The first suite's error, whichever came first: the same every time.
	for _, err := range failed {
		if err != nil {
			return nil, nil, err
		}
	}
	packages, err := debian.Resolve(debian.NewUniverse(want.ID, want.Arch, indexes...), want.Packages, keep)
	return pins, packages, err
}

// suite reads one suite's index: its signed summary, and the list of packages
// for which that vouches. It returns the digest of the summary.
func (r *Resolver) suite(ctx context.Context, suite debian.Suite, arch string, keys openpgp.EntityList) (string, []debian.Package, error) {
	root, err := r.options.Mirrors.URL(suite.Archive + ":dists/" + suite.Name)
	if err != nil {
		return "", nil, err
	}
	var signed []byte
	err = r.fetch.get(ctx, suite.String(), root+"/InRelease", func(body io.Reader) (err error) {
		signed, err = io.ReadAll(io.LimitReader(body, 16<<20))
		return err
	})
	if err != nil {
		return "", nil, err
	}
	text, err := debian.Verify(signed, keys, r.options.Now)
	if errors.Is(err, debian.ErrNoKey) {
		return "", nil, fmt.Errorf("%s/InRelease is %w: install or update the package debian-archive-keyring, or name a keyring file with --keyring", root, err)
	}
	if err != nil {
		return "", nil, fmt.Errorf("%s/InRelease: %w", root, err)
	}
	release, err := debian.ParseRelease(text)
	if err != nil {
		return "", nil, fmt.Errorf("%s/InRelease: %w", root, err)
	}
	if release.Codename != suite.Name && release.Suite != suite.Name {
		return "", nil, fmt.Errorf("%s/InRelease is about %s (%s), not about %s: is the mirror set up right?", root, release.Codename, release.Suite, suite.Name)
	}
	if !release.ValidUntil.IsZero() && r.options.Now.After(release.ValidUntil) {
		r.options.Warn(fmt.Sprintf("the index %s was valid until %s: the mirror may lag behind, or this machine's clock is wrong", suite, release.ValidUntil.Format(time.DateTime)))
	}
	packages, err := r.packages(ctx, suite, root, release, arch)
	return digestOf(signed), packages, err
}

// packages downloads a suite's list of packages.
func (r *Resolver) packages(ctx context.Context, suite debian.Suite, root string, release *debian.Release, arch string) ([]debian.Package, error) {
	dir := "main/binary-" + arch + "/"
	// gzip is four times as fast to read as xz, which saves more than the
	// larger download costs.
	for _, extension := range []string{".gz", ".xz", ""} {
		file, ok := release.Files[dir+"Packages"+extension]
		if !ok {
			continue
		}
		urls := []string{root + "/" + dir + "Packages" + extension}
		if release.ByHash {
			// Under its hash a file stays while the mirror moves on.
			urls = append([]string{root + "/" + dir + "by-hash/SHA256/" + strings.TrimPrefix(file.Digest, "sha256:")}, urls...)
		}
		var list []debian.Package
		var err error
		for _, url := range urls {
			err = r.fetch.get(ctx, suite.String()+" "+arch, url, func(body io.Reader) (err error) {
				list, err = readIndex(body, extension, file, suite.Archive)
				return err
			})
			if !notFound(err) {
				break
			}
		}
		if notFound(err) {
			continue // a release may vouch for forms that the mirror doesn't keep
		}
		return list, err
	}
	return nil, fmt.Errorf("%s/%s has no list of packages: does this release support %s?", root, dir, arch)
}

// readIndex reads a list of packages while it checks its size and digest,
// whose result alone decides whether the list is used.
func readIndex(body io.Reader, extension string, file debian.IndexFile, archive string) ([]debian.Package, error) {
	sum := sha256.New()
	counted := &countingReader{in: io.TeeReader(io.LimitReader(body, file.Size+1), sum)}
	list, err := decodeIndex(counted, extension, archive)
	if _, drained := io.Copy(io.Discard, counted); drained != nil {
		return nil, drained
	}
	if got := "sha256:" + hex.EncodeToString(sum.Sum(nil)); got != file.Digest {
		return nil, fmt.Errorf("the list of packages is not the one that InRelease signs: it has %d bytes with %s, want %d with %s: the mirror may be in the middle of an update, try again", counted.n, got, file.Size, file.Digest)
	}
	return list, err
}

func decodeIndex(in io.Reader, extension, archive string) ([]debian.Package, error) {
	switch extension {
	case ".gz":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return debian.ParsePackages(z, archive)
	case ".xz":
		z, err := xz.NewReader(bufio.NewReaderSize(in, 1<<20))
		if err != nil {
			return nil, err
		}
		return debian.ParsePackages(z, archive)
	}
	return debian.ParsePackages(in, archive)
}

type countingReader struct {
	in io.Reader
	n  int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// URL downloads what a URL serves and takes its checksum. Of a Maven artifact
// it also compares the checksum that the repository publishes beside it.
func (r *Resolver) URL(ctx context.Context, name string) (lock.URL, error) {
	url, err := r.options.Mirrors.URL(name)
	if err != nil {
		return lock.URL{}, err
	}
	var pin lock.URL
	sums := map[string]hash.Hash{}
	err = r.fetch.get(ctx, name, url, func(body io.Reader) error {
		sums["sha256"], sums["sha1"] = sha256.New(), sha1.New()
		n, err := io.Copy(io.MultiWriter(sums["sha256"], sums["sha1"]), body)
		pin = lock.URL{URL: name, Digest: "sha256:" + hexOf(sums["sha256"]), Size: n}
		return err
	})
	if err != nil {
		return lock.URL{}, err
	}
	if !strings.HasPrefix(name, "maven:") {
		return pin, nil
	}
	for _, algorithm := range []string{"sha256", "sha1"} {
		var published []byte
		err := r.fetch.get(ctx, name+" "+algorithm, url+"."+algorithm, func(body io.Reader) (err error) {
			published, err = io.ReadAll(io.LimitReader(body, 1<<10))
			return err
		})
		if notFound(err) {
			continue
		}
		if err != nil {
			return lock.URL{}, err
		}
		want, _, _ := strings.Cut(string(bytes.TrimSpace(published)), " ") // some add the file's name
		if got := hexOf(sums[algorithm]); !strings.EqualFold(got, want) {
			return lock.URL{}, fmt.Errorf("%s has %s %s, but %s.%s says %s: the repository or a proxy on the way serves damaged content", name, algorithm, got, url, algorithm, want)
		}
		break
	}
	return pin, nil
}

// Base looks into a base system, with the function that the options give unless
// it is an archive.
func (r *Resolver) Base(ctx context.Context, ref lock.BaseRef) (lock.Base, error) {
	if ref.Kind == "rootfs" {
		return r.rootfs(ctx, ref)
	}
	if r.options.Base == nil {
		return lock.Base{}, errors.New("there is nothing to look into images with")
	}
	return r.options.Base(ctx, ref)
}

// Now is the time of Options.
func (r *Resolver) Now() time.Time { return r.options.Now }

// Image pins an image with the function that the options give.
func (r *Resolver) Image(ctx context.Context, ref lock.ImageRef) (lock.Image, error) {
	if r.options.Image == nil {
		return lock.Image{}, errors.New("there is no registry to ask for images")
	}
	return r.options.Image(ctx, ref)
}

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
