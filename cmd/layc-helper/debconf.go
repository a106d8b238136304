package main

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// debconf keeps what it has put into the text of a question. ucf asks about a configuration
// file that is there already, and names the new one: a file in scratch space, with a random
// name, that no image has.

// settleQuestions removes variables that name files in scratch space from debconf's answers.
func settleQuestions(file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	settled := withoutScratch(string(text))
	if settled == string(text) {
		return nil
	}
	return os.WriteFile(file, []byte(settled), 0o644) // in place: it keeps its owner and mode
}

// withoutScratch returns the text of config.dat without such variables. A question that has no
// others has no Variables.
func withoutScratch(text string) string {
	const head = "Variables:"
	in := false
	lines := slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(line string) bool {
		if !strings.HasPrefix(line, " ") {
			in = strings.TrimSpace(line) == head
			return false
		}
		_, value, ok := strings.Cut(line, " = ")
		return in && ok && inScratch(strings.TrimSpace(value))
	})
	var out strings.Builder
	for n, line := range lines {
		if strings.TrimSpace(line) == head && (n+1 == len(lines) || !strings.HasPrefix(lines[n+1], " ")) {
			continue
		}
		out.WriteString(line)
	}
	return out.String()
}
