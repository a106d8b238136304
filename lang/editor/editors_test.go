package editor_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// module has a mistake, which the editors find and correct.
const module = `fleet {
    base debian
}

component debian {
    rootfs "https://example.com/rootfs.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}

# A gizmo of the shop.
component gizmo {
    owns "/opt/gizmo"
    copy "gizmo" to "/opt/gizmo/"
}

app shop {
  uses gizmo, gizo
}
`

// built is layc without an engine: its build fails, since component gizmo writes a path that it does
// not own.
const built = `#!/bin/sh
if [ "$1" != build ]; then exec "$0-real" "$@"; fi
sum=$(sha256sum < shop.layer | cut -d ' ' -f 1)
cat > "$3" <<END
{"images": [], "stepsExecuted": [], "findings": [
  {"file": "shop.layer", "line": 10, "column": 11, "endLine": 10, "endColumn": 15,
   "code": "E0519", "severity": "error", "message": "gizmo changes paths that it does not own",
   "edits": [{"file": "shop.layer", "line": 11, "column": 22, "endLine": 11, "endColumn": 22, "new": ", \"/etc/gizmo\""}]}
], "verified": [{"holds": false}], "files": {"shop.layer": "sha256:$sum"}}
END
exit 3
`

// layc builds the command, and returns the path of one whose builds fail.
func layc(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "layc")
	cmd := exec.Command("go", "build", "-o", path+"-real", root+"/cmd/layc")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(path, []byte(built), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEditors runs a script in each editor on the module with the mistake. An editor fails if a check
// of its script does; the last check must be there.
func TestEditors(all *testing.T) {
	editors := []struct {
		name, last string
		command    []string
	}{
		{"Neovim", "checksum", []string{"nvim", "--headless", "-u", "NONE", "-i", "NONE", "--cmd", "set rtp^=vim",
			"--cmd", "let g:layc = $LAYC", "--cmd", "filetype plugin on", "-c", "luafile test/neovim.lua"}},
		{"ALE", "corrected", []string{"vim", "-Nu", "NONE", "-i", "NONE", "-es", "-S", "test/ale.vim"}},
		{"eglot", "formatting", []string{"emacs", "--batch", "--eval", "(package-initialize)", "-l", "test/eglot.el"}},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "gizmo") }))
	defer server.Close()
	path := ""
	for _, e := range editors {
		all.Run(e.name, func(t *testing.T) {
			need(t, "", e.command[0])
			if path == "" {
				path = layc(all)
			}
			dir := t.TempDir()
			file, result := filepath.Join(dir, "shop.layer"), filepath.Join(dir, "result")
			for name, text := range map[string]string{file: module, filepath.Join(dir, "gizmo"): "a gizmo\n"} {
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(e.command[0], e.command[1:]...)
			cmd.Env = append(os.Environ(), "LAYC="+path, "FILE="+file, "RESULT="+result, "HOME="+dir, "URL="+server.URL)
			out, err := cmd.CombinedOutput()
			text, _ := os.ReadFile(result)
			if seen := string(out) + string(text); err != nil || strings.Contains(seen, "WRONG") || !strings.Contains(seen, e.last+": ok") {
				t.Errorf("%v\n%s", err, seen)
			}
		})
	}
}
