//go:build linux

package exact_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/exact"
)

// Random archives, unpacked by layc's helper and by well-known programs: GNU tar for tar,
// Info-ZIP's unzip and the JDK's jar for zip. The helper must unpack what these unpack, to the
// same tree.

// item is an entry of an archive, or one step in the creation of the tree that a program
// archives.
type item struct {
	name string
	kind byte // 'f'ile, 'd'irectory, 's'ymbolic link, 'h'ard link, 'p'ipe, 'c' or 'b' for a device
	mode uint32
	text string // content, or the target of a link
	hole int    // zeros before the content, as a hole
	cap  bool   // a file with a capability
}

func (i item) String() string {
	s := fmt.Sprintf("%c %q %04o %.30q", i.kind, i.name, i.mode, i.text)
	if i.hole > 0 {
		s += fmt.Sprintf(" after %d zeros", i.hole)
	}
	if i.cap {
		s += " with a capability"
	}
	return s
}

// maker creates an archive of items.
type maker struct {
	name  string
	make  func(m *making, items []item) error
	truth func(m *making) error // unpacks m.file into m.want
	pick  func(r *rand.Rand) []item
	bare  bool // the truth ignores modes
	strip bool // the truth can strip directories
	// system: the archive is a base system's. The truth keeps owners and times, and links are
	// followed from the root.
	system bool
}

// making is the creation of one archive.
type making struct {
	dir    string // for temporary files
	file   string // the archive
	want   string // where the truth unpacks it
	strip  int
	seed   uint64 // for choices of makers
	dots   bool   // names contain "..", which GNU tar accepts only at the end
	system bool   // see maker
}

func TestArchives(t *testing.T) {
	needTools(t, "tar", "bsdtar", "zip", "unzip", "jar", "python3", "gzip", "bzip2", "xz", "zstd")
	if os.Getuid() != 0 {
		t.Skip("needs root, for owners and capabilities")
	}
	n, seed := fromEnv(t, "LAYC_EXACT_N", 60), fromEnv(t, "LAYC_EXACT_SEED", 1)
	compared, refused := map[string]int{}, map[string]int{}
	for i := range n {
		s := seed + i
		r := rand.New(rand.NewPCG(s, 0))
		m := makers[r.IntN(len(makers))]
		if m.name == "jar" && s%8 != 0 {
			m = makers[0] // a JVM takes a second
		}
		items := m.pick(r)
		strip := 0
		if m.strip && r.IntN(4) == 0 {
			strip = 1 + r.IntN(2)
		}
		lines, ok := difference(t, m, items, strip, s)
		if !ok {
			refused[m.name]++
			continue
		}
		compared[m.name]++
		if len(lines) == 0 {
			continue
		}
		for at := 0; at < len(items); { // remove items that the difference does not need
			fewer := append(append([]item{}, items[:at]...), items[at+1:]...)
			if less, ok := difference(t, m, fewer, strip, s); ok && len(less) > 0 {
				items, lines = fewer, less
			} else {
				at++
			}
		}
		var text strings.Builder
		for _, i := range items {
			fmt.Fprintf(&text, "\t%v\n", i)
		}
		t.Errorf("LAYC_EXACT_SEED=%d LAYC_EXACT_N=1: %s, strip %d, of\n%s%s", s, m.name, strip, text.String(), strings.Join(lines, "\n"))
	}
	t.Logf("seeds %d to %d: compared %v; refused by the other program, too: %v", seed, seed+n-1, compared, refused)
}

