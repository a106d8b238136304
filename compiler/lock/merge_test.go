package lock

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Merged reads the traces of a merge as the lines of both sides. It takes one of two conflicting
// pins and returns its name.
func TestMerged(t *testing.T) {
	const header = "layc-lock 1\n"
	pack := func(name, version string) string {
		return fmt.Sprintf("package debian/bookworm amd64 %s %s debian:x.deb sha256:A size=1 installed=1\n", name, version)
	}
	tests := []struct{ name, text, want, disputed string }{
		{"two sides", header + "<<<<<<< a\nlayer x portable\n=======\nlayer y spine\n>>>>>>> b\nlayer z spine\n",
			header + "layer x portable\nlayer y spine\nlayer z spine\n", ""},
		{"with the common ancestor", header + "<<<<<<< a\nurl u sha256:B 1\n||||||| base\nurl u sha256:A 1\n=======\nurl w sha256:B 1\n>>>>>>> b\n",
			header + "url u sha256:B 1\nurl w sha256:B 1\n", ""},
		{"Windows line ends", "layc-lock 1\r\n<<<<<<< a\r\nurl u sha256:B 1\r\n=======\r\n>>>>>>> b\r\n", header + "url u sha256:B 1\n", ""},
		{"disputed packages", header + pack("jq", "1") + "<<<<<<< a\n" + pack("jq", "2") + pack("curl", "7") + "=======\n" + pack("jq", "3") + pack("curl", "8") + ">>>>>>> b\n",
			header + pack("curl", "7") + pack("jq", "1"), "curl jq"},
		{"disputed without a conflict", header + "url u sha256:B 2\nurl u sha256:A 2\nmodule m v1 " + strings.Repeat("1", 40) + " sha256:A\nmodule m v1 " + strings.Repeat("2", 40) + " sha256:A\nimage i p sha256:B\nimage i p sha256:A\n",
			header + "image i p sha256:A\nmodule m v1 " + strings.Repeat("1", 40) + " sha256:A\nurl u sha256:A 2\n", "i m@v1 u"},
		{"the later index wins", header + "index d a s sha256:A 2026-11-14T09:30:00Z\nindex d a s sha256:B 2026-11-15T09:30:00Z\nindex d a t sha256:A\nindex d a t sha256:B 2026-11-15T09:30:00Z\n",
			header + "index d a s sha256:B 2026-11-15T09:30:00Z\nindex d a t sha256:B 2026-11-15T09:30:00Z\n", ""},
		{"conflicting indexes without a date", header + "index d a s sha256:B\nindex d a s sha256:A\n", header + "index d a s sha256:A\n", ""},
		{"conflicting facts about a base", header + "base sha256:A 2\nbase sha256:B 1\nlink sha256:A /lib /usr/lib\nlink sha256:A /lib /usr/lib64\n",
			header + "base sha256:B 1\n", ""},
		{"keys and plans", header + "update u 2026-11-22\nupdate u 2026-11-23\nlayer x spine\nlayer x spine parent=y\n",
			header + "layer x spine\nupdate u 2026-11-23\n", ""},
	}
	for _, test := range tests {
		lines := strings.SplitAfter(string(long(test.text)), "\n")
		for range 2 {
			f, disputed, err := Merged("f", []byte(strings.Join(lines, "")))
			if err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
			want, err := Parse("f", long(test.want))
			if err != nil {
				t.Fatal(err)
			}
			if g, w := string(f.Format()), string(want.Format()); g != w {
				t.Errorf("%s: got:\n%s\nwant:\n%s", test.name, g, w)
			}
			if got := strings.Join(disputed, " "); got != test.disputed {
				t.Errorf("%s: disputed %q, want %q", test.name, got, test.disputed)
			}
			if strings.Contains(test.text, "<<<") {
				break
			}
			slices.Reverse(lines[1 : len(lines)-1])
		}
	}
	var line *Error
	if _, _, err := Merged("f", []byte("layc-lock 1\n<<<<<<< a\nurl u x 1\n=======\n>>>>>>> b\n")); !errors.As(err, &line) || line.Line != 3 {
		t.Errorf("a damaged line: %v, want an error in line 3", err)
	}
	if _, _, err := Merged("f", []byte("layc-lock 1\n<<<<<<< a\nlayc-lock 2\n=======\n>>>>>>> b\n")); !errors.As(err, &line) || line.Line != 3 {
		t.Errorf("a newer version: %v, want an error in line 3", err)
	}
}

// A minimal system that lacks a package is unusable.
func TestMinimal(t *testing.T) {
	f := &File{Packages: []Package{pkg("+libc6"), pkg("+dpkg", "tar"), pkg("+tar", "libc6")}}
	f.Sort()
	if got := names(f.Minimal(bookworm, "amd64")); got != "dpkg libc6 tar" {
		t.Errorf("got %q, want all", got)
	}
	f.Packages = slices.DeleteFunc(f.Packages, func(p Package) bool { return p.Name == "tar" })
	if got := f.Minimal(bookworm, "amd64"); got != nil {
		t.Errorf("without tar got %q, want none", names(got))
	}
}
