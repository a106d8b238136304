package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan/show"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/syntax"
	"github.com/layc-lang/layc/llb"
)

// stages lists the stages that dump can show, in the order of the pipeline.
var stages = []string{"syntax", "check", "bind", "plan", "llb"}

func (c *cli) dumpCommand() *cobra.Command {
	var p program
	var stage string
	cmd := &cobra.Command{
		Use:   "dump --stage=STAGE",
		Short: "Print the result of a compiler stage",
		Long: `dump prints the result of a compiler stage as text:

  syntax     the syntax trees of the module's files
  check      names and types
  bind       instances of components, and apps with their closures
  plan       layers, and the images that stack them
  llb        BuildKit's definitions, vertex by vertex`,
		Example: `  layc dump --stage=plan
  layc dump --stage=llb -C services/shop`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(stages, stage) {
				if near := diag.Nearest(stage, stages); near != "" {
					return usage(cmd, "--stage=%s: unknown stage; did you mean %s?", stage, near)
				}
				if stage != "" {
					return usage(cmd, "--stage=%s: expected one of %s", stage, strings.Join(stages, ", "))
				}
				return usage(cmd, "missing --stage=STAGE: expected one of %s", strings.Join(stages, ", "))
			}
			return c.dump(cmd, p, stage)
		},
	}
	p.flags(cmd)
	cmd.Flags().StringVar(&stage, "stage", "", "print the result of `STAGE`: "+strings.Join(stages, ", "))
	return cmd
}

func (c *cli) dump(cmd *cobra.Command, p program, stage string) error {
	until := map[string]compiler.Stage{"syntax": compiler.Checked, "check": compiler.Checked, "bind": compiler.Bound}
	last, ok := until[stage]
	if !ok {
		last = compiler.Planned
	}
	out, err := c.compile(cmd, p, last)
	if err != nil && (stage != "syntax" || out == nil || out.Program == nil) {
		return err
	}
	switch stage {
	case "syntax":
		for _, f := range out.Program.Root.Files {
			fmt.Fprint(c.out, syntax.Dump(f))
		}
		return err
	case "check":
		fmt.Fprint(c.out, check.Dump(out.Checked))
		return nil
	}
	for _, t := range out.Targets {
		switch stage {
		case "bind":
			fmt.Fprint(c.out, model.Dump(t.Graph))
		case "plan":
			fmt.Fprintf(c.out, "%s\n%s\n", show.Tree(t.Plan, show.Terminal), t.Plan.Summary())
		case "llb":
			// Without mirrors, so that the dump does not depend on the machine.
			g, err := llb.Lower(t.Plan, llb.Options{})
			if err != nil {
				return err
			}
			text, err := llb.Dump(g)
			if err != nil {
				return err
			}
			fmt.Fprint(c.out, text)
		}
	}
	return nil
}
