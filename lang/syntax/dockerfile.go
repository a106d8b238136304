package syntax

import (
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// instruction fails because a clause is expected and a Dockerfile's instruction is found.
func (p *parser) instruction(word string) {
	at := p.at(p.tok)
	line := p.span(at.Start, p.commandLine(at.End))
	line.End = line.Start + len(strings.TrimRight(line.Text(), " \t\r"))
	p.forgetLexical(line.Start, line.End)
	d := p.fail(diag.UnknownClause, at, "unknown clause `%s`", word)
	p.skipTo(line.End)
	if packages := aptPackages(line.Text()[len(word):]); word == "RUN" && packages != nil {
		install := "uses"
		if p.place == InComponent {
			install = "needs"
		}
		install += ` os.packages("` + strings.Join(packages, `", "`) + `")`
		d.Note("packages of the base system are pinned in layc.lock, and images share them").
			Hint("write `%s`", install).Fix(line, install)
		return
	}
	switch clause, help := instruction(word, line.Text()[len(word):]); {
	case clause != "" && help == "" && p.parses(clause):
		d.Hint("write `%s`", clause).Fix(line, clause)
	case clause != "" && p.parses(clause):
		d.Hint("write `%s`%s", clause, help)
	case clause == "" && help != "":
		d.Hint("%s", help)
	case word == "FROM" && p.place != InComponent:
		d.Hint("%s", baseInstead(line.Text()[len(word):]))
	case habits[word] != "":
		d.Hint("%s", habits[word])
	case word == "RUN":
		d.Hint("write `run \"\"\"…\"\"\"` with the command between the quotes")
	case p.parses(instructions[word] + line.Text()[len(word):]):
		d.Hint("did you mean `%s`?", instructions[word]).Fix(at, instructions[word])
	default:
		d.Hint("write a `%s` clause with strings in double quotes", instructions[word])
	}
}

// releases are Debian's releases by the words that tags of images begin with.
var releases = map[string]string{"bullseye": "11", "oldoldstable": "11", "bookworm": "12", "trixie": "13", "13": "13", "12": "12", "11": "11"}

// baseInstead returns what to write instead of FROM with an image.
func baseInstead(rest string) string {
	fields := slices.DeleteFunc(strings.Fields(rest), func(w string) bool { return strings.HasPrefix(w, "--") })
	if len(fields) == 0 {
		return habits["FROM"]
	}
	image := fields[0]
	name, tag, _ := strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
	tag, _, _ = strings.Cut(tag, "@")
	word, _, _ := strings.Cut(strings.TrimSuffix(tag, "-slim"), "-")
	word, _, _ = strings.Cut(word, ".")
	switch {
	case image == "scratch":
		return "write `base scratch` in the fleet or in the app"
	case name == "debian" && releases[word] != "":
		return "write `base debian.release(\"" + releases[word] + "\")` in the fleet or in the app, and `import \"std/debian\"`"
	case strings.ContainsAny(image, "\"$"):
		return habits["FROM"]
	}
	return "write `base debian.release(\"12\")`, or another system of packages, with `import \"std/debian\"`; or `base` with a component that has `image \"" + image + "\"`"
}

// aptPackages returns the packages that a command line installs; nil if it is not a call of apt-get, or
// does anything else than to update, to install and to remove the lists of packages.
func aptPackages(line string) []string {
	var packages []string
	line = strings.NewReplacer("\\\n", " ", "\\\r\n", " ", "&&", ";").Replace(line)
	for command := range strings.SplitSeq(line, ";") {
		words := slices.DeleteFunc(strings.Fields(command), func(w string) bool {
			return strings.HasPrefix(w, "-") || w == "sudo" || w == "DEBIAN_FRONTEND=noninteractive"
		})
		switch {
		case len(words) == 0, words[0] == "rm" && slices.Equal(words[1:], []string{"/var/lib/apt/lists/*"}):
		case words[0] != "apt-get" && words[0] != "apt" || len(words) < 2:
			return nil
		case words[1] == "install":
			for _, name := range words[2:] {
				if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789+.-") != "" {
					return nil
				}
				packages = append(packages, name)
			}
		case words[1] != "update" && words[1] != "upgrade" && words[1] != "dist-upgrade" && words[1] != "clean" && words[1] != "autoclean":
			return nil
		}
	}
	return packages
}

// parses reports whether a text is a clause of one line that is allowed here.
func (p *parser) parses(clause string) bool {
	if strings.ContainsAny(strings.ReplaceAll(clause, "${", ""), "{\n") {
		return false // statements in it would be parsed again and again
	}
	_, list := Parse(source.New("", p.place.String()+" x {\n"+clause+"\n}\n"))
	return !list.HasErrors()
}

// instruction returns the clause that means the same as a Dockerfile's instruction. If that depends on
// what the parser does not know, it also returns what to say behind the clause. Without a clause, it
// returns what to write, or "".
func instruction(word, rest string) (clause, help string) {
	clause, rest = instructions[word], strings.TrimSpace(rest)
	if clause == "" || rest == "" || strings.ContainsAny(rest, `\#`) || clause != "run" && strings.ContainsAny(rest, "'$") {
		return "", ""
	}
	list := rest[0] == '['
	switch clause {
	case "command", "entrypoint":
		if list {
			return clause + " " + rest, ""
		}
		return clause + " " + shellList(rest), ""
	case "copy":
		return copyClause(rest)
	case "env", "label":
		return assignment(clause, rest), ""
	}
	text, ok := unquoted(rest)
	if list || !ok {
		return "", ""
	}
	switch clause {
	case "run":
		if text[0] == '-' || text[0] == '<' {
			return "", ""
		}
		return `run "` + text + `"`, ""
	case "expose":
		return exposeClause(text)
	case "volume":
		fields := strings.Fields(text)
		for _, f := range fields {
			if !absolute(f) {
				return "", "write `volume` with absolute paths, such as `volume \"/data\"`"
			}
		}
		return `volume "` + strings.Join(fields, `", "`) + `"`, ""
	case "workdir":
		if !absolute(text) {
			return "", "write `workdir` with an absolute path, such as `workdir \"/srv\"`"
		}
	}
	return clause + ` "` + text + `"`, ""
}

