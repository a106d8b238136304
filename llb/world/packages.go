package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/klauspost/compress/gzip"
	"github.com/ulikunitz/xz"

	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
)

// Packages reads and verifies the indexes of all suites of a distribution, and resolves the
// wanted packages. It is an error if an index has expired, or if an index or a package is older
// than the pinned one, unless the options allow that.
func (r *Resolver) Packages(ctx context.Context, want lock.Distribution, pinned lock.Pinned) ([]lock.Index, []lock.Package, error) {
	suites, err := debian.Suites(want.ID, want.Arch, want.Repositories...)
	if err != nil {
		return nil, nil, err
	}
	if r.options.Keys == nil {
		return nil, nil, errors.New("no keys to verify package indexes")
	}
	mirrors := r.options.Mirrors.With(want)
	indexes := make([]lock.Index, len(suites))
	lists := make([][]debian.Package, len(suites))
	failed := make([]error, len(suites))
	var group sync.WaitGroup
	for i, suite := range suites {
		group.Go(func() {
			indexes[i], lists[i], failed[i] = r.suite(ctx, suite, mirrors, want.Arch, pinned.Indexes)
			indexes[i].Distribution = want.ID
		})
	}
	group.Wait()
	// Return the error of the first suite, not of the first to fail, so that it is always the
	// same.
	for i, err := range failed {
		if err != nil {
			return nil, nil, &debian.SuiteError{Suite: suites[i], Err: err}
		}
	}
	packages, err := debian.Resolve(debian.NewUniverse(want.ID, want.Arch, lists...), want.Packages, pinned.Keep)
	if err == nil && !r.options.AllowDowngrade {
		err = debian.CheckDowngrades(pinned.Packages, packages)
	}
	if err != nil {
		return nil, nil, err
	}
	return indexes, packages, nil
}

// suite reads one suite's index: its signed summary, and the signed list of packages.
func (r *Resolver) suite(ctx context.Context, suite debian.Suite, mirrors Mirrors, arch string, pinned []lock.Index) (lock.Index, []debian.Package, error) {
	root, err := mirrors.directory(suite)
	if err != nil {
		return lock.Index{}, nil, err
	}
	signed, err := r.inRelease(ctx, suite, root)
	if err != nil {
		var status *StatusError
		if suite.Repository != nil && errors.As(err, &status) && notFound(err) {
			err = &noSuiteError{status}
		}
		return lock.Index{}, nil, err
	}
	release, err := r.verified(ctx, suite, signed)
	if err == nil && !r.options.AllowDowngrade {
		err = release.CheckRollback(suite, arch, pinned)
	}
	if err != nil {
		return lock.Index{}, nil, fmt.Errorf("%s/InRelease: %w", root, err)
	}
	index := lock.Index{Arch: arch, Suite: suite.String()}
	if suite.Repository != nil {
		index = suite.Repository.Pin("", arch)
	}
	index.Digest, index.Date = digestOf(signed), release.Date
	var all []debian.Package
	for _, component := range suite.Components() {
		packages, err := r.packages(ctx, suite, component, root, release, arch)
		if err != nil {
			return lock.Index{}, nil, err
		}
		all = append(all, packages...)
	}
	for n := range all {
		all[n].Pin = suite.Priority(release)
	}
	return index, all, nil
}

// directory returns the URL of a suite's index.
func (m Mirrors) directory(suite debian.Suite) (string, error) {
	if dir := suite.Dir(); dir != "" {
		return m.URL(suite.Archive + ":" + dir)
	}
	root, err := m.URL(suite.Archive + ":InRelease")
	return strings.TrimSuffix(root, "/InRelease"), err
}

// maxInRelease limits the size of a signed summary; Debian's have 200 kB.
const maxInRelease = 16 << 20

func (r *Resolver) inRelease(ctx context.Context, suite debian.Suite, root string) (signed []byte, err error) {
	err = r.fetch.get(ctx, suite.String(), root+"/InRelease", func(body io.Reader) (err error) {
		signed, err = io.ReadAll(io.LimitReader(body, maxInRelease+1))
		return err
	})
	if err == nil && len(signed) > maxInRelease {
		err = fmt.Errorf("%s/InRelease is larger than %d MiB", root, maxInRelease>>20)
	}
	return signed, err
}

// verified returns the content of a signed summary, if the signature is by a trusted key, and it
// is for the suite and valid now.
func (r *Resolver) verified(ctx context.Context, suite debian.Suite, signed []byte) (*debian.Release, error) {
	keys, err := r.keys(ctx, suite)
	if err != nil {
		return nil, err
	}
	text, err := debian.Verify(signed, keys, r.options.Now)
	if errors.Is(err, debian.ErrNoKey) && suite.Repository != nil {
		return nil, fmt.Errorf("%w; check `key` of the repository", err)
	}
	if errors.Is(err, debian.ErrNoKey) {
		return nil, fmt.Errorf("%w; install or update the package %s, check Signed-By in apt's sources, or name a keyring with --keyring", err, lock.FamilyOf(suite.Archive).Keyring)
	}
	if err != nil {
		return nil, err
	}
	release, err := debian.ParseRelease(text)
	if err != nil {
		return nil, err
	}
	if !suite.DescribedBy(release) {
		return nil, fmt.Errorf("the index is for %s (%s), not for %s; check the mirror", release.Codename, release.Suite, suite.Name)
	}
	return release, release.CheckTime(r.options.Now, r.options.AllowExpired)
}

