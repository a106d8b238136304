package evaluate

import "testing"

func TestFileName(t *testing.T) {
	for url, want := range map[string]string{
		"https://example.com/a/b.jar":             "b.jar",
		"https://example.com/a/b.jar?token=1#x":   "b.jar",
		"https://example.com/a/":                  "",
		"https://example.com":                     "",
		"https://example.com?file=a":              "",
		"debian:pool/a_1.deb":                     "a_1.deb",
		"maven:com.example:server:1.0":            "server-1.0.jar",
		"maven:com.example:server:1.0:zip":        "server-1.0.zip",
		"maven:com.example:server:1.0:tar.gz:x64": "server-1.0-x64.tar.gz",
		"maven:com.example:server":                "",
	} {
		if got := fileName(url); got != want {
			t.Errorf("fileName(%q) = %q, want %q", url, got, want)
		}
	}
}
