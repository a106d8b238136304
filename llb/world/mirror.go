// Package world reads the outside world for the lock file: it finds the mirrors
// and keys that this machine uses, downloads and verifies package indexes, and
// takes the checksums of URLs. It implements [lock.Resolver].
//
// No host's name is in the code: where packages come from is what the user
// says (--mirror) or what the machine's own package managers are set up to
// use. Programs and lock files name archives, such as "debian:pool/…" or
// "maven:GROUP:ARTIFACT:VERSION"; [Mirrors] turns them into URLs at the last
// moment, so that neither layer content nor its identity knows a mirror.
package world

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Mirrors maps the name of an archive ("debian", "debian-security", "maven")
// to the URL of its root, without a slash at the end.
type Mirrors map[string]string

// Host is the machine whose settings are read.
type Host struct {
	Root      string // the root directory: "/"
	Home      string // the user's home directory; "" if there is none
	MavenHome string // where Maven is installed; "" if not known
}

// ThisHost is the machine and user that layc runs on.
func ThisHost() Host {
	h := Host{Root: "/", MavenHome: os.Getenv("MAVEN_HOME")}
	h.Home, _ = os.UserHomeDir()
	if h.MavenHome == "" {
		if mvn, err := exec.LookPath("mvn"); err == nil {
			if mvn, err = filepath.EvalSymlinks(mvn); err == nil {
				h.MavenHome = filepath.Dir(filepath.Dir(mvn))
			}
		}
	}
	return h
}

// FindMirrors returns the given mirrors and, for archives that they don't
// name, those that the host's apt and Maven use. Archives for which nothing is
// found are absent, which is an error only for programs that use them, see
// [Mirrors.URL]. Malformed settings of the host are passed over; a malformed
// given mirror is an error.
func FindMirrors(h Host, given Mirrors) (Mirrors, error) {
	m := Mirrors{}
	for name, root := range h.debianMirrors() {
		m[name] = strings.TrimRight(root, "/")
	}
	if root := h.mavenMirror(); root != "" {
		m["maven"] = strings.TrimRight(root, "/")
	}
	for name, root := range given {
		parsed, err := url.Parse(root)
		if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
			return nil, fmt.Errorf("mirror %s: %q is no http or https URL", name, root)
		}
		m[name] = strings.TrimRight(root, "/")
	}
	return m, nil
}

// URL returns where to download what a program or lock file names:
//
//   - http: and https: URLs are returned as they are;
//   - maven:GROUP:ARTIFACT:VERSION[:EXTENSION[:CLASSIFIER]], the extension
//     being jar unless given, is the artifact's place in a Maven repository;
//   - ARCHIVE:PATH is a path below the archive's root.
//
// The error for an archive without a mirror says how to configure one.
func (m Mirrors) URL(name string) (string, error) {
	scheme, rest, ok := strings.Cut(name, ":")
	if !ok || scheme == "" || rest == "" {
		return "", fmt.Errorf("%q is no URL: want https://…, maven:GROUP:ARTIFACT:VERSION or ARCHIVE:PATH", name)
	}
	switch scheme {
	case "http", "https":
		return name, nil
	case "maven":
		path, err := mavenPath(rest)
		if err != nil {
			return "", fmt.Errorf("%q: %w", name, err)
		}
		rest = path
	default:
		if strings.HasPrefix(rest, "/") || strings.Contains("/"+rest+"/", "/../") {
			return "", fmt.Errorf("%q: want a path below the archive's root", name)
		}
	}
	root, ok := m[scheme]
	if !ok {
		return "", fmt.Errorf("no mirror is known for %s (looked at %s): name one with --mirror %s=URL", scheme, lookedAt(scheme), scheme)
	}
	// A plus sign or tilde is common in package paths; some servers read a
	// bare plus as a space.
	return root + "/" + strings.ReplaceAll((&url.URL{Path: rest}).EscapedPath(), "+", "%2B"), nil
}

func lookedAt(archive string) string {
	switch archive {
	case "maven":
		return "Maven's settings.xml and installation"
	case "debian", "debian-security":
		return "the apt sources of this machine"
	}
	return "--mirror only"
}

// mavenPath is where a Maven repository keeps an artifact.
func mavenPath(coordinates string) (string, error) {
	parts := strings.Split(coordinates, ":")
	if len(parts) < 3 || len(parts) > 5 {
		return "", fmt.Errorf("want maven:GROUP:ARTIFACT:VERSION[:EXTENSION[:CLASSIFIER]]")
	}
	for _, part := range parts {
		if part == "" || strings.Trim(part, ".") == "" || strings.ContainsAny(part, "/\\ \t[](),${}") {
			return "", fmt.Errorf("malformed part %q of a Maven artifact", part)
		}
	}
	group, artifact, version := parts[0], parts[1], parts[2]
	if strings.HasSuffix(version, "-SNAPSHOT") {
		return "", fmt.Errorf("a snapshot can't be pinned: name a released version")
	}
	extension, classifier := "jar", ""
	if len(parts) > 3 {
		extension = parts[3]
	}
	if len(parts) > 4 {
		classifier = "-" + parts[4]
	}
	return fmt.Sprintf("%s/%s/%s/%s-%s%s.%s", strings.ReplaceAll(group, ".", "/"), artifact, version, artifact, version, classifier, extension), nil
}
