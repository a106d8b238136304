package debian

import (
	"slices"
	"testing"
)

// TestForeign checks that names of other distributions lead to Debian's packages, if the archive
// has these, before similar names do; and that names of Debian do not.
func TestForeign(t *testing.T) {
	var all []Package
	for _, name := range []string{
		"build-essential", "python3-pip", "libssl-dev", "zlib1g-dev", "openjdk-17-jdk-headless", "openjdk-17-jre-headless", "python3-dev", "procps",
		"libcurl4-openssl-dev", "pkg-config", "bind9-dnsutils", "libxml2", "which-not",
	} {
		all = append(all, Package{Name: name, Version: "1", Arch: "amd64"})
	}
	u := NewUniverse("debian/bookworm", "amd64", all)
	for name, want := range map[string]string{
		"build-base": "build-essential", "py3-pip": "python3-pip", "openssl-devel": "libssl-dev", "ssl-dev": "libssl-dev", "zlib-devel": "zlib1g-dev",
		"openjdk17": "openjdk-17-jre-headless", "openjdk17-jdk": "openjdk-17-jdk-headless", "openjdk17-jre-headless": "openjdk-17-jre-headless",
		"java-17-openjdk-devel": "openjdk-17-jdk-headless", "java-17-openjdk": "openjdk-17-jre-headless", "java-17-openjdk-headless": "openjdk-17-jre-headless",
		"python3-devel": "python3-dev", "procps-ng": "procps", "curl-dev": "libcurl4-openssl-dev", "libcurl-devel": "libcurl4-openssl-dev",
		"pkgconfig": "pkg-config", "bind-utils": "bind9-dnsutils", "xml2-libs": "libxml2", "py3-": "", "openjdk": "", "java-": "", "httpd": "",
	} {
		if got := u.translate(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string][]string{"py3-pip": {"python3-pip"}, "procp": {"procps"}} {
		if got := u.suggest(name); !slices.Equal(got, want) {
			t.Errorf("%s may mean %v, want %v", name, got, want)
		}
	}
}
