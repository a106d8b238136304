package images

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/world"
	"github.com/layc-lang/layc/llb/world/transport"

	"github.com/layc-lang/layc/lang/lazy"
)

// Why a build failed, in terms of the program. What BuildKit and the helper say is
// text; the patterns below are all that layc reads of it.

// StepError says that a step failed.
type StepError struct {
	Finding
	Step string // its name in the progress
	Full bool   // the engine's disk is full: the program may be correct
}

func (e *StepError) Error() string { return e.Message }

// MachineError says that a step cannot be executed here: the network, a server or the
// engine's platform is in the way, not the program.
type MachineError struct{ Finding }

func (e *MachineError) Error() string { return e.Message }

// UnprovenError says that images were built, and not written, as proofs failed.
type UnprovenError struct{ Outcomes []Outcome }

func (e *UnprovenError) Error() string { return "proofs failed" }

// explain tells the engine's error in terms of the program and of its copies, if it can.
func (in Input) explain(j *judge, err error) error {
	err = explain(j, err)
	var machine *MachineError
	if in.Copies != nil && errors.As(err, &machine) && machine.Code == diag.DownloadFailed {
		machine.Hint("the project has copies of other downloads: run `layc vendor --all` to copy this one, too")
	}
	return err
}

// explain tells the engine's error in terms of the program, if it can.
func explain(j *judge, err error) error {
	graphs := j.graphs
	var unproven *engine.UnprovenError
	var unavailable *engine.UnavailableError
	var step *engine.StepError
	switch {
	case errors.As(err, &unproven):
		return &UnprovenError{j.all(unproven.Proven)}
	case errors.As(err, &unavailable):
		if d := notFetched(graphs, unavailable); d != nil {
			return &MachineError{Finding{Diagnostic: d}}
		}
	case errors.As(err, &step):
		f := stepFailed(step, originOf(graphs, step))
		if apps := takers(graphs, step.Vertex); f.Code == diag.StepFailed && len(apps) > 0 {
			f.Note("%s", needs(apps))
		}
		return &StepError{f, step.Name, step.Full != ""}
	}
	return err
}

// takers returns the apps whose images have a vertex, without an app whose own step it is.
func takers(graphs []*llb.Graph, vertex digest.Digest) []string {
	var apps []string
	for _, g := range graphs {
		for _, i := range g.Images {
			_, has := i.Definition().Metadata[string(vertex)]
			if has && g.Origins[vertex].Component != i.App.Name && !slices.Contains(apps, i.App.Name) {
				apps = append(apps, i.App.Name)
			}
		}
	}
	return apps
}

// needs says which apps need what failed.
func needs(apps []string) string {
	const most = 4
	switch more := len(apps) - most; {
	case len(apps) == 1:
		return "the app " + apps[0] + " needs it"
	case more > 1:
		return fmt.Sprintf("the apps %s and %d more need it", strings.Join(apps[:most], ", "), more)
	}
	return "the apps " + strings.Join(apps[:len(apps)-1], ", ") + " and " + apps[len(apps)-1] + " need it"
}

// originOf is what the vertex of a step was lowered from.
func originOf(graphs []*llb.Graph, step *engine.StepError) llb.Origin {
	for _, g := range graphs {
		if o, ok := g.Origins[step.Vertex]; ok {
			return o
		}
	}
	return llb.Origin{Component: step.Name}
}

// notFetched is the finding of a download that cannot be fetched; nil if no step
// of the program asked for it.
func notFetched(graphs []*llb.Graph, failed *engine.UnavailableError) *diag.Diagnostic {
	for _, g := range graphs {
		origin := g.Origins[failed.Vertex]
		if failed.Vertex == "" || origin.Span.IsZero() {
			continue
		}
		var list diag.List
		d := list.Errorf(diag.DownloadFailed, origin.Span, "%s", failed.What)
		if failed.Err != nil {
			d.Note("%s", failed.Err)
		}
		if failed.Help != "" {
			d.Hint("%s", failed.Help)
		}
		turn(d, origin.Span, origin.Asked)
		return d
	}
	return nil
}

