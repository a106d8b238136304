package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
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
	// ADD unpacks it, although its name does not say that it is an archive, and keeps the owner.
	var data bytes.Buffer
	z := gzip.NewWriter(&data)
	w := tar.NewWriter(z)
	err := w.WriteHeader(&tar.Header{Name: "deep/file", Mode: 0o644, Size: 5, Uid: 7, Gid: 8, ModTime: time.Unix(0, 0)})
	if _, failed := w.Write([]byte("deep\n")); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "archive", "data.bin"), data.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	// As after a checkout, files of equal names and sizes have equal times, although they differ.
	for _, name := range []string{"args/1/Dockerfile", "args/2/Dockerfile", "args/1/release.txt", "args/2/release.txt"} {
		if err := os.Chtimes(filepath.Join(dir, name), time.Time{}, time.Unix(1.7e9, 0)); err != nil {
			t.Fatal(err)
		}
	}
	out := s.layc("import", "-C", dir, "--check", "--state", s.state)
	images := strings.Fields("api archive args-1 args-2 base cron links next pair-1 pair-2 shells site stages taken tool users worker")
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
	config := func(c ocispecs.ImageConfig) dockerspec.DockerOCIImageConfig {
		return dockerspec.DockerOCIImageConfig{ImageConfig: c}
	}
	want := config(ocispecs.ImageConfig{User: "app", WorkingDir: "/srv/", Entrypoint: []string{"a"}, Cmd: []string{"b"}, StopSignal: "SIGINT", Env: []string{"A=1", "B=2"},
		ExposedPorts: map[string]struct{}{"80/tcp": {}}, Volumes: map[string]struct{}{"/data": {}}, Labels: map[string]string{"x": "y"}})
	want.Shell, want.OnBuild, want.Healthcheck = []string{"/bin/bash", "-c"}, []string{"RUN true"}, &dockerspec.HealthcheckConfig{Test: []string{"CMD-SHELL", "true"}, StartInterval: time.Second}
	same := want
	same.WorkingDir, same.Env = "/srv", []string{"B=2", "A=1"}
	same.Healthcheck = &dockerspec.HealthcheckConfig{Test: []string{"CMD", "/bin/bash", "-c", "true"}, StartInterval: time.Second}
	if lines := compareConfigs(want, same); len(lines) > 0 {
		t.Errorf("equal configurations differ: %q", lines)
	}
	if lines := compareConfigs(want, config(ocispecs.ImageConfig{})); len(lines) != 12 {
		t.Errorf("%d differences, want 12: %q", len(lines), lines)
	}
	if lines := compareConfigs(config(ocispecs.ImageConfig{User: "a"}), config(ocispecs.ImageConfig{})); len(lines) != 1 || lines[0] != "the user is empty, want a" {
		t.Errorf("got %q", lines)
	}
	for _, other := range []func(*dockerspec.DockerOCIImageConfig){
		func(c *dockerspec.DockerOCIImageConfig) { c.Cmd = []string{"b c"} },
		func(c *dockerspec.DockerOCIImageConfig) {
			c.Healthcheck = &dockerspec.HealthcheckConfig{Test: []string{"CMD-SHELL", "true"}}
		},
		func(c *dockerspec.DockerOCIImageConfig) { c.Labels = map[string]string{"x": "z"} },
	} {
		with := want
		with.Cmd = []string{"b", "c"}
		from := with
		other(&with)
		if lines := compareConfigs(from, with); len(lines) != 1 {
			t.Errorf("%d differences, want 1: %q", len(lines), lines)
		}
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
