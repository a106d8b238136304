package importing

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/layc-lang/layc/lang/lazy"
)

// command is one command of a RUN: what the shell runs before it runs the next.
type command struct {
	text   string
	words  []string // symbolic; nil if the command is not simple and static
	state  bool     // changes the shell: cd, variables, options
	writes *redirect
	pipe   []command // the commands of a pipeline, if it is one
}

// redirect is a redirection of the output to a file.
type redirect struct {
	file   string
	append bool
}

// parseShell parses a text for the POSIX shell, or else for Bash.
func parseShell(text string) (*syntax.File, bool) {
	for _, language := range []syntax.LangVariant{syntax.LangPOSIX, syntax.LangBash} {
		if f, err := syntax.NewParser(syntax.Variant(language), syntax.KeepComments(true)).Parse(strings.NewReader(text), ""); err == nil {
			return f, true
		}
	}
	return nil, false
}

// split returns the commands of a text, and whether the shell stops at the first one that fails.
//
// The parts of a && b are commands of their own where the run fails if a does: at its end. Elsewhere a may be
// a question, so that only lists of what prepares a system are divided.
func (s *stage) split(text string) (commands []command, strict, ok bool) {
	f, ok := parseShell(text)
	if !ok || len(f.Stmts) == 0 {
		return nil, false, false
	}
	strict = len(f.Stmts) == 1
	var add func(st *syntax.Stmt)
	add = func(st *syntax.Stmt) {
		if b, ok := st.Cmd.(*syntax.BinaryCmd); ok && b.Op == syntax.AndStmt && !st.Negated && !st.Background && len(st.Redirs) == 0 {
			add(b.X)
			add(b.Y)
			return
		}
		commands = append(commands, s.command(text, st))
	}
	for n, st := range f.Stmts {
		before := len(commands)
		add(st)
		if n < len(f.Stmts)-1 && !prepares(commands[before:]) {
			commands = append(commands[:before], s.command(text, st))
		}
		if n == 0 && exits(commands[0].words) {
			strict = true
		}
	}
	return commands, strict, true
}

// prepares reports whether commands only prepare a system, which they are expected to do.
func prepares(commands []command) bool {
	return !slices.ContainsFunc(commands, func(c command) bool {
		if len(c.words) == 0 {
			return true
		}
		switch c.words[0] {
		case "apt-get", "apt", "aptitude", "rm", "mkdir", "ln", "chown", "chmod", "touch", "echo", "useradd", "adduser", "groupadd", "addgroup":
			return false
		}
		return true
	})
}

// exits reports whether a command is set -e.
func exits(words []string) bool {
	return len(words) > 1 && words[0] == "set" && strings.HasPrefix(words[1], "-") && strings.Contains(words[1], "e")
}

// command looks at a statement.
func (s *stage) command(text string, st *syntax.Stmt) command {
	c := command{text: statement(text, st)}
	switch cmd := st.Cmd.(type) {
	case *syntax.CallExpr:
		c.state = len(cmd.Assigns) > 0 && len(cmd.Args) == 0
		if st.Negated || st.Background || len(cmd.Assigns) > 0 && len(cmd.Args) == 0 {
			return c
		}
		for _, a := range cmd.Assigns {
			if a.Name == nil || a.Name.Value != "DEBIAN_FRONTEND" && a.Name.Value != "LC_ALL" && a.Name.Value != "LANG" {
				return c
			}
		}
		words, ok := s.words(cmd.Args)
		if len(words) > 0 {
			switch words[0] {
			case "cd", "set", "export", "unset", "umask", "source", ".", "eval", "alias", "shopt", "trap", "exec", "ulimit":
				c.state = true
			}
		}
		if !ok {
			return c
		}
		for _, r := range st.Redirs {
			to, ok := s.words([]*syntax.Word{r.Word})
			switch {
			case !ok || r.Hdoc != nil || r.N != nil && r.N.Value != "1":
				if r.N != nil && r.N.Value == "2" && ok {
					continue
				}
				return c
			case r.Op == syntax.RdrOut, r.Op == syntax.AppOut:
				if to[0] != "/dev/null" {
					c.writes = &redirect{to[0], r.Op == syntax.AppOut}
				}
			case r.Op == syntax.DplOut:
			default:
				return c
			}
		}
		c.words = words
	case *syntax.BinaryCmd:
		if cmd.Op == syntax.Pipe && len(st.Redirs) == 0 && !st.Negated {
			var parts func(st *syntax.Stmt)
			parts = func(st *syntax.Stmt) {
				if b, ok := st.Cmd.(*syntax.BinaryCmd); ok && b.Op == syntax.Pipe {
					parts(b.X)
					parts(b.Y)
					return
				}
				c.pipe = append(c.pipe, s.command(text, st))
			}
			parts(cmd.X)
			parts(cmd.Y)
		}
		if cmd.Op == syntax.OrStmt {
			if right, ok := cmd.Y.Cmd.(*syntax.CallExpr); ok {
				if words, ok := s.words(right.Args); ok && len(words) == 1 && words[0] == "true" {
					// The command may fail: cleaning up, mostly.
					left := s.command(text, cmd.X)
					if len(left.words) > 0 && left.words[0] == "rm" {
						c.words = left.words
					}
				}
			}
		}
	case *syntax.DeclClause:
		c.state = true
	case *syntax.FuncDecl:
		c.state = true
	}
	return c
}