// served is why a build failed on an engine that does not tell a server's error
// page from other content than the pinned: layc asks the server itself.
func served(ctx context.Context, err error) error {
	var step *engine.StepError
	if !errors.As(err, &step) || !strings.Contains(step.Remote, "://") || isCopy(step) || !otherContent().MatchString(fmt.Sprint(step.Err)) {
		return err
	}
	answer := world.Ask(ctx, step.Remote)
	var status *world.StatusError
	var network *world.NetworkError
	switch {
	case errors.As(answer, &status):
		return engine.Unserved(step.Vertex, step.Remote, &transport.StatusError{Status: status.Status})
	case errors.As(answer, &network):
		return engine.Unserved(step.Vertex, step.Remote, network.Err)
	}
	return err
}

// isCopy reports whether a step takes a vendored copy.
func isCopy(step *engine.StepError) bool { return strings.HasPrefix(step.Remote, llb.CopiesURL) }

// unserved is the URL, as a program writes it, of the download that a build
// failed for, if another mirror is left to be asked; else empty.
func unserved(graphs []*llb.Graph, err error) string {
	var vertex digest.Digest
	var step *engine.StepError
	var unavailable *engine.UnavailableError
	switch {
	case errors.As(err, &step):
		vertex = step.Vertex
	case errors.As(err, &unavailable):
		vertex = unavailable.Vertex
	}
	for _, g := range graphs {
		if url := g.Origins[vertex].URL; url != "" {
			return url
		}
	}
	return ""
}

// judgements are what the failure of a step can mean, the most particular first.
// One that does not apply returns nil.
var judgements = []func(*engine.StepError, llb.Origin) *Finding{
	notKept, nothingLeft, notThere, isFile, notCopyable, notUnpacked, replacesLink, replacesDir, replacesOther, changedTwice, copiedOver, sharedAccount, noHome,
}

// stepFailed is the finding of a step that failed.
func stepFailed(step *engine.StepError, origin llb.Origin) Finding {
	f := failed
	for _, judge := range judgements {
		if found := judge(step, origin); found != nil {
			f = func(*engine.StepError, llb.Origin) Finding { return *found }
			break
		}
	}
	finding := f(step, origin)
	turn(finding.Diagnostic, origin.Span, origin.Asked)
	if step.Engine != "" {
		finding.Note("on the engine %s", step.Engine)
	}
	return finding
}

// turn turns a finding around whose place is in the file of another one, which is in another module. asked
// is where the project asks for what is there; zero: nothing changes.
func turn(d *diag.Diagnostic, of, asked source.Span) {
	if d.Span.File == of.File {
		d.Turn(asked, "it is here", "used here")
	}
}

// said is the last line that the helper printed, without its name; false if the step
// did not run the helper or printed nothing.
func said(step *engine.StepError) (string, bool) {
	if len(step.Log) == 0 {
		return "", false
	}
	return strings.CutPrefix(step.Log[len(step.Log)-1], "layc-helper: ")
}

// why is the last line that the helper printed, or else BuildKit's error.
func why(step *engine.StepError) string {
	if text, ok := said(step); ok && step.ExitCode != 0 {
		return text
	}
	return step.Err.Error()
}

// leaves matches what the helper prints for a source whose patterns leave no files.
var leaves = lazy.Regexp(`^no files to copy from .*`)

// nothingLeft explains a copy whose patterns leave no files.
func nothingLeft(step *engine.StepError, origin llb.Origin) *Finding {
	text := leaves().FindString(why(step))
	if text == "" || len(origin.Copied) == 0 {
		return nil
	}
	var list diag.List
	return &Finding{Diagnostic: list.Errorf(diag.NoSuchFile, origin.Span, "%s", text).
		Note("`include` and `exclude` leave no files").
		Hint("check whether a pattern excludes too much")}
}

// lacks matches the errors of BuildKit and the helper for a missing path of a stage
// that a copy or mount uses.
var lacks = lazy.Regexp(`failed to calculate checksum of ref [^"]*: "(.*)": not found|^lstat (.*): no such file or directory|^(.*) not found$|^(.*): no such file or directory$`)

