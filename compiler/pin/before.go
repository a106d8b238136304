package pin

import (
	"bytes"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
)

// Before is a lock file before its program is pinned.
type Before struct {
	*lock.File
	conflicts diag.List // unresolved conflicts of a merge
	disputed  []string  // names of pins that differ between the sides of a merge
}

// Read parses the text of a lock file, which may have merge conflict markers. name is the file's
// name in findings. If there are findings, there is no Before.
func Read(name string, text []byte) (*Before, diag.List) {
	file, disputed, err := lock.Merged(name, text)
	if err != nil {
		return nil, compiler.LockFindings(name, text, err)
	}
	b := &Before{File: file, disputed: disputed}
	if _, err := lock.Parse(name, text); err != nil {
		b.conflicts = compiler.LockFindings(name, text, err)
	}
	return b, nil
}

// is reports whether the file has the same text as f.
func (b *Before) is(f *lock.File) bool {
	return len(b.conflicts) == 0 && bytes.Equal(b.Format(), f.Format())
}

// dropped counts the pins of old that are not in now. A pin with another version, key or digest
// still counts as present.
func dropped(old, now *lock.File) int {
	keys := func(f *lock.File) map[[4]string]bool {
		all := map[[4]string]bool{}
		for _, p := range f.Packages {
			all[[4]string{"package", p.Distribution, p.Arch, p.Name}] = true
		}
		for _, u := range f.URLs {
			all[[4]string{"url", u.URL}] = true
		}
		for _, i := range f.Images {
			all[[4]string{"image", i.Reference, i.Platform}] = true
		}
		for _, m := range f.Modules {
			all[[4]string{"module", m.URL, m.Version}] = true
		}
		for _, u := range f.Updates {
			all[[4]string{"update", u.Component}] = true
		}
		return all
	}
	// Facts about a base are keyed by its digest, which a new pin changes.
	there, n := keys(now), max(0, len(old.Bases)-len(now.Bases))
	for key := range keys(old) {
		if !there[key] {
			n++
		}
	}
	return n
}
