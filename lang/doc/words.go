package doc

import (
	_ "embed"
	"strings"
)

// Word is the documentation of a word that is not a clause: of a declaration, of a statement, or
// of a name that every module knows.
type Word struct {
	Word    string `json:"word"`
	Kind    string `json:"kind"`    // "declaration", "string that every module knows"
	Text    string `json:"text"`    // what it means
	Example string `json:"example"` // source text
}

// wordsText is a module with an example for each word.
//
//go:embed words.layer
var wordsText string

// Words returns the documentation of all words, in the order of wordsText.
func Words() []Word {
	var all []Word
	for line := range strings.Lines(wordsText) {
		text, comment := strings.CutPrefix(strings.TrimSpace(line), "# ")
		word, kind, heading := strings.Cut(text, " · ")
		switch {
		case comment && heading:
			all = append(all, Word{Word: word, Kind: kind})
		case len(all) == 0: // the file's own comment
		case comment:
			w := &all[len(all)-1]
			w.Text = strings.TrimSpace(w.Text + " " + text)
		default:
			all[len(all)-1].Example += line
		}
	}
	for n := range all {
		all[n].Example = strings.TrimSpace(all[n].Example)
	}
	return all
}
