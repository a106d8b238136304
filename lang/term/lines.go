package term

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Wrap cuts text at spaces into lines of at most that many columns, but never
// what stands between backticks. A word that is longer has a line of its own.
func Wrap(text string, columns int) []string {
	var lines []string
	line, quoted := "", false
	for word := range strings.SplitSeq(text, " ") {
		switch {
		case line == "":
			line = word
		case !quoted && Columns(line)+1+Columns(word) > columns:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
		if strings.Count(word, "`")%2 == 1 {
			quoted = !quoted
		}
	}
	return append(lines, line)
}

// Flow prints text on lines of Width that all but the first begin with the
// indent; first stands before the first word.
func Flow(w io.Writer, first, indent, text string) {
	flow(w, first, indent, strings.Fields(text))
}

// List prints names with commas between them, as Flow does.
func List(w io.Writer, first, indent string, names []string) {
	words := slices.Clone(names)
	for n := range len(words) - 1 {
		words[n] += ","
	}
	flow(w, first, indent, words)
}

func flow(w io.Writer, first, indent string, words []string) {
	line := first
	for n, word := range words {
		switch {
		case n == 0:
			line += word
		case Columns(line)+1+Columns(word) > Width:
			fmt.Fprintln(w, line)
			line = indent + word
		default:
			line += " " + word
		}
	}
	fmt.Fprintln(w, line)
}
