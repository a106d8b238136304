package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/stdlib"
)

const greeting = "<!DOCTYPE html>\n<title>Hello</title>\n<h1>Hello from nginx</h1>"

// begun are the apps of the projects that init begins with, by template.
var begun = map[string][]boot{
	"node":   {{app: "web", url: ":8080/?name=%3Cyou%3E", page: "Hello from &lt;you&gt;"}},
	"python": {{app: "web", url: ":8080/?name=%3Cyou%3E", page: "Hello from &lt;you&gt;"}},
	"go":     {{app: "web", url: ":8080/", page: "Hello from Go"}},
	"java":   {{app: "web", url: ":8080/", page: "Hello from Java"}},
	"static": {{app: "web", url: ":8080/", page: greeting}},
	"fleet": {
		{app: "web", url: ":8080/", page: greeting},
		{app: "orders", url: ":8001/", page: "a lamp, a chair"},
		{app: "stock", url: ":8002/", page: "3 lamps, 0 chairs"},
	},
}

// templates begins a project with each of some templates, pins, builds and verifies it as its help
// says, and boots its apps.
func (s *shop) templates(names ...string) {
	for _, name := range names {
		s.run(name, func(s *shop) {
			dir := filepath.Join(s.TempDir(), "project")
			out := filepath.Join(s.TempDir(), "out")
			s.layc("init", dir, "--template", name)
			s.layc("lock", "-C", dir)
			s.layc("build", "-C", dir, "--state", s.state, "--locked", "--verify", "-o", out)
			for _, b := range begun[name] {
				s.run(b.app, func(s *shop) { b.boots(s.T, out) })
			}
		})
	}
}

// TestStdlibTemplates builds the projects of all templates, and boots their apps.
func TestStdlibTemplates(t *testing.T) {
	if os.Getenv("LAYC_REQUIRE_STDLIB") == "" {
		t.Skip("downloads and builds for minutes: run make test-stdlib")
	}
	newShop(t).templates(templateNames...)
}

// TestTemplates checks each project that init may write, which engine tests build.
func TestTemplates(t *testing.T) {
	files, err := templates.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".txtar")
		project, err := template(name)
		if err != nil {
			t.Fatal(err)
		}
		if name != "starter" {
			if !slices.Contains(templateNames, name) || begun[name] == nil {
				t.Errorf("--template=%s is not known, or nothing boots its apps", name)
			}
			if len(project.Comment) == 0 {
				t.Errorf("%s has no comment for the help", f.Name())
			}
		}
		for _, p := range project.Files {
			if !strings.HasSuffix(p.Name, ".layer") {
				continue
			}
			if text, list := format.Source(source.New(p.Name, string(p.Data))); len(list) > 0 || text != string(p.Data) {
				t.Errorf("%s: %s is not in canonical form %v:\n%s", f.Name(), p.Name, list, text)
			}
		}
		at, err := txtar.FS(project)
		if err != nil {
			t.Fatal(err)
		}
		program, list := load.Load(load.Input{Project: at, Dir: ".", Std: stdlib.FS})
		if _, more := check.Check(program); len(list)+len(more) > 0 {
			t.Errorf("%s: %v", f.Name(), append(list, more...))
		}
	}
	for _, name := range templateNames {
		if _, err := template(name); err != nil {
			t.Errorf("--template=%s: %v", name, err)
		}
	}
}
