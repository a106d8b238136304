package world

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// npmMirror finds the registry from which npm would download: the one in the environment, else in
// the configuration of the user or of the machine, else the default of the installed npm; "" if
// there is none.
func (h Host) npmMirror() string {
	if h.Registry != "" {
		return h.Registry
	}
	var settings []string
	if h.Home != "" {
		settings = append(settings, filepath.Join(h.Home, ".npmrc"))
	}
	for _, dir := range []string{"etc", "usr/etc", "usr/local/etc"} {
		settings = append(settings, filepath.Join(h.Root, dir, "npmrc"))
	}
	for _, file := range settings {
		if registry := setting(file, "registry"); registry != "" {
			return registry
		}
	}
	for _, home := range withHome(h.NPMHome, h.Root, "usr/lib/node_modules/npm", "usr/local/lib/node_modules/npm", "usr/share/nodejs/npm") {
		// Debian has the parts of npm beside it; old versions have no parts.
		for _, file := range []string{"node_modules/@npmcli/config/lib/definitions", "../@npmcli/config/lib/definitions", "lib/utils/config"} {
			text, _ := os.ReadFile(filepath.Join(home, file, "definitions.js"))
			if found := npmDefault().FindSubmatch(text); found != nil {
				return string(found[1])
			}
		}
	}
	return ""
}

// npmDefault matches the definition of the registry in the source of npm.
var npmDefault = lazy.Regexp(`'registry', \{\s*default: '(https?://[^']+)'`)

// goMirror finds the first module proxy that the go command would ask: as the environment says,
// else its configuration, else the default of the installed Go; "" if there is none.
func (h Host) goMirror() string {
	proxies := h.Proxies
	var settings []string
	if h.Home != "" {
		settings = append(settings, filepath.Join(h.Home, ".config/go/env"))
	}
	for _, home := range withHome(h.GoHome, h.Root, "usr/local/go", "usr/lib/go") {
		settings = append(settings, filepath.Join(home, "go.env"))
	}
	for _, file := range settings {
		if proxies == "" {
			proxies = setting(file, "GOPROXY")
		}
	}
	first, _, _ := strings.Cut(strings.ReplaceAll(proxies, "|", ","), ",")
	return strings.TrimSpace(first)
}

// withHome returns directories below a root, after the home of an installation if that is known.
func withHome(home, root string, dirs ...string) []string {
	var out []string
	if home != "" {
		out = append(out, home)
	}
	for _, dir := range dirs {
		out = append(out, filepath.Join(root, dir))
	}
	return out
}

// setting returns the value of a name in a file of NAME=VALUE lines; "" if there is none.
func setting(file, name string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(line, "=")
		if ok && strings.TrimSpace(key) == name {
			return strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return ""
}
