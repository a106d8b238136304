package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestWatchIgnores checks which changes count in a project with an ignore file.
func TestWatchIgnores(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		".layerignore": "node_modules\n*.log\nparts\nfleet.layer\n", "fleet.layer": "", "app/main.js": "", "app/node_modules/a/index.js": "", "parts/a.layer": "",
	} {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	w := &watching{cli: &cli{dir: dir}, ignored: ignoredIn(dir)}
	for name, want := range map[string]bool{
		"fleet.layer": true, ".layerignore": true, "app/main.js": true, "parts/a.layer": true,
		"node_modules/a.js": false, "build.log": false, "parts/a.txt": false, "layc.lock": false,
		"fleet.layer~": false, ".#fleet.layer": false, "#fleet.layer#": false, ".fleet.layer.swp": false, ".fleet.layer.swx": false, "4913": false, "app/4913": false,
		"main.js___jb_tmp___": false, ".goutputstream-ABC": false, "sedVEDj3k": false, "sediment": true, "49130": true, ".swap": true, "a#b": true,
	} {
		if got := w.counts(filepath.Join(dir, name), nil); got != want {
			t.Errorf("a change of %s counts: %v, want %v", name, got, want)
		}
	}
	for name, want := range map[string]bool{"node_modules": true, "app": false, "parts": false} { // parts has a module
		if got := w.barren(filepath.Join(dir, name)); got != want {
			t.Errorf("nothing in %s counts: %v, want %v", name, got, want)
		}
	}
}
