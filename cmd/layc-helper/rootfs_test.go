package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/world/rootfs"
)

// unpackRootfs unpacks a root file system, and inspects it like `layc lock`. Both must refuse the
// same archives for the same reason, and the facts must match the unpacked system.
func unpackRootfs(t *testing.T, text []byte) (string, error) {
	t.Helper()
	dir := t.TempDir()
	file, out := filepath.Join(dir, "archive"), filepath.Join(dir, "out")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	err := run([]string{"rootfs", file, out})
	facts, looked := rootfs.Archive(bytes.NewReader(text), 0)
	switch {
	case err != nil:
		reason := strings.TrimPrefix(err.Error(), "unpacking the root file system: ")
		if looked == nil || !strings.HasPrefix(looked.Error(), reason) {
			t.Errorf("unpacked: %v\ninspected: %v", err, looked)
		}
		return out, err
	case looked != nil:
		t.Errorf("it unpacks, but inspecting it fails: %v", looked)
		return out, nil
	}
	if got, want := fmt.Sprint(facts.Links, facts.Dirs), factsOf(t, out); got != want {
		t.Errorf("the lock file says %s\nthe system has     %s", got, want)
	}
	return out, nil
}

// factsOf returns the facts of an unpacked system, in the form of rootfs.Archive.
func factsOf(t *testing.T, root string) string {
	t.Helper()
	links, dirs := []string{}, []string{}
	err := filepath.WalkDir(root, func(p string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(p, root)
		if err != nil || name == "" {
			return err
		}
		if name == "/dev" || name == "/proc" || name == "/sys" {
			return fs.SkipDir
		}
		var stat unix.Stat_t
		if err := unix.Lstat(p, &stat); err != nil {
			return err
		}
		switch {
		case entry.Type() == fs.ModeSymlink:
			if to, ok := leads(t, root, name); ok && to != name {
				links = append(links, fmt.Sprintf("{%s %s}", name, to))
			}
		case entry.IsDir() && (stat.Mode&0o7777 != 0o755 || stat.Uid != 0 || stat.Gid != 0):
			dirs = append(dirs, fmt.Sprintf("{%s %d %d %#o}", name, stat.Uid, stat.Gid, stat.Mode&0o7777))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(links)
	slices.Sort(dirs)
	return fmt.Sprint(links, dirs)
}

// leads returns the directory that a path leads to in a system, according to the kernel.
func leads(t *testing.T, root, name string) (string, bool) {
	dir, err := os.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT}
	fd, err := unix.Openat2(int(dir.Fd()), name, how)
	for err == unix.EAGAIN { // a rename elsewhere interrupted it
		fd, err = unix.Openat2(int(dir.Fd()), name, how)
	}
	if err != nil {
		return "", false
	}
	defer unix.Close(fd)
	to, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		t.Fatal(err)
	}
	return path.Join("/", strings.TrimPrefix(to, root)), true
}

func TestRootfs(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for owners and devices")
	}
	when := time.Unix(1_000_000_000, 0)
	capability := "\x01\x00\x00\x02\x00\x04" + strings.Repeat("\x00", 14)
	out, err := unpackRootfs(t, archiveOf(t,
		tar.Header{Typeflag: tar.TypeDir, Name: "./", Mode: 0o755, ModTime: when},
		tar.Header{Typeflag: tar.TypeReg, Name: "usr/bin/su", Mode: 0o4711, Uid: 5, Gid: 6, ModTime: when},
		tar.Header{Typeflag: tar.TypeReg, Name: "usr/bin/ping", Mode: 0o755, Uid: 5, ModTime: when, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": capability}},
		tar.Header{Typeflag: tar.TypeLink, Name: "usr/bin/pong", Linkname: "/usr/bin/ping"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "bin", Linkname: "usr/bin", Uid: 7, ModTime: when},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "sbin", Linkname: "/bin", ModTime: when},
		tar.Header{Typeflag: tar.TypeReg, Name: "sbin/init", Mode: 0o755, ModTime: when},
		tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777, ModTime: when},
		tar.Header{Typeflag: tar.TypeReg, Name: "tmp/x", Mode: 0o600, Uid: 3_000_000_000, ModTime: when},
		tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o2775, Gid: 8, ModTime: when},
		tar.Header{Typeflag: tar.TypeChar, Name: "dev/null", Mode: 0o666, Devmajor: 1, Devminor: 3, Gid: 2, ModTime: when},
		tar.Header{Typeflag: tar.TypeBlock, Name: "dev/disk", Mode: 0o660, Devmajor: 8, Devminor: 300, ModTime: when},
		tar.Header{Typeflag: tar.TypeFifo, Name: "run/pipe", Mode: 0o622, ModTime: when},
	))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	err = filepath.WalkDir(out, func(p string, _ fs.DirEntry, err error) error {
		var s unix.Stat_t
		if err == nil {
			err = unix.Lstat(p, &s)
		}
		age := "archive"
		if s.Mtim.Sec == epoch.Unix() {
			age = "layc"
		} else if s.Mtim.Sec != when.Unix() {
			age = time.Unix(s.Mtim.Sec, 0).String()
		}
		fmt.Fprintf(&got, "%s %o %d:%d %d:%d %s\n", path.Join("/", strings.TrimPrefix(p, out)), s.Mode, s.Uid, s.Gid, unix.Major(s.Rdev), unix.Minor(s.Rdev), age)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `/ 40755 0:0 0:0 layc
/bin 120777 7:0 0:0 archive
/dev 40755 0:0 0:0 layc
/dev/disk 60660 0:0 8:300 archive
/dev/null 20666 0:2 1:3 archive
/run 40755 0:0 0:0 layc
/run/pipe 10622 0:0 0:0 archive
/sbin 120777 0:0 0:0 archive
/tmp 42775 0:8 0:0 archive
/tmp/x 100600 3000000000:0 0:0 archive
/usr 40755 0:0 0:0 layc
/usr/bin 40755 0:0 0:0 layc
/usr/bin/init 100755 0:0 0:0 archive
/usr/bin/ping 100755 5:0 0:0 archive
/usr/bin/pong 100755 5:0 0:0 archive
/usr/bin/su 104711 5:6 0:0 archive
`
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
	value := make([]byte, 100)
	n, err := unix.Getxattr(out+"/usr/bin/pong", "security.capability", value)
	if err != nil || string(value[:n]) != capability {
		t.Errorf("the capability is %q, %v", value[:max(n, 0)], err)
	}
}

func TestRootfsRefuses(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for owners")
	}
	file := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name} }
	link := func(name, to string) tar.Header {
		return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to}
	}
	hard := func(name, to string) tar.Header {
		return tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: to}
	}
	dir := func(name string, mode int64) tar.Header {
		return tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode}
	}
	for _, c := range []struct {
		want    string
		headers []tar.Header
	}{
		{`"./": the root directory has mode 0700 and owner 0:0, but images require 0755 and 0:0; correct the directory before you make the archive, or omit its entry`, []tar.Header{dir("./", 0o700)}},
		{`"a": an image cannot store its extended attribute "user.x"`, []tar.Header{{Typeflag: tar.TypeReg, Name: "a", PAXRecords: map[string]string{"SCHILY.xattr.user.x": "1"}}}},
		{`"etc/.wh.passwd": an image cannot contain the name ".wh.passwd": in a layer, names that begin with .wh. delete files`, []tar.Header{file("etc/.wh.passwd")}},
		{`"a/b": the path leads through "a", which is a file in an earlier entry`, []tar.Header{file("a"), file("a/b")}},
		{`"l/b": the path leads through "dev/x", which is a device in an earlier entry`, []tar.Header{{Typeflag: tar.TypeChar, Name: "dev/x"}, link("l", "/dev/x"), file("l/b")}},
		{`"l/x": the path leads through the dangling link "l" to "gone"`, []tar.Header{link("l", "gone"), file("l/x")}},
		{`"l/x": the path leads through more than 40 links; the last is "l" to "l"`, []tar.Header{link("l", "l"), file("l/x")}},
		{`"d": an earlier entry is a non-empty directory with the same path; only empty directories are replaced`, []tar.Header{file("d/x"), file("d")}},
		{`"h": hard link to "d", which is a directory`, []tar.Header{dir("d", 0o755), hard("h", "d")}},
		{`"h": hard link to "x/y", which is not an earlier entry`, []tar.Header{hard("h", "x/y")}},
		{`"a/../../x": the path leads outside the archive`, []tar.Header{file("a/../../x")}},
		{`"h": hard link to "../x": the path leads outside the archive`, []tar.Header{hard("h", "../x")}},
	} {
		if _, err := unpackRootfs(t, archiveOf(t, c.headers...)); err == nil || err.Error() != "unpacking the root file system: "+c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	long := archiveOf(t, file("a"), file(strings.Repeat("n", 256)))
	for name, text := range map[string][]byte{
		"a name in the path has 256 bytes; Linux allows 255": long,
		"the archive is truncated after 1 entries":           archiveOf(t, file("a"), file("b"))[:1300],
		"not a tar archive, but a zip archive":               zipOf(t, zip.Deflate),
		"not a tar archive, but an HTML page":                []byte("<!DOCTYPE html><html>" + strings.Repeat(" ", 600)),
		"not a tar archive, but a squashfs image":            []byte("hsqs"),
		"not a tar archive":                                  []byte("text"),
		"the archive is empty":                               make([]byte, 1024),
	} {
		if _, err := unpackRootfs(t, text); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
	}
}

