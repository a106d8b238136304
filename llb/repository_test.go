//go:build linux

package llb_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/world/git"
)

// TestRepository builds a component from a git repository that copies files of the repository,
// passes some to another module, and mounts them: from the cache, from the vendor directory, and
// after a new version that does not change the copied files.
func TestRepository(t *testing.T) {
	b := newBuilder(t)
	dir := filepath.Join(t.TempDir(), "layers")
	repository := map[string]string{
		"web/web.layer": `
import "../tool"

component server {
    owns "/opt/web"
    copy "conf/" to "/etc/web/"
    copy "*.txt" to "/usr/share/"
    run  """
        has /in/web.conf
        write /opt/web/x 1
    """ with bind "conf" to "/in"
    needs tool.start("bin/start")
}
`,
		"tool/tool.layer": `
component start(program: path) {
    copy program to "/usr/bin/start"
}
`,
		"web/conf/web.conf": "web", "web/conf/more/deep.conf": "deep", "web/a.txt": "a", "web/b.md": "b", "web/bin/start": "#!", "other/x": "x",
	}
	commit := func(version string) {
		t.Helper()
		for name, text := range repository {
			name = filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(filepath.Join(dir, "web/bin/start"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, to := range map[string]string{"web/conf/link": "more/deep.conf", "web/conf/out": "/etc/elsewhere"} {
			if err := os.Symlink(to, filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrExist) {
				t.Fatal(err)
			}
		}
		for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-q", "-m", version}, {"tag", version}} {
			cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("git %s: %s", strings.Join(args, " "), out)
			}
		}

	}
	project := t.TempDir()
	store := git.Store{Cache: t.TempDir(), Vendor: filepath.Join(project, "vendor"), Announce: func(string) {}}
	build := func(version string, vendor bool) (map[string]file, *engine.Result) {
		t.Helper()
		r := load.Repository{URL: "file://" + dir, Version: version}
		pin, _, err := store.Pin(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if vendor {
			if _, err := store.Write(t.Context(), []lock.Module{pin}); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(store.Cache); err != nil {
				t.Fatal(err)
			}
		}
		files, err := store.Read(t.Context(), pin, false)
		if err != nil {
			t.Fatal(err)
		}
		made, result, err := b.make(sources{
			modules: map[load.Repository]load.Fetched{r: {Files: files}},
			files: map[string]string{".layerignore": "**/*.conf\n", lock.Name: string((&lock.File{Modules: []lock.Module{pin}}).Format()), "a.layer": fmt.Sprintf(`
import "git+file://%s//web@%s"

fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

app shop {
    uses web.server
}
`, dir, version)},
		})
		if err != nil {
			t.Fatal(err)
		}
		return made, result
	}
	commit("v1")
	files, first := build("v1", false)
	for name, want := range map[string]string{
		"/etc/web/web.conf": "644 web", "/etc/web/more/deep.conf": "644 deep", "/usr/share/a.txt": "644 a", "/usr/bin/start": "755 #!", "/opt/web/x": "644 1",
	} {
		if got := fmt.Sprintf("%o %s", files[name].Mode, files[name].text); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"/etc/web/link": "more/deep.conf", "/etc/web/out": "/etc/elsewhere"} {
		if got := files[name].Linkname; got != want {
			t.Errorf("%s leads to %q, want %q", name, got, want)
		}
	}
	if _, ok := files["/usr/share/b.md"]; ok {
		t.Error("a file that the pattern does not match is copied")
	}
	_, again := build("v1", true)
	if again.Images[0].Manifest != first.Images[0].Manifest || len(again.Steps.Executed) != 0 {
		t.Errorf("from the vendor directory the image is %s, want %s; executed %v", again.Images[0].Manifest, first.Images[0].Manifest, again.Steps.Executed)
	}
	repository["web/b.md"] = "changed"
	commit("v2")
	if _, second := build("v2", false); second.Images[0].Manifest != first.Images[0].Manifest {
		t.Errorf("a new version without changes builds %s, want %s", second.Images[0].Manifest, first.Images[0].Manifest)
	}
	repository["web/conf/web.conf"] = "new"
	commit("v3")
	if files, _ := build("v3", false); files["/etc/web/web.conf"].text != "new" {
		t.Errorf("the new version holds %q, want %q", files["/etc/web/web.conf"].text, "new")
	}
}