// keys returns the trusted keys of a suite: of a third party's repository, only the declared ones.
func (r *Resolver) keys(ctx context.Context, suite debian.Suite) (openpgp.EntityList, error) {
	of := suite.Repository
	if of == nil {
		return r.options.Keys(suite)
	}
	text := of.Key
	if of.KeyURL != "" {
		err := r.fetch.get(ctx, of.Name+" key", of.KeyURL, func(body io.Reader) (err error) {
			text, err = io.ReadAll(io.LimitReader(body, maxInRelease))
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("downloading its key: %w", err)
		}
		if got := digestOf(text); got != of.KeyDigest {
			return nil, fmt.Errorf("its key %s has the checksum %s, not %s; check the key, and write its new checksum if the change is intended", of.KeyURL, got, of.KeyDigest)
		}
	}
	keys, err := debian.ReadKeys(text)
	if err == nil && len(keys) == 0 {
		err = errors.New("the file has no key")
	}
	if err != nil {
		return nil, fmt.Errorf("its key is not a valid OpenPGP public key: %w", err)
	}
	return keys, nil
}

// packages downloads the list of packages of a suite's component.
func (r *Resolver) packages(ctx context.Context, suite debian.Suite, component, root string, release *debian.Release, arch string) ([]debian.Package, error) {
	dir := component + "/binary-" + arch + "/"
	if suite.Flat() {
		dir = ""
	}
	// gzip decompresses four times as fast as xz, which saves more time than the larger download
	// costs.
	for _, name := range []string{dir + "Packages.gz", dir + "Packages.xz", dir + "Packages"} {
		file, ok := release.Files[name]
		if !ok {
			continue
		}
		urls := []string{root + "/" + name}
		if release.ByHash {
			// The file with the hash in its name stays while the mirror is updated.
			urls = append([]string{root + "/" + dir + "by-hash/SHA256/" + strings.TrimPrefix(file.Digest, "sha256:")}, urls...)
		}
		var text []byte
		var err error
		for _, url := range urls {
			err = r.fetch.get(ctx, suite.String()+" "+arch, url, func(body io.Reader) (err error) {
				text, err = readSigned(body, file)
				return err
			})
			if !notFound(err) {
				break
			}
		}
		switch {
		case notFound(err):
			continue // a release may list formats that the mirror doesn't keep
		case err != nil:
			return nil, err
		}
		list, err := unpackIndex(text, path.Ext(name), unpackedSize(release, dir+"Packages", file), suite.Archive)
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w", root, name, err)
		}
		return list, nil
	}
	if suite.Repository != nil && !suite.Flat() {
		return nil, fmt.Errorf("%s/%s has no list of packages; check that the suite has the component %s for %s", root, dir, component, arch)
	}
	return nil, fmt.Errorf("%s/%s has no list of packages; check that this release supports %s", root, dir, arch)
}

// readSigned reads a file that a release lists. It checks size and digest before it decompresses
// anything.
func readSigned(body io.Reader, file debian.IndexFile) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(body, file.Size+1))
	if err != nil {
		return nil, err
	}
	if got := digestOf(text); got != file.Digest {
		size := fmt.Sprint(len(text))
		if int64(len(text)) > file.Size {
			size = fmt.Sprintf("more than %d", file.Size)
		}
		return nil, fmt.Errorf("the list of packages does not match InRelease: it has %s bytes with %s, expected %d with %s; the mirror may be updating, try again", size, got, file.Size, file.Digest)
	}
	return text, nil
}

// maxIndexRatio limits the compression ratio of a list of packages if the release does not list
// the uncompressed size. Debian's have a ratio of 6.
const maxIndexRatio = 50

// unpackedSize returns the maximal size of an uncompressed list of packages.
func unpackedSize(release *debian.Release, plain string, compressed debian.IndexFile) int64 {
	if file, ok := release.Files[plain]; ok {
		return file.Size
	}
	return maxIndexRatio * max(compressed.Size, 1<<20)
}

// unpackIndex reads a list of packages of at most size bytes.
func unpackIndex(text []byte, extension string, size int64, archive string) ([]debian.Package, error) {
	var in io.Reader = bytes.NewReader(text)
	var err error
	switch extension {
	case ".gz":
		in, err = gzip.NewReader(in)
	case ".xz":
		in, err = xz.NewReader(in)
	}
	if err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: in, N: size + 1}
	list, err := debian.ParsePackages(limited, archive)
	if limited.N == 0 {
		return nil, fmt.Errorf("the list of packages unpacks to more than the %d bytes that InRelease allows", size)
	}
	return list, err
}
