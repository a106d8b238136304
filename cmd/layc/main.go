// Layc plans and builds container images for all apps of a fleet together.
//
// Each subcommand is a file of this package with its flags, its calls, and its output. Everything
// else is in the packages that it calls.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/redact"
	"github.com/layc-lang/layc/lang/visible"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/registry"
	"github.com/layc-lang/layc/llb/registry/access"
	"github.com/layc-lang/layc/llb/world"
	"github.com/layc-lang/layc/llb/world/git"
)

// Exit codes. Scripts rely on them.
const (
	exitOK          = 0
	exitInput       = 1 // the input is wrong, as far as the build has found, too
	exitUsage       = 2 // the command line is wrong
	exitBuild       = 3 // a build step or a test failed
	exitUnavailable = 4 // the machine failed: the engine, the network, a registry, or writing a file
	exitNothing     = 5 // a query matched nothing
	exitInterrupted = 130
)

func main() {
	engine.Child()
	collectLater()
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup ignores it
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	// A second Ctrl-C ends the process at once, but not if it follows directly: timeout(1), for
	// example, signals a process and then its group.
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })
	c := &cli{out: os.Stdout, err: os.Stderr, ready: engine.Check, open: openEngine}
	code := c.run(ctx, os.Args[1:])
	stop()
	runtime.KeepAlive(ballast)
	os.Exit(code)
}

// collectLater lets the garbage collector run first when the heap has 128 MB: most commands finish before.
// Then it runs when the heap reaches twice the size of what is in use and of a ballast, which is never
// written to, and so takes no memory. To begin with the ballast would be a collection: two milliseconds.
func collectLater() {
	const first = 128 << 20
	percent := debug.SetGCPercent(100 * first / (4 << 20)) // the smallest heap that is collected has 4 MB at 100
	runtime.AddCleanup(new([64]byte), func(int) {          // at the first collection
		ballast = make([]byte, first)
		debug.SetGCPercent(percent)
	}, 0)
}

// ballast makes the heap look larger, see [collectLater].
var ballast []byte

// cli is one invocation: its output, and its access to an engine. It has more than 60 methods,
// since each command is one.
type cli struct {
	out, err io.Writer
	ready    func(engine.Options) error // reports why open would fail, as far as known in advance
	open     func(context.Context, engine.Options) (builder, error)

	dir          string   // -C
	quiet        bool     // print no warnings and notices
	own          []string // files in it that the command writes, which are not the module's
	sharesEngine bool     // with another command of this process: that is not worth a notice
	// solving is set when an engine works for the command: an interrupt then waits for the end. Nil: nobody asks.
	solving *atomic.Bool
	// annotates is true if findings are printed for GitHub Actions, too.
	annotates bool
	wanted    func(*model.Graph) error // checks names of apps on the command line; nil: there are none
	found     diag.List                // the errors that ended the command, as they were printed
}

// builder is the part of an engine that the commands use.
type builder interface {
	Platforms(context.Context) ([]ocispecs.Platform, error)
	Build(context.Context, engine.Request) (*engine.Result, error)
	Close() error
}

func openEngine(ctx context.Context, o engine.Options) (builder, error) { return engine.Open(ctx, o) }

// patience is how long an interrupted command may take to end by itself.
const patience = 300 * time.Millisecond

// run executes a command line and returns the exit code. When interrupted, it waits for a command
// with an engine to end properly. It hardly waits for other commands: the compiler ignores
// contexts, and files are written atomically.
func (c *cli) run(ctx context.Context, args []string) int {
	c.solving = new(atomic.Bool)
	c.err = &messages{c.err, visible.Writer(redact.Writer(c.err))}
	ended := make(chan int, 1)
	go func() { ended <- c.execute(ctx, args) }()
	select {
	case code := <-ended:
		return code
	case <-ctx.Done():
	}
	select {
	case code := <-ended:
		return code
	case <-time.After(patience):
	}
	if c.solving.Load() {
		return <-ended
	}
	return c.report(ctx, ctx.Err())
}

