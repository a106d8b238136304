package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/lang/paths"
)

// Records of what is packed: which paths the steps of a component have changed. They
// stay with the layers, since a tree alone does not show who has changed it: where two
// components change a path that a third one changes back, the order would decide.

// record is what one component has changed, or what a tree holds that is placed: a portable
// component's, which replaces what the runs of others leave at its paths.
type record struct {
	tree  bool
	needs []int           // the records of those that it needs or follows, by number
	marks map[string]mark // by path
	// files are the names of the file that a path is one of, if that was changed.
	files map[string]string
	// renumbers are the accounts whose numbers it has changed, and owners the numbers of those
	// that own what it has written, both by accountKey.
	renumbers map[string]renumbering
	owners    map[string]uint32
}

func newRecord() record {
	return record{marks: map[string]mark{}, files: map[string]string{}, renumbers: map[string]renumbering{}, owners: map[string]uint32{}}
}

// mark says what a component has left at a path.
type mark byte

const (
	gone      mark = '-'
	directory mark = 'd'
	other     mark = 'f'
	linked    mark = 'l' // the names of its file follow
	// Marks of accounts, whose numbers follow.
	renumbered mark = 'n'
	owning     mark = 'o'
)

// records are those in a directory, by number. Without a directory there are none.
type records struct {
	dir string
	all []record
}

func readRecords(dir string) (*records, error) {
	r := &records{dir: dir}
	if dir == "" {
		return r, nil
	}
	for {
		text, err := os.ReadFile(r.file(len(r.all)))
		if errors.Is(err, fs.ErrNotExist) {
			return r, nil
		}
		if err != nil {
			return nil, err
		}
		one, err := parseRecord(text)
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", len(r.all), err)
		}
		r.all = append(r.all, one)
	}
}

func (r *records) file(n int) string { return filepath.Join(r.dir, strconv.Itoa(n)) }

// treeHead is the first line of a tree's record.
const treeHead = "tree"

