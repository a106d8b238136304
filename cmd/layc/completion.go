package main

import (
	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/lang/diag"
)

// shells are the shells with a completion script.
var shells = []string{"bash", "fish", "zsh"}

func (c *cli) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a shell completion script",
		Long: `completion prints a completion script for bash, zsh or fish. It completes
commands, flags, and the names of the module's apps, components, params,
secrets and pins. The bash script needs the package bash-completion.`,
		Example: `  source <(layc completion bash)              enable it in this shell
  layc completion bash > /etc/bash_completion.d/layc
  layc completion zsh > "${fpath[1]}/_layc"
  layc completion fish > ~/.config/fish/completions/layc.fish`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(cmd, "expected one shell: bash, zsh or fish")
			}
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(c.out, true)
			case "zsh":
				return root.GenZshCompletion(c.out)
			case "fish":
				return root.GenFishCompletion(c.out, true)
			}
			if near := diag.Nearest(args[0], shells); near != "" {
				return usage(cmd, "unknown shell %s; did you mean %s?", args[0], near)
			}
			return usage(cmd, "unknown shell %s; %s", args[0], expected(shells))
		},
	}
}
