package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// Habits from other tools, and what layc has for the same things.

// otherCommands maps commands of other tools to what does the same here.
var otherCommands = map[string]string{
	"ls": "layc query apps", "ps": "layc query apps", "list": "layc query apps", "apps": "layc query apps",
	"prune": "layc engine prune", "du": "layc engine usage", "system": "layc engine usage", "builder": "layc engine",
	"pull": "layc lock", "inspect": "layc plan", "history": "layc plan",
	"tag": "layc build --name TEMPLATE", "push": "layc build --push", "load": "layc build --load", "save": "layc build -o type=docker,dest=FILE",
	"test": "layc build --verify", "login": "docker login, whose credentials layc uses",
}

// otherFlags maps flags of docker build to what does the same here.
var otherFlags = map[string]string{
	"t":         "the name of an image is its app's, and `tag` clauses are its tags; --name TEMPLATE changes full names, and --registry PREFIX their beginning",
	"f":         "layc reads all .layer files of the current directory, or of DIR with -C DIR",
	"no-cache":  "a step runs again if it, its files or its pins change; layc build --verify repeats all runs, and layc engine prune empties the cache",
	"build-arg": "pass a `param` of the module with --set NAME=VALUE",
	"target":    "name the app: layc build APP",
	"pull":      "bases and packages are pinned in layc.lock; layc update renews the pins",
	"rm":        "layc leaves no containers behind, so it has no such flag",
	"network":   "steps have the network only with the option `with network`",
	"ssh":       "a `run` with the option `with ssh` has the agent of SSH_AUTH_SOCK",
}

// otherNames maps other spellings of these flags.
var otherNames = map[string]string{"tag": "t", "file": "f", "nocache": "no-cache", "build-args": "build-arg", "arg": "build-arg", "force-rm": "rm", "no-cache-filter": "no-cache"}

// otherFlag returns the error for a flag of docker build; nil if it is none.
func otherFlag(cmd *cobra.Command, name string) error {
	if cmd.Name() != "build" {
		return nil
	}
	help := otherFlags[name]
	if same, ok := otherNames[name]; ok {
		help = otherFlags[same]
	}
	if help == "" {
		return nil
	}
	dashes := "--"
	if len(name) == 1 {
		dashes = "-"
	}
	return usage(cmd, "unknown flag %s%s: %s", dashes, name, help)
}

// noDirectory returns an error if an argument is a directory where names of apps are expected, which
// docker build takes.
func noDirectory(cmd *cobra.Command, word string) error {
	switch {
	case word == "." || word == "./":
		return usage(cmd, "%s is not an app: layc works on the module in the current directory; omit it for all apps", word)
	case strings.HasPrefix(word, "./"), strings.HasPrefix(word, "../"), strings.HasPrefix(word, "/"), word == "..":
		return usage(cmd, "%s is not an app; to work on the module in that directory, run %s -C %s", word, cmd.CommandPath(), shellQuote(strings.TrimSuffix(word, "/")))
	}
	return nil
}
