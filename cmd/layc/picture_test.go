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

// examples returns the fleets that all pictures are tested with, and an app of each. The short
// form, which the race detector watches, has one fleet: the other takes long searches, and no
// more goroutines.
func examples() map[string]string {
	all := map[string]string{"../../testdata/shop": "app1"}
	if !testing.Short() {
		all["../../testdata/fleet"] = "service/accounts"
	}
	return all
}

// output runs a command line and returns its output.
func output(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	c := &cli{out: &out, err: &errs, ready: readyFake, open: openFake}
	if code := c.run(context.Background(), args); code != exitOK {
		t.Fatalf("layc %s: exit code %d\n%s", strings.Join(args, " "), code, errs.String())
	}
	return out.String()
}

// isXML fails if text is not well-formed.
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
	for dir, app := range examples() {
		for format, start := range map[string]string{"dot": "digraph ", "mermaid": "flowchart ", "svg": "<svg "} {
			text := output(t, "graph", "-C", dir, "--format", format)
			if !strings.HasPrefix(text, start) || !strings.Contains(text, app) {
				t.Errorf("%s of %s lacks %q or %s", format, dir, start, app)
			}
			if format == "svg" {
				isXML(t, text)
			}
		}
	}
}

func TestGraphJSON(t *testing.T) {
	for dir := range examples() {
		var got jsonGraph
		if err := json.Unmarshal([]byte(output(t, "graph", "-C", dir, "--json")), &got); err != nil {
			t.Fatal(err)
		}
		// Each image is a path with one edge fewer than layers.
		want, edges := 0, 0
		for _, i := range got.Images {
			want += len(i.Layers) - 1
		}
		for _, e := range got.Edges {
			edges += e.Images
		}
		if edges != want || want == 0 {
			t.Errorf("%s: the edges have %d images in total, want %d", dir, edges, want)
		}
	}
}

func TestPageOfExamples(t *testing.T) {
	for dir, app := range examples() {
		file := filepath.Join(t.TempDir(), "page.html")
		// The plans for other limits need not be good here.
		output(t, "plan", "-C", dir, "--plan-time", "10ms", "--html", file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"name":"` + app + `"`, `"name":"12"`, `"title":"jdk(\"17\")"`} {
			if !bytes.Contains(text, []byte(want)) {
				t.Errorf("the page of %s has no %s", dir, want)
			}
		}
	}
}

// TestSimulationOfExamples checks that on the examples hosts pull least with layc's plan.
func TestSimulationOfExamples(t *testing.T) {
	for dir := range examples() {
		var got jsonSimulation
		if err := json.Unmarshal([]byte(output(t, "simulate", "-C", dir, "--json")), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Outcomes) != 7 || got.Outcomes[0].Name != "plan" {
			t.Fatalf("%s: %d outcomes", dir, len(got.Outcomes))
		}
		for _, o := range got.Outcomes[1:] {
			if o.PulledBytes < got.Outcomes[0].PulledBytes {
				t.Errorf("%s: %s pulls %d bytes, the plan %d", dir, o.Name, o.PulledBytes, got.Outcomes[0].PulledBytes)
			}
		}
	}
}