// difference creates an archive and compares the unpacked trees. It is false if the truth refuses
// the archive; then the helper is not run.
func difference(t *testing.T, m maker, items []item, strip int, seed uint64) ([]string, bool) {
	t.Helper()
	dir, err := os.MkdirTemp("", "layc-archive-")
	must(t, err)
	defer os.RemoveAll(dir)
	a := &making{dir: dir, file: dir + "/archive.any", want: dir + "/want", strip: strip, seed: seed, system: m.system}
	must(t, os.Mkdir(a.want, 0o755))
	if err := errors.Join(m.make(a, items), m.truth(a)); err != nil {
		t.Log(err)
		return nil, false
	}
	command := []string{"unpack", strconv.Itoa(strip), a.file, dir + "/got"}
	if m.system {
		command = []string{"rootfs", a.file, dir + "/got"}
	}
	out, err := exec.Command(helperPath(), command...).CombinedOutput()
	if err != nil {
		if entries, _ := os.ReadDir(a.want); len(entries) == 0 {
			return nil, false // an empty archive is an error
		}
		return []string{string(out)}, true
	}
	want, got := read(t, a.want), read(t, dir+"/got")
	delete(want, "/") // the archive's root is not the target's
	delete(got, "/")
	if m.system {
		for p, e := range want {
			if e.Mode&unix.S_IFMT != unix.S_IFDIR || e.Mtime < 1<<30*1e9 {
				continue
			}
			// GNU tar created a directory without an entry, or wrote into one by another name
			// after setting its time.
			e.Mtime = got[p].Mtime
			if !slices.ContainsFunc(items, func(i item) bool { return i.kind == 'd' && "/"+i.name == p }) && e.Mtime == epoch*1e9 {
				e.Mode, e.UID, e.GID = unix.S_IFDIR|0o755, 0, 0
			}
			want[p] = e
		}
		return exact.Compare(want, got, true), true
	}
	var odd []string
	for p, e := range got {
		if e.Mtime != epoch*1e9 && e.Mode&unix.S_IFMT != unix.S_IFLNK {
			odd = append(odd, fmt.Sprintf("%q has another time than 1980", p))
		}
	}
	if m.bare {
		for _, tree := range []exact.Tree{want, got} {
			for p, e := range tree {
				e.Mode &= unix.S_IFMT
				tree[p] = e
			}
		}
	}
	return append(odd, exact.Compare(want, got, false)...), true
}

func helperPath() string { return "../../bin/layc-helper-linux-" + runtime.GOARCH }

// needTools skips a test if a program is missing, or fails it if everything must be available.
func needTools(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range append(names, helperPath()) {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("LAYC_REQUIRE_ENGINE") == "1" {
				t.Fatalf("%v; `make archivers helpers` brings all that this test needs", err)
			}
			t.Skip(err)
		}
	}
}

func fromEnv(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	must(t, err)
	return n
}

