package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/layc-lang/layc/llb/engine"
)

var update = flag.Bool("update", false, "rewrite goldens, and fail")

// TestMain makes "layc" a command of the scripts: the real one, with an engine that builds
// nothing. The variable FAKE_ENGINE selects its results.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"layc": func() {
			c := &cli{out: os.Stdout, err: os.Stderr, ready: readyFake, open: openFake}
			os.Exit(c.run(context.Background(), os.Args[1:]))
		},
	})
}

// TestScripts runs testdata/script. `code N layc …` checks a command's exit code; $EXAMPLES is the
// directory of the larger examples, $REGISTRY an empty registry.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "../../testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			examples, err := filepath.Abs("../../testdata")
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("EXAMPLES", examples)
			e.Setenv("DOCS", filepath.Join(examples, "../docs"))
			server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
			e.Defer(server.Close)
			e.Setenv("REGISTRY", strings.TrimPrefix(server.URL, "http://"))
			return err
		},
		Condition: func(name string) (bool, error) {
			if name != "bash-completion" {
				return false, fmt.Errorf("unknown condition %s", name)
			}
			_, err := os.Stat("/usr/share/bash-completion/bash_completion")
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": checkCode, "job": runJob},
	})
	if *update {
		t.Error("goldens were rewritten where they differed: run the test again without -update")
	}
}

// checkCode runs a command and checks its exit code.
func checkCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command…")
	}
	want := args[0]
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		var exit interface{ ExitCode() int }
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = string(rune('0' + exit.ExitCode()))
	}
	if got != want {
		ts.Fatalf("exit code %s, want %s", got, want)
	}
}

// fake is an engine that builds nothing.
type fake struct{ mode string }

func readyFake(engine.Options) error { return nil }

func openFake(context.Context, engine.Options) (builder, error) {
	mode := os.Getenv("FAKE_ENGINE")
	if mode == "down" {
		return nil, &engine.UnavailableError{What: "the engine cannot be opened", Help: "mend it"}
	}
	return fake{mode}, nil
}

func (f fake) Close() error { return nil }

func (f fake) Try(context.Context) (engine.Tried, error) {
	return engine.Tried{Version: "v0.34.2", Platforms: []ocispecs.Platform{{OS: "linux", Architecture: "amd64"}}}, nil
}

func (f fake) Usage(context.Context) ([]engine.Use, error) {
	return []engine.Use{{Kind: "steps and layers", Records: 2, Bytes: 3e9, Unused: 2e9}, {Kind: "downloads", Records: 10, Bytes: 5e8, Unused: 5e8}}, nil
}

func (f fake) Components(context.Context) ([]engine.Use, error) {
	return []engine.Use{{Kind: `server("26")`, Records: 3, Bytes: 2e9, Unused: 1e9}, {Kind: "run make install", Records: 1, Bytes: 1e6}}, nil
}

func (f fake) Prune(_ context.Context, unusedFor time.Duration) (int64, error) {
	if unusedFor > 0 {
		return 1e6, nil
	}
	return 25e8, nil
}

func (f fake) Platforms(context.Context) ([]ocispecs.Platform, error) {
	return []ocispecs.Platform{{OS: "linux", Architecture: "amd64"}, {OS: "linux", Architecture: "arm64"}}, nil
}

// Build returns an image without layers for each requested one, and prunes a layout with the images
// app, app1 and app1:2, and where web:1 is the image of another fleet. Or it fails like the last step of the first image.
func (f fake) Build(_ context.Context, r engine.Request) (*engine.Result, error) {
	switch f.mode {
	case "fail":
		reached := &engine.Result{Steps: engine.Steps{Executed: []engine.Step{{Name: "[tool] unpack"}}, Cached: []engine.Step{{Name: "[base] pack"}}}}
		return reached, stepError(r, "[broken] exit 7", engine.StepError{ExitCode: 7, Log: []string{"compiling", "no such thing"}, Err: errors.New("exit code: 7")})
	case "stray":
		log := []string{`layc-helper: not kept: changes 1 "/etc/broken.conf is new" makes 1 "/etc/broken.conf"`}
		return nil, stepError(r, "[broken] check written paths", engine.StepError{ExitCode: 1, Log: log, Err: errors.New("exit code: 1")})
	}
	if f.mode == "push" && r.Output.Dir != "" {
		if err := writeEmpty(r); err != nil {
			return nil, err
		}
	}
	if err := unreachable(r); err != nil {
		return nil, err
	}
	proven, err := f.prove(r.Proofs)
	if err != nil {
		return nil, err
	}
	result := &engine.Result{Proven: proven}
	for _, i := range r.Images {
		result.Images = append(result.Images, engine.BuiltImage{Name: i.Name, Platform: i.Platform, Manifest: digest.FromString(i.Name)})
	}
	if r.Output.Prune {
		for _, name := range []string{"app", "app1", "app1:2"} {
			if r.Output.Names[name] == "" {
				result.Pruned = append(result.Pruned, name)
			}
		}
		result.Taken = []engine.Taken{{Name: "web:1", Fleet: "bank"}}
	}
	return result, nil
}

// writeEmpty writes a layout with images without layers. They differ if their definitions do.
func writeEmpty(r engine.Request) error {
	to, err := layout.Write(r.Output.Dir, empty.Index)
	for _, i := range r.Images {
		if err != nil {
			return err
		}
		var config v1.ConfigFile
		if err := json.Unmarshal(i.Config, &config); err != nil {
			return err
		}
		config.RootFS.Type, config.History = "layers", nil
		config.Author = digest.FromBytes(bytes.Join(i.Definition.Def, nil)).String()
		image, err := mutate.ConfigFile(empty.Image, &config)
		if err != nil {
			return err
		}
		for _, name := range append([]string{i.Name}, i.Aliases...) {
			if err := to.AppendImage(image, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": name, "io.containerd.image.name": r.Output.Names[name]})); err != nil {
				return err
			}
		}
	}
	return err
}

// unreachable returns the failure of the first download from the host down, if there is one.
func unreachable(r engine.Request) error {
	for _, i := range r.Images {
		for _, raw := range i.Definition.Def {
			if bytes.Contains(raw, []byte("https://down.")) {
				return &engine.UnavailableError{What: "a host cannot be reached", Vertex: digest.FromBytes(raw)}
			}
		}
	}
	return nil
}

// stepError returns the failure of a step of the first image.
func stepError(r engine.Request, name string, step engine.StepError) error {
	def := r.Images[0].Definition
	for _, raw := range def.Def {
		d := digest.FromBytes(raw)
		if m := def.Metadata[string(d)]; m != nil && m.Description["llb.customname"] == name {
			step.Vertex, step.Name = d, name
			return &step
		}
	}
	return errors.New("the request has no step " + name)
}
