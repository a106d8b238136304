//go:build linux

package llb_test

import (
	"archive/tar"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

// TestSteps builds one image with every kind of step.
func TestSteps(t *testing.T) {
	b := newBuilder(t)
	program := `
fleet {
    base   base
    secret token
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

user www {
    uid    1001
    gid    0
    home   "/home/www"
    groups "users"
}

component tool {
    owns "/opt/tool"
    run  """
        write /opt/tool/a text
        hard /opt/tool/a /opt/tool/b
        soft a /opt/tool/c
        cap /opt/tool/a
        show HTTPS_PROXY /opt/tool/proxy
        show SSL_CERT_FILE /opt/tool/ca
        has /run/layc/certificates.crt
        write /tmp/scratch x
    """
}

component site {
    needs conf
    owns "/srv/site" owner www
    run  """
        id /srv/site/id
        show MODE /srv/site/mode
        show TOKEN /srv/site/token
        has /etc/site.d/all.conf
        has /in/program
    """ as www with env MODE = "fast", secret token as TOKEN, network none, tmpfs "/work", cache "/cache", bind "a.layer" to "/in/program"
    file "/etc/site.d/all.conf" append "two"
}

component conf {
    dir  "/etc/site.d" mode 0750
    file "/etc/site.d/all.conf" append "one"
    file "/etc/profile" append "more"
}

component sums {
    fetch "$URL/hello" sha512 "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043" to "/opt/hello"
}

app all {
    uses site, sums
    copy "/opt/tool" from tool to "/opt/copied"
    user www
}
`
	secrets := llb.NetworkSecrets([]byte("pem"), map[string]string{"HTTPS_PROXY": "http://proxy.example.com"})
	secrets["token"] = []byte("secret")
	files, first, err := b.build(program, secrets)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"/etc/profile":         "base\nmore\n",
		"/etc/site.d/all.conf": "one\ntwo\n",
		"/srv/site/id":         "1001:0",
		"/srv/site/mode":       "fast",
		"/srv/site/token":      "secret",
		"/opt/hello":           "hello",
		"/etc/passwd":          "root:x:0:0:root:/root:/bin/sh\nwww:x:1001:0::/home/www:/usr/sbin/nologin\n",
		"/etc/group":           "root:x:0:\nusers:x:100:www\n",
		"/opt/copied/a":        "text",
		"/opt/copied/proxy":    "http://proxy.example.com",
		"/opt/copied/ca":       "/run/layc/certificates.crt",
	} {
		if got := files[name].text; got != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"/home/www":     "1001:0 755",
		"/etc/site.d":   "0:0 750",
		"/srv/site":     "1001:0 755",
		"/srv/site/id":  "1001:0 644",
		"/opt/copied/a": "0:0 644",
	} {
		f := files[name]
		if got := fmt.Sprintf("%d:%d %o", f.Uid, f.Gid, f.Mode); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if f := files["/opt/copied/b"]; f.Typeflag != tar.TypeLink && files["/opt/copied/a"].Typeflag != tar.TypeLink {
		t.Errorf("the hard link is a file of type %c", f.Typeflag)
	}
	if f := files["/opt/copied/c"]; f.Linkname != "a" {
		t.Errorf("the symbolic link points to %q, want a", f.Linkname)
	}
	caps := files["/opt/copied/a"].PAXRecords["SCHILY.xattr.security.capability"] + files["/opt/copied/b"].PAXRecords["SCHILY.xattr.security.capability"]
	if caps == "" {
		t.Error("the capability is lost")
	}
	for name, f := range files {
		if strings.HasPrefix(name, "/.layc") || name == "/tmp/scratch" || name == "/work" || name == "/cache" {
			t.Errorf("%s is in the image", name)
		}
		if f.ModTime.Unix() != llb.Epoch {
			t.Errorf("%s has the time %v", name, f.ModTime)
		}
	}
	// The settings of another host's network are not part of any cache key.
	_, again, err := b.build(program, map[string][]byte{"token": []byte("secret")})
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Steps.Executed) != 0 || again.Images[0].Manifest != first.Images[0].Manifest {
		t.Errorf("the second build executes %v", again.Steps.Executed)
	}
}

