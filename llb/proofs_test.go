package llb_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
)

// TestProofsOfFleet lists the proofs of a fleet on two bases: each once, however many images have
// its subject.
func TestProofsOfFleet(t *testing.T) {
	const program = `
fleet {
    base one
}

component one {
    rootfs "https://example.com/one.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000a1"
    env HOW = "one"
    test "base" prints ""
}

component two {
    rootfs "https://example.com/two.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000a2"
}

slot engine = fast

component fast {
    fills engine
    env   HOW = "fast"
}

component slow {
    fills engine
    env   HOW = "slow"
}

component stacked {
    needs text
    run   "make"
}

component text {
    file "/opt/text" text "text"
    test "text" prints ""
}

component built {
    builds with stacked
    needs  engine
    owns   "/opt/built"
    run    "make"
    test   "built" prints "one"
    test   "built" prints "one"
}

component stage {
    owns "/opt/stage"
    run  "make"
}

component nothing {
    needs text
}

app a {
    uses built, stacked, nothing
    user "www-data"
    copy "/opt/stage/x" from stage to "/srv/"
    test "a" prints ""
}

app b {
    uses built, stacked
}

app c {
    base two
    uses stacked, slow, built
}
`
	project := fstest.MapFS{"a.layer": {Data: []byte(program)}}
	out, list := compiler.Compile(compiler.Input{
		Project: project, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, compiler.Planned)
	if list.HasErrors() {
		var text strings.Builder
		_ = diag.Render(&text, list, diag.Options{})
		t.Fatal(text.String())
	}
	plain, err := llb.Lower(out.Targets[0].Plan, llb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := llb.Lower(out.Targets[0].Plan, llb.Options{Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(plain.Proofs) != 4 || plain.Proofs[0].Kind != llb.Start || plain.Proofs[0].Span.Text() != `user "www-data"` || plain.Proofs[1].Kind != llb.Kept {
		t.Errorf("without Verify there are %d proofs; want that a has its user, and that three images keep what is below their layers", len(plain.Proofs))
	}
	var got []string
	for _, p := range g.Proofs {
		line := fmt.Sprintf("%s %s on %s:", p.Kind, p.Component, p.On)
		for _, i := range p.World {
			line += " " + i.Title
		}
		if p.App != nil {
			line += " the app's image"
		}
		got = append(got, line)
		if def := p.Definition(); len(def.Def) < 2 {
			t.Errorf("%s: the definition has %d vertices", line, len(def.Def))
		}
	}
	want := []string{
		"start a on : the app's image",
		"kept a on : the app's image",
		"kept b on : the app's image",
		"kept c on : the app's image",
		"again built on :", // with fast
		"again stage on :",
		"again built on :", // with slow
		"libraries built on one:",
		"libraries a on : the app's image",
		"libraries built on two:",
		"test one on one: one",
		"test built on one: one fast built",
		"test text on one: one text",
		"test a on : the app's image",
		"test built on two: two slow built",
		"test text on two: two text",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the proofs are\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	// Proofs do not change the images.
	for n, i := range plain.Images {
		a, b := i.Definition(), g.Images[n].Definition()
		if !slices.EqualFunc(a.Def, b.Def, slices.Equal[[]byte]) {
			t.Errorf("image %s changes with proofs", i.App.Name)
		}
	}
}
