package pin

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
)

// faults are findings that end a request.
type faults diag.List

func (f faults) Error() string { return f[0].Message }

// UnknownNameError is the error for a name without pins in a program.
type UnknownNameError struct {
	*lock.UnknownNameError
	Near string // a similar name of a pin; "" if none is close
}

func newUnknownName(err *lock.UnknownNameError, pins *lock.File) *UnknownNameError {
	names := pins.Updatable()
	for _, n := range names { // layers means https://git.example.com/team/layers.git
		if strings.TrimSuffix(path.Base(n), ".git") == err.Name && n != err.Name {
			return &UnknownNameError{err, n}
		}
	}
	return &UnknownNameError{err, diag.Nearest(err.Name, names)}
}

// NoAppsError is the error for a name to resolve again in a module without apps.
type NoAppsError struct{ Name string }

func (e *NoAppsError) Error() string {
	return fmt.Sprintf("%s is not pinned: the module declares no app, so only its git repositories are pinned", e.Name)
}

// UnknownArchiveError is the error for an archive that a program does not download from.
type UnknownArchiveError struct {
	Name  string
	Known []string // archives that it may download from, sorted
}

func (e *UnknownArchiveError) Error() string {
	return "the program downloads nothing from " + e.Name
}

// UnavailableError is the error for repositories, downloads or bases that cannot be had, with their places
// in the program.
type UnavailableError struct {
	Findings diag.List
	Err      error // what failed; a [lock.Unreachable], [*lock.UnservedError], [lock.BaseErrors] or [*lock.UnresolvedError]
}

func (e *UnavailableError) Error() string { return e.Err.Error() }

func (e *UnavailableError) Unwrap() error { return e.Err }

// unserved adds the place to the error for a download. An error about a URL that no clause has
// stays as it is.
func unserved(err *lock.UnservedError, out *compiler.Output) error {
	var places []place
	for _, t := range out.Targets {
		for _, i := range t.Graph.Instances {
			for _, f := range i.Downloads() {
				if slices.Contains(f.URLs, err.URL) {
					places = append(places, place{f.Span, i.Asked})
				}
			}
		}
	}
	var found diag.List
	if !advised(&found, diag.DownloadFailed, places, "cannot download "+err.URL, err.Err) {
		return err
	}
	var absent interface{ Missing() bool }
	if !places[0].asked.IsZero() && errors.As(err.Err, &absent) && absent.Missing() {
		found[0].Hint("check the arguments, which the URL is made from: a version must be a full one, such as 1.2.3")
	}
	if archive, rest, ok := strings.Cut(err.URL, ":"); ok && !strings.HasPrefix(rest, "//") {
		found[0].Hint("for another server, run `layc lock --mirror %s=URL`", archive)
	}
	return &UnavailableError{found, err}
}

// unusable adds the places to the errors for bases. If they are all about what a server has, or about
// the project, these are findings of the program.
func unusable(bases lock.BaseErrors, out *compiler.Output) error {
	var found diag.List
	lost := false
	for _, b := range bases {
		places := placesOf(b.Name, out)
		code, message := diag.InvalidBase, b.Name+" cannot be a base"
		var says load.Advised
		var unfit *lock.UnfitError
		if errors.As(b, &says) && !errors.As(b, &unfit) {
			code, message, lost = diag.DownloadFailed, "cannot pull "+b.Name, true
		}
		if !advised(&found, code, places, message, b.Err) {
			return bases
		}
	}
	if !lost {
		return faults(found)
	}
	return &UnavailableError{found, bases}
}

// place is a clause. asked is where the project asks for its component, if it is in another module.
type place struct{ at, asked source.Span }

// placesOf returns the clauses that make or name a base.
func placesOf(base string, out *compiler.Output) []place {
	var places []place
	for _, t := range out.Targets {
		for _, at := range t.Graph.Systems[base] {
			p := place{at: at}
			for _, i := range t.Graph.Instances {
				if s := i.System; s != nil && i.Span.File == at.File && (s.Image == base || s.Layout == base || s.Rootfs != nil && s.Rootfs.URLs[0] == base) {
					p.asked = i.Asked
				}
			}
			places = append(places, p)
		}
	}
	return places
}

// advised adds an error to a list, at the first of its places, with the reason and the help that its
// cause has. It returns false if there is no place. Equal errors are added once, as those of several
// platforms are.
func advised(list *diag.List, code diag.Code, places []place, message string, cause error) bool {
	if len(places) == 0 {
		return false
	}
	var one diag.List
	d := one.Errorf(code, places[0].at, "%s", message)
	var says load.Advised
	note, help := cause.Error(), ""
	if errors.As(cause, &says) {
		note, help = says.Advice()
	}
	for line := range strings.Lines(note) {
		d.Note("%s", strings.TrimSpace(line))
	}
	if help != "" {
		d.Hint("%s", help)
	}
	d.Turn(places[0].asked, "it is here", "used here")
	for n, p := range places {
		at := cmp.Or(p.asked, p.at)
		if at != d.Span && !slices.ContainsFunc(places[:n], func(o place) bool { return cmp.Or(o.asked, o.at) == at }) {
			d.See(at, "needed here, too")
		}
	}
	for _, other := range *list {
		if other.Span == d.Span && slices.Equal(other.Notes, d.Notes) {
			return true
		}
	}
	*list = append(*list, d)
	return true
}

// fetched is an error of a download with advice.
type fetched interface {
	load.Advised
	From() string // the URL
}

// unindexed adds the place to the error for an index of packages that cannot be downloaded. For another
// error it returns nil.
func unindexed(err *lock.UnresolvedError, out *compiler.Output) error {
	var says fetched
	var suite *debian.SuiteError
	if !errors.As(err, &says) || !errors.As(err, &suite) {
		return nil
	}
	var found diag.List
	if !advised(&found, diag.DownloadFailed, placesOf(err.Distribution, out), "cannot download "+says.From(), err.Err) {
		return nil
	}
	found[0].Note("it has packages of %s for %s", err.Distribution, err.Arch)
	if suite.Suite.Repository != nil {
		found[0].Hint("for another server, change the `repository` in the base, or run `layc lock --mirror %s=URL`", suite.Suite.Archive)
	} else {
		found[0].Hint("for another server, name it in apt's sources on this machine, or run `layc lock --mirror %s=URL`", suite.Suite.Archive)
	}
	return &UnavailableError{found, err}
}
