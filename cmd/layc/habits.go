package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Habits from other tools, and what layc has for the same things.

// otherCommands maps commands of other tools to what does the same here.
var otherCommands = map[string]string{
	"ls": "layc query apps", "ps": "layc query apps", "list": "layc query apps", "apps": "layc query apps",
	"images": "layc query apps", "image": "layc query apps",
	"prune": "layc engine prune", "du": "layc engine usage", "system": "layc engine usage", "builder": "layc engine",
	"pull": "layc lock", "inspect": "layc plan", "history": "layc plan",
	"tag": "layc build --name TEMPLATE", "push": "layc build --push", "load": "layc build --load", "save": "layc build -o type=docker,dest=FILE",
	"test": "layc build --verify", "logs": "layc run, which shows the output", "stop": "Ctrl-C in layc run", "rmi": "layc build -o DIR --prune",
	"rm": "layc build -o DIR --prune", "clean": "layc engine prune", "clear": "layc engine prune", "gc": "layc engine prune", "kill": "Ctrl-C in layc run",
	"cp": "layc build -o type=local,dest=DIR", "export": "layc build -o type=tar,dest=FILE", "login": "docker login, whose credentials layc uses",
}

// elsewhere is the way to what layc run does not have.
const elsewhere = "layc run is for a try on this machine; for more, run layc build --load, and then docker run or podman run"

// otherFlags maps flags of docker build and docker run to what does the same here, by command.
var otherFlags = map[string]map[string]string{
	"build": {
		"t":             "the name of an image is its app's, and `tag` clauses are its tags; --name TEMPLATE changes full names, and --registry PREFIX their beginning",
		"f":             "layc reads all .layer files of the current directory, or of DIR with -C DIR",
		"no-cache":      "a step runs again if it, its files or its pins change; layc build --verify repeats all runs, and layc engine prune empties the cache",
		"build-arg":     "pass a `param` of the module with --set NAME=VALUE",
		"target":        "name the app: layc build APP",
		"pull":          "bases and packages are pinned in layc.lock; layc update renews the pins",
		"rm":            "layc leaves no containers behind, so it has no such flag",
		"network":       "a `run` has the network of the host, unless it is `with network none`",
		"ssh":           "a `run` with the option `with ssh` has the agent of SSH_AUTH_SOCK",
		"builder":       "name the engine with --engine ADDRESS; layc engine lists what is here",
		"iidfile":       "--json-file FILE has the digests of the images",
		"squash":        "`layers N` in the fleet is how many layers an image may have",
		"check":         "run layc check",
		"j":             "all steps run at once that do not need each other; for a limit, use a BuildKit with `max-parallelism` in its configuration, and --engine",
		"memory":        "a step has the memory and the processors of the engine's machine",
		"add-host":      "a step has the names of the engine's machine",
		"v":             "a `run` takes directories of the project with `with bind DIR to PATH`, and keeps caches with `with cache PATH`",
		"compress":      "-o DIR,compression=zstd chooses how layers are compressed",
		"allow":         "a step has no more rights than a container",
		"build-context": "`copy` takes files below the module, and `copy … from COMPONENT` files of a component, which may be an image",
	},
	"run": {
		"d":          "the container ends with layc run; for one in the background, run layc build --load, and then docker run -d or podman run -d",
		"name":       "the container is called as its app, and nothing of it is left when it ends",
		"entrypoint": "arguments after -- replace the command; layc shell APP -- COMMAND runs a command without the entrypoint",
		"w":          "the container starts in the `workdir` of the app",
		"env-file":   "pass a variable with -e NAME=VALUE, or -e NAME for this process's value",
		"mount":      "-v PATH:PATH mounts a directory or a file of this machine",
		"P":          "the ports that the app exposes are reachable already",
		"pull":       "layc builds the image first; layc update renews pins",
	},
}

// otherNames maps other spellings of these flags.
var otherNames = map[string]string{
	"tag": "t", "file": "f", "nocache": "no-cache", "build-args": "build-arg", "arg": "build-arg", "force-rm": "rm", "no-cache-filter": "no-cache",
	"metadata-file": "iidfile", "call": "check", "jobs": "j", "parallel": "j", "max-parallelism": "j",
	"m": "memory", "cpus": "memory", "cpu-quota": "memory", "cpuset-cpus": "memory", "shm-size": "memory", "ulimit": "memory", "volume": "v", "mount": "v",
	"detach": "d", "hostname": "name", "workdir": "w", "publish-all": "P",
}

// runLimits are flags of docker run about things that layc run leaves to others.
var runLimits = strings.Fields("restart gpus link cap-add cap-drop privileged read-only memory m cpus cpuset-cpus init add-host dns shm-size ulimit tmpfs security-opt device pid ipc userns health-cmd log-driver label l")

// otherFlag returns the error for a flag of docker build or docker run; nil if it is none.
func otherFlag(cmd *cobra.Command, name string) error {
	flags := otherFlags[cmd.Name()]
	help := flags[name]
	if same, ok := otherNames[name]; ok && help == "" {
		help = flags[same]
	}
	if help == "" && cmd.Name() == "run" && slices.Contains(runLimits, name) {
		help = elsewhere
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