// notThere explains a missing path of a stage.
func notThere(step *engine.StepError, origin llb.Origin) *Finding {
	at := lacks().FindStringSubmatch(why(step))
	for _, c := range origin.Copied {
		if at == nil || path.Clean(c.Path) != path.Clean(strings.Join(at[1:], "")) {
			continue
		}
		var list diag.List
		return &Finding{Diagnostic: list.Errorf(diag.MissingInComponent, c.Span, "%s has no %s", c.From, c.Path).
			Note("`from` copies from the component as it is built: on its base, with what it `needs` and `builds with`").
			Hint("write an existing path; `run \"find / -name '%s*'\"` in %s lists paths", path.Base(c.Path), c.From)}
	}
	return nil
}

// names matches what the helper prints for a source that ends in a slash but is a file.
var names = lazy.Regexp(`^(/.*) is a file$`)

// isFile explains a file of a stage that is copied like a directory.
func isFile(step *engine.StepError, origin llb.Origin) *Finding {
	at := names().FindStringSubmatch(why(step))
	for _, c := range origin.Copied {
		if at == nil || path.Clean(c.Path) != at[1] {
			continue
		}
		var list diag.List
		return &Finding{Diagnostic: list.Errorf(diag.NoSuchFile, c.Span, "%s of %s is a file", at[1], c.From).
			Note("a source that ends in `/` means the contents of a directory").
			Hint("remove the `/`")}
	}
	return nil
}

// notCopyable explains an entry of a stage that cannot be copied.
func notCopyable(step *engine.StepError, origin llb.Origin) *Finding {
	text, ok := strings.CutPrefix(why(step), "not copied: ")
	quoted, err := strconv.QuotedPrefix(text)
	if !ok || err != nil || len(origin.Copied) == 0 {
		return nil
	}
	at, _ := strconv.Unquote(quoted)
	c := origin.Copied[0]
	var list diag.List
	return &Finding{Diagnostic: list.Errorf(diag.UncopyableFiles, c.Span, "%s of %s%s", at, c.From, strings.TrimPrefix(text, quoted)).
		Hint("leave it out with `exclude`, or remove it in %s", c.From)}
}

// notUnpacked explains an archive that the helper cannot unpack.
func notUnpacked(step *engine.StepError, origin llb.Origin) *Finding {
	text, _ := said(step)
	if text, ok := strings.CutPrefix(text, "unpacking the root file system: "); ok {
		var list diag.List
		return &Finding{list.Errorf(diag.InvalidArchive, origin.Span, "cannot unpack the root file system of %s", origin.Component).
			Note("%s", text).
			Hint("use another archive, or correct this one"), step.Log}
	}
	text, ok := strings.CutPrefix(text, "unpacking the archive: ")
	if !ok {
		return nil
	}
	var list diag.List
	return &Finding{list.Errorf(diag.InvalidArchive, origin.Span, "cannot unpack the archive of %s", origin.Component).
		Note("%s", text).
		Hint("if the archive is valid, fetch it as a file and unpack it with a program in a `run`"), step.Log}
}

// replacesLink explains a step that would replace a link. The helper prints the path
// that would replace it, the link, and its target.
func replacesLink(step *engine.StepError, origin llb.Origin) *Finding {
	text, _ := said(step)
	text, ok := strings.CutPrefix(text, "replaced link: ")
	var at, link, to string
	if n, _ := fmt.Sscanf(text, "%q %q %q", &at, &link, &to); !ok || n < 3 {
		return nil
	}
	var list diag.List
	canonical := strings.TrimSuffix(to, "/") + strings.TrimPrefix(at, link)
	return &Finding{list.Errorf(diag.PathThroughLink, origin.Span, "%s contains %s, but %s is a link to %s", origin.Component, at, link, to).
		Note("the layer would replace the link").
		Hint("place it at %q: create it at another path in a component of its own, and `copy` it `from` there", canonical), step.Log}
}

// replacesDir explains a step that would replace a directory by something else.
func replacesDir(step *engine.StepError, origin llb.Origin) *Finding {
	text, _ := said(step)
	text, ok := strings.CutPrefix(text, "replaced directory: ")
	dir, err := strconv.Unquote(text)
	if !ok || err != nil {
		return nil
	}
	var list diag.List
	return &Finding{list.Errorf(diag.ReplacedKind, origin.Span, "%s contains %s, which is not a directory, but is one in a layer below", origin.Component, dir).
		Note("the layer would delete the directory and its contents").
		Hint("leave it out: create the rest at another path in a component of its own, and `copy` it `from` there"), step.Log}
}

