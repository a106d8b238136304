package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	terminal "golang.org/x/term"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/report"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/images"
)

// Containers that a build starts for the user: layc run, layc shell and layc build --debug.

// containerFlags adds the flags of commands that build and start a container.
func (b *build) containerFlags(cmd *cobra.Command) {
	b.program.flags(cmd)
	b.mirrors.flags(cmd)
	b.engine.flags(cmd)
	b.registries.flags(cmd)
	b.secrets.flag(cmd)
	cmd.Flags().StringVar(&b.progress, "progress", "auto", "show progress as `MODE`, see layc build --help")
}

// compileFor checks the flags and compiles the module.
func (b *build) compileFor(cmd *cobra.Command) (*compiler.Output, error) {
	if err := b.check(cmd); err != nil {
		return nil, err
	}
	if len(b.engine.more) > 0 {
		return nil, usage(cmd, "a container starts on one engine; name one with --engine")
	}
	if err := b.ready(b.engine.options(b.notice)); err != nil {
		return nil, err
	}
	in, err := b.input(cmd, b.program)
	if err != nil {
		return nil, err
	}
	out, err := b.compiled(in, compiler.Planned)
	if err != nil {
		return nil, err
	}
	if err := b.mirrors.check(cmd, out.Targets); err != nil {
		return nil, err
	}
	return out, b.looked(out.Targets)
}

// targetHere returns the target for this machine's platform, or else the first one.
func targetHere(out *compiler.Output) *compiler.Target {
	n := slices.IndexFunc(out.Targets, func(t *compiler.Target) bool { return t.Platform == here })
	return out.Targets[max(n, 0)]
}

// appNamed returns an app or a published image of a target by its name; nil if there is none.
func appNamed(t *compiler.Target, name string) *model.App {
	for _, a := range slices.Concat(t.Graph.Apps, t.Graph.Published) {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// visit builds apps of a target, and then visits a container.
func (b *build) visit(cmd *cobra.Command, ctx context.Context, out *compiler.Output, t *compiler.Target, apps map[string]bool, v *images.Visit) error {
	mirrors, err := b.mirrors.find(cmd)
	if err != nil {
		return err
	}
	secrets, err := b.secrets.read(cmd, t.Graph.Fleet.Secrets)
	if err != nil {
		return err
	}
	_, err = b.solve(ctx, images.Input{
		Plans: []*plan.Plan{t.Plan.Only(apps)}, Files: out.Files, Dir: b.dir, Mirrors: mirrors, Copies: b.vendored(), Secrets: secrets,
		Host: images.ThisHost(b.engine.address == "" || b.engine.passProxies), Foreign: b.engine.address != "", Notice: b.notice, Visit: v,
	})
	var none *images.NoRunError
	var exit *engine.ExitError
	var program *notStarted
	switch {
	case errors.As(err, &none):
		return usage(cmd, "%s", none)
	case errors.As(err, &program):
		if err := diag.Render(screen(b.err), diag.List{program.finding}, rendering(b.err)); err != nil {
			return err
		}
		return &codeError{program.code}
	case errors.As(err, &exit):
		return &codeError{exit.Code}
	case err != nil:
		return b.failed(err)
	}
	return nil
}

// inTerminal runs a process whose input and output are this process's. On a terminal it has one of its
// own, and the terminal is raw; then watch watches what is typed, unless it is nil. It returns the error of
// the process.
func (b *build) inTerminal(ctx context.Context, c *engine.Container, p engine.Process, watch *interrupts) (*engine.Started, func() error, error) {
	in, out := int(os.Stdin.Fd()), int(os.Stdout.Fd())
	p.TTY = terminal.IsTerminal(in) && terminal.IsTerminal(out)
	p.Stdout, p.Stderr = unclosed{os.Stdout}, unclosed{os.Stderr}
	switch {
	case p.TTY && watch != nil:
		watch.typed = os.Stdin
		p.Stdin, p.Stdout = io.NopCloser(watch), heard{unclosed{os.Stdout}, watch}
	case p.TTY || !terminal.IsTerminal(in):
		p.Stdin = io.NopCloser(os.Stdin)
	}
	if p.TTY {
		p.Env = append(p.Env, "TERM="+cmp.Or(os.Getenv("TERM"), "xterm"))
	}
	started, err := c.Start(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	if !p.TTY {
		return started, started.Wait, nil
	}
	before, err := terminal.MakeRaw(in)
	if err != nil {
		return nil, nil, err
	}
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, syscall.SIGWINCH)
	resize := func() {
		if columns, rows, err := terminal.GetSize(out); err == nil {
			_ = started.Resize(ctx, columns, rows)
		}
	}
	resize()
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-changes:
				resize()
			case <-done:
				return
			}
		}
	}()
	return started, func() error {
		err := started.Wait()
		signal.Stop(changes)
		close(done)
		return errors.Join(err, terminal.Restore(in, before))
	}, nil
}

