package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

// What layc build proves, with --verify and without, and says.

// proofs are those of all platforms, as the engine takes them.
func proofs(graphs []*llb.Graph) []engine.Proof {
	var out []engine.Proof
	for _, g := range graphs {
		for _, p := range g.Proofs {
			proof := engine.Proof{Definition: p.Definition(), Report: p.Report()}
			if p.Kind == llb.Libraries {
				proof.Holds = func(report []byte) bool { return !slices.ContainsFunc(llb.Lacks(report), llb.Lack.Fatal) }
			}
			out = append(out, proof)
		}
	}
	return out
}

// outcome is what came of one proof.
type outcome struct {
	llb.Proof
	platform string
	Findings []finding // none: it holds
}

// finding is a finding with what a step printed last.
type finding struct {
	*diag.Diagnostic
	output []string
}

// holds reports whether a proof found no more than warnings.
func (v outcome) holds() bool {
	return !slices.ContainsFunc(v.Findings, func(f finding) bool { return f.Severity == diag.Error })
}

// judge says what came of the proofs means. Proofs that fail for the same step
// say so once.
func judge(graphs []*llb.Graph, proven []engine.Proven) []outcome {
	var out []outcome
	seen := map[string]bool{}
	for _, g := range graphs {
		for _, p := range g.Proofs {
			v := outcome{Proof: p}
			if len(graphs) > 1 {
				v.platform = platformName(g.Images[0].Platform)
			}
			came := proven[len(out)]
			switch {
			case came.Failed != nil && seen[string(came.Failed.Vertex)]:
			case came.Failed != nil:
				seen[string(came.Failed.Vertex)] = true
				v.Findings = []finding{v.failed(g, came.Failed)}
			case p.Kind == llb.Again:
				v.differs(llb.Differences(came.Report))
			case p.Kind == llb.Libraries:
				v.lacks(llb.Lacks(came.Report))
			}
			out = append(out, v)
		}
	}
	return out
}

func (v *outcome) add(d *diag.Diagnostic) { v.Findings = append(v.Findings, finding{Diagnostic: d}) }

// failed is the finding of a proof of which a step failed.
func (v outcome) failed(g *llb.Graph, step *engine.StepError) finding {
	var list diag.List
	origin, ok := g.Origins[step.Vertex]
	if !ok {
		origin = llb.Origin{Component: v.Component, Span: v.Span}
	}
	var d *diag.Diagnostic
	output := step.Log
	switch {
	case v.Kind == llb.Test && v.Own(step.Vertex):
		d = list.Errorf("E0503", v.Span, "a test of %s fails%s", v.Component, v.where())
		if v.App != nil {
			d.Note("it ran in the app's image, as its user")
		} else {
			d.Note("it ran on %s and nothing else", v.world())
		}
		d.Hint("its output says why; mend the component, or what the test says of it")
		if len(output) > 0 {
			output[0] = strings.TrimPrefix(output[0], "layc-helper: ")
		}
	case v.Kind == llb.User && v.Own(step.Vertex) && missing(&list, v, output) != nil:
		return finding{list[0], nil}
	case v.Kind == llb.Again:
		d = list.Errorf("E0504", origin.Span, "%s fails when it is built again%s", origin.Component, v.where())
		d.Note("the first build, of the same steps on the same files, succeeded")
		d.Hint("see what the step finds only the first time, such as a name, a date, or a service")
	default:
		d = list.Errorf("E0502", origin.Span, "%s is not built by what it needs alone%s", origin.Component, v.where())
		if v.Kind == llb.Alone {
			d.Note("it ran on %s and nothing else: what it finds in an image beside that, another plan may put elsewhere", v.world())
		}
		d.Hint("find out from its output what is missing, and write `needs` for the component that brings it")
	}
	switch {
	case step.ExitCode == 0 && len(output) == 0: // it never started
		d.Note("%s", step.Err)
	case step.ExitCode != 0 && d.Code != "E0503": // what is said of a test includes how it ended
		d.At("exit code %d", step.ExitCode)
	}
	return finding{d, output}
}

