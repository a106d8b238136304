//go:build linux

package exact_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/layc-lang/layc/llb/exact"
)

// TestEdits edits directories between builds on one warm state, in two projects with equal paths,
// sizes and times. LAYC_EXACT_N sets the number of histories, LAYC_EXACT_SEED the first seed.
func TestEdits(t *testing.T) {
	p := newProjects(t)
	const batch, rounds = 40, 3
	seed, count := fromEnv(t, "LAYC_EXACT_SEED", 1), fromEnv(t, "LAYC_EXACT_N", 12)
	edits := 0
	for first := uint64(0); first < count; first += batch {
		edits += p.histories(seed+first, int(min(batch, count-first)), rounds)
	}
	t.Logf("%d histories from seed %d: %d edits", count, seed, edits)
}

// histories creates directories with separate histories in two projects, and compares the images
// of both after each round of edits.
func (p *projects) histories(seed uint64, count, rounds int) (edits int) {
	p.Helper()
	dirs := []string{p.create(fmt.Sprint("p", seed)), p.create(fmt.Sprint("q", seed))}
	var apps []string
	random := make([]*rand.Rand, count)
	for n := range count {
		random[n] = rand.New(rand.NewPCG(seed+uint64(n), 2))
		apps = append(apps, fmt.Sprintf("app a%d {\n    copy \"d%d/\" to \"/d\"\n}\n\n", n, n))
		d := fmt.Sprint("/d", n)
		p.ok(sow(random[n], dirs[0]+d, 2))
		p.ok(twin(dirs[0]+d, dirs[1]+d))
	}
	for _, dir := range dirs {
		p.program(dir, apps)
	}
	log := make([][]string, count)
	for round := range rounds + 1 {
		for n := range count {
			if round > 0 {
				for range 1 + random[n].IntN(3) {
					log[n] = append(log[n], p.edit(random[n], filepath.Join(dirs[round%2], fmt.Sprint("d", n))))
					edits++
				}
			}
		}
		for _, dir := range dirs {
			out, _ := p.build(dir)
			for n := range count {
				want := exact.Tree{"/d": plainDir}
				tree, err := exact.Read(filepath.Join(dir, fmt.Sprint("d", n)))
				p.ok(err)
				for at, e := range tree {
					if at != "/" {
						c := asCopied(e)
						if e.Same != "" {
							c.Same = "/d" + e.Same
						}
						want["/d"+at] = c
					}
				}
				if lines := exact.Compare(want, p.image(out, fmt.Sprint("a", n)), true); len(lines) > 0 {
					p.Errorf("seed %d, %s, after %q:\n%s", seed+uint64(n), filepath.Base(dir), log[n], strings.Join(lines, "\n"))
				}
			}
		}
		if p.Failed() {
			p.FailNow()
		}
	}
	p.ok(filepath.WalkDir(dirs[0], func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return os.Chtimes(name, time.Now(), time.Now())
	}))
	if _, says := p.build(dirs[0]); !strings.Contains(says, "\n0 steps executed") {
		p.Errorf("seed %d: only times have changed, but layc prints\n%s", seed, says)
	}
	for _, dir := range dirs {
		p.ok(errors.Join(os.RemoveAll(dir), os.RemoveAll(dir+".out")))
	}
	return edits
}

// twin copies a directory to one with the same names, sizes and times, but other content.
func twin(from, to string) error {
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %s", out)
	}
	return filepath.WalkDir(to, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return rewrite(name)
	})
}

// rewrite replaces a file's content by other content of the same size, and restores its time.
func rewrite(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for n := range text {
		text[n]++
	}
	return errors.Join(os.WriteFile(name, text, 0o644), os.Chtimes(name, info.ModTime(), info.ModTime()))
}

// edit makes a random change to a directory, and describes it.
func (p *projects) edit(r *rand.Rand, dir string) string {
	var files, links, dirs []string
	p.ok(filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || name == dir:
		case d.IsDir():
			dirs = append(dirs, name)
		case d.Type() == fs.ModeSymlink:
			links = append(links, name)
		default:
			files = append(files, name)
		}
		return err
	}))
	pick := func(of []string) string { return of[r.IntN(len(of))] }
	swap := func(a, b string) error {
		return errors.Join(os.Rename(a, dir+"/swap"), os.Rename(b, a), os.Rename(dir+"/swap", b))
	}
	if len(files) == 0 {
		p.ok(write(r, dir+"/first", 8))
		return "make first"
	}
	one, two := pick(files), pick(files)
	said := func(what string, err error) string {
		p.ok(err)
		return what + " " + strings.TrimPrefix(one, dir)
	}
	kind := r.IntN(15)
	switch {
	case kind == 0:
		return said("rewrite in place", rewrite(one))
	case kind == 1:
		info, err := os.Stat(one)
		p.ok(err)
		return said("replace", errors.Join(write(r, dir+"/new", int(info.Size())), os.Chtimes(dir+"/new", info.ModTime(), info.ModTime()), os.Rename(dir+"/new", one)))
	case kind == 2 && one != two:
		return said("swap with "+strings.TrimPrefix(two, dir)+":", swap(one, two))
	case kind == 3 && len(dirs) > 1:
		a, b := pick(dirs), pick(dirs)
		if !strings.HasPrefix(a+"/", b+"/") && !strings.HasPrefix(b+"/", a+"/") {
			return said("swap directories "+strings.TrimPrefix(a, dir)+", "+strings.TrimPrefix(b, dir)+":", swap(a, b))
		}
		return said("touch", os.Chtimes(one, time.Now(), time.Now()))
	case kind == 4:
		return said("chmod", os.Chmod(one, []fs.FileMode{0o644, 0o755, 0o600, 0o711}[r.IntN(4)]))
	case kind == 5:
		return said("rename", os.Rename(one, filepath.Join(filepath.Dir(one), "renamed"+fmt.Sprint(r.IntN(3)))))
	case kind == 6 && len(links) > 0:
		l := pick(links)
		return said("retarget "+strings.TrimPrefix(l, dir)+":", errors.Join(os.Remove(l), os.Symlink([]string{"a", "b", "c"}[r.IntN(3)], l)))
	case kind == 7 && len(links) > 0:
		l := pick(links)
		return said("link to file "+strings.TrimPrefix(l, dir)+":", errors.Join(os.Remove(l), write(r, l, 1)))
	case kind == 8:
		return said("file to link", errors.Join(os.Remove(one), os.Symlink("a", one)))
	case kind == 9:
		return said("file to directory", errors.Join(os.Remove(one), sow(r, one, 0)))
	case kind == 10 && len(dirs) > 0:
		d := pick(dirs)
		return said("directory to file "+strings.TrimPrefix(d, dir)+":", errors.Join(os.RemoveAll(d), write(r, d, 8)))
	case kind == 11:
		return said("link hard", ignoreExists(os.Link(one, filepath.Join(dir, "hard"+fmt.Sprint(r.IntN(3))))))
	case kind == 12:
		text, err := os.ReadFile(one)
		p.ok(err)
		return said("break apart", errors.Join(os.WriteFile(dir+"/new", text, 0o644), os.Chtimes(dir+"/new", longAgo, longAgo), os.Rename(dir+"/new", one)))
	case kind == 13:
		return said("remove", os.Remove(one))
	default:
		return said("add to", sow(r, filepath.Join(dir, dirNames[r.IntN(len(dirNames))]+"2"), 1))
	}
}

func ignoreExists(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}
