package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// What people write out of the habit of other tools, and what says the same
// here: words, flags, instructions, and text without quotes.

// habits are words of other tools, with what says the same here.
var habits = map[string]string{
	"FROM":        "the system below is the fleet's or the app's `base`",
	"from":        "`from` follows the sources of a `copy`: copy \"…\" from COMPONENT to \"…\"",
	"ADD":         "files come by `copy`, downloads by `fetch`",
	"add":         "files come by `copy`, downloads by `fetch`",
	"ARG":         "parameters stand after the component's name; `param` declares the module's",
	"arg":         "parameters stand after the component's name; `param` declares the module's",
	"CMD":         "the default command is `command [\"…\"]`",
	"cmd":         "the default command is `command [\"…\"]`",
	"MAINTAINER":  "say it with a label: `label \"org.opencontainers.image.authors\" = \"…\"`",
	"HEALTHCHECK": "a check is `healthcheck [\"…\"] every 30s`",
	"SHELL":       "the shell of a command is its own: `command [\"/bin/bash\", \"-c\", \"…\"]`",
	"ONBUILD":     "a component that others need takes its place",
	"install":     "packages come from the distribution: `needs os.packages(\"…\")`",
	"packages":    "packages come from the distribution: `needs os.packages(\"…\")`",
	"environment": "variables are set by `env KEY = VALUE`",
	"enviroment":  "variables are set by `env KEY = VALUE`",
	"volumes":     "each path is a `volume`",
	"ports":       "ports are what the app's `expose` says",
	"port":        "ports are what the app's `expose` says",
	"tags":        "each tag is a `tag`",
	"version":     "a version is a parameter of the component, or a `let`",
	"depends":     "what a component stands on is what it `needs`",
	"requires":    "what a component stands on is what it `needs`",
	"mkdir":       "`dir` makes directories",
	"symlink":     "`link` makes links",
	"chown":       "`owner` and `mode` belong to the step that writes the file",
	"chmod":       "`owner` and `mode` belong to the step that writes the file",
	"exec":        "`run` is a step, `command` and `entrypoint` are what the container runs",
	"switch":      "`match VALUE { … }` chooses among values",
	"while":       "`for x in xs { … }` goes through a list",
	"elif":        "`else if` stands behind the `}` of an `if`",
	"elsif":       "`else if` stands behind the `}` of an `if`",
}

// declarationHabits are words with which other languages begin what is declared.
var declarationHabits = map[string]string{
	"var": "a name for a value begins with `let`", "const": "a name for a value begins with `let`",
	"val": "a name for a value begins with `let`", "def": "a name for a value begins with `let`",
	"locals":   "a name for a value begins with `let`",
	"variable": "a value from outside is a `param`: param NAME: string = \"…\"",
	"input":    "a value from outside is a `param`: param NAME: string = \"…\"",
	"func":     "what has parameters is a `component`; there are no functions",
	"function": "what has parameters is a `component`; there are no functions",
	"fn":       "what has parameters is a `component`; there are no functions",
	"macro":    "what has parameters is a `component`; there are no functions",
	"class":    "what has parameters is a `component`",
	"module":   "a directory is a module; its files declare a `component`, an `app`, …",
	"package":  "a directory is a module; its files declare a `component`, an `app`, …",
	"service":  "an image is an `app`", "services": "each image is an `app`: app NAME { … }",
	"target": "an image is an `app`", "image": "an image is an `app`",
	"stage": "a stage is a `component`, which others `copy … from`",
	"use":   "modules are imported: `import \"std/java\"`", "include": "modules are imported: `import \"std/java\"`",
	"require": "modules are imported: `import \"std/java\"`",
}

// instructions are those of a Dockerfile that have a clause here.
var instructions = map[string]string{
	"RUN": "run", "COPY": "copy", "ENV": "env", "WORKDIR": "workdir", "USER": "user", "EXPOSE": "expose", "VOLUME": "volume",
	"LABEL": "label", "CMD": "command", "ENTRYPOINT": "entrypoint", "STOPSIGNAL": "stopsignal",
}

