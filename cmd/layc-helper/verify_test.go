package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestVerifyRandom checks that what is not looked at, since both trees have it of one layer, is equal: with
// random layers, a comparison that reads everything finds the same.
func TestVerifyRandom(t *testing.T) {
	needsMounts(t)
	n, seed := setting(t, "LAYC_EXACT_N", 20), setting(t, "LAYC_EXACT_SEED", 1)
	spared := 0
	for i := range n {
		p := &program{rand: rand.New(rand.NewPCG(uint64(seed+i), 1))}
		layers := []string{lowerTree(t, "true")}
		p.run(layers[0], 200)
		for range 3 {
			upper := p.layer(t, layers, 1+p.rand.IntN(20))
			top := t.TempDir() // of both trees
			if p.rand.IntN(2) == 0 {
				top = p.layer(t, layers, 10)
			}
			before, after := readOnly(t, append(slices.Clone(layers), top)), readOnly(t, append(slices.Clone(layers), upper, top))
			layers = append(layers, upper)
			trees, err := compareTrees(before, after)
			if err != nil || !trees.shared {
				t.Fatalf("the trees share layers: %t, %v", trees.shared, err)
			}
			quick := &verification{trees: trees, owned: []string{"/a/b"}}
			whole := &verification{trees: trees, owned: []string{"/a/b"}}
			whole.shared = false
			for _, v := range []*verification{quick, whole} {
				if err := v.both("/"); err != nil {
					t.Fatalf("%d: %v", seed+i, err)
				}
			}
			if got, want := fmt.Sprintf("%q %q", quick.broken, quick.made), fmt.Sprintf("%q %q", whole.broken, whole.made); got != want {
				t.Fatalf("%d: got  %s\nwant %s\nafter\n%s", seed+i, got, want, strings.Join(p.log, "\n"))
			}
			spared += equalTrees(t, &trees)
		}
	}
	if spared == 0 {
		t.Error("no directory is spared")
	}
}

// layer returns a layer on others, the lowest first, that some operations make.
func (p *program) layer(t *testing.T, on []string, operations int) (upper string) {
	t.Helper()
	merged, upper := layered(t, on...)
	p.run(merged, operations)
	if p.rand.IntN(2) == 0 {
		canonical(t, merged)
	}
	if err := unix.Unmount(merged, 0); err != nil {
		t.Fatal(err)
	}
	return upper
}

// readOnly mounts an overlay of layers, the lowest first.
func readOnly(t *testing.T, layers []string) string {
	t.Helper()
	dir := t.TempDir()
	slices.Reverse(layers)
	if err := unix.Mount("overlay", dir, "overlay", unix.MS_RDONLY, "index=off,lowerdir="+strings.Join(layers, ":")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// equalTrees returns how many directories are certainly the same.
func equalTrees(t *testing.T, trees *trees) (n int) {
	t.Helper()
	err := filepath.WalkDir(trees.old, func(p string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		var a, b unix.Stat_t
		if lstat(p, &a) == nil && lstat(trees.now+strings.TrimPrefix(p, trees.old), &b) == nil && trees.sameTree(&a, &b) {
			n++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