// TestRootfsRandom unpacks archives with paths through links and with replaced entries, and
// compares the result with the lock file's facts.
func TestRootfsRandom(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for owners")
	}
	names := []string{"a", "b", "a/b", "a/c/", "l", "l/x", "l/y/z", "d/", "d/e/", "d/e/f", "m", "m/n", "m/l/o"}
	targets := []string{"a", "/d", "../d/e", "/", ".", "..", "l", "/m", "gone", "d/./e//", "b/../a"}
	unpacked := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 3))
		var headers []tar.Header
		for range 2 + r.IntN(12) {
			h := tar.Header{Name: names[r.IntN(len(names))], Mode: []int64{0o755, 0o755, 0o700, 0o1777}[r.IntN(4)], Gid: r.IntN(3) / 2, Typeflag: tar.TypeDir}
			switch r.IntN(4) {
			case 0:
				h.Typeflag, h.Name = tar.TypeReg, strings.TrimSuffix(h.Name, "/")
			case 1, 2:
				h.Typeflag, h.Name, h.Linkname = tar.TypeSymlink, strings.TrimSuffix(h.Name, "/"), targets[r.IntN(len(targets))]
			}
			headers = append(headers, h)
			if r.IntN(6) == 0 {
				headers = append(headers, tar.Header{Typeflag: tar.TypeLink, Name: names[r.IntN(7)%5], Linkname: strings.TrimSuffix(headers[r.IntN(len(headers))].Name, "/")})
			}
		}
		if _, err := unpackRootfs(t, archiveOf(t, headers...)); err == nil {
			unpacked++
		}
		if t.Failed() {
			for _, h := range headers {
				t.Logf("%c %s %o %d %s", h.Typeflag, h.Name, h.Mode, h.Gid, h.Linkname)
			}
			t.Fatalf("seed %d", seed)
		}
	}
	if unpacked < 50 {
		t.Errorf("only %d unpack", unpacked)
	}
	t.Log(unpacked, "of 300 unpack")
}
