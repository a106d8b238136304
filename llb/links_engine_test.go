//go:build linux

package llb_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

// TestReplacedLinks checks that a build fails if it would replace a link of the base or of a
// component by a directory, and that the error names the link. Content with the same links, or
// with other files next to them, is built.
func TestReplacedLinks(t *testing.T) {
	b := newBuilder(t)
	archives := map[string][]byte{
		"/bad.tar": tarOf(t, tar.Header{Name: "etc/new", Typeflag: tar.TypeReg, Mode: 0o644}, tar.Header{Name: "lib/x", Typeflag: tar.TypeReg, Mode: 0o644}),
		"/fine.tar": tarOf(t, tar.Header{Name: "usr/lib/x", Typeflag: tar.TypeReg, Mode: 0o4755},
			tar.Header{Name: "lib", Typeflag: tar.TypeSymlink, Linkname: "usr/lib"}, tar.Header{Name: "var/cache/", Typeflag: tar.TypeDir, Mode: 0o700}),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(archives[r.URL.Path]) }))
	defer server.Close()
	fetch := func(name, to string) string {
		return fmt.Sprintf("fetch %q sha256 \"%x\" unpack to %q\n", server.URL+name, sha256.Sum256(archives[name]), to)
	}
	program := func(c string) string {
		return `
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
    link "/lib" to "usr/lib"
    link "/var/run" to "/run"
}

component current {
    link "/opt/current" to "one"
    link "/opt/file" to "one/file"
}

component made {
    owns "/out"
    run """
        write /out/current/deep/x x
        write /out/file x
        write /out/run/y y
    """
}

component plain {
    owns "/plain"
    run  "write /plain/x x"
    dir  "/plain" mode 0711
}

component c {
` + c + `
}

app a {
    uses c
}
`
	}
	for _, c := range []struct{ name, body, want string }{
		{"an archive", fetch("/bad.tar", "/"), `"/lib/x" "/lib" "/usr/lib"`},
		{"an archive in a stacked component", fetch("/bad.tar", "/") + `run "whoami"`, `"/lib/x" "/lib" "/usr/lib"`},
		{"a stage", `copy "/out/" from made to "/var/"`, `"/var/run/y" "/var/run" "/run"`},
		{"a pattern of a stage", `copy "/out/*" from made to "/var/"`, `"/var/run/y" "/var/run" "/run"`},
		{"a pattern over a declared link", "needs current\n" + `copy "/out/*" from made to "/opt/"`, `"/opt/current/deep/x" "/opt/current" "/opt/one"`},
		{"a run", `owns "/var"
run "write /var/run/z z"`, `"/var/run/z" "/var/run" "/run"`},
	} {
		_, _, err := b.build(program(c.body), nil)
		var step *engine.StepError
		if !errors.As(err, &step) || len(step.Log) == 0 || step.Log[len(step.Log)-1] != "layc-helper: replaced link: "+c.want {
			t.Errorf("%s: %v", c.name, err)
			if step != nil {
				t.Logf("%q", step.Log)
			}
		}
	}

	for _, c := range []struct {
		body string
		want map[string]string
	}{
		{
			fetch("/fine.tar", "/") + `copy "/out/run/" from made to "/var/lib/"`,
			map[string]string{"/lib": "link usr/lib", "/usr/lib/x": "4755 0:0", "/var/cache": "700 0:0", "/var/lib/y": "644 0:0", "/var": "755 0:0"},
		},
		{
			"needs current\n" + `copy "/out/fi*", "/out/run" from made to "/opt/" owner "7" exclude "x"`,
			map[string]string{"/opt/current": "link one", "/opt/file": "644 7:7", "/opt/run/y": "644 7:7", "/opt": "755 0:0"},
		},
		{
			`copy "/plain" from plain to "/var"`,
			map[string]string{"/var/x": "644 0:0", "/var": "711 0:0"},
		},
		{
			`copy "/plain/" from plain to "/var" owner "7"`,
			map[string]string{"/var/x": "644 7:7", "/var": "755 7:7"},
		},
	} {
		files, result, err := b.build(program(c.body), nil)
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		for name, want := range c.want {
			f := files[name]
			got := fmt.Sprintf("%o %d:%d", f.Mode, f.Uid, f.Gid)
			if f.Typeflag == tar.TypeSymlink {
				got = "link " + f.Linkname
			}
			if got != want || f.ModTime.Unix() != llb.Epoch {
				t.Errorf("%s is %s of %v, want %s", name, got, f.ModTime, want)
			}
		}
		if n := len(result.Images[0].Layers); n > 3 {
			t.Errorf("%s: %d layers", c.body, n)
		}
	}
}

