package pin

import (
	"fmt"
	"path"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
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
