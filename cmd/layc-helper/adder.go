package main

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Which package adds an account? No list of a package has it: its scripts add it, with a command or
// with the configuration of systemd-sysusers. So this file looks for the name there.

// quoted matches a name in the words of a dispute.
var quoted = regexp.MustCompile(`"([a-z_][a-z0-9_.-]*\$?)"`)

// adder is the package of the system at root that adds one of the accounts that the words of a
// dispute quote; "" if none does.
func adder(root, how string) string {
	for _, name := range quoted.FindAllStringSubmatch(how, -1) {
		if by := cmp.Or(bySysusers(root, name[1]), byScript(root, name[1])); by != "" {
			return by
		}
	}
	return ""
}

// bySysusers is the package whose configuration of systemd-sysusers has an account, or "".
func bySysusers(root, name string) string {
	files, _ := filepath.Glob(root + "/usr/lib/sysusers.d/*.conf")
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			w := strings.Fields(line)
			if len(w) > 1 && (w[0][0] == 'u' || w[0] == "g") && w[1] == name {
				return packageOf(root, strings.TrimPrefix(f, root))
			}
		}
	}
	return ""
}

// byScript is the first package, by name, with a script that adds an account, or "": one that names
// it in a command that adds accounts, or as the value of a variable for such a command.
func byScript(root, name string) string {
	word := `["']?` + regexp.QuoteMeta(name) + `["']?(\s|;|$)`
	const command = `\b(adduser|useradd|addgroup|groupadd)\b`
	adds := regexp.MustCompile(`(?m)` + command + `(.*\\\n)*.*\s` + word)
	holds := regexp.MustCompile(`(?m)^\s*[A-Za-z_]+=` + word)
	any := regexp.MustCompile(command)
	for _, kind := range []string{"preinst", "postinst"} {
		scripts, _ := filepath.Glob(root + "/var/lib/dpkg/info/*." + kind)
		for _, s := range scripts {
			text, err := os.ReadFile(s)
			if err != nil || !bytes.Contains(text, []byte(name)) {
				continue
			}
			if adds.Match(text) || holds.Match(text) && any.Match(text) {
				of, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(s), "."+kind), ":")
				return of
			}
		}
	}
	return ""
}