// missing is the finding of a user or group that an image does not have, from
// what the helper says: "no user NAME: NAMES". Nil if it says something else.
func missing(list *diag.List, v outcome, output []string) *diag.Diagnostic {
	m := noSuchUser.FindStringSubmatch(strings.Join(output, "\n"))
	if m == nil {
		return nil
	}
	kind, name, there := m[1], m[2], strings.Fields(m[3])
	file := map[string]string{"user": "/etc/passwd", "group": "/etc/group"}[kind]
	d := list.Errorf("E0365", v.Span, "the image of %s has no %s %s%s", v.Component, kind, name, v.where())
	if len(there) == 0 {
		d.Note("the image has no %s, in which runtimes look the name up", file)
	} else {
		d.Note("runtimes look the name up in the image's %s, and start no container without", file)
	}
	declare := "write its number, or declare `user NAME { uid … }` and write `user NAME`"
	if near := diag.Nearest(name, there); near != "" {
		d.Hint("did you mean `%s`? If not, %s", near, declare)
	} else {
		d.Hint("%s", declare)
	}
	return d
}

var noSuchUser = regexp.MustCompile(`layc-helper: no (user|group) (\S+): (.*)`)

// world names what a proof's command ran on: components, and packages that none
// of them brings along.
func (v outcome) world() string {
	var names []string
	packages := 0
	for _, i := range v.World {
		switch {
		case i.Package != nil && i.Package.Account == nil:
			packages++
		default:
			names = append(names, i.Title)
		}
	}
	if packages > 0 {
		names = append(names, plural(packages, "package"))
	}
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return names[0]
}

// where tells apart what is proven in several places.
func (v outcome) where() string {
	var s string
	if v.On != "" {
		s += " on " + v.On
	}
	if v.platform != "" {
		s += " for " + v.platform
	}
	return s
}

// shown is how many paths a finding names.
const shown = 5

// differs warns of runs that give other bytes each time.
func (v *outcome) differs(paths []string) {
	if len(paths) == 0 {
		return
	}
	var list diag.List
	d := list.Warnf("E0504", v.Span, "%s is not the same when it is built again%s", v.Component, v.where())
	some(d, paths)
	d.Note("that is allowed: the engine's cache keeps what was built first; but each further engine makes bytes of its own, for hosts to pull")
	d.Hint("take times from SOURCE_DATE_EPOCH, sort what is listed, delete logs")
	v.add(d)
}

// lacks reports programs that cannot be started, and warns of libraries that
// cannot be loaded.
func (v *outcome) lacks(all []llb.Lack) {
	var programs, misplaced, demand []string
	for _, l := range all {
		switch l.Kind {
		case llb.NoInterpreter:
			programs = append(programs, fmt.Sprintf("%s is loaded by %s, which is not there", l.File, l.Needs))
		case llb.NoLibrary:
			programs = append(programs, fmt.Sprintf("%s needs %s", l.File, l.Needs))
		case llb.Misplaced:
			misplaced = append(misplaced, fmt.Sprintf("%s needs %s, which is %s", l.File, l.Needs, l.At))
		default:
			demand = append(demand, fmt.Sprintf("%s needs %s", l.File, l.Needs))
		}
	}
	bring := "write needs, or runs with, for what brings that, such as os.packages(…)"
	if v.App != nil {
		bring = "let the app use what brings that"
	}
	var list diag.List
	if len(programs) > 0 {
		d := list.Errorf("E0505", v.Span, "programs of %s cannot be started%s", v.Component, v.where())
		some(d, programs)
		d.Note("that is not in the component, in what it needs and runs with, or in the base")
		d.Hint("%s; or take a build for the base's C library", bring)
		v.add(d)
	}
	if len(misplaced) > 0 {
		d := list.Warnf("E0505", v.Span, "libraries of programs of %s lie where nothing looks for them%s", v.Component, v.where())
		some(d, misplaced)
		d.Hint("set LD_LIBRARY_PATH with `env`, unless what starts the programs does so")
		v.add(d)
	}
	if len(demand) > 0 {
		d := list.Warnf("E0505", v.Span, "libraries of %s need others that are not there%s", v.Component, v.where())
		some(d, demand)
		d.Note("no program of the component loads them by itself: that is allowed if none ever does")
		d.Hint("%s", bring)
		v.add(d)
	}
}

