//go:build linux

package exact_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/exact"
)

// number returns an environment variable's number, or a default.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}

// TestSteps builds random programs, and compares their images with the results of the same
// commands in a plain chroot. LAYC_EXACT_N sets their number, LAYC_EXACT_SEED the first seed.
func TestSteps(t *testing.T) {
	if os.Getenv("LAYC_REQUIRE_ENGINE") != "1" {
		t.Skip("needs root and runc; set LAYC_REQUIRE_ENGINE=1 to run it")
	}
	defer unix.Umask(unix.Umask(0o022))
	w := newWorkshop(t)
	seed, count := number(t, "LAYC_EXACT_SEED", 1), number(t, "LAYC_EXACT_N", 12)
	batch := min(40, (count+1)/2) // one base each
	for first := 0; first < count; first += batch {
		w.batch(uint64(seed+first), first/batch%len(w.bases), min(batch, count-first))
		t.Logf("%d programs from seed %d", min(first+batch, count), seed)
	}
	t.Logf("%d programs from seed %d: %d operations, %d declared steps, %d refusals", count, seed, w.operations, w.declared, w.refusals)
}

// workshop builds batches of programs with bin/layc.
type workshop struct {
	*testing.T
	dir   string
	layc  string
	bases []*system // with the files that an engine mounts into steps, and without

	layers exact.Layers

	lawless bool // truths include forbidden operations

	operations, declared, shrunk, refusals int
}

func newWorkshop(t *testing.T) *workshop {
	layc, err := filepath.Abs("../../bin/layc")
	must(t, err)
	// Short, since overlay mounts limit the paths to a page.
	dir, err := os.MkdirTemp("", "x")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	w := &workshop{T: t, dir: dir, layc: layc}
	sh := shell(t)
	for n, bare := range []bool{false, true} {
		project := w.project(n)
		writeImage(t, project+"/base", "base", baseLayer(t, sh, bare))
		root := filepath.Join(dir, "b"+strconv.Itoa(n))
		must(t, exact.Unpack(project+"/base", "base", root), files(project+"/tree"), os.WriteFile(project+"/x.layer", []byte(header+"app any {\n    dir \"/any\"\n}\n"), 0o644))
		tree, err := exact.Read(root)
		must(t, err)
		w.bases = append(w.bases, &system{root, tree})
		_, err = w.run(n, "lock")
		must(t, err)
	}
	must(t, files(filepath.Join(dir, "tree")))
	return w
}

const header = `fleet {
    base base
}

component base {
    layout "base"
}

`

// files creates the tree for declared copies.
func files(dir string) error {
	at := []unix.Timespec{{Sec: epoch}, {Sec: epoch}}
	err := errors.Join(
		os.MkdirAll(dir+"/sub/deep", 0o755),
		os.WriteFile(dir+"/plain", []byte("plain"), 0o644),
		os.WriteFile(dir+"/program", []byte("program"), 0o755),
		os.WriteFile(dir+"/sub/caf\u00e9", []byte("cafe"), 0o644),
		os.Symlink("../plain", dir+"/sub/link"),
		os.Link(dir+"/plain", dir+"/sub/deep/same"),
	)
	for _, p := range []string{"/plain", "/program", "/sub/caf\u00e9", "/sub/link", "/sub/deep", "/sub", ""} {
		err = errors.Join(err, unix.UtimesNanoAt(unix.AT_FDCWD, dir+p, at, unix.AT_SYMLINK_NOFOLLOW))
	}
	return err
}

func (w *workshop) project(base int) string { return filepath.Join(w.dir, "p"+strconv.Itoa(base)) }

// run runs layc on a base's project.
func (w *workshop) run(base int, args ...string) (string, error) {
	cmd := exec.Command(w.layc, append(args, "-C", w.project(base))...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("layc %s: %w\n%s", args[0], err, tail(out.String()))
	}
	return out.String(), nil
}

func tail(s string) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}

// made is a program with its truth.
type made struct {
	*program
	base int
	want exact.Tree
}

