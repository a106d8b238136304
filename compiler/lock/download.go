package lock

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Download says under which name a declared checksum was seen. Where the program
// changes the name and not the checksum, one of the two is most likely wrong.
type Download struct {
	Digest string // "sha256:…", as the program declares it
	Name   string // see DownloadName
}

// DownloadRef is a download of a declared checksum, from one of its URLs.
type DownloadRef struct {
	Digest string
	URL    string // as the program writes it
}

// Names returns the names under which a declared checksum was seen, sorted. There
// are none where the lock file was written before the download was declared.
func (f *File) Names(digest string) []string {
	var names []string
	for _, d := range f.Downloads {
		if d.Digest == digest {
			names = append(names, d.Name)
		}
	}
	return names
}

// versionPart is a part of a path that says a version, such as v1.30.0.
var versionPart = regexp.MustCompile(`[0-9]+\.[0-9]+`)

// DownloadName is the end of a URL that says what is downloaded, whatever the host
// and the directory: the last element, or, if a version stands only above it, all
// from that on, as in v1.30.0/bin/tool. It is "" if the URL has no path.
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
		if versionPart.MatchString(elements[n]) {
			return strings.Join(elements[n:], "/")
		}
	}
	return elements[len(elements)-1]
}

// OtherFileError says that a URL serves another file than its declared checksum.
type OtherFileError struct {
	DownloadRef
	Got string // "sha256:…" of what the URL serves
}

func (e *OtherFileError) Error() string {
	return fmt.Sprintf("checksum mismatch: %s has %s, expected %s", e.URL, e.Got, e.Digest)
}

func compareDownloads(a, b Download) int {
	return cmp.Or(cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Name, b.Name))
}
