package lock

import (
	"fmt"
	neturl "net/url"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// Location is the source of a download: a server, or an archive with a mirror that this machine
// knows.
type Location struct {
	URL     string // for HTTP, with a lower case scheme; else empty
	Archive string // such as "maven" or "debian"
	Path    string // below the archive's root
}

// URLError reports a URL that nothing can be downloaded from.
type URLError struct {
	URL  string
	What string // the fault; "" if it does not resemble a URL
	Help string // what to write instead
	File bool   // it looks like the path of a file
}

func (e *URLError) Error() string {
	if e.What == "" {
		return fmt.Sprintf("not a valid URL: %q", e.URL)
	}
	return fmt.Sprintf("not a valid URL: %q: %s", e.URL, e.What)
}

// archiveName matches the name of an archive, as in --mirror.
var archiveName = lazy.Regexp(`^[A-Za-z][A-Za-z0-9_-]*$`)

// Locate parses a URL in the syntax of programs:
//
//   - http://HOST/… and https://HOST/…;
//   - maven:GROUP:ARTIFACT:VERSION[:EXTENSION[:CLASSIFIER]]: the artifact's path in a Maven
//     repository; the default extension is jar;
//   - ARCHIVE:PATH: a path below the archive's root.
//
// All errors are [URLError]s.
func Locate(url string) (Location, error) {
	wrong := func(help, what string) (Location, error) {
		return Location{}, &URLError{URL: url, What: what, Help: help}
	}
	scheme, rest, ok := strings.Cut(url, ":")
	if !ok || rest == "" || !archiveName().MatchString(scheme) || strings.ContainsFunc(url, blank) {
		return Location{}, &URLError{URL: url, Help: webOrMaven, File: true}
	}
	web := strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
	switch {
	case web:
		if what := wrongInWeb(url); what != "" {
			return wrong("write `\"https://HOST/PATH\"`", what)
		}
		return Location{URL: strings.ToLower(scheme) + ":" + rest}, nil
	case strings.HasPrefix(rest, "//"):
		what := "unknown scheme " + scheme + ", expected http or https"
		return Location{}, &URLError{URL: url, What: what, Help: webOrMaven, File: strings.EqualFold(scheme, "file")}
	case scheme == "maven":
		path, what := mavenPath(rest)
		if what != "" {
			return wrong("write `\"maven:GROUP:ARTIFACT:VERSION\"`, optionally followed by `:EXTENSION` and `:CLASSIFIER`", what)
		}
		return Location{Archive: scheme, Path: path}, nil
	case strings.HasPrefix(rest, "/") || strings.Contains("/"+rest+"/", "/../"):
		return wrong("write `\"ARCHIVE:PATH\"`, where `--mirror ARCHIVE=URL` names a mirror of the archive; or `\"https://…\"`", "the path is not below the root of the archive")
	}
	return Location{Archive: scheme, Path: rest}, nil
}

const webOrMaven = "write `\"https://…\"` or `\"maven:GROUP:ARTIFACT:VERSION\"`"

// blank reports characters that a URL must escape.
func blank(r rune) bool { return r <= ' ' || r == 0x7f }

// wrongInWeb returns the fault of an HTTP URL, or "".
func wrongInWeb(url string) string {
	parsed, err := neturl.Parse(url)
	if err != nil {
		if inner, ok := err.(*neturl.Error); ok {
			err = inner.Err
		}
		return err.Error()
	}
	if parsed.Hostname() == "" {
		return "missing host"
	}
	if port := parsed.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n == 0 || n > 65535 {
			return fmt.Sprintf("port %s is out of range, expected 1 to 65535", port)
		}
	}
	return ""
}

// mavenPath returns the path of an artifact in a Maven repository, or the fault of its coordinates.
func mavenPath(coordinates string) (path, wrong string) {
	parts := strings.Split(coordinates, ":")
	if len(parts) < 3 || len(parts) > 5 {
		return "", "expected maven:GROUP:ARTIFACT:VERSION"
	}
	for _, part := range parts {
		if part == "" || strings.Trim(part, ".") == "" || strings.ContainsAny(part, "/\\[](),${}?#%") {
			return "", fmt.Sprintf("%q is not a valid part of a Maven artifact's name", part)
		}
	}
	group, artifact, version := parts[0], parts[1], parts[2]
	if strings.HasSuffix(version, "-SNAPSHOT") {
		return "", "snapshots change; use a released version"
	}
	extension, classifier := "jar", ""
	if len(parts) > 3 {
		extension = parts[3]
	}
	if len(parts) > 4 {
		classifier = "-" + parts[4]
	}
	return fmt.Sprintf("%s/%s/%s/%s-%s%s.%s", strings.ReplaceAll(group, ".", "/"), artifact, version, artifact, version, classifier, extension), ""
}

// WithoutUser returns a URL without its user and password. They do not belong in the lock file, so
// URLs that differ only in these share a pin.
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

// withoutUsers returns names of pins, with URLs in the form of the lock file.
func withoutUsers(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = WithoutUser(name)
	}
	return out
}
