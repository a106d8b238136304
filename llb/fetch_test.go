package llb_test

import (
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/solver/pb"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/llb"
)

// TestModesOfParents checks that no copy has a numeric mode. BuildKit applies it to the
// parents that it creates, too, so a file in /etc would close /etc to all users but root.
func TestModesOfParents(t *testing.T) {
	program := `
fleet {
    base base
}

component base {
    rootfs "https://example.com/base.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}

component c {
    dir   "/srv/shared" mode 02775
    file  "/srv/shared/f" text "x" mode 04755
    dir   "/srv/shared" owner "1:2" mode 01777
    copy  "a.layer" to "/etc/c/a" mode 0600
    fetch "https://example.com/list" sha256 "00000000000000000000000000000000000000000000000000000000000000bb" to "/etc/list.txt" mode 0600
    fetch "https://example.com/more" sha256 "00000000000000000000000000000000000000000000000000000000000000bb" to "/var/more"
    fetch "https://example.com/all" sha256 "00000000000000000000000000000000000000000000000000000000000000bb" unpack to "/" mode 0700
}

app a {
    uses c
}
`
	copies := 0
	for _, op := range ops(t, program) {
		for _, action := range op.GetFile().GetActions() {
			if c := action.GetCopy(); c != nil {
				copies++
				if c.ModeStr == "" && c.Mode >= 0 {
					t.Errorf("the copy to %s has the numeric mode %#o", c.Dest, c.Mode)
				}
			}
		}
	}
	if copies < 7 {
		t.Errorf("found only %d copies", copies)
	}
}

// ops returns the operations of a program's first image.
func ops(t *testing.T, program string) []*pb.Op {
	t.Helper()
	out, list := compiler.Compile(compiler.Input{
		Project: fstest.MapFS{"a.layer": {Data: []byte(program)}}, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	if list.HasErrors() {
		t.Fatal(list)
	}
	g, err := llb.Lower(out.Targets[0].Plan, llb.Options{Tree: "tree"})
	if err != nil {
		t.Fatal(err)
	}
	var all []*pb.Op
	for _, text := range g.Images[0].Definition().Def {
		var op pb.Op
		if err := op.UnmarshalVT(text); err != nil {
			t.Fatal(err)
		}
		all = append(all, &op)
	}
	return all
}
