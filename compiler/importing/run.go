package importing

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/syntax"

	"github.com/layc-lang/layc/lang/lazy"
)

// runOptions are what a run has besides its text.
type runOptions struct {
	user  string // "": the stage's
	dir   string
	items []string // after with
	shell bool     // its text is for the stage's shell, which the shell of runs cannot replace
}

// run translates RUN. Its commands, as far as the shell runs them one after the other, are looked at one
// by one: those at the beginning and at the end that only prepare or install become clauses, and the
// rest stays a command.
func (s *stage) run(i *instruction, c *instructions.RunCommand) {
	if err := c.Expand(func(w string) (string, error) { return s.word(i, w), nil }); err != nil {
		s.ask(i, "", "%s", err)
		return
	}
	options := runOptions{user: s.user, dir: s.workdir}
	if !s.mounts(i, c, &options) {
		return
	}
	switch instructions.GetNetwork(c) {
	case "none":
		options.items = append(options.items, "network none")
	case "host":
		i.atLeast(Run)
	}
	if instructions.GetSecurity(c) == "insecure" {
		s.ask(i, "", "a run has no more rights than a container")
		return
	}
	text := s.commandText(c)
	options.shell = !s.plainShell(c) && !portable(s.shell, text)
	s.commands(i, text, options)
}

// plainShell reports whether a command is for the shell that layc's runs have.
func (s *stage) plainShell(c *instructions.RunCommand) bool {
	return !c.PrependShell || len(s.shell) == 0 || s.shell[0] == "/bin/sh" && len(s.shell) == 2 && s.shell[1] == "-c"
}

// inShell wraps a command for the shell of the stage.
func (s *stage) inShell(text string) string {
	words := slices.Clone(s.shell)
	for n, w := range words {
		words[n] = shellWord(w)
	}
	return strings.Join(words, " ") + " '" + strings.ReplaceAll(strings.Trim(dedented(text), "\n"), "'", `'\''`) + "'"
}

var runWord = lazy.Regexp(`(?i)^\s*RUN\s+`)
var runFlag = lazy.Regexp(`^--(mount|network|security|device)=(\S+|"[^"]*")(\s+|\\\n\s*)+`)

// commandText returns the text of a RUN for a shell.
func (s *stage) commandText(c *instructions.RunCommand) string {
	if !c.PrependShell && len(c.Files) == 0 {
		words := slices.Clone(c.CmdLine)
		for n, w := range words {
			words[n] = shellWord(w)
		}
		return strings.Join(words, " ")
	}
	if len(c.Files) > 0 {
		return heredoc(c)
	}
	text := runWord().ReplaceAllString(s.file.source(c.Location()), "")
	for {
		text = strings.TrimPrefix(strings.TrimLeft(text, " \t"), "\\\n")
		text = strings.TrimLeft(text, " \t")
		rest := runFlag().ReplaceAllString(text, "")
		if rest == text {
			break
		}
		text = rest
	}
	joined, ok := joinedQuotes(text)
	if !ok {
		return strings.Join(c.CmdLine, " ")
	}
	return joined
}

// joinedQuotes joins the lines within quotes, as a Dockerfile does before the shell sees them. Elsewhere the
// shell joins them itself, except after a comment: then ok is false.
func joinedQuotes(text string) (joined string, ok bool) {
	f, ok := parseShell(text)
	if !ok {
		return "", false
	}
	at := uint(0)
	join := func(n syntax.Node) {
		joined += text[at:n.Pos().Offset()] + strings.ReplaceAll(text[n.Pos().Offset():n.End().Offset()], "\\\n", "")
		at = n.End().Offset()
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Comment:
			ok = ok && !strings.Contains(text[n.Pos().Offset():], "\\\n")
		case *syntax.SglQuoted, *syntax.DblQuoted:
			join(n)
			return false
		}
		return true
	})
	return joined + text[at:], ok
}

