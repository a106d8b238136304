package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/progress"
)

func (c *cli) checkCommand() *cobra.Command {
	var p program
	var asJSON bool
	var format string
	cmd := &cobra.Command{
		Use:        "check",
		SuggestFor: []string{"lint", "validate", "vet", "verify"},
		Short:      "Report errors and warnings",
		Long: `check reads the module and its imports, and reports all errors and warnings:
syntax, unknown names, wrong types, conflicts between components, paths that
two components write, missing files, and missing pins. In a job of GitHub
Actions, they are also shown at the lines of a change. GitLab does that with a
Code Quality report, which --format=gitlab prints.`,
		Example: `  layc check
  layc check -C services/shop
  layc check --json            print errors and warnings as a JSON array
  layc check --locked          also check that the recorded plan fits
  layc check --format=gitlab > gl-code-quality-report.json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case format != "text" && format != "gitlab":
				return usage(cmd, "--format %s: expected text or gitlab", format)
			case asJSON && format != "text":
				return usage(cmd, "--json and --format=%s exclude each other", format)
			}
			in, err := c.input(cmd, p)
			if err != nil {
				return err
			}
			until := compiler.Bound
			if in.Plan.Locked {
				until = compiler.Planned
			}
			out, list := compiler.Compile(in, until)
			if asJSON {
				text, err := json.MarshalIndent(append(diag.List{}, list.Sorted()...), "", "  ")
				if err != nil {
					return err
				}
				fmt.Fprintf(c.out, "%s\n", text)
				if list.HasErrors() {
					return &codeError{exitInput}
				}
				return nil
			}
			list = c.firstPins(list)
			if format == "gitlab" {
				if err := c.printJSON(c.codeQuality(list)); err != nil {
					return err
				}
			}
			c.annotates = progress.Choose("auto", false, os.Getenv) == "github"
			if err := c.findings(list); err != nil || format == "gitlab" {
				return err
			}
			fmt.Fprintf(c.out, "%s, %s: no errors\n", term.Count(len(out.Targets[0].Graph.Apps), "app"), term.Count(len(out.Checked.Modules), "module"))
			return nil
		},
	}
	p.flags(cmd)
	cmd.Flags().StringVar(&format, "format", "text", "print as `FORMAT`: text or gitlab")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print errors and warnings as JSON")
	return cmd
}
