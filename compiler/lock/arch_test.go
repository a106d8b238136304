package lock

import "testing"

func TestDebianArch(t *testing.T) {
	for platform, want := range map[string]string{
		"linux/amd64": "amd64", "linux/arm64": "arm64", "linux/arm/v7": "armhf", "linux/386": "i386", "linux/ppc64le": "ppc64el",
	} {
		if got, err := DebianArch(platform); got != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", platform, got, err, want)
		}
	}
	if _, err := DebianArch("windows/amd64"); err == nil || err.Error() != "no Debian packages for platform windows/amd64" {
		t.Errorf("got %v for Windows", err)
	}
}