// changedTwice explains paths that two components change differently. The helper prints
// the numbers of the effect and of the other component's record, or -1, the package that
// brings the path, how both differ, and the paths.
func changedTwice(step *engine.StepError, origin llb.Origin) *Finding {
	text, _ := said(step)
	text, ok := strings.CutPrefix(text, "conflict: ")
	var n, with int
	var by, how, at string
	if read, _ := fmt.Sscanf(text, "%d %d %q %q %q", &n, &with, &by, &how, &at); !ok || read < 5 || n >= len(origin.Members) || with >= len(origin.Packed) {
		return nil
	}
	one, two := origin.Members[n], (*model.Instance)(nil)
	if with >= 0 {
		two = origin.Packed[with]
	}
	if one == nil {
		one, two = two, nil
	}
	first, otherwise := "", "; or let them write separate files"
	if strings.Contains(how, "with the same number") {
		first, otherwise = sameNumber(at, one, two), ""
	}
	if slices.ContainsFunc([]*model.Instance{one, two}, func(i *model.Instance) bool { return i != nil && model.Installs(i.Steps) }) {
		otherwise = "" // packages choose their files
	}
	var list diag.List
	var d *diag.Diagnostic
	switch {
	case two != nil:
		d = list.Errorf(diag.ConflictingChanges, one.Span, "%s and %s change %s differently", two.Title, one.Title, at).
			See(two.Span, "%s is declared here", two.Title).
			See(two.Asked, "%s is used here", two.Title).
			Note("neither needs the other, so nothing says which change comes last").
			Hint("%swrite `needs %s` in %s, or the other way round%s", first, two.Title, one.Title, otherwise)
	case by != "" && one != nil && ofAccounts().MatchString(how):
		d = list.Errorf(diag.ConflictingChanges, one.Span, "%s and the package %s change the accounts in %s differently", one.Title, by, at).
			Note("%s does not need the package, so its steps did not see those accounts", one.Title).
			Hint("%swrite `needs os.packages(%q)` in %s", first, by, one.Title)
	case by != "" && one != nil:
		d = list.Errorf(diag.ConflictingChanges, one.Span, "%s changes %s, which the package %s brings in another form", one.Title, at, by).
			Note("%s does not need the package, so its steps did not see that file", one.Title).
			Hint("write `needs os.packages(%q)` in %s; or `after` instead of `needs`, if %s works without the package", by, one.Title, one.Title)
	default:
		who, span := origin.Component, origin.Span
		if one != nil {
			who, span = one.Title, one.Span
		}
		d = list.Errorf(diag.ConflictingChanges, span, "%s changes %s, which something else in the image has changed", who, at).
			Note("%s does not need what has changed it, so its steps did not see that", who)
		if name := twice().FindStringSubmatch(how); name != nil {
			d.Hint("if a `user` declares %s, write `needs %s` in %s", name[1], name[1], who)
		}
		d.Hint("%swrite `needs` in %s for the component or package that brings %s", first, who, at)
	}
	if how != "" {
		d.Note("%s %s", at, how)
	}
	if one != nil {
		turn(d, one.Span, one.Asked)
	}
	return &Finding{Diagnostic: d}
}

// twice matches what the helper says of an account that two changes define.
var twice = lazy.Regexp(`^"([a-z_][a-z0-9_-]*)" is defined twice, differently$`)

// ofAccounts matches what the helper says of accounts that two changes define.
var ofAccounts = lazy.Regexp(`^has ".*" and ".*" with the same number |^".*" is defined twice, differently$`)

// sameNumber is what gives one of two accounts in a file another number, before an "or". Packages
// keep an account that is there already.
func sameNumber(file string, changers ...*model.Instance) string {
	for _, i := range changers {
		if i != nil && model.Installs(i.Steps) {
			return fmt.Sprintf("declare the account of %s with a number, as in `user NAME { uid 200 }`, and write `needs NAME` there; or ", i.Title)
		}
	}
	if file == "/etc/group" {
		return "give one a fixed number (`groupadd -g …`), or "
	}
	return "give one a fixed number (`useradd -u …`), or "
}

