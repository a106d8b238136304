package main

import (
	"bufio"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// TestStart builds on an engine that was started: it builds the same images, a second one is not started, and
// builds outlive it.
func TestStart(t *testing.T) {
	p := newSharing(t)
	out := t.TempDir()
	want := p.build(filepath.Join(out, "own"))

	p.state = filepath.Join(t.TempDir(), "started")
	start := p.command("engine", "start", "--state", p.state)
	stdout, err := start.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := start.Start(); err != nil {
		t.Fatal(err)
	}
	defer start.Process.Kill()
	lines := bufio.NewReader(stdout)
	if line, err := lines.ReadString('\n'); line != "the engine on "+p.state+" runs until Ctrl-C or layc engine stop\n" {
		t.Fatalf("it says %q: %v", line, err)
	}
	for range 2 {
		same(t, "on the engine that was started", p.build(filepath.Join(out, "started")), want)
	}
	p.write("a.layer", strings.Replace(read(t, p.dir, "a.layer"), `text "api"`, `text "changed"`, 1))
	if text := p.must("api", "-o", filepath.Join(out, "api"), "--insecure", "localhost"); !strings.Contains(text, "using the engine of another layc\n--insecure and --registry-ca do not hold") {
		t.Errorf("the build does not use the engine that was started:\n%s", text)
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"runs the engine on " + p.state + " already\n", []string{"start"}},
		{"stopped process ", []string{"stop"}},
		{"no process runs the engine", []string{"stop"}},
	} {
		code, text := p.run(append([]string{"engine", "--state", p.state}, c.args...)...)
		if code != exitOK || !strings.Contains(text, c.want) {
			t.Errorf("engine %s: exit code %d, want %q in %q", c.args, code, c.want, text)
		}
	}
	rest, _ := io.ReadAll(lines)
	if code := exitCode(start.Wait()); code != exitOK || len(rest) > 0 {
		t.Errorf("the engine ended with exit code %d and printed %q", code, rest)
	}
	p.clean("after the stop")
	if text := p.must("api", "-o", filepath.Join(out, "api")); strings.Contains(text, "another layc") {
		t.Errorf("the engine still runs:\n%s", text)
	}
}
