package compiler_test

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
)

// chainProgram returns a chain of components: each one needs the next.
func chainProgram(n int) string {
	var b strings.Builder
	b.WriteString(benchHead)
	for c := range n {
		fmt.Fprintf(&b, "\ncomponent c%d {\n", c)
		if c+1 < n {
			fmt.Fprintf(&b, "    needs c%d\n", c+1)
		}
		fmt.Fprintf(&b, "    file \"/srv/c%d\" text \"x\"\n    env C%d = %d\n}\n", c, c, c)
	}
	return b.String() + "\napp a {\n    uses c0\n}\n"
}

// diamondProgram returns levels of two components that both need both of the next level.
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

// compiled compiles a program of one file up to a stage. Errors end the test.
func compiled(tb testing.TB, program string, until compiler.Stage) *compiler.Output {
	tb.Helper()
	return compiledFiles(tb, oneFile(program), until)
}

func compiledFiles(tb testing.TB, project fstest.MapFS, until compiler.Stage) *compiler.Output {
	tb.Helper()
	out, list := compile(project, until)
	if list.HasErrors() {
		tb.Fatalf("%s: %s", list[0].Code, list[0].Message)
	}
	return out
}

func compile(project fstest.MapFS, until compiler.Stage) (*compiler.Output, diag.List) {
	return compiler.Compile(compiler.Input{
		Project: project, Dir: ".", Lock: &lock.File{},
		Platform: model.Platform{OS: "linux", Arch: "amd64"},
	}, until)
}

func oneFile(program string) fstest.MapFS {
	return fstest.MapFS{"a.layer": {Data: []byte(program)}}
}

// BenchmarkFleet compiles 1,000 apps on 500 components up to each stage. All times are from
// the start. It also reports the peak memory of the process, without the ballast, which takes
// none.
func BenchmarkFleet(b *testing.B) {
	ballast := make([]byte, 128<<20) // as in cmd/layc
	defer runtime.KeepAlive(ballast)
	files := fleetFiles(1000, 500)
	program := files["fleet.layer"].Data
	lines := float64(bytes.Count(program, []byte("\n")))
	for _, stage := range []struct {
		name  string
		until compiler.Stage
	}{{"check", compiler.Checked}, {"bind", compiler.Bound}, {"plan", compiler.Planned}, {"llb", compiler.Planned}} {
		b.Run(stage.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(program)))
			peak := watchMemory()
			for b.Loop() {
				out := compiledFiles(b, files, stage.until)
				if stage.name == "llb" {
					toLLB(b, out)
				}
			}
			b.ReportMetric(float64(peak()-uint64(len(ballast)))/1e6, "MB-peak")
			b.ReportMetric(lines, "lines")
		})
	}
}

func toLLB(b *testing.B, out *compiler.Output) {
	b.Helper()
	if _, err := llb.Lower(out.Targets[0].Plan, llb.Options{}); err != nil {
		b.Fatal(err)
	}
}

// watchMemory samples the process's memory every millisecond. The function that it returns
// stops that and returns the peak.
func watchMemory() func() uint64 {
	debug.FreeOSMemory()
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		var peak uint64
		for {
			metrics.Read(samples)
			peak = max(peak, samples[0].Value.Uint64()-samples[1].Value.Uint64())
			select {
			case <-tick.C:
			case <-stop:
				most <- peak
				return
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-most
	}
}

func BenchmarkChain(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		program := chainProgram(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				toLLB(b, compiled(b, program, compiler.Planned))
			}
		})
	}
}

func BenchmarkDiamond(b *testing.B) {
	for _, n := range []int{100, 1000} {
		program := diamondProgram(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				toLLB(b, compiled(b, program, compiler.Planned))
			}
		})
	}
}
