//go:build linux

package compiler_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
)

// A copy from a real directory follows links that lead to directories of the project. It is an
// error if the copy cannot preserve something.
func TestCopiesOfADirectory(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	capability := "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	err := errors.Join(
		os.MkdirAll(at("real/sub"), 0o755), os.WriteFile(at("real/sub/x"), []byte("x"), 0o644),
		os.MkdirAll(at("bytes"), 0o755), os.WriteFile(at("bytes/\xff"), nil, 0o644), os.WriteFile(at("bytes/fine"), nil, 0o644),
		os.MkdirAll(at("bin"), 0o755), os.WriteFile(at("bin/able"), []byte("x"), 0o755),
		os.MkdirAll(at("loop"), 0o755), os.Symlink("a", at("loop/a")),
		os.Symlink("real", at("link")), os.Symlink("../..", at("out")), os.Symlink("/etc", at("etc")), os.Symlink("real/sub/x", at("file")),
		unix.Mkfifo(at("bin/pipe"), 0o644),
	)
	if err != nil {
		t.Fatal(err)
	}
	noCapabilities := unix.Setxattr(at("bin/able"), "security.capability", []byte(capability), 0)
	for _, c := range []struct{ copy, says string }{
		{`copy "link/" to "/srv/"`, ""},
		{`copy "link/sub" to "/srv/"`, ""},
		{`copy "link" to "/srv/"`, ""},
		{`copy "link/s*" to "/srv/"`, ""},
		{`copy "file" to "/srv/"`, ""},
		{`copy "file/" to "/srv/"`, "E0324 file is a file, not a directory"},
		{`copy "out/" to "/srv/"`, "E0352 out leads out of the project"},
		{`copy "out/x" to "/srv/"`, "E0352 out/x leads out of the project"},
		{`copy "etc/" to "/srv/"`, "E0352 etc leads out of the project, through the link etc to /etc"},
		{`copy "etc/pass*" to "/srv/"`, "E0352 etc/passwd leads out of the project, through the link etc to /etc"},
		{`copy "loop/a/" to "/srv/"`, "E0352 loop/a has too many levels of symbolic links"},
		{`copy "bytes/" to "/srv/"`, `E0352 "bytes/\xff" has a name that is not valid UTF-8`},
		{`copy "bytes/*" to "/srv/"`, `E0352 "bytes/\xff" has a name that is not valid UTF-8`},
		{`copy "bytes/" to "/srv/" include "fine"`, ""},
		{`copy "bytes/*" to "/srv/" exclude "?"`, ""},
		{`copy "bin/able" to "/srv/"`, "E0352 bin/able has a file capability, which `copy` does not keep"},
		{`copy "bin/" to "/srv/" exclude "able", "pipe"`, "E0324 no files to copy from bin/"},
		{`copy "bin/pipe" to "/srv/"`, "E0324 cannot copy bin/pipe: it is not a file or a directory"},
	} {
		if strings.Contains(c.says, "capability") && noCapabilities != nil {
			t.Logf("no capabilities here: %v", noCapabilities)
			continue
		}
		program := "component base {\n    rootfs \"https://example.com/r.tar\" sha256 \"" + strings.Repeat("a", 64) + "\"\n}\n\napp a {\n    base base\n    " + c.copy + "\n}\n"
		if err := os.WriteFile(at("a.layer"), []byte(program), 0o644); err != nil {
			t.Fatal(err)
		}
		_, list := compiler.Compile(compiler.Input{Project: os.DirFS(dir), Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}}, compiler.Planned)
		var says []string
		for _, d := range list {
			if strings.Contains(d.Span.Text(), "copy") || strings.HasPrefix(string(d.Code), "E03") {
				says = append(says, string(d.Code)+" "+d.Message)
			}
		}
		if got := strings.Join(says, "; "); got != c.says {
			t.Errorf("%s: %q, want %q", c.copy, got, c.says)
		}
	}
}
