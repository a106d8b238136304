package compiler_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkCheck runs `layc check` on a file of more than 2,000 lines, as a whole process.
func BenchmarkCheck(b *testing.B) {
	dir := b.TempDir()
	layc := filepath.Join(dir, "layc")
	if out, err := exec.Command("go", "build", "-o", layc, "../cmd/layc").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	files := fleetFiles(100, 56)
	for name, f := range files {
		path := filepath.Join(dir, "fleet", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	lines := bytes.Count(files["fleet.layer"].Data, []byte("\n"))
	if lines < 2000 {
		b.Fatalf("the file has %d lines", lines)
	}
	for b.Loop() {
		cmd := exec.Command(layc, "check", "-C", filepath.Join(dir, "fleet"))
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	b.ReportMetric(float64(lines), "lines")
}
