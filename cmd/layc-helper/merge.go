package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Files that several components may change, as each adds entries of its own. The
// entries are merged, each by its name, and sorted, so that the order of changes does
// not show. Where the order of lines has a meaning, it stays: see inOrder.

// table says how a file consists of entries.
type table struct {
	entries func(text string) []string
	end     string                    // of an entry
	name    func(entry string) string // an entry is changed, not added, if its name is there
	number  int                       // the field that entries are sorted by, as separated by colons; 0: none
	nis     bool                      // lines that begin with "+" or "-" come last
	// settle orders entries of one number, and says which ones cannot be in one file.
	settle  func(t *table, all []string, texts ...string) (why string)
	members []int // the fields that are lists of names
}

var (
	passwd  = &table{entries: lines, end: "\n", name: field, number: 2, nis: true, settle: (*table).inOrder}
	group   = &table{entries: lines, end: "\n", name: field, number: 2, nis: true, settle: (*table).inOrder, members: []int{3}}
	gshadow = &table{entries: lines, end: "\n", name: field, nis: true, members: []int{2, 3}}
	shadow  = &table{entries: lines, end: "\n", name: field, nis: true}
	ranges  = &table{entries: lines, end: "\n", name: whole, number: 1, settle: (*table).apart}
	set     = &table{entries: lines, end: "\n", name: whole}
	stanzas = &table{entries: paragraphs, end: "\n\n", name: stanzaName}
	bundle  = &table{entries: certificates, end: "\n", name: whole}
	// What ucf knows of configuration files: a digest or a package, and the file.
	byFile = &table{entries: lines, end: "\n", name: lastWord}
	// A diversion is three lines: the file, where it is now, and the package that keeps it.
	diversions = &table{entries: threes, end: "\n", name: firstLine}
)

// tables are the files that are merged.
var tables = map[string]*table{
	"/etc/passwd": passwd, "/etc/group": group, "/etc/shadow": shadow, "/etc/gshadow": gshadow,
	"/etc/subuid": ranges, "/etc/subgid": ranges,
	"/etc/shells": set, "/etc/ssl/certs/ca-certificates.crt": bundle,
	"/var/lib/dpkg/status": stanzas, "/var/lib/dpkg/statoverride": set, "/var/lib/dpkg/triggers/File": set,
	"/var/lib/dpkg/diversions":      diversions,
	"/var/lib/ucf/hashfile":         byFile,
	"/var/lib/ucf/registry":         byFile,
	"/var/lib/apt/extended_states":  stanzas,
	"/var/cache/debconf/config.dat": stanzas, "/var/cache/debconf/templates.dat": stanzas, "/var/cache/debconf/passwords.dat": stanzas,
}

// merges is how a file is merged; nil if it is not.
func merges(p string) *table { return tables[p] }

// disposable reports whether programs make a file again where it is missing, or
// nothing needs it: caches, logs, and copies of the state before the last change.
func disposable(p string) bool {
	dir, name := path.Split(p)
	switch {
	case merges(p) != nil:
		return false
	case strings.HasPrefix(p, "/var/cache/"), strings.HasPrefix(p, "/var/log/"), strings.HasPrefix(p, "/var/lib/apt/lists/"):
		return true
	case strings.HasSuffix(dir, "/__pycache__/"):
		return true
	case dir == "/var/lib/dpkg/":
		return strings.HasSuffix(name, "-old")
	case dir == "/var/lib/ucf/":
		return strings.HasPrefix(name, "hashfile.") || strings.HasPrefix(name, "registry.")
	case dir == "/etc/":
		return strings.HasSuffix(name, "-") && merges(strings.TrimSuffix(p, "-")) != nil
	}
	return false
}

// loaderCache is where the loader finds libraries. It is made from all that is there.
const loaderCache = "/etc/ld.so.cache"

// reloaded makes the loader's cache of the system at root again.
func reloaded(root string) error {
	cmd := exec.Command("/sbin/ldconfig", "-X")
	cmd.Env, cmd.Dir = environment, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making %s again: %w\n%s", loaderCache, err, out)
	}
	if err := os.Remove(root + "/var/cache/ldconfig/aux-cache"); err != nil && !missing(err) {
		return err
	}
	touched := map[string]bool{root + loaderCache: true, root + "/etc": true}
	if _, found, err := at(root, "/var/cache/ldconfig"); err == nil && found {
		touched[root+"/var/cache/ldconfig"] = true
	}
	return settleTouched(root, touched)
}

