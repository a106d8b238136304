package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/lang/diag"
)

func (c *cli) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE…]",
		Short: "Explain an error or warning",
		Long: `explain shows what the error or warning with a code means and how to fix it,
with an example and its output. Without a code it lists all codes.`,
		Example: `  layc explain E0310
  layc explain                 list all codes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, e := range diag.Entries() {
					fmt.Fprintf(c.out, "%s  %s\n", e.Code, e.Title)
				}
				return nil
			}
			var entries []diag.Entry
			for _, a := range args {
				e, err := documented(cmd, a)
				if err != nil {
					return err
				}
				entries = append(entries, e)
			}
			for i, e := range entries {
				if i > 0 {
					fmt.Fprintln(c.out)
				}
				explain(c.out, e)
			}
			return nil
		},
	}
}

// documented finds the documentation of a code in any common spelling: E0310, e0310, error[E0310]
// or 310.
func documented(cmd *cobra.Command, written string) (diag.Entry, error) {
	text := strings.ToUpper(strings.TrimSpace(written))
	if _, within, ok := strings.Cut(text, "["); ok {
		text = strings.TrimRight(within, "]:")
	}
	if text != "" && strings.Trim(text, "0123456789") == "" {
		text = "E" + strings.Repeat("0", max(0, 4-len(text))) + text
	}
	if e, ok := diag.Explain(diag.Code(text)); ok {
		return e, nil
	}
	var known []string
	for _, e := range diag.Entries() {
		known = append(known, string(e.Code))
	}
	if near := diag.Nearest(text, known); near != "" {
		return diag.Entry{}, usage(cmd, "unknown code %s; did you mean %s?", written, near)
	}
	return diag.Entry{}, usage(cmd, "unknown code %s; layc explain lists all codes", written)
}

// explain prints the documentation of a code.
func explain(w io.Writer, e diag.Entry) {
	fmt.Fprintf(w, "%s: %s\n\n%s\n", e.Code, e.Title, strings.TrimSpace(e.Doc))
	if e.Example != "" && len(e.Example) <= longestExample {
		fmt.Fprint(w, "\nExample:\n\n")
		indented(w, strings.Trim(e.Example, "\n"))
	}
	fmt.Fprint(w, "\nOutput:\n\n")
	indented(w, strings.TrimRight(diag.Rendered(e.Code), "\n"))
}

// longestExample is the maximal length of an example to print, in bytes.
const longestExample = 2000

// indented prints text indented; empty lines stay empty.
func indented(w io.Writer, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintln(w, strings.TrimRight("    "+line, " "))
	}
}
