package images

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/containerd/platforms"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"

	"github.com/layc-lang/layc/lang/lazy"
)

// Outcome is what came of one proof.
type Outcome struct {
	llb.Proof
	Platform string    // if there are several; else ""
	Findings []Finding // none: it holds
}

// Finding is a finding with what a step printed last.
type Finding struct {
	*diag.Diagnostic
	Output []string
}

// Holds reports whether a proof found no more than warnings.
func (v Outcome) Holds() bool {
	return !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Severity == diag.Error })
}

// judge says what the outcomes of proofs mean. Proofs that fail for the same step say so once, and so
// do images whose common layer replaces the same: the one that is judged first.
type judge struct {
	graphs []*llb.Graph
	says   map[string]int // by what must be said once: the number of the proof that says it
}

func newJudge(graphs []*llb.Graph) *judge {
	return &judge{graphs, map[string]int{}}
}

// first reports whether a proof is the one that says something.
func (j *judge) first(key string, proof int) bool {
	if by, ok := j.says[key]; ok {
		return by == proof
	}
	j.says[key] = proof
	return true
}

// all judges the outcomes of all proofs.
func (j *judge) all(proven []engine.Proven) []Outcome {
	var out []Outcome
	for _, g := range j.graphs {
		for _, p := range g.Proofs {
			n := len(out)
			out = append(out, j.one(g, p, n, proven[n]))
		}
	}
	return out
}

// tell returns the errors of a proof that does not hold, before all is known.
func (j *judge) tell(number int, came engine.Proven) []Finding {
	n := number
	for _, g := range j.graphs {
		if n >= len(g.Proofs) {
			n -= len(g.Proofs)
			continue
		}
		return j.one(g, g.Proofs[n], number, came).Findings
	}
	return nil
}

// one judges the outcome of a proof of a platform.
func (j *judge) one(g *llb.Graph, p llb.Proof, number int, came engine.Proven) Outcome {
	v := Outcome{Proof: p}
	if len(j.graphs) > 1 {
		v.Platform = platforms.Format(g.Images[0].Platform)
	}
	switch {
	case came.Failed != nil && !j.first(string(came.Failed.Vertex), number):
	case came.Failed != nil:
		if v.Kind == llb.Start && v.Own(came.Failed.Vertex) {
			v.Findings = v.starts(came.Failed)
		}
		if len(v.Findings) > 0 {
			break
		}
		f := v.failed(g, came.Failed)
		if p.Kind != llb.Kept || j.first(fmt.Sprint(f.Code, f.Span, f.Message), number) {
			v.Findings = []Finding{f}
		}
	case p.Kind == llb.Again:
		v.differs(llb.Differences(came.Report))
	case p.Kind == llb.Libraries:
		v.lacks(llb.Lacks(came.Report))
	}
	for _, f := range v.Findings {
		turn(f.Diagnostic, v.Span, v.Asked)
	}
	return v
}

func (v *Outcome) add(d *diag.Diagnostic) { v.Findings = append(v.Findings, Finding{Diagnostic: d}) }

// failed is the finding of a proof with a failed step.
func (v Outcome) failed(g *llb.Graph, step *engine.StepError) Finding {
	var list diag.List
	origin, ok := g.Origins[step.Vertex]
	if !ok {
		origin = llb.Origin{Component: v.Component, Span: v.Span}
	}
	if v.Kind == llb.Kept {
		if v.Own(step.Vertex) {
			if d := v.replaced(step); d != nil {
				return Finding{Diagnostic: d}
			}
		}
		return stepFailed(step, origin)
	}
	var d *diag.Diagnostic
	output := slices.Clone(step.Log)
	switch {
	case v.Kind == llb.Test && v.Own(step.Vertex):
		d = list.Errorf(diag.TestFailed, v.Span, "a test of %s failed%s", v.Component, v.where())
		if v.App != nil {
			d.Note("it ran in the app's image, as its user")
		} else {
			d.Note("it ran on %s only", v.world())
		}
		d.Hint("see its output; fix the component or the test")
		if len(output) > 0 {
			output[0] = strings.TrimPrefix(output[0], "layc-helper: ")
		}
	case v.Kind == llb.Again:
		d = list.Errorf(diag.NotRepeatable, origin.Span, "%s fails when built again%s", origin.Component, v.where())
		d.Note("the first build of the same steps on the same files succeeded")
		d.Hint("look for what the step finds only the first time, such as a name, a date or a service")
	default:
		return stepFailed(step, origin)
	}
	switch {
	case step.ExitCode == 0 && len(output) == 0: // it never started
		d.Note("%s", step.Err)
	case step.ExitCode != 0 && d.Code != diag.TestFailed: // the output of a failed test includes how it ended
		d.At("exit code %d", step.ExitCode)
	}
	return Finding{d, output}
}

