//go:build linux

package llb_test

import (
	"archive/tar"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh/agent"

	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

// runBase is the start of these tests' programs.
const runBase = `
fleet {
    base   base
    secret token
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

app a {
    uses c
}
`

// TestRun checks each option of run on the engine.
func TestRun(t *testing.T) {
	b := newBuilder(t)
	const tmpfsMagic = "1021994"
	for _, test := range []struct {
		name, program string
		want          map[string]string // files
		absent        []string
	}{
		{"as", `
component c {
    owns "/srv/c"
    run  "id /srv/c/id" as "1001:100"
    run  "id /srv/c/same" as "1001"
}`, map[string]string{"/srv/c/id": "1001:100", "/srv/c/same": "1001:0"}, nil},
		{"in", `
component c {
    owns "/srv/c"
    run  "write /srv/c/in/x 1"
    run  "where /srv/c/where" in "/srv/c/in"
    run  "where /srv/c/root"
}`, map[string]string{"/srv/c/where": "/srv/c/in", "/srv/c/root": "/"}, nil},
		{"env", `
component c {
    owns "/srv/c"
    env  BOTH = "component"
    run  """
        write /srv/c/x 1
        show ONE /srv/c/one
        show BOTH /srv/c/both
    """ with env ONE = "1", env BOTH = "run"
    run  """
        show ONE /srv/c/none
        show BOTH /srv/c/component
    """
}`, map[string]string{"/srv/c/one": "1", "/srv/c/both": "run", "/srv/c/none": "", "/srv/c/component": "component"}, nil},
		{"tmpfs", `
component c {
    owns "/srv/c"
    run  """
        write /srv/c/work/x 1
        kind /srv/c/work /srv/c/kind
    """ with tmpfs "/srv/c/work"
}`, map[string]string{"/srv/c/kind": tmpfsMagic}, []string{"/srv/c/work/x"}},
		{"secrets", `
component c {
    owns "/srv/c"
    run  """
        write /srv/c/x 1
        copy /run/secrets/token /srv/c/plain
        refused /run/secrets/token
    """ with secret token
    run  "copy /root/.rc /srv/c/named" with secret token to "/root/.rc"
    run  "show TOKEN /srv/c/variable" with secret token as TOKEN
    run  "show TOKEN /srv/c/none"
}`, map[string]string{"/srv/c/plain": "hidden", "/srv/c/named": "hidden", "/srv/c/variable": "hidden", "/srv/c/none": ""}, []string{"/run/secrets/token", "/root/.rc"}},
		{"bind", `
component tool {
    owns "/opt/tool"
    run  "write /opt/tool/x tool"
}

component c {
    owns "/srv/c"
    run  """
        write /srv/c/y 1
        copy /in/x /srv/c/x
        copy /lib/a /srv/c/a
        copy /etc/one /srv/c/one
        refused /in/x
        refused /lib/a
    """ with bind "/opt/tool" from tool to "/in", bind "lib" to "/lib", bind "lib/a" to "/etc/one"
}`, map[string]string{"/srv/c/x": "tool", "/srv/c/a": "bound", "/srv/c/one": "bound"}, []string{"/opt/tool/x", "/in/x"}},
		{"network", `
component c {
    owns "/srv/c"
    run  """
        write /srv/c/x 1
        links /srv/c/none
        show HTTPS_PROXY /srv/c/proxy
    """ with network none
    run  "links /srv/c/host"
}`, map[string]string{"/srv/c/none": "lo", "/srv/c/host": interfaces(t), "/srv/c/proxy": ""}, nil},
	} {
		files, _, err := b.make(sources{
			files:   map[string]string{"a.layer": runBase + test.program, "lib/a": "bound"},
			secrets: map[string][]byte{"token": []byte("hidden")},
		})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		for name, want := range test.want {
			if got, ok := files[name]; got.text != want || !ok {
				t.Errorf("%s: %s holds %q, want %q", test.name, name, got.text, want)
			}
		}
		for _, name := range test.absent {
			if _, ok := files[name]; ok {
				t.Errorf("%s: %s is in the image", test.name, name)
			}
		}
	}
}

// interfaces are the host's network interfaces.
func interfaces(t *testing.T) string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// TestCache checks that files in a cache are visible to another run, and are in no image.
// TestBuildsWith checks that what a stacked component builds with is there for its run, and not in
// the image: in a build stage, in an image, and with another component that it needs.
func TestBuildsWith(t *testing.T) {
	b := newBuilder(t)
	files, _, err := b.build(`
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component compiler {
    file "/usr/compiler" text "compiled"
}

component headers {
    run "write /headers h"
}

component stage {
    needs       headers
    builds with compiler
    run         "copy /usr/compiler /out"
    run         "copy /headers /found"
}

component stacked {
    builds with compiler
    run         "copy /usr/compiler /made"
}

app image {
    uses stacked
    copy "/out" from stage to "/opt/out"
    copy "/found" from stage to "/opt/found"
}
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"/opt/out": "compiled", "/opt/found": "h", "/made": "compiled"} {
		if got := files[name].text; got != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"/usr/compiler", "/headers"} {
		if f, ok := files[name]; ok {
			t.Errorf("the image has %s: %v", name, f)
		}
	}
}

// TestIdentity checks that what differs in hard links or in the numbers of devices alone is not taken
// for what the engine has copied before.
func TestIdentity(t *testing.T) {
	b := newBuilder(t)
	build := func(steps string) map[string]file {
		files, _, err := b.build(`
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component owner {
    owns "/opt/own"
    dir  "/opt/own/a"
    run  """
`+strings.ReplaceAll(steps, "DIR", "/opt/own/a")+`
        """
}

component mixed {
    owns "/opt/mixed"
    run  """
        dir /opt/mixed 0755
`+strings.ReplaceAll(steps, "DIR", "/opt/mixed")+`
        """
    file "/opt/beside" text "x"
    dir  "/opt/mixed" mode 0750
}

component stage {
    run """
        dir /made 0755
        dir /made/b 0755
`+strings.ReplaceAll(steps, "DIR", "/made/b")+`
        """
}

component stacked {
    run """
        dir /stacked 0755
`+strings.ReplaceAll(steps, "DIR", "/stacked")+`
        """
}

component other {
    run "write /other o"
}

app a {
    layers 3
    uses   owner, mixed, stacked, other
    copy   "/made" from stage to "/opt/copied"
    copy   "/made/*" from stage to "/opt/chosen/"
    copy   "/opt/own/a" from owner to "/opt/again"
}
`, nil)
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	dirs := []string{"/opt/own/a", "/opt/mixed", "/opt/copied/b", "/opt/chosen/b", "/opt/again", "/stacked"}
	for n, one := range []bool{true, false, true} {
		steps := "        write DIR/1 q\n        hard DIR/1 DIR/2"
		if !one {
			steps = "        write DIR/1 q\n        write DIR/2 q"
		}
		files := build(steps)
		for _, dir := range dirs {
			if linked := files[dir+"/1"].Typeflag == tar.TypeLink || files[dir+"/2"].Typeflag == tar.TypeLink; linked != one {
				t.Errorf("build %d: files in %s are one file: %v, want %v", n+1, dir, linked, one)
			}
		}
	}
}

func TestCache(t *testing.T) {
	b := newBuilder(t)
	build := func(command string) map[string]file {
		t.Helper()
		files, _, err := b.build(runBase+`
component c {
    owns "/srv/c"
    run  """
        write /srv/c/x 1
        `+command+`
    """ with cache "/var/cache/c"
}`, nil)
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	if files := build("write /var/cache/c/kept text"); files["/var/cache/c/kept"].text != "" {
		t.Error("the image has the files of the cache")
	}
	if files := build("copy /var/cache/c/kept /srv/c/found"); files["/srv/c/found"].text != "text" {
		t.Errorf("the next run has %q, want %q", files["/srv/c/found"].text, "text")
	}
}

// TestSSH checks that only a run with ssh reaches the user's agent.
func TestSSH(t *testing.T) {
	b := newBuilder(t)
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = agent.ServeAgent(keys, c) // ends with its client
			}()
		}
	}()
	program := runBase + `
component c {
    owns "/srv/c"
    run  """
        write /srv/c/x 1
        agent /srv/c/keys
    """ with ssh
    run  "show SSH_AUTH_SOCK /srv/c/none"
}`
	files, _, err := b.make(sources{files: map[string]string{"a.layer": program}, agent: socket})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s %q", files["/srv/c/keys"].text, files["/srv/c/none"].text); got != `1 ""` {
		t.Errorf("the run sees keys and, without ssh, a socket: %s, want %s", got, `1 ""`)
	}
	// Without an agent the step fails with a clear error.
	var step *engine.StepError
	_, _, err = b.make(sources{files: map[string]string{"a.layer": strings.Replace(program, "x 1", "x 2", 1)}})
	if !errors.As(err, &step) || !strings.Contains(err.Error(), "SSH") {
		t.Errorf("without an agent: %v, want a step that fails because ssh is missing", err)
	}
}

// TestDirs checks that dir sets a directory's owner and all bits of its mode, whether or not it
// exists, and whatever else creates entries around it.
func TestDirs(t *testing.T) {
	b := newBuilder(t)
	files, _, err := b.build(runBase+`
component below {
    run """
        write /srv/old/x 1
        write /srv/other/x 1
    """
}

component stacked {
    needs below
    dir   "/srv/old" owner "5:6" mode 02750
    dir   "/srv/new" owner "7:8" mode 01777
    dir   "/srv/other"
    run   "write /srv/new/x 1"
}

component c {
    needs stacked
    owns  "/opt/c"
    run   "write /opt/c/a/x 1"
    dir   "/opt/c/a" mode 01777
    dir   "/opt/c/b" mode 02755
    file  "/opt/c/b/su" text "x" mode 04711
}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"/srv": "0:0 755", "/srv/old": "5:6 2750", "/srv/old/x": "0:0 644", "/srv/new": "7:8 1777", "/srv/new/x": "0:0 644", "/srv/other": "0:0 755",
		"/opt/c": "0:0 755", "/opt/c/a": "0:0 1777", "/opt/c/a/x": "0:0 644", "/opt/c/b": "0:0 2755", "/opt/c/b/su": "0:0 4711",
	} {
		f, ok := files[name]
		if got := fmt.Sprintf("%d:%d %o", f.Uid, f.Gid, f.Mode&0o7777); got != want || !ok {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
		if f.ModTime.Unix() != llb.Epoch {
			t.Errorf("%s has the time %v", name, f.ModTime)
		}
	}
}

// TestNames checks that a copy to a name creates exactly that name, whatever exists there. It
// merges directories and does not nest one inside another.
func TestNames(t *testing.T) {
	b := newBuilder(t)
	const program = runBase + `
component made {
    owns "/out"
    run """
        write /out/dir/x 1
        write /out/file 1
    """
    dir "/out/dir" mode 02711
}

component below {
    run """
        write /srv/dir/old 1
        write /srv/project/old 1
        write /srv/taken/old 1
    """
}

component c {
    needs below
    BODY
    run  "has /srv/dir"
}`
	files, _, err := b.make(sources{files: map[string]string{"project/x": "1", "file": "1", "a.layer": strings.Replace(program, "BODY", `
    copy "/out/dir" from made to "/srv/dir"
    copy "/out/dir" from made to "/srv/new/dir"
    copy "/out/file" from made to "/srv/dir/old"
    copy "project" to "/srv/project"`, 1)}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"/srv/dir": "2711", "/srv/dir/x": "644", "/srv/dir/old": "644", "/srv/new": "755", "/srv/new/dir": "2711", "/srv/new/dir/x": "644",
		"/srv/project": "755", "/srv/project/x": "644", "/srv/project/old": "644",
	} {
		if f, ok := files[name]; fmt.Sprintf("%o", f.Mode&0o7777) != want || !ok {
			t.Errorf("%s is %o, want %s", name, f.Mode&0o7777, want)
		}
	}
	for _, name := range []string{"/srv/dir/dir", "/srv/project/project"} {
		if _, ok := files[name]; ok {
			t.Errorf("%s exists", name)
		}
	}
	for _, body := range []string{`copy "/out/file" from made to "/srv/taken"`, `copy "file" to "/srv/taken"`, `fetch "$URL/hello" to "/srv/taken"`} {
		_, _, err := b.make(sources{files: map[string]string{"file": "1", "a.layer": strings.Replace(program, "BODY", body, 1)}})
		if err == nil || !strings.Contains(err.Error(), "directory") {
			t.Errorf("%s, where a directory is: %v", body, err)
		}
	}
}
