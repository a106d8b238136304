package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// program are the flags that select the program.
type program struct {
	platforms []string
	set       []string
	planning  planning
}

func (p *program) flags(cmd *cobra.Command) {
	p.source(cmd)
	p.planning.flags(cmd, true)
}

// source adds the flags for the source of the program.
func (p *program) source(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&p.platforms, "platform", nil, "use the platform `OS/ARCH` instead of the fleet's platforms")
	cmd.Flags().StringArrayVar(&p.set, "set", nil, "set a param of the module: `NAME=VALUE`")
}

// input returns the compiler's input.
func (c *cli) input(cmd *cobra.Command, p program) (compiler.Input, error) {
	in, err := c.withoutModules(cmd, p)
	if err != nil {
		return in, err
	}
	// The compiler reports a lock file that cannot be read.
	if pins, err := c.pins(); err == nil {
		in.Modules, err = c.fetched(cmd.Context(), pins, true)
		return in, err
	}
	return in, nil
}

// here is the platform of containers on this machine.
var here = model.Platform{OS: "linux", Arch: runtime.GOARCH}

// withoutModules returns the compiler's input without git repositories.
func (c *cli) withoutModules(cmd *cobra.Command, p program) (compiler.Input, error) {
	in := c.source()
	in.Platform, in.Set = here, map[string]string{}
	for _, name := range p.platforms {
		platform, ok := compiler.ParsePlatform(name)
		if !ok {
			return in, usage(cmd, "--platform %s: not a valid platform; expected linux/amd64, linux/arm64, linux/arm/v7 or similar", name)
		}
		if !slices.Contains(in.Platforms, platform) {
			in.Platforms = append(in.Platforms, platform)
		}
	}
	for _, s := range p.set {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return in, usage(cmd, "--set %s: expected NAME=VALUE", s)
		}
		in.Set[name] = value
	}
	var err error
	in.Plan, err = p.planning.options(cmd)
	return in, err
}

// compile compiles the module up to a stage and prints the findings.
func (c *cli) compile(cmd *cobra.Command, p program, until compiler.Stage) (*compiler.Output, error) {
	in, err := c.input(cmd, p)
	if err != nil {
		return nil, err
	}
	return c.compiled(in, until)
}

// compiled compiles an input up to a stage and prints the findings.
func (c *cli) compiled(in compiler.Input, until compiler.Stage) (*compiler.Output, error) {
	out, list := compiler.Compile(in, until)
	if err := c.printed(out, list); err != nil {
		return out, err
	}
	if until == compiler.Planned {
		return out, haveApps(out)
	}
	return out, nil
}

// printed prints the findings about a module. An app on the command line that it does not have comes first:
// the lock file does not matter then.
func (c *cli) printed(out *compiler.Output, list diag.List) error {
	if c.wanted != nil && unpinned(list) {
		for _, t := range out.Targets {
			if err := c.wanted(t.Graph); err != nil {
				return err
			}
		}
	}
	return c.findings(c.firstPins(list))
}

// unpinned reports whether the only errors are about what is not pinned. Then the graphs have all apps.
func unpinned(list diag.List) bool {
	return list.HasErrors() && !slices.ContainsFunc(list, func(d *diag.Diagnostic) bool { return d.Severity == diag.Error && d.Code != diag.NotPinned })
}

// wants has a command check the apps that it names, before it asks for the lock file.
func (c *cli) wants(cmd *cobra.Command, names []string) {
	c.wanted = func(g *model.Graph) error {
		_, err := named(cmd, g, names)
		return err
	}
}

// firstPins returns one finding in place of all those that layc lock resolves, if the module has no lock
// file yet.
func (c *cli) firstPins(list diag.List) diag.List {
	if _, err := os.Lstat(filepath.Join(c.dir, lock.Name)); !errors.Is(err, fs.ErrNotExist) {
		return list
	}
	var unpinned []*diag.Diagnostic
	for _, d := range list {
		if d.Code == diag.NotPinned && d.Severity == diag.Error {
			unpinned = append(unpinned, d)
		}
	}
	if len(unpinned) == 0 {
		return list
	}
	list = slices.DeleteFunc(slices.Clone(list), func(d *diag.Diagnostic) bool { return d.Code == diag.NotPinned })
	one := list.Errorf(diag.NotPinned, source.Span{}, "nothing is pinned: the module has no %s yet", lock.Name)
	command, _, _ := strings.Cut(unpinned[0].Help[0], ", ") // it may need the platform
	one.Hint("%s", command)
	return list
}

// haveApps returns an error for a module without apps.
func haveApps(out *compiler.Output) error {
	if out.HasApps() {
		return nil
	}
	return errors.New("the module has no apps to plan; declare one: app NAME { … }")
}

// expected lists the known names after an unknown one, unless there are very many.
func expected(names []string) string {
	const most = 12
	switch {
	case len(names) == 0:
		return "none exist"
	case len(names) == 1:
		return "expected " + names[0]
	case len(names) > most:
		return fmt.Sprintf("expected %s or one of %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return "expected " + strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// isTerminal reports whether a writer is a terminal that should show colours.
func isTerminal(w io.Writer) bool {
	f, ok := screen(w).(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// screen returns what a writer finally writes to.
func screen(w io.Writer) io.Writer {
	switch w := w.(type) {
	case *messages:
		return w.screen
	case *printed:
		return w.to
	}
	return w
}
