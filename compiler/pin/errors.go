package pin

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler"
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

// DownloadError is the error for a download that cannot be pinned, with its place in the program.
type DownloadError struct {
	Finding *diag.Diagnostic
	Err     error // what failed; a *lock.UnservedError
}

func (e *DownloadError) Error() string { return e.Err.Error() }

func (e *DownloadError) Unwrap() error { return e.Err }

// unserved adds the place to the error for a download. An error about a URL that no clause has
// stays as it is.
func unserved(err *lock.UnservedError, out *compiler.Output) error {
	var found diag.List
	seen := map[source.Span]bool{}
	for _, t := range out.Targets {
		for _, i := range t.Graph.Instances {
			for _, f := range i.Downloads() {
				if seen[f.Span] || !slices.Contains(f.URLs, err.URL) {
					continue
				}
				if seen[f.Span] = true; len(found) > 0 {
					found[0].See(f.Span, "needed here, too")
					continue
				}
				d := found.Errorf(diag.DownloadFailed, f.Span, "cannot download %s", err.URL)
				var says load.Advised
				if errors.As(err.Err, &says) {
					note, help := says.Advice()
					d.Note("%s", note).Hint("%s", help)
				} else {
					d.Note("%s", err.Err)
				}
			}
		}
	}
	if len(found) == 0 {
		return err
	}
	return &DownloadError{found[0], err}
}
