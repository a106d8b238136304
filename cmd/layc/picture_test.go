package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// examples are the fleets that everything is shown on, with an app of each.
var examples = map[string]string{"../../testdata/shop": "app1", "../../testdata/fleet": "service/accounts"}

// output runs a command line and returns what it prints.
func output(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	c := &cli{out: &out, err: &errs, open: openFake}
	if code := c.run(context.Background(), args); code != exitOK {
		t.Fatalf("layc %s: exit code %d\n%s", strings.Join(args, " "), code, errs.String())
	}
	return out.String()
}

// isXML fails if a text is not well-formed.
func isXML(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestGraphOfExamples(t *testing.T) {
	for dir, app := range examples {
		for format, start := range map[string]string{"dot": "digraph ", "mermaid": "flowchart ", "svg": "<svg "} {
			text := output(t, "graph", "-C", dir, "--format", format)
			if !strings.HasPrefix(text, start) || !strings.Contains(text, app) {
				t.Errorf("%s of %s has no %q, or not %s", format, dir, start, app)
			}
			if format == "svg" {
				isXML(t, text)
			}
		}
	}
}

func TestPageOfShop(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.html")
	output(t, "plan", "-C", "../../testdata/shop", "--html", file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"name":"app1"`, `"name":"12"`, `"title":"jdk(\"17\")"`} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("the page has no %s", want)
		}
	}
}

// On the examples no alternative makes hosts pull less than the plan.
func TestSimulationOfExamples(t *testing.T) {
	for dir := range examples {
		var got jsonSimulation
		if err := json.Unmarshal([]byte(output(t, "simulate", "-C", dir, "--json")), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Outcomes) != 5 || got.Outcomes[0].Name != "plan" {
			t.Fatalf("%s: %d outcomes", dir, len(got.Outcomes))
		}
		for _, o := range got.Outcomes[1:] {
			if o.PulledBytes < got.Outcomes[0].PulledBytes {
				t.Errorf("%s: %s pulls %d bytes, the plan %d", dir, o.Name, o.PulledBytes, got.Outcomes[0].PulledBytes)
			}
		}
	}
}
