package main

import (
	"context"
	"io/fs"
	"os/exec"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/report"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/doc"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/progress"
)

// completer returns words for an argument or a flag's value. A word may have a description after
// a tab. If a module cannot be read, it returns no words and prints nothing, since the user is
// typing.
type completer func(cmd *cobra.Command, args []string) []string

// complete adds completions of arguments and flags to the commands. It is called last, when all
// commands exist.
func (c *cli) complete(root *cobra.Command) {
	arguments := map[string]completer{
		"plan": c.appNames, "build": c.appNames, "graph": c.appNames, "run": first(c.appNames), "watch": c.appNames, "shell": first(c.inImages), "sbom": c.appNames,
		"impact": c.inImages, "explain-layer": first(c.inImages),
		"update":     c.pinnedNames,
		"explain":    first(codes),
		"doc":        first(c.moduleNames),
		"completion": first(these(shells...)),
		"engine":     engineArguments,
	}
	flags := map[string]completer{
		"stage":    these(stages...),
		"platform": these("linux/amd64", "linux/arm64"),
		"only":     these(steps...),
		"progress": these(progress.Modes[:]...),
		"engine":   addresses,
		"mirror":   these("debian=", "debian-security=", "maven=", "ubuntu="),
		"weight":   weightWords,
		"set":      c.paramNames,
		"secret":   c.secretNames,
		"since":    c.revisionNames,
	}
	for _, cmd := range root.Commands() {
		if cmd.Flags().Lookup("select") != nil {
			_ = cmd.RegisterFlagCompletionFunc("select", c.selectWords)
		}
		if f := arguments[cmd.Name()]; f != nil {
			cmd.ValidArgsFunction = wordsOf(f)
		} else if cmd.Name() != "fmt" && cmd.Name() != "init" && cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
		switch cmd.Name() {
		case "fmt":
			cmd.ValidArgsFunction = only("layer", cobra.ShellCompDirectiveFilterFileExt)
		case "init":
			cmd.ValidArgsFunction = only("", cobra.ShellCompDirectiveFilterDirs)
			_ = cmd.RegisterFlagCompletionFunc("template", cobra.CompletionFunc(wordsOf(these(templateNames...))))
		}
		if words := formats[cmd.Name()]; words != nil {
			_ = cmd.RegisterFlagCompletionFunc("format", cobra.CompletionFunc(wordsOf(these(words...))))
		}
		for _, name := range []string{"output", "state", "measure", "tlsdir"} {
			if cmd.Flags().Lookup(name) != nil {
				_ = cmd.RegisterFlagCompletionFunc(name, only("", cobra.ShellCompDirectiveFilterDirs))
			}
		}
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() != "bool" && flags[f.Name] == nil && !slices.Contains(fileFlags, f.Name) {
				// It fails for flags that already have completions.
				_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions)
			}
		})
		for name, f := range flags {
			if cmd.Flags().Lookup(name) != nil {
				// It fails only for unknown flags, or for a second call.
				_ = cmd.RegisterFlagCompletionFunc(name, cobra.CompletionFunc(wordsOf(f)))
			}
		}
	}
	_ = root.RegisterFlagCompletionFunc("dir", only("", cobra.ShellCompDirectiveFilterDirs))
}

// addresses are the beginnings of addresses of engines, and the builders of docker buildx.
func addresses(*cobra.Command, []string) []string {
	words := engine.Addresses()
	for _, b := range engine.Builders() {
		words = append(words, "buildx:"+b.Name)
	}
	return words
}

// engineArguments are what layc engine does, then addresses.
func engineArguments(cmd *cobra.Command, args []string) []string {
	if len(args) == 0 {
		return engineWords
	}
	return addresses(cmd, args)
}

// fileFlags name files, so the shell completes their values.
var fileFlags = []string{"html", "plot", "keyring"}

// formats are the values of --format, by command.
var formats = map[string][]string{"graph": {"dot", "mermaid", "svg"}, "sbom": {"spdx", "cyclonedx"}, "affected": {"text", "github", "gitlab"}, "check": {"text", "gitlab"}}

// wordsOf converts a completer for cobra, without words that are already there.
func wordsOf(f completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		var offered []string
		directive := cobra.ShellCompDirectiveNoFileComp
		for _, w := range f(cmd, args) {
			word, _, _ := strings.Cut(w, "\t")
			if !strings.HasPrefix(word, typed) || slices.Contains(args, word) {
				continue
			}
			if strings.HasSuffix(word, "=") {
				directive |= cobra.ShellCompDirectiveNoSpace
			}
			offered = append(offered, w)
		}
		return offered, directive
	}
}

func only(extension string, d cobra.ShellCompDirective) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		if extension == "" {
			return nil, d
		}
		return []string{extension}, d
	}
}

// first completes only the first argument.
func first(f completer) completer {
	return func(cmd *cobra.Command, args []string) []string {
		if len(args) > 0 {
			return nil
		}
		return f(cmd, args)
	}
}