// merge merges a file: its content, with the owner and mode that the file has after
// the effect. nil: it cannot be merged, with the reason.
func (m *meeting) merge(p string, c *change) (text []byte, why string, err error) {
	if !c.is || kind(&c.now) != unix.S_IFREG || kind(&c.there) != unix.S_IFREG || c.was && kind(&c.old) != unix.S_IFREG {
		return nil, "", nil
	}
	if c.now.Mode != c.there.Mode || c.now.Uid != c.there.Uid || c.now.Gid != c.there.Gid {
		return nil, "with different owners or modes", nil
	}
	var old []byte
	var err1 error
	if c.was {
		old, err1 = os.ReadFile(m.before + p)
	}
	now, err2 := os.ReadFile(m.after + p)
	there, err3 := os.ReadFile(m.root + p)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, "", err
	}
	text, why = merges(p).merge(string(old), string(now), string(there))
	return text, why, nil
}

// merge does to the entries of one text what has changed from old to now. nil: both
// changes contradict each other, as why says.
func (t *table) merge(old, now, there string) (text []byte, why string) {
	was, is, out := t.named(old), t.named(now), t.named(there)
	for name, entry := range is {
		if was[name] == entry || out[name] == entry {
			continue
		}
		if out[name] != was[name] {
			if entry = t.joined(was[name], entry, out[name]); entry == "" {
				return nil, strconv.Quote(name) + " is defined twice, differently"
			}
		}
		out[name] = entry
	}
	for name, entry := range was {
		if _, ok := is[name]; ok {
			continue
		}
		if out[name] != "" && out[name] != entry {
			return nil, strconv.Quote(name) + " is changed and deleted"
		}
		delete(out, name)
	}
	var all []string
	for _, e := range out {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(t.numberOf(a), t.numberOf(b)), strings.Compare(t.name(a), t.name(b)))
	})
	if t.settle != nil {
		if why := t.settle(t, all, old, now, there); why != "" {
			return nil, why
		}
	}
	var b bytes.Buffer
	for _, e := range all {
		b.WriteString(e + t.end)
	}
	return b.Bytes(), ""
}

// named are the entries of a text by name.
func (t *table) named(text string) map[string]string {
	out := map[string]string{}
	for _, e := range t.entries(text) {
		out[t.name(e)] = e
	}
	return out
}

// joined is an entry that two have changed in their lists of names alone, or "".
func (t *table) joined(old, now, there string) string {
	a, b, c := strings.Split(old, ":"), strings.Split(now, ":"), strings.Split(there, ":")
	if old == "" {
		a = make([]string, len(b))
	}
	if len(t.members) == 0 || len(a) != len(b) || len(b) != len(c) {
		return ""
	}
	for n := range b {
		switch {
		case slices.Contains(t.members, n):
			b[n] = joinedNames(a[n], b[n], c[n])
		case b[n] != c[n]:
			return ""
		}
	}
	return strings.Join(b, ":")
}