// statement returns the text of a statement with its here-documents, whose texts may be after other
// statements of the line.
func statement(text string, st *syntax.Stmt) string {
	end := st.Pos().Offset()
	var documents []*syntax.Redirect
	syntax.Walk(st, func(n syntax.Node) bool {
		switch n := n.(type) {
		case nil, *syntax.Stmt, *syntax.BinaryCmd: // whose ends may be those of documents
		case *syntax.Redirect:
			if n.Op == syntax.Hdoc || n.Op == syntax.DashHdoc {
				documents = append(documents, n)
			}
			end = max(end, n.Word.End().Offset())
			return false
		default:
			end = max(end, n.End().Offset())
		}
		return true
	})
	if st.Background {
		end = max(end, st.Semicolon.Offset()+1)
	}
	out := strings.TrimSpace(text[st.Pos().Offset():end])
	for _, r := range documents {
		body := ""
		if r.Hdoc != nil && len(r.Hdoc.Parts) > 0 {
			if r.Hdoc.Pos().Offset() < end {
				continue // within the statement
			}
			body = text[r.Hdoc.Pos().Offset():r.Hdoc.End().Offset()]
		}
		out += "\n" + body
		if body == "" || strings.HasSuffix(body, "\n") {
			out += strings.Trim(text[r.Word.Pos().Offset():r.Word.End().Offset()], `"'\`) // the line that ends it
		}
	}
	return out
}

// words returns words whose values are known: literals, and variables of ENV and ARG.
func (s *stage) words(args []*syntax.Word) ([]string, bool) {
	var out []string
	for _, w := range args {
		text, ok := s.static(w.Parts, false)
		if !ok {
			return out, false
		}
		out = append(out, text)
	}
	return out, true
}

func (s *stage) static(parts []syntax.WordPart, quoted bool) (string, bool) {
	var b strings.Builder
	for n, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			text := p.Value
			if strings.Contains(text, `\`) {
				if quoted {
					text = inQuotes().ReplaceAllString(text, "$1")
				} else {
					text = strings.ReplaceAll(strings.ReplaceAll(text, "\\\n", ""), `\`, "")
				}
			}
			if !quoted && (n == 0 && strings.HasPrefix(text, "~") || strings.Contains(text, "{") && (strings.Contains(text, ",") || strings.Contains(text, ".."))) {
				return "", false
			}
			b.WriteString(text)
		case *syntax.SglQuoted:
			if p.Dollar {
				return "", false
			}
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			text, ok := s.static(p.Parts, true)
			if !ok {
				return "", false
			}
			b.WriteString(text)
		case *syntax.ParamExp:
			if p.Param == nil || p.Excl || p.Length || p.Width || p.Index != nil || p.Slice != nil || p.Repl != nil || p.Exp != nil {
				return "", false
			}
			v, ok := s.scope.values[p.Param.Value]
			if !ok || !quoted && strings.ContainsAny(s.file.im.plainOf(v), " \t\n*?[") {
				return "", false
			}
			b.WriteString(v)
		case *syntax.CmdSubst:
			v, ok := asked(s, p)
			if !ok {
				return "", false
			}
			b.WriteString(v)
		default:
			return "", false
		}
	}
	return b.String(), true
}

// asked returns what a command prints that asks for the release or the architecture of Debian.
func asked(s *stage, c *syntax.CmdSubst) (string, bool) {
	var out strings.Builder
	if err := syntax.NewPrinter(syntax.SingleLine(true)).Print(&out, c); err != nil {
		return "", false
	}
	text := strings.Trim(out.String(), "`$()")
	switch strings.Join(strings.Fields(strings.ReplaceAll(text, `"`, "")), " ") {
	case "lsb_release -cs", "lsb_release -sc", "lsb_release -s -c", "lsb_release -c -s", ". /etc/os-release && echo $VERSION_CODENAME", ". /etc/os-release; echo $VERSION_CODENAME":
		return suites[s.base.release], s.base.release != ""
	case "dpkg --print-architecture":
		return reference('p', "platform.arch"), s.base.release != ""
	}
	return "", false
}

var inQuotes = lazy.Regexp("\\\\([\"$`\\\\])")

// commands translates the commands of a RUN.
func (s *stage) commands(i *instruction, text string, o runOptions) {
	all, strict, ok := s.split(text)
	if !ok {
		i.atLeast(Run)
		s.runText(i, text, o)
		return
	}
	t := &translation{stage: s, i: i, options: o, whole: text, count: len(all), strict: strict, groups: map[string]int{}, root: o.user == "" || o.user == "root" || o.user == "0"}
	t.translate(all)
	if t.raw && !t.strict && t.count > 1 {
		i.guess("the run ends at the first command that fails")
	}
}

// translation is the translation of one RUN.
type translation struct {
	stage      *stage
	i          *instruction
	options    runOptions
	groups     map[string]int // that its commands add, with their numbers
	root       bool
	raw        bool // some commands stay commands
	whole      string
	count      int  // of the commands of the whole text
	strict     bool // the run ends where the text ends
	configured bool // an earlier command or file decides how dpkg installs packages
	// purged are packages that a later command removes.
	purged []string
}

// translate finds out which commands stay.
func (t *translation) translate(all []command) {
	s := t.stage
	all = slices.DeleteFunc(all, func(c command) bool { return t.nothing(c, all) })
	if d, n := s.downloaded(t.i, all); n > 0 && t.root && len(t.options.items) == 0 {
		s.units = append(s.units, d...)
		for _, u := range d {
			s.known[strings.TrimSuffix(u.target, "/")] = strings.HasSuffix(u.target, "/")
		}
		t.i.atLeast(Idiom)
		all = all[n:]
	}
	if t.repositories(&all) {
		t.i.atLeast(Repository)
	}
	t.purges(all)
	// Packages and users are below everything else, so they need not be at an end.
	var rest []command
	state := false
	t.configured = slices.ContainsFunc(s.units, func(u *unit) bool { return configures().MatchString(u.text) })
	for n, c := range all {
		t.configured = t.configured || configures().MatchString(c.text)
		state = state || c.state && !(len(c.words) > 1 && c.words[0] == "set")
		if t.packages(c) || t.root && t.own(c, all[n+1:]) && t.user(c) {
			continue
		}
		t.addsGroup(c)
		rest = append(rest, c)
	}
	from, to := 0, len(rest)
	for from < to && t.root && t.files(rest[from]) {
		from++
	}
	var after []command
	if !state {
		for to > from && t.root && t.could(rest[to-1]) {
			to--
			after = append(after, rest[to])
		}
	}
	if body := rest[from:to]; len(body) > 0 && !(len(body) == 1 && exits(body[0].words)) {
		t.raw = true
		t.i.atLeast(Run)
		s.runText(t.i, t.text(body), t.options)
	}
	slices.Reverse(after)
	for _, c := range after {
		if !t.files(c) {
			t.raw = true
			s.runText(t.i, c.text, t.options)
		}
	}
}

// text returns the text of a run for commands, one on each line. A shell that does not stop at the first one
// that fails gets all commands as they were, or is told to.
func (t *translation) text(body []command) string {
	if t.options.shell && len(body) == t.count {
		t.strict = true
		return t.whole
	}
	var lines []string
	if t.options.shell {
		lines = append(lines, "set -e")
	}
	for _, c := range body {
		lines = append(lines, c.text)
	}
	return strings.Join(lines, "\n")
}

// nothing reports whether a command has no effect on a layer of layc.
func (t *translation) nothing(c command, all []command) bool {
	w := c.words
	if len(w) == 0 || c.writes != nil {
		return false
	}
	packages := t.stage.base.release != ""
	switch w[0] {
	case "true", ":":
		return true
	case "set":
		if !exits(w) || len(w) != 2 || len(all) < 2 {
			return false
		}
		// What is left runs with -e anyway.
		return strings.Trim(w[1], "-eux") == ""
	case "rm":
		if !packages {
			return false
		}
		for _, p := range w[1:] {
			if !strings.HasPrefix(p, "-") && !leftover().MatchString(p) {
				return false
			}
		}
		t.i.atLeast(Idiom)
		return true
	case "apt-get", "apt", "aptitude":
		if !packages {
			return false
		}
		switch verb, _ := aptWords(w); verb {
		case "update", "clean", "autoclean", "autoremove":
			t.i.atLeast(Idiom)
			return true
		case "upgrade", "dist-upgrade", "full-upgrade":
			t.i.guess("layc lock takes the newest versions, and layc update newer ones")
			return true
		}
	case "groups", "id", "whoami":
		return true
	}
	return false
}

// leftover matches what package managers leave, which is in no layer.
var leftover = lazy.Regexp(`^(/var/lib/apt/lists(/\*|/)?|/var/cache/apt(/.*)?|/var/log/apt(/.*)?|/var/log/(dpkg|alternatives)\.log|/tmp/\*|/var/tmp/\*|/tmp/\*\*|/var/cache/debconf/\*|/var/lib/dpkg/.*-old|/root/\.cache|/tmp/library-scripts/?)$`)
