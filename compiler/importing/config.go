package importing

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/layc-lang/layc/lang/lazy"
)

// set adds a clause of the configuration. What the stage set before is replaced.
func (s *stage) set(setting, text string, i *instruction) {
	u := &unit{kind: config, setting: setting, text: text, from: i, key: "config " + text}
	// Unchanged settings are not repeated.
	for n := len(s.units) - 1; n >= 0; n-- {
		if s.units[n].kind == config && s.units[n].setting == setting {
			if s.units[n].text == text {
				return
			}
			break
		}
	}
	s.add(u)
}

var word = lazy.Regexp(`^[A-Za-z_][A-Za-z0-9_]*$`)

// name returns the key of env or label.
func name(key string) string {
	if word().MatchString(key) {
		return key
	}
	return quote(key)
}

// environment is ENV: all values see the variables before the instruction.
func (s *stage) environment(i *instruction, pairs instructions.KeyValuePairs) {
	before := s.scope.clone()
	for _, p := range pairs {
		key, err := s.file.expand(p.Key, before)
		if err != nil || key == "" {
			s.ask(i, "", "the name of the variable has no value")
			continue
		}
		if s.addition(i, key, p.Value, before) {
			continue
		}
		value, err := s.file.expand(p.Value, before)
		if errors.Is(err, errLong) {
			s.ask(i, "", "%s", err)
			continue
		}
		if err != nil && !empty(s, err) {
			i.guess("%s, so it is empty here, unless the base sets it", err)
		}
		s.env[key], s.scope.values[key] = value, value
		delete(s.scope.args, key)
		delete(s.scope.unset, key)
		s.set("env "+key, "env "+name(key)+" = "+quote(value), i)
	}
}

// addition translates PATH=NEW:$PATH, an entry before what the variable has already. It reports whether
// the value is one.
func (s *stage) addition(i *instruction, key, value string, in scope) bool {
	value = strings.Trim(value, `"`)
	if _, known := s.env[key]; key != "PATH" && (known || s.base.release != "") {
		return false // the value is known: what Debian's packages make sets nothing else
	}
	sep := " "
	if strings.HasSuffix(key, "PATH") {
		sep = ":"
	}
	var entries []string
	own, after := -1, false
	for n, e := range strings.Split(value, sep) {
		if e == "$"+key || e == "${"+key+"}" || strings.HasPrefix(e, "${"+key+":+") {
			own = n
			continue
		}
		after = after || own >= 0
		if strings.Contains(e, "$"+key) || strings.Contains(e, "${"+key) || e == "" && sep == " " {
			return false
		}
		entries = append(entries, e)
	}
	if own < 0 || len(entries) == 0 || sep == " " {
		return false
	}
	if value, known := searchPath(s, s.units); key == "PATH" && known && (after || s.env[key] != "") {
		in.values[key] = value
		return false // the whole value is known
	}
	if after {
		i.guess("the entries of %s are before the others, not after", key)
	}
	slices.Reverse(entries) // a later clause comes first
	for _, e := range entries {
		e, err := s.file.expand(e, in)
		if err != nil {
			if !empty(s, err) {
				i.guess("%s, so it is empty here", err)
			}
		}
		text := "env " + name(key) + " += " + quote(e)
		s.add(&unit{kind: config, setting: "env " + key + " " + e, text: text, from: i, key: "config " + text})
	}
	i.atLeast(Idiom)
	return true
}