// unclosed is a file that the container does not close.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// interactive are the shells that layc shell looks for.
var interactive = []string{"/bin/bash", "/bin/sh"}

// hostname is the name of a container of an app: the app's, as far as hosts can have it.
func hostname(a *model.App) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, a.Repository[strings.LastIndex(a.Repository, "/")+1:])
	return strings.Trim(name[:min(len(name), 63)], "-")
}

// shell runs a shell in a container.
func (b *build) shell(ctx context.Context, c *engine.Container, p engine.Process) error {
	n := slices.IndexFunc(interactive, func(s string) bool { return c.Has(ctx, s) })
	if n < 0 {
		return errors.New("cannot open a shell: neither /bin/bash nor /bin/sh exists here; run a program with layc run APP -- PROGRAM, or look at the files with layc build -o type=local,dest=DIR")
	}
	if p.Args = []string{interactive[n]}; len(b.command) > 0 {
		p.Args = append(p.Args, "-c", strings.Join(b.command, " "))
	}
	_, wait, err := b.inTerminal(ctx, c, p, nil)
	if err != nil {
		return err
	}
	return wait()
}

// inStep is a process in the place of a step.
func inStep(c *engine.Container) engine.Process {
	return engine.Process{Env: slices.Clone(c.Step.Env), User: c.Step.User, Dir: cmp.Or(c.Step.Cwd, "/")}
}

// inImage is a process in the image of an app, without its program.
func inImage(a *model.App) engine.Process {
	p := engine.Process{User: a.Config.User, Dir: cmp.Or(a.Config.Workdir, "/")}
	for _, e := range a.Config.Env {
		p.Env = append(p.Env, e.Name+"="+e.Value)
	}
	return p
}

func (c *cli) shellCommand() *cobra.Command {
	b := &build{cli: c}
	cmd := &cobra.Command{
		Use:        "shell APP | COMPONENT [-- COMMAND]",
		SuggestFor: []string{"sh", "bash", "exec", "enter", "debug"},
		Short:      "Open a shell in an image, or where a run is executed",
		Long: `shell builds what it needs and opens a shell: in the image of an app, as its
user; or in the place of the last run of a component, with the files, variables,
caches and secrets that the run has. What the shell writes is gone when it ends.

With a command after --, the shell runs it, and its exit code is layc's.

If a build fails, layc build --debug opens a shell in the place of the failed
step.`,
		Example: `  layc shell app1
  layc shell app1 -- ls -l /etc
  layc shell server                 where the last run of server is executed
  layc shell 'server("26.0.0.3")'   of this one of several instances`,
		Args: oneName("APP or COMPONENT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			b.command = args[1:]
			b.wanted = func(g *model.Graph) error {
				if known := report.Names(g); appNamed(&compiler.Target{Graph: g}, name) == nil && !slices.Contains(known, name) {
					if near := diag.Nearest(name, known); near != "" {
						return usage(cmd, "unknown app or component %s; did you mean %s?", name, near)
					}
				}
				return nil
			}
			out, err := b.compileFor(cmd)
			if err != nil {
				return err
			}
			t := targetHere(out)
			apps := map[string]bool{}
			v := &images.Visit{Component: name, Do: func(ctx context.Context, c *engine.Container) error { return b.shell(ctx, c, inStep(c)) }}
			if a := appNamed(t, name); a != nil {
				v.Component, apps[name], v.Hostname = "", true, hostname(a)
				v.Do = func(ctx context.Context, c *engine.Container) error { return b.shell(ctx, c, inImage(a)) }
			} else {
				for _, a := range t.Graph.Apps {
					apps[a.Name] = true
				}
			}
			return b.visit(cmd, cmd.Context(), out, t, apps, v)
		},
	}
	b.containerFlags(cmd)
	return cmd
}

