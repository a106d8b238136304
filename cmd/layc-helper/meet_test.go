package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// part is a component of a test: what it needs of those before it, directly or not,
// and what its steps do to a directory.
type part struct {
	needs []int
	tree  string // of a portable one
	steps func(dir string)
}

// fleet packs parts on a tree.
type fleet struct {
	*testing.T
	lower   string
	parts   []part
	effects []effect // of parts, by number
}

// newFleet does the steps of all parts in their worlds. The error is that a world
// cannot be packed.
func newFleet(t *testing.T, lower string, parts []part) (*fleet, error) {
	f := &fleet{T: t, lower: lower, parts: parts}
	for _, p := range parts {
		if p.tree != "" {
			f.effects = append(f.effects, effect{word: places, tree: p.tree})
			continue
		}
		world, err := f.pack(separate(p.needs))
		if err != nil {
			return nil, err
		}
		before, _ := layered(t, world...)
		after, upper := layered(t, world...)
		p.steps(after)
		_ = unix.Unmount(after, 0)
		slices.Reverse(world)
		if err := unix.Mount("overlay", after, "overlay", unix.MS_RDONLY, "index=off,lowerdir="+upper+":"+strings.Join(world, ":")); err != nil {
			t.Fatal(err)
		}
		f.effects = append(f.effects, effect{word: changes, before: before, after: after})
	}
	return f, nil
}

// separate is a layer for each part.
func separate(parts []int) (layers [][]int) {
	for _, n := range parts {
		layers = append(layers, []int{n})
	}
	return layers
}

// pack packs parts into layers, and returns what the result is an overlay of, the
// lowest first.
func (f *fleet) pack(layers [][]int) ([]string, error) {
	past := f.TempDir()
	below, stack := []int{}, []string{f.lower}
	for _, members := range layers {
		var all []effect
		for _, n := range members {
			e := f.effects[n]
			e.needs = nil
			for k, b := range below {
				if slices.Contains(f.parts[n].needs, b) {
					e.needs = append(e.needs, k)
				}
			}
			below, all = append(below, n), append(all, e)
		}
		root, upper := layered(f.T, stack...)
		if err := pack(root, past, all); err != nil {
			return nil, err
		}
		_ = unix.Unmount(root, 0)
		stack = append(stack, upper)
	}
	return stack, nil
}

// packings are some orders and groupings of all parts, the first one as they are.
func (f *fleet) packings(r *rand.Rand) (out [][][]int) {
	var all []int
	for n := range f.parts {
		all = append(all, n)
	}
	out = append(out, separate(all), [][]int{all})
	for range 4 {
		var order []int
		for len(order) < len(all) {
			n := r.IntN(len(all))
			if !slices.Contains(order, n) && !slices.ContainsFunc(f.parts[n].needs, func(k int) bool { return !slices.Contains(order, k) }) {
				order = append(order, n)
			}
		}
		var layers [][]int
		for len(order) > 0 {
			k := 1 + r.IntN(len(order))
			layers, order = append(layers, order[:k]), order[k:]
		}
		out = append(out, layers)
	}
	return out
}

// result is what an image holds, or that there is a conflict.
func (f *fleet) result(layers [][]int) (map[string]string, error) {
	stack, err := f.pack(layers)
	if err != nil {
		return nil, err
	}
	root, _ := layered(f.T, stack...)
	return listing(f.T, root), nil
}

