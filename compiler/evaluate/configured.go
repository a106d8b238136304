package evaluate

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"

	"github.com/layc-lang/layc/lang/lazy"
)

// Clauses of image configuration. Runtimes check a configuration only when they start a
// container, which is too late: layc refuses what Docker, containerd or Podman refuse.

// assigned evaluates env, label and annotation.
func (c *clause) assigned() {
	if c.Assign == nil {
		return
	}
	key, _ := c.eval(c.Assign.Key, c.env).(string)
	val, ok := c.content(c.Assign.Value, c.env)
	if !ok || !c.Passable(key+"="+val, c.Assign.Value.Span()) {
		return
	}
	outlaw := func(r rune) bool {
		return r == '=' || unicode.IsControl(r) || c.Word.Name == "env" && unicode.IsSpace(r)
	}
	if key == "" || strings.ContainsFunc(key, outlaw) {
		c.Found.Errorf(diag.InvalidVariable, c.Assign.Key.At, "not a valid %s name: %q", map[string]string{"env": "variable", "label": "label", "annotation": "annotation"}[c.Word.Name], key).
			Note("a name is not empty and has no `=` and no control characters; a variable name also has no spaces").
			Hint("write `%s %s = …`", c.Word.Name, plainName(key))
		return
	}
	c.unexpanded(key, val)
	c.to.propose(model.Setting{
		Word: c.Word.Name, Key: key, Append: c.Assign.Append, By: c.option("by"), Value: model.Value{Text: val}, Span: c.At,
	})
}

// variableInText finds a variable as shells and Dockerfiles write it.
var variableInText = lazy.Regexp(`\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][^}]*\})`)

// unexpanded warns of a variable within the value of a variable, a label or an annotation. The checker
// reports a variable within its own value.
func (c *clause) unexpanded(key, val string) {
	found := variableInText().FindString(val)
	if found == "" || strings.Trim(found, "${}") == key {
		return
	}
	if c.Word.Name != "env" {
		c.Found.Warnf(diag.UnexpandedVariable, c.Assign.Value.Span(), "nothing expands `%s` in this value", found).
			Note("a %s is set exactly as written", c.Word.Name).
			Hint("write the value itself, such as with `let`, `param` and `${…}`")
		return
	}
	c.Found.Warnf(diag.UnexpandedVariable, c.Assign.Value.Span(), "nothing expands `%s` in this value", found).
		Note("a container's environment is set exactly as written").
		Hint("write the value itself, such as with `let` and `${…}`; to extend a variable, write `env %s += …`", plainName(key))
}

// configured evaluates the clauses that consist of a word and values.
func (c *clause) configured() {
	var val value
	switch c.Word.Name {
	case "expose":
		val = c.listed(c.ports)
	case "volume":
		val = c.listed(c.volume)
	case "user":
		val = c.user()
	case "workdir":
		val = c.workdir()
	case "stopsignal":
		val = c.stopSignal()
	case "entrypoint", "command", "shell":
		val = c.commandLine()
	}
	if val != nil {
		c.to.propose(model.Setting{Word: c.Word.Name, Value: settingOf(val), Span: c.At})
	}
}

// settingOf turns a string or a list of strings into the value of a setting.
func settingOf(v value) model.Value {
	if s, ok := v.(string); ok {
		return model.Value{Text: s}
	}
	return model.Value{List: textsOf(v), Listed: true}
}

// listed evaluates the operands of a clause. check reports an invalid one, and returns
// the values of a valid one.
func (c *clause) listed(check func(string, source.Span) []string) list {
	out := list{}
	for _, a := range c.Args {
		for n, t := range c.texts(a, c.env) {
			out = append(out, strs(check(t, elementAt(a, n)))...)
		}
	}
	return out
}

// elementAt returns the place of an element of a list; if the element is not written
// there, the place of the list.
func elementAt(e syntax.Expr, n int) source.Span {
	if l, ok := e.(*syntax.List); ok && n < len(l.Items) {
		return l.Items[n].Span()
	}
	return e.Span()
}

