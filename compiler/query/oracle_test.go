package query_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/query"
)

// randomFleet plans a random program on one or two platforms.
func randomFleet(t *testing.T, r *rand.Rand) []*plan.Plan {
	t.Helper()
	var b strings.Builder
	b.WriteString("import \"std/debian\"\n\nfleet {\n    base debian.release(\"12\", security: false)\n    layers 40\n")
	arches := []string{"amd64"}
	if r.IntN(2) == 0 {
		arches = append(arches, "arm64")
		b.WriteString("    platforms \"linux/amd64\", \"linux/arm64\"\n")
	}
	b.WriteString("}\n")
	pins := &lock.File{}
	const packages = 5
	for _, arch := range arches {
		add := func(name string, minimal bool, needs ...string) {
			pins.Packages = append(pins.Packages, lock.Package{
				Distribution: "debian/bookworm", Arch: arch, Name: name, Version: packageVersions[r.IntN(len(packageVersions))], URL: "debian:" + name + ".deb",
				Digest: "sha256:" + strings.Repeat("0", 64), Size: int64(1+r.IntN(200)) << 20, Minimal: minimal, Needs: needs,
			})
		}
		add("base-files", true)
		for n := range packages {
			var needs []string
			if n > 0 && r.IntN(2) == 0 {
				needs = append(needs, fmt.Sprintf("p%d", r.IntN(n)))
			}
			add(fmt.Sprintf("p%d", n), false, needs...)
		}
	}
	pins.Sort()
	const components = 8
	for n := range components {
		fmt.Fprintf(&b, "\ncomponent c%d(version: string) {\n", n)
		if n > 1 && r.IntN(2) == 0 {
			fmt.Fprintf(&b, "    needs c%d(%q)\n", r.IntN(n), componentVersions[0])
		}
		if r.IntN(3) == 0 {
			fmt.Fprintf(&b, "    needs os.packages(\"p%d\")\n", r.IntN(packages))
		}
		if r.IntN(2) == 0 {
			fmt.Fprintf(&b, "    changes %s\n", []string{"weekly", "monthly", "never", "5/month"}[r.IntN(4)])
		}
		switch kind := r.IntN(4); {
		case kind == 0:
			fmt.Fprintf(&b, "    size %dMB\n    run \"setup $version\"\n", 1+r.IntN(200))
		case kind == 1:
			fmt.Fprintf(&b, "    size %dMB\n    owns \"/opt/c%d\"\n    file \"/opt/c%d/f\" text version\n", 1+r.IntN(200), n, n)
		case kind == 2 && n > 0:
			fmt.Fprintf(&b, "    size %dMB\n    owns \"/opt/c%d\"\n    copy \"/opt/x\" from c%d(%q) to \"/opt/c%d/\"\n", 1+r.IntN(200), n, r.IntN(n), componentVersions[1], n)
		default:
			fmt.Fprintf(&b, "    env V%d = version\n", n)
		}
		if r.IntN(6) == 0 {
			fmt.Fprintf(&b, "    publish \"c%d:${version}\"\n", n)
		}
		b.WriteString("}\n")
	}
	for n := range 2 + r.IntN(4) {
		fmt.Fprintf(&b, "\napp a%d {\n    tag %q\n    replicas %d\n", n, []string{"17-jre", "8-jdk", "21-jre"}[r.IntN(3)], 1+r.IntN(4))
		for c := range components {
			if r.IntN(3) == 0 {
				fmt.Fprintf(&b, "    uses c%d(%q)\n", c, componentVersions[0])
			}
		}
		if r.IntN(2) == 0 {
			fmt.Fprintf(&b, "    file \"/app\" text \"%d\"\n", n)
		}
		b.WriteString("}\n")
	}
	out, list := compiler.Compile(compiler.Input{
		Project: fstest.MapFS{"a.layer": {Data: []byte(b.String())}}, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}, Lock: pins,
	}, compiler.Planned)
	if list.HasErrors() {
		t.Logf("not planned: %s", list[0].Message)
		return nil
	}
	var plans []*plan.Plan
	for _, target := range out.Targets {
		plans = append(plans, target.Plan)
	}
	return plans
}

// TestOracle asks random expressions of random fleets.
func TestOracle(t *testing.T) {
	fleets, expressions := 100, 60
	if testing.Short() {
		fleets = 25
	}
	planned, empty, full := 0, 0, 0
	for seed := range uint64(fleets) {
		r := rand.New(rand.NewPCG(seed, 11))
		plans := randomFleet(t, r)
		if plans == nil {
			continue
		}
		planned++
		fleet := query.New(plans)
		g := &generator{r, things(plans)}
		for range expressions {
			k := r.IntN(4)
			e := g.query(k, 3)
			text := kindWords[k] + " and (" + e.text + ")"
			q, list := fleet.Ask("query", text)
			if list.HasErrors() {
				t.Fatalf("fleet %d: %s: %s", seed, text, list[0].Message)
			}
			var got, want []string
			for _, i := range q.Answer() {
				got = append(got, i.Platform.String()+" "+i.Name+" "+packageVersion(i))
			}
			of := 0
			for _, x := range g.all {
				if x.kind != k {
					continue
				}
				of++
				if e.holds(x) {
					version := ""
					if x.pkg != nil {
						version = x.pkg.Version
					}
					want = append(want, x.at.Graph.Platform.String()+" "+x.name+" "+version)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if q.Kind().String() != kindWords[k] || !slices.Equal(got, want) {
				t.Fatalf("fleet %d: %s\n%s: %q\nwant %s: %q", seed, text, q.Kind(), got, kindWords[k], want)
			}
			switch len(want) {
			case 0:
				empty++
			case of:
				full++
			}
		}
	}
	all := planned * expressions
	t.Logf("%d fleets, %d expressions: %d select nothing, %d everything", planned, all, empty, full)
	if planned < fleets*3/4 || empty+full > all*4/5 {
		t.Errorf("%d of %d fleets were planned; %d of %d answers are nothing or everything", planned, fleets, empty+full, all)
	}
}

func packageVersion(i *query.Item) string {
	if i.Package == nil {
		return ""
	}
	return i.Package.Version
}
