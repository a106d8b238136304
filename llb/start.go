package llb

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
)

// What a container of an image starts: the programs that a runtime executes itself and, if it executes a
// shell or an init, the first program that these execute. See cmd/layc-helper/start.go, which looks for
// them.

// runtimePath is the value of PATH that runtimes set if an image sets none.
const runtimePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// start looks for the user that an image runs as, if that is a name, and for its group; for declared
// users, if anything but packages may change the accounts; and for the programs that it starts.
func (v *prover) start(i *plan.Image) {
	who, declared, at := i.App.Config.User, v.declaredUsers(i), i.App.UserAt
	name := "look for user " + who
	if strings.Trim(who, "0123456789:") == "" {
		who, name = "", "look for users"
	}
	programs := startedBy(i.App)
	if who == "" && len(declared) == 0 {
		if len(programs) == 0 {
			return
		}
		name, at = "look for what it starts", i.App.StartAt
	}
	// It looks at the layers, and not at the image: to mount that, the engine would link all their files.
	var dirs, layers []string
	var trees []mountedTree
	for n, tree := range v.stack(i) {
		if tree.Output() != nil {
			dir := treeDir + strconv.Itoa(n)
			dirs, trees = append(dirs, dir), append(trees, mountedTree{dir, tree.Output()})
		}
	}
	slices.Reverse(dirs) // the topmost first
	for _, y := range i.Layers {
		layers = append(layers, y.ID)
	}
	args := slices.Concat([]string{"start", who, strconv.Itoa(len(dirs))}, dirs, declared)
	if len(programs) > 0 {
		for _, dir := range i.App.Config.Volumes {
			args = append(args, "++", dir)
		}
	}
	opts := append(v.help(i.App.Name, name, at, append(args, programs...)...), v.apart(layers))
	if v.err != nil {
		return
	}
	v.add(Start, i.App.Name, at, looking(llb.Scratch().Run(opts...).Root(), trees)).App = i.App
}

// startedBy returns the helper's arguments for the programs that an app's image starts. A published image
// is a base for others, which may bring what it starts.
func startedBy(a *model.App) []string {
	if a.Published != nil {
		return nil
	}
	c := a.Config
	dir, search := cmp.Or(c.Workdir, "/"), runtimePath
	for _, e := range c.Env {
		if e.Name == "PATH" {
			search = e.Value
		}
	}
	var args []string
	add := func(what string, words []string) {
		for _, s := range programs(words) {
			args = append(args, "--", what, dir, search, s.name, s.shell)
		}
	}
	if len(c.Entrypoint) > 0 {
		add("entrypoint", slices.Concat(c.Entrypoint, c.Command))
	} else {
		add("command", c.Command)
	}
	if c.Healthcheck != nil {
		add("healthcheck", c.Healthcheck.Command)
	}
	return args
}

// program is the name of a program, and the shell that starts it; "": the runtime does, or an init.
type program struct{ name, shell string }

// shells and inits are programs that execute others.
var (
	shells = []string{"sh", "bash", "dash", "ash"}
	inits  = []string{"tini", "tini-static", "dumb-init"}
)

// builtins are words at the beginning of a shell's command that are not names of programs in files, or
// need not be.
var builtins = strings.Fields(". : ! { [ [[ alias bg bind break builtin case cd command compgen continue declare echo enable eval exit export false fg for function getopts hash help if jobs kill let local mapfile popd printf pushd pwd read readonly return select set shift shopt source test time times trap true type typeset ulimit umask unalias unset until wait while")

// programs returns the programs that a list of words starts, as far as they are known.
func programs(words []string) []program {
	if len(words) == 0 || words[0] == "" {
		return nil
	}
	all := []program{{words[0], ""}}
	base, rest := path.Base(words[0]), words[1:]
	switch {
	case slices.Contains(inits, base):
		if n := slices.Index(rest, "--"); n >= 0 {
			rest = rest[n+1:]
		}
		if len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
			all = append(all, programs(rest)...)
		}
	case slices.Contains(shells, base) && len(rest) > 1 && isCommand(rest[0]):
		if name := firstWord(rest[1]); name != "" {
			all = append(all, program{name, words[0]})
		}
	}
	return all
}

// isCommand reports whether an option of a shell says that the next word is a command, such as -c or -ec.
func isCommand(option string) bool {
	return len(option) > 1 && option[0] == '-' && strings.HasSuffix(option, "c") && strings.Trim(option[1:], "abcefhiklmnpruvx") == ""
}

// firstWord returns the program that a shell's command begins with; "" if it is not certain that this
// is one.
func firstWord(command string) string {
	words := strings.Fields(command)
	if len(words) > 1 && words[0] == "exec" {
		words = words[1:]
	}
	if len(words) == 0 {
		return ""
	}
	name := strings.TrimRight(words[0], ";")
	if strings.ContainsAny(name, "|&;<>()$`*?[]{}~#'\"\\=!") || strings.HasPrefix(name, "-") || slices.Contains(builtins, name) || strings.Contains(command, name+"()") || strings.Contains(command, "PATH=") {
		return ""
	}
	return name
}
