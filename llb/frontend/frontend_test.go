//go:build linux

package frontend_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/pin"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/frontend"
	"github.com/layc-lang/layc/llb/helper"
	"github.com/layc-lang/layc/llb/images"
	"github.com/layc-lang/layc/llb/world/git"
)

// daemon is a BuildKit of its own, and the frontend's image in an OCI layout.
type daemon struct {
	*testing.T
	address string
	image   string // the layout
	digest  string
}

// start starts a BuildKit with default settings, and builds the frontend's image on it.
func start(t *testing.T) *daemon {
	t.Helper()
	if os.Getenv("LAYC_REQUIRE_ENGINE") != "1" {
		t.Skip("needs root and runc; set LAYC_REQUIRE_ENGINE=1 to run it")
	}
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "bk") // the path of a socket is limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &daemon{T: t, address: "unix://" + filepath.Join(dir, "s"), image: filepath.Join(dir, "image")}
	cmd := exec.Command(filepath.Join(bin, "buildkitd"), "--root", filepath.Join(dir, "state"), "--addr", d.address,
		"--oci-worker=true", "--oci-worker-binary", filepath.Join(bin, "layc-runc"), "--otel-socket-path", filepath.Join(dir, "otel"))
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: run make bin/buildkitd first", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	program := t.TempDir()
	compile := exec.Command("go", "build", "-o", filepath.Join(program, "layc-frontend"), "../../cmd/layc-frontend")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath")
	if text, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	tool, err := helper.Binary("amd64")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../cmd/layc-frontend/image.layer")
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string][]byte{"image.layer": text, filepath.Base(frontend.HelperFile("amd64")): tool} {
		if err := os.WriteFile(filepath.Join(program, file), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		e, err := engine.Open(t.Context(), engine.Options{Address: d.address})
		if err == nil {
			e.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatalf("buildkitd does not start: %v\n%s", err, &output)
		}
	}
	d.direct(program, d.image)
	return d
}

// direct builds a project as layc build does, and returns the digests of the configurations, and
// annotations. Configurations have the digests of the layers, but not how they are compressed.
func (d *daemon) direct(project, out string) map[string]string {
	d.Helper()
	in := compiler.Input{Project: os.DirFS(project), Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}}
	if text, err := os.ReadFile(filepath.Join(project, lock.Name)); err == nil {
		pins, err := lock.Parse(lock.Name, text)
		if err != nil {
			d.Fatal(err)
		}
		store := git.Store{Vendor: filepath.Join(project, "vendor"), Cache: d.TempDir(), Announce: func(string) {}}
		if in.Modules, err = pin.Fetch(d.Context(), in, pins, store, false); err != nil {
			d.Fatal(err)
		}
	}
	compiled, found := compiler.Compile(in, compiler.Planned)
	if found.HasErrors() {
		d.Fatal(found[0].Message)
	}
	e, err := engine.Open(d.Context(), engine.Options{Address: d.address})
	if err != nil {
		d.Fatal(err)
	}
	defer e.Close()
	var plans []*plan.Plan
	for _, t := range compiled.Targets {
		plans = append(plans, t.Plan)
	}
	result, err := images.Build(d.Context(), e, images.Input{Plans: plans, Files: compiled.Files, Dir: project, Output: engine.Output{Dir: out}})
	if err != nil {
		d.Fatal(err)
	}
	digests := map[string]string{}
	for _, i := range result.Images {
		text, err := os.ReadFile(filepath.Join(out, "blobs", "sha256", i.Manifest.Encoded()))
		if err != nil {
			d.Fatal(err)
		}
		digests[i.Name] = d.configuration(text)
		if i.Name == "layc-frontend" {
			d.digest = i.Manifest.String()
		}
	}
	return digests
}

