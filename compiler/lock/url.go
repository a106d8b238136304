package lock

import "strings"

// WithoutUser is a URL without its user and password. The lock file is no place for
// them, so that two URLs that differ in nothing else are pinned as one.
func WithoutUser(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	return scheme + "://" + rest[strings.LastIndexByte(rest[:end], '@')+1:]
}

// withoutUsers are names of pins, those of URLs as the lock file has them.
func withoutUsers(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = WithoutUser(name)
	}
	return out
}
