package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"
)

// pipeline is what the examples of docs/ci have in common with what GitHub and GitLab run.
type pipeline struct {
	Env       map[string]string // GitHub's
	Variables map[string]string // GitLab's
	Jobs      map[string]job    // GitHub's
}

type job struct {
	Steps  []step   // GitHub's
	Script []string // GitLab's
}

type step struct {
	Name string
	Uses string
	Run  string
	Env  map[string]string
}

// runJob runs the scripts of a job of an example of docs/ci, as GitHub and GitLab do. Variables of
// the script's environment have precedence; values that the service fills in must be there. With !,
// the job must fail.
func runJob(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] job FILE JOB")
	}
	text, err := os.ReadFile(filepath.Join(ts.Getenv("DOCS"), "ci", args[0]))
	ts.Check(err)
	var all pipeline
	ts.Check(yaml.Unmarshal(text, &all))
	chosen, ok := all.Jobs[args[1]]
	if !ok {
		var jobs map[string]yaml.Node
		ts.Check(yaml.Unmarshal(text, &jobs))
		node, found := jobs[args[1]]
		if !found {
			ts.Fatalf("%s has no job %s", args[0], args[1])
		}
		ts.Check(node.Decode(&chosen))
	}
	steps := chosen.Steps
	if len(chosen.Script) > 0 {
		steps = append(steps, step{Run: strings.Join(chosen.Script, "\n")})
	}
	ran := 0
	for _, s := range steps {
		if s.Uses != "" {
			continue
		}
		var set []string
		for _, env := range []map[string]string{all.Env, all.Variables, s.Env} {
			for _, name := range slices.Sorted(maps.Keys(env)) {
				if ts.Getenv(name) != "" {
					continue
				}
				if strings.Contains(env[name], "${{") {
					ts.Fatalf("%s is set by the service: set it in the script", name)
				}
				set = append(set, fmt.Sprintf("%s=%s", name, env[name]))
			}
		}
		ran++
		err := ts.Exec("env", append(set, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)...)
		switch {
		case err != nil && neg:
			return
		case err != nil:
			ts.Fatalf("%s %s %s: %v", args[0], args[1], s.Name, err)
		}
	}
	if neg {
		ts.Fatalf("the job %s of %s succeeds", args[1], args[0])
	}
	if ran == 0 {
		ts.Fatalf("the job %s of %s has no scripts", args[1], args[0])
	}
}
