package show_test

import (
	"os"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/show"
	"github.com/layc-lang/layc/lang/term"
)

// example plans a fleet from testdata with no recorded plan.
func example(t *testing.T, dir string, o plan.Options) *plan.Plan {
	t.Helper()
	out, list := compiler.Compile(compiler.Input{
		Project: os.DirFS("../../../testdata/" + dir), Dir: ".",
		Platform: model.Platform{OS: "linux", Arch: "amd64"}, Plan: o,
	}, compiler.Planned)
	if list.HasErrors() {
		t.Fatalf("%s: %s", dir, list[0].Message)
	}
	return out.Targets[0].Plan
}

// TestPagesFitATerminal checks that pages fit a terminal, however many apps there are, and that a
// page with All has every app. Packages are counted, not listed.
func TestPagesFitATerminal(t *testing.T) {
	for _, dir := range []string{"shop", "jupyter", "selenium", "fleet"} {
		// Little work is enough: the plan's quality does not matter here.
		p := example(t, dir, plan.Options{Rebalance: true, Work: 100_000})
		for name, text := range map[string]string{
			"table": show.Table(p, show.Terminal), "chains": show.Chains(p, show.Terminal), "tree": show.Tree(p, show.Terminal), "diff": show.Diff(p.Diff(), show.Terminal),
			"storage": p.Storage(), "quality": p.Quality(),
		} {
			lines := strings.Split(text, "\n")
			for _, line := range lines {
				if n := term.Columns(line); n > term.Width {
					t.Errorf("%s: a line of the %s has %d columns:\n%s", dir, name, n, line)
				}
			}
			if len(lines) > 70 {
				t.Errorf("%s: the %s has %d lines", dir, name, len(lines))
			}
		}
		all := show.Page{Width: term.Width, All: true}
		whole := map[string]string{"table": show.Table(p, all), "tree": show.Tree(p, all)}
		for _, i := range p.Images {
			for name, text := range whole {
				if !strings.Contains(text, i.App.Name) {
					t.Errorf("%s: the %s lacks %s", dir, name, i.App.Name)
				}
			}
		}
		if strings.Contains(whole["table"], "os.package") {
			t.Errorf("%s: the table lists packages:\n%s", dir, whole["table"])
		}
	}
}

// TestEnds has apps whose names all have one long end: it is there once.
func TestEnds(t *testing.T) {
	p := &plan.Plan{Graph: &model.Graph{}}
	for _, name := range []string{"payments-service-production.example.com", "customers-service-production.example.com"} {
		p.Images = append(p.Images, &plan.Image{App: &model.App{Name: name}})
	}
	for name, text := range map[string]string{"table": show.Table(p, show.Terminal), "chains": show.Chains(p, show.Terminal), "tree": show.Tree(p, show.Terminal)} {
		if strings.Count(text, "-service-production") != 1 || !strings.Contains(text, "payments…") || !strings.Contains(text, "  … stands for -service-production.example.com\n") {
			t.Errorf("the %s is\n%s", name, text)
		}
	}
	if text := show.Tree(p, show.Page{All: true}); !strings.Contains(text, "payments-service-production.example.com") || strings.Contains(text, "…") {
		t.Errorf("with all, the tree is\n%s", text)
	}
}
