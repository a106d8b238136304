package debian

import (
	"os/exec"
	"testing"
)

// versions are in ascending order; those in one row are equal.
var versions = [][]string{
	{"~~"},
	{"~~a"},
	{"~"},
	{"0~rc1"},
	{"0", "0:0-0", "00"},
	{"0a"},
	{"0+"},
	{"1.0~rc1-1"},
	{"1.0~rc1-1+b1"},
	{"1.0", "1.0-0", "0:1.0"},
	{"1.0-0.1"},
	{"1.0-1~bpo12+1"},
	{"1.0-1"},
	{"1.0-1ubuntu1"},
	{"1.0-1+deb12u1"},
	{"1.0-1+deb12u2"},
	{"1.0-1+deb12u10"},
	{"1.0a-1"},
	{"1.0+dfsg-1"},
	{"1.0-1-1"}, // upstream "1.0-1": a hyphen is an ordinary byte there
	{"1.0.1"},
	{"1.1", "1.01"},
	{"2.36-9+deb12u9"},
	{"2.36-9+deb12u14"},
	{"1:0.1"},
	{"10:0.1"},
}

func TestCompareVersions(t *testing.T) {
	for i, row := range versions {
		for j, other := range versions {
			want := min(1, max(-1, i-j))
			for _, a := range row {
				for _, b := range other {
					if got := min(1, max(-1, CompareVersions(a, b))); got != want {
						t.Errorf("CompareVersions(%q, %q) = %d, want %d", a, b, got, want)
					}
				}
			}
		}
	}
}

// TestVersionsAgainstDpkg checks the table above with dpkg, if it is installed.
func TestVersionsAgainstDpkg(t *testing.T) {
	dpkg, err := exec.LookPath("dpkg")
	if err != nil {
		t.Skip("dpkg is not installed")
	}
	op := map[int]string{-1: "lt", 0: "eq", 1: "gt"}
	for i := range versions {
		for _, j := range []int{i - 1, i, i + 1} {
			if j < 0 || j >= len(versions) {
				continue
			}
			a, b := versions[i][0], versions[j][len(versions[j])-1]
			want := op[min(1, max(-1, i-j))]
			if err := exec.Command(dpkg, "--compare-versions", a, want, b).Run(); err != nil {
				t.Errorf("dpkg disagrees that %q %s %q", a, want, b)
			}
		}
	}
}
