package compiler_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing/fstest"
)

const benchHead = `
fleet {
    base base
}

component base {
    rootfs "https://example.com/rootfs.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}
`

// fleetFiles returns a realistic fleet of any size: a few runtimes in several versions;
// components that unpack an archive, set it up and configure it, a third of them on a runtime,
// in the version that the app chooses; and apps of teams, which share most of what they use. An
// app uses 10 to 30 components, and has its own archive, configuration and settings. The
// program is fleet.layer; the other files are copied by apps.
func fleetFiles(apps, components int) fstest.MapFS {
	r := rand.New(rand.NewPCG(1, 1))
	files := fstest.MapFS{}
	var b strings.Builder
	b.WriteString(benchHead)
	const runtimes = 6
	for c := range runtimes {
		fmt.Fprintf(&b, "\n# Runtime %d.\ncomponent runtime%d(version: string = \"21\") {\n", c, c)
		fmt.Fprintf(&b, "    owns    \"/opt/runtime%d\"\n    changes quarterly\n    size    %dMB\n", c, 60+20*c)
		fmt.Fprintf(&b, "    fetch   \"https://example.com/runtime%d-${version}.tar.gz\" sha256 \"%064x\" unpack strip 1 to \"/opt/runtime%d/\"\n", c, 1<<20+c, c)
		fmt.Fprintf(&b, "    env     RUNTIME%d_HOME = \"/opt/runtime%d\"\n    env     PATH += \"/opt/runtime%d/bin\"\n}\n", c, c, c)
	}
	for c := range components - runtimes {
		fleetComponent(&b, r, c, runtimes)
	}
	kinds := components - runtimes
	teams := max(1, apps/20)
	common := make([][]int, teams) // what the apps of a team share
	for t := range common {
		common[t] = draw(r, kinds, 8+r.IntN(10))
	}
	for a := range apps {
		t := a % teams
		uses := slices.Clone(common[t])
		own := draw(r, kinds, 2+r.IntN(13))
		for _, c := range own {
			if !slices.Contains(uses, c) {
				uses = append(uses, c)
			}
		}
		fleetApp(&b, a, t, t%runtimes, []string{"17", "21"}[t/runtimes%2], uses)
		files[fmt.Sprintf("team%d/app%d.war", t, a)] = &fstest.MapFile{Data: []byte("archive")}
		files[fmt.Sprintf("team%d/app%d.conf", t, a)] = &fstest.MapFile{Data: []byte("configuration")}
	}
	files["fleet.layer"] = &fstest.MapFile{Data: []byte(b.String())}
	return files
}

func fleetComponent(b *strings.Builder, r *rand.Rand, c, runtimes int) {
	fmt.Fprintf(b, "\n# Component number %d.\ncomponent c%d(version: string = \"1.%d\") {\n", c, c, c)
	var needs []string
	if c%3 == 0 {
		needs = append(needs, fmt.Sprintf("runtime%d", c/3%runtimes))
	}
	for range r.IntN(3) {
		if n := fmt.Sprintf("c%d", r.IntN(max(c/2, 1))); c > 10 && !slices.Contains(needs, n) {
			needs = append(needs, n)
		}
	}
	if len(needs) > 0 {
		fmt.Fprintf(b, "    needs   %s\n", strings.Join(needs, ", "))
	}
	rate := []string{"monthly", "weekly", "quarterly", "3/year", "yearly"}[r.IntN(5)]
	fmt.Fprintf(b, "    owns    \"/opt/c%d\"\n    changes %s\n    size    %dKB\n", c, rate, 100<<r.IntN(9))
	fmt.Fprintf(b, "    fetch   \"https://example.com/c%d-${version}.tar.gz\" sha256 \"%064x\" unpack strip 1 to \"/opt/c%d/\"\n", c, c, c)
	if c%4 == 0 {
		fmt.Fprintf(b, "    run     \"/opt/c%d/bin/setup --version $version\"\n", c)
	}
	for f := range 3 {
		fmt.Fprintf(b, "    file    \"/etc/opt/c%d/%d.conf\" text \"name = c%d ${version} %d\"\n", c, f, c, f)
	}
	fmt.Fprintf(b, "    link    \"/usr/local/bin/c%d\" to \"/opt/c%d/bin/c%d\"\n", c, c, c)
	fmt.Fprintf(b, "    env     C%d_HOME = \"/opt/c%d\"\n    env     PATH += \"/opt/c%d/bin\"\n", c, c, c)
	fmt.Fprintf(b, "    label   \"com.example.c%d\" = version\n", c)
	b.WriteString("}\n")
}

func fleetApp(b *strings.Builder, a, team, runtime int, version string, uses []int) {
	fmt.Fprintf(b, "\napp \"team%d/app%d\" {\n    uses runtime%d(\"%s\")", team, a, runtime, version)
	for n, c := range uses {
		if n%6 == 5 {
			b.WriteString(",\n        ")
		} else {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, "c%d", c)
	}
	fmt.Fprintf(b, "\n    copy \"team%d/app%d.war\" to \"/srv/app/\"\n", team, a)
	fmt.Fprintf(b, "    copy \"team%d/app%d.conf\" to \"/etc/app/app.conf\"\n", team, a)
	fmt.Fprintf(b, "    env APP_NAME = \"team%d/app%d\"\n", team, a)
	fmt.Fprintf(b, "    expose %d\n    user \"10001\"\n    command [\"/srv/run\", \"app%d\"]\n}\n", 8000+a%1000, a)
}

// draw returns n different numbers below limit.
func draw(r *rand.Rand, limit, n int) []int {
	return r.Perm(limit)[:min(n, limit)]
}
