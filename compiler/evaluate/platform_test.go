package evaluate

import "testing"

// TestParsePlatform checks that the names of one platform are the same, as in registries.
func TestParsePlatform(t *testing.T) {
	for name, want := range map[string]string{
		"linux/arm64/v8": "linux/arm64", "linux/arm64": "linux/arm64", "linux/amd64/v1": "linux/amd64",
		"linux/arm": "linux/arm/v7", "linux/arm/7": "linux/arm/v7", "linux/arm/v6": "linux/arm/v6", "linux/amd64/v3": "linux/amd64/v3",
		"linux/arm64/8": "linux/arm64", "linux/arm64/v9": "linux/arm64/v9", "linux/arm64/v8.2": "linux/arm64/v8.2",
	} {
		if p, ok := ParsePlatform(name); !ok || p.String() != want {
			t.Errorf("%s is %s, want %s", name, p, want)
		}
	}
	for _, name := range []string{"amd64", "windows/amd64", "linux/x86_64", "linux/arm64/v8/v8", "linux/arm64/foo", "linux/amd64/v5", "linux/386/v1", "linux/arm/v9"} {
		if p, ok := ParsePlatform(name); ok {
			t.Errorf("%s is %s, want an error", name, p)
		}
	}
}