// TestMeet checks what becomes of a path that two parts change of which neither needs
// the other, whichever comes first, in one layer and in two.
func TestMeet(t *testing.T) {
	needsMounts(t)
	const kept, gone = "", "gone"
	const renumbers = "mkdir etc; echo www-data:x:33:33::: >etc/passwd; echo www-data:x:33: >etc/group; echo 0 >w; chown 33 w"
	for _, test := range []struct {
		name, lower, low, one, two string // one needs low
		conflict                   string // the path
		path, want                 string // a file, and its content
	}{
		{name: "apart", one: "echo 1 >one", two: "echo 2 >two", path: "one", want: "1\n"},
		{name: "equal", one: "echo 1 >x", two: "echo 1 >x", path: "x", want: "1\n"},
		{name: "content", one: "echo 1 >x", two: "echo 2 >x", conflict: "/x"},
		{name: "equal to what the other changes", low: "echo 1 >x", one: "echo 2 >x", two: "echo 2 >x", conflict: "/x"},
		{name: "content of what was there", lower: "echo 0 >x", one: "echo 1 >x", two: "echo 2 >x", conflict: "/x"},
		{name: "of what is needed", low: "echo 1 >x", one: "echo 2 >x", two: "true", path: "x", want: "2\n"},
		{name: "mode and content", lower: "echo 0 >x", one: "chmod 600 x", two: "echo 2 >x", conflict: "/x"},
		{name: "owner", lower: "echo 0 >x", one: "chown 1 x", two: "chown 2 x", conflict: "/x"},
		{name: "link", lower: "ln -s a x", one: "ln -sf b x", two: "ln -sf c x", conflict: "/x"},
		{name: "kind", one: "mkdir x; echo 1 >x/y", two: "echo 2 >x", conflict: "/x"},
		{name: "directory", one: "mkdir x", two: "mkdir -m 700 x", conflict: "/x"},
		{name: "equal directory", one: "mkdir x; echo 1 >x/one", two: "mkdir x; echo 2 >x/two", path: "x/two", want: "2\n"},
		{name: "deleted", lower: "echo 0 >x", one: "rm x", two: "echo 2 >x", conflict: "/x"},
		{name: "both deleted", lower: "mkdir x; echo 0 >x/y", one: "rm -r x", two: "rm x/y", path: "x", want: gone},
		{name: "directory deleted", lower: "mkdir x; echo 0 >x/y", one: "rm -r x", two: "echo 2 >x/z", conflict: "/x"},
		{name: "directory made again", lower: "mkdir x; echo 0 >x/y", low: "rm -r x", one: "mkdir x", two: "echo 2 >x/z", conflict: "/x"},
		{name: "equal then changed", low: "echo 1 >x", one: "echo 2 >x", two: "echo 1 >x", conflict: "/x"},
		{name: "equal then deleted", low: "echo 1 >x", one: "rm x", two: "echo 1 >x", conflict: "/x"},
		{name: "changed back", lower: "echo 0 >x", low: "echo 1 >x", one: "echo 0 >x", two: "echo 2 >x", conflict: "/x"},
		{name: "linked to what the other changes", lower: "echo 0 >x", one: "ln x y", two: "echo 2 >x", path: "x", want: "2\n"},
		{name: "caches", one: "mkdir -p var/cache; echo 1 >var/cache/x", two: "mkdir -p var/cache; echo 2 >var/cache/x", path: "var/cache/x", want: gone},
		{name: "logs", lower: "mkdir -p var/log; echo 0 >var/log/x", one: "echo 1 >>var/log/x", two: "echo 2 >>var/log/x", path: "var/log/x", want: gone},
		{name: "byte code", lower: "mkdir __pycache__", one: "echo 1 >__pycache__/x.pyc", two: "echo 2 >__pycache__/x.pyc", path: "__pycache__/x.pyc", want: gone},
		{name: "users", lower: "mkdir etc; echo root:x:0:0::: >etc/passwd", one: "echo b:x:102:0::: >>etc/passwd", two: "echo a:x:101:0::: >>etc/passwd",
			path: "etc/passwd", want: "root:x:0:0:::\na:x:101:0:::\nb:x:102:0:::\n"},
		{name: "users of one number", lower: "mkdir etc; echo root:x:0:0::: >etc/passwd", one: "echo b:x:102:0::: >>etc/passwd", two: "echo a:x:102:0::: >>etc/passwd", conflict: "/etc/passwd"},
		{name: "users of one name", lower: "mkdir etc; echo root:x:0:0::: >etc/passwd", one: "echo a:x:102:0::: >>etc/passwd", two: "echo a:x:101:0::: >>etc/passwd", conflict: "/etc/passwd"},
		{name: "user deleted", lower: "mkdir etc; printf 'a:x:1:::: \\nb:x:2::::\\n' >etc/passwd", one: "sed -i /^a/d etc/passwd", two: "echo c:x:3:::: >>etc/passwd",
			path: "etc/passwd", want: "b:x:2::::\nc:x:3::::\n"},
		{name: "members", lower: "mkdir etc; echo g:x:9:root >etc/group", one: "echo g:x:9:root,b >etc/group", two: "echo g:x:9:root,a >etc/group",
			path: "etc/group", want: "g:x:9:a,b,root\n"},
		{name: "ranges", lower: "mkdir etc; echo r:1000:10 >etc/subuid", one: "echo b:2000:10 >>etc/subuid", two: "echo a:2000:10 >>etc/subuid", conflict: "/etc/subuid"},
		{name: "further ranges", lower: "mkdir etc; printf 'u:1000:10\\nu:3000:10\\n' >etc/subuid", one: "echo b:5000:10 >>etc/subuid", two: "echo u:2000:10 >>etc/subuid; sed -i /3000/d etc/subuid",
			path: "etc/subuid", want: "u:1000:10\nu:2000:10\nb:5000:10\n"},
		{name: "overlapping ranges", lower: "mkdir etc; echo r:1000:10 >etc/subgid", one: "echo b:2000:10 >>etc/subgid", two: "echo a:2009:10 >>etc/subgid", conflict: "/etc/subgid"},
		{name: "adjacent ranges", lower: "mkdir etc; echo r:1000:10 >etc/subgid", one: "echo b:2000:10 >>etc/subgid", two: "echo a:2010:10 >>etc/subgid",
			path: "etc/subgid", want: "r:1000:10\nb:2000:10\na:2010:10\n"},
		{name: "overlapping ranges of one name", lower: "mkdir etc; echo r:1000:10 >etc/subgid", one: "echo a:2000:10 >>etc/subgid", two: "echo a:2009:10 >>etc/subgid",
			path: "etc/subgid", want: "r:1000:10\na:2000:10\na:2009:10\n"},
		{name: "ranges that overlap below", lower: "mkdir etc; printf 'r:1000:10\\ns:1000:10\\n' >etc/subgid", one: "echo b:2000:10 >>etc/subgid", two: "echo a:3000:10 >>etc/subgid",
			path: "etc/subgid", want: "r:1000:10\ns:1000:10\nb:2000:10\na:3000:10\n"},
		{name: "other users of a number", lower: "mkdir etc; printf 'root:x:0:0:::\\nadmin:x:0:0:::\\nz:x:9:9:::\\na:x:9:9:::\\n' >etc/passwd", one: "echo c:x:3:3::: >>etc/passwd", two: "echo b:x:4:4::: >>etc/passwd",
			path: "etc/passwd", want: "root:x:0:0:::\nadmin:x:0:0:::\nc:x:3:3:::\nb:x:4:4:::\nz:x:9:9:::\na:x:9:9:::\n"},
		{name: "new user of a number", lower: "mkdir etc; echo root:x:0:0::: >etc/passwd", one: "echo admin:x:0:0::: >>etc/passwd", two: "echo b:x:4:4::: >>etc/passwd",
			path: "etc/passwd", want: "root:x:0:0:::\nadmin:x:0:0:::\nb:x:4:4:::\n"},
		{name: "number that two users get", lower: "mkdir etc; printf 'a:x:1:1:::\\nb:x:2:2:::\\n' >etc/passwd", one: "sed -i s/a:x:1/a:x:5/ etc/passwd", two: "sed -i s/b:x:2/b:x:5/ etc/passwd", conflict: "/etc/passwd"},
		{name: "another order of users", lower: "mkdir etc; printf 'root:x:0:0:::\\nadmin:x:0:0:::\\n' >etc/passwd", one: "printf 'admin:x:0:0:::\\nroot:x:0:0:::\\n' >etc/passwd", two: "echo b:x:4:4::: >>etc/passwd", conflict: "/etc/passwd"},
		{name: "lines of NIS", lower: "mkdir etc; printf 'root:x:0:0:::\\n-eve\\n+::::::\\n' >etc/passwd", one: "sed -i 1ac:x:5:5::: etc/passwd", two: "sed -i 1ab:x:4:4::: etc/passwd",
			path: "etc/passwd", want: "root:x:0:0:::\nb:x:4:4:::\nc:x:5:5:::\n-eve\n+::::::\n"},
		{name: "lines of NIS in shadow", lower: "mkdir etc; printf 'root:!:::::::\\n+::::::::\\n' >etc/shadow", one: "sed -i '1ac:!:::::::' etc/shadow", two: "sed -i '1ab:!:::::::' etc/shadow",
			path: "etc/shadow", want: "b:!:::::::\nc:!:::::::\nroot:!:::::::\n+::::::::\n"},
		{name: "new lines of NIS", lower: "mkdir etc; echo root:x:0:0::: >etc/passwd", one: "echo +a >>etc/passwd", two: "echo +b >>etc/passwd", conflict: "/etc/passwd"},
		{name: "owner by the number before", lower: renumbers, one: "sed -i s/33/1033/ etc/passwd", two: "echo 1 >x; chown 33 x", conflict: "/etc/passwd"},
		{name: "owning group by the number before", lower: renumbers, one: "sed -i s/33/1033/ etc/group", two: "echo 2 >w; chgrp 33 w", conflict: "/etc/group"},
		{name: "owner by the number after", lower: renumbers, one: "sed -i s/33/1033/ etc/passwd; chown 1033 w", two: "sed -i s/33/1033/ etc/passwd; echo 1 >x; chown 1033 x", path: "w", want: "0\n"},
		{name: "owner by the number of what is needed", lower: renumbers, low: "sed -i s/33/1033/ etc/passwd", one: "echo 1 >x; chown 1033 x", two: "echo 3 >y", path: "x", want: "1\n"},
		{name: "owner of what is overwritten", lower: renumbers, one: "sed -i s/33/1033/ etc/passwd", two: "chown 0 w; echo 2 >w", path: "w", want: "2\n"},
		{name: "packages", lower: "mkdir -p var/lib/dpkg; printf 'Package: b\\nVersion: 1\\n\\n' >var/lib/dpkg/status",
			one:  "printf 'Package: a\\nVersion: 1\\n\\n' >>var/lib/dpkg/status",
			two:  "printf 'Package: c\\nVersion: 1\\n\\n' >>var/lib/dpkg/status",
			path: "var/lib/dpkg/status", want: "Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n\nPackage: c\nVersion: 1\n\n"},
		{name: "diversions", lower: "mkdir -p var/lib/dpkg; printf '/b\\n/b.old\\nx\\n' >var/lib/dpkg/diversions",
			one:  "printf '/c\\n/c.old\\ny\\n' >>var/lib/dpkg/diversions",
			two:  "printf '/a\\n/a.old\\nz\\n' >>var/lib/dpkg/diversions",
			path: "var/lib/dpkg/diversions", want: "/a\n/a.old\nz\n/b\n/b.old\nx\n/c\n/c.old\ny\n"},
		{name: "a diversion of one file", lower: "mkdir -p var/lib/dpkg; printf '/b\\n/b.old\\nx\\n' >var/lib/dpkg/diversions",
			one: "printf '/c\\n/c.old\\ny\\n' >>var/lib/dpkg/diversions", two: "printf '/c\\n/c.old\\nz\\n' >>var/lib/dpkg/diversions",
			conflict: "/var/lib/dpkg/diversions"},
		{name: "files of ucf", lower: "mkdir -p var/lib/ucf; printf '1  /etc/b\\n' >var/lib/ucf/hashfile",
			one:  "cp var/lib/ucf/hashfile var/lib/ucf/hashfile.0; printf '2  /etc/b\\n3  /etc/c\\n' >var/lib/ucf/hashfile",
			two:  "echo >var/lib/ucf/hashfile.0; printf '4  /etc/a\\n' >>var/lib/ucf/hashfile",
			path: "var/lib/ucf/hashfile", want: "4  /etc/a\n2  /etc/b\n3  /etc/c\n"},
		{name: "certificates", lower: "mkdir -p etc/ssl/certs; printf '%s\\nb\\n%s\\n' '-----BEGIN CERTIFICATE-----' '-----END CERTIFICATE-----' >etc/ssl/certs/ca-certificates.crt",
			one:  "printf '%s\\nc\\n%s\\n' '-----BEGIN CERTIFICATE-----' '-----END CERTIFICATE-----' >>etc/ssl/certs/ca-certificates.crt",
			two:  "printf '%s\\na\\n%s\\n' '-----BEGIN CERTIFICATE-----' '-----END CERTIFICATE-----' >>etc/ssl/certs/ca-certificates.crt",
			path: "etc/ssl/certs/ca-certificates.crt", want: certificateOf("a") + certificateOf("b") + certificateOf("c")},
	} {
		t.Run(test.name, func(t *testing.T) {
			lower := t.TempDir()
			run := func(script string) func(string) {
				if script == kept {
					script = "true"
				}
				return func(dir string) { sh(t, dir, script) }
			}
			run(test.lower)(lower)
			canonical(t, lower)
			f, err := newFleet(t, lower, []part{{steps: run(test.low)}, {needs: []int{0}, steps: run(test.one)}, {steps: run(test.two)}})
			if err != nil {
				t.Fatal(err)
			}
			for _, layers := range [][][]int{{{0, 1, 2}}, {{0}, {1}, {2}}, {{2}, {0}, {1}}, {{0}, {2, 1}}} {
				got, err := f.pack(layers)
				if test.conflict != "" {
					if err == nil || !strings.HasPrefix(err.Error(), "conflict: ") || !strings.HasSuffix(err.Error(), fmt.Sprintf(" %q", test.conflict)) {
						t.Errorf("packed as %d: %v, want a conflict at %s", layers, err, test.conflict)
					}
					continue
				}
				if err != nil {
					t.Fatalf("packed as %d: %v", layers, err)
				}
				root, _ := layered(t, got...)
				text, err := os.ReadFile(root + "/" + test.path)
				if test.want == gone && missing(err) {
					continue
				}
				if string(text) != test.want {
					t.Errorf("packed as %d: %s holds %q (%v), want %q", layers, test.path, text, err, test.want)
				}
			}
		})
	}
}