// frontend builds a project with the frontend, and returns the digests of the configurations,
// and warnings. Options are those of buildctl, and "frontend".
func (d *daemon) frontend(project string, attrs map[string]string) ([]string, string, error) {
	d.Helper()
	c, err := client.New(d.Context(), d.address)
	if err != nil {
		d.Fatal(err)
	}
	defer c.Close()
	files, err := fsutil.NewFS(project)
	if err != nil {
		d.Fatal(err)
	}
	store, err := local.NewStore(d.image)
	if err != nil {
		d.Fatal(err)
	}
	var written bytes.Buffer
	all := map[string]string{"source": "layc-frontend", "context:layc-frontend": "oci-layout://frontend@" + d.digest}
	for key, value := range attrs {
		if all[key] = value; key == "source" {
			delete(all, "context:layc-frontend")
		}
	}
	frontend := "gateway.v0"
	if attrs["frontend"] != "" {
		frontend = attrs["frontend"]
		delete(all, "source")
	}
	warnings := ""
	status := make(chan *client.SolveStatus)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := range status {
			for _, w := range s.Warnings {
				warnings += string(w.Short) + "\n" + string(bytes.Join(w.Detail, []byte("\n")))
			}
		}
	}()
	_, err = c.Solve(d.Context(), nil, client.SolveOpt{
		Frontend: frontend, FrontendAttrs: all,
		LocalMounts: map[string]fsutil.FS{"context": files, "dockerfile": files}, OCIStores: map[string]content.Store{"frontend": store},
		Exports: []client.ExportEntry{{Type: client.ExporterOCI, Output: func(map[string]string) (io.WriteCloser, error) { return closing{&written}, nil }}},
	}, status)
	<-done
	if err != nil {
		return nil, warnings, err
	}
	parts := map[string][]byte{}
	for archive := tar.NewReader(&written); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		text, reading := io.ReadAll(archive)
		if err := errors.Join(err, reading); err != nil {
			d.Fatal(err)
		}
		parts[h.Name] = text
	}
	var index ocispecs.Index
	if err := json.Unmarshal(parts["index.json"], &index); err != nil {
		d.Fatal(err)
	}
	var digests []string
	for _, m := range index.Manifests {
		text := parts["blobs/sha256/"+m.Digest.Encoded()]
		if m.MediaType == ocispecs.MediaTypeImageIndex {
			var platforms ocispecs.Index
			if err := json.Unmarshal(text, &platforms); err != nil {
				d.Fatal(err)
			}
			for _, p := range platforms.Manifests {
				digests = append(digests, d.configuration(parts["blobs/sha256/"+p.Digest.Encoded()]))
			}
			continue
		}
		digests = append(digests, d.configuration(text))
	}
	return digests, warnings, nil
}

// configuration returns the digest of the configuration of a manifest, and its annotation.
func (d *daemon) configuration(manifest []byte) string {
	d.Helper()
	var m ocispecs.Manifest
	if err := json.Unmarshal(manifest, &m); err != nil || m.Config.Digest == "" {
		d.Fatalf("not a manifest: %q: %v", manifest, err)
	}
	return strings.TrimSpace(m.Config.Digest.String() + " " + m.Annotations["com.example.team"])
}

type closing struct{ io.Writer }

func (closing) Close() error { return nil }

const program = `# syntax=example.com/layc

import "std/java"

param greeting: string = "hello"

fleet {
    base scratch
}

component tool {
    copy       "tool/" to "/opt/tool/"
    env        PATH += "/opt/tool"
    annotation "com.example.team" = "tools"
}

user app {
    uid 1000
}

app one {
    uses tool
    copy "web" to "/srv/" exclude "**/*.log"
    file "/greeting" text greeting
    user app
}

app two {
    uses tool
    copy "." to "/all/" exclude "web/**"
    copy "odd [1]*.txt", "web/run.sh" to "/opt/"
    command ["/opt/run.sh"]
}
`

