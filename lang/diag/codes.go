package diag

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Entry documents a code, for `layc explain CODE`.
type Entry struct {
	Code  Code
	Title string // the kind of error or warning, as a heading
	Doc   string // the reason, and what to do; empty lines separate paragraphs
	// Example produces the code. It is a .layer file, or a txtar archive of several files
	// if it begins with "-- ".
	Example string
}

// Link returns the address of the entry in the project's documentation.
func (e Entry) Link() string {
	anchor := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, string(e.Code)+": "+e.Title)
	return "https://github.com/layc-lang/layc/blob/main/docs/errors.md#" + anchor
}

// Entries returns the documentation of all codes, sorted. The caller must not modify it.
func Entries() []Entry { return sorted() }

// Explain returns the documentation of a code.
func Explain(code Code) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(sorted(), code, func(e Entry, c Code) int {
		return strings.Compare(string(e.Code), string(c))
	})
	if !ok {
		return Entry{}, false
	}
	return sorted()[i], true
}

// entries has all codes: E00xx text and grammar, E01xx modules, E02xx names, types and values, E03xx
// components, E04xx plans, E05xx builds, E06xx expressions of queries. A code never changes its
// meaning, and is never reused.
//
// Each code is a constant with its entry below it, in the codes_*.go files.
var entries []Entry

// document adds an entry. It must only be called during the initialization of the package.
func document(code Code, title, doc, example string) Entry {
	e := Entry{code, title, doc, example}
	entries = append(entries, e)
	return e
}

var sorted = sync.OnceValue(func() []Entry {
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return entries
})

// exampleBase is the base system of examples; layc.lock pins it.
const exampleBase = `
component base {
    distribution "debian" suite "bookworm"
}

fleet {
    base base
}
`
