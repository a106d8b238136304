//go:build linux

package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/exact"
)

const rebalanced = `component system {
    layout "system"
}

fleet {
    base   system
    layers 3
}

component slow {
    changes never
    size    200MB
    run     "mkdir /srv; write /srv/slow 1"
}

component fast {
    needs   slow
    changes daily
    size    2MB
    run     "write /srv/fast 2"
}

component other {
    changes monthly
    size    90MB
    run     "mkdir /srv; write /srv/other 3"
}

component built {
    needs fast
    owns  "/opt/built"
    size  50MB
    run   "mkdir /opt/built; write /opt/built/x 4"
}

app a {
    uses built, other
}

app b {
    uses other, slow
}
`

// TestRebalance checks that a new plan packs what was executed, and executes no run again.
func TestRebalance(t *testing.T) {
	p := newVictim(t, rebalanced, "x")
	build := func() (runs []string, layers map[string]int, files string) {
		t.Helper()
		out, root := filepath.Join(t.TempDir(), "out"), t.TempDir()
		text, err := p.command("build", "--state", p.state, "-o", out, "--json").Output()
		if err != nil {
			t.Fatalf("layc build: %v\n%s", err, text)
		}
		var r jsonResult
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		for _, s := range r.StepsExecuted {
			if strings.Contains(s, "write ") {
				runs = append(runs, s)
			}
		}
		layers = map[string]int{}
		for _, i := range r.Images {
			layers[i.Name] = len(i.Layers)
		}
		if err := exact.Unpack(out, "a", root); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"srv/slow", "srv/fast", "srv/other", "opt/built/x"} {
			files += read(t, root, name)
		}
		return runs, layers, files
	}
	first, few, files := build()
	if len(first) != 4 || few["a"] != 3 || files != "1234" {
		t.Fatalf("the first build executes %q, and a has %d layers with %s", first, few["a"], files)
	}
	p.write("a.layer", strings.Replace(rebalanced, "layers 3", "layers 10", 1))
	kept := read(t, p.dir, "layc.lock")
	if code, text := p.run("lock"); code != exitOK || read(t, p.dir, "layc.lock") != kept {
		t.Fatalf("layc lock: exit code %d, and the plan changes\n%s", code, text)
	}
	if code, text := p.run("lock", "--rebalance"); code != exitOK || read(t, p.dir, "layc.lock") == kept {
		t.Fatalf("layc lock --rebalance: exit code %d, and the plan is as before\n%s", code, text)
	}
	again, more, files := build()
	if len(again) > 0 {
		t.Errorf("after --rebalance the build executes %q", again)
	}
	if more["a"] <= few["a"] || files != "1234" {
		t.Errorf("after --rebalance a has %d layers with %s, before it %d", more["a"], files, few["a"])
	}
}
