package progress

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/llb"
)

// fleet defines two apps on a base of two packages: one has a component that runs something.
type fleet struct {
	def *pb.Definition
	ids map[string]digest.Digest // by name
}

func newFleet(t *testing.T) fleet {
	t.Helper()
	f := fleet{&pb.Definition{Metadata: map[string]*pb.OpMetadata{}}, map[string]digest.Digest{}}
	add := func(name, bytes string, source bool, inputs ...string) {
		op := &pb.Op{Op: &pb.Op_Exec{Exec: &pb.ExecOp{Meta: &pb.Meta{Args: []string{name}}}}}
		if source {
			op.Op = &pb.Op_Source{Source: &pb.SourceOp{Identifier: "https://example.com/" + name}}
		}
		for _, in := range inputs {
			op.Inputs = append(op.Inputs, &pb.Input{Digest: string(f.ids[in])})
		}
		raw, err := op.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		f.ids[name] = digest.FromBytes(raw)
		f.def.Def = append(f.def.Def, raw)
		f.def.Metadata[string(f.ids[name])] = &pb.OpMetadata{Description: map[string]string{"llb.customname": name, llb.SizeKey: bytes}}
	}
	add("download bash 5", "3000000", true)
	add("download libc6 2", "1000000", true)
	add(`[release("12")] from its packages`, "", false, "download bash 5", "download libc6 2")
	add(`[tool(["a]", "b"])] make install`, "", false, `[release("12")] from its packages`)
	add(`[tool(["a]", "b"])] set file times`, "", false, `[tool(["a]", "b"])] make install`)
	add("[app1] merge", "", false, `[tool(["a]", "b"])] set file times`)
	add("[app2] layer", "", false, `[release("12")] from its packages`)
	return f
}

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// at returns a time some seconds after noon.
func at(seconds float64) *time.Time {
	t := noon.Add(time.Duration(seconds * float64(time.Second)))
	return &t
}

// play shows a build: each report comes with its time in seconds, then the clock ticks.
func (f fleet) play(show shower) *board {
	b := newBoard([]*pb.Definition{f.def})
	step := func(name string, begin, end float64, err string) *client.Vertex {
		v := &client.Vertex{Digest: f.ids[name], Name: name, Started: at(begin), Error: err}
		if end >= 0 {
			v.Completed = at(end)
		}
		return v
	}
	says := func(name, text string) []*client.VertexLog {
		return []*client.VertexLog{{Vertex: f.ids[name], Data: []byte(text)}}
	}
	const base, tool = `[release("12")] from its packages`, `[tool(["a]", "b"])] make install`
	for _, r := range []struct {
		now    float64
		report *client.SolveStatus
	}{
		{0, &client.SolveStatus{Vertexes: []*client.Vertex{step("download bash 5", 0, -1, ""), step("download libc6 2", 0, -1, "")}}},
		{1.5, &client.SolveStatus{Vertexes: []*client.Vertex{step("download libc6 2", 0, 1.5, "")}}},
		{4, &client.SolveStatus{Vertexes: []*client.Vertex{step("download bash 5", 0, 4, "")}}},
		{4, &client.SolveStatus{Vertexes: []*client.Vertex{step(base, 4, -1, "")}}},
		{15, &client.SolveStatus{}},
		{16, &client.SolveStatus{Vertexes: []*client.Vertex{step(base, 4, 16, ""), step(tool, 16, -1, "")}}},
		{17, &client.SolveStatus{Logs: says(tool, "compiling\n1%\r2%\r")}},
		{18, &client.SolveStatus{Logs: says(tool, "3%\nno such")}},
		{18, &client.SolveStatus{Logs: says(tool, " thing"), Vertexes: []*client.Vertex{step(tool, 16, 18, "exit code: 7")}}},
	} {
		show.report(b, b.report(r.report), *at(r.now))
		show.tick(b, *at(r.now))
	}
	show.close(b, *at(18))
	return b
}