// TestFrontend checks that the frontend makes the images that `layc build` makes, byte for byte,
// from its image in an OCI layout and in a registry, and that users see layc's errors.
func TestFrontend(t *testing.T) {
	d := start(t)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	pushed := strings.TrimPrefix(server.URL, "http://") + "/layc:1"
	d.push(pushed)
	project := t.TempDir()
	write(t, project, map[string]string{
		"main.layer": strings.ReplaceAll(program, "example.com/layc", pushed), ".layerignore": "*.tmp\n", "tool/a/deep": "deep", "tool/run": "#!/bin/sh\n", "x.tmp": "ignored", ".git/config": "git",
		"web/a.txt": "a", "web/x.log": "log", "web/sub/y.log": "log", "web/run.sh": "echo\n", "web/private": "p", "odd [1]*.txt": "odd",
	})
	if err := errors.Join(
		os.Chmod(filepath.Join(project, "web/run.sh"), 0o4775), os.Chmod(filepath.Join(project, "web/private"), 0o600), os.Chown(filepath.Join(project, "web/private"), 7, 7),
		os.Symlink("a.txt", filepath.Join(project, "web/link")), os.Link(filepath.Join(project, "web/a.txt"), filepath.Join(project, "web/second")),
	); err != nil {
		t.Fatal(err)
	}
	want := d.direct(project, t.TempDir())
	if !strings.HasSuffix(want["one"], " tools") {
		t.Errorf("the annotation is missing: %s", want["one"])
	}

	for _, attrs := range []map[string]string{
		{"target": "one"},
		{"target": "two", "source": pushed, "filename": "main.layer", "build-arg:http_proxy": "http://proxy.example.com"},
		{"target": "one", "frontend": "dockerfile.v0", "filename": "main.layer"}, // as docker build -f main.layer
	} {
		app := attrs["target"]
		digests, warnings, err := d.frontend(project, attrs)
		if !strings.Contains(warnings, "warning[") || !strings.Contains(warnings, "--> main.layer:3:") {
			t.Errorf("%s: the warnings lack the unused import:\n%s", app, warnings)
		}
		if err != nil || !slices.Equal(digests, []string{want[app]}) {
			t.Errorf("%s: the configuration is %q, want %s: %v", app, digests, want[app], err)
		}
	}
	greeted, _, err := d.frontend(project, map[string]string{"target": "one", "build-arg:greeting": "good morning"})
	if err != nil || slices.Equal(greeted, []string{want["one"]}) {
		t.Errorf("the parameter has no effect: %v", err)
	}
	if digests, _, err := d.frontend(project, map[string]string{"target": "two", "platform": "linux/amd64,linux/arm64"}); err != nil || len(digests) != 2 || digests[0] != want["two"] || !strings.HasSuffix(digests[1], " tools") {
		t.Errorf("for two platforms, the index has %q: %v", digests, err)
	}

	for _, c := range []struct {
		attrs map[string]string
		want  string
	}{
		{nil, "the module has 2 apps\nname one with --target;"},
		{map[string]string{"target": "on"}, "--target on: unknown app; did you mean one?"},
		{map[string]string{"target": "one", "build-arg:greetin": "x"}, "error[E0315]: `--build-arg greetin`: unknown parameter\n  = help: did you mean `--build-arg greeting=…`?"},
		{map[string]string{"target": "one", "filename": "other.layer"}, "the build context has no other.layer\n"},
	} {
		if _, _, err := d.frontend(project, c.attrs); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: the error is\n%v\nwant\n%s", c.attrs, err, c.want)
		}
	}
	d.subrequests(project)
	write(t, project, map[string]string{"down.layer": "app down {\n    fetch \"http://127.0.0.1:1/file\" sha256 \"" + strings.Repeat("0", 64) + "\" to \"/file\"\n}\n"})
	if _, _, err := d.frontend(project, map[string]string{"target": "down"}); err == nil || !strings.Contains(err.Error(), ": cannot fetch http://127.0.0.1:1/file") || !strings.Contains(err.Error(), "--> down.layer:2:") {
		t.Errorf("the error of a download does not show its place: %v", err)
	}
	write(t, project, map[string]string{"wrong.layer": "app three {\n    copy \"none\" to \"/\"\n}\n"})
	if _, _, err := d.frontend(project, map[string]string{"target": "one"}); err == nil || !strings.Contains(err.Error(), "--> wrong.layer:2:") {
		t.Errorf("the error does not show the place: %v", err)
	}
	d.repositories()
}

