package compiler_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/llb"
)

// bomb is a program that could exhaust a machine.
type bomb struct {
	code  string // of the expected error; "": it compiles
	files func() fstest.MapFS
}

// program returns a bomb of one file.
func program(code string, text ...string) bomb {
	return bomb{code: code, files: func() fstest.MapFS { return oneFile(benchHead + strings.Join(text, "")) }}
}

const (
	ten      = "let n = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
	megabyte = "let a0 = \"0123456789abcde\\n\"\n" // doubled 16 times
)

// doubled returns lets a1, a2 …, each twice the one before.
func doubled(times int, form string) string {
	var b strings.Builder
	for i := range times {
		fmt.Fprintf(&b, "let a%d = "+form+"\n", i+1, i, i)
	}
	return b.String()
}

var bombs = map[string]bomb{
	"nested parentheses": program("E0015", "let a = ", strings.Repeat("(", 500_000), "1"),
	"nested lists":       program("E0015", "let a = ", strings.Repeat("[", 500_000), "1"),
	"nested if":          program("E0015", "app x {\n", strings.Repeat("if true {\n", 200_000)),
	"nested match":       program("E0015", "app x {\n", strings.Repeat("match 1 { 1 {\n", 200_000)),
	"doubled strings":    program("E0301", megabyte, doubled(40, "\"${a%d}${a%d}\""), "app x {\n    tag a40\n}\n"),
	"doubled lists":      program("E0301", "let a0 = [1, 2]\n", doubled(40, "a%d + a%d"), "app x {\n    for i in a40 { tag \"a\" }\n}\n"),
	"long strings": program("E0339", megabyte, doubled(16, "\"${a%d}${a%d}\""), ten,
		"app \"x${i}${j}${k}\" for i in n, j in n, k in n {\n    label \"a\" = \"${i}${a15}\"\n}\n"),
	"long arguments": program("E0339", megabyte, doubled(16, "\"${a%d}${a%d}\""), ten,
		"component c(t: string, i: int, j: int) {\n    file \"/srv/${i}/${j}\" text t\n}\n",
		"app x {\n    for i in n { for j in n { uses c(a16, i, j) } }\n}\n"),
	"long strings in all apps": program("E0339", megabyte, doubled(16, "\"${a%d}${a%d}\""), ten,
		"app \"x${i}${j}${k}\" for i in n, j in n, k in n {\n    file \"/srv/a\" text a16\n}\n"),
	"long lists compared": program("E0311", "let a0 = [1, 2]\n", doubled(19, "a%d + a%d"), ten,
		"app x {\n    for i in n { for j in n { if a19 == a18 { tag \"a\" } } }\n}\n"),
	"loops in loops": program("E0311", ten, "app x {\n    ", strings.Repeat("for i in n { ", 12), "tag \"a\"", strings.Repeat(" }", 12), "\n}\n"),
	"a matrix": program("E0311", ten,
		"app \"x${a}${b}${c}${d}${e}${f}\" for a in n, b in n, c in n, d in n, e in n, f in n {\n}\n"),
	"endless components": program("E0338", "component c(i: int) {\n    needs c(i + 1)\n}\napp x {\n    uses c(0)\n}\n"),
	"a long chain in many apps": {code: "E0339", files: func() fstest.MapFS {
		return oneFile(chainProgram(10_000) + ten + "app \"x${a}${b}${c}${d}\" for a in n, b in n, c in n, d in n {\n    uses c0\n}\n")
	}},
	"a long PATH in many apps": {files: func() fstest.MapFS {
		return oneFile(strings.ReplaceAll(chainProgram(2000), "env C", "env PATH += \"/opt/this/is/a/long/path/to/programs/bin\"\n    env C") + ten +
			"app \"x${a}${b}${c}\" for a in n, b in n, c in n {\n    uses c0\n    for d in n { for e in n { env \"A${d}${e}\" = d } }\n}\n")
	}},
	"a deep path": program("E0320", "let a0 = \"/a/a/a/a/a/a/a/a\"\n", doubled(16, "\"${a%d}${a%d}\""), "app x {\n    file a16 text \"x\"\n}\n"),
	"many fetches": program("", "let m = ", list(150), "\ncomponent c {\n    for i in m { for j in m {\n",
		"        fetch \"https://example.com/${i}/${j}\" sha256 \"", strings.Repeat("0", 64), "\" to \"/opt/${i}/${j}\"\n    } }\n}\napp x {\n    uses c\n}\n"),
	"many files in many apps": {code: "E0339", files: func() fstest.MapFS {
		files := oneFile(benchHead + ten + "app \"x${a}${b}${c}\" for a in n, b in n, c in n {\n    copy \"d/*\" to \"/srv/${a}${b}${c}/\"\n}\n")
		for i := range 20_000 {
			files[fmt.Sprintf("d/%d", i)] = &fstest.MapFile{}
		}
		return files
	}},
	"a chain of imports": {code: "E0105", files: func() fstest.MapFS {
		files := fstest.MapFS{"a.layer": {Data: []byte("import \"./m0\"\n")}}
		for i := range 2000 {
			files[fmt.Sprintf("m%d/a.layer", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "import \"../m%d\"\n", i+1)}
		}
		return files
	}},
	"long files": {code: "E0110", files: func() fstest.MapFS {
		files := fstest.MapFS{}
		for i := range 20 {
			files[fmt.Sprintf("%d.layer", i)] = &fstest.MapFile{Data: []byte(strings.Repeat("# text\n", 100_000))}
		}
		return files
	}},
	"dense text": {code: "", files: func() fstest.MapFS {
		return oneFile(benchHead + "let a = [" + strings.Repeat("1,", 3_900_000) + "1]\napp x {\n    expose 1\n}\n")
	}},
	"a layout that lists itself": {code: "E0309", files: func() fstest.MapFS {
		digest := strings.Repeat("1", 64)
		entry := `{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:` + digest + `"}`
		index := &fstest.MapFile{Data: []byte(`{"manifests": [` + entry + strings.Repeat(", "+entry, 20_000) + `]}`)}
		files := oneFile("component b {\n    layout \"l\"\n}\nfleet {\n    base b\n}\napp x {\n    file \"/a\" text \"x\"\n}\n")
		files["l/index.json"], files["l/blobs/sha256/"+digest] = index, index
		return files
	}},
	"mistakes":    {code: "E0001", files: func() fstest.MapFS { return oneFile(strings.Repeat("' ", 4_000_000)) }},
	"a long file": {code: "E0007", files: func() fstest.MapFS { return oneFile(strings.Repeat("# text\n", 3_000_000)) }},
	"many components": {code: "", files: func() fstest.MapFS {
		return oneFile(manyProgram(10_000, "    file \"/srv/%d\" text \"x\"\n"))
	}},
	"many apps": {code: "", files: func() fstest.MapFS {
		return oneFile(benchHead + "let m = " + list(140) + "\ncomponent c {\n    file \"/opt/c\" text \"c\"\n}\napp \"x${i}-${j}\" for i in m, j in m {\n    uses c\n    file \"/srv/a\" text \"${i} ${j}\"\n}\n")
	}},
}

