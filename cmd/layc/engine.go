package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/platforms"
	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/engine"
)

func (c *cli) engineCommand() *cobra.Command {
	g := &engines{cli: c}
	cmd := &cobra.Command{
		Use:        "engine [try | usage | prune | start | stop] [ADDRESS]",
		SuggestFor: []string{"engines", "builder", "builders", "buildkit", "daemon", "prune", "du"},
		Short:      "List, try, prune, start or stop engines",
		Long: `engine lists the engines that layc build can use: the built-in one, the one in
BUILDKIT_HOST, Docker's, and the builders of docker buildx. A star marks the one
that layc build uses without --engine.

With a word it does something to the engine at ADDRESS, or to the marked one; if
a builder or a deployment has several engines, to each of them:
  try    show its version and platforms, and what it lacks
  usage  show what its cache takes, by kinds or with --components by component
  prune  remove what no running build uses from its cache
  start  run the built-in engine until it is stopped
  stop   interrupt the process that runs the built-in engine

A build that finds no running engine starts one, and stops it when it has ended.
If an engine was started, builds of the same user use it, which saves some time
in each build. It pulls from registries with its own --insecure and
--registry-ca.`,
		Example: `  layc engine
  layc engine try buildx:ci
  layc engine usage
  layc engine usage --components
  layc engine prune --unused-for 168h
  layc engine start &
  layc engine stop`,
		Args: cobra.MaximumNArgs(2),
		RunE: g.run,
	}
	f := cmd.Flags()
	f.StringVar(&g.tls, "tlsdir", "", "secure tcp:// with ca.pem, cert.pem and key.pem in `DIR`")
	f.StringVar(&g.state, "state", "", "the state of the built-in engine is in `DIR` (default: layc in your cache directory)")
	f.BoolVar(&g.components, "components", false, "show usage by component, and for steps that run programs by command")
	g.registries.flags(cmd)
	f.DurationVar(&g.unusedFor, "unused-for", 0, "prune only what was not used for `DURATION`, e.g. 168h")
	return cmd
}

// engines is one invocation of layc engine.
type engines struct {
	*cli
	address, tls, state string
	registries          registryFlags // of an engine that is started
	unusedFor           time.Duration
	components          bool
}

// managed is the part of an engine that layc engine uses.
type managed interface {
	Try(context.Context) (engine.Tried, error)
	Usage(context.Context) ([]engine.Use, error)
	Components(context.Context) ([]engine.Use, error)
	Prune(context.Context, time.Duration) (int64, error)
}

// engineWords are what layc engine does, apart from listing.
var engineWords = []string{"try", "usage", "prune", "start", "stop"}

func (g *engines) run(cmd *cobra.Command, args []string) error {
	from := "ADDRESS"
	if len(args) == 2 {
		g.address = args[1]
	} else {
		from, g.address = "BUILDKIT_HOST", os.Getenv("BUILDKIT_HOST")
	}
	if err := engine.CheckAddress(g.address); err != nil {
		return usage(cmd, "%s %s: %s", from, g.address, err)
	}
	if err := chooseState(cmd, &g.state); err != nil {
		return err
	}
	switch {
	case g.tls != "" && !strings.HasPrefix(g.address, "tcp:"):
		return usage(cmd, "--tlsdir requires an engine at tcp://HOST:PORT")
	case g.unusedFor != 0 && (len(args) == 0 || args[0] != "prune"):
		return usage(cmd, "--unused-for requires prune")
	case g.components && (len(args) == 0 || args[0] != "usage"):
		return usage(cmd, "--components requires usage")
	case (len(g.registries.insecure) > 0 || len(g.registries.authorities) > 0) && (len(args) == 0 || args[0] != "start"):
		return usage(cmd, "--insecure and --registry-ca require start")
	case len(args) == 0:
		g.list()
		return nil
	}
	switch args[0] {
	case "try", "usage", "prune":
		return g.onEach(cmd.Context(), args[0])
	case "start":
		return g.start(cmd)
	case "stop":
		return g.stop(cmd)
	}
	return usage(cmd, "unknown action %s: expected one of %s", args[0], strings.Join(engineWords, ", "))
}

// list prints the engines, without connecting to any.
func (g *engines) list() {
	table := term.Table{Stretch: 2}
	row := func(address, what string) {
		used := " "
		if address == g.address || address == "built-in" && g.address == "" {
			used = "*"
		}
		table.Row(used, address, what)
	}
	what := g.state
	if pid := engine.Running(g.state); pid != 0 {
		what += fmt.Sprintf(", run by process %d", pid)
	} else if _, err := os.Stat(g.state); err != nil {
		what += ", which no build has made yet"
	}
	row("built-in", what)
	builders := engine.Builders()
	known := map[string]bool{"": true, "docker": true}
	for _, b := range builders {
		known["buildx:"+b.Name] = true
	}
	if !known[g.address] {
		row(g.address, "BUILDKIT_HOST")
	}
	if _, err := exec.LookPath("docker"); err == nil || g.address == "docker" {
		row("docker", "the BuildKit in the Docker daemon")
	}
	for _, b := range builders {
		var nodes []string
		for _, n := range b.Nodes {
			nodes = append(nodes, n.Name)
		}
		row("buildx:"+b.Name, fmt.Sprintf("%s, %s: %s", b.Driver, term.Count(len(nodes), "node"), strings.Join(nodes, ", ")))
	}
	table.Print(g.out)
}

