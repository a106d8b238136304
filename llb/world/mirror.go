// Package world reads the outside world for the lock file: it finds this host's mirrors and keys,
// downloads and verifies package indexes, and computes the checksums of URLs. It implements
// [lock.Resolver].
//
// The code has no host names: mirrors come from the user (--mirror) or from the configuration of
// the host's own package managers. Programs and lock files name archives, such as "debian:pool/…"
// or "maven:GROUP:ARTIFACT:VERSION". [Mirrors] turns these into URLs at the last moment, so that
// layers and their identities do not depend on a mirror.
package world

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
)

// Mirrors maps the name of an archive ("debian", "debian-security", "maven")
// to the URL of its root, without a slash at the end.
type Mirrors map[string]string

// Host is the machine whose configuration is read.
type Host struct {
	Root      string // the root directory: "/"
	Home      string // the user's home directory; "" if unknown
	MavenHome string // the installation of Maven; "" if unknown
}

// ThisHost returns the machine and user that layc runs on.
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

// FindMirrors returns the given mirrors and, for other archives, the mirrors in the host's
// configuration of apt and Maven. An archive without a mirror is absent, which is an error only
// for programs that use it; see [Mirrors.URL]. FindMirrors skips malformed configuration of the
// host; a malformed given mirror is an error.
func FindMirrors(h Host, given Mirrors) (Mirrors, error) {
	m := Mirrors{}
	for name, root := range h.debianMirrors() {
		m[name] = strings.TrimRight(root, "/")
	}
	if at, err := lock.Locate(h.mavenMirror()); err == nil && at.URL != "" {
		m["maven"] = strings.TrimRight(at.URL, "/")
	}
	for name, root := range given {
		at, err := lock.Locate(root)
		if err != nil || at.URL == "" {
			return nil, fmt.Errorf("mirror %s: not a valid http or https URL: %q", name, root)
		}
		m[name] = strings.TrimRight(at.URL, "/")
	}
	return m, nil
}

// With returns the mirrors, and the URLs that a program declares for the repositories of its
// distributions. Mirrors of the same name have precedence.
func (m Mirrors) With(distributions ...lock.Distribution) Mirrors {
	all := Mirrors{}
	for _, d := range distributions {
		for _, r := range d.Repositories {
			all[r.Name] = r.URL
		}
	}
	maps.Copy(all, m)
	return all
}

// URL returns the URL to download from for a name in a program or lock file; see [lock.Locate].
// If the archive has no mirror, the error says how to configure one.
func (m Mirrors) URL(name string) (string, error) {
	at, err := lock.Locate(name)
	if err != nil || at.URL != "" {
		return at.URL, err
	}
	root, ok := m[at.Archive]
	if !ok {
		return "", &NoMirrorError{at.Archive}
	}
	// Plus signs and tildes are common in package paths, and some servers read a bare plus as a
	// space.
	return root + "/" + strings.ReplaceAll((&url.URL{Path: at.Path}).EscapedPath(), "+", "%2B"), nil
}

// NoMirrorError is the error for an archive without a mirror.
type NoMirrorError struct{ Archive string }

func (e *NoMirrorError) Error() string {
	return fmt.Sprintf("no mirror for %s (checked %s); name one with --mirror %s=URL", e.Archive, lookedAt(e.Archive), e.Archive)
}

func lookedAt(archive string) string {
	switch archive {
	case "maven":
		return "Maven's settings"
	case "debian", "debian-security":
		return "apt's sources"
	}
	return "--mirror only"
}