// works tells that an engine works for the command from now on.
func (c *cli) works() {
	if c.solving != nil {
		c.solving.Store(true)
	}
}

func (c *cli) execute(ctx context.Context, args []string) int {
	out := &printed{to: c.out}
	c.out = out
	root := c.root()
	if slices.Equal(args, []string{"-V"}) { // as other tools have it
		args = []string{"--version"}
	}
	root.SetArgs(args)
	root.SetOut(c.out)
	root.SetErr(c.err)
	var unknown error // the help that is asked for is of no command
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if words := cmd.Flags().Args(); cmd == root && len(words) > 0 {
			unknown = unknownCommand(root, words[0])
			return
		}
		help(cmd, args)
	})
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = unknown
	}
	if err == nil {
		err = out.failed()
	}
	return c.report(ctx, err)
}

// printed is the standard output of a command, without passwords in URLs and with visible control
// characters. It remembers the first write error, so that commands need not check each line that
// they print.
type printed struct {
	to    io.Writer
	mutex sync.Mutex
	err   error // the first
}

func (p *printed) Write(text []byte) (int, error) {
	return len(text), p.verbatim(visible.Text(redact.Text(string(text))))
}

// verbatim prints a program's text unchanged.
func (p *printed) verbatim(text string) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	_, err := io.WriteString(p.to, text)
	if err != nil {
		err = cannot("write", "the output", err)
	}
	if p.err == nil {
		p.err = err
	}
	return err
}

// verbatim prints a program's text to standard output.
func (c *cli) verbatim(text string) error {
	if p, ok := c.out.(*printed); ok {
		return p.verbatim(text)
	}
	_, err := io.WriteString(c.out, text)
	return err
}

// failed returns why the output is incomplete, or nil.
func (p *printed) failed() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.err
}

// messages is the standard error of a command, without passwords in URLs and with visible control
// characters.
type messages struct {
	screen io.Writer // where they are shown
	io.Writer
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "layc COMMAND",
		Short: "Plan and build container images of many apps together",
		Long: `layc reads .layer files, which declare what each app needs, plans layers that
apps share, and builds all images with BuildKit.

Commands work on the module in the current directory; -C selects another. Where
APP arguments are optional, the default is all apps.

Exit codes:
  0    success
  1    errors in the input, also those that only a build finds
  2    wrong usage
  3    a build step or a test failed
  4    the engine, the network or a registry failed, or a file cannot be written
  5    nothing matches the expression of layc query
  130  interrupted`,
		Example: `  layc init shop              create a project
  layc lock                   pin versions
  layc check                  report errors and warnings
  layc plan                   show the layers of all images
  layc build -o out           build all images into an OCI layout`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              cobra.ArbitraryArgs,
		Version:           versions(),
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := noEmptyFlags(cmd); err != nil {
				return err
			}
			return c.haveDir(cmd)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetUsageFunc(printUsage)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(c.helpCommand())
	root.PersistentFlags().StringVarP(&c.dir, "dir", "C", ".", "work on the module in `DIR`")
	root.AddCommand(
		c.checkCommand(),
		c.planCommand(),
		c.buildCommand(),
		c.runCommand(),
		c.shellCommand(),
		c.watchCommand(),
		c.bakeCommand(),
		c.lockCommand(),
		c.updateCommand(),
		c.graphCommand(),
		c.queryCommand(),
		c.impactCommand(),
		c.affectedCommand(),
		c.costCommand(),
		c.explainLayerCommand(),
		c.simulateCommand(),
		c.initCommand(),
		c.importCommand(),
		c.auditCommand(),
		c.docCommand(),
		c.vendorCommand(),
		c.sbomCommand(),
		c.engineCommand(),
		c.fmtCommand(),
		c.explainCommand(),
		c.dumpCommand(),
		c.completionCommand(),
		c.lspCommand(),
		c.versionCommand(),
	)
	root.Flags().BoolP("version", "v", false, "print the version")
	for _, cmd := range append(root.Commands(), root) {
		cmd.Flags().BoolP("help", "h", false, "show this help")
	}
	c.complete(root)
	return root
}

