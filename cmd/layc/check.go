package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/term"
)

func (c *cli) checkCommand() *cobra.Command {
	var p program
	var asJSON bool
	cmd := &cobra.Command{
		Use:        "check",
		SuggestFor: []string{"lint", "validate", "vet", "verify"},
		Short:      "Report what is wrong with the module",
		Long: `check reads the module and all that it imports, and reports everything that
is wrong with it: text, names, types, conflicts between components, paths that
two components write, files that are missing, and what is not pinned.`,
		Example: `  layc check
  layc check -C services/shop
  layc check --json            findings as JSON, one array
  layc check --locked          also that the plan in the lock file fits`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
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
			if err := c.findings(list); err != nil {
				return err
			}
			fmt.Fprintf(c.out, "%s, %s: fine\n", term.Count(len(out.Targets[0].Graph.Apps), "app"), term.Count(len(out.Checked.Modules), "module"))
			return nil
		},
	}
	p.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print findings as JSON")
	return cmd
}
