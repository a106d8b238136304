package llb

import (
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/model"
)

// Download is a file that steps download.
type Download struct {
	URLs   []string // as in the program or the lock file; mirrors of each other
	Digest string   // "sha256:…"
	Size   int64    // bytes; 0: not known
}

// Base is an image in a registry that is a base.
type Base struct {
	Reference string // as in the program
	Digest    string // "sha256:…" of the platform's manifest
}

// CopiesURL and the hexadecimal digest of a file are the URL of a vendored copy. BuildKit asks the
// client of the build for what has this host. The URL is in no cache key, since each download has a
// checksum; so copies and servers share the cache.
const CopiesURL = "http://buildkit-session/"

// VendoredLayout is the project's directory with vendored images, an OCI layout.
const VendoredLayout = "vendor/layc-images"

// url returns the URL to download a file from, the n-th of its URLs.
func (l *lowerer) url(d Download, n int) string {
	known := l.downloads[d.Digest]
	for _, u := range d.URLs {
		if !slices.Contains(known.URLs, u) {
			known.URLs = append(slices.Clip(known.URLs), u)
		}
	}
	known.Digest, known.Size = d.Digest, max(known.Size, d.Size)
	l.downloads[d.Digest] = known
	if l.vendored(d.Digest) {
		return CopiesURL + strings.TrimPrefix(d.Digest, "sha256:")
	}
	if l.options.URL == nil {
		return d.URLs[n]
	}
	out, err := l.options.URL(d.URLs[n])
	if err != nil {
		l.fail(err)
	}
	return out
}

func (l *lowerer) vendored(digest string) bool {
	return l.options.Vendored != nil && l.options.Vendored(digest)
}

// imageBase returns the state of a base from a registry.
func (l *lowerer) imageBase(i *model.Instance) llb.State {
	s := i.System
	l.bases[s.Digest] = Base{s.Image, s.Digest}
	if l.vendored(s.Digest) {
		l.layouts[VendoredLayout] = true
		return llb.OCILayout("layc/layout@"+s.Digest, llb.OCIStore("", VendoredLayout), llb.Platform(l.runsOn(i)), l.from(i.Title, s.Image, i.Span))
	}
	name, _, _ := strings.Cut(s.Image, "@")
	return llb.Image(name+"@"+s.Digest, llb.Platform(l.runsOn(i)), l.from(i.Title, s.Image, i.Span))
}

// byDigest returns the values of a map by digest, in the order of the digests.
func byDigest[T any](m map[string]T) []T {
	var out []T
	for _, digest := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[digest])
	}
	return out
}
