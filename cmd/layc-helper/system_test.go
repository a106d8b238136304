package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/testdata/tree"
)

// TestVerify checks which changes of a tree a component may make, and the errors for others.
func TestVerify(t *testing.T) {
	needsMounts(t)
	const lower = `mkdir -p etc opt own/sub tmp/old var/tmp run opt/new/deep
		echo 1 > etc/a; ln -s a etc/link; echo 1 > etc/placed; echo 1 > opt/x; echo 1 > tmp/old/file; mkdir tmp/src; echo 1 > tmp/src/file; chmod 1777 tmp; echo 1 > own/placed`
	for steps, want := range map[string]string{ // in the error; "" for none
		"echo x > own/file; mkdir opt/new/deep/y; ln -s x own/sub/link": "",
		"rm -r own; ln -s /nowhere own":                                 "",
		"echo 1 > opt/new/other":                                        "/opt/new/other is new",
		"mkdir srv":                                                     `makes 1 "/srv"`,
		"echo 2 > etc/a; touch -d $CANONICAL etc/a":                     "/etc/a differs from byte 0",
		"rm etc/link; ln -s b etc/link; touch -hd $CANONICAL etc/link":  `/etc/link points to \"a\", then to \"b\"`,
		"rm -r opt/x":                    "/opt/x is deleted",
		"echo 2 > etc/placed":            `makes 1 "/etc/placed"`,
		"chmod 600 etc/a":                "/etc/a has mode 0644, then 0600",
		"chmod u+s etc/a":                "/etc/a has mode 0644, then 4644",
		"chgrp 3 etc/a":                  "/etc/a has owner 0:0, then 0:3",
		"chown 1:2 etc":                  "/etc has owner 0:0, then 1:2",
		"rm etc/a; mkfifo etc/a":         "/etc/a has a different type",
		"chmod 700 .":                    "/ has mode 0755, then 0700",
		"mkdir -p cache":                 "",
		"mkdir -p cache; echo > cache/x": "/cache is new",
		"echo 1 > tmp/new; mkdir var/tmp/new tmp/old/new": "",
		"chmod 755 tmp":         "/tmp has mode 1777, then 0755",
		"echo 2 > tmp/old/file": "/tmp/old/file differs",
		"rm tmp/old/file":       "/tmp/old/file is deleted",
		"rm -r tmp/src":         "",
		"rm tmp/src/file":       "",
		"echo 2 > tmp/src/file": `makes 1 "/tmp/src/file"`,
		"mkdir run/app":         `makes 1 "/run/app"`,
		"rm -r own":             `not kept: lacks 1 "/own"`,
		"rm -r opt/new":         `not kept: lacks 1 "/opt/new/deep"`,
		"echo 1 > own/.wh.x":    "/own/.wh.x has a name that begins with .wh.",
		"rm -r own/sub":         `not kept: deletes 1 "/own/sub"`,
		"rm own/placed":         "",
		"mkdir own/d; rm -r own/d; rm -r own/sub; echo > own/sub": "",
		"mknod own/b b 8 1": "/own/b is a block device",
		"mknod own/c c 8 1": "",
	} {
		before, after := lowerTree(t, lower), lowerTree(t, lower+"\n"+steps)
		err := verify(before, after, []string{"/own", "/opt/new/deep", "=/cache", "+/etc/placed", "+/tmp/src", "-/own/placed"})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", steps, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %s", steps, err, want)
		}
	}
}

// TestVerifyAnywhere checks that a component of a build stage may write wherever
// it likes, and still has to make what it owns.
func TestVerifyAnywhere(t *testing.T) {
	before, after := lowerTree(t, "mkdir etc; echo 1 > etc/a"), lowerTree(t, "mkdir etc own; echo 2 > etc/a; mkdir root")
	if err := verify(before, after, []string{"/", "/own"}); err != nil {
		t.Error(err)
	}
	if err := verify(before, lowerTree(t, "mkdir -p etc own tmp var/tmp/x; echo 1 > etc/a; echo 1 > tmp/x"), []string{"/own"}); err != nil {
		t.Errorf("scratch space that was not there: %v", err)
	}
	if err := verify(before, lowerTree(t, "mkdir etc own; echo 1 > etc/a; ln -s etc tmp"), []string{"/own"}); err == nil || !strings.Contains(err.Error(), "/tmp is new") {
		t.Errorf("got %v for a link in the place of scratch space", err)
	}
	nested := lowerTree(t, "mkdir -p own/sub")
	if err := verify(nested, lowerTree(t, "mkdir own"), []string{"/own", "/own/sub"}); err == nil || err.Error() != `not kept: lacks 1 "/own/sub"` {
		t.Errorf("got %v for an owned path within another that is gone: it is told once, as lacking", err)
	}
	if err := verify(before, after, []string{"/", "/other"}); err == nil || err.Error() != `not kept: lacks 1 "/other"` {
		t.Errorf("got %v for a path that is not made", err)
	}
}

