package debian

import (
	"fmt"
	"testing"
)

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
