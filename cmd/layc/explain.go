package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/lang/diag"
)

func (c *cli) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "explain CODE",
		Short:   "Explain a finding by its code",
		Example: "  layc explain E0310",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(cmd, "want one code, such as E0310")
			}
			code := diag.Code(strings.ToUpper(args[0]))
			e, ok := diag.Explain(code)
			if !ok {
				var known []string
				for _, e := range diag.Entries() {
					known = append(known, string(e.Code))
				}
				if near := diag.Nearest(string(code), known); near != "" {
					return usage(cmd, "no finding has the code %s; did you mean %s?", code, near)
				}
				return usage(cmd, "no finding has the code %s", code)
			}
			fmt.Fprintf(c.out, "%s: %s\n\n%s\n", e.Code, e.Title, strings.TrimSpace(e.Doc))
			if e.Example == "" {
				return nil // it takes more than a page
			}
			fmt.Fprint(c.out, "\nAn example that produces it:\n\n")
			for _, line := range strings.Split(strings.Trim(e.Example, "\n"), "\n") {
				fmt.Fprintf(c.out, "    %s\n", line)
			}
			return nil
		},
	}
}