// ports returns a port, or each port of a range, in full: 9080 is 9080/tcp, and
// 5000-5001/udp is 5000/udp and 5001/udp.
func (x *Findings) ports(p string, at source.Span) []string {
	numbers, protocol, ok := strings.Cut(p, "/")
	if !ok {
		protocol = "tcp"
	}
	from, to, isRange := strings.Cut(numbers, "-")
	if !isRange {
		to = from
	}
	first, err := portNumber(from)
	last, err2 := portNumber(to)
	switch {
	case err != nil || err2 != nil || !slices.Contains([]string{"tcp", "udp", "sctp"}, protocol):
		x.Found.Errorf(diag.InvalidPort, at, "not a valid port: %q", p).
			Note("a port is a number from 1 to 65535 or a range of them, optionally followed by /tcp, /udp or /sctp").
			Hint("write `expose 8080`, `\"53/udp\"` for another protocol, or `\"8000-8010\"` for a range")
		return nil
	case first > last:
		x.Found.Errorf(diag.InvalidPort, at, "not a valid range of ports: %q", p).
			Note("%d is larger than %d", first, last).
			Hint("write `\"%d-%d\"`", last, first)
		return nil
	}
	var out []string
	for n := first; n <= last; n++ {
		out = append(out, strconv.FormatUint(n, 10)+"/"+protocol)
	}
	return out
}

// portNumber parses a port's number.
func portNumber(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err == nil && n == 0 {
		err = strconv.ErrRange
	}
	return n, err
}

// volume checks and normalizes the path of a volume.
func (x *Findings) volume(p string, at source.Span) []string {
	clean, ok := x.target(p, at)
	if !ok || x.isRoot(clean, at) || !x.printable(p, at) {
		return nil
	}
	return []string{path.Clean(clean)}
}

func (c *clause) workdir() value {
	p, ok := c.operand().(string)
	if !ok {
		return nil
	}
	clean, ok := c.target(p, c.Args[0].Span())
	if !ok || !c.printable(p, c.Args[0].Span()) {
		return nil
	}
	return path.Clean(clean)
}

// printable reports control characters in a path that tools print and parse.
func (x *Findings) printable(p string, at source.Span) bool {
	if strings.ContainsFunc(p, unicode.IsControl) {
		x.Found.Errorf(diag.InvalidPath, at, "control character in path %q", p).
			Note("many tools print and parse image configuration").Hint("remove the control character")
		return false
	}
	return true
}

// user evaluates the user of the container: a declared user, or a string that the image
// resolves.
func (c *clause) user() value {
	switch u := c.operand().(type) {
	case *User:
		c.to.mention(u, c.At)
		return text(u)
	case string:
		if c.validUser(u, c.Args[0].Span()) {
			return u
		}
	}
	return nil
}

// validUser checks a user in the syntax of runtimes: a name or a number, with an optional
// colon and group.
func (x *Findings) validUser(u string, at source.Span) bool {
	name, group, hasGroup := strings.Cut(u, ":")
	for _, part := range []struct{ text, what string }{{name, "user"}, {group, "group"}} {
		if part.what == "group" && !hasGroup {
			break
		}
		if why := misnamed(part.text); why != "" {
			x.Found.Errorf(diag.InvalidUser, at, "not a valid user: %q", u).
				At("the %s %s", part.what, why).
				Note("a user is a name or a number, optionally followed by a colon and a group").
				Hint("write `\"www-data\"`, `\"1001\"` or `\"1001:1001\"`")
			return false
		}
	}
	return true
}

// misnamed returns why a string is not a valid name or number of a user or a group; "" if
// it is valid.
func misnamed(s string) string {
	isNumber := s != "" && strings.Trim(s, "0123456789") == ""
	switch n, err := strconv.ParseInt(s, 10, 64); {
	case s == "":
		return "is missing"
	case isNumber && (err != nil || n > maxID):
		return "is larger than " + strconv.Itoa(maxID)
	case isNumber:
		return ""
	case strings.ContainsAny(s[:1], "-+~"):
		return "begins with " + s[:1]
	case strings.ContainsAny(s, ":,/\\\"'#;"):
		return "contains one of : , / \\ \" ' # ;"
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }):
		return "contains a space or a control character"
	case len(s) > maxAccountName:
		return "is longer than " + strconv.Itoa(maxAccountName) + " bytes"
	}
	return ""
}

// maxAccountName is the longest user name that Linux's tools accept.
const maxAccountName = 256