// batch generates programs, builds them together, and compares the images.
func (w *workshop) batch(seed uint64, base, count int) {
	var all []made
	for n := range count {
		m, err := w.make(seed+uint64(n), base)
		if err != nil {
			w.Errorf("seed %d: making the truth: %v", seed+uint64(n), err)
			continue
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		return
	}
	for _, layers := range []int{60, 0} {
		w.judge(all, layers)
	}
	w.refused(seed, all[:min(len(all), (count+9)/10)])
}

func (w *workshop) make(seed uint64, base int) (made, error) {
	m := made{base: base}
	err := w.withTruth(base, func(t *truth) (err error) {
		if m.program, err = generate(seed, fmt.Sprintf("s%d", seed), t); err == nil {
			m.want, err = t.result()
		}
		return err
	})
	if err == nil {
		for _, c := range m.parts {
			for _, s := range c.steps {
				w.operations += len(s.run)
				if s.run == nil {
					w.declared++
				}
			}
		}
	}
	return m, err
}

func (w *workshop) withTruth(base int, do func(*truth) error) error {
	dir := filepath.Join(w.dir, "t")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	t := newTruth(w.T, w.bases[base], dir, filepath.Join(w.dir, "tree"))
	t.lawless = w.lawless
	return errors.Join(do(t), os.RemoveAll(dir))
}

// judge builds programs with a number of layers, 0 meaning as few as possible, and reports the
// ones with wrong images.
func (w *workshop) judge(all []made, layers int) {
	out, err := w.build(all, layers)
	if err != nil && len(all) == 1 {
		w.report(all[0], layers, []string{err.Error()})
		return
	}
	if err != nil { // find the one that fails
		for _, m := range all {
			w.judge([]made{m}, layers)
		}
		return
	}
	wrong := make([][]string, len(all))
	for n, m := range all {
		wrong[n], err = w.differences(m, out)
		must(w.T, err)
	}
	for n, m := range all {
		if len(wrong[n]) > 0 {
			w.report(m, layers, wrong[n])
		}
	}
}

// build builds programs with the same base into an OCI layout.
func (w *workshop) build(all []made, layers int) (out string, err error) {
	text := header
	for _, m := range all {
		n := layers
		if n == 0 {
			n = m.least()
		}
		text += m.source(n)
	}
	base := all[0].base
	out = filepath.Join(w.dir, "out")
	if err := errors.Join(os.RemoveAll(out), os.WriteFile(w.project(base)+"/x.layer", []byte(text), 0o644)); err != nil {
		return "", err
	}
	_, err = w.run(base, "build", "--progress", "plain", "-o", out, "--state", filepath.Join(w.dir, "state"))
	return out, err
}

// differences compares an image with the truth.
func (w *workshop) differences(m made, out string) ([]string, error) {
	dir := filepath.Join(w.dir, "i")
	defer os.RemoveAll(dir)
	image, err := exact.Open(out, m.name)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(copyTree(w.bases[m.base].root, dir), image.Apply(dir, 1)); err != nil {
		return nil, err
	}
	got, err := exact.Read(dir)
	if err != nil {
		return nil, err
	}
	delete(got, "/") // layers do not contain it
	inMemory, _, err := w.layers.Tree(image)
	if err != nil {
		return nil, err
	}
	delete(inMemory, "/")
	if lines := exact.Compare(got, inMemory, false); len(lines) > 0 {
		return nil, fmt.Errorf("read in memory: %s", strings.Join(lines, "\n"))
	}
	return exact.Compare(m.expected(w.bases[m.base].tree, got), got, true), nil
}

// expected returns the truth with everything in which an image may differ. New files have the
// canonical time. Unchanged files of the base may keep their time, and may still be hard links of
// other files of the base: overlay separates the names of a file that is opened for writing, even
// if nothing is written.
func (m made) expected(base, got exact.Tree) exact.Tree {
	kept := m.kept(base)
	groups := map[string][]string{} // unchanged paths, by the first name in the base
	for p := range kept {
		if same := base[p].Same; same != "" {
			groups[same] = append(groups[same], p)
		}
	}
	want := exact.Tree{}
	for p, e := range m.want {
		e.Mtime = epoch * 1e9
		if kept[p] && got[p].Mtime == base[p].Mtime {
			e.Mtime = base[p].Mtime
		}
		if same := groups[base[p].Same]; kept[p] && len(same) > 1 && got[p].Same == slices.Min(same) {
			e.Same = got[p].Same
		}
		want[p] = e
	}
	delete(want, "/")
	return want
}

// kept returns the paths that are unchanged from the base, except for times and hard links.
func (m made) kept(base exact.Tree) map[string]bool {
	kept := map[string]bool{}
	for p, e := range m.want {
		b, ok := base[p]
		b.Same, e.Same = "", ""
		if ok && len(exact.Compare(exact.Tree{p: e}, exact.Tree{p: b}, false)) == 0 {
			kept[p] = true
		}
	}
	return kept
}

// report reports a wrong image, with a smaller program that fails in the same way. Shrinking all
// programs would take too long.
func (w *workshop) report(m made, layers int, lines []string) {
	w.Errorf("seed %d, base %d, layers %d:\n%s", m.seed, m.base, layers, strings.Join(lines[:min(len(lines), 20)], "\n"))
	if w.shrunk++; w.shrunk <= 3 || os.Getenv("LAYC_EXACT_SHRINK") != "" {
		m, lines = w.shrink(m, layers, lines)
		w.Logf("smaller:\n%s", strings.Join(lines, "\n"))
	}
	if layers == 0 {
		layers = m.least()
	}
	w.Logf("\n%s", m.source(layers))
}