// instruction returns the clause that says what a Dockerfile's line says, or ""
// if that is not certain.
func instruction(word, rest string) string {
	clause, rest := instructions[word], strings.TrimSpace(rest)
	fields := strings.Fields(rest)
	if clause == "" || rest == "" || strings.HasPrefix(rest, "-") || strings.ContainsAny(rest, `\#`) || clause != "run" && strings.ContainsAny(rest, "'$") {
		return ""
	}
	quote := func(s string) string { return `"` + strings.Trim(s, `"`) + `"` }
	if strings.Contains(strings.Trim(rest, `"`), `"`) && rest[0] != '[' {
		return ""
	}
	switch clause {
	case "run":
		if rest[0] != '[' && rest[0] != '<' {
			return "run " + quote(rest)
		}
	case "copy":
		if len(fields) == 2 && rest[0] != '[' {
			return "copy " + quote(fields[0]) + " to " + quote(fields[1])
		}
	case "env", "label":
		key, value, ok := strings.Cut(rest, "=")
		if !ok {
			key, value, ok = strings.Cut(rest, " ")
		}
		if !ok || strings.ContainsAny(value, "=") || strings.ContainsAny(key, ` "`) {
			return ""
		}
		if clause == "label" {
			key = quote(key)
		}
		return clause + " " + key + " = " + quote(strings.TrimSpace(value))
	case "command", "entrypoint":
		if rest[0] == '[' {
			return clause + " " + rest
		}
		return clause + " " + commandList(rest)
	case "expose":
		for i, f := range fields {
			if strings.Trim(f, "0123456789") != "" {
				fields[i] = quote(f)
			}
		}
		return "expose " + strings.Join(fields, ", ")
	default:
		if len(fields) == 1 && rest[0] != '[' {
			return clause + " " + quote(rest)
		}
	}
	return ""
}

// commandList is a command line as a list: its words, or those of the shell that
// it needs.
func commandList(line string) string {
	words := strings.Fields(line)
	if strings.ContainsAny(line, "|&;<>()$`*?~'\"\\") {
		words = []string{"/bin/sh", "-c", strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(line)}
	}
	return `["` + strings.Join(words, `", "`) + `"]`
}

// CommandList is how a command line in text form is written as a list.
func CommandList(line string) string { return commandList(line) }

// bare fails for text without quotes at the current token, such as /etc/app or
// linux/amd64, and reports whether that is what stands here. The edit quotes all
// such text on the line.
func (p *parser) bare() bool {
	if p.failed || p.inText {
		return false
	}
	at, ok := p.bareAt(p.i)
	if !ok && p.i > 0 {
		at, ok = p.bareAt(p.i - 1)
	}
	if !ok {
		return false
	}
	first := p.i
	for first > 0 && int(p.tokens[first].Start) > p.start && !p.tokens[first].Line {
		first--
	}
	var edits []source.Span
	for i := first; p.tokens[i].Kind != EOF && (i == first || !p.tokens[i].Line); i++ {
		if n := len(edits); n > 0 && int(p.tokens[i].Start) < edits[n-1].End {
			continue
		}
		run, ok := p.bareAt(i)
		if ok && (run == at || p.tokens[i].Kind != Numeral && strings.Contains(run.Text(), "/")) {
			edits = append(edits, run)
		}
	}
	d := p.fail(diag.UnexpectedToken, at, "text stands in double quotes").
		Hint("write %s", quoteShort(`"`+at.Text()+`"`))
	for _, e := range edits {
		d.Fix(e, `"`+e.Text()+`"`)
	}
	return true
}

