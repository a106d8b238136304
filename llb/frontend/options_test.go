package frontend

import (
	"errors"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/llb/images"
	"github.com/layc-lang/layc/llb/world"
)

func TestOptions(t *testing.T) {
	o, err := readOptions(map[string]string{
		"build-arg:greeting": "a=b", "build-arg:http_proxy": "http://proxy.example.com", "build-arg:BUILDKIT_INLINE_CACHE": "1",
		"build-arg:mirror.debian-security": "https://mirror.example.com", "platform": "linux/amd64,linux/arm64,linux/amd64", "filename": "x.layer", "label:a": "b", "cmdline": "example.com/layc", "add-hosts": "",
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(o.set) != 1 || o.set["greeting"] != "a=b" || len(o.mirrors) != 1 || o.mirrors["debian-security"] != "https://mirror.example.com" || len(o.platforms) != 2 || o.labels["a"] != "b" {
		t.Errorf("the options are %+v", o)
	}
	for key, want := range map[string]string{
		"no-cache":           "layc does not support --no-cache of docker build\nempty the builder's cache with docker buildx prune",
		"force-network-mode": "layc does not support --network of docker build\nsteps have the builder's network; write `network none` in a run to do without",
	} {
		value := "x"
		if key == "no-cache" {
			value = "" // for all steps
		}
		if _, err := readOptions(map[string]string{key: value}); err == nil || err.Error() != want {
			t.Errorf("%s: the error is %v, want %s", key, err, want)
		}
	}
}

// TestTarget checks the errors for a target that is not one app.
func TestTarget(t *testing.T) {
	app := func(name string) *model.App { return &model.App{Name: name} }
	if err := one("", []*model.App{app("a")}, []string{"a"}); err != nil {
		t.Errorf("a single app: %v", err)
	}
	for _, c := range []struct {
		target string
		chosen []*model.App
		want   string
	}{
		{"", []*model.App{app("shop"), app("cart")}, "the module has 2 apps\nname one with --target; a build makes one image; use `layc build` or `layc bake` for several\nthe apps are cart, shop"},
		{"shpo", nil, "--target shpo: unknown app; did you mean shop?\nthe apps are cart, shop"},
		{"other", nil, "--target other: unknown app\nthe apps are cart, shop"},
		{"tomcat", []*model.App{app("tomcat-9"), app("tomcat-10")}, "--target tomcat is the name of several apps\na build makes one image; use `layc build` or `layc bake` for several\nthe apps are tomcat-9, tomcat-10"},
	} {
		if err := one(c.target, c.chosen, []string{"shop", "cart"}); err == nil || err.Error() != c.want {
			t.Errorf("%q: the error is\n%v\nwant\n%s", c.target, err, c.want)
		}
	}
}

// TestTold checks errors of a build as users of docker build see them.
func TestTold(t *testing.T) {
	var list diag.List
	list.Errorf(diag.StepFailed, source.Span{}, "a step of tool failed").Hint("set it with `--set version=VALUE`")
	for _, c := range []struct {
		err  error
		want string
	}{
		{&images.StepError{Finding: images.Finding{Diagnostic: list[0]}}, "1 error\n\nerror[E0501]: a step of tool failed\n  = help: set it with `--build-arg version=VALUE`"},
		{&images.LayoutError{Dir: "base"}, "the base base is an OCI layout, which BuildKit cannot read for a frontend\nbuild with `layc build`, or push the base to a registry"},
		{&world.NoMirrorError{Archive: "maven"}, "no mirror for maven\nname one with --build-arg mirror.maven=URL"},
		{errors.New("something else"), "something else"},
	} {
		if got := told(c.err).Error(); strings.TrimSpace(got) != c.want {
			t.Errorf("the error is\n%s\nwant\n%s", got, c.want)
		}
	}
}

// TestMirrors checks the errors for mirrors of unknown archives.
func TestMirrors(t *testing.T) {
	o := options{mirrors: world.Mirrors{"debain": "https://mirror.example.com"}}
	if err := o.checkMirrors(nil); err == nil || !strings.HasSuffix(err.Error(), "did you mean mirror.debian?") {
		t.Errorf("the error is %v", err)
	}
	o = options{mirrors: world.Mirrors{"debian": "https://mirror.example.com"}}
	if err := o.checkMirrors(nil); err != nil {
		t.Error(err)
	}
}
