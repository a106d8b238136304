package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/picture"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/whatif"
)

// pages serves the pages of plans on the loopback interface. Their addresses cannot be guessed.
type pages struct {
	mutex   sync.Mutex
	address string
	secret  string
	shown   map[string]page // by name
}

// page is a page with its version.
type page struct {
	text    string
	version int
}

// refresh makes a page load again when it has a new version.
const refresh = `<script>
setInterval(async () => {
  try {
    const version = await (await fetch(location.pathname + "?version")).text();
    if (version !== "%d") location.reload();
  } catch {}
}, 1000);
</script>
`

// show makes the page of a plan, and returns its address. It fails when ctx is done.
func (p *pages) show(ctx context.Context, dir string, out *compiler.Output) (string, error) {
	t := out.Targets[0]
	plans, shown := whatif.Limits(t, out.Lock, plan.Options{Done: ctx.Done()})
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	var choices []picture.Choice
	for _, o := range plans {
		choices = append(choices, picture.Choice{Name: o.Name, Plan: o.Plan})
	}
	title := t.Graph.Fleet.Registry
	if title == "" {
		title = filepath.Base(dir)
	}
	text, err := picture.Page(title, choices, shown)
	if err != nil {
		return "", err
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.address == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", fmt.Errorf("cannot serve the page: %w", err)
		}
		p.address, p.secret, p.shown = l.Addr().String(), rand.Text(), map[string]page{}
		go func() { _ = http.Serve(l, p) }() // it ends with the process
	}
	version := p.shown[dir].version + 1
	p.shown[dir] = page{text + fmt.Sprintf(refresh, version), version}
	return "http://" + p.address + "/" + p.secret + dir, nil
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mutex.Lock()
	dir, ok := strings.CutPrefix(r.URL.Path, "/"+p.secret)
	shown, found := p.shown[dir]
	p.mutex.Unlock()
	switch {
	case !ok || !found:
		http.NotFound(w, r)
	case r.URL.RawQuery == "version":
		fmt.Fprint(w, shown.version)
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, shown.text)
	}
}
