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
		"debian":                     `malformed distribution "debian": want a name and a suite, such as debian/bookworm`,
		"debian/":                    `malformed distribution "debian/": want a name and a suite, such as debian/bookworm`,
		"debian/../x":                `malformed distribution "debian/../x": want a name and a suite, such as debian/bookworm`,
		"arch/rolling":               `unknown distribution "arch": layc knows debian`,
		"debian/bookworm+extra-fast": `distribution "debian/bookworm+extra-fast": debian has no "extra-fast", it has updates and security`,
	} {
		if _, err := Suites(distribution); err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", distribution, err, want)
		}
	}
}