// these always returns the same words.
func these(words ...string) completer {
	return func(*cobra.Command, []string) []string { return words }
}

func weightWords(*cobra.Command, []string) []string {
	var offered []string
	for _, w := range plan.Weights {
		offered = append(offered, w.Name+"=\t"+w.What)
	}
	return offered
}

func commandNames(cmd *cobra.Command, _ []string) []string {
	var offered []string
	for _, other := range cmd.Root().Commands() {
		if other.IsAvailableCommand() {
			offered = append(offered, other.Name()+"\t"+other.Short)
		}
	}
	return offered
}

func codes(*cobra.Command, []string) []string {
	var offered []string
	for _, e := range diag.Entries() {
		offered = append(offered, string(e.Code)+"\t"+e.Title)
	}
	return offered
}

// partly returns the module as far as it compiles, for one platform.
func (c *cli) partly(until compiler.Stage) *compiler.Output {
	var modules map[load.Repository]load.Fetched
	if pins, err := c.pins(); err == nil {
		modules, _ = c.fetched(context.Background(), pins, false)
	}
	in := c.source()
	in.Modules, in.Platform = modules, here
	in.Platforms = []model.Platform{here}
	out, _ := compiler.Compile(in, until)
	return out
}

// appNames returns the names of all apps. If they cannot be evaluated, it returns the names that
// are literals.
func (c *cli) appNames(*cobra.Command, []string) []string {
	out := c.partly(compiler.Bound)
	var names []string
	for _, t := range out.Targets {
		for _, a := range t.Graph.Apps {
			names = append(names, a.Name)
		}
	}
	if len(names) == 0 && out.Checked != nil {
		for _, a := range out.Checked.Apps {
			if name, ok := a.Name.Literal(); ok {
				names = append(names, described(name, a.Doc))
			}
		}
	}
	return names
}

// inImages returns the names of everything in images: components, OS packages, apps. It omits
// names with arguments or spaces, which are hard to quote.
func (c *cli) inImages(*cobra.Command, []string) []string {
	var names []string
	for _, t := range c.partly(compiler.Bound).Targets {
		names = append(names, report.Names(t.Graph)...)
	}
	return slices.DeleteFunc(names, func(n string) bool { return strings.ContainsAny(n, "( ") })
}

func (c *cli) paramNames(*cobra.Command, []string) []string {
	out := c.partly(compiler.Checked)
	if out.Checked == nil {
		return nil
	}
	var names []string
	for name, o := range out.Checked.Root.Scope {
		if p, ok := o.(*check.Param); ok {
			names = append(names, described(name+"=", p.Decl.Doc))
		}
	}
	slices.Sort(names)
	return names
}

// revisionNames returns the branches and tags of the module's git repository.
func (c *cli) revisionNames(cmd *cobra.Command, _ []string) []string {
	out, err := exec.CommandContext(cmd.Context(), "git", "-C", c.dir, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags").Output()
	if err != nil {
		return nil
	}
	return append([]string{"HEAD"}, strings.Fields(string(out))...)
}

func (c *cli) secretNames(*cobra.Command, []string) []string {
	var names []string
	for _, t := range c.partly(compiler.Bound).Targets {
		for _, name := range t.Graph.Fleet.Secrets {
			names = append(names, name+"=")
		}
	}
	return names
}

// pinnedNames returns the names that update can pin again.
func (c *cli) pinnedNames(*cobra.Command, []string) []string {
	f, err := c.pins()
	if err != nil {
		return nil
	}
	return f.Updatable()
}

// moduleNames returns the standard modules and the module directories of the project.
func (c *cli) moduleNames(*cobra.Command, []string) []string {
	names := []string{"std\tmodules that come with layc", "clauses\tclauses of the language"}
	for _, name := range stdModules() {
		names = append(names, "std/"+name)
	}
	for _, r := range c.repositories() {
		names = append(names, r.String())
	}
	return append(names, c.moduleDirs()...)
}

// repositories returns the git repositories that the lock file pins.
func (c *cli) repositories() []load.Repository {
	pins, err := c.pins()
	if err != nil {
		return nil
	}
	var all []load.Repository
	for _, m := range pins.Modules {
		all = append(all, load.Repository{URL: m.URL, Version: m.Version})
	}
	return all
}

// maxVisited limits the entries visited in a search for module directories: a completion must not
// wait for a large tree.
const maxVisited = 10_000

func (c *cli) moduleDirs() []string {
	var names []string
	visited := 0
	project := files(c.dir)
	_ = fs.WalkDir(project, ".", func(name string, d fs.DirEntry, err error) error {
		visited++
		switch {
		case visited > maxVisited:
			return fs.SkipAll
		case err != nil:
			return fs.SkipDir
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "vendor"):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(name, ".layer"):
			if dir := path.Dir(name); dir != "." {
				names = append(names, "./"+dir)
			}
		}
		return nil
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// described returns a word with the first sentence of its documentation.
func described(word, text string) string {
	if s := doc.Synopsis(text); s != "" {
		return word + "\t" + s
	}
	return word
}