// onEach does what the word says on the engine; if the address stands for several, on each of them, also
// if one fails.
func (g *engines) onEach(ctx context.Context, word string) (err error) {
	all := []string{g.address}
	if g.address != "" {
		all = engine.Nodes(ctx, g.address)
	}
	for n, address := range all {
		g.address = address
		if n > 0 {
			fmt.Fprintln(g.out)
		}
		err = errors.Join(err, g.open(ctx, word))
	}
	return err
}

// open opens the engine, and does what the word says.
func (g *engines) open(ctx context.Context, word string) error {
	options := engine.Options{Address: g.address, Certificates: g.tls, State: g.state, Notice: func(s string) { fmt.Fprintln(g.err, s) }}
	if _, err := os.Stat(g.state); err != nil && g.address == "" && word != "try" {
		fmt.Fprintf(g.out, "no build has used the engine's state directory %s yet\n", g.state)
		return nil
	}
	why := ""
	if g.address == "" && word != "prune" {
		why = engine.Doomed(g.state)
	}
	if why != "" {
		fmt.Fprintf(g.out, "the cache in %s %s; the next build removes it\n", g.state, why)
		if word == "usage" {
			return nil
		}
		// A question removes nothing, so it is asked next to the state.
		other, err := os.MkdirTemp(filepath.Dir(g.state), filepath.Base(g.state)+"-try-")
		if err != nil {
			return cannot("write", filepath.Dir(g.state), err)
		}
		defer os.RemoveAll(other)
		options.State = other
	}
	g.works()
	opened, err := g.cli.open(ctx, options)
	if err != nil {
		return err
	}
	defer opened.Close()
	e := opened.(managed)
	switch word {
	case "try":
		err = g.try(ctx, e)
	case "usage":
		err = g.usage(ctx, e)
	case "prune":
		var bytes int64
		if bytes, err = e.Prune(ctx, g.unusedFor); err == nil {
			fmt.Fprintf(g.out, "removed %s from the cache of %s\n", units.HumanSize(float64(bytes)), g.name())
		}
	}
	return err
}

// name is the engine as it is told.
func (g *engines) name() string {
	if g.address == "" {
		return "the built-in engine"
	}
	return g.address
}

func (g *engines) try(ctx context.Context, e managed) error {
	t, err := e.Try(ctx)
	if err != nil {
		return err
	}
	version := ""
	if t.Version != "" {
		version = " (BuildKit " + t.Version + ")"
	}
	fmt.Fprintf(g.out, "%s%s has all that layc needs\n", g.name(), version)
	var runs []string
	for _, p := range t.Platforms {
		runs = append(runs, platforms.Format(p))
	}
	term.List(g.out, "steps can run programs of ", "    ", runs)
	return nil
}

func (g *engines) usage(ctx context.Context, e managed) error {
	find := e.Usage
	if g.components {
		find = e.Components
	}
	uses, err := find(ctx)
	if err != nil {
		return err
	}
	table := term.Table{Right: []int{1, 2, 3}}
	table.Row("cache of "+g.name(), "records", "size", "prune frees")
	var all engine.Use
	size := func(n int64) string { return units.HumanSize(float64(n)) }
	for _, u := range uses {
		table.Row(u.Kind, fmt.Sprint(u.Records), size(u.Bytes), size(u.Unused))
		all.Records, all.Bytes, all.Unused = all.Records+u.Records, all.Bytes+u.Bytes, all.Unused+u.Unused
	}
	table.Row("together", fmt.Sprint(all.Records), size(all.Bytes), size(all.Unused))
	table.Print(g.out)
	return nil
}

// start runs the built-in engine until the process is interrupted, which is not an error. Builds that run then
// open the engine themselves.
func (g *engines) start(cmd *cobra.Command) error {
	if g.address != "" {
		return usage(cmd, "start %s: layc starts only the built-in engine", g.address)
	}
	settings, err := g.registries.find(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	g.works()
	opened, err := g.cli.open(ctx, engine.Options{State: g.state, Registries: settings, Notice: g.announce})
	if err != nil {
		return err
	}
	if e, ok := opened.(*engine.Engine); ok && e.Attached() {
		fmt.Fprintf(g.out, "process %d runs the engine on %s already\n", engine.Running(g.state), g.state)
		return opened.Close()
	}
	fmt.Fprintf(g.out, "the engine on %s runs until Ctrl-C or layc engine stop\n", g.state)
	<-ctx.Done()
	return opened.Close()
}

// stop ends the process that runs the built-in engine.
func (g *engines) stop(cmd *cobra.Command) error {
	if g.address != "" {
		return usage(cmd, "stop %s: layc stops only the built-in engine; end others with the program that started them", g.address)
	}
	pid, err := engine.Stop(cmd.Context(), g.state)
	switch {
	case err != nil:
		return err
	case pid == 0:
		fmt.Fprintf(g.out, "no process runs the engine on %s\n", g.state)
	default:
		fmt.Fprintf(g.out, "stopped process %d, which ran the engine on %s\n", pid, g.state)
	}
	return nil
}
