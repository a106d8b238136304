package images

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/world"
	"github.com/layc-lang/layc/llb/world/transport"
)

// Why a build failed, in terms of the program. What BuildKit and the helper say is
// text; the patterns below are all that layc reads of it.

// StepError says that a step failed.
type StepError struct{ Finding }

func (e *StepError) Error() string { return e.Message }

// DownloadError says that a download of a step cannot be fetched: the network or a
// server is in trouble, not the program.
type DownloadError struct{ Finding }

func (e *DownloadError) Error() string { return e.Message }

// UnprovenError says that images were built, and not written, as proofs failed.
type UnprovenError struct{ Outcomes []Outcome }

func (e *UnprovenError) Error() string { return "proofs failed" }

// explain tells the engine's error in terms of the program, if it can.
func explain(graphs []*llb.Graph, err error) error {
	var unproven *engine.UnprovenError
	var unavailable *engine.UnavailableError
	var step *engine.StepError
	switch {
	case errors.As(err, &unproven):
		return &UnprovenError{judge(graphs, unproven.Proven)}
	case errors.As(err, &unavailable):
		if d := notFetched(graphs, unavailable); d != nil {
			return &DownloadError{Finding{Diagnostic: d}}
		}
	case errors.As(err, &step):
		return &StepError{stepFailed(step, originOf(graphs, step))}
	}
	return err
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
		return d
	}
	return nil
}

// served is why a build failed on an engine that does not tell a server's error
// page from other content than the pinned: layc asks the server itself.
func served(ctx context.Context, err error) error {
	var step *engine.StepError
	if !errors.As(err, &step) || !strings.Contains(step.Remote, "://") || !otherContent.MatchString(fmt.Sprint(step.Err)) {
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
	nothingLeft, notThere, isFile, notCopyable, notUnpacked, replacesLink, replacesDir, copiedOver,
}

// stepFailed is the finding of a step that failed.
func stepFailed(step *engine.StepError, origin llb.Origin) Finding {
	for _, judge := range judgements {
		if f := judge(step, origin); f != nil {
			return *f
		}
	}
	return failed(step, origin)
}

// said is what the helper has printed last, without its name; false if the step
// was not the helper's or printed nothing.
func said(step *engine.StepError) (string, bool) {
	if len(step.Log) == 0 {
		return "", false
	}
	return strings.CutPrefix(step.Log[len(step.Log)-1], "layc-helper: ")
}

// why is what the helper has printed last, or what BuildKit says.
func why(step *engine.StepError) string {
	if text, ok := said(step); ok && step.ExitCode != 0 {
		return text
	}
	return step.Err.Error()
}

// leaves is what the helper says of a source whose patterns leave nothing.
var leaves = regexp.MustCompile(`^nothing of .* is copied`)

// nothingLeft tells of a copy whose patterns leave nothing.
func nothingLeft(step *engine.StepError, origin llb.Origin) *Finding {
	text := leaves.FindString(why(step))
	if text == "" || len(origin.Copied) == 0 {
		return nil
	}
	var list diag.List
	return &Finding{Diagnostic: list.Errorf(diag.NoSuchFile, origin.Span, "%s", text).
		Note("what `include` and `exclude` leave of it is empty").
		Hint("see whether a pattern takes more than it should")}
}

// lacks is what BuildKit, or the helper, says of a path that a copy or a mount
// takes from a stage that does not have it.
var lacks = regexp.MustCompile(`failed to calculate checksum of ref [^"]*: "(.*)": not found|^lstat (.*): no such file or directory|^(.*) not found$|^(.*): no such file or directory$`)

// notThere tells of a path that a stage does not have.
func notThere(step *engine.StepError, origin llb.Origin) *Finding {
	at := lacks.FindStringSubmatch(why(step))
	for _, c := range origin.Copied {
		if at == nil || path.Clean(c.Path) != path.Clean(strings.Join(at[1:], "")) {
			continue
		}
		var list diag.List
		return &Finding{Diagnostic: list.Errorf(diag.MissingInComponent, c.Span, "%s has no %s", c.From, c.Path).
			Note("`from` takes paths of a component as it is built: on its base, with what it needs and builds with").
			Hint("write a path that is there; `run \"find / -name '%s*'\"` in %s prints paths", path.Base(c.Path), c.From)}
	}
	return nil
}

// names is what the helper says of a source that ends in a slash and is not a directory.
var names = regexp.MustCompile(`^(/.*) is a file$`)

// isFile tells of a file of a stage that is taken as a directory.
func isFile(step *engine.StepError, origin llb.Origin) *Finding {
	at := names.FindStringSubmatch(why(step))
	for _, c := range origin.Copied {
		if at == nil || path.Clean(c.Path) != at[1] {
			continue
		}
		var list diag.List
		return &Finding{Diagnostic: list.Errorf(diag.NoSuchFile, c.Span, "%s of %s is a file", at[1], c.From).
			Note("a source that ends in `/` is the contents of a directory").
			Hint("remove the `/`")}
	}
	return nil
}

// notCopyable tells of what a stage holds, and no copy of it can.
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
		Hint("leave it out with `exclude`, or remove it where %s makes it", c.From)}
}

