package lacks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/testdata/elf"
	"github.com/layc-lang/layc/llb/testdata/tree"
)

// TestPipes checks that nothing waits for who writes to a pipe, wherever a system has one in place of a file.
func TestPipes(t *testing.T) {
	program := elf.File{Interpreter: "/lib/file", Needed: []string{"libx.so.1"}}
	for _, c := range []struct {
		at   string
		look func(root string) error
		want string
	}{
		{"etc/passwd", func(root string) error { return Start("web", "1", []string{root}) }, "/etc/passwd: it is not a regular file"},
		{"etc/group", func(root string) error { return Start("0:web", "1", []string{root}) }, "/etc/group: it is not a regular file"},
		{"srv/start", func(root string) error {
			return Start("0", "1", []string{root, "--", "command", "/", "/bin", "/srv/link", ""})
		}, `not started: command special "/srv/link" "" "" ""`},
		{"lib/libx.so", func(root string) error { return Libraries("amd64", filepath.Join(root, "report"), []string{root}) }, ""},
		{"etc/ld.so.conf", func(root string) error { return Libraries("amd64", filepath.Join(root, "report"), []string{root}) }, "/etc/ld.so.conf: it is not a regular file"},
	} {
		root := tree.New(t, map[string]string{"srv/file": "", "etc/file": "", "lib/file": "", "bin/prog": string(program.Bytes())})
		for _, err := range []error{
			unix.Mkfifo(filepath.Join(root, c.at), 0o755), os.Chmod(filepath.Join(root, c.at), 0o755), os.Symlink("start", filepath.Join(root, "srv/link")),
			os.Symlink("/lib/libx.so", filepath.Join(root, "lib/libx.so.1")),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		ended := make(chan error, 1)
		go func() { ended <- c.look(root) }()
		select {
		case err := <-ended:
			if got := text(err); got != c.want {
				t.Errorf("%s: got %q, want %q", c.at, got, c.want)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: still waiting", c.at)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return strings.TrimSpace(err.Error())
}
