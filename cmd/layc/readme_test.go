package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// readme returns README.md.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocsPicture compares the README's picture with the plan that it shows.
func TestDocsPicture(t *testing.T) {
	svg := output(t, "graph", "--format=svg", "-C", "../../testdata/tomcat",
		"9.0-jre17", "10.1-jre17", "11.0-jre17", "9.0-jre21", "10.1-jre21", "11.0-jre21")
	compareGolden(t, "../../docs/plan.svg", []byte(svg))
}

// TestDocsExamples runs the commands in the README's console blocks and compares their output
// with the blocks.
func TestDocsExamples(t *testing.T) {
	block := regexp.MustCompile("(?ms)^```console\n\\$ layc ([^\n]*)\n(.*?)^```\n")
	text := readme(t)
	if n := len(block.FindAllString(text, -1)); n < 4 {
		t.Fatalf("README.md has %d console blocks", n)
	}
	t.Chdir("../..")
	got := block.ReplaceAllStringFunc(text, func(b string) string {
		command := block.FindStringSubmatch(b)[1]
		return "```console\n$ layc " + command + "\n" + output(t, shellWords(command)...) + "```\n"
	})
	compareGolden(t, "README.md", []byte(got))
}

// shellWords splits a command as a shell does, with single quotes.
func shellWords(command string) []string {
	words := regexp.MustCompile(`'[^']*'|\S+`).FindAllString(command, -1)
	for n, w := range words {
		words[n] = strings.Trim(w, "'")
	}
	return words
}

// TestDocsQueries asks the expressions of docs/query.md and README.md of the shop.
func TestDocsQueries(t *testing.T) {
	page, err := os.ReadFile("../../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, block := range regexp.MustCompile("(?s)```query\n(.*?)```").FindAllStringSubmatch(string(page)+readme(t), -1) {
		for line := range strings.Lines(block[1]) {
			expression, _, _ := strings.Cut(strings.TrimSpace(line), "  #")
			output(t, "query", "-C", "../../testdata/shop", "--count", strings.TrimSpace(expression))
			asked++
		}
	}
	if asked < 30 {
		t.Errorf("only %d expressions", asked)
	}
}

// TestDocsNumbers compares the README's first table with the output of simulate.
func TestDocsNumbers(t *testing.T) {
	rows := map[string]string{
		"apart":   "| Dockerfiles, each built on its own | %s | %s | %s |",
		"written": "| Dockerfiles, built with one shared cache | %s | %s | %s |",
		"linked":  "| the same, with `COPY --link` wherever possible | %s | %s | %s |",
		"plan":    "| `.layer` files, planned by layc | **%s** | **%s** | **%s** |",
	}
	text := readme(t)
	for _, line := range strings.Split(output(t, "simulate", "-C", "../../testdata/fleet"), "\n") {
		cells := strings.Fields(line) // name, pulled, (factor, ×), pushed, first, built
		if len(cells) != 7 || rows[cells[0]] == "" {
			continue
		}
		row := fmt.Sprintf(rows[cells[0]], cells[1], cells[4], cells[6])
		if !strings.Contains(text, "\n"+row+"\n") {
			t.Errorf("README.md lacks %s", row)
		}
		if first := "also pulls " + cells[5] + " when"; !strings.Contains(text, first) {
			t.Errorf("README.md lacks %q", first)
		}
		delete(rows, cells[0])
	}
	for name := range rows {
		t.Errorf("simulate prints no %s", name)
	}
}
