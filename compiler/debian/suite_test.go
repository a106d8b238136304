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
	for distribution, want := range map[string]string{
		"debian/bookworm":                  "[debian:bookworm]",
		"debian/bookworm+updates+security": "[debian:bookworm debian:bookworm-updates debian-security:bookworm-security]",
	} {
		got, err := Suites(distribution)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: got %v, %v, want %s", distribution, got, err, want)
		}
	}
	vendor := lock.PackageRepository{Name: "vendor", Suite: "stable"}
	if got, err := Suites("debian/bookworm+updates+vendor", vendor); err != nil || len(got) != 3 || got[2].String() != "vendor:stable" || got[2].Repository == nil {
		t.Errorf("with a repository: got %v, %v", got, err)
	}
	for distribution, want := range map[string]string{
		"debian":                     `not a valid distribution: "debian"; expected a name and a suite, such as debian/bookworm`,
		"debian/":                    `not a valid distribution: "debian/"; expected a name and a suite, such as debian/bookworm`,
		"debian/../x":                `not a valid distribution: "debian/../x"; expected a name and a suite, such as debian/bookworm`,
		"arch/rolling":               `unknown distribution "arch"; expected debian`,
		"debian/bookworm+extra-fast": `unknown archive "extra-fast" in distribution "debian/bookworm+extra-fast"; expected updates or security`,
	} {
		if _, err := Suites(distribution); err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", distribution, err, want)
		}
	}
}
