package term

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Wrap breaks text at spaces into lines of at most that many columns, but never between backticks. A
// longer word gets a line of its own.
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

// Flow prints text in lines of Width. The first line begins with first, the others with indent.
func Flow(w io.Writer, first, indent, text string) {
	flow(w, first, indent, strings.Fields(text))
}

// List prints names separated by commas, like Flow.
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
