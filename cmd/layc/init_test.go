package main

import (
	"net/http"
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

// changedPage changes a page of a site to another one of the same size. A browser that has the first
// one, and asks whether it is valid, gets the second one. A page that does not change stays valid.
func (s *shop) changedPage() {
	dir := filepath.Join(s.TempDir(), "site")
	s.layc("init", dir, "--template", "static")
	s.write(dir, "site/same.html", "the same")
	s.write(dir, "own/expires.conf", "location /hour/ {\n    expires 1h;\n}\n")
	s.write(dir, "site/hour/page.html", "for an hour")
	site := *s
	site.dir = dir
	site.edit("fleet.layer", `copy "site/" to "/srv/www/"`, "copy \"site/\" to \"/srv/www/\"\n    copy \"own/\" to \"/etc/nginx/server.d/\"")
	s.layc("lock", "-C", dir)
	const address = "http://127.0.0.1:8080/"
	// Each container ends before the next one begins, since both are of one app.
	serve := func(name string, ask func(s *shop, c *container)) {
		s.run(name, func(s *shop) {
			out := filepath.Join(s.TempDir(), "out")
			s.layc("build", "-C", dir, "--state", s.state, "--locked", "-o", out)
			c := newContainer(s.T, out, "web")
			c.start(nil)
			ask(s, c)
		})
	}
	var page, same *http.Response
	serve("before", func(s *shop, c *container) {
		page, same = c.asks(address, nil), c.asks(address+"same.html", nil)
		if got := page.Header["Cache-Control"]; !slices.Equal(got, []string{"no-cache"}) {
			s.Errorf("Cache-Control is %q, want one that has browsers ask", got)
		}
		if got := c.asks(address+"hour/page.html", nil).Header["Cache-Control"]; !slices.Equal(got, []string{"max-age=3600"}) {
			s.Errorf("with expires, Cache-Control is %q", got)
		}
	})
	if page == nil || same == nil {
		return // reported already
	}
	site.edit("site/index.html", "Hello from nginx", "Bye-bye to nginx")
	serve("after", func(s *shop, c *container) {
		for _, test := range []struct {
			url    string
			before *http.Response
			want   int
		}{{address, page, http.StatusOK}, {address + "same.html", same, http.StatusNotModified}} {
			tag, at := test.before.Header.Get("ETag"), test.before.Header.Get("Last-Modified")
			if tag == "" || at == "" {
				s.Fatalf("%s has no ETag or no time: %v", test.url, test.before.Header)
			}
			for _, asks := range []http.Header{{"If-None-Match": {tag}}, {"If-Modified-Since": {at}}} {
				if got := c.asks(test.url, asks); got.StatusCode != test.want {
					s.Errorf("%s with %v: status %d, want %d", test.url, asks, got.StatusCode, test.want)
				}
			}
		}
	})
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