// dedented drops the spaces that all lines begin with from a command, unless they are in quotes.
func dedented(text string) string {
	f, ok := parseShell(text)
	if !ok {
		return dedent(text)
	}
	quoted := false
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.SglQuoted:
			quoted = quoted || n.Pos().Line() != n.End().Line()
		case *syntax.DblQuoted:
			quoted = quoted || n.Pos().Line() != n.End().Line()
		case *syntax.Redirect:
			quoted = quoted || n.Hdoc != nil
		}
		return !quoted
	})
	if quoted {
		return strings.TrimLeft(text, " \t\n")
	}
	return dedent(text)
}

// heredoc returns the text of a RUN with here-documents.
func heredoc(c *instructions.RunCommand) string {
	line := strings.Join(c.CmdLine, " ")
	if len(c.Files) == 1 && strings.TrimLeft(strings.TrimSpace(line), "<-") == strings.Trim(c.Files[0].Name, `"'`) || bareHeredoc().MatchString(strings.TrimSpace(line)) {
		data := c.Files[0].Data
		if interpreter, ok := strings.CutPrefix(data, "#!"); ok {
			first, rest, _ := strings.Cut(interpreter, "\n")
			if first = strings.TrimSpace(first); !strings.HasSuffix(first, "/sh") {
				return "cat > /tmp/script <<'" + c.Files[0].Name + "'\n#!" + first + "\n" + rest + c.Files[0].Name + "\n" + first + " /tmp/script"
			}
			return rest
		}
		return data
	}
	out := line + "\n"
	for _, f := range c.Files {
		out += f.Data + f.Name + "\n"
	}
	return out
}

var bareHeredoc = lazy.Regexp(`^<<-?["']?\w+["']?$`)

// mounts translates --mount, and reports whether it can.
func (s *stage) mounts(i *instruction, c *instructions.RunCommand, o *runOptions) bool {
	for _, m := range instructions.GetMounts(c) {
		target := absolute(s.workdir, m.Target)
		if target == "/" && m.Type != instructions.MountTypeSecret && m.Type != instructions.MountTypeSSH {
			s.ask(i, "", "a mount at / hides the whole system; set WORKDIR before it, or name a directory")
			return false
		}
		switch m.Type {
		case instructions.MountTypeCache:
			o.items = append(o.items, "cache "+quote(target))
			if m.From != "" {
				i.guess("the cache %s is empty at first, without the files of %s", target, m.From)
			}
			if m.UID != nil && (o.user == "" || o.user == "root" || o.user == "0") {
				i.guess("the cache %s belongs to the user of the command, not to %d", target, *m.UID)
			}
		case instructions.MountTypeTmpfs:
			o.items = append(o.items, "tmpfs "+quote(target))
		case instructions.MountTypeSSH:
			o.items = append(o.items, "ssh")
		case instructions.MountTypeSecret:
			id := m.CacheID
			if id == "" {
				id = path.Base(m.Target)
			}
			n := identifier(id)
			if !slices.Contains(s.file.im.secrets, n) {
				s.file.im.secrets = append(s.file.im.secrets, n)
			}
			if n != id {
				i.guess("the secret %q is called %s", id, n)
			}
			item := "secret " + n
			if m.Env != nil {
				as := *m.Env
				if as == "" {
					as = id
				}
				item += " as " + identifier(as)
			} else if m.Target != "" && target != "/run/secrets/"+n {
				item += " to " + quote(target)
			}
			o.items = append(o.items, item)
		case instructions.MountTypeBind:
			if !s.bind(i, m, target, o) {
				return false
			}
		}
	}
	return true
}

