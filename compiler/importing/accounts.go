package importing

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// account is a user of an image: one of its base, or one that a command adds.
type account struct {
	login    string
	uid, gid int
	groups   []string // other groups; of a base, other names of the group
	home     string
	shell    string
	declared bool // by a user of the module
	name     string
}

// ref refers to a declared user.
func (a *account) ref() string { return reference('u', a.id()) }

func (a *account) id() string {
	return strings.Join([]string{a.login, strconv.Itoa(a.uid), strconv.Itoa(a.gid), a.home, a.shell, strings.Join(a.groups, ",")}, "|")
}

// text is the declaration.
func (a *account) text() string {
	out := "user " + a.name + " {\n    uid " + strconv.Itoa(a.uid) + "\n"
	if a.gid != a.uid {
		out += "    gid " + strconv.Itoa(a.gid) + "\n"
	}
	if a.home != "" {
		out += "    home " + quote(a.home) + "\n"
	}
	if len(a.groups) > 0 {
		out += "    groups " + list(a.groups) + "\n"
	}
	if a.shell != "" {
		out += "    shell " + quote(a.shell) + "\n"
	}
	return out + "}\n"
}

// accountCommand translates useradd, adduser, groupadd and addgroup as Debian and Alpine have them. It
// returns false for a command that it does not know completely.
func (s *stage) accountCommand(i *instruction, words []string, groups map[string]int) bool {
	a := &account{uid: -1, gid: -1, declared: true}
	alpine := !s.debian()
	system, makeHome, noHome, group := false, false, false, ""
	program := words[0]
	var names []string
	for n := 1; n < len(words); n++ {
		w, value, joined := words[n], "", false
		if strings.HasPrefix(w, "--") {
			w, value, joined = strings.Cut(w, "=")
		}
		operand := func() string {
			if joined {
				return value
			}
			n++
			if n < len(words) {
				return words[n]
			}
			return ""
		}
		number := func(to *int) bool {
			v, err := strconv.Atoi(operand())
			*to = v
			return err == nil && v >= 0
		}
		ok := true
		adduser := program == "adduser" || program == "addgroup"
		switch {
		case w == "--system" || w == "-r" && !adduser || w == "-S" && adduser && alpine:
			system = true
		case w == "--uid" || w == "-u":
			ok = number(&a.uid)
		case w == "--gid" && program != "useradd" || w == "-g" && (program == "groupadd" || program == "addgroup"):
			ok = number(&a.gid)
		case w == "-g" && program == "useradd" || w == "--gid" || w == "-G" && program == "adduser" && alpine || w == "--ingroup":
			group = operand()
		case w == "--home" || w == "--home-dir" || w == "-d" || w == "-h" && program == "adduser" && alpine:
			a.home = operand()
		case w == "--shell" || w == "-s":
			a.shell = operand()
		case w == "--groups" || w == "-G":
			a.groups = strings.Split(operand(), ",")
		case w == "--create-home" || w == "-m":
			makeHome = true
		case w == "--no-create-home" || w == "-M" || w == "-H":
			noHome = true
		case w == "--gecos" || w == "--comment" || w == "-c" || w == "-g" && program == "adduser":
			operand()
		case w == "--disabled-password", w == "--disabled-login", w == "-D", w == "--group", w == "-U", w == "--user-group", w == "-N", w == "--no-user-group",
			w == "-l", w == "--no-log-init", w == "-o" && false, w == "--quiet", w == "-q", w == "-f" && program == "groupadd":
		case strings.HasPrefix(w, "-"):
			return false
		default:
			names = append(names, w)
		}
		if !ok {
			return false
		}
	}
	if len(names) != 1 || !word().MatchString(names[0]) || reserved[names[0]] {
		return false
	}
	if program == "groupadd" || program == "addgroup" {
		groups[names[0]] = a.gid // -1 where the number is chosen
		return true
	}
	a.login = names[0]
	return s.addAccount(i, a, accountOptions{system, program == "useradd", makeHome || program == "adduser" && !noHome && !(alpine && system), alpine, group, loginShell(s, program, system)}, groups)
}

type accountOptions struct {
	system, useradd, home, alpine bool
	group                         string
	shell                         string // without an option
}

// loginShell returns the shell that Debian's commands give to users; "": none, or it is not known.
func loginShell(s *stage, program string, system bool) string {
	switch {
	case s.base.release == "":
		return ""
	case program == "useradd":
		return "/bin/sh"
	case system:
		return ""
	}
	return "/bin/bash"
}

// addAccount completes a user like the commands do, and adds it to the stage.
func (s *stage) addAccount(i *instruction, a *account, o accountOptions, groups map[string]int) bool {
	if slices.ContainsFunc(s.accounts, func(b *account) bool { return b.login == a.login }) {
		return false
	}
	for _, name := range sorted(s.added) {
		gid := s.added[name]
		if o.group == name || gid >= 0 && o.group == strconv.Itoa(gid) || slices.Contains(a.groups, name) {
			// A command adds the group, after the users of the module. So the user stays a command, too.
			if a.gid = gid; o.group == name && gid >= 0 && a.uid >= 0 {
				a.declared = false
				s.accounts = append(s.accounts, a)
			}
			return false
		}
	}
	if gid, ok := groups[o.group]; ok {
		a.gid = gid
	} else if n, err := strconv.Atoi(o.group); err == nil {
		a.gid = n
	} else if gid, ok := s.group(o.group); ok && o.group != "" {
		a.gid = gid
	} else if o.group != "" {
		return false
	}
	if gid, ok := groups[a.login]; ok && o.group == "" {
		a.gid = gid
	}
	if a.uid < 0 {
		a.uid = o.free(s.accounts)
		i.guess("the command chooses the number of %s; here it is %d", a.login, a.uid)
	}
	if a.gid < 0 {
		a.gid = a.uid
	}
	if slices.ContainsFunc(s.accounts, func(b *account) bool { return b.uid == a.uid && b.login != "users" && b.login != "staff" }) {
		return false
	}
	if a.home == "" && o.home {
		a.home = "/home/" + a.login
	} else if a.home == "" && o.useradd {
		i.guess("the home of %s is /nonexistent, not /home/%[1]s, which the command does not create", a.login)
	}
	if a.home != "" && (!strings.HasPrefix(a.home, "/") || a.home == "/nonexistent" || a.home == "/dev/null" || a.home == "/") {
		a.home = ""
	}
	for _, g := range a.groups {
		if !word().MatchString(g) || groups[g] != 0 {
			return false
		}
	}
	a.shell = cmp.Or(a.shell, o.shell)
	if strings.HasSuffix(a.shell, "nologin") || strings.HasSuffix(a.shell, "/false") || !strings.HasPrefix(a.shell, "/") {
		a.shell = ""
	}
	s.accounts = append(s.accounts, a)
	s.add(&unit{kind: login, account: a, text: a.ref(), from: i})
	if a.home != "" {
		s.known[a.home] = true
	}
	return true
}

// free returns the number that the commands would choose beside the accounts of the stage.
func (o accountOptions) free(accounts []*account) int {
	first, by := 1000, 1
	switch {
	case o.system && o.alpine:
		first = 100
	case o.system:
		first, by = 999, -1
	}
	for n := first; ; n += by {
		if !slices.ContainsFunc(accounts, func(a *account) bool { return a.uid == n || a.gid == n }) {
			return n
		}
	}
}

// debian reports whether the commands of a stage's base are Debian's, as far as its name says.
func (s *stage) debian() bool {
	return !strings.Contains(s.base.ref, "alpine") && !strings.Contains(s.base.ref, "busybox")
}
