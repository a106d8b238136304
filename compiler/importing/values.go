package importing

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/layc-lang/layc/lang/lazy"
	"github.com/layc-lang/layc/lang/syntax"
)

// Texts of units are symbolic: a private character begins the name of something that has its own name
// only when the module is written.
//
//	‹p NAME›  the value of a param, which the written text interpolates
//	‹s ID›    the component of a stage, by the identity of its target
//	‹v NAME›  a variable of a family
//	‹f ID›    the component of a family of stages, with the variables as arguments
//	‹b NAME›  a base, by its identity
//
// A text with a private character of its own is refused before.
const (
	openRef  = '\uE000'
	closeRef = '\uE001'
)

func reference(kind byte, name string) string {
	return string(openRef) + string(kind) + name + string(closeRef)
}

var references = lazy.Regexp("\uE000(.)([^\uE001]*)\uE001")

// symbolic reports whether a text refers to something.
func symbolic(text string) bool { return strings.ContainsRune(text, openRef) }

// private reports whether a file has characters that the package needs for itself, or no text at all.
func private(text string) bool {
	return strings.ContainsAny(text, string(openRef)+string(closeRef)) || !utf8.ValidString(text) || strings.ContainsRune(text, 0)
}

// param is an ARG whose value a module's param keeps.
type param struct {
	name   string // the name of the ARG, which runs mention
	value  string // its default
	owner  string // the first build that has it
	global string // the name of the param
	used   bool
}

// quote returns a string of the language. A reference to a value is interpolated; a text that is only
// such a reference is the name itself.
func quote(text string) string {
	if m := references().FindStringSubmatch(text); m != nil && m[0] == text && m[1] == "p" && !strings.Contains(m[2], ".") {
		return text
	}
	var b strings.Builder
	b.WriteByte('"')
	plain := func(s string) {
		literal, _ := syntax.Quote(s)
		b.WriteString(literal[1 : len(literal)-1])
	}
	at := 0
	for _, m := range references().FindAllStringIndex(text, -1) {
		plain(text[at:m[0]])
		b.WriteString("${" + text[m[0]:m[1]] + "}")
		at = m[1]
	}
	plain(text[at:])
	b.WriteByte('"')
	return b.String()
}

// quotes returns strings with commas between.
func quotes(texts []string) string {
	out := make([]string, len(texts))
	for n, t := range texts {
		out[n] = quote(t)
	}
	return strings.Join(out, ", ")
}

// list returns a list of strings.
func list(texts []string) string { return "[" + quotes(texts) + "]" }

// block returns a text as a string of several lines if it has several, for the clause file.
func blockText(text string) string {
	body, ended := strings.CutSuffix(text, "\n")
	if !ended || !strings.Contains(body, "\n") || !fits(body) || strings.Contains(body, `\`) {
		return quote(text)
	}
	for n, line := range strings.Split(body, "\n") {
		if n == 0 && strings.TrimSpace(line) == "" {
			return quote(text) // the first line would be dropped
		}
	}
	return "\"\"\"\n" + indent(strings.ReplaceAll(body, "${", "$${")) + "\n    \"\"\""
}

// fits reports whether a text can be between three quotes: without three quotes, control characters,
// spaces that all lines begin with, and lines of spaces.
func fits(text string) bool {
	if strings.Contains(text, `"""`) || strings.ContainsRune(text, '\r') || symbolic(text) {
		return false
	}
	common := false
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" && strings.TrimSpace(line) == "" {
			return false
		}
		if line != "" && line[0] != ' ' && line[0] != '\t' {
			common = true
		}
	}
	return common && !control(text)
}

// control reports whether a text has characters that a file of the language must not have.
func control(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }) >= 0
}

// indent indents all lines that are not empty.
func indent(text string) string {
	lines := strings.Split(text, "\n")
	for n, l := range lines {
		if l != "" {
			lines[n] = "        " + l
		}
	}
	return strings.Join(lines, "\n")
}

// runText returns the shell string of a run, or false if the text has none.
func runText(text string) (string, bool) {
	text = strings.Trim(dedented(text), "\n")
	if control(text) || text == "" || strings.Contains(text, `"""`) {
		return "", false
	}
	if !strings.Contains(text, "\n") && !strings.ContainsAny(text, "\"\\") {
		return `"` + text + `"`, true
	}
	return "\"\"\"\n" + indent(text) + "\n    \"\"\"", true
}

// dedent drops the spaces that all lines begin with, except the first one if it has none.
func dedent(text string) string {
	lines := strings.Split(text, "\n")
	least := -1
	for _, l := range lines[1:] {
		if t := strings.TrimLeft(l, " \t"); t != "" && (least < 0 || len(l)-len(t) < least) {
			least = len(l) - len(t)
		}
	}
	for n, l := range lines {
		switch {
		case strings.TrimSpace(l) == "":
			lines[n] = ""
		case n > 0 && least > 0:
			lines[n] = l[least:]
		}
	}
	return strings.Join(lines, "\n")
}

// absolute returns a clean path of the image.
func absolute(dir, name string) string {
	if m := references().FindStringSubmatch(name); m != nil && m[1] == "p" && strings.HasPrefix(name, m[0]) {
		if _, value, ok := strings.Cut(m[2], "="); ok && path.IsAbs(value) {
			return m[0] + path.Clean("x" + strings.TrimPrefix(name, m[0]))[1:]
		}
	}
	if !path.IsAbs(name) {
		name = path.Join(dir, name)
	}
	return path.Clean(name)
}

// duration formats nanoseconds as a duration of the language.
func duration(ns int64) string {
	const ms, second = int64(1e6), int64(1e9)
	switch {
	case ns%(60*second) == 0:
		return fmt.Sprintf("%dm", ns/(60*second))
	case ns%second == 0:
		return fmt.Sprintf("%ds", ns/second)
	}
	return fmt.Sprintf("%dms", ns/ms)
}
