package world

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
)

// TestFreshness checks that every index that apt refuses is refused with a reason, and with a way
// to continue if one makes sense.
func TestFreshness(t *testing.T) {
	const libc = "Package: libc\nVersion: 2\nArchitecture: amd64\nEssential: yes\nFilename: pool/libc.deb\nSHA256: 1\n\n"
	old := time.Date(2024, 5, 30, 0, 0, 0, 0, time.UTC)
	release := func(more string) func(*testing.T, *mirror, *Options) {
		return func(t *testing.T, a *mirror, _ *Options) { a.suite(t, "debian", "bookworm", libc, more) }
	}
	pinned := func(date time.Time) lock.Pinned {
		return lock.Pinned{Indexes: []lock.Index{
			{Distribution: "debian/bookworm", Arch: "amd64", Suite: "debian:bookworm", Date: date},
			{Distribution: "debian/bookworm", Arch: "arm64", Suite: "debian:bookworm", Date: now},
			{Distribution: "debian/bookworm", Arch: "amd64", Suite: "debian:trixie", Date: now},
		}}
	}
	versions := lock.Pinned{Packages: []lock.Package{{Name: "libc", Version: "1:1"}, {Name: "gone", Version: "1"}}}
	tests := []struct {
		name   string
		spoil  func(*testing.T, *mirror, *Options)
		pinned lock.Pinned
		want   string // the error; "" for none
	}{
		{"valid", release("Date: Sat, 01 Jun 2024 09:00:00 UTC\nValid-Until: Sat, 01 Jun 2024 10:00:00 UTC\n"), lock.Pinned{}, ""},
		{"expired", release("Date: Wed, 01 Jan 2020 00:00:00 UTC\nValid-Until: Wed, 08 Jan 2020 00:00:00 UTC\n"), lock.Pinned{},
			"debian:bookworm: URL/debian/dists/bookworm/InRelease: it expired on 2020-01-08 00:00:00 UTC: the mirror is out of date, or this machine's clock is wrong (now at 2024-06-01 10:00:00 UTC). Use another mirror with --mirror, or accept this index with --allow-expired"},
		{"expired, which is allowed", func(t *testing.T, a *mirror, o *Options) {
			release("Valid-Until: Wed, 08 Jan 2020 00:00:00 UTC\n")(t, a, o)
			o.AllowExpired = true
		}, lock.Pinned{}, ""},
		{"dated in the future", func(t *testing.T, a *mirror, o *Options) {
			release("Date: Thu, 01 Jan 2099 00:00:00 UTC\n")(t, a, o)
			o.AllowExpired, o.AllowDowngrade = true, true
		}, lock.Pinned{}, "it is dated 2099-01-01 00:00:00 UTC, which is in the future: check this machine's clock, now at 2024-06-01 10:00:00 UTC"},
		{"ahead of this clock by seconds", release("Date: Sat, 01 Jun 2024 10:00:09 UTC\n"), lock.Pinned{}, ""},
		{"ahead of this clock by more", release("Date: Sat, 01 Jun 2024 10:00:11 UTC\n"), lock.Pinned{}, "it is dated 2024-06-01 10:00:11 UTC, which is in the future"},
		{"an index that is a second older", release("Date: Wed, 29 May 2024 23:59:59 UTC\n"), pinned(old), "it is from 2024-05-29 23:59:59 UTC, but"},
		{"a summary without an end", func(_ *testing.T, a *mirror, _ *Options) {
			a.files["/debian/dists/bookworm/InRelease"] = strings.Repeat("x", maxInRelease+1)
		}, lock.Pinned{}, "InRelease is larger than 16 MiB"},
		{"the pinned index", release("Date: Thu, 30 May 2024 00:00:00 UTC\n"), pinned(old), ""},
		{"a newer index", release("Date: Fri, 31 May 2024 00:00:00 UTC\n"), pinned(old), ""},
		{"an older index", release("Date: Wed, 29 May 2024 00:00:00 UTC\n"), pinned(old),
			"it is from 2024-05-29 00:00:00 UTC, but layc.lock pins the index from 2024-05-30 00:00:00 UTC: the mirror is out of date, or somebody serves an old index. Try again later, use another mirror with --mirror, or accept older packages with --allow-downgrade"},
		{"an index without a date", release(""), pinned(old), "it has no date, but layc.lock pins the index from 2024-05-30"},
		{"an older index, which is allowed", func(t *testing.T, a *mirror, o *Options) {
			release("Date: Wed, 29 May 2024 00:00:00 UTC\n")(t, a, o)
			o.AllowDowngrade = true
		}, pinned(old), ""},
		{"an index whose date was not recorded", release("Date: Wed, 29 May 2024 00:00:00 UTC\n"), pinned(time.Time{}), ""},
		{"older packages", release(""), versions,
			"the indexes have older versions than layc.lock pins: libc 1:1 → 2. Use another mirror with --mirror, or accept them with --allow-downgrade"},
		{"older packages, which is allowed", func(t *testing.T, a *mirror, o *Options) { release("")(t, a, o); o.AllowDowngrade = true }, versions, ""},
		{"a key that the source does not name", func(t *testing.T, a *mirror, o *Options) {
			// apt trusts the archive's key, but this source does not name it.
			h := host(t, debianRelease+"-- etc/apt/sources.list --\ndeb [signed-by=/other.asc] http://mirror.example.com/debian bookworm main\n-- etc/apt/trusted.gpg.d/x.asc --\n"+
				armored(t, a.key)+"-- other.asc --\n"+armored(t, newKey(t)))
			o.Keys = h.FindKeys
		}, lock.Pinned{}, "debian:bookworm: URL/debian/dists/bookworm/InRelease: not signed by a known key"},
		{"a key that apt trusts", func(t *testing.T, a *mirror, o *Options) {
			h := host(t, debianRelease+"-- etc/apt/sources.list --\ndeb http://mirror.example.com/debian bookworm main\n-- etc/apt/trusted.gpg.d/x.asc --\n"+armored(t, a.key))
			o.Keys = h.FindKeys
		}, lock.Pinned{}, ""},
		{"not signed", func(t *testing.T, a *mirror, _ *Options) {
			a.files["/debian/dists/bookworm/InRelease"] = "Codename: bookworm\n"
		}, lock.Pinned{}, "not a signed file"},
		{"only weak checksums", func(t *testing.T, a *mirror, _ *Options) {
			a.files["/debian/dists/bookworm/InRelease"] = a.sign(t, "Codename: bookworm\nMD5Sum:\n 0 1 main/binary-amd64/Packages\n")
		}, lock.Pinned{}, "the Release file has no SHA256 checksums"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := newArchive(t)
			o := a.options()
			test.spoil(t, a, &o)
			_, _, err := resolver(o).Packages(context.Background(), lock.Distribution{ID: "debian/bookworm", Arch: "amd64"}, test.pinned)
			got := ""
			if err != nil {
				got = strings.ReplaceAll(err.Error(), a.URL, "URL")
			}
			if test.want == "" && err != nil || !strings.Contains(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestIndexBounds checks that a list of packages is decompressed only if it is the signed one,
// and only up to the size in its release.
func TestIndexBounds(t *testing.T) {
	const dir = "/debian/dists/bookworm/"
	const name = "main/binary-amd64/Packages"
	bomb := zeros(t, 64<<20)
	libc := "Package: libc\nVersion: 2\nArchitecture: amd64\nEssential: yes\nFilename: pool/libc.deb\nSHA256: 1\n"
	padded := compressed(t, strings.NewReader(libc+strings.Repeat("\n", 1<<20)))
	fact := func(text, file string) string {
		return fmt.Sprintf(" %x %d %s\n", sha256.Sum256([]byte(text)), len(text), file)
	}
	for what, test := range map[string]struct{ release, served, want string }{
		"another file":              {fact(libc, name+".gz"), bomb, fmt.Sprintf("does not match InRelease: it has more than %d bytes", len(libc))},
		"another file's size":       {fact(strings.Repeat("x", len(bomb)), name+".gz"), bomb, "does not match InRelease"},
		"more than the listed size": {fact(bomb, name+".gz") + fact(libc, name), bomb, fmt.Sprintf("unpacks to more than the %d bytes that InRelease allows", len(libc))},
		"more than 50 times":        {fact(bomb, name+".gz"), bomb, "unpacks to more than the 52428800 bytes that InRelease allows"},
		"exactly the listed size":   {fact(padded, name+".gz") + fmt.Sprintf(" %064x %d %s\n", 1, len(libc)+1<<20, name), padded, ""},
		"less than 50 times":        {fact(padded, name+".gz"), padded, ""},
		"not a list, unpacked":      {fact(bomb[:20], name+".gz"), bomb[:20], "EOF"},
	} {
		t.Run(what, func(t *testing.T) {
			a := newArchive(t)
			a.files[dir+"InRelease"] = a.sign(t, "Codename: bookworm\nSHA256:\n"+test.release)
			a.files[dir+name+".gz"] = test.served
			_, _, err := resolver(a.options()).Packages(context.Background(), lock.Distribution{ID: "debian/bookworm", Arch: "amd64"}, lock.Pinned{})
			switch {
			case test.want == "" && err != nil, test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestSignedIsBounded checks that a file is read only up to the size in its release.
func TestSignedIsBounded(t *testing.T) {
	const size = 64 << 20
	body := &io.LimitedReader{R: zeroReader{}, N: size}
	if _, err := readSigned(body, debian.IndexFile{Digest: "sha256:00", Size: 1000}); err == nil || size-body.N > 1001 {
		t.Errorf("%d bytes were read: %v", size-body.N, err)
	}
}

// zeros returns a compressed file of n zero bytes.
func zeros(t *testing.T, n int64) string {
	return compressed(t, io.LimitReader(zeroReader{}, n))
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func compressed(t *testing.T, in io.Reader) string {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := io.Copy(z, in); err != nil {
		t.Fatal(err)
	}
	z.Close()
	return out.String()
}