// overOther matches BuildKit's errors for a directory copied or made over a file or
// link, a file copied or written over a directory, or a link created over anything. The paths are in
// the engine's state, or in the system.
var overOther = lazy.Regexp(`cannot copy to non-directory: (.*)|cannot replace to directory (.*) with file|symlink .* (/.*): file exists|^rename (.*): file exists|^mkdir (.*): not a directory`)

// inState matches the part of a path in the engine's state that leads to the system. Only copied
// layers, which the snapshotter native makes, are systems themselves.
var inState = lazy.Regexp(`^.*?/(runc-native/snapshots/snapshots/\d+|snapshots/\d+/fs|buildkit[^/]*\d)/`)

// copiedOver explains steps that create different kinds of one path, where only the build
// knows what exists.
func copiedOver(step *engine.StepError, origin llb.Origin) *Finding {
	paths := overOther().FindStringSubmatch(step.Err.Error())
	if paths == nil {
		return nil
	}
	at := inState().ReplaceAllString(strings.Join(paths[1:], ""), "/")
	r := replacement{at: at, was: "directory"}
	overFile := paths[1]+paths[5] != ""
	if overFile {
		r.was = "file or link"
	}
	var list diag.List
	switch {
	case paths[3] != "":
		return &Finding{list.Errorf(diag.ConflictingPaths, origin.Span, "a step of %s puts the link %s over an existing path", origin.Component, at).
			Hint("remove what is there, or write another path for the link"), step.Log}
	case len(origin.Members) == 1:
		return &Finding{r.finding(origin.Members[0], "an earlier step or a layer below"), step.Log}
	case overFile:
		return &Finding{list.Errorf(diag.ReplacedKind, origin.Span, "a step of %s puts the directory %s over a file or a link", origin.Component, at).
			Hint("leave one of them out with `exclude`, or write another target"), step.Log}
	}
	return &Finding{list.Errorf(diag.ReplacedKind, origin.Span, "a step of %s puts the file %s over a directory", origin.Component, at).
		Hint("to put the file into the directory, write a slash at the end of the target: `%s/`; otherwise write another target", at), step.Log}
}

// account is a declared user or its group, whose name or number another one has.
type account struct{ file, name, id, other, otherID string }

// sharing reads what the helper prints of an account that it cannot add or that is not
// alone; false if it is something else.
func sharing(text string) (a account, ok bool) {
	n, _ := fmt.Sscanf(text, "conflicting accounts: %q %q %q %q %q", &a.file, &a.name, &a.id, &a.other, &a.otherID)
	return a, n == 5
}

func (a account) finding(origin llb.Origin) *diag.Diagnostic {
	var list diag.List
	return list.Errorf(diag.ConflictingUsers, origin.Span, "%s has %s with the number %s, but %s is declared with %s", a.file, a.other, a.otherID, a.name, a.id).
		Note("in an image, each name and each number belongs to one user, and to one group").
		Hint("change the name or the number, or remove the other account, which the base, a package or a run adds")
}

// sharedAccount explains a step that cannot add a user.
func sharedAccount(step *engine.StepError, origin llb.Origin) *Finding {
	text, _ := said(step)
	if a, ok := sharing(text); ok {
		return &Finding{Diagnostic: a.finding(origin)}
	}
	return nil
}

// noHome explains a user whose home directory is or would be beneath a file. The helper
// prints the user and the directory.
func noHome(step *engine.StepError, origin llb.Origin) *Finding {
	text, _ := said(step)
	var name, dir string
	if n, _ := fmt.Sscanf(text, "not a home directory: %q %q", &name, &dir); n < 2 {
		return nil
	}
	var list diag.List
	return &Finding{Diagnostic: list.Errorf(diag.ReplacedKind, origin.Span, "%s has its home at %s, where a layer below has a file", name, dir).
		Note("a directory of that name in a layer would delete the file").
		Hint("write another `home`")}
}

// otherContent matches BuildKit's error for a download with an unexpected digest: the
// digest, and the expected one.
var otherContent = lazy.Regexp(`digest mismatch (?:for .*: )?(sha256:[0-9a-f]+)(?:: | \(expected: )(sha256:[0-9a-f]+)`)

