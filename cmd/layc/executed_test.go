package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const executedProgram = `
component beside {
    run "echo beside > /etc/beside"
}

component low {
    run "echo low > /etc/low"
}

component high {
    needs low
    run   "cat /etc/low > /etc/high"
}

component tool {
    builds with low
    owns        "/opt/tool"
    run         "mkdir -p /opt/tool && cat /etc/low > /opt/tool/x"
}

app one {
    uses low, high, beside, tool
}

app two {
    uses low, beside
}
`

// executesAsImpactTells changes a component and builds: the runs that the engine executes are those
// of layers that layc impact calls rebuilt or maybe equal, and none of layers that are packed
// again or kept.
func (s *shop) executesAsImpactTells() {
	s.Helper()
	first := s.module(executedProgram)
	if text, err := first.CombinedOutput(); err != nil {
		s.Fatalf("%v\n%s", err, text)
	}
	dir := first.Args[3]
	for _, want := range [][]string{{"beside"}, {"low", "high", "tool"}} {
		name := want[0]
		text, err := os.ReadFile(filepath.Join(dir, "extra.layer"))
		if err != nil {
			s.Fatal(err)
		}
		changed := strings.Replace(string(text), "echo "+name, "echo new "+name, 1)
		var answer jsonImpact
		out, err := exec.Command(s.bin, "impact", "-C", dir, "--json", name).Output()
		if err != nil {
			s.Fatal(err)
		}
		if err := json.Unmarshal(out, &answer); err != nil {
			s.Fatal(err)
		}
		var told []string
		for _, l := range answer.Layers {
			if l.Fate == "rebuilt" || l.Fate == "may be equal" {
				told = append(told, l.Components...)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "extra.layer"), []byte(changed), 0o644); err != nil {
			s.Fatal(err)
		}
		again := exec.Command(first.Args[0], first.Args[1:]...)
		log, err := again.CombinedOutput()
		if err != nil {
			s.Fatalf("%v\n%s", err, log)
		}
		executed := executedRuns(string(log))
		slices.Sort(told)
		slices.Sort(want)
		if !slices.Equal(executed, want) || !slices.Equal(told, want) {
			s.Errorf("%s changes: the engine executes runs of %q, layc impact tells %q, want %q\n%s", name, executed, told, want, log)
		}
	}
}

// executedRuns returns the components whose runs a build has executed, as its plain progress shows
// them.
func executedRuns(log string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^(\w+): (echo|cat|mkdir) `).FindAllStringSubmatch(log, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}
