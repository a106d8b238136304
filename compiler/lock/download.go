package lock

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// Download records the name of a download with a declared checksum. If the program changes the
// name but not the checksum, one of the two is probably wrong.
type Download struct {
	Digest string // "sha256:…", as declared in the program
	Name   string // see DownloadName
}

// DownloadRef is a download with a declared checksum, from one of its URLs.
type DownloadRef struct {
	Digest string
	URL    string // as in the program
}

// Names returns the recorded names of a declared checksum, sorted. There are none if the lock
// file is older than the download.
func (f *File) Names(digest string) []string {
	var names []string
	for _, d := range f.Downloads {
		if d.Digest == digest {
			names = append(names, d.Name)
		}
	}
	return names
}

// versionPart matches the part of a path with a version, such as v1.30.0.
var versionPart = lazy.Regexp(`[0-9]+\.[0-9]+`)

// DownloadName returns the end of a URL that identifies the download, whatever the host and the
// directory are. It is the last element or, if only an earlier element has a version, everything
// from that element on, as in v1.30.0/bin/tool. It is "" if the URL has no path.
func DownloadName(url string) string {
	if coordinates, ok := strings.CutPrefix(url, "maven:"); ok {
		return coordinates
	}
	if n := strings.IndexAny(url, "?#"); n >= 0 {
		url = url[:n]
	}
	if _, rest, ok := strings.Cut(url, "://"); ok {
		_, url, _ = strings.Cut(rest, "/")
	}
	elements := strings.Split(path.Clean("/" + url)[1:], "/")
	for n := len(elements) - 1; n >= 0; n-- {
		if versionPart().MatchString(elements[n]) {
			return strings.Join(elements[n:], "/")
		}
	}
	return elements[len(elements)-1]
}

// OtherFileError reports a URL that serves another file than the one with its declared checksum.
type OtherFileError struct {
	DownloadRef
	Got string // "sha256:…" of the served file
}

func (e *OtherFileError) Error() string {
	return fmt.Sprintf("checksum mismatch: %s has %s, expected %s", e.URL, e.Got, e.Digest)
}

func compareDownloads(a, b Download) int {
	return cmp.Or(cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Name, b.Name))
}
