package workspace

import (
	"net/url"
	"path"
	"strings"
)

// Path returns the absolute, slash-separated path of a file's URI. Other URIs have none.
func Path(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || !strings.HasPrefix(u.Path, "/") || strings.Contains(u.Path, "\x00") {
		return "", false
	}
	return path.Clean(u.Path), true
}

// URI returns the URI of an absolute path.
func URI(name string) string {
	return (&url.URL{Scheme: "file", Path: name}).String()
}

// Canonical returns the same string for all URIs of a file, and any other URI as it is.
func Canonical(uri string) string {
	if name, ok := Path(uri); ok {
		return URI(name)
	}
	return uri
}
