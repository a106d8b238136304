package feature

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// A rename changes the `$name` of a run that mentions the object, and nothing else of its script:
// only a shell knows what the other words mean. So it is refused where the script has the old name as
// a word, as in `read name; echo $name`, or the new one, as in `f=1; echo $f $name`. It is refused too
// where something else sets one of the names: an item of the run, the environment, or the shell.
//
// A word that touches a slash, a dot, a dash or an at sign is part of a path, a version or an option,
// unless the script calculates.
//
// A user has its name in the image, too, where any command can name it, without a `$`. So the renaming of
// a user is refused where a command of the project has its name as a word.

// captured returns an error if a command that may mention an object would mean something else after its
// renaming.
func captured(p *Place, o check.Object, name string) error {
	if user, ok := o.(*check.User); ok {
		return namedByCommand(p, user)
	}
	for _, m := range p.Out.Checked.Modules {
		for _, f := range m.Files {
			var err error
			for _, d := range f.Decls {
				syntax.Inspect(d, func(n syntax.Node) bool {
					if run, ok := n.(*syntax.Clause); ok && err == nil && slices.Contains(p.Out.Checked.Mentions[run], o) {
						err = capturedIn(p, run, o.Ident().Name, name)
					}
					return true
				})
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// namedByCommand returns an error if a command of the project has the name of a user as a word.
func namedByCommand(p *Place, user *check.User) error {
	var err error
	name := user.Decl.Name.Name
	for _, f := range p.Analysis.Own() {
		for _, d := range f.Decls {
			syntax.Inspect(d, func(n syntax.Node) bool {
				c, ok := n.(*syntax.Clause)
				if !ok || err != nil || !slices.Contains([]string{"run", "entrypoint", "command", "healthcheck"}, c.Word.Name) {
					return true
				}
				for _, arg := range c.Args {
					if hasWord(" "+arg.Span().Text()+" ", name) {
						err = fmt.Errorf("the command in %s has the word %s, which may be the same user: rename it there first", where(c.At), name)
					}
				}
				return true
			})
		}
	}
	return err
}

func capturedIn(p *Place, run *syntax.Clause, old, name string) error {
	script := run.Args[0].Span().Text()
	switch {
	case hasWord(script, old):
		return fmt.Errorf("the command in %s has the word %s, which may be the same variable: rename it there first", where(run.At), old)
	case hasWord(script, name) || slices.Contains(check.Mentioned(script), name):
		return fmt.Errorf("the command in %s has another meaning of %s already", where(run.At), name)
	case ofShell(name):
		return fmt.Errorf("the command in %s would get another %s, a variable of the shell or of other programs", where(run.At), name)
	case ofShell(old):
		return fmt.Errorf("the command in %s would lose %s, a variable of the shell or of other programs", where(run.At), old)
	}
	for _, option := range run.Options {
		for _, item := range option.Items {
			if sets(item, name) {
				return fmt.Errorf("the run in %s sets %s already", where(run.At), name)
			}
		}
	}
	if from := environment(p, name); from != "" {
		return fmt.Errorf("the command in %s would get another %s than the environment, which has it from %s", where(run.At), name, from)
	}
	if from := environment(p, old); from != "" {
		return fmt.Errorf("the command in %s would get the %s of the environment, which has it from %s", where(run.At), old, from)
	}
	return nil
}

// sets reports whether an item of a run sets a variable.
func sets(item *syntax.Option, name string) bool {
	if item.Assign != nil {
		return keyOf(item.Assign) == name
	}
	as := item.Option("as")
	if as == nil || len(as.Args) == 0 {
		return false
	}
	variable, ok := as.Args[0].(*syntax.Name)
	return ok && variable.Name == name
}

// environment returns what sets an environment variable, an env clause or a base image; "" if nothing
// does.
func environment(p *Place, name string) (from string) {
	for _, b := range p.Analysis.Lock().Bases {
		if slices.ContainsFunc(b.Config, func(s lock.BaseSetting) bool { return s.Name == "env "+name }) {
			from = "a base image"
		}
	}
	for _, m := range p.Out.Checked.Modules {
		for _, f := range m.Files {
			for _, d := range f.Decls {
				syntax.Inspect(d, func(n syntax.Node) bool {
					if c, ok := n.(*syntax.Clause); ok && c.Word.Name == "env" && c.Assign != nil && keyOf(c.Assign) == name {
						from = where(c.At)
					}
					return true
				})
			}
		}
	}
	return from
}

// where names the line of a place.
func where(at source.Span) string {
	return fmt.Sprintf("line %d of %s", at.Position().Line, at.File.Name())
}

func keyOf(a *syntax.Assign) string {
	if a.Key == nil {
		return ""
	}
	key, _ := a.Key.Literal()
	return key
}

// ofShell reports whether a shell, or what almost every program is linked with, reads a variable.
func ofShell(name string) bool {
	return slices.Contains([]string{
		"CDPATH", "ENV", "HOME", "IFS", "LANG", "LANGUAGE", "LINENO", "MAIL", "MAILPATH", "OLDPWD", "OPTARG", "OPTIND", "PATH", "PPID",
		"PS1", "PS2", "PS4", "PWD", "SHELL", "SOURCE_DATE_EPOCH", "TERM", "TMPDIR", "TZ", "_",
		"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY",
	}, name) || strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "LD_")
}

// hasWord reports whether a script has a name as a word that may be a variable, without `$` or `${`
// before it.
func hasWord(script, name string) bool {
	calculates := strings.Contains(script, "((") || strings.Contains(script, "let ")
	part := func(c byte) bool { return !calculates && strings.IndexByte("/.-@", c) >= 0 }
	letter := func(c byte) bool {
		return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
	}
	for from := 0; ; {
		n := strings.Index(script[from:], name)
		if n < 0 {
			return false
		}
		start, end := from+n, from+n+len(name)
		from = start + 1
		before, after := script[start-1], script[end] // quotes at least
		switch {
		case letter(before), letter(after), part(before), part(after):
		case before == '$', strings.HasSuffix(script[:start], "${"):
		default:
			return true
		}
	}
}