// signals are the names, without SIG, that runtimes know on every architecture.
var signals = []string{
	"ABRT", "ALRM", "BUS", "CHLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL", "PROF", "PWR", "QUIT",
	"SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
	"RTMIN", "RTMAX",
}

// stopSignal evaluates the signal that stops a container: a number, or a known name in
// either case, with or without SIG.
func (c *clause) stopSignal() value {
	t, ok := c.operand().(string)
	if !ok {
		return nil
	}
	if isSignal(t) {
		return t
	}
	d := c.Found.Errorf(diag.InvalidSignal, c.Args[0].Span(), "unknown signal %q", t).
		Note("a signal is a name, such as SIGTERM, TERM or SIGRTMIN+3, or a number from 1 to %d", maxSignal)
	known := signals
	if strings.HasPrefix(strings.ToUpper(t), "SIG") {
		known = nil
		for _, name := range signals {
			known = append(known, "SIG"+name)
		}
	}
	if near := diag.Nearest(t, known); near != "" {
		replace(d.Hint("did you mean `%q`?", near), t, near)
	} else {
		d.Hint("write `\"SIGTERM\"`, or omit the clause: SIGTERM is the default")
	}
	return nil
}

const maxSignal = 64

func isSignal(t string) bool {
	if n, err := strconv.Atoi(t); err == nil {
		return n >= 1 && n <= maxSignal && t[0] != '+'
	}
	name := strings.TrimPrefix(strings.ToUpper(t), "SIG")
	if slices.Contains(signals, name) {
		return true
	}
	for prefix, most := range map[string]int{"RTMIN+": 15, "RTMAX-": 14} {
		if number, ok := strings.CutPrefix(name, prefix); ok {
			n, err := strconv.Atoi(number)
			return err == nil && n >= 1 && n <= most && strconv.Itoa(n) == number
		}
	}
	return false
}

// commandLine evaluates a list of strings that is executed.
func (c *clause) commandLine() value {
	val := c.operand()
	if val == nil {
		return nil
	}
	words := textsOf(val)
	for n, w := range words {
		if !c.Passable(w, elementAt(c.Args[0], n)) {
			return nil
		}
	}
	switch {
	case c.Word.Name == "shell" && len(words) == 0:
		c.NothingToRun(c.Args[0].Span(), "`shell` is empty").
			Hint("write the program and its arguments, such as `shell [\"/bin/bash\", \"-c\"]`")
		return nil
	case c.Word.Name != "command" && len(words) > 0 && words[0] == "":
		// After an entrypoint, a command's first word may be empty: see config.
		c.NothingToRun(elementAt(c.Args[0], 0), "the program name is empty").
			Hint("write the program, such as `%s [\"/opt/tool/run\"]`", c.Word.Name)
		return nil
	}
	return val
}

// NothingToRun reports a command without a program.
func (x *Findings) NothingToRun(at source.Span, format string, args ...any) *diag.Diagnostic {
	return x.Found.Errorf(diag.InvalidCommand, at, format, args...).Note("the first string names the program to start")
}

func (c *clause) healthcheck() {
	h := &model.Healthcheck{}
	switch {
	case len(c.Args) != 1:
	case c.isNone(c.Args[0]):
		if len(c.Options) > 0 {
			c.Found.Errorf(diag.InvalidCommand, c.Options[0].At, "`none` takes no options").
				Hint("remove the options, or replace `none` with a command")
			return
		}
	default:
		if h.Command = c.texts(c.Args[0], c.env); !c.validCheck(h.Command, c.Args[0]) {
			return
		}
	}
	settings := slices.Clone(h.Command)
	for _, o := range []struct {
		word  string
		to    *time.Duration
		least time.Duration
	}{{"every", &h.Every, time.Millisecond}, {"timeout", &h.Timeout, time.Millisecond}, {"start", &h.Start, 0}} {
		if d, ok := c.optional(o.word).(time.Duration); ok {
			at := c.Option(o.word).Args[0].Span()
			// Docker accepts no duration between zero and a millisecond.
			if d < o.least || d != 0 && d < time.Millisecond {
				c.Found.Errorf(diag.OutOfRange, at, "`%s` cannot be %s", o.word, duration(d)).
					Note("container runtimes accept durations from 1ms").Hint("write `%s 30s`, or omit it", o.word)
			}
			*o.to = d
			settings = append(settings, o.word+" "+duration(d))
		}
	}
	if n, ok := c.optional("retries").(int64); ok {
		if n < 1 || n > 1<<20 {
			c.Found.Errorf(diag.OutOfRange, c.Option("retries").Args[0].Span(), "`retries` cannot be %d", n).
				Hint("write a number from 1 to %d", 1<<20)
		}
		h.Retries = int(n)
		settings = append(settings, "retries "+text(n))
	}
	c.to.propose(model.Setting{Word: "healthcheck", Value: model.Value{List: settings, Listed: true}, Span: c.At, Health: h})
}

