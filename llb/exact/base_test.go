//go:build linux

package exact_test

import (
	"archive/tar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// epoch is the time of all files that a build creates, as in spec.md.
const epoch = 315532800

const longName = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

// shell compiles testdata/sh statically, so that a base system needs nothing else.
func shell(t *testing.T) string {
	t.Helper()
	sh := filepath.Join(t.TempDir(), "sh")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", sh, "./testdata/sh")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	program, err := os.ReadFile(sh)
	must(t, err)
	return string(program)
}

// baseLayer is a base system with every kind of file. A bare one lacks the files that an engine
// mounts into steps.
func baseLayer(t *testing.T, sh string, bare bool) []byte {
	t.Helper()
	var headers []tar.Header
	add := func(h tar.Header) {
		// Every second entry has layc's canonical time.
		if h.ModTime.IsZero() && len(headers)%2 == 0 {
			h.ModTime = time.Unix(epoch, 0)
		}
		headers = append(headers, h)
	}
	dir := func(mode int64, uid, gid int, names ...string) {
		for _, n := range names {
			add(tar.Header{Name: n + "/", Typeflag: tar.TypeDir, Mode: mode, Uid: uid, Gid: gid})
		}
	}
	file := func(name, text string, mode int64, more ...func(*tar.Header)) {
		h := tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: mode, Size: int64(len(text)), Uname: text}
		for _, m := range more {
			m(&h)
		}
		add(h)
	}
	hard := func(name, to string, mode int64) {
		for i := range headers { // all names of a file have its time
			if headers[i].Name == to {
				add(tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: to, Mode: mode, ModTime: headers[i].ModTime, Uid: headers[i].Uid, Gid: headers[i].Gid})
			}
		}
	}
	soft := func(name, to string) {
		add(tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to, Mode: 0o777})
	}
	owner := func(uid, gid int) func(*tar.Header) {
		return func(h *tar.Header) { h.Uid, h.Gid = uid, gid }
	}
	attribute := func(name, value string) func(*tar.Header) {
		return func(h *tar.Header) { h.PAXRecords = map[string]string{"SCHILY.xattr." + name: value} }
	}
	const netRaw = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

	dir(0o755, 0, 0, "usr", "usr/bin", "usr/lib", "usr/lib/mod", "usr/share", "usr/share/doc", "usr/share/doc/a", "usr/share/doc/b",
		"usr/share/zone", "usr/local", "usr/local/deep", "usr/local/deep/er", "etc", "etc/conf.d", "etc/skel", "opt", "opt/old", "opt/odd", "opt/special",
		"var", "var/lib", "var/lib/db", "var/lib/data", "var/log", "run", "run/lock", "home", "indep")
	dir(0o700, 0, 0, "root")
	dir(0o1777, 0, 0, "tmp", "var/tmp")
	dir(0o2775, 0, 8, "srv", "srv/shared")
	dir(0o750, 1001, 1001, "home/user")
	soft("bin", "usr/bin")
	soft("lib", "usr/lib")
	soft("var/run", "/run")
	soft("srv/data", "/var/lib/data")
	soft("usr/lib/docs", "../share/doc")
	soft("etc/current", "app.conf")
	soft("etc/dangling", "/nowhere/at/all")
	file("usr/bin/sh", sh, 0o755)
	file("usr/bin/tool", "tool", 0o755)
	file("usr/bin/ping", "ping", 0o755, attribute("security.capability", netRaw))
	file("usr/bin/su", "su", 0o4755)
	file("usr/bin/wall", "wall", 0o2755, owner(0, 5))
	file("usr/bin/perl", "perl", 0o755)
	hard("usr/bin/perl5", "usr/bin/perl", 0o755)
	file("usr/share/zone/A", "zone", 0o644)
	hard("usr/share/zone/B", "usr/share/zone/A", 0o644)
	hard("usr/share/zone/C", "usr/share/zone/A", 0o644)
	file("var/lib/db/one", "one", 0o640, owner(7, 7))
	hard("etc/one", "var/lib/db/one", 0o640)
	file("etc/app.conf", "mode=A\n", 0o644)
	file("etc/subsecond", "time", 0o644, func(h *tar.Header) { h.ModTime, h.Format = time.Unix(1700000000, 123456789), tar.FormatPAX })
	file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1001:1001::/home/user:/bin/sh\n", 0o644)
	file("etc/group", "root:x:0:\nuser:x:1001:\n", 0o644)
	file("etc/shadow", "root:*:::::::\n", 0o640, owner(0, 42))
	file("etc/conf.d/10", "ten", 0o644)
	file("etc/conf.d/20", "twenty", 0o644)
	file("etc/skel/.profile", "", 0o644)
	file("home/user/file", "mine", 0o600, owner(1001, 1001))
	file("home/user/large", "ids", 0o600, owner(3000000000, 3000000001))
	file("usr/share/doc/a/text", "text", 0o644)
	file("usr/share/doc/b/text", "text", 0o644)
	file("indep/note", "note", 0o644, attribute("user.note", "base"))
	file("usr/lib/libx.so.1", "elf", 0o644)
	soft("usr/lib/libx.so", "libx.so.1")
	file("usr/lib/mod/m", "module", 0o644)
	file("usr/local/deep/er/file", "deep", 0o644)
	file("var/lib/data/d", "data", 0o644)
	file("var/log/log", strings.Repeat("line\n", 300), 0o640, owner(0, 4))
	file("var/tmp/keep", "kept", 0o644)
	file("tmp/keep", "kept", 0o600, owner(1001, 1001))
	file("run/lock/l", "locked", 0o644)
	file("srv/shared/s", "s", 0o664, owner(0, 8))
	file("opt/old/x", "x", 0o644)
	file("opt/old/y", "y", 0o644)
	for _, name := range oddNames {
		file("opt/odd/"+name, "odd", 0o644)
	}
	add(tar.Header{Name: "opt/special/pipe", Typeflag: tar.TypeFifo, Mode: 0o600})
	add(tar.Header{Name: "opt/special/null", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 3})
	add(tar.Header{Name: "opt/special/disk", Typeflag: tar.TypeBlock, Mode: 0o660, Devmajor: 8, Devminor: 1})
	if !bare {
		dir(0o755, 0, 0, "dev", "proc", "sys")
		file("etc/hosts", "127.0.0.1 localhost\n", 0o644)
		file("etc/resolv.conf", "", 0o644)
	}
	return layer(t, 1700000000, headers...)
}

// oddNames are names that programs confuse with something else.
var oddNames = []string{
	"new\nline", "tab\there", " ", "trailing ", "-rf", "*", "\xff\xfe", "\"quoted\"", "back\\slash", "Case", "case",
	"caf\u00e9", "cafe\u0301", "%41", "...", longName,
}