// oneName checks that there is one argument, and then a command after "--" at most.
func oneName(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		n := cmd.ArgsLenAtDash()
		switch {
		case len(args) == 0 || n == 0:
			return usage(cmd, "expected one %s; layc query apps lists the apps", what)
		case len(args) > 1 && n != 1:
			return usage(cmd, "unexpected argument %q%s", args[1], ofProgram(cmd))
		}
		return nil
	}
}

// ofProgram tells where a word that layc does not know belongs, if the command runs a program.
func ofProgram(cmd *cobra.Command) string {
	if !strings.Contains(cmd.Use, "[-- ") {
		return ""
	}
	return "; write the program and its arguments after --, as in layc " + cmd.Name() + " APP -- sh -c ls"
}

func (c *cli) runCommand() *cobra.Command {
	r := &running{build: &build{cli: c}}
	cmd := &cobra.Command{
		Use:        "run APP [-- ARGUMENTS]",
		SuggestFor: []string{"start", "up", "compose"},
		Short:      "Build an image and run it",
		Long: `run builds an app and runs its image on the engine, with the program, the user
and the environment that the image declares. Arguments after -- replace the
command. What the container writes is gone when it ends, except in volumes. Its
exit code is layc's; 127 means that the program is missing, 126 that it is not
executable. Ctrl-C interrupts the program. If that does not end it, three Ctrl-C
in a row do; without a terminal, it is ended after ten seconds.

The container has a network of its own. Its TCP ports are reachable on
127.0.0.1: a port that the app exposes on the same port if that is free, others
with --publish. layc forwards each connection; this is for a developer's
requests, not for load. The container reaches nothing outside. --network host
gives it the network of this machine instead.`,
		Example: `  layc run app1
  layc run app1 -p 8080:80 -e MODE=debug -v ./data:/var/lib/app
  layc run app1 -- --version
  layc run app1 --network host`,
		Args: oneName("APP"),
		RunE: r.run,
	}
	r.containerFlags(cmd)
	f := cmd.Flags()
	f.StringArrayVarP(&r.ports, "publish", "p", nil, "make `PORT` of the container reachable: PORT or PORT:PORT; repeatable")
	f.StringArrayVarP(&r.env, "env", "e", nil, "set a variable: `NAME=VALUE`, or NAME with this process's value")
	f.StringArrayVarP(&r.volumes, "volume", "v", nil, "mount what is at `PATH` of this machine: PATH:PATH or PATH:PATH:ro")
	f.StringVarP(&r.user, "user", "u", "", "run as `USER` instead of the image's user")
	f.StringVar(&r.network, "network", "own", "use `NETWORK`: own or host")
	for _, same := range []struct{ name, short string }{{"interactive", "i"}, {"tty", "t"}, {"rm", ""}} {
		f.BoolP(same.name, same.short, true, "always holds; for fingers that know docker run")
		if err := f.MarkHidden(same.name); err != nil {
			panic(err) // the flag was defined above
		}
	}
	return cmd
}

// running is one invocation of layc run.
type running struct {
	*build
	ports, env, volumes []string
	user, network       string

	app     *model.App
	forward []forward
	binds   []engine.Bind
}