// isNone reports whether an operand is the word none.
func (x *Evaluator) isNone(e syntax.Expr) bool {
	n, ok := e.(*syntax.Name)
	return ok && n.Name == "none" && x.Program.Objects[n] == nil
}

func (x *Evaluator) validCheck(command []string, e syntax.Expr) bool {
	for n, w := range command {
		if !x.Passable(w, elementAt(e, n)) {
			return false
		}
	}
	switch {
	case len(command) == 0:
		x.NothingToRun(e.Span(), "the command is empty").
			Hint("write a command, or `healthcheck none` for no healthcheck")
	case command[0] == "":
		x.NothingToRun(elementAt(e, 0), "the program name is empty").
			Hint("write the program, such as `healthcheck [\"/opt/tool/ping\"]`")
	case slices.Contains([]string{"CMD", "CMD-SHELL", "NONE"}, command[0]):
		x.Found.Errorf(diag.InvalidCommand, elementAt(e, 0), "%s is a Dockerfile keyword, not a program", command[0]).
			Note("the list is a program and its arguments, and runs without a shell").
			Hint("write `[\"curl\", \"-f\", \"http://localhost/\"]`, `[\"/bin/sh\", \"-c\", \"…\"]` for a shell, or `none`")
	default:
		return true
	}
	return false
}

// Passable reports a string that cannot be passed to a program as an argument or in its
// environment.
func (x *Findings) Passable(t string, at source.Span) bool {
	switch {
	case strings.ContainsRune(t, 0):
		x.OnceAt(diag.UnusableText, at, func() *diag.Diagnostic {
			return x.Found.Errorf(diag.UnusableText, at, "NUL character in this string").
				Note("Linux ends a program's arguments and variables at a NUL character").Hint("remove `\\u{0}`")
		})
	case len(t) > maxArgument:
		x.OnceAt(diag.UnusableText, at, func() *diag.Diagnostic {
			return x.Found.Errorf(diag.UnusableText, at, "string too long: %d bytes", len(t)).
				Note("Linux limits a program's arguments and variables to %d bytes each", maxArgument).
				Hint("put it into a file in the image, and pass the file's path")
		})
	default:
		return true
	}
	return false
}

// maxArgument is the length of the longest argument that Linux passes to a program.
const maxArgument = 128<<10 - 1

func (x *Findings) variable(to *[]model.EnvVar, name, val string, at source.Span) {
	if x.Passable(name+"="+val, at) {
		*to = append(*to, model.EnvVar{Name: name, Value: val})
	}
}

// otherShell warns about a run that ignores the `shell` of its component, which
// Dockerfiles would use. A run that mentions that shell, or its pipefail, is deliberate.
func (x *Evaluator) otherShell(b *Block) {
	n := slices.IndexFunc(b.Settings, func(s model.Setting) bool { return s.Word == "shell" })
	if n < 0 {
		return
	}
	shell := b.Settings[n].Value.Texts()
	differs := path.Base(shell[0])
	switch {
	case slices.Contains(shell, "pipefail"):
		differs = "pipefail"
	case differs == "sh":
		return
	}
	for _, step := range b.Steps {
		if r, ok := step.(*model.Run); ok && !strings.Contains(r.Script, differs) {
			x.Found.Warnf(diag.UnusedShell, r.Span, "this run uses /bin/sh, not the `shell` of its image").
				See(b.Settings[n].Span, "this shell is only for commands in containers").
				Note("image configuration does not affect build steps").
				Hint("call the other shell with `bash -o pipefail -c '…'`, or run a script that begins with `#!`")
			return
		}
	}
}