// notUnpacked tells of an archive that the helper does not unpack.
func notUnpacked(step *engine.StepError, origin llb.Origin) *Finding {
	text, _ := said(step)
	if text, ok := strings.CutPrefix(text, "unpacking the root file system: "); ok {
		var list diag.List
		return &Finding{list.Errorf(diag.InvalidArchive, origin.Span, "the root file system of %s cannot be unpacked", origin.Component).
			Note("%s", text).
			Hint("use another archive, or make this one anew with what the note says"), step.Log}
	}
	text, ok := strings.CutPrefix(text, "unpacking the archive: ")
	if !ok {
		return nil
	}
	var list diag.List
	return &Finding{list.Errorf(diag.InvalidArchive, origin.Span, "the archive of %s cannot be unpacked", origin.Component).
		Note("%s", text).
		Hint("if the archive is right, fetch it as a file, and unpack it with a program in a `run`"), step.Log}
}

// replacesLink tells of a step that would replace a link, from what the helper
// says: the path that takes its place, the link, and where that leads.
func replacesLink(step *engine.StepError, origin llb.Origin) *Finding {
	text, _ := said(step)
	text, ok := strings.CutPrefix(text, "replaced link: ")
	var at, link, to string
	if n, _ := fmt.Sscanf(text, "%q %q %q", &at, &link, &to); !ok || n < 3 {
		return nil
	}
	var list diag.List
	canonical := strings.TrimSuffix(to, "/") + strings.TrimPrefix(at, link)
	return &Finding{list.Errorf(diag.PathThroughLink, origin.Span, "%s holds %s, and %s is a link to %s", origin.Component, at, link, to).
		Note("the layer would replace the link").
		Hint("place it at %q: make it at another path in a component of its own, and `copy` it `from` that", canonical), step.Log}
}

// replacesDir tells of a step that would put something else in the place of a
// directory.
func replacesDir(step *engine.StepError, origin llb.Origin) *Finding {
	text, _ := said(step)
	text, ok := strings.CutPrefix(text, "replaced directory: ")
	dir, err := strconv.Unquote(text)
	if !ok || err != nil {
		return nil
	}
	var list diag.List
	return &Finding{list.Errorf(diag.ConflictingPaths, origin.Span, "%s holds %s, which is no directory, and below it there is one", origin.Component, dir).
		Note("the layer would replace the directory, and all that is in it").
		Hint("leave it out: make the rest at another path in a component of its own, and `copy` it `from` that"), step.Log}
}

// overOther is how BuildKit says that a copy has a directory where a file or a link is,
// or a file where a directory is, or that something is where a link is made. The paths
// are of the engine's state.
var overOther = regexp.MustCompile(`cannot copy to non-directory: (.*)|cannot replace to directory (.*) with file|symlink .* (/.*): file exists`)

// copiedOver tells of steps that make different things of one path, where only the
// build knows what is there.
func copiedOver(step *engine.StepError, origin llb.Origin) *Finding {
	paths := overOther.FindStringSubmatch(step.Err.Error())
	if paths == nil {
		return nil
	}
	made, old, help := "directory", "a file or a link", "leave one of them out with `exclude`, or write another target"
	at := path.Base(paths[1] + paths[2] + paths[3])
	switch {
	case paths[2] != "":
		made, old = "file", "a directory"
		help = fmt.Sprintf("to put the file into the directory, write a slash at the end of the target: `%s/`; else write another target", at)
	case paths[3] != "":
		made, old = "link", "something else"
		help = "leave out what is there, or give the link another path"
	}
	var list diag.List
	return &Finding{list.Errorf(diag.ConflictingPaths, origin.Span, "a step of %s has a %s called %s where %s is", origin.Component, made, at, old).
		Hint("%s", help), step.Log}
}

// otherContent is what BuildKit says of a download with another checksum: what
// it has, and what it should have.
var otherContent = regexp.MustCompile(`digest mismatch (?:for .*: )?(sha256:[0-9a-f]+)(?:: | \(expected: )(sha256:[0-9a-f]+)`)

// notInPasswd is what BuildKit says of a user or group that a step should run as
// and that its system does not have.
var notInPasswd = regexp.MustCompile(`^(unable to find (user|group) |no matching entries in (passwd|group) file)`)

// failed tells of all other steps: what is known, and what helps most often.
func failed(step *engine.StepError, origin llb.Origin) Finding {
	var list diag.List
	d := list.Errorf(diag.StepFailed, origin.Span, "a step of %s failed", origin.Component)
	mismatch := otherContent.FindStringSubmatch(fmt.Sprint(step.Err))
	switch {
	case step.ExitCode != 0:
		d.At("exit code %d", step.ExitCode)
	case mismatch != nil:
		d.Note("the server gave something else than what is pinned: it has the digest %s, not %s", mismatch[1], mismatch[2])
	default:
		d.Note("%s", step.Err)
	}
	switch {
	case mismatch != nil:
		d.Hint("see what is there now: if the file is meant to have changed, run `layc update`, or write its new checksum; else name another mirror")
	case notInPasswd.MatchString(step.Err.Error()):
		d.Note("what `as` names is looked up in the /etc/passwd and /etc/group of what the step runs on").
			Hint("write a number, or declare `user NAME { uid … }` and write `as NAME`")
	case step.Full != "":
		d.Note("the disk of the engine's state is full").Hint("%s", step.Full)
	case step.ExitCode == 127:
		d.Note("a step finds what its component `needs`, what that needs, and what it `builds with`").
			Hint("find the missing command in its output, and write `needs` or `builds with` for what brings it, such as `builds with os.packages(\"make\")`")
	case origin.Run != nil && step.ExitCode != 0:
		d.Note("it ran as %s in %s, on the base, with what its component `needs` and `builds with`", cmp.Or(origin.Run.User, "root"), cmp.Or(origin.Run.Dir, "/")).
			Hint("its last output says why")
	case step.ExitCode != 0:
		d.Hint("its last output says why, and what to do")
	}
	return Finding{d, step.Log}
}
