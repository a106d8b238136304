package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/pkg/archive"
	"github.com/moby/buildkit/util/overlay"
	"golang.org/x/sys/unix"
)

// needsMounts skips a test where this process may not mount, unless the tests
// that need root are asked for.
func needsMounts(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, "")
	switch {
	case err == nil:
		_ = unix.Unmount(dir, 0)
	case os.Getenv("LAYC_REQUIRE_ENGINE") == "1":
		t.Fatalf("this test mounts: %v", err)
	default:
		t.Skip("needs root, to mount overlays")
	}
}

// layered mounts an overlay with a new upper directory on others, the lowest
// first, and returns where it is mounted and the upper directory.
func layered(t *testing.T, lowers ...string) (merged, upper string) {
	t.Helper()
	merged, upper = t.TempDir(), t.TempDir()
	topmost := slices.Clone(lowers)
	slices.Reverse(topmost)
	options := fmt.Sprintf("index=off,lowerdir=%s,upperdir=%s,workdir=%s", strings.Join(topmost, ":"), upper, t.TempDir())
	if err := unix.Mount("overlay", merged, "overlay", 0, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(merged, unix.MNT_DETACH) })
	return merged, upper
}

// sh runs a script in a directory.
func sh(t *testing.T, dir, script string) {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-euc", "umask 022\n"+script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CANONICAL=@"+fmt.Sprint(epoch.Unix()))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// canonical gives all of a tree the canonical time, as layers have it.
func canonical(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = stamp(p, unix.Timespec{Sec: epoch.Unix()})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// listing describes all of a tree, without times. It shares no code with what
// it tests.
func listing(t *testing.T, root string) map[string]string {
	t.Helper()
	out, first := map[string]string{}, map[uint64]string{}
	err := filepath.WalkDir(root, func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var s unix.Stat_t
		if err := unix.Lstat(p, &s); err != nil {
			return err
		}
		name := strings.TrimPrefix(p, root)
		line := fmt.Sprintf("%o %d:%d", s.Mode, s.Uid, s.Gid)
		switch s.Mode & unix.S_IFMT {
		case unix.S_IFREG:
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %q", text)
		case unix.S_IFLNK:
			to, err := os.Readlink(p)
			if err != nil {
				return err
			}
			line += " -> " + to
		case unix.S_IFCHR, unix.S_IFBLK:
			line += fmt.Sprint(" ", s.Rdev)
		}
		value := make([]byte, 100)
		if n, err := unix.Lgetxattr(p, "security.capability", value); err == nil {
			line += fmt.Sprintf(" cap %x", value[:n])
		}
		if s.Mode&unix.S_IFMT != unix.S_IFDIR {
			if one, ok := first[s.Ino]; ok {
				line += " is " + one
			} else {
				first[s.Ino] = name
			}
		}
		out[name] = line
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// unequal are the lines in which two listings differ.
func unequal(want, got map[string]string) string {
	var b strings.Builder
	for _, p := range slices.Sorted(maps.Keys(mergedKeys(want, got))) {
		if want[p] != got[p] {
			fmt.Fprintf(&b, "%q: got %q, want %q\n", p, got[p], want[p])
		}
	}
	return b.String()
}

func mergedKeys(a, b map[string]string) map[string]bool {
	out := map[string]bool{}
	for p := range a {
		out[p] = true
	}
	for p := range b {
		out[p] = true
	}
	return out
}

// squashed squashes what steps make of a lower tree, and returns what
// layers are made of: the upper directory.
func squashed(t *testing.T, lower, placed string, steps func(dir string)) (after, upper string, err error) {
	t.Helper()
	after, made := layered(t, lower)
	steps(after)
	// The engine shows what was made in layers that nobody writes.
	_ = unix.Unmount(after, 0)
	if err := unix.Mount("overlay", after, "overlay", unix.MS_RDONLY, "index=off,lowerdir="+made+":"+lower); err != nil {
		t.Fatal(err)
	}
	root, upper := layered(t, lower)
	return after, upper, pack(root, "", []effect{{word: changes, before: root, after: after, placed: placed}})
}

// applied puts what an engine takes for the changes of an upper directory on a
// copy of the lower tree.
func applied(t *testing.T, lower, upper string) string {
	t.Helper()
	var layer bytes.Buffer
	on := []mount.Mount{{Type: "bind", Source: lower, Options: []string{"rbind", "ro"}}}
	if err := overlay.WriteUpperdir(context.Background(), &layer, upper, on); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sh(t, lower, "cp --archive . "+dir)
	if _, err := archive.Apply(context.Background(), dir, &layer); err != nil {
		t.Fatal(err)
	}
	return dir
}

// lowerTree is what a script makes of an empty tree, as layers hold it.
func lowerTree(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	sh(t, dir, script)
	canonical(t, dir)
	return dir
}

// TestSquash checks that a layer holds exactly what steps have made of the tree
// below, as an independent program applies it.
func TestSquash(t *testing.T) {
	needsMounts(t)
	for name, c := range map[string]struct{ lower, steps string }{
		"same size and time": {
			"echo mode=A > conf; ln -s one link",
			"echo mode=B > conf; touch -d $CANONICAL conf; rm link; ln -s two link; touch -hd $CANONICAL link"},
		"modes and owners": {
			"echo 1 > a; echo 1 > b; echo 1 > c; mkdir d",
			"chown 3:4 a; chmod 6755 a; chown 4294967294:2097152 b; chown 3:3 d; chmod 3777 d; chmod 0 c; touch -d $CANONICAL *"},
		"one number or bit alone": {
			"for f in a b c d e; do echo 1 > $f; chmod 755 $f; done; mkdir f; chmod 1777 f",
			"chown 5 a; chgrp 5 b; chmod u+s c; chmod g+s d; chmod +t e; chmod -t f; touch -d $CANONICAL *"},
		"a link to a directory becomes one": {
			"mkdir target a-dir; echo kept > target/file; ln -s target link; ln -s target a-link; ln -s target z-link; ln -s /target absolute",
			"rm link a-link z-link absolute; mkdir link a-link z-link absolute; echo new > link/file; echo new > a-link/other; echo new > absolute/file"},
		"a directory becomes a link": {
			"mkdir -p dir/sub target; echo 1 > dir/sub/file; echo 1 > target/file",
			"rm -r dir; ln -s target dir; echo 2 > dir/file"},
		"directories change places with links": {
			"mkdir a; echo 1 > a/file; ln -s a b",
			"rm b; mv a b; ln -s b a"},
		"all other kinds": {
			"mkdir -p d1 d2 d3; echo 1 > d1/x; for n in 1 2 3 4; do echo $n > f$n; ln -s f1 l$n; mkfifo p$n; mknod c$n c 1 $n; done",
			`rm -r d1 d2 d3; echo 1 > d1; mkfifo d2; mknod d3 b 1 1
			rm f1 f2 f3 f4; mkdir f1; ln -s x f2; mkfifo f3; mknod f4 c 1 3
			rm l1 l2 l3 l4; echo 1 > l1; mkdir l2; mkfifo l3; mknod l4 b 2 2
			rm p1 p2 p3 p4; echo 1 > p1; mkdir p2; ln -s x p3; mknod p4 c 1 1
			rm c1 c2 c3 c4; echo 1 > c1; mkdir c2; mkfifo c3; mknod c4 c 1 9
			echo 1 > f1/x; echo 1 > l2/x; echo 1 > p2/x; echo 1 > c2/x`},
		"new hard links": {
			"mkdir d", "echo 1 > d/a; ln d/a z; ln d/a b; mkfifo p; ln p q; ln -s x s; ln -P s r"},
		"a link to a file of a lower layer": {
			"echo 1 > m; echo 2 > n; mkdir d", "ln m a; ln m z; ln n d/n"},
		"links to a link and a pipe of a lower layer": {
			"ln -s x m; mkfifo p", "ln -P m a; ln p q"},
		"names parted": {
			"echo 1 > a; ln a b; ln a c; echo 1 > e; ln e f; echo 1 > g; ln g h",
			"echo 2 > b; cp --preserve f t; mv t f; rm g"},
		"names exchanged": {
			"echo 1 > a; ln a b; echo 1 > c; ln c d", "ln -f a c; ln -f d b; touch -d $CANONICAL *"},
		"two equal files become one": {
			"echo 1 > a; echo 1 > b; echo 1 > c; ln c d", "ln -f a b; ln -f c a; ln -f d e; touch -d $CANONICAL *"},
		"equal files of one name each become one": {
			"echo 1 > a; echo 1 > b", "ln -f a b; touch -d $CANONICAL a"},
		"a name more and the rest as it was": {
			"echo 1 > a; ln a b", "cp --preserve a t; mv t a; ln -f a b; ln a c"},
		"trees renamed and made again": {
			"mkdir -p a/b/c; echo 1 > a/b/c/f; echo 2 > a/g; chmod 700 a/b",
			"mv a z; mkdir a; echo 3 > a/g; cp --archive z/b a/x"},
		"an opaque directory": {
			"mkdir -p o/sub; echo 1 > o/gone; echo 1 > o/sub/gone; echo 1 > o/same",
			"rm -r o; mkdir -p o/sub; echo 1 > o/same; echo 2 > o/sub/new"},
		"odd names": {
			"mkdir 'a b'; echo 1 > 'a b/c d'",
			"n=$(printf 'x%.0s' $(seq 255)); echo 1 > $n; mkdir -p $n-/ 2>/dev/null || mkdir -p d/$n/$n; echo 1 > \"$(printf 'new\\nline')\"; echo 1 > \"$(printf 'tab\\tx')\"; echo 1 > \"$(printf 'latin\\344')\"; echo 1 > Case; echo 2 > case; echo 1 > \"$(printf 'a\\314\\210')\"; echo 2 > \"$(printf '\\303\\244')\"; echo 1 > -dash; echo 1 > 'star*'; echo 1 > 'back\\slash'; echo 1 > 'a b/c d'; rm 'a b/c d'"},
		"a sparse file": {
			"truncate -s 1M s", "truncate -s 2M s; echo end >> s; truncate -s 3M n"},
		"what lies in run": {
			"mkdir -p run var; ln -s /run var/run", "mkdir -p run/app; chown 7:7 run/app; echo 1 > run/lock"},
		"scratch as a lower layer has it": {
			"mkdir -p tmp/d var/tmp; chmod 1777 tmp; echo 1 > tmp/a; echo 1 > tmp/b; echo 1 > var/tmp/c",
			"chmod 700 tmp; echo 2 > tmp/a; rm tmp/b; chmod 755 var/tmp; rm var/tmp/c; mkdir var/tmp/c; chown 5:5 tmp/d"},
		"scratch itself": {"mkdir var", "mkdir -p tmp var/tmp; chmod 1777 tmp var/tmp"},
		"a set-group-ID directory": {
			"mkdir d; chown 0:8 d; chmod 2755 d", "echo 1 > d/a; mkdir d/b; echo 1 > d/b/c; mkdir d/e; chmod g-s d/e; chgrp 9 d/e"},
	} {
		t.Run(name, func(t *testing.T) {
			lower := lowerTree(t, c.lower)
			after, upper, err := squashed(t, lower, "", func(dir string) { sh(t, dir, c.steps) })
			if err != nil {
				t.Fatal(err)
			}
			got := applied(t, lower, upper)
			if d := unequal(listing(t, after), listing(t, got)); d != "" {
				t.Error(d)
			}
			_ = filepath.WalkDir(upper, func(p string, _ fs.DirEntry, _ error) error {
				var s unix.Stat_t
				if err := unix.Lstat(p, &s); err == nil && s.Mode&unix.S_IFMT != unix.S_IFCHR && s.Mtim.Sec != epoch.Unix() && p != upper {
					t.Errorf("%s has the time %v", p, time.Unix(s.Mtim.Unix()))
				}
				return nil
			})
		})
	}
}

// TestSquashAttributes checks that nothing but another attribute is a change,
// and that one that no layer holds is an error.
func TestSquashAttributes(t *testing.T) {
	needsMounts(t)
	bind, kill := "\x01\x00\x00\x02\x00\x04"+strings.Repeat("\x00", 14), "\x01\x00\x00\x02\x20"+strings.Repeat("\x00", 15)
	set := func(file, name, value string) {
		t.Helper()
		if err := unix.Lsetxattr(file, name, []byte(value), 0); err != nil {
			t.Fatal(err)
		}
	}
	lower := lowerTree(t, "mkdir d; echo 1 > set; echo 1 > changed; echo 1 > removed; echo 1 > user")
	set(lower+"/changed", capability, bind)
	set(lower+"/removed", capability, bind)
	set(lower+"/user", "user.x", "1")
	set(lower+"/d", "user.x", "1")
	after, upper, err := squashed(t, lower, "", func(dir string) {
		set(dir+"/set", capability, bind)
		set(dir+"/changed", capability, kill)
		for file, name := range map[string]string{"removed": capability, "user": "user.x"} {
			if err := unix.Lremovexattr(dir+"/"+file, name); err != nil {
				t.Fatal(err)
			}
		}
		canonical(t, dir)
		sh(t, dir, "chmod 700 d")
	})
	if err != nil {
		t.Fatal(err)
	}
	got := applied(t, lower, upper)
	if d := unequal(listing(t, after), listing(t, got)); d != "" {
		t.Error(d)
	}
	if all, err := attributes(got + "/user"); err != nil || len(all) > 0 {
		t.Errorf("the attribute that was removed is there: %q, %v", all, err)
	}
	_, _, err = squashed(t, lower, "", func(dir string) {
		set(dir+"/set", "user.y", "1")
		set(dir+"/d", "user.x", "2")
		sh(t, dir, "mkdir new; rm changed; mkfifo changed")
		set(dir+"/new", capability, bind)
		set(dir+"/changed", capability, bind)
		sh(t, dir, "echo 1 > .wh.name; mkdir -p tmp; echo 1 > tmp/.wh.scratch; chmod 700 .")
		set(dir+"/tmp/.wh.scratch", "user.z", "1")
	})
	const want = `images cannot store these files of the component:
  / has mode 0755, then 0700: keep mode 0755 and owner root
  /.wh.name has a name that begins with .wh., which deletes files in layers: rename it
  /changed has capabilities, but is not a file: remove them at the end of the run
  /d has different capabilities or attributes than before, which layers cannot change for directories: keep them
  /new has capabilities, but is not a file: remove them at the end of the run
  /set has the attribute user.y, but layers only keep capabilities: remove it at the end of the run
`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// TestSquashScratch checks what is kept of scratch space: nothing that a run has
// newly put there, all else.
func TestSquashScratch(t *testing.T) {
	needsMounts(t)
	lower := lowerTree(t, "mkdir -p tmp/old var/tmp; echo 1 > tmp/file; chmod 1777 tmp; echo 1 > listens")
	placed := lowerTree(t, "mkdir -p tmp/placed; echo 1 > tmp/placed/kept; echo 1 > tmp/placed/removed; echo 1 > tmp/placed/changed; mkdir proc")
	_, upper, err := squashed(t, lower, placed, func(dir string) {
		sh(t, dir, `cp --archive `+placed+`/tmp/placed tmp/; mkdir dev proc sys
			rm tmp/placed/removed; echo 2 > tmp/placed/changed; echo 1 > tmp/placed/new
			echo 1 > tmp/new; mkdir var/tmp/new; echo 1 > var/tmp/new/x; echo 1 > tmp/old/new; echo 2 > tmp/file
			ln tmp/new kept; mkdir -p run/x other/tmp; echo 1 > other/tmp/x`)
		listen(t, dir+"/run/socket")
		sh(t, dir, "rm listens")
		listen(t, dir+"/listens")
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for p, line := range listing(t, applied(t, lower, upper)) {
		got = append(got, p+" "+line)
	}
	slices.Sort(got)
	want := ` 40755 0:0
/kept 100644 0:0 "1\n"
/other 40755 0:0
/other/tmp 40755 0:0
/other/tmp/x 100644 0:0 "1\n"
/proc 40755 0:0
/run 40755 0:0
/run/x 40755 0:0
/tmp 41777 0:0
/tmp/file 100644 0:0 "2\n"
/tmp/old 40755 0:0
/tmp/placed 40755 0:0
/tmp/placed/changed 100644 0:0 "2\n"
/tmp/placed/kept 100644 0:0 "1\n"
/var 40755 0:0
/var/tmp 40755 0:0`
	if got := strings.Join(got, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	_, upper, err = squashed(t, lower, "", func(dir string) { sh(t, dir, "mkdir dev proc sys; echo 1 > tmp/new") })
	if err != nil {
		t.Fatal(err)
	}
	if d := unequal(listing(t, lower), listing(t, applied(t, lower, upper))); d != "" {
		t.Errorf("nothing is placed in scratch, and yet there is in the layer:\n%s", d)
	}
}

// TestSquashLitter checks that what apt and dpkg write for themselves is in no layer, and that
// what declared steps place there, and what runs delete there, is.
func TestSquashLitter(t *testing.T) {
	needsMounts(t)
	const tree = "mkdir -p var/lib/apt/lists/partial var/cache/apt/archives var/log/apt var/lib/dpkg var/cache/debconf; echo 1 > var/log/dpkg.log; echo 1 > var/lib/dpkg/status; echo 1 > var/lib/apt/lists/old\n"
	lower := lowerTree(t, tree)
	placed := lowerTree(t, "mkdir -p var/log/apt; echo 1 > var/log/apt/placed")
	_, upper, err := squashed(t, lower, placed, func(dir string) {
		sh(t, dir, `echo 1 > var/log/apt/placed
			echo 1 > var/lib/apt/lists/a_Packages; echo 1 > var/lib/apt/lists/lock; echo 1 > var/lib/apt/lists/partial/x; rm var/lib/apt/lists/old
			echo 1 > var/cache/apt/pkgcache.bin; echo 1 > var/cache/apt/archives/tool.deb; echo 1 > var/log/apt/history.log
			echo 2 >> var/log/dpkg.log; echo 1 > var/log/alternatives.log; echo 1 > var/cache/debconf/config.dat-old
			cp var/lib/dpkg/status var/lib/dpkg/status-old; echo 2 > var/lib/dpkg/status; echo 1 > tool`)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := listing(t, lowerTree(t, tree+"rm var/lib/apt/lists/old; echo 2 > var/lib/dpkg/status; echo 1 > tool; echo 1 > var/log/apt/placed"))
	if d := unequal(want, listing(t, applied(t, lower, upper))); d != "" {
		t.Error(d)
	}
}

// listen makes a socket.
func listen(t *testing.T, path string) {
	t.Helper()
	sock, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(sock)
	if err := unix.Bind(sock, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
}