// debianPath is PATH of a system that is made of packages.
const debianPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// searchPath returns PATH of a stage after some of its units, if it is known.
func searchPath(s *stage, units []*unit) (value string, ok bool) {
	value = debianPath
	for _, u := range units {
		name, addition, ok := u.variableOf()
		switch {
		case !ok || name != "PATH":
		case addition:
			value = strings.TrimPrefix(u.setting, "env PATH ") + ":" + value
		case strings.Contains(u.text, `\`) || strings.Contains(u.text, "$${"):
			return "", false
		default:
			value = strings.NewReplacer(`"`, "", "${", "", "}", "").Replace(strings.TrimPrefix(u.text, "env PATH = "))
		}
	}
	return value, s.base.release != ""
}

// program returns the list of a command in shell form or exec form.
func (s *stage) program(c instructions.ShellDependantCmdLine) []string {
	if !c.PrependShell {
		return c.CmdLine
	}
	shell := s.shell
	if shell == nil {
		shell = []string{"/bin/sh", "-c"}
	}
	return append(slices.Clone(shell), strings.Join(c.CmdLine, " "))
}

// entrypoint is ENTRYPOINT, which resets the command that the stage starts with, and keeps the one that it sets.
// The kept command is after the entrypoint, which would clear it in a component.
func entrypoint(s *stage, i *instruction, c *instructions.EntrypointCommand) {
	s.set("entrypoint", "entrypoint "+list(s.program(c.ShellDependantCmdLine)), i)
	var command *unit
	s.units = slices.DeleteFunc(s.units, func(u *unit) bool {
		if u.setting == "command" {
			command = u
		}
		return u.setting == "command"
	})
	if s.commanded && command != nil {
		s.add(command)
	}
}

// expose is EXPOSE.
func (s *stage) expose(i *instruction, ports []string) {
	for _, p := range ports {
		fields := strings.Fields(s.word(i, p))
		for _, port := range fields {
			plain := s.file.im.plainOf(port)
			text := quote(port)
			number, protocol, _ := strings.Cut(plain, "/")
			if n, err := strconv.Atoi(number); err == nil && (protocol == "" || protocol == "tcp") && !symbolic(port) {
				text = strconv.Itoa(n)
			} else if !rangeOfPorts().MatchString(plain) {
				s.ask(i, "", "%q is not a port", plain)
				continue
			} else if symbolic(port) {
				text = quote(port + "/tcp")
				if strings.Contains(port, "/") {
					text = quote(port)
				}
			}
			s.set("expose "+text, "expose "+text, i)
		}
	}
}

var rangeOfPorts = lazy.Regexp(`^[0-9]+(-[0-9]+)?(/(tcp|udp|sctp))?$`)

// health is HEALTHCHECK.
func (s *stage) health(i *instruction, c *instructions.HealthCheckCommand) {
	h := c.Health
	if h == nil || len(h.Test) == 0 || h.Test[0] == "NONE" {
		s.set("healthcheck", "healthcheck none", i)
		return
	}
	command := h.Test[1:]
	if h.Test[0] == "CMD-SHELL" {
		command = s.program(instructions.ShellDependantCmdLine{CmdLine: h.Test[1:], PrependShell: true})
	}
	text := "healthcheck " + list(command)
	for _, d := range []struct {
		word string
		ns   int64
	}{{"every", int64(h.Interval)}, {"timeout", int64(h.Timeout)}, {"start", int64(h.StartPeriod)}} {
		if d.ns > 0 {
			text += " " + d.word + " " + duration(d.ns)
		}
	}
	if h.Retries > 0 {
		text += fmt.Sprintf(" retries %d", h.Retries)
	}
	if h.StartInterval > 0 {
		i.guess("--start-interval is left out")
	}
	s.set("healthcheck", text, i)
}

// principal returns the operand of user and as: a declared user, or a string.
func (s *stage) principal(user string) string {
	if user == "" {
		return `"root"`
	}
	if a := s.account(user); a != nil {
		return a.ref()
	}
	return quote(user)
}

// account returns the declared user that a text names, alone or with its own group.
func (s *stage) account(user string) *account {
	login, group, grouped := strings.Cut(user, ":")
	for _, a := range s.accounts {
		if a.declared && a.login == login && (!grouped || group == a.login || group == strconv.Itoa(a.gid)) {
			return a
		}
	}
	return nil
}

// owner returns the option of a step for an owner as in --chown, or false if its number is not known.
func (s *stage) owner(chown string) (string, bool) {
	if a := s.account(chown); a != nil {
		return " owner " + a.ref(), true
	}
	if symbolic(chown) {
		return " owner " + quote(chown), numeric().MatchString(s.file.im.plainOf(chown))
	}
	login, group, grouped := strings.Cut(chown, ":")
	uid, gid, ok := s.numbers(login)
	if !ok {
		return "", false
	}
	if grouped && group != "" {
		if gid, ok = s.group(group); !ok {
			return "", false
		}
	}
	if uid == 0 && gid == 0 {
		return "", true
	}
	if !grouped && login == strconv.Itoa(uid) {
		return fmt.Sprintf(" owner %q", login), true
	}
	return fmt.Sprintf(" owner \"%d:%d\"", uid, gid), true
}

var numeric = lazy.Regexp(`^[0-9]{1,9}(:[0-9]{1,9})?$`)

func (s *stage) numbers(login string) (uid, gid int, ok bool) {
	if n, err := strconv.Atoi(login); err == nil {
		return n, n, n >= 0 && n <= 2147483646
	}
	for _, a := range s.accounts {
		if a.login == login {
			return a.uid, a.gid, true
		}
	}
	return 0, 0, false
}

func (s *stage) group(group string) (int, bool) {
	if n, err := strconv.Atoi(group); err == nil {
		return n, n >= 0 && n <= 2147483646
	}
	for _, a := range s.accounts {
		if a.login == group || slices.Contains(a.groups, group) {
			return a.gid, true
		}
	}
	if gid, ok := s.added[group]; ok && gid >= 0 {
		return gid, true
	}
	return 0, false
}
