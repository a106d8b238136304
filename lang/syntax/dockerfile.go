package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
)

// instruction fails because a clause is expected and a Dockerfile's instruction is found.
func (p *parser) instruction(word string) {
	at := p.at(p.tok)
	line := p.span(at.Start, p.commandLine(at.End))
	line.End = line.Start + len(strings.TrimRight(line.Text(), " \t\r"))
	p.forgetLexical(line.Start, line.End)
	d := p.fail(diag.UnknownClause, at, "unknown clause `%s`", word)
	p.skipTo(line.End)
	switch clause := instruction(word, line.Text()[len(word):]); {
	case clause != "":
		d.Hint("write `%s`", clause).Fix(line, clause)
	case habits[word] != "":
		d.Hint("%s", habits[word])
	case word == "RUN":
		d.Hint("write `run \"\"\"…\"\"\"` with the command between the quotes")
	default:
		d.Hint("did you mean `%s`?", instructions[word]).Fix(at, instructions[word])
	}
}

// instruction returns the clause for a Dockerfile's instruction, or "" if that is not
// certain.
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

// commandList returns a command line as a list: its words, or a shell and the command if it
// needs one.
func commandList(line string) string {
	words := strings.Fields(line)
	if strings.ContainsAny(line, "|&;<>()$`*?~'\"\\") {
		words = []string{"/bin/sh", "-c", strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(line)}
	}
	return `["` + strings.Join(words, `", "`) + `"]`
}

// CommandList returns a command line as the text of a list.
func CommandList(line string) string { return commandList(line) }

// flag fails if a flag such as --chown=1000 is here, or --chown where a value cannot begin, and reports
// whether it is.
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
	d := p.fail(diag.UnknownOption, p.span(int(a.Start), int(name.End)), "options do not begin with dashes")
	option := flagOptions[p.textOf(name)]
	if first, _, _ := strings.Cut(option, " "); first != "" && form.Option(first) != nil {
		d.Hint("write `%s …` after the value of `%s`", option, form.Word)
	} else if words := optionWords(form.Options); len(words) > 0 {
		d.Note("expected %s", quoted(words))
	}
	return true
}

// commandLine returns the end of an unquoted command line that begins at an offset: the line end or,
// after a backslash, the end of the next line.
func (p *parser) commandLine(start int) (end int) {
	for end = p.lineEnd(start); end < len(p.text) && strings.HasSuffix(strings.TrimRight(p.text[start:end], "\r"), `\`); {
		end = p.lineEnd(end + 1)
	}
	return end
}

// skipTo skips all tokens before an offset, as part of an abandoned statement.
func (p *parser) skipTo(end int) {
	for p.tokens[p.i].Kind != EOF && int(p.tokens[p.i].Start) < end {
		p.i++
	}
}

// hereDocument fails if `<<WORD` is here, skips to the line of the word, and reports whether it is.
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
	d := p.fail(diag.MissingValue, p.span(int(a.Start), int(b.End)), "layc does not have here-documents; `run` takes a string").
		Hint("write a string of several lines between `\"\"\"` and `\"\"\"`")
	if last >= 0 {
		d.See(p.at(p.tokens[last]), "it ends here")
		p.skipTo(int(p.tokens[last].End))
	}
	return true
}
