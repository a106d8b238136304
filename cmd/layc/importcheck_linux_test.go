package main

import (
	"os"
	"strings"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// TestImportCheck imports the Dockerfiles of testdata/dockerfiles, which have all rules of an import, and
// builds each both ways: the root file systems and configurations are equal.
func TestImportCheck(t *testing.T) {
	s := newShop(t)
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../testdata/dockerfiles")); err != nil {
		t.Fatal(err)
	}
	out := s.layc("import", "-C", dir, "--check", "--state", s.state)
	images := strings.Fields("api archive args-1 args-2 base cron links shells site stages taken tool users worker")
	for _, image := range images {
		if !strings.Contains(out, "\n"+image+": equal, ") && !strings.HasPrefix(out, image+": equal, ") {
			t.Errorf("%s is not equal:\n%s", image, out)
		}
	}
	if n := strings.Count(out, ": equal, "); n != len(images) {
		t.Errorf("%d images were compared, want %d", n, len(images))
	}
	if _, err := os.Stat(dir + "/fleet.layer"); err == nil {
		t.Error("the module was written without -o")
	}
}

// TestCompared has images that differ in everything that a proof compares besides files.
func TestCompared(t *testing.T) {
	want := ocispecs.ImageConfig{User: "app", WorkingDir: "/srv/", Entrypoint: []string{"a"}, Cmd: []string{"b"}, StopSignal: "SIGINT", Env: []string{"A=1", "B=2"},
		ExposedPorts: map[string]struct{}{"80/tcp": {}}, Volumes: map[string]struct{}{"/data": {}}, Labels: map[string]string{"x": "y"}}
	same := want
	same.WorkingDir, same.Env = "/srv", []string{"B=2", "A=1"}
	if lines := compareConfigs(want, same); len(lines) > 0 {
		t.Errorf("equal configurations differ: %q", lines)
	}
	if lines := compareConfigs(want, ocispecs.ImageConfig{}); len(lines) != 9 {
		t.Errorf("%d differences, want 9: %q", len(lines), lines)
	}
	if lines := compareConfigs(ocispecs.ImageConfig{User: "a"}, ocispecs.ImageConfig{}); len(lines) != 1 || lines[0] != "the user is empty, want a" {
		t.Errorf("got %q", lines)
	}
	a := accounts{map[string]string{"app": "1500:1500:/home/app:/bin/sh"}, map[string]string{"app": "1500:"}}
	for user, numbers := range map[string]string{"app": "1500:1500", "app:app": "1500:1500", "7": "7", "7:app": "7:1500", "": ""} {
		if got := a.numbers(user); got != numbers {
			t.Errorf("the numbers of %q are %q, want %q", user, got, numbers)
		}
	}
	if lines := compareAccounts(a, accounts{}); len(lines) != 2 || lines[1] != `the group app is "", want "1500:"` {
		t.Errorf("got %q", lines)
	}
}