// TestKeptDirectories checks that content with directories of the base keeps their owners and
// modes, in portable and stacked components and in apps, whatever owner and mode the step sets.
func TestKeptDirectories(t *testing.T) {
	b := newBuilder(t)
	dir := func(name string, mode int64) tar.Header {
		return tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode}
	}
	archive := tarOf(t, dir("tmp/", 0o755), dir("var/", 0o755), dir("var/mail/", 0o700), dir("opt/", 0o755), dir("opt/plain/", 0o711))
	wrong := tarOf(t, tar.Header{Typeflag: tar.TypeReg, Name: "tmp", Mode: 0o644})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(map[string][]byte{"/a.tar": archive, "/wrong.tar": wrong}[r.URL.Path])
	}))
	defer server.Close()
	build := func(body string) (map[string]file, error) {
		files, _, err := b.make(sources{files: map[string]string{"t/tmp/x": "x", "t/var/mail/x": "x", "a.layer": strings.NewReplacer(
			"ARCHIVE", fmt.Sprintf("fetch %q sha256 \"%x\" unpack", server.URL+"/a.tar", sha256.Sum256(archive)),
			"WRONG", fmt.Sprintf("fetch %q sha256 \"%x\" unpack", server.URL+"/wrong.tar", sha256.Sum256(wrong)),
		).Replace(`
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
    dir "/tmp" mode 01777
    dir "/var/mail" owner "0:8" mode 02775
}

component holds {
    ARCHIVE to "/all/"
}

` + body)}})
		return files, err
	}
	// A component with a step for both directories.
	both := func(step string) string {
		return "component c {\n" + fmt.Sprintf(step, "/tmp") + "\n" + fmt.Sprintf(step, "/var/mail") + "\n}\napp a {\nuses c\n}\n"
	}
	for name, body := range map[string]string{
		"an archive":                 "component c {\nARCHIVE to \"/\"\n}\napp a {\nuses c\n}\n",
		"with an owner":              "component c {\nARCHIVE to \"/\" owner \"3:3\" mode \"a=rx\"\n}\napp a {\nuses c\n}\n",
		"in a stacked component":     "component c {\nARCHIVE to \"/\"\nrun \"write /etc/ran 1\"\n}\napp a {\nuses c\n}\n",
		"an app's":                   "app a {\nARCHIVE to \"/\"\n}\n",
		"a stage":                    "component c {\ncopy \"/all/\" from holds to \"/\" mode 0700\n}\napp a {\nuses c\n}\n",
		"the project":                "component c {\ncopy \"t/\" to \"/\" owner \"3:3\"\n}\napp a {\nuses c\n}\n",
		"the project, in a stacked":  "component c {\ncopy \"t/\" to \"/\"\nrun \"write /etc/ran 1\"\n}\napp a {\nuses c\n}\n",
		"the project, with patterns": "app a {\ncopy \"t/*\" to \"/\" mode 0600\n}\n",
		"filled by an archive":       both("ARCHIVE to \"%s\""),
		"by one with an owner":       both("ARCHIVE to \"%s\" owner \"3:3\" mode \"a=rx\""),
		"in a stacked, by one":       both("ARCHIVE to \"%s\"\nrun \"write /etc/ran 1\""),
		"by the project":             both("copy \"t/\" to \"%s\""),
		"by a named directory":       both("copy \"t\" to \"%s\" owner \"3:3\" mode 0600"),
		"in a stacked, by a named":   both("copy \"t\" to \"%s\" mode 0700\nrun \"write /etc/ran 1\""),
		"by a stage":                 both("copy \"/all/\" from holds to \"%s\" owner \"3:3\""),
		"by a stage's directory":     both("copy \"/all\" from holds to \"%s\" owner \"3:3\" mode 0700"),
		"by patterns of a stage":     both("copy \"/all/t*\" from holds to \"%s/\" owner \"3:3\" mode 0700"),
		"above a file":               both("file \"%s/x\" text \"\" owner \"3:3\""),
	} {
		files, err := build(body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for at, want := range map[string]string{"/tmp": "1777 0:0", "/var/mail": "2775 0:8"} {
			if f := files[at]; fmt.Sprintf("%o %d:%d", f.Mode, f.Uid, f.Gid) != want || f.ModTime.Unix() != llb.Epoch {
				t.Errorf("%s: %s is %o %d:%d of %v, want %s", name, at, f.Mode, f.Uid, f.Gid, f.ModTime, want)
			}
		}
		if f, ok := files["/opt/plain"]; ok && (name == "an archive" || name == "an app's") && f.Mode != 0o711 {
			t.Errorf("%s: /opt/plain has mode %o", name, f.Mode)
		}
	}
	_, err := build("app a {\nWRONG to \"/\"\n}\n")
	var step *engine.StepError
	if !errors.As(err, &step) || len(step.Log) == 0 || step.Log[len(step.Log)-1] != `layc-helper: replaced directory: "/tmp"` {
		t.Errorf("a file that replaces /tmp: %v", err)
	}
}

// tarOf returns a tar archive of entries without content.
func tarOf(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