func list(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d, ", i)
	}
	return "[" + b.String() + "]"
}

// manyProgram returns an app on n components without needs.
func manyProgram(n int, body string) string {
	var b, uses strings.Builder
	b.WriteString(benchHead)
	for c := range n {
		fmt.Fprintf(&b, "component c%d {\n"+body+"}\n", c, c)
		fmt.Fprintf(&uses, ", c%d", c)
	}
	return b.String() + "app a {\n    uses " + uses.String()[2:] + "\n}\n"
}

// TestBombs checks that every program ends, and takes less than a gigabyte. It compiles each
// in its own process: up to LLB if it has no errors.
func TestBombs(t *testing.T) {
	if os.Getenv("LAYC_REQUIRE_ENGINE") == "" {
		t.Skip("takes a minute; it runs with the engine's tests, without the race detector, which multiplies memory")
	}
	if name := os.Getenv("LAYC_BOMB"); name != "" {
		explode(t, bombs[name])
		return
	}
	for name := range bombs {
		t.Run(name, func(t *testing.T) {
			const hangs = 5 * time.Minute
			ctx, cancel := context.WithTimeout(t.Context(), hangs)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestBombs$", "-test.v")
			// The limit makes the collector run in time: what counts is what must be held at once.
			cmd.Env = append(os.Environ(), "LAYC_BOMB="+name, "GOMEMLIMIT=900MiB")
			began := time.Now()
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v:\n%.2000s", err, out)
			}
			took := time.Since(began)
			peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
			t.Logf("%v, %d MiB", took.Round(time.Millisecond), peak)
			if peak > 1024 {
				t.Errorf("took %d MiB", peak)
			}
		})
	}
}

func explode(t *testing.T, b bomb) {
	out, list := compile(b.files(), compiler.Planned)
	codes := map[string]bool{}
	for _, d := range list {
		codes[string(d.Code)] = true
	}
	switch {
	case b.code != "" && !codes[b.code]:
		t.Errorf("no error %s", b.code)
	case b.code == "" && list.HasErrors():
		t.Errorf("%s: %s", list[0].Code, list[0].Message)
	case b.code == "":
		if _, err := llb.Lower(out.Targets[0].Plan, llb.Options{}); err != nil {
			t.Error(err)
		}
	}
	if slices.Contains([]string{"E0015", "E0339", "E0311"}, b.code) && len(list) > 300 {
		t.Errorf("%d findings", len(list))
	}
}
