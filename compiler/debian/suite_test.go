package debian

import (
	"fmt"
	"testing"

	"github.com/layc-lang/layc/compiler/lock"
)

// TestRepositoryPaths checks where the index and the packages of a third party's suite are.
func TestRepositoryPaths(t *testing.T) {
	for suite, want := range map[string]string{
		"stable":          "dists/stable [main]",
		"bookworm/db/7.0": "dists/bookworm/db/7.0 [main]",
		"./":              " []",
		"/":               " []",
		"amd64/":          "amd64 []",
	} {
		s := Suite{Archive: "vendor", Name: suite, Repository: &lock.PackageRepository{Components: []string{"main"}}}
		if got := fmt.Sprint(s.Dir(), " ", s.Components()); got != want {
			t.Errorf("%s: got %q, want %q", suite, got, want)
		}
	}
}

func TestSuites(t *testing.T) {
	for _, test := range []struct{ distribution, arch, want string }{
		{"debian/bookworm", "amd64", "[debian:bookworm] [main]"},
		{"debian/bookworm+updates+security", "arm64", "[debian:bookworm debian:bookworm-updates debian-security:bookworm-security] [main]"},
		{"ubuntu/noble+updates+security", "amd64", "[ubuntu:noble ubuntu:noble-updates ubuntu:noble-security] [main universe]"},
		{"ubuntu/noble+security", "arm64", "[ubuntu-ports:noble ubuntu-ports:noble-security] [main universe]"},
	} {
		got, err := Suites(test.distribution, test.arch)
		if err != nil || fmt.Sprint(got, " ", got[len(got)-1].Components()) != test.want {
			t.Errorf("%s: got %v, %v, want %s", test.distribution, got, err, test.want)
		}
	}
	vendor := lock.PackageRepository{Name: "vendor", Suite: "stable"}
	if got, err := Suites("debian/bookworm+updates+vendor", "amd64", vendor); err != nil || len(got) != 3 || got[2].String() != "vendor:stable" || got[2].Repository == nil {
		t.Errorf("with a repository: got %v, %v", got, err)
	}
	for distribution, want := range map[string]string{
		"debian":                     `not a valid distribution: "debian"; expected a name and a suite, such as debian/bookworm`,
		"debian/":                    `not a valid distribution: "debian/"; expected a name and a suite, such as debian/bookworm`,
		"debian/../x":                `not a valid distribution: "debian/../x"; expected a name and a suite, such as debian/bookworm`,
		"arch/rolling":               `unknown distribution "arch"; expected debian or ubuntu`,
		"debian/bookworm+extra-fast": `unknown archive "extra-fast" in distribution "debian/bookworm+extra-fast"; expected updates or security`,
	} {
		if _, err := Suites(distribution, "amd64"); err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", distribution, err, want)
		}
	}
}