// subrequests checks requests that list the apps, and check the program.
func (d *daemon) subrequests(project string) {
	d.Helper()
	c, err := client.New(d.Context(), d.address)
	if err != nil {
		d.Fatal(err)
	}
	defer c.Close()
	files, err := fsutil.NewFS(project)
	if err != nil {
		d.Fatal(err)
	}
	store, err := local.NewStore(d.image)
	if err != nil {
		d.Fatal(err)
	}
	_, err = c.Build(d.Context(), client.SolveOpt{
		LocalMounts: map[string]fsutil.FS{"context": files, "dockerfile": files}, OCIStores: map[string]content.Store{"frontend": store},
	}, "test", func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		for request, want := range map[string]string{"frontend.targets": "one ", "frontend.lint": "error[E0315]: `--build-arg greetin`"} {
			opts := map[string]string{"source": "layc-frontend", "context:layc-frontend": "oci-layout://frontend@" + d.digest, "requestid": request, "frontend.caps": "moby.buildkit.frontend.subrequests"}
			if request == "frontend.lint" {
				opts["build-arg:greetin"] = "x"
			}
			r, err := g.Solve(ctx, gateway.SolveRequest{Frontend: "gateway.v0", FrontendOpt: opts})
			text := ""
			if err != nil {
				text = err.Error()
			} else {
				text = string(r.Metadata["result.txt"])
			}
			if !strings.Contains(text, want) {
				d.Errorf("%s is answered with\n%s\nwant\n%s", request, text, want)
			}
		}
		return gateway.NewResult(), nil
	}, nil)
	if err != nil {
		d.Error(err)
	}
}

// repositories checks that repositories are read from the project, and only from there.
func (d *daemon) repositories() {
	d.Helper()
	files := []git.File{{Name: "web/web.layer", Data: []byte("component web {\n    copy \"page\" to \"/srv/\"\n}\n")}, {Name: "web/page", Data: []byte("page"), Executable: true}}
	pin := lock.Module{URL: "https://git.example.com/layers", Version: "v1", Commit: strings.Repeat("1", 40), Digest: git.Digest(files)}
	project := d.TempDir()
	write(d.T, project, map[string]string{
		"shop.layer": "import \"git+https://git.example.com/layers//web@v1\"\n\napp shop {\n    base scratch\n    uses web.web\n}\n",
		lock.Name:    string((&lock.File{Modules: []lock.Module{pin}}).Format()),
	})
	want := "cannot use git+https://git.example.com/layers@v1: the project has no copy of it"
	if _, _, err := d.frontend(project, nil); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "run `layc vendor`") {
		d.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
	for _, f := range files {
		at := path.Join(git.VendoredAt(pin), f.Name)
		write(d.T, project, map[string]string{at: string(f.Data)})
		if err := os.Chmod(filepath.Join(project, at), map[bool]os.FileMode{true: 0o755, false: 0o644}[f.Executable]); err != nil {
			d.Fatal(err)
		}
	}
	direct := d.direct(project, d.TempDir())["shop"]
	if digests, _, err := d.frontend(project, nil); err != nil || !slices.Equal(digests, []string{direct}) {
		d.Errorf("with a repository, the configuration is %q, want %s: %v", digests, direct, err)
	}
}

// write writes files of a project.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(at, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// push pushes the frontend's image.
func (d *daemon) push(to string) {
	d.Helper()
	ref, err := name.ParseReference(to)
	if err != nil {
		d.Fatal(err)
	}
	from, err := layout.FromPath(d.image)
	if err != nil {
		d.Fatal(err)
	}
	index, err := from.ImageIndex()
	if err != nil {
		d.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		d.Fatal(err)
	}
	image, err := from.Image(manifest.Manifests[0].Digest)
	if err != nil {
		d.Fatal(err)
	}
	if err := remote.Write(ref, image, remote.WithContext(context.Background())); err != nil {
		d.Fatal(err)
	}
}
