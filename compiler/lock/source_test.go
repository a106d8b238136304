package lock

import "testing"

// TestSource reads the source of packages from the pool of an archive.
func TestSource(t *testing.T) {
	for url, want := range map[string]string{
		"debian:pool/main/o/openssl/libssl3_3.0.15-1~deb12u1_amd64.deb":           "openssl",
		"debian-security:pool/updates/main/libx/libxml2/libxml2_2.9.14_amd64.deb": "libxml2",
		"debian:pool/main/libs/libsodium/libsodium23_1_amd64.deb":                 "libsodium",
		"debian:pool/main/libr/libr/libr_1_amd64.deb":                             "libr",
		"fluentbit:pool/fluent-bit.deb":                                           "",
		"https://example.com/debian/pool/main/a/agent/agent_1_amd64.deb":          "agent",
		"https://example.com/tools/tools_1_amd64.deb":                             "",
		"https://example.com/agent.deb":                                           "",
		"agent.deb":                                                               "",
	} {
		if got := (&Package{URL: url}).Source(); got != want {
			t.Errorf("%s is built from %q, want %q", url, got, want)
		}
	}
}
