//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSchemas has the libraries of SPDX, CycloneDX and in-toto check the bills of all examples, and the
// statements about images that are built. `make schemas` installs the libraries.
func TestSchemas(t *testing.T) {
	python := os.Getenv("LAYC_SCHEMAS_PYTHON")
	if python == "" {
		t.Skip("run make schemas")
	}
	p := newSharing(t)
	out := t.TempDir()
	locks, err := filepath.Glob("../../testdata/*/layc.lock")
	if err != nil {
		t.Fatal(err)
	}
	for _, lock := range locks {
		example := filepath.Dir(lock)
		if name := filepath.Base(example); name != "compile" { // the pins of many cases
			for _, format := range []string{"spdx", "cyclonedx"} {
				text, err := exec.Command(p.bin, "sbom", "-C", example, "--format", format, "-o", filepath.Join(out, name)).CombinedOutput()
				if err != nil {
					t.Fatalf("%s: %v\n%s", example, err, text)
				}
			}
		}
	}
	p.must("-o", filepath.Join(out, "full"), "--sbom", "--provenance")
	p.must("-o", filepath.Join(out, "min"), "--sbom", "--provenance=mode=min", "--label", "team=ops")

	count := map[string]int{}
	var files []string
	err = filepath.WalkDir(out, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if filepath.Base(filepath.Dir(name)) == "sha256" {
			text, err := os.ReadFile(name)
			if err != nil || !bytes.Contains(text, []byte(`"https://in-toto.io/Statement`)) {
				return err
			}
			name += ".intoto.json"
			if err := os.WriteFile(name, text, 0o644); err != nil {
				return err
			}
		}
		for _, kind := range []string{".spdx.json", ".cdx.json", ".intoto.json"} {
			if strings.HasSuffix(name, kind) && !slices.Contains(files, name) {
				count[kind]++
				files = append(files, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count[".spdx.json"] < 20 || count[".cdx.json"] != count[".spdx.json"] || count[".intoto.json"] < 6 {
		t.Errorf("the documents are too few: %v", count)
	}
	text, err := exec.Command(python, append([]string{"testdata/schemas/check.py"}, files...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	t.Logf("%v: %s", count, text)
}
