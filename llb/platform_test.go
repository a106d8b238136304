package llb_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/helper"
)

// TestIncompletePlatforms checks that what the compiler lets pass for a platform without layc's
// helper can be lowered, on an engine of another platform.
func TestIncompletePlatforms(t *testing.T) {
	const base = `
fleet {
    base   base
    layers 4
}

component base {
    rootfs "https://example.com/x.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}

user staff {
    uid 1234
}
`
	for program, passes := range map[string]bool{
		"app a {\n    file \"/a\" text \"a\"\n}\n":                                                                                                                                         true,
		"app a {\n    uses staff\n    user staff\n    file \"/a\" text \"a\" owner staff\n}\n":                                                                                             true,
		"app a {\n    uses staff\n    file \"/etc/motd\" append \"a\"\n}\n":                                                                                                                true,
		"component c {\n    file \"/etc/motd\" append \"a\"\n}\napp a {\n    uses staff, c\n}\n":                                                                                           true,
		"component c {\n    owns \"/c\"\n    run \"make\"\n}\napp a {\n    uses c, staff\n}\n":                                                                                             true,
		"component c {\n    fetch \"https://example.com/y.tar\" sha256 \"00000000000000000000000000000000000000000000000000000000000000ab\" unpack to \"/c\"\n}\napp a {\n    uses c\n}\n": true,
		"component c {\n    run \"make\"\n}\napp a {\n    uses c\n}\n":                                                                                                                     false,
		"component c {\n    run \"make\"\n}\ncomponent d {\n    builds with c\n    owns \"/d\"\n    run \"make\"\n}\napp a {\n    uses d\n}\n":                                             false,
	} {
		out, list := compiler.Compile(compiler.Input{
			Project: fstest.MapFS{
				"a.layer":   {Data: []byte(base + program)},
				"layc.lock": {Data: []byte("layc-lock 1\n\nbase sha256:00000000000000000000000000000000000000000000000000000000000000aa 1 configured\n")},
			}, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "arm", Variant: "v7"},
		}, compiler.Planned)
		if !passes {
			if len(list) != 1 || list[0].Code != diag.InvalidPlatform {
				t.Errorf("%s\nit passes: %v", program, list)
			}
			continue
		}
		if list.HasErrors() {
			t.Errorf("%s\nit is refused: %s", program, list[0].Message)
			continue
		}
		for _, on := range append(model.CompletePlatforms(), "") {
			p, _ := compiler.ParsePlatform(on) // none: the default
			if _, err := llb.Lower(out.Targets[0].Plan, llb.Options{Tree: "tree", Build: p}); err != nil {
				t.Errorf("%s\non %s: %v", program, on, err)
			}
		}
	}
}

// TestHelperArchs checks that the compiler knows the helpers that there are.
func TestHelperArchs(t *testing.T) {
	for _, arch := range append(slices.Clone(model.HelperArchs), "arm", "386", "riscv64") {
		if _, err := helper.Digest(arch); (err == nil) != slices.Contains(model.HelperArchs, arch) {
			t.Errorf("%s: %v", arch, err)
		}
	}
	if got := len(helper.Sources()); got != len(model.HelperArchs) {
		t.Errorf("there are %d helpers", got)
	}
}