// TestVerifyLine checks that the helper tells everything in one line, whatever the names, and only the
// first of many paths.
func TestVerifyLine(t *testing.T) {
	const lower = "mkdir -p etc own; echo 1 > etc/a"
	for steps, want := range map[string]string{
		`rmdir own; echo 2 > etc/a; touch "$(printf 'etc/n\nl "q" \377')"`: `not kept: lacks 1 "/own" changes 2 "/etc/a differs from byte 0" "/etc/n\nl \"q\" \xff is new" makes 1 "/etc/n\nl \"q\" \xff"`,
		`for n in $(seq 25); do touch etc/b$n; done`:                       "not kept: changes 25 ",
	} {
		err := verify(lowerTree(t, lower), lowerTree(t, lower+"\n"+steps), []string{"/own"})
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s:\ngot  %v\nwant %s", steps, err, want)
		} else if n := strings.Count(err.Error(), ` is new"`); n > maxDifferences {
			t.Errorf("%s: %d paths", steps, n)
		}
	}
}

// TestVerifyAttributes checks that attributes count, outside of what is owned
// and within.
func TestVerifyAttributes(t *testing.T) {
	needsMounts(t)
	const lower = "mkdir own; echo 1 > own/a; echo 1 > b"
	for _, c := range []struct{ file, attribute, want string }{
		{"/b", "user.x", "/b has different capabilities or attributes"},
		{"/own/a", "user.x", "/own/a has the attribute user.x, but layers only keep capabilities"},
		{"/own", capability, "/own has capabilities, but is not a file"},
	} {
		before, after := lowerTree(t, lower), lowerTree(t, lower)
		if err := unix.Lsetxattr(after+c.file, c.attribute, []byte("\x01\x00\x00\x02\x00\x04"+strings.Repeat("\x00", 14)), 0); err != nil {
			t.Fatal(err)
		}
		if err := verify(before, after, []string{"/own"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.file, err, c.want)
		}
	}
}

