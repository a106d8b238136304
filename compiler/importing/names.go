package importing

import (
	"fmt"
	"slices"
	"strings"
)

// names are the names that the module declares.
type names map[string]bool

// reserved are the words of the language, and the names that it declares.
var reserved = map[string]bool{"if": true, "else": true, "for": true, "match": true, "let": true, "true": true, "false": true, "platform": true, "os": true, "scratch": true, "debian": true}

// take returns a name that nothing else has yet.
func (n *names) take(want string) string {
	if *n == nil {
		*n = names{}
	}
	name := want
	for k := 2; reserved[name] || (*n)[name]; k++ {
		name = fmt.Sprintf("%s_%d", want, k)
	}
	(*n)[name] = true
	return name
}

// identifier returns a name that is like a text.
func identifier(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	out := strings.Trim(b.String(), "_")
	for strings.Contains(out, "__") {
		out = strings.ReplaceAll(out, "__", "_")
	}
	if out == "" {
		out = "part"
	}
	if out[0] >= '0' && out[0] <= '9' {
		out = "v" + out
	}
	return out
}

// name names params, users, bases, and then components by what they do.
func (im *importer) name() {
	for _, m := range modulesOf(im.targets) {
		im.names.take(m)
	}
	im.nameParams()
	seen := map[string]bool{}
	for _, t := range im.targets {
		for _, a := range t.stage.accounts {
			if a.declared && !seen[a.id()] {
				seen[a.id()] = true
				a.name = im.names.take(a.login)
				im.users = append(im.users, a)
			}
		}
	}
	for _, id := range sorted(im.bases) {
		if b := im.bases[id]; b.clause != "" {
			b.name = im.names.take(b.stem)
		}
	}
	for _, b := range im.blocks {
		if !b.own {
			b.name = im.names.take(im.nameOf(b))
		}
	}
	for _, t := range im.targets {
		if t.from {
			t.name = im.nameTarget(t)
		}
	}
}

// nameParams gives each param a name. One of several with the same name keeps it.
func (im *importer) nameParams() {
	byName := map[string][]*param{}
	for _, k := range sorted(im.params) {
		p := im.params[k]
		byName[p.name] = append(byName[p.name], p)
	}
	for _, n := range sorted(byName) {
		ps := byName[n]
		for _, p := range ps {
			switch {
			case len(ps) == 1 && word().MatchString(p.name) && !reserved[p.name]:
				p.global = im.names.take(p.name)
			default:
				p.global = im.names.take(identifier(p.owner) + "_" + p.name)
			}
		}
	}
}

// nameTarget returns the component that has a stage's files: its last block. A stage whose last block is
// shared gets a component of its own that needs it.
func (im *importer) nameTarget(t *target) string {
	below := slices.DeleteFunc(slices.Clone(t.blocks), func(b *block) bool { return b.own })
	if len(below) > 0 {
		if last := below[len(below)-1]; len(closure([]*block{last})) == len(below) && (len(last.targets) == 1 || im.sameBase(last)) {
			return last.name
		}
	}
	n := slices.Index(im.targets, t)
	b := &block{targets: []int{n}, needs: reduced(below)}
	b.name = im.names.take(im.stageName(t))
	im.blocks = append(im.blocks, b)
	t.blocks = append(t.blocks, b)
	return b.name
}

// sameBase reports whether all targets of a block have the fleet's base.
func (im *importer) sameBase(b *block) bool {
	for _, n := range b.targets {
		if im.targets[n].stage.base != im.fleetBase() {
			return false
		}
	}
	return true
}

func (im *importer) stageName(t *target) string {
	s := t.stage
	if s.name == "" || !word().MatchString(s.name) {
		return identifier(t.label() + "_stage")
	}
	n := identifier(s.name)
	if general[n] || im.names[n] || reserved[n] {
		return identifier(t.label() + "_" + s.name)
	}
	return n
}

// general are names of stages that say nothing about what is in them.
var general = map[string]bool{
	"base": true, "build": true, "build_env": true, "build_stage": true, "builder": true, "common": true, "compile": true, "compiler": true, "dev": true,
	"development": true, "final": true, "first": true, "image": true, "main": true, "prod": true, "production": true, "publish": true,
	"publisher": true, "release": true, "run": true, "runner": true, "runtime": true, "src": true, "stage": true, "target": true,
}