// runIn runs a program with the usual umask. An error has its output.
func runIn(dir, name string, args ...string) error {
	cmd := exec.Command("sh", append([]string{"-c", `umask 022; exec "$@"`, "sh", name}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// Truths.

// gnuTar leaves paths unchanged with -P. Otherwise GNU tar creates links that lead outside at the
// end, and they replace later files.
func gnuTar(m *making) error { return tarWith(m, "-P") }

// handTruth is for names with a leading slash, which is removed.
func handTruth(m *making) error {
	if m.dots {
		return gnuTar(m)
	}
	return tarWith(m)
}

func tarWith(m *making, more ...string) error {
	return runIn(m.want, "tar", append(more, "-xpf", m.file, "--no-same-owner", "--xattrs", "--xattrs-include=security.capability", "--strip-components="+strconv.Itoa(m.strip))...)
}

// inChroot runs GNU tar in a chroot to the archive's root.
func inChroot(m *making) error {
	script := `
set -e
mkdir .tar
cp "$1" .tar/archive
cp "$(command -v tar)" .tar/tar
ldd .tar/tar | grep -o '/[^ ]*' | sort -u | xargs cp -Lt .tar
umask 022
chroot . "/.tar/$(ls .tar | grep ^ld-)" --library-path /.tar /.tar/tar -C / -xpPf /.tar/archive --numeric-owner --same-owner --xattrs --xattrs-include=security.capability
rm -r .tar
`
	return runIn(m.want, "sh", "-c", script, "sh", m.dir+"/plain.tar")
}

func unzip(m *making) error {
	err := runIn(m.want, "unzip", "-q", "-K", "-o", m.file)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return nil // warnings, for example about backslashes
	}
	return err
}

func jarTruth(m *making) error { return runIn(m.want, "jar", "xf", m.file) }

func pythonZip(m *making) error { return runIn(m.want, "python3", "-m", "zipfile", "-e", m.file, ".") }

// Items.

var (
	plainNames   = []string{"a", "b", "c", "d/a", "d/b", "d/e/f", "d/e/g", "bin/run", "share/doc/text", "Z"}
	strangeNames = []string{
		"with space", "-dash", "ünï/cödé", "q\"uote'", "new\nline", "tab\t", "*?[x]", "$x`y`", "\x01", "\xff\xfe", "PK\x03\x04", "BZh91AY", "a\\b",
		strings.Repeat("n", 99), strings.Repeat("n", 100), strings.Repeat("n", 101), strings.Repeat("n", 255),
		strings.Repeat("long-directory/", 10) + "file", strings.Repeat("p", 150) + "/" + strings.Repeat("q", 99),
		strings.Repeat("p", 155) + "/" + strings.Repeat("q", 100), strings.Repeat("deep/", 60) + "x",
	}
	// Paths of base systems often lead through links.
	systemNames = []string{
		"usr/bin/x", "usr/bin", "bin", "bin/x", "bin/y", "var/run", "var/run/z", "run", "run/z", "run/lock", "var/lock", "var/lock/l",
		"d", "d/a", "d/e/f", "l", "l/a", "l/e/g", "etc/passwd", "dev/null", ".dockerenv",
	}
	systemTargets = []string{"usr/bin", "/run", "../run", "/run/lock", "d", "/d", "/", ".", "..", "../../..", "l", "/l", "/gone", "d/e", "x/y"}
	modes         = []uint32{0o644, 0o755, 0o600, 0o700, 0o777, 0o666, 0o444, 0o555, 0o000, 0o4755, 0o2755, 0o6711, 0o1777, 0o2775, 0o7777, 0o1644}
	contents      = []string{"", "x", "text\n", strings.Repeat("y", 511), strings.Repeat("z", 512), strings.Repeat("0123456789", 2000), strings.Repeat("\x00", 5000), "PK\x03\x04", "\x1f\x8b"}
)

// someItems returns items, with capabilities and holes if the format supports them.
func someItems(r *rand.Rand, names []string, kinds string, special bool) []item {
	var items []item
	targets := []string{"a", "d", "gone", "d/a", "../x", "/etc/passwd", "e", strings.Repeat("t/", 60) + "t"}
	if strings.Contains(kinds, "p") {
		targets = systemTargets
	}
	for range 1 + r.IntN(12) {
		i := item{name: names[r.IntN(len(names))], kind: kinds[r.IntN(len(kinds))], mode: modes[r.IntN(len(modes))]}
		switch i.kind {
		case 'f':
			i.text = contents[r.IntN(len(contents))]
			if special && r.IntN(6) == 0 {
				i.hole = r.IntN(1 << 20)
			}
			i.cap = special && r.IntN(8) == 0
		case 's':
			i.text = targets[r.IntN(len(targets))]
		case 'h':
			i.kind = 'f' // nothing to link to
			for _, n := range r.Perm(len(items)) {
				if items[n].kind != 'd' {
					i.kind, i.text = 'h', items[n].name
					break
				}
			}
		}
		items = append(items, i)
	}
	return items
}

func someNames(r *rand.Rand) []string {
	if r.IntN(2) == 0 {
		return plainNames
	}
	return append(append([]string{}, plainNames[:4]...), strangeNames...)
}

// plant creates the items below dir, one after the other. It skips items that conflict with
// earlier ones.
func plant(dir string, items []item) {
	for _, i := range items {
		p := filepath.Join(dir, i.name)
		_ = os.MkdirAll(filepath.Dir(p), 0o755)
		if i.kind != 'd' {
			_ = os.Remove(p)
		}
		switch i.kind {
		case 'd':
			if os.MkdirAll(p, 0o755) == nil {
				_ = unix.Chmod(p, i.mode)
			}
		case 'f':
			f, err := os.OpenFile(p, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				continue
			}
			_, _ = f.WriteAt([]byte(i.text), int64(i.hole))
			_ = f.Close()
			_ = unix.Chmod(p, i.mode)
			if i.cap {
				_ = unix.Setxattr(p, "security.capability", []byte(capability), 0)
			}
		case 's':
			_ = os.Symlink(i.text, p)
		case 'h':
			_ = os.Link(filepath.Join(dir, i.text), p)
		}
	}
}

// capability permits binding low ports, in the kernel's format.
const capability = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// compress compresses a tar archive with one of the programs, or not at all.
func compress(m *making, r *rand.Rand) error {
	if err := runIn(m.dir, "cp", m.file, "plain.tar"); err != nil {
		return err
	}
	programs := [][]string{nil, {"gzip"}, {"gzip", "-1"}, {"bzip2"}, {"xz", "-0"}, {"xz", "-1", "--check=sha256"}, {"xz", "-0", "--block-size=4096"}, {"zstd", "-q"}, {"zstd", "-q", "--no-check", "-1"}}
	program := programs[r.IntN(len(programs))]
	if program == nil {
		return nil
	}
	text, err := os.ReadFile(m.file)
	if err != nil {
		return err
	}
	parts := [][]byte{text}
	if r.IntN(3) == 0 { // several streams, one after the other
		half := len(text) / 2
		parts = [][]byte{text[:half], text[half:]}
	}
	var out bytes.Buffer
	for _, part := range parts {
		cmd := exec.Command(program[0], append(program[1:], "-c")...)
		cmd.Stdin, cmd.Stdout = bytes.NewReader(part), &out
		if err := cmd.Run(); err != nil {
			return err
		}
	}
	return os.WriteFile(m.file, out.Bytes(), 0o644)
}
