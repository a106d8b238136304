package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// exitCodes are all exit codes.
var exitCodes = []int{exitOK, exitInput, exitUsage, exitBuild, exitUnavailable, exitNothing, exitInterrupted}

// TestExitCodes checks that README.md and the help list the exit codes, and that the script
// exit_codes has each command with those that it must have.
func TestExitCodes(t *testing.T) {
	root := (&cli{}).root()
	for where, list := range map[string][][]string{
		"README.md":   regexp.MustCompile(`(?m)^\| (\d+) \| `).FindAllStringSubmatch(read(t, "../../README.md"), -1),
		"layc --help": regexp.MustCompile(`(?m)^  (\d+)  `).FindAllStringSubmatch(root.Long, -1),
	} {
		var got []int
		for _, m := range list {
			n, _ := strconv.Atoi(m[1]) // digits
			got = append(got, n)
		}
		if !slices.Equal(got, exitCodes) {
			t.Errorf("%s lists the exit codes %v, want %v", where, got, exitCodes)
		}
	}

	tried := map[string]map[int]bool{}
	seen := map[int]bool{exitInterrupted: true} // TestInterruptedCode
	line := regexp.MustCompile(`(?m)^(?:code (\d+) )?layc (\S+)`)
	for _, m := range line.FindAllStringSubmatch(read(t, "../../testdata/script/exit_codes.txtar"), -1) {
		n, _ := strconv.Atoi(m[1]) // "": success
		if tried[m[2]] == nil {
			tried[m[2]] = map[int]bool{}
		}
		tried[m[2]][n], seen[n] = true, true
	}
	for _, cmd := range root.Commands() {
		must := []int{exitOK, exitUsage}
		if readsModule(cmd.Name()) && cmd.Name() != "watch" { // it shows errors, and waits
			must = append(must, exitInput)
		}
		for _, n := range must {
			if cmd.Name() != "help" && !tried[cmd.Name()][n] {
				t.Errorf("testdata/script/exit_codes.txtar does not try layc %s with the exit code %d", cmd.Name(), n)
			}
		}
	}
	for _, n := range exitCodes {
		if !seen[n] {
			t.Errorf("testdata/script/exit_codes.txtar does not try the exit code %d", n)
		}
	}
}

// TestInterruptedCode checks the exit code of a build that is interrupted.
func TestInterruptedCode(t *testing.T) {
	dir := t.TempDir()
	program := "fleet {\n    base scratch\n}\n\napp app {\n    file \"/x\" text \"x\"\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "a.layer"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var out, stderr bytes.Buffer
	c := &cli{out: &out, err: &stderr, ready: readyFake, open: func(ctx context.Context, _ engine.Options) (builder, error) {
		stop()
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	if code := c.run(ctx, []string{"build", "-C", dir, "--state", t.TempDir()}); code != exitInterrupted || !strings.Contains(stderr.String(), "layc: interrupted") {
		t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, &stderr)
	}
}