// notInPasswd matches the engine's errors for a step that runs as a user or group that
// its file system does not have, or not with a valid number.
var notInPasswd = lazy.Regexp(`^(unable to find (user|group) |no matching entries in (passwd|group) file|cannot look up )`)

// aptMissing matches the end of what apt prints for a package that its lists do not have. Its
// other output may come in between.
var aptMissing = lazy.Regexp(`: (?:Unable to locate package |Package ')([a-z0-9][a-z0-9+.-]*)(?:' has no installation candidate)?$`)

// aptLacks returns the packages that apt cannot find, as arguments of os.packages; "" if apt did
// not fail for that.
func aptLacks(log []string) string {
	var names []string
	for _, line := range log {
		if m := aptMissing().FindStringSubmatch(strings.TrimSpace(line)); m != nil && !slices.Contains(names, strconv.Quote(m[1])) {
			names = append(names, strconv.Quote(m[1]))
		}
	}
	return strings.Join(names, ", ")
}

// noShell reports whether runc could not start the shell of a run.
func noShell(log []string) bool {
	return slices.ContainsFunc(log, func(line string) bool {
		return strings.Contains(line, `exec: "/bin/sh": stat /bin/sh: no such file or directory`)
	})
}

// failed explains all other steps, with what helps most often.
func failed(step *engine.StepError, origin llb.Origin) Finding {
	var list diag.List
	d := list.Errorf(diag.StepFailed, origin.Span, "a step of %s failed", origin.Component)
	mismatch := otherContent().FindStringSubmatch(fmt.Sprint(step.Err))
	switch {
	case step.ExitCode != 0:
		d.At("exit code %d", step.ExitCode)
	case mismatch != nil && isCopy(step):
		d.Note("the vendored copy has changed: its digest is %s, not %s", mismatch[1], mismatch[2])
	case mismatch != nil:
		d.Note("the server sent unexpected content: the digest is %s, not %s", mismatch[1], mismatch[2])
	default:
		d.Note("%s", step.Err)
	}
	switch {
	case isCopy(step):
		d.Hint("run `layc vendor --all` to restore the copy; make changes only at its source")
	case mismatch != nil:
		d.Hint("check the file: if the change is intended, run `layc update` or write the new checksum; otherwise use another mirror")
	case notInPasswd().MatchString(step.Err.Error()):
		d.Note("`as` looks up names in /etc/passwd and /etc/group of the file system that the step runs on").
			Hint("write a number, or declare `user NAME { uid … }` and write `as NAME`")
	case step.Full != "":
		d.Note("the engine's disk is full").Hint("%s", step.Full)
	case step.Limit != "":
		d.Note("%s", step.Limit).Hint("change the step, or build as root")
	case origin.Run != nil && aptLacks(step.Log) != "":
		packages := aptLacks(step.Log)
		if origin.Distribution == "" {
			d.Note("apt has no list of packages that has them").
				Hint("run `apt-get update` in the same `run`; on a base from a distribution, write `needs os.packages(%s)`, which pins them", packages)
			break
		}
		d.Note("apt has no sources in %s, since layc.lock pins all packages", origin.Distribution).
			Hint("write `needs os.packages(%s)`; if only the build needs them, `builds with os.packages(%s)`", packages, packages)
		if origin.MayInstall {
			d.Hint("if earlier steps of %s configure them, write `install %s` instead of the `run`", origin.Component, packages)
		}
	case origin.Run != nil && noShell(step.Log):
		d.Note("a run needs /bin/sh, which the system that it ran on does not have").
			Hint("build it on a base with a shell: write `builds on`, such as `builds on debian.release(\"12\")`, and `owns` with what it writes")
	case step.ExitCode == 127:
		d.Note("a step only finds what its component `needs`, with their needs, and what it `builds with`").
			Hint("find the missing command in the output, and write `needs` or `builds with` for what provides it, such as `builds with os.packages(\"make\")`")
	case origin.Run != nil && step.ExitCode != 0:
		d.Note("it ran as %s in %s, on the base, with what its component `needs` and `builds with`", cmp.Or(origin.Run.User, "root"), cmp.Or(origin.Run.Dir, "/")).
			Hint("see its last output; `layc build --debug` opens a shell in its place")
	case step.ExitCode != 0:
		d.Hint("see its last output for the reason")
	}
	return Finding{d, step.Log}
}