// TestStacked checks that the steps of a stacked component are one layer with the canonical time,
// and that they can change and delete lower files.
func TestStacked(t *testing.T) {
	b := newBuilder(t)
	files, result, err := b.build(`
fleet {
    base   base
    layers 3
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component first {
    copy "a.layer" to "/srv/program"
    run  "write /srv/one 1"
    run  """
        write /srv/two 2
        hard /srv/two /srv/again
        remove /srv/one
        write /tmp/scratch x
    """
}

component second {
    needs first
    run   """
        remove /srv/program
        write /etc/profile changed
    """
}

app all {
    uses second
}
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(result.Images[0].Layers); n != 3 {
		t.Errorf("the image has %d layers, want 3: the base and one for each component", n)
	}
	if got := files["/etc/profile"].text; got != "changed" {
		t.Errorf("/etc/profile holds %q, want %q", got, "changed")
	}
	for _, name := range []string{"/srv/one", "/srv/program", "/tmp/scratch", "/.layc"} {
		if _, ok := files[name]; ok {
			t.Errorf("%s is in the image", name)
		}
	}
	two, again := files["/srv/two"], files["/srv/again"]
	if two.text+again.text != "2" || two.Typeflag != tar.TypeLink && again.Typeflag != tar.TypeLink {
		t.Errorf("/srv/two holds %q and /srv/again %q, want one file of two names", two.text, again.text)
	}
	for name, f := range files {
		if f.ModTime.Unix() != llb.Epoch {
			t.Errorf("%s has the time %v", name, f.ModTime)
		}
	}
}

// TestVerify checks that the build fails if a portable run writes outside of its owned paths, and
// that the helper says what else it writes.
func TestVerify(t *testing.T) {
	b := newBuilder(t)
	const program = `
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component bad {
    owns "/opt/bad"
    copy "a.layer" to "/etc/bad/program"
    file "/opt/bad/own" text "own"
    run  """
        write /opt/bad/x 1
        write /tmp/fine 1
        COMMAND
    """ in "/work"
    file "/etc/late" text "late"
}

app a {
    uses bad
}
`
	for command, want := range map[string]string{
		"has /bin/sh":           "",
		"write /opt/other 1":    `changes 1 "/opt/other is new" makes 1 "/opt/other"`,
		"write /new/dir/x 1":    `changes 1 "/new is new" makes 1 "/new"`,
		"write /work/x 1":       `changes 1 "/work is new" makes 1 "/work"`,
		"write /etc/profile 1":  `changes 1 "/etc/profile differs from byte 0"`,
		"remove /etc/group":     `changes 1 "/etc/group is deleted"`,
		"soft /x /opt/bad/link": "",
		"write /opt/bad/own 1":  "",
		"write /etc/bad/x 1":    `changes 1 "/etc/bad/x is new" makes 1 "/etc/bad/x"`,
		"cap /bin/sh":           `changes 1 "/bin/sh has different capabilities or attributes"`,
		"write /run/x 1":        `changes 1 "/run is new" makes 1 "/run"`,
		"removeall /opt/bad":    `lacks 1 "/opt/bad"`,
		// Files of other steps are created again in the layer.
		"write /etc/bad/program 1": `changes 1 "/etc/bad/program differs from byte 0" makes 1 "/etc/bad/program"`,
	} {
		_, _, err := b.build(strings.Replace(program, "COMMAND", command, 1), nil)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", command, err)
			}
			continue
		}
		var step *engine.StepError
		if !errors.As(err, &step) {
			t.Errorf("%s: %v, want a step that fails", command, err)
			continue
		}
		if log := strings.Join(step.Log, "\n"); log != "layc-helper: not kept: "+want {
			t.Errorf("%s: the log is %q, want %q", command, log, want)
		}
	}
}

// TestKept checks which files get into an image when components of several kinds create them in
// scratch space, in /run, and where the engine mounts files, and that a build stage may write
// anywhere.
func TestKept(t *testing.T) {
	b := newBuilder(t)
	files, _, err := b.build(runBase+`
component stage {
    owns "/made"
    run  """
        write /made/x 1
        write /root/.config/tool 1
        remove /etc/profile
    """
}

component stacked {
    file "/tmp/placed/kept" text "1"
    file "/tmp/placed/removed" text "1"
    file "/etc/hosts" text "hosts"
    dir  "/run/app" owner "7:8"
    run  """
        remove /tmp/placed/removed
        write /tmp/placed/new 1
        write /var/tmp/new 1
        write /run/state/x 1
        hard /etc/group /etc/also
        cap /bin/sh
    """ in "/srv/work"
}

component portable {
    needs stacked
    owns  "/opt/p"
    file  "/tmp/input/kept" text "2"
    file  "/tmp/input/removed" text "2"
    file  "/etc/resolv.conf" text "names"
    run   """
        write /opt/p/x 1
        write /tmp/input/new 1
        remove /tmp/input/removed
    """ with tmpfs "/var/a/b/c", cache "/cache/d"
    file  "/tmp/input/late" text "2"
}

component c {
    needs portable
    copy  "/made/x" from stage to "/opt/made"
}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"/tmp/placed/kept": "1", "/tmp/input/kept": "2", "/tmp/input/late": "2", "/etc/hosts": "hosts", "/etc/resolv.conf": "names",
		"/run/state/x": "1", "/opt/p/x": "1", "/opt/made": "1", "/etc/profile": "base",
	} {
		if got, ok := files[name]; got.text != want || !ok {
			t.Errorf("%s holds %q, want %q", name, got.text, want)
		}
	}
	for _, name := range []string{
		"/tmp/placed/removed", "/tmp/placed/new", "/var/tmp/new", "/tmp/input/new", "/tmp/input/removed",
		"/var/a", "/cache", "/root", "/made", "/.layc",
	} {
		if _, ok := files[name]; ok {
			t.Errorf("%s is in the image", name)
		}
	}
	if f := files["/run/app"]; f.Uid != 7 || f.Gid != 8 || f.Typeflag != tar.TypeDir {
		t.Errorf("/run/app is %+v, want a directory of 7:8", f.Header)
	}
	if f, ok := files["/srv/work"]; f.Typeflag != tar.TypeDir || !ok {
		t.Errorf("the directory of a stacked run is %+v, want one in the image", f.Header)
	}
	if files["/bin/sh"].PAXRecords["SCHILY.xattr.security.capability"] == "" {
		t.Error("the capability of a lower file is lost")
	}
	if also, group := files["/etc/also"], files["/etc/group"]; also.Linkname == "" && group.Linkname == "" {
		t.Errorf("/etc/also and /etc/group are not links: %+v, %+v", also.Header, group.Header)
	}
	for name, f := range files {
		if f.ModTime.Unix() != llb.Epoch {
			t.Errorf("%s has the time %v", name, f.ModTime)
		}
	}
}

// TestEmptyBase checks that users can be added to a base system without files.
func TestEmptyBase(t *testing.T) {
	b := newBuilder(t)
	files, _, err := b.build(`
fleet {
    base   base
    layers 2
}

component base {
    rootfs "$URL/empty.tar" sha256 "$EMPTY"
}

user www {
    uid  1001
    home "/home/www"
}

component site {
    file "/etc/hosts" text "hosts" owner www
}

app a {
    uses site
    user www
}
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"/etc/passwd": "www:x:1001:1001::/home/www:/usr/sbin/nologin\n", "/etc/group": "www:x:1001:\n", "/etc/hosts": "hosts"} {
		if got := files[name].text; got != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	for name, f := range files {
		if f.ModTime.Unix() != llb.Epoch {
			t.Errorf("%s has the time %v", name, f.ModTime)
		}
	}
	if f := files["/home/www"]; f.Uid != 1001 || f.Gid != 1001 {
		t.Errorf("/home/www belongs to %d:%d, want 1001:1001", f.Uid, f.Gid)
	}
}
