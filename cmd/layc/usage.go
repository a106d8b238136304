package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/term"

	"github.com/layc-lang/layc/lang/lazy"
)

// usageError is an error in the command line.
type usageError struct{ message, command string }

func (e *usageError) Error() string { return e.message }

func usage(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...), cmd.CommandPath()}
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
		return usage(cmd, "unexpected argument %q; to work in that directory, run %s -C %s", args[0], cmd.CommandPath(), shellQuote(args[0]))
	}
	switch {
	case filepath.Ext(args[0]) == ".layer":
		return usage(cmd, "unexpected argument %q; a module is all .layer files of a directory: omit it, or name a directory with -C DIR", args[0])
	case cmd.Name() == "lock":
		return usage(cmd, "unexpected argument %q; layc lock pins all that is missing, and layc update %[1]s renews a pin", args[0])
	case cmd.Flags().Lookup("select") != nil:
		return usage(cmd, "unexpected argument %q; to choose apps, write --select %s", args[0], shellQuote(args[0]))
	}
	return usage(cmd, "unexpected argument %q", args[0])
}

// unknownCommand is the error for an unknown command of root.
func unknownCommand(root *cobra.Command, word string) error {
	if other := otherCommands[strings.ToLower(word)]; other != "" {
		return usage(root, "unknown command %q; did you mean %s?", word, other)
	}
	var known []string
	for _, cmd := range root.Commands() {
		known = append(known, cmd.Name())
		for _, other := range cmd.SuggestFor {
			if strings.EqualFold(word, other) {
				return usage(root, "unknown command %q; did you mean layc %s?", word, cmd.Name())
			}
		}
	}
	if near := diag.Nearest(word, known); near != "" {
		return usage(root, "unknown command %q; did you mean layc %s?", word, near)
	}
	return usage(root, "unknown command %q", word)
}

// flagError converts an error of pflag to layc's wording.
func flagError(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		empty   *pflag.ValueRequiredError
		invalid *pflag.InvalidValueError
		syntax  *pflag.InvalidSyntaxError
	)
	switch {
	case errors.As(err, &unknown) && otherFlag(cmd, unknown.GetSpecifiedName()) != nil:
		return otherFlag(cmd, unknown.GetSpecifiedName())
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		long, _, _ := strings.Cut(unknown.GetSpecifiedShortnames(), "=")
		if len(long) > 1 && cmd.Flags().Lookup(long) != nil { // as Go's own tools have it
			return usage(cmd, "unknown flag -%s; did you mean --%[1]s?", long)
		}
		return usage(cmd, "unknown flag -%s%s", unknown.GetSpecifiedName(), ofProgram(cmd))
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := diag.Nearest(name, known); near != "" {
			return usage(cmd, "unknown flag --%s; did you mean --%s?", name, near)
		}
		return usage(cmd, "unknown flag --%s%s", name, ofProgram(cmd))
	case errors.As(err, &empty):
		name, _ := pflag.UnquoteUsage(empty.GetFlag())
		return usage(cmd, "missing value of --%s: expected --%[1]s %s", empty.GetFlag().Name, name)
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		return usage(cmd, "--%s %s: expected %s", f.Name, invalid.GetValue(), wanted(f))
	case errors.As(err, &syntax):
		return usage(cmd, "not a valid flag: %s", syntax.GetSpecifiedFlag())
	}
	return usage(cmd, "%s", err)
}

// noEmptyFlags returns an error for a flag with an empty value, such as a script's unset
// variable, which would otherwise count as not set.
func noEmptyFlags(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			if values = list.GetSlice(); len(values) == 0 {
				values = []string{""}
			}
		}
		if slices.Contains(values, "") && err == nil {
			name, _ := pflag.UnquoteUsage(f)
			err = usage(cmd, "empty value of --%s: expected --%[1]s %s", f.Name, name)
		}
	})
	return err
}

// wanted describes the values of a flag.
func wanted(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int", "uint64":
		return "an integer"
	case "duration":
		return "a duration such as 10s or 2m"
	case "bool":
		return "true or false"
	}
	name, _ := pflag.UnquoteUsage(f)
	return name
}