// readsModule reports whether a command reads the module in the directory of -C.
func readsModule(command string) bool {
	return !slices.Contains([]string{"init", "audit", "explain", "version", "help", "completion", "lsp", "engine"}, command)
}

// haveDir checks that the directory of the command exists, for commands that read it.
func (c *cli) haveDir(cmd *cobra.Command) error {
	if !readsModule(cmd.Name()) {
		return nil
	}
	info, err := os.Stat(c.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usage(cmd, "-C %s: no such directory", c.dir)
	case err != nil:
		return usage(cmd, "-C %s: %s", c.dir, plainError(err))
	case !info.IsDir():
		return usage(cmd, "-C %s: not a directory", c.dir)
	}
	return nil
}

// codeError ends a command with an exit code after everything is printed.
type codeError struct{ code int }

func (e *codeError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// report prints the error that ended a command, and returns the exit code.
func (c *cli) report(ctx context.Context, err error) int {
	var pins *lockError
	var code *codeError
	if errors.As(err, &pins) && !errors.As(err, &code) {
		if failed := c.findings(pins.findings); !errors.As(failed, &code) {
			fmt.Fprintf(c.err, "layc: %s\n", failed)
		}
		return exitInput
	}
	exit, text := exitOf(ctx, err)
	var use *usageError
	switch {
	case text == "":
	case errors.As(err, &use):
		fmt.Fprintln(c.err, text)
	default:
		fmt.Fprintf(c.err, "layc: %s\n", text)
	}
	return exit
}

// exitOf returns the exit code for the error that ended a command, and what to print about it; ""
// if everything is printed.
func exitOf(ctx context.Context, err error) (code int, text string) {
	var (
		use     *usageError
		printed *codeError
		missing *engine.UnavailableError
		layout  *engine.LayoutError
		file    *fileError
		network *world.NetworkError
		remote  *registry.UnreachableError
		denied  *access.DeniedError
		git     *git.FetchError
	)
	switch {
	case err == nil:
		return exitOK, ""
	case errors.As(err, &printed):
		return printed.code, ""
	case errors.As(err, &use):
		return exitUsage, fmt.Sprintf("%s: %s\nRun %s --help for usage.", use.command, use.message, use.command)
	case errors.As(err, &layout) && layout.Unfit:
		return exitUsage, err.Error()
	case ctx.Err() != nil:
		return exitInterrupted, "interrupted"
	case errors.As(err, &missing), errors.As(err, &network), errors.As(err, &remote), errors.As(err, &denied), errors.As(err, &git),
		errors.As(err, &layout), errors.As(err, &file) && file.unwritten:
		return exitUnavailable, err.Error()
	}
	return exitInput, err.Error()
}

// rendering returns how to show findings on a writer: on a terminal in colours, and up to its
// width, within reason.
func rendering(w io.Writer) diag.Options {
	o := diag.Options{Color: isTerminal(w)}
	if f, ok := screen(w).(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			o.Width = min(max(columns, 60), 120)
		}
	}
	return o
}

// findings prints diagnostics and fails if there are errors.
func (c *cli) findings(list diag.List) error {
	if c.quiet {
		list = slices.DeleteFunc(slices.Clone(list), func(d *diag.Diagnostic) bool { return d.Severity != diag.Error })
	}
	if len(list) == 0 {
		return nil
	}
	if err := diag.Render(screen(c.err), list, rendering(c.err)); err != nil {
		return err
	}
	fmt.Fprintf(c.err, "\n%s\n", diag.Summary(list))
	c.annotate(list)
	if list.HasErrors() {
		c.found = list
		return &codeError{exitInput}
	}
	return nil
}