// absolute reports whether a path is absolute, without `..`.
func absolute(path string) bool {
	return path != "" && path[0] == '/' && !slices.Contains(strings.Split(path, "/"), "..")
}

// exposeClause returns the clause for what follows EXPOSE: ports and ranges of ports, of a protocol.
func exposeClause(text string) (clause, help string) {
	if strings.Contains(text, ",") {
		return "", ""
	}
	fields := strings.Fields(text)
	for i, f := range fields {
		ports, protocol, given := strings.Cut(strings.ToLower(f), "/")
		first, last, several := strings.Cut(ports, "-")
		from, err := strconv.ParseUint(first, 10, 16)
		to := from
		if several && err == nil {
			to, err = strconv.ParseUint(last, 10, 16)
		}
		if err != nil || from == 0 || to < from || given && protocol != "tcp" && protocol != "udp" && protocol != "sctp" {
			return "", "write `expose 8080`, `\"53/udp\"` for another protocol, or `\"8000-8010\"`"
		}
		if fields[i] = ports; several || given {
			fields[i] = strconv.Quote(strings.ToLower(f))
		}
	}
	return "expose " + strings.Join(fields, ", "), ""
}

// unquoted returns a text without the quotes around it, and whether it has no others.
func unquoted(s string) (string, bool) {
	if len(s) > 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	return s, s != "" && !strings.Contains(s, `"`)
}

// copyClause returns the clause for what follows COPY, and what to say behind it unless all sources are
// certainly directories: COPY copies their content, and a file into the target if that is a directory.
func copyClause(rest string) (clause, help string) {
	var paths []string
	options := ""
	for _, f := range strings.Fields(rest) {
		flag, value, _ := strings.Cut(f, "=")
		text, ok := unquoted(f)
		switch {
		case flag == "--chown" && value != "" && len(paths) == 0:
			options += ` owner "` + value + `"`
		case flag == "--chmod" && value != "" && strings.Trim(value, "01234567") == "" && len(paths) == 0:
			options += " mode 0" + strings.TrimLeft(value, "0")
		case !ok || f == "to" || f[0] == '-' || f[0] == '[' || f[0] == '<':
			return "", ""
		default:
			paths = append(paths, text)
		}
	}
	last := len(paths) - 1
	if last < 1 || strings.Contains(options, `""`) {
		return "", ""
	}
	sources, target := paths[:last], paths[last]
	if !absolute(target) {
		return "", "write `copy … to` with an absolute path, such as `\"/srv/\"`"
	}
	pattern := false
	for i, s := range sources {
		s = strings.TrimLeft(s, "/") // of the project
		switch {
		case slices.Contains(strings.Split(s, "/"), ".."):
			return "", "move the files into the project: `copy` takes no others"
		case s == "" || s == ".":
			s = "./"
		case strings.HasSuffix(s, "/."):
			s = strings.TrimSuffix(s, ".")
		case strings.ContainsAny(s, "*?["):
			pattern = true
		}
		if !strings.HasSuffix(s, "/") {
			help = ", with a `/` at the end of each path of a directory"
		}
		sources[i] = `"` + s + `"`
	}
	if pattern {
		help = ", which copies directories that the pattern matches with their names, unlike COPY"
	}
	if (pattern || last > 1) && !strings.HasSuffix(target, "/") {
		return "", "write a `/` at the end of the target: it is a directory"
	}
	return "copy " + strings.Join(sources, ", ") + ` to "` + target + `"` + options, help
}

// assignment returns the clause for what follows ENV or LABEL, if that sets one variable: KEY=VALUE,
// or KEY VALUE in the old style.
func assignment(clause, rest string) string {
	key, value, _ := strings.Cut(rest, " ")
	old := !strings.Contains(key, "=")
	if !old {
		key, value, _ = strings.Cut(rest, "=")
	}
	value = strings.TrimSpace(value)
	text, ok := unquoted(value)
	if old && value == "" || value != "" && value != `""` && !ok || !old && text == value && strings.ContainsAny(value, " \t") {
		return ""
	}
	if value == `""` {
		text = ""
	}
	if clause == "label" {
		label, ok := unquoted(key)
		if !ok {
			return ""
		}
		key = `"` + label + `"`
	}
	return clause + " " + key + ` = "` + text + `"`
}

// builtins are words that a shell has to interpret.
var builtins = []string{
	".", ":", "!", "{", "[", "[[", "alias", "case", "cd", "command", "eval", "exec", "exit", "export", "for", "if", "let", "local", "read", "return", "set", "shift",
	"source", "time", "trap", "type", "ulimit", "umask", "unset", "until", "wait", "while",
}

// commandList returns a command line as a list: its words, or a shell and the command if it
// needs one.
func commandList(line string) string {
	words := strings.Fields(line)
	if strings.ContainsAny(line, "|&;<>()$`*?[{~#'\"\\") || len(words) > 0 && (slices.Contains(builtins, words[0]) || strings.Contains(words[0], "=")) {
		return shellList(line)
	}
	return `["` + strings.Join(words, `", "`) + `"]`
}

// shellList returns a command line as a list in which a shell runs it.
func shellList(line string) string {
	return `["/bin/sh", "-c", "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(line) + `"]`
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
