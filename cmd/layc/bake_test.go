package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"testing"
)

// targetKeys are the attributes of targets in the reference of docker buildx bake that layc may use.
var targetKeys = []string{"args", "context", "dockerfile", "dockerfile-inline", "platforms", "tags", "target"}

// TestBake checks the files of the examples by the rules of docker buildx bake.
func TestBake(t *testing.T) {
	name := regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	for _, dir := range []string{"../../testdata/shop", "../../testdata/tomcat", "../../testdata/jupyter"} {
		var out, stderr bytes.Buffer
		c := &cli{out: &out, err: &stderr}
		if code := c.run(t.Context(), []string{"bake", "-C", dir, "--frontend", "registry.example.com/layc:1"}); code != exitOK {
			t.Errorf("%s: exit code %d\n%s", dir, code, &stderr)
			continue
		}
		var file struct {
			Group  map[string]map[string][]string
			Target map[string]map[string]json.RawMessage
		}
		decoder := json.NewDecoder(&out)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&file); err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		apps := map[string]bool{}
		for n, target := range file.Target {
			if !name.MatchString(n) || file.Group[n] != nil {
				t.Errorf("%s: target %s has a name that bake does not accept", dir, n)
			}
			for key := range target {
				if !slices.Contains(targetKeys, key) {
					t.Errorf("%s: target %s has the unknown attribute %s", dir, n, key)
				}
			}
			if app := string(target["target"]); apps[app] {
				t.Errorf("%s: two targets build %s", dir, app)
			} else {
				apps[app] = true
			}
		}
		if len(file.Group["default"]["targets"]) != len(file.Target) || len(file.Target) < 2 {
			t.Errorf("%s: the default group has %d of %d targets", dir, len(file.Group["default"]["targets"]), len(file.Target))
		}
		for n, group := range file.Group {
			for _, member := range group["targets"] {
				if !name.MatchString(n) || file.Target[member] == nil {
					t.Errorf("%s: group %s has %s", dir, n, member)
				}
			}
		}
	}
}