// TestLines reads the progress of a build as lines.
func TestLines(t *testing.T) {
	var out bytes.Buffer
	newFleet(t).play(&lines{w: &out})
	const want = `release("12"): downloading: 1 of 2 files, 1MB of 4MB, 667kB/s
release("12"): downloaded 2 files, 4MB in 4.0s, 1MB/s
release("12"): installing packages
release("12"): installing packages: still running after 11s; tool(["a]", "b"]), app1 and 1 more wait
release("12"): installing packages: 12s
tool(["a]", "b"]): make install
tool(["a]", "b"]): | compiling
tool(["a]", "b"]): | 3%
tool(["a]", "b"]): | no such thing
tool(["a]", "b"]): make install: failed after 2.0s
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}

// TestStopped checks that a step that is stopped, as another one has failed or layc is interrupted, is not
// said to have failed.
func TestStopped(t *testing.T) {
	f := newFleet(t)
	const base, tool = `[release("12")] from its packages`, `[tool(["a]", "b"])] make install`
	reports := []*client.SolveStatus{
		{Vertexes: []*client.Vertex{{Digest: f.ids[base], Name: base, Started: at(1)}, {Digest: f.ids["download bash 5"], Name: "download bash 5", Started: at(1)}, {Digest: f.ids[tool], Name: tool, Started: at(1)}}},
		{Vertexes: []*client.Vertex{
			{Digest: f.ids[tool], Name: tool, Started: at(1), Completed: at(3), Error: "context canceled"},
			{Digest: f.ids[base], Name: base, Started: at(1), Completed: at(3), Error: "process \"x\" did not complete successfully: exit code: 137: context canceled"},
			{Digest: f.ids["download bash 5"], Name: "download bash 5", Started: at(1), Completed: at(3), Error: "context canceled"},
		}},
	}
	var plain, folded, json bytes.Buffer
	for out, show := range map[*bytes.Buffer]shower{&plain: &lines{w: &plain}, &folded: &folds{lines: lines{w: &folded}, begin: githubBegin, end: githubEnd}, &json: &events{w: &json}} {
		b := newBoard([]*pb.Definition{f.def})
		for _, r := range reports {
			show.report(b, b.report(r), *at(3))
		}
		want := []string{"release(\"12\"): installing packages: stopped after 2.0s\n", "make install: stopped after 2.0s\n"}
		if out == &json {
			want = []string{`"event":"stopped"`}
		}
		for _, line := range want {
			if got := out.String(); strings.Contains(got, "failed") || !strings.Contains(got, line) {
				t.Errorf("got\n%s, want %q", got, line)
			}
		}
	}
}

// TestFolds reads it as groups of GitHub and GitLab.
func TestFolds(t *testing.T) {
	var out bytes.Buffer
	newFleet(t).play(&folds{lines: lines{w: &out}, begin: githubBegin, end: githubEnd})
	for _, want := range []string{
		"release(\"12\"): installing packages: 12s\n",
		"::group::tool([\"a]\", \"b\"]): make install: failed after 2.0s\ncompiling\n3%\nno such thing\n::endgroup::\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	out.Reset()
	newFleet(t).play(&folds{lines: lines{w: &out}, begin: gitlabBegin, end: gitlabEnd})
	want := "\x1b[0Ksection_start:1767268816:layc_1[collapsed=true]\r\x1b[0Ktool([\"a]\", \"b\"]): make install: failed after 2.0s\ncompiling\n3%\nno such thing\n\x1b[0Ksection_end:1767268818:layc_1\r\x1b[0K\n"
	if !strings.Contains(out.String(), want) {
		t.Errorf("%q is missing in\n%q", want, &out)
	}
}

// TestScreen reads what a terminal shows after each report, without the sequences that draw it.
func TestScreen(t *testing.T) {
	var out bytes.Buffer
	b := newFleet(t).play(&screen{w: &out, columns: 80})
	got := strings.NewReplacer("\x1b[2m", "", "\x1b[0m", "", "\r\x1b[J", "").Replace(out.String())
	for _, want := range []string{
		"building: 0 of 6 steps done, 0.0s\n  release(\"12\")  downloading 0 of 2 files  0B of 4MB  0.0s  3 others wait\n",
		"building: 1 of 6 steps done, 1.5s, downloads take about ",
		"  release(\"12\")  downloading 1 of 2 files  1MB of 4MB",
		"building: 2 of 6 steps done, 15s\n  release(\"12\")  installing packages",
		"✓ release(\"12\")  installing packages  12s\n",
		"  tool([\"a]\", \"b\"])  make install  1.0s  app1 waits\n                     2%\n",
		"✗ tool([\"a]\", \"b\"])  make install  2.0s\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	for line := range strings.Lines(got) {
		if len([]rune(strings.TrimSuffix(line, "\n"))) >= 80+4 { // a sequence that moves the cursor
			t.Errorf("a line is wider than the terminal: %q", line)
		}
	}
	for _, word := range []string{"merge", "file times", "helper", "sha256"} {
		if strings.Contains(got, word) {
			t.Errorf("the internal word %q is shown:\n%s", word, got)
		}
	}
	if p, ok := b.slowest(); !ok || p != (Part{`release("12")`, "installing packages", 12 * time.Second}) {
		t.Errorf("the slowest step is %+v", p)
	}
}

// TestEvents reads it as JSON.
func TestEvents(t *testing.T) {
	var out bytes.Buffer
	newFleet(t).play(&events{w: &out})
	var got []string
	var last event
	for dec := json.NewDecoder(&out); dec.More(); {
		var e event
		if err := dec.Decode(&e); err != nil {
			t.Fatal(err)
		}
		if e.Event == "progress" {
			last = e
			continue
		}
		got = append(got, e.Event+" "+e.Part+" "+e.Step+" "+e.Output)
	}
	want := []string{
		"finished release(\"12\") downloading libc6 2 ", "finished release(\"12\") downloading bash 5 ",
		"started release(\"12\") installing packages ", "finished release(\"12\") installing packages ",
		"started tool([\"a]\", \"b\"]) make install ", "output tool([\"a]\", \"b\"]) make install compiling",
		"output tool([\"a]\", \"b\"]) make install 3%", "output tool([\"a]\", \"b\"]) make install no such thing",
		"failed tool([\"a]\", \"b\"]) make install ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if last.Steps == nil || *last.Steps != (counted{6, 4, 0}) {
		t.Errorf("at the end: %+v", last.Steps)
	}
}

// TestCached shows that what BuildKit does not report is done when what takes it is.
func TestCached(t *testing.T) {
	f := newFleet(t)
	b := newBoard([]*pb.Definition{f.def})
	var out bytes.Buffer
	show := &lines{w: &out}
	var all []*client.Vertex
	for _, name := range []string{`[tool(["a]", "b"])] make install`, `[tool(["a]", "b"])] set file times`, "[app1] merge", "[app2] layer"} {
		all = append(all, &client.Vertex{Digest: f.ids[name], Name: name, Cached: true, Completed: at(0)})
	}
	show.report(b, b.report(&client.SolveStatus{Vertexes: all}), noon)
	if total, done, cached := b.count(); total != 6 || done != 6 || cached != 6 {
		t.Errorf("%d of %d steps done, %d cached", done, total, cached)
	}
	if got, want := out.String(), "tool([\"a]\", \"b\"]): cached\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestDownloadedBefore tells nothing about files that another build has downloaded, and counts only the
// others.
func TestDownloadedBefore(t *testing.T) {
	f := newFleet(t)
	const bash, libc6 = "download bash 5", "download libc6 2"
	there := func(name string, begin float64) *client.Vertex {
		return &client.Vertex{Digest: f.ids[name], Name: name, Started: at(begin), Completed: at(begin), Cached: true}
	}
	for _, c := range []struct {
		reports []*client.Vertex
		want    string
	}{
		{[]*client.Vertex{there(libc6, 0), there(bash, 2)}, ""},
		// Two builds share an engine: what was there is reported once more, as done.
		{[]*client.Vertex{there(libc6, 0), there(bash, 0), {Digest: f.ids[bash], Name: bash, Started: at(0), Completed: at(2)}}, ""},
		{[]*client.Vertex{there(libc6, 0), {Digest: f.ids[bash], Name: bash, Started: at(0)}, {Digest: f.ids[bash], Name: bash, Started: at(0), Completed: at(2)}},
			"release(\"12\"): downloaded 1 file, 3MB in 2.0s, 1.5MB/s\n"},
	} {
		b := newBoard([]*pb.Definition{f.def})
		var out bytes.Buffer
		show := &lines{w: &out}
		for _, v := range c.reports {
			show.report(b, b.report(&client.SolveStatus{Vertexes: []*client.Vertex{v}}), *at(2))
		}
		if out.String() != c.want {
			t.Errorf("got %q, want %q", &out, c.want)
		}
	}
}

// TestChoose chooses how to show progress by where layc runs.
func TestChoose(t *testing.T) {
	for _, c := range []struct {
		mode, variable string
		terminal       bool
		want           string
	}{
		{"auto", "", false, "plain"},
		{"auto", "", true, "tty"},
		{"auto", "GITHUB_ACTIONS=true", true, "github"},
		{"auto", "GITLAB_CI=true", false, "gitlab"},
		{"auto", "GITLAB_CI=false", false, "plain"},
		{"auto", "TERM=dumb", true, "plain"},
		{"plain", "GITHUB_ACTIONS=true", true, "plain"},
	} {
		getenv := func(name string) string {
			value, _ := strings.CutPrefix(c.variable, name+"=")
			if value == c.variable {
				return ""
			}
			return value
		}
		if got := Choose(c.mode, c.terminal, getenv); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}

// broken is a terminal that is gone.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("gone") }

// TestGone shows progress where nothing can be written.
func TestGone(t *testing.T) {
	for _, mode := range Modes[1:] {
		d, err := New(broken{}, mode, 80, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		id := digest.FromString("x")
		d.Status(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: id, Name: "[a] b", Started: at(0)}}})
		_ = d.Close()
	}
}

// TestTold checks that what layc's helper says to layc about a layer is not shown, while the output of
// a run is, whatever it begins with.
func TestTold(t *testing.T) {
	f := newFleet(t)
	b := newBoard([]*pb.Definition{f.def})
	for name, want := range map[string][]string{
		`[tool(["a]", "b"])] make install`: {"layc-helper: conflict: x", "done"},
		"[app2] layer":                     {"done"},
	} {
		v := &client.Vertex{Digest: f.ids[name], Name: name, Started: at(0)}
		b.report(&client.SolveStatus{Vertexes: []*client.Vertex{v}})
		v.Completed, v.Error = at(1), "exit code: 1"
		changes := b.report(&client.SolveStatus{
			Vertexes: []*client.Vertex{v},
			Logs:     []*client.VertexLog{{Vertex: v.Digest, Data: []byte("layc-helper: conflict: x\ndone")}},
		})
		if len(changes) != 1 || !slices.Equal(changes[0].lines, want) {
			t.Errorf("%s: %+v, want the lines %q", name, changes, want)
		}
	}
}

// TestWhom tells for whom packages are installed: the ends of what takes them.
func TestWhom(t *testing.T) {
	f := fleet{&pb.Definition{Metadata: map[string]*pb.OpMetadata{}}, map[string]digest.Digest{}}
	for _, name := range []string{"[debian] install curl", "[tool] make", "[app1] merge", "[app2] merge", "[app3] merge"} {
		op := &pb.Op{Op: &pb.Op_Exec{Exec: &pb.ExecOp{Meta: &pb.Meta{Args: []string{name}}}}}
		switch name {
		case "[tool] make", "[app2] merge", "[app3] merge":
			op.Inputs = []*pb.Input{{Digest: string(f.ids["[debian] install curl"])}}
		case "[app1] merge":
			op.Inputs = []*pb.Input{{Digest: string(f.ids["[tool] make"])}}
		}
		raw, err := op.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		f.ids[name] = digest.FromBytes(raw)
		f.def.Def = append(f.def.Def, raw)
		f.def.Metadata[string(f.ids[name])] = &pb.OpMetadata{Description: map[string]string{"llb.customname": name}}
	}
	b := newBoard([]*pb.Definition{f.def})
	var out bytes.Buffer
	l := &lines{w: &out}
	l.report(b, b.report(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: f.ids["[debian] install curl"], Started: at(0)}}}), *at(1))
	if got, want := out.String(), "debian: install curl for app1, app2 and 1 more\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if rows := b.rows(); len(rows) != 1 || rows[0].text != "install curl for app1, app2 and 1 more" {
		t.Errorf("the rows are %+v", rows)
	}
}

// TestGithub checks that neither the title of a group nor the output of a step is a command of GitHub's.
func TestGithub(t *testing.T) {
	var out bytes.Buffer
	githubBegin(&out, "make 100%0A::error::x", noon, 1)
	if got, want := out.String(), "::group::make 100%250A::error::x\n"; got != want {
		t.Errorf("the group begins with %q, want %q", got, want)
	}
	for line, want := range map[string]string{
		"::endgroup::": "| ::endgroup::", " \t::add-mask::x": "|  \t::add-mask::x", "a::b": "a::b", ":: ": "| :: ", "plain": "plain",
	} {
		if got := githubLine(line); got != want {
			t.Errorf("%q is shown as %q, want %q", line, got, want)
		}
	}
}