// some notes the first of many lines.
func some(d *diag.Diagnostic, lines []string) {
	for _, l := range lines[:min(len(lines), shown)] {
		d.Note("%s", l)
	}
	if more := len(lines) - shown; more > 0 {
		d.Note("and %d more", more)
	}
}

// showOutcomes shows what proofs have found.
func (c *cli) showOutcomes(outcomes []outcome) error {
	for _, v := range outcomes {
		for _, f := range v.Findings {
			if err := c.show(f); err != nil {
				return err
			}
			fmt.Fprintln(c.err)
		}
	}
	return nil
}

// show shows a finding, and then what the step printed last.
func (c *cli) show(f finding) error {
	if err := diag.Render(screen(c.err), diag.List{f.Diagnostic}, rendering(c.err)); err != nil {
		return err
	}
	if len(f.output) == 0 {
		return nil
	}
	fmt.Fprintln(c.err)
	if f.Code != "E0503" { // the helper says what a test has printed
		fmt.Fprintln(c.err, "its last output:")
	}
	for _, line := range f.output {
		fmt.Fprintf(c.err, "  %s\n", line)
	}
	return nil
}

// kinds are what proofs prove, for people: of one, and of many.
var kinds = []struct {
	kind      llb.ProofKind
	one, many string
}{
	{llb.User, "%d user", "%d users"},
	{llb.Test, "%d test", "%d tests"},
	{llb.Alone, "%d component built alone", "%d components built alone"},
	{llb.Again, "%d component built again", "%d components built again"},
	{llb.Libraries, "libraries of %d layer", "libraries of %d layers"},
}

// counted counts proofs by their kinds: "2 tests, libraries of 1 layer".
func counted(outcomes []outcome) string {
	var parts []string
	for _, k := range kinds {
		n, what := 0, k.many
		for _, v := range outcomes {
			if v.Kind == k.kind {
				n++
			}
		}
		if n == 1 {
			what = k.one
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf(what, n))
		}
	}
	if len(parts) == 0 {
		return "there is nothing to verify"
	}
	return strings.Join(parts, ", ")
}

// verified is one line about proofs that hold.
func verified(outcomes []outcome) string {
	warnings := 0
	for _, v := range outcomes {
		warnings += len(v.Findings)
	}
	if warnings > 0 {
		return "verified: " + counted(outcomes) + "; " + plural(warnings, "warning")
	}
	return "verified: " + counted(outcomes)
}

// unverified is one line about proofs of which some do not hold.
func unverified(outcomes []outcome) string {
	failed := 0
	for _, v := range outcomes {
		if !v.holds() {
			failed++
		}
	}
	return fmt.Sprintf("not verified: %d of %s (%s)", failed, plural(len(outcomes), "proof"), counted(outcomes))
}

// jsonProof is what came of a proof, for scripts. Fields are only ever added.
type jsonProof struct {
	Kind      string `json:"kind"` // alone, again, libraries, test
	Component string `json:"component"`
	On        string `json:"on,omitempty"`       // the base, if there are several
	Platform  string `json:"platform,omitempty"` // if there are several
	Place     string `json:"place,omitempty"`
	Test      string `json:"test,omitempty"` // the command
	Holds     bool   `json:"holds"`
	// Findings are as those of layc check --json; none if all is well.
	Findings diag.List `json:"findings,omitempty"`
	Output   []string  `json:"output,omitempty"` // what a step that failed printed last
}

func proofsJSON(outcomes []outcome) []jsonProof {
	var out []jsonProof
	for _, v := range outcomes {
		j := jsonProof{Kind: string(v.Kind), Component: v.Component, On: v.On, Platform: v.platform, Place: placeOf(v.Span), Holds: v.holds()}
		if v.Test != nil {
			j.Test = v.Test.Command
		}
		for _, f := range v.Findings {
			j.Findings = append(j.Findings, f.Diagnostic)
			j.Output = append(j.Output, f.output...)
		}
		out = append(out, j)
	}
	return out
}

// placeOf is a place in the program: FILE:LINE.
func placeOf(at source.Span) string {
	if at.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s:%d", at.File.Name(), at.Position().Line)
}