// TestLoaderCache checks that the loader's cache is made again if two parts have changed it.
func TestLoaderCache(t *testing.T) {
	needsMounts(t)
	ldconfig, err := os.ReadFile("/sbin/ldconfig")
	if err != nil {
		t.Skip("needs ldconfig")
	}
	lower := t.TempDir()
	sh(t, lower, "mkdir -p sbin etc var/cache/ldconfig")
	if err := os.WriteFile(lower+"/sbin/ldconfig", ldconfig, 0o755); err != nil {
		t.Fatal(err)
	}
	canonical(t, lower)
	writes := func(text string) func(string) {
		return func(dir string) { sh(t, dir, "printf "+text+" >etc/ld.so.cache") }
	}
	f, err := newFleet(t, lower, []part{{steps: writes("one")}, {steps: writes("two")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, layers := range [][][]int{{{0, 1}}, {{1}, {0}}} {
		stack, err := f.pack(layers)
		if err != nil {
			t.Fatal(err)
		}
		root, _ := layered(t, stack...)
		text, err := os.ReadFile(root + "/etc/ld.so.cache")
		if err != nil || !strings.HasPrefix(string(text), "glibc-ld.so.cache") {
			t.Errorf("packed as %d: the cache is %.20q (%v)", layers, text, err)
		}
		if _, err := os.Lstat(root + "/var/cache/ldconfig/aux-cache"); !missing(err) {
			t.Errorf("packed as %d: aux-cache: %v", layers, err)
		}
	}
}

// TestOwnersByName checks that owners follow the names of accounts, whose numbers differ where the
// steps are done.
func TestOwnersByName(t *testing.T) {
	needsMounts(t)
	world, image := t.TempDir(), t.TempDir()
	for dir, number := range map[string]string{world: "101", image: "102"} {
		sh(t, dir, "mkdir etc; echo x:x:"+number+":"+number+"::: >etc/passwd; echo x:x:"+number+": >etc/group; echo 1 >x; chown "+number+":"+number+" x")
		canonical(t, dir)
	}
	before, _ := layered(t, world)
	after, _ := layered(t, world)
	sh(t, after, "echo 2 >x; echo 3 >y; chown 101:101 x y; echo 4 >z; chown 7:8 z")
	root, _ := layered(t, image)
	if err := pack(root, "", []effect{{word: changes, before: before, after: after}}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]uint32{"x": {102, 102}, "y": {102, 102}, "z": {7, 8}} {
		var s unix.Stat_t
		if err := lstat(root+"/"+name, &s); err != nil || s.Uid != want[0] || s.Gid != want[1] {
			t.Errorf("%s has owner %d:%d (%v), want %d", name, s.Uid, s.Gid, err, want)
		}
	}
}

// TestRenumberedOwners checks that owners have the number that the effect itself gives an account, and
// that a package keeps the number from before.
func TestRenumberedOwners(t *testing.T) {
	needsMounts(t)
	lower := t.TempDir()
	sh(t, lower, "mkdir etc; echo www-data:x:33:33::: >etc/passwd; echo www-data:x:33: >etc/group; echo 0 >w; echo 1 >v; chown 33:33 v w")
	canonical(t, lower)
	before, _ := layered(t, lower)
	after, _ := layered(t, lower)
	sh(t, after, "sed -i s/33/1033/g etc/passwd etc/group; mkdir x; chown 1033:1033 w x")
	installed, _ := layered(t, lower)
	sh(t, installed, "echo 1 >p; chown 33:33 p")
	run, install := effect{word: changes, before: before, after: after}, effect{word: installs, before: before, after: installed}
	for _, all := range [][]effect{{run, install}, {install, run}} {
		root, _ := layered(t, lower)
		if err := pack(root, t.TempDir(), all); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]uint32{"x": 1033, "w": 1033, "v": 33, "p": 33} {
			var s unix.Stat_t
			if err := lstat(root+"/"+name, &s); err != nil || s.Uid != want || s.Gid != want {
				t.Errorf("%s first: %s has owner %d:%d (%v), want %d", all[0].word, name, s.Uid, s.Gid, err, want)
			}
		}
	}
}

func certificateOf(name string) string {
	return "-----BEGIN CERTIFICATE-----\n" + name + "\n-----END CERTIFICATE-----\n"
}

// portable returns a tree of some files.
func portable(t *testing.T, r *rand.Rand, lower string) string {
	tree := t.TempDir()
	for range 1 + r.IntN(2) {
		dir := []string{"", "/a", "/b", "/c", "/d"}[r.IntN(5)]
		info, err := os.Lstat(lower + dir)
		if err == nil && !info.IsDir() {
			continue
		}
		file := dir + []string{"/a", "/b", "/c", "/d"}[r.IntN(4)]
		if there, err := os.Lstat(lower + file); err == nil && there.IsDir() {
			continue
		}
		sh(t, tree, "[ -e ."+dir+" -a ! -d ."+dir+"/ ] || { mkdir -p ."+dir+"/; [ -d ."+file+" ] || echo placed >."+file+"; }")
		if info != nil {
			sh(t, tree, fmt.Sprintf("[ ! -d .%s/ ] || chmod %o .%s/", dir, info.Mode().Perm(), dir))
		}
	}
	canonical(t, tree)
	return tree
}

// TestPackedInAnyOrder packs what random operations do in any order and grouping: the
// image is the same, or there is a conflict in all of them.
func TestPackedInAnyOrder(t *testing.T) {
	needsMounts(t)
	n, seed := setting(t, "LAYC_EXACT_N", 20), setting(t, "LAYC_EXACT_SEED", 1)
	conflicts := 0
	for i := range n {
		t.Run(fmt.Sprint(seed+i), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed+i), 2))
			p := &program{rand: r}
			lower := lowerTree(t, "true")
			p.run(lower, 40)
			canonical(t, lower)
			p.log = nil
			var parts []part
			for n := range 2 + r.IntN(3) {
				var one part
				for k := range n {
					if r.IntN(3) == 0 {
						one.needs = append(one.needs, append(slices.Clone(parts[k].needs), k)...)
					}
				}
				slices.Sort(one.needs)
				one.needs = slices.Compact(one.needs)
				one.steps = func(dir string) {
					p.log = append(p.log, fmt.Sprintf("%d needs %d", n, one.needs))
					p.run(dir, 5+r.IntN(60))
				}
				if r.IntN(4) == 0 { // a portable one, with directories as below
					one.tree, one.needs = portable(t, r, lower), nil
				}
				parts = append(parts, one)
			}
			f, err := newFleet(t, lower, parts)
			if err != nil {
				conflicts++
				return // no image has all of them
			}
			var first map[string]string
			var wrong error
			for n, layers := range f.packings(r) {
				got, err := f.result(layers)
				if n == 0 {
					first, wrong = got, err
					continue
				}
				if (err == nil) != (wrong == nil) {
					t.Fatalf("packed as %d: %v; as %d: %v\n%s", layers, err, f.packings(r)[0], wrong, strings.Join(p.log, "\n"))
				}
				if d := unequal(first, got); err == nil && d != "" {
					t.Fatalf("packed as %d\n%s%s", layers, d, strings.Join(p.log, "\n"))
				}
			}
			if wrong != nil {
				conflicts++
			}
		})
	}
	t.Logf("%d of %d have conflicts", conflicts, n)
}
