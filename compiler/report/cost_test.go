package report_test

import (
	"os"
	"testing"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/search"
	"github.com/layc-lang/layc/compiler/report"
)

// TestCostAddsUp checks that the costs of apps and of components each add up to the plan's, and
// that the plan's cost is between the bound and the cost of separate apps.
func TestCostAddsUp(t *testing.T) {
	for _, dir := range []string{"shop", "jupyter", "selenium", "fleet"} {
		p := planned(t, os.DirFS("../../testdata/"+dir))
		c := report.NewCost(p)
		var size, own int64
		var pulledApps, pulledComponents, stored int64
		for _, a := range c.Apps {
			size, own, pulledApps = size+a.Size.Bytes, own+a.Own.Bytes, pulledApps+a.Pulled.Bytes
		}
		for _, n := range c.Components {
			stored, pulledComponents = stored+n.Stored.Bytes, pulledComponents+n.Pulled.Bytes
			if n.Stored.Bytes < n.Size.Bytes || n.Layers < 1 || n.Images < 1 {
				t.Errorf("%s: %s has %d bytes, %d stored, in %d layers and %d images", dir, n.Name, n.Size.Bytes, n.Stored.Bytes, n.Layers, n.Images)
			}
		}
		if stored != c.Plan.Stored.Bytes || size != c.Alone.Stored.Bytes || own > c.Plan.Stored.Bytes {
			t.Errorf("%s: components store %d of %d, images %d of %d", dir, stored, c.Plan.Stored.Bytes, size, c.Alone.Stored.Bytes)
		}
		// Each share is rounded down.
		for what, sum := range map[string]int64{"apps": pulledApps, "components": pulledComponents} {
			if rest := c.Plan.Pulled.Bytes - sum; rest < 0 || rest > 10_000 {
				t.Errorf("%s: %s pull %d of %d", dir, what, sum, c.Plan.Pulled.Bytes)
			}
		}
		if c.Bound > c.Plan.Money || c.Plan.Money > c.Alone.Money {
			t.Errorf("%s: the plan costs %d, the bound is %d, alone %d", dir, c.Plan.Money, c.Bound, c.Alone.Money)
		}
	}
}

// TestExplainEveryLayer prices each alternative for each layer of the shop, and for some of the
// fleet's.
func TestExplainEveryLayer(t *testing.T) {
	for _, dir := range []string{"shop", "jupyter", "selenium", "fleet"} {
		p := planned(t, os.DirFS("../../testdata/"+dir))
		alternatives := 0
		for n, l := range p.Layers {
			if dir == "fleet" && n%23 != 0 {
				continue
			}
			x := report.Explain(p, l)
			var size int64
			for _, m := range x.Members {
				size += m.Size.Bytes
			}
			if size != l.Size.Bytes || len(x.Images) == 0 {
				t.Errorf("%s: %s has members of %d bytes, and %d images", dir, l.ID, size, len(x.Images))
			}
			for _, a := range x.Merges {
				if a.Limit != nil || a.Member != -1 || a.Into == nil {
					t.Errorf("%s: %s merged with %v: limit %v", dir, l.ID, a.Into, a.Limit)
				}
			}
			alternatives += len(x.Merges) + len(x.Splits)
			if l.Kind == plan.Base && len(x.Merges)+len(x.Splits) > 0 {
				t.Errorf("%s: a base has an alternative", dir)
			}
		}
		if alternatives == 0 {
			t.Errorf("%s: no layer has an alternative", dir)
		}
	}
}

// TestExplainPrices compares an alternative's price with the plan that it describes.
func TestExplainPrices(t *testing.T) {
	p := planned(t, os.DirFS("../../testdata/shop"))
	var spine, server *plan.Layer
	for _, l := range p.Layers {
		switch l.Kind {
		case plan.Spine:
			spine = l
		case plan.Portable:
			server = l
		}
	}
	problem, _ := p.Problem()
	stacks := p.Solution().Stacks()
	for a, i := range p.Images {
		var stack [][]int
		for n, l := range i.Layers {
			switch l {
			case spine:
				stack = append(stack, append(append([]int{}, stacks[a][n]...), stacks[a][n+1]...))
			case server:
			default:
				if l.Kind != plan.Delta {
					stack = append(stack, stacks[a][n])
				}
			}
		}
		stacks[a] = stack
	}
	s, err := search.Restack(problem, stacks)
	if err != nil {
		t.Fatal(err)
	}
	x := report.Explain(p, spine)
	if len(x.Merges) != 1 || x.Merges[0].Into != server {
		t.Fatalf("%d layers to merge with, want the server's", len(x.Merges))
	}
	want := s.Cost.Total() - p.Solution().Cost.Total()
	if got := x.Merges[0].More.Money; got != want {
		t.Errorf("merging costs %d more, the plan %d", got, want)
	}
}

