package main

import (
	"debug/elf"
	"os"
	"path/filepath"

	"github.com/layc-lang/layc/llb/exact"
)

const crossProgram = `import "std/debian"

fleet {
    base      scratch
    platforms "linux/amd64", "linux/arm64"
    builder   "linux/amd64"
}

component hello {
    builds on   debian.release("12", security: false)
    builds cross
    builds with os.packages("binutils-aarch64-linux-gnu")
    owns        "/opt/hello"

    run """
        test "$BUILDPLATFORM" = linux/amd64
        test "$(dpkg --print-architecture)" = amd64
        mkdir /opt/hello
        test $TARGETARCH = arm64 || exit 0
        printf '.global _start\n_start: mov x0, #0\nmov x8, #93\nsvc #0\n' | aarch64-linux-gnu-as -o /tmp/hello.o -
        aarch64-linux-gnu-ld -o /opt/hello/hello /tmp/hello.o
    """
}

# Its run mentions no platform, so it is executed once.
component stamp {
    builds on debian.release("12", security: false)
    builds cross
    owns      "/opt/stamp"

    run "date +%N > /opt/stamp"
}

# It needs a tool of the builder, and is in no image.
component tools {
    builds on debian.release("12", security: false)
    builds cross

    run "dpkg --print-architecture > /srv/built"
}

app extra {
    uses hello, stamp
    copy "/srv/built" from tools to "/srv/built"
}
`

// crosses builds images for two platforms without an emulator.
func (s *shop) crosses() {
	cmd := s.module("")
	dir := cmd.Args[3]
	if err := os.WriteFile(filepath.Join(dir, "extra.layer"), []byte(crossProgram), 0o644); err != nil {
		s.Fatal(err)
	}
	s.layc("lock", "-C", dir)
	roots := map[string]string{}
	for _, platform := range []string{"linux/arm64", "linux/amd64"} {
		out, root := filepath.Join(s.TempDir(), "out"), s.TempDir()
		s.layc("build", "-C", dir, "--state", s.state, "--platform", platform, "--verify", "-o", out)
		if err := exact.Unpack(out, "extra", root); err != nil {
			s.Fatal(err)
		}
		if got := read(s.T, root, "srv/built"); got != "amd64\n" {
			s.Errorf("a stage is built on %q", got)
		}
		roots[platform] = root
	}
	f, err := elf.Open(filepath.Join(roots["linux/arm64"], "opt/hello/hello"))
	if err != nil {
		s.Fatal(err)
	}
	defer f.Close()
	if f.Machine != elf.EM_AARCH64 {
		s.Errorf("the program of the image for arm64 is for %s", f.Machine)
	}
	if _, err := os.Stat(filepath.Join(roots["linux/amd64"], "opt/hello/hello")); err == nil {
		s.Error("the image for amd64 has the program for arm64")
	}
	if a, b := read(s.T, roots["linux/arm64"], "opt/stamp"), read(s.T, roots["linux/amd64"], "opt/stamp"); a != b {
		s.Errorf("a run that mentions no platform is executed for each: %q and %q", a, b)
	}
}
