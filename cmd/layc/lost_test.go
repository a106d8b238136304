package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/engine"
)

// unlucky is an engine that fails: it is lost, or a step fails.
type unlucky struct {
	fake
	t    *testing.T
	lost bool
}

func (b unlucky) Build(_ context.Context, r engine.Request) (*engine.Result, error) {
	result := &engine.Result{Steps: engine.Steps{Executed: []engine.Step{{Name: "[one] first"}}}}
	if !b.lost {
		return result, &engine.StepError{Vertex: last(b.t, r.Images[0].Definition), Name: "[one] second", ExitCode: 2, Err: errors.New("exit code: 2")}
	}
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	err := &engine.UnavailableError{What: "lost the connection to the BuildKit at tcp://b:1", Help: "see whether it still runs"}
	result.Lost = []engine.Lost{{Engine: "tcp://b:1", Err: err, Steps: result.Steps.Executed, Images: []engine.LostImage{
		{Name: "one", Platform: amd64, On: "tcp://c:1"}, {Name: "two", Platform: amd64},
	}}}
	return result, err
}

// TestFailedJSON checks what a script reads of a build on engines that are lost, or of a failed step: what
// was executed, who has built what, and that no tag has moved.
func TestFailedJSON(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	dir := t.TempDir()
	program := "fleet {\n    base scratch\n    registry \"" + host + "\"\n}\n\napp one {\n    file \"/one\" text \"1\"\n}\n\napp two {\n    file \"/two\" text \"2\"\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "a.layer"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	read := func(lost bool, more ...string) (code int, r jsonResult) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		c := &cli{out: &stdout, err: &stderr, ready: readyFake, open: func(_ context.Context, o engine.Options) (builder, error) {
			if o.Address == "tcp://a:1" {
				return nil, &engine.UnavailableError{What: "no BuildKit responds at tcp://a:1", Help: "start it"}
			}
			return unlucky{fake{}, t, lost}, nil
		}}
		code = c.run(t.Context(), append([]string{"build", "-C", dir, "--state", filepath.Join(t.TempDir(), "state"), "--json", "--push"}, more...))
		var got struct {
			jsonResult
			Findings []any `json:"findings"` // are not read back
		}
		if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
			t.Fatalf("%v:\n%s%s", err, &stdout, &stderr)
		}
		return code, got.jsonResult
	}
	tell := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(text), host, "HOST")
	}
	const unmoved = `[{"image":"one","reference":"HOST/one:latest","state":"not pushed"},{"image":"two","reference":"HOST/two:latest","state":"not pushed"}]`
	code, r := read(false)
	if code != exitBuild || r.StepFailed != "[one] second" || tell(r.StepsExecuted) != `["[one] first"]` || tell(r.Pushes) != unmoved || r.EnginesLost != nil {
		t.Errorf("a failed step: exit code %d, %s", code, tell(r))
	}
	code, r = read(false, "--engine", "tcp://a:1,tcp://b:1", "--cache", host+"/cache")
	if code != exitBuild || tell(r.EnginesLost) != `[{"engine":"tcp://a:1","error":"no BuildKit responds at tcp://a:1","images":[],"stepsExecuted":[]}]` {
		t.Errorf("one engine does not respond: exit code %d, %s", code, tell(r))
	}
	code, r = read(true, "--engine", "tcp://b:1")
	const lost = `[{"engine":"tcp://b:1","error":"lost the connection to the BuildKit at tcp://b:1","images":[{"name":"one","platform":"linux/amd64","builtOn":"tcp://c:1"},{"name":"two","platform":"linux/amd64"}],"stepsExecuted":["[one] first"]}]`
	if code != exitUnavailable || tell(r.EnginesLost) != lost || tell(r.StepsExecuted) != `["[one] first"]` || tell(r.Pushes) != unmoved || r.StepFailed != "" {
		t.Errorf("a lost engine: exit code %d, %s", code, tell(r))
	}
}