// groups are the sections of the list of commands. The order in each is the order in which a
// newcomer meets the commands. A last section has the other commands.
var groups = []struct {
	title    string
	commands []string
}{
	{"Write a module", []string{"init", "import", "check", "fmt", "doc", "explain"}},
	{"Pin, plan and build it", []string{"lock", "update", "vendor", "plan", "build", "run", "shell", "watch", "bake"}},
	{"Ask about changes and costs", []string{"query", "impact", "affected", "cost", "explain-layer", "simulate", "graph", "sbom", "audit"}},
}

// pasteable inserts a # before the explanation of an example, which follows after two spaces or
// more, so that a shell accepts the whole line.
func pasteable(examples string) string {
	lines := strings.Split(examples, "\n")
	for n, line := range lines {
		command, said, ok := strings.Cut(strings.TrimPrefix(line, "  "), "  ")
		if said = strings.TrimLeft(said, " "); ok && command != "" {
			space := len(line) - len("  ") - len(command) - len(said) - len("# ")
			lines[n] = "  " + command + strings.Repeat(" ", max(space, 1)) + "# " + said
		}
	}
	return strings.Join(lines, "\n")
}

// printUsage prints the part of a command's help after its description.
func printUsage(cmd *cobra.Command) error {
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "Usage:\n  %s\n", cmd.UseLine())
	if cmd.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", pasteable(cmd.Example))
	}
	if !cmd.HasParent() {
		printCommands(w, cmd)
	}
	if own := cmd.LocalFlags(); own.HasAvailableFlags() {
		fmt.Fprintf(w, "\nFlags:\n%s", flagUsages(own))
	}
	if shared := cmd.InheritedFlags(); shared.HasAvailableFlags() {
		fmt.Fprintf(w, "\nFlags of all commands:\n%s", flagUsages(shared))
	}
	if !cmd.HasParent() {
		fmt.Fprint(w, "\nRun layc COMMAND --help for more about a command.\n")
	}
	return nil
}

// optional matches how pflag shows a flag whose value may be omitted.
var optional = lazy.Regexp(`(?m)^( *(?:-\w, )?--[\w-]+) ([^\s\[]+)(\[="[^"\]]*"\])`)

// flagUsages describes flags, with --load[=PROGRAM] for one whose value may be omitted: its value
// cannot be another argument.
func flagUsages(flags *pflag.FlagSet) string {
	return optional().ReplaceAllStringFunc(flags.FlagUsagesWrapped(term.Width), func(text string) string {
		part := optional().FindStringSubmatch(text)
		usage := part[1] + "[=" + part[2] + "]"
		return usage + strings.Repeat(" ", len(text)-len(usage))
	})
}

// printCommands lists root's commands by groups.
func printCommands(w io.Writer, root *cobra.Command) {
	rest := map[string]*cobra.Command{}
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() || cmd.Name() == "help" {
			rest[cmd.Name()] = cmd
		}
	}
	section := func(title string, names []string) {
		fmt.Fprintf(w, "\n%s:\n", title)
		for _, name := range names {
			if cmd := rest[name]; cmd != nil {
				fmt.Fprintf(w, "  %-13s  %s\n", name, cmd.Short)
				delete(rest, name)
			}
		}
	}
	for _, g := range groups {
		section(g.title, g.commands)
	}
	section("And", slices.Sorted(maps.Keys(rest)))
}

func (c *cli) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		Long: `help shows the help of a command: layc help plan is the same as layc plan
--help. For the clauses of the language, run layc doc clauses. For the meaning
of an error code, run layc explain CODE.`,
		Example:           "  layc help plan",
		ValidArgsFunction: wordsOf(first(commandNames)),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch len(args) {
			case 0:
				return root.Help()
			case 1:
				for _, c := range root.Commands() {
					if c.Name() == args[0] {
						c.InitDefaultHelpFlag()
						return c.Help()
					}
				}
				return unknownCommand(root, args[0])
			}
			return usage(cmd, "expected one command")
		},
	}
}