// starts are the findings of what an image lacks to start a container: all that the helper has printed.
func (v Outcome) starts(step *engine.StepError) []Finding {
	var out []Finding
	for _, line := range step.Log {
		text, ok := strings.CutPrefix(line, "layc-helper: ")
		if !ok {
			continue
		}
		d := cmp.Or(v.missing(text), v.unstarted(text))
		if user, ok := sharing(text); ok {
			d = user.finding(v.declared(user.name))
		}
		if d != nil {
			out = append(out, Finding{Diagnostic: d})
		}
	}
	return out
}

// declared is the origin of a user that the app's image declares.
func (v Outcome) declared(name string) llb.Origin {
	for _, i := range v.App.Closure {
		if i.Package != nil && i.Package.Account != nil && i.Package.Account.Name == name {
			return llb.Origin{Span: i.Span}
		}
	}
	return llb.Origin{Span: v.Span}
}

// missing is the finding of a user or group that an image does not have, if the helper
// printed "no user NAME: NAMES"; otherwise nil.
func (v Outcome) missing(text string) *diag.Diagnostic {
	m := noSuchUser().FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	var list diag.List
	kind, name, there := m[1], m[2], strings.Fields(m[3])
	file := map[string]string{"user": "/etc/passwd", "group": "/etc/group"}[kind]
	d := list.Errorf(diag.UserNotInImage, v.Span, "the image of %s has no %s %s%s", v.Component, kind, name, v.where())
	if len(there) == 0 {
		d.Note("the image has no %s, where runtimes look up the name", file)
	} else {
		d.Note("runtimes look up the name in the image's %s, and fail to start a container without it", file)
	}
	declare := "write its number, or declare `user NAME { uid … }` and write `user NAME`"
	if near := diag.Nearest(name, there); near != "" {
		d.Hint("did you mean `%s`? If not, %s", near, declare)
	} else {
		d.Hint("%s", declare)
	}
	return d
}

var noSuchUser = lazy.Regexp(`^no (user|group) (\S+): (.*)`)

// world names what a proof's command ran on: components, and packages that none
// of them brings along.
func (v Outcome) world() string {
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
		names = append(names, term.Count(packages, "package"))
	}
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return names[0]
}

// where tells apart what is proven in several places.
func (v Outcome) where() string {
	var s string
	if v.On != "" {
		s += " on " + v.On
	}
	if v.Platform != "" {
		s += " for " + v.Platform
	}
	return s
}

// shown is how many paths a finding names.
const shown = 5

// differs warns of runs that give other bytes each time.
func (v *Outcome) differs(paths []string) {
	if len(paths) == 0 {
		return
	}
	var list diag.List
	d := list.Warnf(diag.NotRepeatable, v.Span, "%s differs when built again%s", v.Component, v.where())
	some(d, len(paths), paths)
	d.Note("this is allowed, as the engine's cache keeps the first build; but another engine builds other bytes, which hosts must pull")
	d.Hint("use SOURCE_DATE_EPOCH for times, sort lists, delete logs")
	v.add(d)
}

// lacks reports programs that cannot be started, and warns of libraries that
// cannot be loaded.
func (v *Outcome) lacks(all []llb.Lack) {
	var programs, misplaced, demand []string
	for _, l := range all {
		switch l.Kind {
		case llb.NoInterpreter:
			programs = append(programs, fmt.Sprintf("%s needs the loader %s", l.File, l.Needs))
		case llb.NoLibrary:
			programs = append(programs, fmt.Sprintf("%s needs %s", l.File, l.Needs))
		case llb.Misplaced:
			misplaced = append(misplaced, fmt.Sprintf("%s needs %s, which is %s", l.File, l.Needs, l.At))
		case llb.OnDemand:
			demand = append(demand, fmt.Sprintf("%s needs %s", l.File, l.Needs))
		}
	}
	bring := "write `needs` or `runs with` for what provides it, such as os.packages(…)"
	if v.App != nil {
		bring = "add a component that provides it to `uses` of the app"
	}
	v.shortages(diag.MissingLibrary, []shortage{
		{diag.Error, "programs of %s cannot start", programs, elsewhere, bring + "; or use a build for the base's C library"},
		{diag.Warning, "libraries of programs of %s are outside the search path", misplaced, "",
			"set LD_LIBRARY_PATH with `env`, unless the script that starts the programs sets it"},
		{diag.Warning, "libraries of %s need missing libraries", demand, "this is allowed if no program ever loads them; none does at its start", bring},
	})
	v.leads(all, bring)
}

