package git

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/layc-lang/layc/lang/load"
)

// TestSilentServer checks the error for a server that accepts a connection and never responds.
func TestSilentServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	lower(t, &gitPatience, 500*time.Millisecond)
	r := load.Repository{URL: "https://" + listener.Addr().String() + "/layers.git", Version: "v1"}
	_, err = resolve(context.Background(), r)
	var failed *FetchError
	if left := processes(t, listener.Addr().String()); len(left) > 0 {
		t.Errorf("processes are left: %q", left)
	}
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "cannot fetch git+"+r.URL+"@v1: the server does not respond") {
		t.Errorf("got %v", err)
	}
}

// processes returns the command lines that contain a string.
func processes(t *testing.T, text string) (found []string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(lines) == 0 {
		t.Fatalf("no processes found: %v", err)
	}
	for _, name := range lines {
		if line, err := os.ReadFile(name); err == nil && strings.Contains(string(line), text) {
			found = append(found, string(line))
		}
	}
	return found
}

// TestEndlessTree checks that a small repository with a billion files is refused.
func TestEndlessTree(t *testing.T) {
	dir := t.TempDir()
	run := func(in string, args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
		cmd.Dir, cmd.Stdin, cmd.Env = dir, strings.NewReader(in), Environment(os.Environ())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run("", "init", "-q")
	object, kind := run("let x = 1\n", "hash-object", "-w", "--stdin"), "100644 blob "
	for range 9 {
		var tree strings.Builder
		for _, name := range strings.Split("a.layer b c d e f g h i j", " ") {
			tree.WriteString(kind + object + "\t" + name + "\n")
		}
		object, kind = run(tree.String(), "mktree"), "040000 tree "
	}
	commit := run("", "commit-tree", "-m", "x", object)
	run("", "tag", "v1", commit)
	lower(t, &maxOutput, 1<<20)
	_, err := fetch(context.Background(), load.Repository{URL: "file://" + dir, Version: "v1"}, commit)
	if err == nil || !strings.Contains(err.Error(), "the list of files is too long") {
		t.Errorf("got %v", err)
	}
}

func lower[T any](t *testing.T, limit *T, to T) {
	was := *limit
	*limit = to
	t.Cleanup(func() { *limit = was })
}

// TestWords checks that git's progress is omitted from its message.
func TestWords(t *testing.T) {
	message := "remote: Enumerating objects: 5, done.        \nremote: Counting objects:  50% (1/2)\rremote: Total 3 (delta 0), reused 0 (delta 0)\n" +
		"Receiving objects: 100% (3/3)\rFrom https://git.example.com/l\n * tag  v1 -> FETCH_HEAD\nremote: Repository not found.\nfatal: it ended early\n"
	if got, want := words(message, nil), "remote: Repository not found.; it ended early"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