// bareAt returns the tokens around the i-th that stand together without a space,
// if they look like a path, a reference or a version rather than an expression.
func (p *parser) bareAt(i int) (at source.Span, ok bool) {
	const longest = 64 // tokens
	part := func(i int) bool {
		switch p.tokens[i].Kind {
		case Word, Numeral, Over, Colon, Dot, Minus, Plus, Percent, Times:
			return true
		}
		return false
	}
	if !part(i) {
		return at, false
	}
	lo, hi := i, i
	for lo > 0 && i-lo < longest && part(lo-1) && p.tokens[lo-1].End == p.tokens[lo].Start {
		lo--
	}
	for hi-i < longest && part(hi+1) && p.tokens[hi+1].Start == p.tokens[hi].End {
		hi++
	}
	if after := p.tokens[hi+1]; after.Start == p.tokens[hi].End {
		switch after.Kind {
		case LParen, LBracket, LBrace, Text, BlockText, Equals, PlusEquals, EqualEqual:
			return at, false
		}
	}
	if lo > 0 && p.tokens[lo-1].End == p.tokens[lo].Start && p.tokens[lo-1].Kind == Text {
		return at, false
	}
	for hi > lo && p.tokens[hi].Kind == Colon {
		hi--
	}
	if k := p.tokens[lo].Kind; hi == lo || k != Word && k != Numeral && k != Over && k != Dot {
		return at, false
	}
	return p.span(int(p.tokens[lo].Start), int(p.tokens[hi].End)), true
}

// flagOptions are flags of a Dockerfile's instructions, with the options that
// say the same.
var flagOptions = map[string]string{
	"chown": "owner", "chmod": "mode", "from": "from", "mount": "with", "checksum": "sha256", "exclude": "exclude",
	"interval": "every", "timeout": "timeout", "start": "start", "retries": "retries", "user": "as", "workdir": "in",
	"network": "with network",
}

// flag fails for a flag such as --chown=1000 or, where no value can begin, --chown,
// and reports whether one stands here.
func (p *parser) flag(value bool) bool {
	a, b, name, after := p.tok, p.peek(1), p.peek(2), p.peek(3)
	switch {
	case p.failed || p.inText || a.Kind != Minus || b.Kind != Minus || b.Start != a.End || name.Kind != Word || name.Start != b.End,
		value && (after.Kind != Equals || after.Start != name.End):
		return false
	}
	word := p.text[p.start:]
	n := 0
	for n < len(word) && class[word[n]]&isLetter != 0 {
		n++
	}
	form := FindForm(word[:n], p.place)
	if form == nil {
		return false
	}
	d := p.fail(diag.UnknownOption, p.span(int(a.Start), int(name.End)), "an option is a word, without dashes")
	option := flagOptions[p.textOf(name)]
	if first, _, _ := strings.Cut(option, " "); first != "" && form.Option(first) != nil {
		d.Hint("write `%s …` behind what `%s` takes", option, form.Word)
	} else if words := optionWords(form.Options); len(words) > 0 {
		d.Note("what can follow: %s", quoted(words))
	}
	return true
}

// commandLine is where a command line without quotes ends that begins at an
// offset: with its line, or where that ends in a backslash with the next.
func (p *parser) commandLine(start int) (end int) {
	for end = p.lineEnd(start); end < len(p.text) && strings.HasSuffix(strings.TrimRight(p.text[start:end], "\r"), `\`); {
		end = p.lineEnd(end + 1)
	}
	return end
}

// skipTo leaves all tokens before an offset to a statement that is abandoned.
func (p *parser) skipTo(end int) {
	for p.tokens[p.i].Kind != EOF && int(p.tokens[p.i].Start) < end {
		p.i++
	}
}

// hereDocument fails for `<<WORD` and skips to before the line of the word, if
// that is what stands here.
func (p *parser) hereDocument() bool {
	a, b, end := p.tok, p.peek(1), p.peek(2)
	if p.failed || a.Kind != Less || b.Kind != Less {
		return false
	}
	if end.Kind == Minus {
		end = p.peek(3)
	}
	word := strings.Trim(p.textOf(end), `"'`)
	last := -1
	for i := p.i + 1; p.tokens[i].Kind != EOF && last < 0; i++ {
		if t := p.tokens[i]; t.Line && p.textOf(t) == word && (p.tokens[i+1].Line || p.tokens[i+1].Kind == EOF) {
			last = i
		}
	}
	if last >= 0 {
		p.forgetLexical(p.start, int(p.tokens[last].End))
	}
	d := p.fail(diag.MissingValue, p.span(int(a.Start), int(b.End)), "`run` takes text, and there are no here-documents").
		Hint("text of several lines stands between `\"\"\"` and `\"\"\"`")
	if last >= 0 {
		d.See(p.at(p.tokens[last]), "here it ends")
		p.skipTo(int(p.tokens[last].End))
	}
	return true
}
