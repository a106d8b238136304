package importing

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A RUN of a Dockerfile has the variables that ARG and ENV have set before it, and no later ones. All runs of
// a component have the variables of the component. So
//
//   - an ENV that an earlier run of its component would notice begins a component of its own; in a stage that
//     only has files for others, it is an item of the later runs;
//   - an ARG is an item of each later run that may read it without a mention.
//
// What a run notices are the variables that its text mentions, and those that its programs read. Of well-known
// programs this is known; of others, such as make, npm or a script, nothing is.

// reader is what a run may read of its environment, besides what its text mentions.
type reader struct {
	any      bool     // everything
	prefixes []string // the beginnings of names, in capitals
}

// reads reports whether the programs of a run may read a variable.
func (r reader) reads(name string) bool {
	name = strings.ToUpper(name)
	return r.any || slices.ContainsFunc(r.prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

const (
	loads    = "HTTP_PROXY HTTPS_PROXY FTP_PROXY ALL_PROXY NO_PROXY SSL_ HOME "
	locale   = "LANG LC_ TZ "
	inert    = "[ addgroup adduser basename base64 break cat cd chgrp chmod chown chsh cmp command continue cp cut date dirname echo exit export false file find getent grep egrep fgrep groupadd groupmod gunzip gzip head hostname id install ldconfig ln ls md5sum mkdir mktemp mv nproc passwd chpasswd pwd read readlink realpath return rm rmdir sed seq set sha1sum sha256sum sha512sum shift sleep stat strip tail tar tee test touch tr true trap umask uname unset unlink unzip update-ca-certificates useradd usermod wc which xargs xz bunzip2 bzip2 awk gawk : ."
	compiled = "CFLAGS CXXFLAGS CPPFLAGS LDFLAGS CC CXX MAKEFLAGS PKG_CONFIG "
)

// programs are the prefixes of the variables that programs read.
var programs = map[string]string{
	"curl": loads + "CURL_", "wget": loads + "WGETRC", "git": loads + "GIT_", "gpg": loads + "GNUPGHOME", "sort": locale, "locale-gen": locale, "update-locale": locale, "localedef": locale,
	"apt-get": loads + locale + "DEBIAN_ DEBCONF_ APT_ DPKG_", "apt": loads + locale + "DEBIAN_ DEBCONF_ APT_ DPKG_", "dpkg": locale + "DEBIAN_ DEBCONF_ DPKG_", "dpkg-reconfigure": locale + "DEBIAN_ DEBCONF_",
	"apt-key": loads, "add-apt-repository": loads + locale, "apk": loads, "yum": loads + locale, "dnf": loads + locale, "microdnf": loads + locale,
	"pip": loads + compiled + locale + "PIP_ PYTHON", "pip3": loads + compiled + locale + "PIP_ PYTHON", "gem": loads + compiled + locale + "GEM_ RUBY BUNDLE_",
}

// everywhereRead are variables that each program reads, or the loader before it.
const everywhereRead = "LD_ POSIXLY_CORRECT "

// readerOf returns what a command may read.
func readerOf(text string) reader {
	f, ok := parseShell(text)
	if !ok {
		return reader{any: true}
	}
	functions := map[string]bool{}
	syntax.Walk(f, func(n syntax.Node) bool {
		if d, ok := n.(*syntax.FuncDecl); ok {
			functions[d.Name.Value] = true
		}
		return true
	})
	out, known, silent := reader{}, everywhereRead, strings.Fields(inert)
	syntax.Walk(f, func(n syntax.Node) bool {
		c, ok := n.(*syntax.CallExpr)
		if !ok || len(c.Args) == 0 {
			return true
		}
		name := c.Args[0].Lit()
		if name == "sudo" && len(c.Args) > 1 {
			name = c.Args[1].Lit()
		}
		if strings.HasPrefix(name, "/usr/bin/") || strings.HasPrefix(name, "/bin/") || strings.HasPrefix(name, "/usr/sbin/") {
			name = path.Base(name)
		}
		prefixes, special := programs[name]
		switch {
		case special:
			known += prefixes + " "
		case name == "." && len(c.Args) == 2 && c.Args[1].Lit() == "/etc/os-release", functions[name]:
		case name == "." || !slices.Contains(silent, name):
			out.any = true
		}
		return true
	})
	out.prefixes = strings.Fields(known)
	return out
}

// notices reports whether a run is different with a variable that is set later. An addition to a variable
// changes nothing for programs that are elsewhere.
func (u *unit) notices(name string, addition bool) bool {
	if u.kind != run {
		return false
	}
	return slices.Contains(u.mentions, name) || u.reader.any || !addition && (name == "PATH" || u.reader.reads(name))
}

// variableOf returns the name of the variable that a unit sets, and whether it adds to it.
func (u *unit) variableOf() (name string, addition, ok bool) {
	rest, ok := strings.CutPrefix(u.setting, "env ")
	if u.kind != config || !ok {
		return "", false, false
	}
	if addition = strings.Contains(u.text, " += ") && strings.Contains(rest, " "); addition {
		rest, _, _ = strings.Cut(rest, " ")
	}
	return rest, addition, true
}

// noticed reports whether a unit sets a variable that a run of the block must not have.
func (b *block) noticed(u *unit) bool {
	name, addition, ok := u.variableOf()
	return ok && slices.ContainsFunc(b.units, func(x *unit) bool { return x.notices(name, addition) })
}

// unmentioned returns the items of a run for the ARGs that it may read although its text does not mention
// them.
func unmentioned(s *stage, r reader, mentioned map[string]bool) []string {
	var items []string
	for _, a := range s.args {
		v, set := s.scope.values[a]
		if _, env := s.env[a]; !set || env || mentioned[a] || !word().MatchString(a) {
			continue
		}
		if !r.reads(a) {
			continue
		}
		if s.file.mentions(a) && (platforms[a] != "" || s.file.im.plainOf(v) == "") {
			continue // it is for what mentions it, and an ARG without a value is not set
		}
		items = append(items, "env "+a+" = "+quote(v))
	}
	return items
}