func (s *stage) bind(i *instruction, m *instructions.Mount, target string, o *runOptions) bool {
	context := s.file.build.Context
	if m.From != "" {
		dir, ok := s.file.build.Contexts[m.From]
		if context = dir; !ok || strings.Contains(dir, ":") || s.file.find(m.From, s.number) >= 0 {
			component, _, err := s.component(i, m.From)
			if err != nil {
				s.ask(i, "", "%s", err)
				return false
			}
			source := absolute("/", m.Source)
			o.items = append(o.items, "bind "+quote(source)+" from "+component+" to "+quote(target))
			return true
		}
	}
	full := path.Join(context, absolute("/", m.Source)[1:])
	dir, ok := s.stat(full)
	if !ok {
		s.ask(i, "", "the context has no %s", m.Source)
		return false
	}
	if dir {
		full += "/"
		if path.Clean(full) == "." {
			full = "./"
		}
	}
	if !m.ReadOnly {
		i.guess("the command may not write to %s", target)
	}
	source, from := full, ""
	if v := ignoringOf(s, context); dir && v.excludes {
		if patterns := v.from(path.Clean(full)); len(patterns) > 0 {
			// A bind has all files of a directory, so it is of a copy without them.
			source = "/context"
			t, err := s.file.im.target(contextWithout(s, i, full, patterns))
			if err != nil {
				s.ask(i, "", "%s", err)
				return false
			}
			t.from, from = true, " from "+reference('s', t.id)
		}
	}
	o.items = append(o.items, "bind "+quote(source)+from+" to "+quote(target))
	return true
}

// contextWithout returns a stage with the files of a directory of the context that no pattern matches.
func contextWithout(s *stage, i *instruction, dir string, patterns []string) *stage {
	out := &stage{file: s.file, number: s.number, name: "context", base: s.file.im.base("scratch", i), workdir: "/",
		known: map[string]bool{"/": true}, scope: newScope(), env: map[string]string{}}
	out.placed(i, "copy "+quote(dir)+` to "/context/"`+excludeOption(patterns), "/context/", nil)
	return out
}

// runText adds a run.
func (s *stage) runText(i *instruction, text string, o runOptions) {
	if o.shell {
		text = s.inShell(text)
	}
	literal, ok := runText(text)
	if !ok {
		s.ask(i, "", "the command has characters that a run cannot have; keep it in a file, and run that with bind")
		return
	}
	u := &unit{kind: run, from: i, mentions: variables(text), reader: readerOf(text), dir: o.dir}
	clause := "run " + literal
	if o.user != "" && o.user != "root" && o.user != "0" {
		clause += " as " + s.principal(o.user)
	}
	if o.dir != "" && o.dir != "/" {
		clause += " in " + quote(o.dir)
	}
	mentioned := map[string]bool{}
	for _, name := range u.mentions {
		mentioned[name] = true
	}
	items := append(slices.Clone(o.items), unmentioned(s, u.reader, mentioned)...)
	key := "run " + clause
	for _, name := range sorted(mentioned) {
		if p := s.scope.args[name]; p != nil {
			u.params = append(u.params, p)
			if s.scope.unset[name] && regexp.MustCompile(`\$\{`+name+`[-+?=]`).MatchString(text) {
				i.guess("%s is empty, not unset, until it has a value", name)
			}
			key += "\n" + name + "=" + p.value
		} else if v, ok := s.scope.values[name]; ok {
			if set, there := s.env[name]; there && set == v {
				u.sees = append(u.sees, seen{name, v, true})
			} else if platforms[name] == "" {
				// An ARG that is made of others has no param, but the command reads it.
				items = append(items, "env "+name+" = "+quote(v))
			}
			key += "\n" + name + "=" + v
		} else if !assigned(text, name) {
			u.sees = append(u.sees, seen{name: name})
		}
	}
	if len(items) > 0 {
		clause += " with " + strings.Join(items, ", ")
		key += strings.Join(items, ", ")
		u.with = true
	}
	u.text, u.key = clause, key
	s.add(u)
}

// assigned reports whether a command gives a variable a value itself.
func assigned(text, name string) bool {
	return regexp.MustCompile(`\b` + name + `\+?=|\b(for|read|select|local|getopts)\b[^;\n]*\b` + name + `\b`).MatchString(text)
}

var variable = lazy.Regexp(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)

// variables returns the names that a text has after a dollar sign.
func variables(text string) []string {
	var out []string
	for _, m := range variable().FindAllStringSubmatch(text, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}