// nameOf names a block.
func (im *importer) nameOf(b *block) string {
	t := im.targets[b.targets[0]]
	if b.units[0].alone {
		return downloadName(references().ReplaceAllString(b.units[0].text, "?"))
	}
	if b.taken != "" {
		return b.nameTaken(t)
	}
	what := b.what()
	if len(b.targets) == 1 {
		if t.from && t.blocks[len(t.blocks)-1] == b {
			return im.stageName(t)
		}
		if len(t.builds) == 0 {
			return im.stageName(t) + "_" + what
		}
		return identifier(t.label() + "_" + what)
	}
	if name := b.stage(); name != "" && !general[name] {
		return name
	}
	// The image that others are made from gives a block its name.
	for _, n := range b.targets {
		if t := im.targets[n]; len(t.builds) > 0 && len(b.targets) > len(t.builds) {
			last := slices.IndexFunc(t.blocks, func(x *block) bool { return x.own })
			if last > 0 && t.blocks[last-1] == b && !slices.ContainsFunc(t.blocks[last].units, func(u *unit) bool { return u.kind == step }) {
				return identifier(t.builds[0].Name)
			}
		}
	}
	if len(b.units) == 1 && b.units[0].kind == step {
		return identifier(strings.TrimSuffix(b.units[0].target[strings.LastIndex(strings.TrimSuffix(b.units[0].target, "/"), "/")+1:], "/"))
	}
	if image := t.stage.base.image(); image != "" && !strings.HasPrefix(what, image+"_") {
		return image + "_" + what
	}
	return what
}

// stage returns the name of the stage that all units of a block are from, or "".
func (b *block) stage() string {
	name := b.units[0].stage
	for _, u := range b.units {
		if u.stage != name {
			return ""
		}
	}
	if !word().MatchString(name) {
		return ""
	}
	return identifier(name)
}

// tools are programs, and what a component is called that runs them.
var tools = [][2]string{
	{"npm ", "node_modules"}, {"yarn ", "node_modules"}, {"pnpm ", "node_modules"}, {"pip ", "python_packages"}, {"pip3 ", "python_packages"}, {"poetry ", "python_packages"},
	{"uv ", "python_packages"}, {"mamba ", "python_packages"}, {"conda ", "python_packages"}, {"go build", "build"}, {"go mod", "go_modules"}, {"mvn", "build"}, {"gradle", "build"}, {"cargo ", "build"},
	{"dotnet ", "build"}, {"bundle ", "gems"}, {"gem ", "gems"}, {"composer ", "php_packages"}, {"docker-php-ext", "php_extensions"}, {"pecl ", "php_extensions"},
	{"apk ", "packages"}, {"apt-get ", "packages"}, {"dnf ", "packages"}, {"yum ", "packages"}, {"microdnf ", "packages"}, {"make", "build"}, {"curl ", "tools"}, {"wget ", "tools"},
}

// what says what a block does.
func (b *block) what() string {
	ran := false
	for _, u := range b.units {
		if u.kind != run {
			continue
		}
		ran = true
		for _, t := range tools {
			if strings.Contains(u.text, t[0]) {
				return t[1]
			}
		}
	}
	switch {
	case ran:
		return "setup"
	case slices.ContainsFunc(b.units, func(u *unit) bool { return u.kind == needs }):
		return "packages"
	}
	return "files"
}

// downloadName names a download by its URL: by the file without its version, or else by what is above it.
func downloadName(text string) string {
	_, rest, _ := strings.Cut(text, `"`)
	url, _, _ := strings.Cut(rest, `"`)
	_, url, _ = strings.Cut(url, "://")
	parts := strings.Split(strings.ReplaceAll(url, "${?}", "?"), "/")
	slices.Reverse(parts)
	for _, file := range parts {
		name := file
		for n, r := range file {
			if r == '?' || n > 0 && r >= '0' && r <= '9' && strings.ContainsRune("-_.v", rune(file[n-1])) {
				name = file[:n]
				break
			}
		}
		name, _, _ = strings.Cut(name, ".")
		if name = identifier(strings.TrimSuffix(strings.Trim(name, "-_"), "-v")); name != "part" && len(name) > 1 && len(name) <= 40 && name[1] > '9' && name != "download" && name != "releases" {
			return name
		}
	}
	return "download"
}