// joinedNames does to a list of names what has changed from old to now.
func joinedNames(old, now, there string) string {
	list := func(s string) []string {
		return slices.DeleteFunc(strings.Split(s, ","), func(n string) bool { return n == "" })
	}
	was, is := list(old), list(now)
	out := slices.DeleteFunc(list(there), func(n string) bool { return slices.Contains(was, n) && !slices.Contains(is, n) })
	for _, n := range is {
		if !slices.Contains(was, n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ",")
}

// sorted sorts the lines of a file as merge does. Lines of one number stay in their order.
func (t *table) sorted(lines []string) []string {
	slices.SortStableFunc(lines, func(a, b string) int {
		c := cmp.Compare(t.numberOf(a), t.numberOf(b))
		if c == 0 && t.number == 0 && t.numberOf(a) == 0 {
			c = strings.Compare(t.name(a), t.name(b))
		}
		return c
	})
	return lines
}

// inOrder gives sorted entries of one number, or without one, the order of a text that has all of
// them: programs find the first user of a number, and "+" in /etc/passwd comes before what it must
// not hide. It is a conflict if no text has them all, or if two texts differ in the order.
func (t *table) inOrder(all []string, texts ...string) (why string) {
	for len(all) > 0 {
		number, n := t.numberOf(all[0]), 1
		for n < len(all) && t.numberOf(all[n]) == number {
			n++
		}
		var same []string
		same, all = all[:n], all[n:]
		if n == 1 {
			continue
		}
		entries := map[string]string{}
		for _, e := range same {
			entries[t.name(e)] = e
		}
		var order []string
		for _, text := range texts {
			var names []string
			for _, e := range t.entries(text) {
				if name := t.name(e); entries[name] != "" && t.numberOf(e) == number {
					names = append(names, name)
				}
			}
			switch {
			case len(names) != n:
			case order != nil && !slices.Equal(order, names):
				return fmt.Sprintf("has %q and %q in different orders", t.name(same[0]), t.name(same[1]))
			default:
				order = names
			}
		}
		switch {
		case order == nil && number == math.MaxInt:
			return fmt.Sprintf("has %q and %q in no order, which decides what they mean", t.name(same[0]), t.name(same[1]))
		case order == nil:
			return fmt.Sprintf("has %q and %q with the same number %d", t.name(same[0]), t.name(same[1]), number)
		}
		for k, name := range order {
			same[k] = entries[name]
		}
	}
	return ""
}

// apart reports sorted ranges of different names that overlap, unless a text has both.
func (t *table) apart(all []string, texts ...string) (why string) {
	var have []map[string]string
	for _, text := range texts {
		have = append(have, t.named(text))
	}
	for n, a := range all {
		end := rangeEnd(a)
		for _, b := range all[n+1:] {
			if t.numberOf(b) >= end {
				break
			}
			both := func(in map[string]string) bool { return in[a] != "" && in[b] != "" }
			if field(a) != field(b) && !slices.ContainsFunc(have, both) {
				return fmt.Sprintf("has overlapping ranges, %q and %q", a, b)
			}
		}
	}
	return ""
}

// rangeEnd is the number after a range, which is NAME:FIRST:COUNT.
func rangeEnd(line string) int {
	f := strings.Split(line, ":")
	if len(f) != 3 {
		return 0
	}
	first, err1 := strconv.ParseUint(f[1], 10, 32)
	count, err2 := strconv.ParseUint(f[2], 10, 32)
	if err1 != nil || err2 != nil {
		return 0
	}
	return int(first + count)
}

// numberOf is the number of an entry, by which entries are sorted first: the highest one if it has
// none.
func (t *table) numberOf(e string) int {
	if t.nis && strings.HasPrefix(e, "+") || t.nis && strings.HasPrefix(e, "-") {
		return math.MaxInt
	}
	if t.number == 0 {
		return 0
	}
	f := strings.Split(e, ":")
	if len(f) <= t.number {
		return math.MaxInt
	}
	n, err := strconv.Atoi(f[t.number])
	if err != nil {
		return math.MaxInt
	}
	return n
}

// whole is the name of an entry that has no other name.
func whole(entry string) string { return entry }

// field is the first field of a line, which is the name of what it is about.
func field(line string) string {
	name, _, _ := strings.Cut(line, ":")
	return name
}

// lastWord is the name of an entry that ends with it.
func lastWord(line string) string {
	line = strings.TrimSpace(line)
	return line[strings.LastIndexAny(line, " \t")+1:]
}

func firstLine(entry string) string {
	name, _, _ := strings.Cut(entry, "\n")
	return name
}

// threes are the entries of a text that have three lines each.
func threes(text string) []string {
	var out []string
	for some := range slices.Chunk(lines(text), 3) {
		out = append(out, strings.Join(some, "\n"))
	}
	return out
}

func lines(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return l == "" })
}

func paragraphs(text string) []string {
	var out []string
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.Trim(p, "\n"); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// stanzaName is the name of a stanza: its package with the architecture, or its Name.
func stanzaName(stanza string) string {
	name, arch := "", ""
	for line := range strings.SplitSeq(stanza, "\n") {
		key, value, _ := strings.Cut(line, ":")
		switch key {
		case "Package", "Name":
			name = strings.TrimSpace(value)
		case "Architecture":
			arch = strings.TrimSpace(value)
		}
	}
	return name + " " + arch
}

// certificates are the blocks of a file of certificates.
func certificates(text string) []string {
	const end = "-----END CERTIFICATE-----"
	var out []string
	for block := range strings.SplitAfterSeq(text, end) {
		if block = strings.Trim(block, "\n"); block != "" {
			out = append(out, block)
		}
	}
	return out
}