func (r *running) run(cmd *cobra.Command, args []string) error {
	if r.network != "own" && r.network != "host" {
		return usage(cmd, "--network %s: expected own or host", r.network)
	}
	var err error
	if r.binds, err = binds(cmd, r.volumes); err != nil {
		return err
	}
	published, err := publishes(cmd, r.ports)
	if err != nil {
		return err
	}
	r.wants(cmd, args[:1])
	out, err := r.compileFor(cmd)
	if err != nil {
		return err
	}
	t := targetHere(out)
	if _, err := named(cmd, t.Graph, args[:1]); err != nil {
		return err
	}
	if r.app = appNamed(t, args[0]); r.app == nil {
		return usage(cmd, "%s names several apps; add the tag, as in %[1]s:TAG", args[0])
	}
	p := inImage(r.app)
	p.User, p.Binds = cmp.Or(r.user, p.User), r.binds
	for _, e := range r.env {
		name, _, given := strings.Cut(e, "=")
		if value, ok := os.LookupEnv(name); !given && ok {
			e += "=" + value
		} else if !given {
			continue
		}
		p.Env = append(slices.DeleteFunc(p.Env, func(v string) bool { return strings.HasPrefix(v, name+"=") }), e)
	}
	if p.Args = r.app.Config.Command; len(args) > 1 {
		p.Args = args[1:]
	}
	if p.Args = slices.Concat(r.app.Config.Entrypoint, p.Args); len(p.Args) == 0 {
		return usage(cmd, "%s has no command; write one after --", r.app.Name)
	}
	v := &images.Visit{Loopback: r.network == "own", Hostname: hostname(r.app)}
	if v.Loopback {
		if v.Tools, err = helperOf(t); err != nil {
			return err
		}
		if r.forward, err = listen(published, r.app.Config.Expose); err != nil {
			return err
		}
		defer r.stop()
	}
	// Ctrl-C interrupts the build, but the program in the container gets it itself.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(cmd.Context()))
	defer cancel(nil)
	var mutex sync.Mutex
	var program *engine.Started
	context.AfterFunc(cmd.Context(), func() {
		mutex.Lock()
		defer mutex.Unlock()
		if program == nil {
			cancel(context.Cause(cmd.Context()))
			return
		}
		_ = program.Signal(ctx, syscall.SIGINT)
		_ = program.Signal(ctx, syscall.SIGTERM)
		time.AfterFunc(time.Second, func() {
			if ctx.Err() == nil {
				r.notice(r.app.Name + " ends in ten seconds at the latest; another interrupt ends it now")
			}
		})
		time.AfterFunc(10*time.Second, func() { cancel(context.Cause(cmd.Context())) })
	})
	watch := &interrupts{
		tell: func() {
			fmt.Fprintf(screen(r.err), "\r\n%s still runs; Ctrl-C three times in a row ends it\r\n", r.app.Name)
		},
		end: func() { cancel(errEnded) },
	}
	v.Do = func(ctx context.Context, c *engine.Container) error {
		if err := startable(ctx, c, r.app.Name, p); err != nil {
			return err
		}
		started, wait, err := r.inTerminal(ctx, c, p, watch)
		if err != nil {
			return unknownUser(err, r.app.Name)
		}
		mutex.Lock()
		program = started
		mutex.Unlock()
		r.tellPorts()
		for _, f := range r.forward {
			go f.serve(ctx, c)
		}
		return unknownUser(wait(), r.app.Name)
	}
	err = r.visit(cmd, ctx, out, t, map[string]bool{r.app.Name: true}, v)
	if errors.Is(context.Cause(ctx), errEnded) {
		return &codeError{exitInterrupted}
	}
	return err
}

// errEnded is the cause of the end of a program that ignores Ctrl-C.
var errEnded = errors.New("ended by Ctrl-C")

// debugging returns the visit of a build with --debug: a shell in the place of a step that fails.
func (b *build) debugging() *images.Visit {
	if !b.debug {
		return nil
	}
	return &images.Visit{Failed: true, Do: func(ctx context.Context, c *engine.Container) error {
		for _, line := range c.Failure.Log {
			fmt.Fprintf(b.err, "  %s\n", line)
		}
		fmt.Fprintf(b.err, "a step failed: %s\n", c.Failure.Name)
		if len(c.Step.Args) > 0 {
			fmt.Fprintf(b.err, "this is a shell in its place, before it ran. It runs: %s\n", commandText(c.Step.Args))
		}
		return b.shell(ctx, c, inStep(c))
	}}
}

// commandText returns a command as a line for a shell.
func commandText(args []string) string {
	var out []string
	for _, a := range args {
		out = append(out, shellQuote(a))
	}
	return strings.Join(out, " ")
}