// leads reports links and scripts that lead to programs which only a build has, and warns of
// others that lead nowhere.
func (v *Outcome) leads(all []llb.Lack, bring string) {
	var lost, starts, links, scripts, outside, unknown, words, odd, ends []string
	dir := "" // the first one that PATH lacks
	for _, l := range all {
		link, script := fmt.Sprintf("%s is a link to %s", l.File, l.Needs), fmt.Sprintf("%s begins with #!%s", l.File, l.Needs)
		switch l.Kind {
		case llb.NoProgram:
			lost = append(lost, link)
		case llb.NoStarter:
			starts = append(starts, script)
		case llb.NoTarget:
			links = append(links, link)
		case llb.NoSystem:
			scripts = append(scripts, script)
		case llb.NotInPath:
			_, name, _ := strings.Cut(l.Needs, " ")
			switch {
			case path.IsAbs(l.At):
				dir = cmp.Or(dir, path.Dir(l.At))
				outside = append(outside, fmt.Sprintf("%s; %s is %s", script, name, l.At))
			case l.At != "":
				unknown = append(unknown, fmt.Sprintf("%s; PATH has %s", script, l.At))
			default:
				unknown = append(unknown, script)
			}
		case llb.OneWord:
			words = append(words, script)
		case llb.NotRunnable:
			odd = append(odd, script)
		case llb.NoNewline:
			ends = append(ends, script)
		}
	}
	v.shortages(diag.LeadsNowhere, []shortage{
		{diag.Error, "%s leads to programs that only its build has", append(lost, starts...), elsewhere, bring + "; or build the files at the paths that they have in the image"},
		{diag.Warning, "links of %s lead to files that only its build has", links, "this is allowed if nothing opens them", bring + "; or copy the files"},
		{diag.Warning, "scripts of %s have no interpreter", scripts, "this is allowed if nothing starts them", bring},
		{diag.Warning, "env does not find the interpreters of scripts of %s", unknown, "this is allowed if nothing starts them, or if PATH is set before", bring},
		{diag.Warning, "interpreters of scripts of %s are outside PATH", outside, "this is allowed if nothing starts them, or if PATH is set before",
			fmt.Sprintf("write `env PATH += %q`", dir)},
		{diag.Warning, "scripts of %s give env more than a name", words,
			"the kernel passes the rest of the line as one argument, and env takes it as the name of a program", "write `-S` after env"},
		{diag.Warning, "interpreters of scripts of %s are not executable files", odd, "",
			"name a program in the first line, or make the interpreter executable"},
		{diag.Warning, "scripts of %s have Windows line ends", ends,
			"the kernel takes the carriage return as part of the first line, so it does not find the interpreter", "save the files with LF line ends"},
	})
}

// elsewhere is why what a build has is missing in an image.
const elsewhere = "the component, what it needs and runs with, and the base do not have it"

// shortage is one way in which files of a component lack something.
type shortage struct {
	severity diag.Severity
	message  string   // with %s for the component
	files    []string // and what they lack; none: nothing is reported
	note     string   // "": none
	help     string
}

// shortages reports shortages under a code, in order.
func (v *Outcome) shortages(code diag.Code, all []shortage) {
	for _, s := range all {
		if len(s.files) == 0 {
			continue
		}
		var list diag.List
		report := list.Errorf
		if s.severity == diag.Warning {
			report = list.Warnf
		}
		d := report(code, v.Span, "%s%s", fmt.Sprintf(s.message, v.Component), v.where())
		some(d, len(s.files), s.files)
		if s.note != "" {
			d.Note("%s", s.note)
		}
		d.Hint("%s", s.help)
		v.add(d)
	}
}

// some notes the first lines of a number of lines.
func some(d *diag.Diagnostic, total int, lines []string) {
	for _, l := range lines[:min(len(lines), shown)] {
		d.Note("%s", strings.ReplaceAll(l, "\n", `\n`)) // a path can contain one
	}
	if more := total - shown; more > 0 {
		d.Note("and %d more", more)
	}
}