func TestAssume(t *testing.T) {
	l := &lock.File{
		Packages: []lock.Package{
			{Distribution: "debian/x", Arch: "amd64", Name: "jdk-17", URL: "debian:pool/j/jdk-17/a.deb", Digest: "sha256:1", Size: 7, Needs: []string{"jre-17", "zlib"}},
			{Distribution: "debian/x", Arch: "amd64", Name: "jre-17", URL: "debian:pool/j/jdk-17/b.deb", Digest: "sha256:2", Size: 5},
			{Distribution: "debian/x", Arch: "amd64", Name: "zlib", Digest: "sha256:3"},
		},
		URLs: []lock.URL{{URL: "https://example.com/17.zip", Digest: "sha256:4", Size: 9}},
	}
	l.Sort()
	want := lock.Refs{
		URLs:          []string{"https://example.com/21.zip", "https://example.com/tool-21.tar", "https://example.com/else"},
		Distributions: []lock.Distribution{{ID: "debian/x", Arch: "amd64", Packages: []string{"jdk-21", "zlib", "unknown"}}},
	}
	had := lock.Refs{Downloads: []lock.DownloadRef{{Digest: "sha256:5", URL: "https://example.com/tool-17.tar"}}}
	then, made := report.Assume(l, had, want, "17", "21")
	if len(made) != 4 {
		t.Errorf("assumed %v, want two downloads, one with a checksum in the program, and two packages", made)
	}
	jdk, ok := then.Package("debian/x", "amd64", "jdk-21")
	if !ok || jdk.Size != 7 || len(jdk.Needs) != 2 || jdk.Needs[0] != "jre-21" || jdk.Needs[1] != "zlib" || jdk.Digest == "sha256:1" {
		t.Errorf("the package is %+v", jdk)
	}
	if u, ok := then.URL("https://example.com/21.zip"); !ok || u.Size != 9 || u.Digest == "sha256:4" {
		t.Errorf("the download is %+v", u)
	}
	if len(l.Packages) != 3 || len(l.URLs) != 1 {
		t.Error("the lock file itself was changed")
	}
	if _, again := report.Assume(then, had, want, "17", "21"); len(again) != 0 {
		t.Errorf("assumed %v the second time", again)
	}
}

// TestAssumeDistribution checks that an unpinned distribution is assumed to equal the one that it
// replaces, and that a pinned one gets missing packages from there.
func TestAssumeDistribution(t *testing.T) {
	l := &lock.File{
		Packages: []lock.Package{
			{Distribution: "debian/a", Arch: "amd64", Name: "libc", Digest: "sha256:1", Minimal: true},
			{Distribution: "debian/a", Arch: "amd64", Name: "jq", Digest: "sha256:2", Size: 7, Needs: []string{"libjq"}},
			{Distribution: "debian/a", Arch: "amd64", Name: "libjq", Digest: "sha256:3"},
			{Distribution: "debian/b+x", Arch: "amd64", Name: "libc", Digest: "sha256:4", Minimal: true},
			{Distribution: "debian/b+x", Arch: "arm64", Name: "libc", Digest: "sha256:5", Minimal: true},
		},
		Images: []lock.Image{{Reference: "example.com/os:1", Platform: "linux/amd64", Digest: "sha256:6"}},
	}
	l.Sort()
	for _, test := range []struct {
		id, want string
		kept     []string // distributions that are still pinned
	}{
		{"debian/c", "debian/a", []string{"debian/b+x"}},
		{"debian/c+x", "debian/b+x", []string{"debian/a", "debian/b+x"}},
		{"debian/c", "debian/b+x", []string{"debian/a"}},
		{"debian/b+x", "jq of debian/a", nil},
	} {
		refs := lock.Refs{Distributions: []lock.Distribution{{ID: test.id, Arch: "amd64", Packages: []string{"jq"}}}}
		for _, id := range test.kept {
			refs.Distributions = append(refs.Distributions, lock.Distribution{ID: id, Arch: "amd64"})
		}
		then, made := report.Assume(l, lock.Refs{}, refs, "1", "2")
		if len(made) == 0 || made[0].Like != test.want {
			t.Errorf("%s with %v: assumed %v, want it to be like %s", test.id, test.kept, made, test.want)
		}
		if test.want == "debian/b+x" {
			continue // jq does not exist
		}
		if missing := then.Missing(refs); len(missing) > 0 {
			t.Errorf("%s with %v: %v", test.id, test.kept, missing)
		}
	}
	refs := lock.Refs{Images: []lock.ImageRef{{Reference: "example.com/os:2", Platform: "linux/amd64"}}}
	then, made := report.Assume(l, lock.Refs{}, refs, "1", "2")
	if len(made) != 1 || len(then.Missing(refs)) != 0 {
		t.Errorf("assumed %v for an image, missing %v", made, then.Missing(refs))
	}
}

// TestTradeoff checks that a plan with which hosts pull more tells what that buys.
func TestTradeoff(t *testing.T) {
	c := &report.Cost{
		Plan:  report.Sum{Stored: plan.Size{Bytes: 2e9}, Pulled: plan.Size{Bytes: 1_010_000_000}, Money: 1e12},
		Alone: report.Sum{Stored: plan.Size{Bytes: 5e9}, Pulled: plan.Size{Bytes: 1_000_000_000}, Money: 2e12},
	}
	want := "Hosts pull 10MB more per week than if each app were planned on its own. " +
		"In return, the registry stores 3GB less, and the fleet costs $52.00 less per year."
	if got := c.Tradeoff(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	c.Plan.Stored, c.Plan.Money = c.Alone.Stored, c.Alone.Money+1
	want = "Hosts pull 10MB more per week than if each app were planned on its own. " +
		"Nothing is saved for that; `layc plan --rebalance` shows what a new plan saves."
	if got := c.Tradeoff(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	c.Plan.Pulled.Bytes = 1_000_900_000
	if got := c.Tradeoff(); got != "" {
		t.Errorf("got %s", got)
	}
}
