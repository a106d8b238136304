// Package world reads the outside world for the lock file: it finds this host's mirrors and keys,
// downloads and verifies package indexes, and computes the checksums of URLs. It implements
// [lock.Resolver].
//
// The code has no host names: mirrors come from the user (--mirror) or from the configuration of
// the host's own package managers. Programs and lock files name archives, such as "debian:pool/…"
// "npm:NAME/-/NAME-VERSION.tgz" or "maven:GROUP:ARTIFACT:VERSION". [Mirrors] turns these into URLs at the last moment, so that
// layers and their identities do not depend on a mirror.
package world

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
)

// Mirrors maps the name of an archive ("debian", "debian-security", "ubuntu", "maven", "npm", "go")
// to the URL of its root, without a slash at the end.
type Mirrors map[string]string

// Host is the machine whose configuration is read.
type Host struct {
	Root      string // the root directory: "/"
	Home      string // the user's home directory; "" if unknown
	MavenHome string // the installation of Maven; "" if unknown
	NPMHome   string // the directory of the package npm; "" if unknown
	GoHome    string // the installation of Go; "" if unknown
	Registry  string // of npm, in the environment
	Proxies   string // of Go's modules, in the environment
}

// ThisHost returns the machine and user that layc runs on.
func ThisHost() Host {
	h := Host{
		Root:      "/",
		MavenHome: cmp.Or(os.Getenv("MAVEN_HOME"), homeOf("mvn")),
		NPMHome:   homeOf("npm"),
		GoHome:    homeOf("go"),
		Registry:  cmp.Or(os.Getenv("npm_config_registry"), os.Getenv("NPM_CONFIG_REGISTRY")),
		Proxies:   os.Getenv("GOPROXY"),
	}
	h.Home, _ = os.UserHomeDir()
	return h
}

// homeOf returns the directory above the bin of an installed program; "" without one.
func homeOf(program string) string {
	found, err := exec.LookPath(program)
	if err != nil {
		return ""
	}
	if found, err = filepath.EvalSymlinks(found); err != nil {
		return ""
	}
	return filepath.Dir(filepath.Dir(found))
}

// FindMirrors returns the given mirrors and, for other archives, the mirrors in the host's
// configuration of apt, Maven, npm and Go. An archive without a mirror is absent, which is an error only
// for programs that use it; see [Mirrors.URL]. FindMirrors skips malformed configuration of the
// host; a malformed given mirror is an error.
func FindMirrors(h Host, given Mirrors) (Mirrors, error) {
	m := Mirrors{}
	for name, root := range h.aptMirrors() {
		m[name] = strings.TrimRight(root, "/")
	}
	for name, root := range map[string]string{"maven": h.mavenMirror(), "npm": h.npmMirror(), "go": h.goMirror()} {
		if at, err := lock.Locate(root); err == nil && at.URL != "" {
			m[name] = strings.TrimRight(at.URL, "/")
		}
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
	case "npm":
		return "npm's configuration and installation"
	case "go":
		return "GOPROXY and Go's configuration"
	}
	if lock.FamilyOf(archive) != nil {
		return "apt's sources"
	}
	return "--mirror only"
}