func TestAccount(t *testing.T) {
	root := tree.New(t, map[string]string{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/group": "root:x:0:\nusers:x:100:ann\n", "etc/shadow": "root:*:::::::\n",
	})
	www := []string{"--", "www", "33", "33", "", "", "users"}
	for range 2 { // the second time, all is there
		if err := extras(root, www); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\nwww:x:33:33::/nonexistent:/usr/sbin/nologin\n",
		"etc/group":  "root:x:0:\nwww:x:33:\nusers:x:100:ann,www\n",
		"etc/shadow": "root:*:::::::\nwww:!:::::::\n",
	} {
		if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v, want %q", name, got, err, want)
		}
	}
	for _, bad := range [][]string{
		{"--", "web", "33", "33", "", ""}, {"--", "www", "34", "34", "", ""}, {"--", "x", "9", "9", "", "", "none"}, {"--", "x"}, {"x"},
	} {
		if err := extras(root, bad); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

// TestAccountInEmpty checks that users can be entered into a system that has
// nothing, and that no link of a system leads out of it.
func TestAccountInEmpty(t *testing.T) {
	needsMounts(t)
	out := t.TempDir()
	for name, root := range map[string]string{
		"empty": lowerTree(t, "true"),
		"links": lowerTree(t, "mkdir -p usr/etc data; ln -s /usr/etc etc; ln -s /data/../../../data home"),
	} {
		if err := extras(root, []string{"--", "www", "33", "34", "/home/sites/www", ""}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		home, etc := "/home", "/etc"
		if name == "links" {
			home, etc = "/data", "/usr/etc"
		}
		got := listing(t, root)
		for p, want := range map[string]string{
			etc + "/passwd": `100644 0:0 "www:x:33:34::/home/sites/www:/usr/sbin/nologin\n"`, etc + "/group": `100644 0:0 "www:x:34:\n"`,
			home + "/sites": "40755 0:0", home + "/sites/www": "40755 33:34",
		} {
			if got[p] != want {
				t.Errorf("%s: %s is %q, want %q", name, p, got[p], want)
			}
			if info, err := os.Stat(root + p); err != nil || !info.ModTime().Equal(epoch) {
				t.Errorf("%s: %s has another time than the canonical one, %v", name, p, err)
			}
		}
	}
	dangling := lowerTree(t, "mkdir etc; ln -s "+out+"/passwd etc/passwd")
	if err := extras(dangling, []string{"--", "www", "33", "33", "", ""}); err == nil {
		t.Error("a link that leads out of the system is no error")
	}
	if left, err := names(out); err != nil || len(left) > 0 {
		t.Errorf("%q was written outside of the system, %v", left, err)
	}
}

func TestAppend(t *testing.T) {
	needsMounts(t)
	root := lowerTree(t, "mkdir -p etc usr/share; printf one > etc/a; chmod 640 etc/a; ln -s /usr/share share; echo one > usr/share/b")
	text := filepath.Join(tree.New(t, map[string]string{"text": "two\n"}), "text")
	for _, to := range []string{"/etc/a", "/share/b", "/etc/new/c"} {
		if err := appendText(root, text, to, "3:4", "4750"); err != nil {
			t.Fatal(err)
		}
	}
	got := listing(t, root)
	for p, want := range map[string]string{
		"/etc/a": `100640 0:0 "one\ntwo\n"`, "/usr/share/b": `100644 0:0 "one\ntwo\n"`, "/etc/new": "40755 0:0", "/etc/new/c": `104750 3:4 "two\n"`,
	} {
		if got[p] != want {
			t.Errorf("%s is %q, want %q", p, got[p], want)
		}
	}
	for p := range got {
		if info, err := os.Lstat(root + p); err != nil || !info.ModTime().Equal(epoch) {
			t.Errorf("%s has the time %v, %v", p, info.ModTime(), err)
		}
	}
	odd := lowerTree(t, "mkdir -p etc/dir; ln -s /nowhere/x etc/link")
	for to, want := range map[string]string{
		"/etc/dir":  "cannot append to /etc/dir: it is a directory",
		"/etc/link": "cannot append to /etc/link: it is a link into a missing directory",
	} {
		if err := appendText(odd, text, to, "0:0", "644"); err == nil || err.Error() != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
}

func TestRemain(t *testing.T) {
	needsMounts(t)
	placed := lowerTree(t, "mkdir -p tmp/a/b var/tmp etc; echo 1 > tmp/a/b/x; echo 1 > tmp/a/y; echo 1 > tmp/z; echo 1 > var/tmp/x; echo 1 > etc/x")
	after := lowerTree(t, "mkdir -p tmp/a/b tmp/new; echo 1 > tmp/a/b/x; echo 1 > tmp/a/new")
	if err := remain(placed, after); err != nil {
		t.Fatal(err)
	}
	want := listing(t, lowerTree(t, "mkdir -p tmp/a/b var/tmp etc; echo 1 > tmp/a/b/x; echo 1 > etc/x"))
	if d := unequal(want, listing(t, placed)); d != "" {
		t.Error(d)
	}
	if info, err := os.Stat(placed + "/tmp"); err != nil || !info.ModTime().Equal(epoch) {
		t.Errorf("/tmp has the time %v, %v", info.ModTime(), err)
	}
}

func TestMounts(t *testing.T) {
	mounts := parseMounts(`22 1 0:21 / / rw,relatime - overlay overlay rw,lowerdir=/s/2/fs:/s/1/fs,upperdir=/s/3/fs,workdir=/s/3/work
23 22 0:5 / /proc rw shared:3 - proc proc rw
24 22 8:1 /x /etc/a\040b\134c ro master:1 - ext4 /dev/sda rw
25 22 0:30 / /after ro - overlay overlay ro,lowerdir+=/s/4/fs,lowerdir+=/s/1/fs
26 22 0:31 / /other ro - overlay overlay ro,lowerdir=/s/9/fs
27 22 0:32 / /covered ro - overlay overlay ro,lowerdir=/s/1/fs
28 27 0:33 / /covered ro - overlay overlay ro,lowerdir=/s/9/fs
`)
	below := mountsBelow(mounts, "/")
	for _, p := range []string{"/proc", `/etc/a b\c`, "/after"} {
		if !below[p] {
			t.Errorf("%q is no mount", p)
		}
	}
	if len(mountsBelow(mounts, "/etc")) != 1 || below["/"] {
		t.Errorf("the mounts are %v", below)
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{{"/", "/after", true}, {"/", "/other", false}, {"/", "/covered", false}, {"/other", "/covered", true}, {"/", "/proc", false}, {"/proc", "/proc", false}, {"/none", "/none", false}} {
		if got := shareLayers(mounts, c.a, c.b); got != c.want {
			t.Errorf("%s and %s share layers: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// TestSettle checks that a directory in which something is mounted gets the
// canonical time however old that mount is, and that nothing mounted is touched, not even a
// directory with a further mount.
func TestSettle(t *testing.T) {
	needsMounts(t)
	root, mounted := lowerTree(t, "mkdir -p etc/sub old sys; echo 1 > etc/hosts; echo 1 > etc/file"), lowerTree(t, "echo 1 > hosts; mkdir fs")
	for _, m := range []struct{ from, to string }{{"/hosts", "/etc/hosts"}, {"", "/sys"}, {"", "/sys/fs"}} {
		if err := unix.Mount(mounted+m.from, root+m.to, "", unix.MS_BIND, ""); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Unmount(root+m.to, unix.MNT_DETACH) })
	}
	if err := unix.Mount("", root+"/sys", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	const packaged = 1500000000
	for _, p := range []string{"/etc", "/old", "/etc/hosts", "/etc/file"} {
		if err := stamp(root+p, unix.Timespec{Sec: packaged}); err != nil {
			t.Fatal(err)
		}
	}
	if err := settle(root, time.Now()); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]int64{"/etc": epoch.Unix(), "/old": packaged, "/etc/hosts": packaged, "/etc/file": packaged} {
		if info, err := os.Stat(root + p); err != nil || info.ModTime().Unix() != want {
			t.Errorf("%s has the time %d, %v, want %d", p, info.ModTime().Unix(), err, want)
		}
	}
}

// TestSettleCopied checks that directories that lead to a change, or are empty after one, have the
// canonical time, whatever time they had before: an engine that copies the layers below gives each
// directory the time of its copying. Others keep theirs.
func TestSettleCopied(t *testing.T) {
	root := lowerTree(t, "mkdir -p a/b/c old/below emptied mode; echo 1 > a/b/c/old; echo 1 > old/below/file; echo 1 > emptied/file; echo 1 > mode/file")
	const copied = 1700000000
	all := []string{"", "/a", "/a/b", "/a/b/c", "/a/b/c/old", "/old", "/old/below", "/emptied", "/mode"}
	for _, p := range all {
		if err := stamp(root+p, unix.Timespec{Sec: copied}); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(20 * time.Millisecond)
	start := time.Now()
	time.Sleep(20 * time.Millisecond)
	for _, err := range []error{
		os.WriteFile(root+"/a/b/c/new", nil, 0o644), os.Remove(root + "/emptied/file"), os.Chmod(root+"/mode", 0o700),
		stamp(root+"/a/b/c", unix.Timespec{Sec: copied}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := settle(root, start); err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		want := epoch.Unix()
		if strings.Contains(p, "old") {
			want = copied
		}
		if info, err := os.Lstat(root + p); err != nil || info.ModTime().Unix() != want {
			t.Errorf("%q has the time %d, %v, want %d", p, info.ModTime().Unix(), err, want)
		}
	}
}

// TestSettleLists checks that access control lists that were set since the start are removed, and
// that files keep their modes. Other attributes stay.
func TestSettleLists(t *testing.T) {
	// Version 2, then the rights of the owner, user 33, the group, the mask and others.
	const list = "\x02\x00\x00\x00" +
		"\x01\x00\x07\x00\xff\xff\xff\xff" + "\x02\x00\x05\x00\x21\x00\x00\x00" +
		"\x04\x00\x05\x00\xff\xff\xff\xff" + "\x10\x00\x05\x00\xff\xff\xff\xff" + "\x20\x00\x00\x00\xff\xff\xff\xff"
	root := lowerTree(t, "mkdir -p var/log/journal; echo 1 > file; echo 1 > user; ln -s file link")
	for p, names := range map[string][]string{"/var/log/journal": {accessLists + "access", accessLists + "default"}, "/file": {accessLists + "access"}} {
		for _, name := range names {
			if err := unix.Lsetxattr(root+p, name, []byte(list), 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := unix.Lsetxattr(root+"/user", "user.x", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	count := func(p string) int {
		all, err := attributes(root + p)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	for _, c := range []struct {
		start               time.Duration
		journal, file, user int
	}{{time.Hour, 2, 1, 1}, {-time.Hour, 0, 0, 1}} {
		if err := settle(root, time.Now().Add(c.start)); err != nil {
			t.Fatal(err)
		}
		if j, f, u := count("/var/log/journal"), count("/file"), count("/user"); j != c.journal || f != c.file || u != c.user {
			t.Errorf("started %v from now: %d, %d and %d attributes, want %d, %d and %d", c.start, j, f, u, c.journal, c.file, c.user)
		}
	}
	if info, err := os.Stat(root + "/var/log/journal"); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("the directory has mode %v, %v, want 0750", info.Mode(), err)
	}
}

// TestCleanMounted checks that what is mounted in scratch space stays: caches of
// the engine's user, for example.
func TestCleanMounted(t *testing.T) {
	needsMounts(t)
	root, cache := lowerTree(t, "mkdir -p tmp/cache tmp/rest"), lowerTree(t, "echo 1 > kept")
	if err := unix.Mount(cache, root+"/tmp/cache", "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(root+"/tmp/cache", unix.MNT_DETACH) })
	if err := clean(root, nil); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(cache + "/kept"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(root + "/tmp/rest"); err == nil {
		t.Error("what is not mounted is still there")
	}
}

// TestCopySparse checks that a copy has the holes of the original.
func TestCopySparse(t *testing.T) {
	dir := lowerTree(t, "truncate -s 64M big; printf one | dd of=big bs=1 seek=30000000 conv=notrunc status=none; truncate -s 1M hole; printf text > text; : > empty")
	for _, name := range []string{"big", "hole", "text", "empty"} {
		if err := copyFile(dir+"/"+name, dir+"/copy"); err != nil {
			t.Fatal(err)
		}
		var was, is unix.Stat_t
		if err := errors.Join(lstat(dir+"/"+name, &was), lstat(dir+"/copy", &is)); err != nil {
			t.Fatal(err)
		}
		if at, err := difference(dir+"/"+name, dir+"/copy"); err != nil || at >= 0 || is.Blocks > was.Blocks+16 {
			t.Errorf("%s: the copy differs at %d, %v, and takes %d blocks instead of %d", name, at, err, is.Blocks, was.Blocks)
		}
		if err := os.Remove(dir + "/copy"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPlace(t *testing.T) {
	from, to := tree.New(t, map[string]string{"lib/a": "new", "lib/l": "-> a"}), tree.New(t, map[string]string{"usr/lib/a": "old", "lib": "-> usr/lib"})
	if err := os.Link(filepath.Join(from, "lib/a"), filepath.Join(from, "lib/b")); err != nil {
		t.Fatal(err)
	}
	const packaged = 1500000000
	if err := errors.Join(stamp(from+"/lib", unix.Timespec{Sec: packaged}), unix.Setxattr(to+"/usr/lib", "user.x", []byte("1"), 0)); err != nil {
		t.Fatal(err)
	}
	touched := map[string]bool{}
	if err := place(0, from, to, touched); err != nil {
		t.Fatal(err)
	}
	if all, err := attributes(to + "/usr/lib"); err != nil || len(all) > 0 {
		t.Errorf("the directory has attributes that the tree's does not have: %q, %v", all, err)
	}
	if info, err := os.Stat(to + "/usr/lib"); err != nil || info.ModTime().Unix() != packaged || !touched[to+"/usr/lib"] {
		t.Errorf("the directory has the time %v, %v; touched are %v", info.ModTime(), err, touched)
	}
	if got, err := os.ReadFile(filepath.Join(to, "usr/lib/a")); err != nil || string(got) != "new" {
		t.Errorf("usr/lib/a holds %q, %v: the link of the system leads there", got, err)
	}
	a, err1 := os.Stat(filepath.Join(to, "usr/lib/a"))
	b, err2 := os.Stat(filepath.Join(to, "usr/lib/b"))
	if err1 != nil || err2 != nil || !os.SameFile(a, b) || !a.ModTime().Equal(epoch) {
		t.Errorf("the two names are not one file with its time: %v, %v", err1, err2)
	}
	if l, err := os.Readlink(filepath.Join(to, "usr/lib/l")); err != nil || l != "a" {
		t.Errorf("the link points to %q, %v", l, err)
	}
}
