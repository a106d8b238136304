package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/layc-lang/layc/lang/term"
)

// TestHelp checks that every command's help fits a terminal and has an example, and that every
// flag with a value names its kind.
func TestHelp(t *testing.T) {
	var out bytes.Buffer
	root := (&cli{out: &out, err: &out}).root()
	for _, cmd := range append(root.Commands(), root) {
		out.Reset()
		cmd.SetOut(&out)
		if err := cmd.Help(); err != nil {
			t.Fatalf("%s: %v", cmd.Name(), err)
		}
		for _, line := range strings.Split(out.String(), "\n") {
			if term.Columns(line) > term.Width {
				t.Errorf("%s: wider than %d columns: %s", cmd.CommandPath(), term.Width, line)
			}
		}
		if cmd.Example == "" || cmd.Long == "" && cmd.Name() != "version" && cmd.Name() != "explain" {
			t.Errorf("%s: no example, or no description", cmd.CommandPath())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			name, _ := pflag.UnquoteUsage(f)
			if name != "" && name != strings.ToUpper(name) && name != "FILE.svg" {
				t.Errorf("%s --%s: its value is called %s, want a word in capitals", cmd.CommandPath(), f.Name, name)
			}
		})
	}
}

// TestGroups checks that all commands in groups exist.
func TestGroups(t *testing.T) {
	root := (&cli{}).root()
	known := map[string]*cobra.Command{}
	for _, cmd := range root.Commands() {
		known[cmd.Name()] = cmd
	}
	for _, g := range groups {
		for _, name := range g.commands {
			if known[name] == nil {
				t.Errorf("%s: unknown command %s", g.title, name)
			}
		}
	}
}
