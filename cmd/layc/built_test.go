package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// TestBuiltEdit applies the edit of a build that fails, since a run writes more than its component
// owns. Then the build succeeds, and the image has the files.
func TestBuiltEdit(t *testing.T) {
	requireEngine(t)
	p := &victim{T: t, dir: t.TempDir(), state: filepath.Join(t.TempDir(), "state"), temp: t.TempDir()}
	var err error
	if p.bin, err = filepath.Abs("../../bin/layc"); err != nil {
		t.Fatal(err)
	}
	compile := exec.Command("go", "build", "-o", filepath.Join(p.dir, "sh"), "../../llb/testdata/sh")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	program := `component sh {
    copy "sh" to "/bin/"
}

# Each version writes into its own directory.
component tool(version: string) {
    builds with sh
    owns        "/opt/tool"

    run """
        write /opt/tool/x 1
        write /srv/tool-2.1/a 1
        write /etc/ü 1
        write /"q\${x} 1
    """
}

app a {
    base scratch
    uses tool("2.1")
}
`
	p.write("a.layer", program)
	out := filepath.Join(t.TempDir(), "out")
	cmd := p.command("build", "--state", p.state, "-o", out, "--json")
	text, err := cmd.Output()
	if code := exitCode(err); code != exitInput {
		t.Fatalf("exit code %d: %v\n%s", code, err, text)
	}
	var result struct {
		Findings []json.RawMessage
		Files    map[string]string
	}
	if err := json.Unmarshal(text, &result); err != nil || len(result.Findings) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	file := source.New("a.layer", program)
	d, err := diag.Read(result.Findings[0], func(name string) *source.File {
		if name != file.Name() || result.Files[name] != file.Digest() {
			t.Errorf("the error names %s with the digest %s", name, result.Files[name])
		}
		return file
	})
	if err != nil || d.Code != diag.ChangesNotKept {
		t.Fatalf("%v: %s", err, text)
	}
	edited := diag.Apply(file, d.Edits)
	want := strings.Replace(program, `"/opt/tool"`, `"/opt/tool", "/\"q\\$${x}", "/etc", "/srv"`, 1)
	if edited != want {
		t.Errorf("the edited program is\n%s\nwant\n%s", edited, want)
	}
	p.write("a.layer", edited)
	if code, text := p.run("build", "--state", p.state, "-o", out); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, text)
	}
	root := t.TempDir()
	unpack(t, out, "a", root)
	for _, name := range []string{"/opt/tool/x", "/srv/tool-2.1/a", "/etc/ü", `/"q\${x}`} {
		if _, err := os.Stat(root + name); err != nil {
			t.Error(err)
		}
	}
}