func parseRecord(text []byte) (record, error) {
	r := newRecord()
	head, rest, _ := bytes.Cut(text, []byte("\n"))
	var err error
	if r.tree = string(head) == treeHead; !r.tree {
		if r.needs, err = numbers(string(head)); err != nil {
			return r, err
		}
	}
	for line := range bytes.Lines(rest) {
		quoted, err := strconv.QuotedPrefix(string(line[1:]))
		if err != nil {
			return r, err
		}
		p, err := strconv.Unquote(quoted)
		if err != nil {
			return r, err
		}
		follows := strings.TrimSpace(string(line[1+len(quoted):]))
		switch m := mark(line[0]); m {
		case linked:
			r.files[p] = follows
		case renumbered:
			var n renumbering
			_, err = fmt.Sscan(follows, &n.was, &n.now)
			r.renumbers[p] = n
		case owning:
			var n uint32
			_, err = fmt.Sscan(follows, &n)
			r.owners[p] = n
		default:
			r.marks[p] = m
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

// numbers reads "0,2".
func numbers(list string) ([]int, error) {
	var out []int
	for f := range strings.SplitSeq(list, ",") {
		if f == "" {
			continue
		}
		n, err := strconv.Atoi(f)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// add adds a record.
func (r *records) add(one record) error {
	n := len(r.all)
	r.all = append(r.all, one)
	if r.dir == "" {
		return nil
	}
	f, err := os.Create(r.file(n))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	var needs []string
	for _, k := range one.needs {
		needs = append(needs, strconv.Itoa(k))
	}
	if one.tree {
		needs = []string{treeHead}
	}
	fmt.Fprintln(w, strings.Join(needs, ","))
	for _, p := range slices.Sorted(maps.Keys(one.marks)) {
		fmt.Fprintf(w, "%c%q\n", one.marks[p], p)
	}
	for _, p := range slices.Sorted(maps.Keys(one.files)) {
		fmt.Fprintf(w, "%c%q %s\n", linked, p, one.files[p])
	}
	for _, key := range slices.Sorted(maps.Keys(one.renumbers)) {
		fmt.Fprintf(w, "%c%q %d %d\n", renumbered, key, one.renumbers[key].was, one.renumbers[key].now)
	}
	for _, key := range slices.Sorted(maps.Keys(one.owners)) {
		fmt.Fprintf(w, "%c%q %d\n", owning, key, one.owners[key])
	}
	return errors.Join(w.Flush(), f.Close())
}

// strangers are the records of those that a component neither needs nor follows.
type strangers struct {
	records
	needs  []int
	at     map[string][]int // who has changed a path
	within map[string]int   // who has left something beneath a path
	placed map[string]int   // which tree has placed a path
}

func (r *records) strangers(needs []int) *strangers {
	s := &strangers{records: *r, needs: needs, at: map[string][]int{}, within: map[string]int{}, placed: map[string]int{}}
	for n, one := range r.all {
		if slices.Contains(needs, n) {
			continue
		}
		if one.tree {
			for p := range one.marks {
				s.placed[p] = n
			}
			continue
		}
		for p, m := range one.marks {
			if r.replaces(n, p) {
				continue
			}
			s.at[p] = append(s.at[p], n)
			if m == gone {
				continue
			}
			for dir := range paths.Above(p) {
				s.within[dir] = n
			}
		}
	}
	return s
}

// keeps returns a tree that has placed something at a path, or a file above it.
func (s *strangers) keeps(p string) (n int, found bool) {
	if n, found = s.placed[p]; found {
		return n, true
	}
	for dir := range paths.Above(p) {
		if n, ok := s.placed[dir]; ok && s.all[n].marks[dir] == other {
			return n, true
		}
	}
	return 0, false
}

// replaces reports whether a tree, which a component does not need, has placed a path that the
// component has changed.
func (r *records) replaces(n int, p string) bool {
	for k, t := range r.all {
		if _, ok := t.marks[p]; ok && t.tree && !slices.Contains(r.all[n].needs, k) {
			return true
		}
	}
	return false
}

// against returns where strangers have left a directory and a tree has none, or the other way
// round.
func (s *strangers) against(tree record) []dispute {
	var out []dispute
	for p, m := range tree.marks {
		n, clashes := s.within[p]
		clashes = clashes && m == other
		for _, k := range s.at[p] {
			if left := s.all[k].marks[p]; left != gone && (left == directory) != (m == directory) {
				n, clashes = k, true
			}
		}
		if clashes {
			out = append(out, dispute{p, n, "is a directory for only one of them"})
		}
	}
	return out
}

// treeRecord is the record of a tree.
func treeRecord(tree string) (record, error) {
	r := record{tree: true, marks: map[string]mark{}}
	err := filepath.WalkDir(tree, func(p string, d fs.DirEntry, err error) error {
		if p = strings.TrimPrefix(p, tree); p == "" || err != nil {
			return err
		}
		r.marks[p] = other
		if d.IsDir() {
			r.marks[p] = directory
		}
		return nil
	})
	return r, err
}

// changed returns a stranger that has changed a path; false if none has.
func (s *strangers) changed(p string) (int, bool) {
	if all := s.at[p]; len(all) > 0 {
		return slices.Max(all), true
	}
	return 0, false
}

// linked returns a stranger that has made a path a name of another file.
func (s *strangers) linked(p, file string) (int, bool) {
	for n, one := range s.all {
		if f, ok := one.files[p]; ok && f != file && !slices.Contains(s.needs, n) {
			return n, true
		}
	}
	return 0, false
}

// turned returns a stranger that has changed a path after another one.
func (s *strangers) turned(p string) (int, bool) {
	for _, n := range s.at[p] {
		if slices.ContainsFunc(s.at[p], func(k int) bool { return slices.Contains(s.all[n].needs, k) }) {
			return n, true
		}
	}
	return 0, false
}

// cleared returns a directory above a path that a stranger has left as none, and the
// stranger.
func (s *strangers) cleared(p string) (dir string, n int, found bool) {
	for d := range paths.Above(p) {
		for _, k := range s.at[d] {
			if s.all[k].marks[d] != directory {
				dir, n, found = d, k, true // the topmost is the last one
			}
		}
	}
	return dir, n, found
}
