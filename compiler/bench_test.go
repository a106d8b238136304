package compiler_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/component"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
)

const benchHead = `
fleet {
    base base
}

component base {
    rootfs "https://example.com/rootfs.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}
`

// fleetProgram is apps on components: each component has about 30 lines and
// needs up to three others, each app uses five.
func fleetProgram(apps, components int) string {
	var b strings.Builder
	b.WriteString(benchHead)
	for c := range components {
		fmt.Fprintf(&b, "\n# Component number %d.\ncomponent c%d(version: string = \"1.%d\") {\n", c, c, c)
		if c > 0 {
			fmt.Fprintf(&b, "    needs   c%d, c%d\n", c/2, c/3)
		}
		fmt.Fprintf(&b, "    owns    \"/opt/c%d\"\n    changes %d/year\n    size    %dMB\n", c, c%50+1, c%200+1)
		fmt.Fprintf(&b, "    fetch   \"https://example.com/c%d-${version}.tar.gz\" sha256 \"%064x\" unpack to \"/opt/c%d/\"\n", c, c, c)
		if c%4 == 0 {
			fmt.Fprintf(&b, "    run     \"/opt/c%d/setup --version $version\"\n", c)
		}
		for f := range 8 {
			fmt.Fprintf(&b, "    file    \"/opt/conf/c%d/%d.conf\" text \"name = c%d ${version} %d\"\n", c, f, c, f)
		}
		fmt.Fprintf(&b, "    env     C%d_HOME = \"/opt/c%d\"\n    env     PATH += \"/opt/c%d/bin\"\n}\n", c, c, c)
	}
	for a := range apps {
		fmt.Fprintf(&b, "\napp app%d {\n    uses c%d, c%d, c%d, c%d, c%d\n", a,
			a%components, (a*7)%components, (a*13)%components, (a*31)%components, (a*57)%components)
		fmt.Fprintf(&b, "    file \"/srv/app%d.conf\" text \"app %d\"\n    expose %d\n    command [\"run\", \"app%d\"]\n}\n", a, a, a%60000+1, a)
	}
	return b.String()
}

// chainProgram is a chain of components, each of which needs the next.
func chainProgram(n int) string {
	var b strings.Builder
	b.WriteString(benchHead)
	for c := range n {
		fmt.Fprintf(&b, "\ncomponent c%d {\n", c)
		if c+1 < n {
			fmt.Fprintf(&b, "    needs c%d\n", c+1)
		}
		fmt.Fprintf(&b, "    env C%d = %d\n}\n", c, c)
	}
	return b.String() + "\napp a {\n    uses c0\n}\n"
}

// diamondProgram is levels of two components that both need both of the next.
func diamondProgram(n int) string {
	var b strings.Builder
	b.WriteString(benchHead)
	for c := range n {
		for _, side := range []string{"a", "b"} {
			fmt.Fprintf(&b, "\ncomponent %s%d {\n", side, c)
			if c+1 < n {
				fmt.Fprintf(&b, "    needs a%d, b%d\n", c+1, c+1)
			}
			fmt.Fprintf(&b, "    file \"/srv/%s%d\" text \"x\"\n}\n", side, c)
		}
	}
	return b.String() + "\napp a {\n    uses a0, b0\n}\n"
}

// compiled compiles a program of one file up to a stage; errors end the test.
func compiled(tb testing.TB, program string, until compiler.Stage) *compiler.Output {
	tb.Helper()
	out, list := compile(program, until)
	if list.HasErrors() {
		tb.Fatalf("%s: %s", list[0].Code, list[0].Message)
	}
	return out
}

func compile(program string, until compiler.Stage) (*compiler.Output, diag.List) {
	return compiler.Compile(compiler.Input{
		Project: fstest.MapFS{"a.layer": {Data: []byte(program)}}, Dir: ".", Lock: &lock.File{},
		Platform: component.Platform{OS: "linux", Arch: "amd64"},
	}, until)
}

// BenchmarkFleet goes from the text of 1,000 apps on 500 components to LLB,
// and tells the memory that the process has taken from the system.
func BenchmarkFleet(b *testing.B) {
	program := fleetProgram(1000, 500)
	b.ReportMetric(float64(strings.Count(program, "\n")), "lines")
	b.SetBytes(int64(len(program)))
	for b.Loop() {
		out := compiled(b, program, compiler.Planned)
		if _, err := llb.Lower(out.Targets[0].Plan, llb.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/1e6, "MB")
}

// BenchmarkFleetExpand is the same without planning and lowering.
func BenchmarkFleetExpand(b *testing.B) {
	program := fleetProgram(1000, 500)
	for b.Loop() {
		compiled(b, program, compiler.Expanded)
	}
}

func BenchmarkChain(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		program := chainProgram(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				compiled(b, program, compiler.Expanded)
			}
		})
	}
}

func BenchmarkDiamond(b *testing.B) {
	for _, n := range []int{100, 1000} {
		program := diamondProgram(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				compiled(b, program, compiler.Expanded)
			}
		})
	}
}
